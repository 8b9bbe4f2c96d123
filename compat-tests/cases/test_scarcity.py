"""When the system says no: descriptors, processes, rights, and signals that may not be sent."""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import xmlrpc.client

import pytest

from daemon import UnixTransport, until
from proc import descriptors
from unprivileged import NOBODY, as_nobody, is_root, out_of_reach


def first_free(d):
    """The lowest number that no descriptor has: with it as limit there is none more."""
    used = descriptors(d.pid)
    return next(number for number in range(len(used) + 1) if number not in used)


class Kept(UnixTransport):
    """One connection for all calls: a new one would need a descriptor."""

    kept = None

    def make_connection(self, host):
        self.kept = self.kept or super().make_connection(host)
        return self.kept


@pytest.mark.contract("A4.56", "A4.40", "B1.6.1")
def test_no_descriptor_is_left(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nautostart=false\nstartretries=0\n")
    rpc = xmlrpc.client.ServerProxy("http://localhost", transport=Kept(d.socket, 10)).supervisor
    assert rpc.getState()["statename"] == "RUNNING"
    soft, hard = resource.prlimit(d.pid, resource.RLIMIT_NOFILE)
    # Those in use stay good, whatever their numbers.
    resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (first_free(d), hard))
    with pytest.raises(xmlrpc.client.Fault, match="SPAWN_ERROR: cat"):
        rpc.startProcess("cat")
    assert rpc.getProcessInfo("cat")["spawnerr"] == "too many open files to spawn 'cat'"
    resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert d.log_lines("spawnerr", "gave up") == [
        "INFO spawnerr: too many open files to spawn 'cat'",
        "INFO gave up: cat entered FATAL state, too many start retries too quickly",
    ]
    assert rpc.startProcess("cat") is True


@pytest.mark.skipif(not shutil.which("prlimit"), reason="needs prlimit")
@pytest.mark.contract("A1.38", "A4.114", "A3.35")
def test_a_start_that_runs_out_of_descriptors_leaves_nothing_behind(lab):
    conf = lab.config("", supervisord="minfds=-1")
    command = [lab.target.program("supervisord"), "-n", "-c", str(conf)]
    for most in range(6, 64):
        daemon = lab.spawn("prlimit", f"--nofile={most}:{most}", *command)
        try:
            assert daemon.wait(5) != 0
        except subprocess.TimeoutExpired:
            break  # with so many it lives
        assert [name for name in ("supervisord.pid", "s.sock") if (lab.root / name).exists()] == [], most


def limit_processes(d, soft):
    """Root in a container may not set the limits of others, so nobody does."""
    subprocess.run([*NOBODY, "prlimit", "--pid", str(d.pid), f"--nproc={soft}:"], check=True)


@pytest.mark.needs_root
@pytest.mark.skipif(not (shutil.which("setpriv") and shutil.which("prlimit")), reason="needs setpriv and prlimit")
@pytest.mark.contract("A4.58", "A4.40")
def test_no_process_is_left(lab):
    d = as_nobody(lab, "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartretries=0\n")
    limit_processes(d, 0)
    with pytest.raises(xmlrpc.client.Fault, match="SPAWN_ERROR: cat"):
        d.rpc.startProcess("cat")
    assert d.info("cat")["spawnerr"] == "Too many processes in process table to spawn 'cat'"
    assert d.log_lines("spawnerr", "gave up") == [
        "INFO spawnerr: Too many processes in process table to spawn 'cat'",
        "INFO gave up: cat entered FATAL state, too many start retries too quickly",
    ]
    if lab.target.name == "ours":
        d.rests()  # the reference watches the pipes of the child that was not made
    limit_processes(d, 500)
    assert d.rpc.startProcess("cat") is True


@pytest.mark.needs_root
@pytest.mark.skipif(not (shutil.which("setpriv") and shutil.which("prlimit")), reason="needs setpriv and prlimit")
@pytest.mark.contract("A4.58", "A4.20", "B1.10.1", "A4.76")
def test_a_restart_while_no_process_is_left(lab, target):
    """What fails is tried again; what needs no process is done. Threads count as processes."""
    dog = "[program:dog]\ncommand=/bin/sh -c 'sleep 99 & exec cat'\n"
    d = as_nobody(lab, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstartretries=9\n" + dog)
    d.wait(cat="RUNNING", dog="RUNNING")
    limit_processes(d, 0)
    os.kill(d.info("cat")["pid"], signal.SIGKILL)
    d.wait(cat="BACKOFF")
    assert d.rpc.tailProcessStdoutLog("cat", 0, 100) == ["", 0, False]
    assert d.rpc.readProcessStdoutLog("cat", 0, 0) == ""
    d.rpc.stopProcess("dog")
    if target.name == "ours":
        d.wait_log("left after the stop")
        assert d.rpc.clearProcessLogs("cat") is True  # after that the reference answers no more
    limit_processes(d, 500)
    d.wait(cat="RUNNING")
    assert d.stop() == 0


@pytest.mark.needs_root
@pytest.mark.contract("A4.55", "B1.6.1")
def test_a_command_for_others_only(lab):
    lab.write("private", "#!/bin/sh\n", 0o700)
    d = as_nobody(lab, "[program:p]\ncommand={root}/private\nautostart=false\n")
    with pytest.raises(xmlrpc.client.Fault) as caught:
        d.rpc.startProcess("p")
    sentence = f"no permission to run command '{lab.root}/private'"
    assert (caught.value.faultCode, caught.value.faultString) == (21, f"NOT_EXECUTABLE: {sentence}")


@pytest.mark.contract("A4.74", "A7.70")
@pytest.mark.differs("theirs", "A4.74", "keeps the pipes open")
def test_a_spawn_that_fails_leaves_nothing_open(lab, daemon):
    lab.write("logs/x", "")
    d = daemon("[program:p]\ncommand=/bin/cat\nautostart=false\nstartretries=0\nstdout_logfile={root}/logs/p.log\n")
    (d.root / "logs").rename(d.root / "gone")
    before = len(descriptors(d.pid))
    for _ in range(4):
        with pytest.raises(xmlrpc.client.Fault):
            d.rpc.startProcess("p")
    until("no more descriptors than before", lambda: len(descriptors(d.pid)) <= before + 1)


@pytest.fixture
def untouchable(lab, programs):
    """A daemon of nobody with a child p to which no signal may be sent."""
    command = out_of_reach(lab)
    if command is None:
        pytest.skip("needs setpriv, and set-user-ID programs in /tmp")
    recorder = shutil.copy(programs / "recorder.py", lab.root)
    ears = f"command=/usr/bin/python3 {recorder} {lab.root}/ears.events\nevents=PROCESS_STATE_UNKNOWN\n"
    d = as_nobody(lab, f"[program:p]\ncommand={command}\n[program:cat]\ncommand=/bin/cat\n[eventlistener:ears]\n{ears}")
    d.wait(p="RUNNING", cat="RUNNING", ears="RUNNING")
    d.victim = d.info("p")["pid"]
    until("p to be root", lambda: is_root(d.victim))
    return d


@pytest.mark.needs_root
@pytest.mark.contract("A4.27", "A4.35", "A5.71", "A6.10", "A6.18", "B7.3")
def test_a_signal_that_may_not_be_sent(untouchable):
    d = untouchable
    with pytest.raises(xmlrpc.client.Fault, match="FAILED: unknown problem killing p"):
        d.rpc.stopProcess("p")
    assert d.info("p")["statename"] == "UNKNOWN"
    assert re.match(r"CRIT unknown problem killing p \(\d+\):", d.log_lines("CRIT unknown problem killing p")[0])
    until("the event", lambda: d.lab.read("ears.events").endswith("----\n"))
    event = r"ver:3.0 server:compat serial:0 pool:ears poolserial:0 eventname:PROCESS_STATE_UNKNOWN len:45\n(.*)\n----\n"
    assert re.fullmatch(event, d.lab.read("ears.events"))[1] == "processname:p groupname:p from_state:STOPPING"
    with pytest.raises(xmlrpc.client.Fault) as caught:
        d.rpc.startProcess("p")
    assert caught.value.faultCode == 30
    assert os.path.exists(f"/proc/{d.victim}")


@pytest.mark.needs_root
@pytest.mark.contract("A5.71", "A4.35", "A6.18")
def test_another_signal_that_may_not_be_sent(untouchable):
    """It has words of its own; the pid is that of the process."""
    d = untouchable
    with pytest.raises(xmlrpc.client.Fault, match="unknown problem sending sig p") as caught:
        d.rpc.signalProcess("p", "HUP")
    assert caught.value.faultCode == 30
    assert d.info("p")["statename"] == "UNKNOWN"
    assert re.findall(r"unknown problem (.* \(\d+\)):(?=\S)", d.log()) == [f"sending sig p ({d.victim})"]
    assert len(d.log_lines("CRIT unknown problem sending sig p")) == 1
    until("the event", lambda: d.lab.read("ears.events").endswith("----\n"))
    assert "\nprocessname:p groupname:p from_state:RUNNING\n" in d.lab.read("ears.events")
    assert os.path.exists(f"/proc/{d.victim}")


@pytest.mark.needs_root
@pytest.mark.contract("A4.35", "A7.40")
@pytest.mark.differs("theirs", "A4.35", "ends, and leaves its children behind")
def test_the_exit_of_a_child_that_was_given_up(untouchable):
    d = untouchable
    with pytest.raises(xmlrpc.client.Fault):
        d.rpc.stopProcess("p")
    os.kill(d.victim, signal.SIGKILL)
    d.wait(p="EXITED")
    assert d.info("cat")["statename"] == "RUNNING"


@pytest.mark.contract("B7.5")
def test_no_descriptor_for_a_client(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\n").wait(cat="RUNNING")
    soft, hard = resource.prlimit(d.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (first_free(d), hard))
    clients = [socket.socket(socket.AF_UNIX) for _ in range(12)]
    for client in clients:
        client.settimeout(10)
        client.connect(str(d.socket))
    time.sleep(1)
    assert d.process.poll() is None
    resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (soft, hard))
    for client in clients:
        client.close()
    assert d.info("cat")["statename"] == "RUNNING"


@pytest.mark.contract("A4.56")
def test_idle_clients_leave_descriptors_for_children(daemon, only_ours):
    d = daemon("[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n")
    _, hard = resource.prlimit(d.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (first_free(d) + 40, hard))
    with contextlib.ExitStack() as idle:
        for _ in range(100):
            client = idle.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(d.socket))
        for _ in range(3):
            assert d.rpc.startProcess("cat") is True
            assert d.rpc.stopProcess("cat") is True
    assert d.log_lines("spawnerr", "cannot accept", "too many connections") == []
