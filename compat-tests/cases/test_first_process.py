"""The daemon as the first process of a container (a pid namespace), as the container's user
sees it: strangers are buried, signals do what they say, and the exit status tells how it went."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from daemon import STOP_SECS, answers, marked, rpc, until
from normalise import log_lines

UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
# Ends well when it gets its own stop signal, and writes down what it got.
POLITE = """
[program:polite]
command=/bin/sh -c 'for s in USR1 USR2 TERM HUP INT; do trap "echo $s >> {root}/got" $s; done; trap "echo QUIT >> {root}/got; exit 3" QUIT; echo ready > {root}/ready; while :; do sleep 0.1; done'
stopsignal=QUIT
startsecs=0
"""
LEAVES = """
[program:p]
command=/bin/sh -c "(setsid sh -c 'echo $$ > {root}/stranger; exec sleep 1000' &); exec sleep 1000"
startsecs=0
"""


class First:
    """A daemon that is process 1; its pid as the outside sees it is `pid`."""

    def __init__(self, lab, text, *options, wait=True):
        self.lab = lab
        conf = lab.config(text)
        self.process = lab.spawn(*UNSHARE, lab.target.program("supervisord"), "-c", str(conf), *options)
        if wait:
            until("an answer", lambda: self.process.poll() is None and self.answers())
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
                self.pid = int(children.read())

    def answers(self):
        return answers(self.lab.root / "s.sock") == 1

    @property
    def rpc(self):
        return rpc(self.lab.root / "s.sock").supervisor

    def log_lines(self, *having):
        lines = log_lines(self.lab.read("supervisord.log"), self.lab.paths())
        return [line for line in lines if any(word in line for word in having)]

    def wait_log(self, text, times=1):
        until(f"{text!r} in the log", lambda: self.lab.read("supervisord.log").count(text) >= times)
        return self

    def running(self, name):
        until(f"{name} to run", lambda: self.rpc.getProcessInfo(name)["statename"] == "RUNNING")
        return self

    def signal(self, number):
        os.kill(self.pid, number)
        return self

    def exit_code(self):
        return self.process.wait(STOP_SECS)


@pytest.fixture
def first(lab):
    """first(text) starts such a daemon in the foreground."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare")
    if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine does not allow a pid namespace")
    return lambda text, *options, **more: First(lab, text, *(options or ("-n",)), **more)


@pytest.mark.contract("A4.121", "A5.56", "A7.27", "A4.38", "A10.18")
def test_strangers_are_buried(first, lab, recorded):
    ends = ("exit 0", "exit 5", "kill -9 $$", "kill -35 $$")
    orphans = "; ".join(f"(sh -c 'sleep 0.{n + 2}; {end}' &)" for n, end in enumerate(ends))
    f = first(f'[program:p]\ncommand=/bin/sh -c "{orphans}; exec sleep 1000"\nstartsecs=0\n').running("p")
    f.wait_log("reaped unknown pid", times=4)
    assert lab.read("supervisord.pid") == "1\n"
    assert f.rpc.getProcessInfo("p")["statename"] == "RUNNING"
    recorded("".join(sorted(f"{line}\n" for line in f.log_lines("reaped"))))


@pytest.mark.contract("A4.121")
def test_a_crowd_of_strangers_is_buried_too(first, lab):
    """Two hundred at once: none is left as a zombie."""
    crowd = "i=0; while [ $i -lt 200 ]; do (true &); i=$((i + 1)); done; exec sleep 1000"
    f = first(f"[program:p]\ncommand=/bin/sh -c '{crowd}'\nstartsecs=0\n").running("p")

    def left():
        with open(f"/proc/{f.pid}/task/{f.pid}/children") as children:
            return children.read().split()

    until("only p to be left", lambda: len(left()) == 1 and f.rpc.getProcessInfo("p")["pid"])
    assert f.rpc.getProcessInfo("p")["statename"] == "RUNNING"


@pytest.mark.contract("A4.125", "A4.135", "A3.57", "A1.38")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_a_signal_ends_programs_and_container(first, lab, recorded, name):
    """Each program gets its own stop signal, not the one that came."""
    f = first(POLITE + CAT).running("cat")
    until("polite to be ready", lambda: lab.read("ready"))
    f.signal(getattr(signal, name))
    assert f.exit_code() == 0
    assert lab.read("got") == "QUIT\n"
    assert not (lab.root / "supervisord.pid").exists()
    recorded("\n".join(f.log_lines("received", "stopped: ")) + "\n")


@pytest.mark.contract("A4.125", "A4.126", "A4.136")
@pytest.mark.parametrize("name, line", [
    ("TERM", "received SIGTERM indicating exit request"), ("HUP", "received SIGHUP indicating restart request"),
])  # fmt: skip
def test_a_signal_from_inside_counts_as_well(first, name, line):
    """For the first process the kernel drops those that it has not asked for."""
    kill = f'[program:kill]\ncommand=/bin/sh -c "kill -{name} 1"\nstartsecs=0\nautostart=false\nautorestart=false\n'
    f = first(CAT + kill).running("cat")
    f.rpc.startProcess("kill", False)
    f.wait_log(line)
    if name == "TERM":
        assert f.exit_code() == 0
    else:
        f.wait_log("success: cat", times=2)
        assert f.rpc.getPID() == 1


@pytest.mark.contract("A4.128", "A4.129")
def test_other_signals_reach_no_program_and_end_nothing(first, lab):
    f = first(POLITE + CAT).running("cat")
    until("polite to be ready", lambda: lab.read("ready"))
    f.signal(signal.SIGUSR1).signal(signal.SIGUSR2).signal(signal.SIGALRM)
    f.wait_log("supervisord logreopen")
    assert f.rpc.getState()["statename"] == "RUNNING"
    assert lab.read("got") == ""
    # Who wants a program to get a signal says so.
    f.rpc.signalProcess("polite", "USR1")
    until("the signal", lambda: lab.read("got") == "USR1\n")


@pytest.mark.contract("A4.121", "A4.135")
@pytest.mark.parametrize("how", ["TERM", "KILL"])
def test_the_end_leaves_nobody(first, lab, how):
    """What has gone its own way ends with the container."""
    f = first(LEAVES).running("p")
    until("the stranger", lambda: lab.read("stranger"))
    f.signal(getattr(signal, f"SIG{how}"))
    assert (f.exit_code() == 0) == (how == "TERM")
    until("everybody to be gone", lambda: not marked(lab.root))


@pytest.mark.contract("A1.38", "A1.5")
@pytest.mark.parametrize("text", ["[program:x]\n", "[program:x]\ncommand=/bin/cat\nnumprocs=none\n"])
def test_a_bad_configuration_is_status_2(first, text):
    assert first(text, wait=False).exit_code() == 2


@pytest.mark.contract("A4.121", "A4.76")
@pytest.mark.differs("theirs", "A4.76", "says nothing about what survives a stop")
def test_survivors_of_a_stop_are_named_by_the_containers_pids(first, lab):
    family = "sh -c 'echo $$ > {root}/child; exec sleep 1000' & exec sleep 1000"
    f = first(f'[program:p]\ncommand=/bin/sh -c "{family}"\nstartsecs=0\n').running("p")
    child = until("the child", lambda: lab.read("child")).strip()
    f.rpc.stopProcess("p")
    f.wait_log("left after the stop")
    assert re.search(rf"p \(pid \d+\): process {child} \(sleep\) of its group is left", lab.read("supervisord.log"))


@pytest.mark.contract("A4.110")
def test_in_the_background_the_container_ends_at_once(first, target):
    """The launcher is the first process then, and ends. Ours says what that means."""
    f = first(CAT, "-l", "/dev/null", wait=False)
    assert f.exit_code() == 0
    if target.name == "ours":
        assert "use nodaemon=true or -n" in f.process.err.read_text()
