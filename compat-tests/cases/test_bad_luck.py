"""What goes wrong outside of the daemon: children, the system, the disk."""

import os
import signal
import time

import pytest

from daemon import until

# A signal may stand for any number of deaths; this is more than one sweep takes.
CROWD = 300


def cpu_seconds(pid):
    """Processor time that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def all_pids(d):
    """The pid of every process, or nothing while one has none."""
    pids = [info["pid"] for info in d.rpc.getAllProcessInfo()]
    return pids if all(pids) else []


@pytest.mark.contract("A4.131")
def test_an_idle_daemon_rests_after_signals_and_exits(daemon):
    d = daemon("[program:once]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n").wait(once="EXITED")
    d.signal(signal.SIGUSR2)
    d.wait_log("logreopen")
    used = cpu_seconds(d.pid)
    time.sleep(2)
    assert cpu_seconds(d.pid) - used < 0.3


@pytest.mark.contract("A4.39", "A4.131")
def test_deaths_that_come_all_at_once_are_all_noticed(daemon):
    crowd = f"[program:cat]\ncommand=/bin/cat\nprocess_name=cat%(process_num)d\nnumprocs={CROWD}\nstartsecs=0\n"
    quiet = "redirect_stderr=true\nautorestart=false\nstdout_logfile=NONE\n"
    d = daemon(crowd + quiet, supervisord="minfds=2048")
    pids = until("all to run", lambda: all_pids(d))
    d.signal(signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)  # none of the deaths is to be told by a signal of its own
    d.signal(signal.SIGCONT)
    until("all deaths to be noticed", lambda: {i["statename"] for i in d.rpc.getAllProcessInfo()} == {"EXITED"})
    assert d.stop() == 0
