"""Stopping: signals, escalation, process groups, the order of a shutdown."""

import os
import re
import signal
import time

import pytest

from daemon import until
from proc import is_gone

TRAPS = """
[program:p]
command=/bin/sh -c 'trap "echo got USR1; exit 5" USR1; trap "" TERM; echo ready; while :; do sleep 0.1; done'
startsecs=0
stdout_logfile={root}/p.out
"""


def running(d, name="p"):
    d.wait(**{name: "RUNNING"})
    until(f"{name} to be ready", lambda: "ready" in d.lab.read(f"{name}.out"))
    return d


@pytest.mark.contract("A3.57", "A4.24", "A4.25", "A5.62", "A4.75", "A7.8")
@pytest.mark.parametrize("stopsignal, codes", [("USR1", "0"), ("SIGUSR1", "5"), ("10", "0,5")])
def test_stopsignal(daemon, recorded, stopsignal, codes):
    d = running(daemon(f"{TRAPS}stopsignal={stopsignal}\nexitcodes={codes}\n", supervisord="loglevel=debug"))
    assert d.rpc.stopProcess("p") is True
    assert d.info("p")["exitstatus"] == 5
    until("its words", lambda: "got USR1" in d.lab.read("p.out"))
    recorded("\n".join(d.log_lines("killing", "stopped: ")) + "\n")


@pytest.mark.contract("A4.26", "A4.153", "A5.68", "A5.69", "A4.80", "B1.6.10", "A10.17")
def test_a_program_that_will_not_go(daemon, recorded):
    d = running(daemon(TRAPS + "stopwaitsecs=1\n"))
    begun = time.monotonic()
    assert d.rpc.stopProcess("p") is True
    assert 1 <= time.monotonic() - begun < 8  # the usual is ten
    recorded("\n".join(d.log_lines("waiting", "killing", "stopped")) + "\n")


FAMILY = """
[program:p]
command=/bin/sh -c 'sh -c "echo \\$\\$ >> {root}/child; exec sleep 1000" & echo ready; exec sleep 1000'
startsecs=0
stdout_logfile={root}/p.out
"""


@pytest.mark.contract("A3.58", "A3.59", "A4.62", "A4.75", "A4.76", "A10.17")
@pytest.mark.parametrize("key, dies", [("stopasgroup", True), ("killasgroup", False)])
def test_the_rest_of_the_process_group(daemon, recorded, key, dies):
    d = running(daemon(f"{FAMILY}{key}=true\n", supervisord="loglevel=debug"))
    child = int(until("the child", lambda: d.lab.read("child")))
    assert os.getpgid(child) == d.info("p")["pid"]
    d.rpc.stopProcess("p")
    if dies:
        until("the child to go", lambda: is_gone(child))
    else:
        time.sleep(0.3)
        assert not is_gone(child)
    recorded("\n".join(d.log_lines("killing")) + "\n")


@pytest.mark.contract("A4.76", "A5.68")
def test_the_whole_group_is_killed(daemon):
    text = FAMILY.replace("echo ready;", 'trap \\"\\" TERM; echo ready;').replace("exec sleep 1000'", "sleep 1000'")
    d = running(daemon(f"{text.replace(chr(92) + chr(34), chr(34))}killasgroup=true\nstopwaitsecs=1\n"))
    child = int(until("the child", lambda: d.lab.read("child")))
    d.rpc.stopProcess("p")
    until("the child to go", lambda: is_gone(child))
    assert d.log_lines("killing") == ["WARN killing 'p' (PID) with SIGKILL"]


def sleepers(*rows):
    """Programs that leave when told, named with their priority."""
    text = ""
    for name, priority in rows:
        text += f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority={priority}\n"
    return text


@pytest.mark.contract("A4.85", "A4.87", "A4.89", "A4.90", "A4.92", "A4.133", "A4.135", "A5.54", "A4.94", "A7.12", "A10.17")
def test_order_of_start_and_shutdown(daemon, recorded):
    rows = [("late", 30), ("early", 10), ("same_b", 20), ("same_a", 20)]
    listener = "[eventlistener:ears]\ncommand=/bin/cat\nevents=TICK_3600\nstartsecs=0\n"
    d = daemon(sleepers(*rows) + listener)
    for name, _ in rows:
        d.wait(**{name: "RUNNING"})
    d.signal(signal.SIGTERM)
    assert d.exit_code() == 0
    recorded("\n".join(d.log_lines("spawned", "received", "waiting", "stopped")) + "\n")


@pytest.mark.contract("A4.88", "A4.91", "B1.6.14", "A4.95", "A10.17")
def test_order_inside_a_group(daemon, recorded):
    text = sleepers(("second", 1), ("first", 99), ("third", 50)) + "[group:g]\nprograms=first,second,third\n"
    d = daemon(text)
    d.wait(**{f"g:{name}": "RUNNING" for name in ("first", "second", "third")})
    started = d.log_lines("spawned")
    d.rpc.stopProcessGroup("g")
    d.rpc.startProcessGroup("g")
    recorded("\n".join(["at boot", *started, "asked by RPC", *d.log_lines("spawned")[3:]]) + "\n")


@pytest.mark.contract("A4.92", "A4.82")
def test_the_next_group_waits_for_the_one_before(daemon):
    slow = "command=/bin/sh -c 'trap \"sleep 1; exit 0\" TERM; echo ready; while :; do sleep 0.1; done'\nstartsecs=0\n"
    d = daemon(f"[program:a]\n{slow}stdout_logfile={{root}}/a.out\n[program:b]\n{slow}stdout_logfile={{root}}/b.out\n")
    running(d, "a")
    running(d, "b")
    assert d.stop() == 0
    first, second = d.stamps("stopped: b")[0], d.stamps("stopped: a")[0]
    assert second - first > 0.5  # and not at once


@pytest.mark.contract("A4.92", "A4.93", "A7.52")
@pytest.mark.differs("theirs", "A4.93", "takes a second for each group that has nothing to stop")
def test_groups_with_nothing_to_stop_take_no_time(daemon):
    text = "".join(f"[program:p{n}]\ncommand=/bin/cat\nautostart=false\n" for n in range(8))
    d = daemon(text + "[program:one]\ncommand=/bin/cat\npriority=1\nstartsecs=0\n").wait(one="RUNNING")
    begun = time.monotonic()
    assert d.stop() == 0
    assert time.monotonic() - begun < 3.5


LEFT = re.compile(r"WARN (.+) \(pid \d+\): process(?:es)? (.+) of its group (?:is|are) left after the stop")


def left_behind(d):
    """(program, who is left) of each line about survivors, in order."""
    return LEFT.findall(d.log())


@pytest.mark.contract("A3.59", "A4.76")
@pytest.mark.differs("theirs", "A4.76", "says nothing about what survives a stop")
def test_who_survives_a_stop_is_told(daemon):
    d = running(daemon(FAMILY))
    child = until("the child", lambda: d.lab.read("child")).strip()
    d.rpc.stopProcess("p")
    d.wait_log("left after the stop")
    assert left_behind(d) == [("p", f"{child} (sleep)")]
    assert not is_gone(int(child))
    # The next life has a group of its own; both have somebody left now.
    d.rpc.startProcess("p")
    until("another child", lambda: len(d.lab.read("child").split()) == 2)
    d.rpc.stopProcess("p")
    d.wait_log("left after the stop", times=2)
    assert left_behind(d)[1] == ("p", f"{d.lab.read('child').split()[1]} (sleep)")


@pytest.mark.contract("A4.92", "A4.135", "A4.149")
@pytest.mark.differs("theirs", "A4.76", "says nothing about what survives a stop")
@pytest.mark.parametrize("how", ["shutdown", "update", "restart"])
def test_who_survives_is_told_before_it_is_forgotten(daemon, how):
    d = running(daemon(FAMILY))
    child = until("the child", lambda: d.lab.read("child")).strip()
    if how == "update":
        d.lab.config("")
        assert d.ctl("update").code == 0
        d.wait_log("left after the stop")
        assert d.rpc.getAllProcessInfo() == []
    elif how == "restart":
        d.lab.config("")
        d.rpc.restart()
        d.wait_log("supervisord started", times=2)
    else:
        begun = time.monotonic()
        assert d.stop() == 0
        assert time.monotonic() - begun < 8  # nobody waits for it to go
    assert left_behind(d) == [("p", f"{child} (sleep)")]


@pytest.mark.contract("A3.58", "A3.59", "A4.76")
def test_nobody_is_accused_who_was_not_stopped_or_is_dead(daemon):
    whole = FAMILY.replace("[program:p]", "[program:whole]\nstopasgroup=true").replace("p.out", "whole.out")
    own = '[program:own]\ncommand=/bin/sh -c "sleep 1000 & sleep 1.2"\nautorestart=false\n'
    d = running(running(daemon(FAMILY + "stopasgroup=true\n" + whole + own)), "whole").wait(own="EXITED")
    d.rpc.stopProcess("p")
    d.rpc.stopProcess("whole")
    time.sleep(1)
    assert d.stop() == 0
    assert d.log_lines("left after") == []


@pytest.mark.contract("A4.91")
@pytest.mark.differs("theirs", "A4.76", "says nothing about what survives a stop")
def test_a_crowd_of_survivors_holds_up_nobody(daemon):
    family = 'sh -c "exec sleep 1000" & sh -c "exec sleep 1000" & exec sleep 1000'
    d = daemon(f"[program:p]\ncommand=/bin/sh -c '{family}'\nprocess_name=p%(process_num)d\nnumprocs=40\nstartsecs=1\n")
    until("all to run", lambda: {info["statename"] for info in d.rpc.getAllProcessInfo()} == {"RUNNING"})
    d.rpc.stopAllProcesses()
    answers = []

    def all_told():
        begun = time.monotonic()
        d.rpc.getState()
        answers.append(time.monotonic() - begun)
        return len(left_behind(d)) == 40

    until("a line about each", all_told)
    assert max(answers) < 3
    assert sorted(name for name, _ in left_behind(d)) == sorted(f"p{number}" for number in range(40))
