"""What goes wrong outside of the daemon: children, the system, the disk."""

import os
import re
import signal
import sys
import time

import pytest

from daemon import until
from proc import descriptors

# A signal may stand for any number of deaths; this is more than one sweep takes.
CROWD = 300


def all_pids(d):
    """The pid of every process, or nothing while one has none."""
    pids = [info["pid"] for info in d.rpc.getAllProcessInfo()]
    return pids if all(pids) else []


@pytest.mark.contract("A4.131")
def test_an_idle_daemon_rests_after_signals_and_exits(daemon):
    d = daemon("[program:once]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n").wait(once="EXITED")
    d.signal(signal.SIGUSR2)
    d.wait_log("logreopen")
    d.rests(2)


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


FLOOD = """
[program:flood]
command=/usr/bin/yes a line that is written as fast as the pipe takes it
process_name=flood%(process_num)d
numprocs=2
startsecs=0
stdout_logfile={root}/flood%(process_num)d.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=1
"""


@pytest.mark.contract("A5.15", "A4.25")
def test_a_flood_of_output_holds_up_neither_calls_nor_stops(daemon):
    d = daemon(FLOOD)
    until("the flood to be logged", lambda: (d.root / "flood1.log.1").exists())
    began = time.monotonic()
    for _ in range(20):
        d.rpc.getState()
    d.rpc.stopProcessGroup("flood")
    assert time.monotonic() - began < 15  # to be held up is to wait for an end that does not come
    assert {info["statename"] for info in d.rpc.getAllProcessInfo()} == {"STOPPED"}


@pytest.mark.contract("A4.39", "A4.25")
def test_a_grandchild_that_keeps_the_pipes_open_delays_no_restart(daemon):
    noise = "(trap : TERM; while :; do echo noise; sleep 0.05; done) & echo begin; exec sleep 1000"
    d = daemon(f"[program:p]\ncommand=/bin/sh -c '{noise}'\nstartsecs=0\nstdout_logfile={{root}}/p.log\n")
    for lives in range(1, 5):
        until("the program to begin", lambda: d.lab.read("p.log").count("begin") == lives)
        before = len(descriptors(d.pid))
        began = time.monotonic()
        d.rpc.stopProcess("p")
        d.rpc.startProcess("p")
        assert time.monotonic() - began < 8  # less than it takes to give up waiting for a stop
    until("no more descriptors than before", lambda: len(descriptors(d.pid)) <= before + 1)


# What a start script may do: it leaves a dead child behind when it becomes the daemon.
HEIR = """
import os, sys
if os.fork() == 0:
    os._exit(3)
os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.contract("A4.121")
def test_who_died_before_the_daemon_began_is_buried_too(lab):
    lab.spawn(sys.executable, "-c", HEIR, lab.target.program("supervisord"), "-n", "-c", str(lab.config("")))
    line = r"reaped unknown pid \d+ \(exit status 3"
    until("the dead to be buried", lambda: re.search(line, lab.read("supervisord.log")))
