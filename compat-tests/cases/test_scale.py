"""A thousand programs under one daemon. How long that takes is for `make bench` to tell."""

import os
import random
import resource
import signal

import pytest

from daemon import until
from proc import descriptors

MANY = 1000
PATIENCE = 60  # seconds for one step, on a busy machine
DESCRIPTORS = 2 * MANY + 500

PROGRAMS = f"""
[program:p]
command=/bin/sleep 100000
process_name=p%(process_num)04d
numprocs={MANY}
startsecs=0
autorestart=false
redirect_stderr=true
stdout_logfile=NONE
"""

pytestmark = pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] < DESCRIPTORS, reason=f"needs {DESCRIPTORS} descriptors"
)


@pytest.mark.timeout(300)
@pytest.mark.contract("A4.89", "A4.91", "A4.92", "A4.39", "A4.136", "B1.7.1", "B1.8.11")
def test_a_thousand_programs_start_stop_die_and_come_again(daemon):
    d = daemon(PROGRAMS, supervisord=f"minfds={DESCRIPTORS}", wait=False)
    d.wait_log("entered RUNNING state", times=MANY, seconds=PATIENCE)
    infos = d.rpc.getAllProcessInfo()
    assert [info["name"] for info in infos] == [f"p{number:04}" for number in range(MANY)]
    assert {info["statename"] for info in infos} == {"RUNNING"}
    assert len({info["pid"] for info in infos}) == MANY
    open_files = len(descriptors(d.pid))

    # They die one by one, in no order, and each is noticed.
    pids = [info["pid"] for info in infos]
    random.Random(1).shuffle(pids)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    d.wait_log("exited: p", times=MANY, seconds=PATIENCE)
    until("their pipes to be closed", lambda: len(descriptors(d.pid)) < 200)

    started = d.rpc.startAllProcesses()
    assert [entry["description"] for entry in started] == ["OK"] * MANY
    assert d.ctl("status", "p:*").stdout.count("RUNNING") == MANY
    until("no more descriptors than before", lambda: len(descriptors(d.pid)) <= open_files)
    stopped = d.rpc.stopAllProcesses()
    assert [entry["description"] for entry in stopped] == ["OK"] * MANY
    assert {info["statename"] for info in d.rpc.getAllProcessInfo()} == {"STOPPED"}

    d.rpc.restart()
    d.wait_log("entered RUNNING state", times=3 * MANY, seconds=PATIENCE)
    until("no more descriptors than before", lambda: len(descriptors(d.pid)) <= open_files)
    assert d.stop(PATIENCE) == 0
    # By request and by the shutdown; what was stopped before the restart is not stopped again.
    assert d.log().count("stopped: p") == 2 * MANY
