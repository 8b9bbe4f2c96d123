"""The life of a process: states, retries, restarts, as the activity log tells them."""

import re
import time

import pytest

from daemon import stamped, until

EARLY = 0.5  # seconds that the line at which a wait begins may be late on a busy machine
LATE = 2  # seconds that its end may be late: the reference looks once a second


def pauses(d, ends, begins):
    """The seconds from each line with `ends` to the next with `begins`."""
    found, end = [], None
    for when, line in stamped(d.log()):
        if ends in line:
            end = when
        elif begins in line and end is not None:
            found.append(when - end)
            end = None
    return found


@pytest.mark.contract("A4.12", "A4.16", "A4.71", "A4.154", "A5.1", "A5.60", "A5.65", "A1.22", "A5.43", "A5.44", "A5.48", "A7.24", "A7.29")
def test_a_healthy_program(daemon, recorded):
    d = daemon("[program:cat]\ncommand=/bin/cat\n").wait(cat="RUNNING")
    spawned, success = d.stamps("spawned: 'cat'")[0], d.stamps("success: cat")[0]
    assert 1 - EARLY < success - spawned < 1 + LATE
    assert d.stop() == 0
    recorded("\n".join(d.log_lines()) + "\n")


@pytest.mark.contract("A4.14", "A4.15", "A4.20", "A4.21", "A4.29", "A4.150", "A5.64", "A5.66", "A7.9")
def test_back_off_and_give_up(daemon, recorded):
    # A long startsecs: the reference sometimes takes a dead child for a running one.
    d = daemon('[program:bad]\ncommand=/bin/sh -c "exit 3"\nstartretries=2\nstartsecs=4\n').wait(bad="FATAL")
    first, second = pauses(d, "exited: bad", "spawned: 'bad'")
    assert 1 - EARLY < first < 1 + LATE
    assert 2 - EARLY < second < 2 + LATE
    assert d.info("bad")["spawnerr"] == "Exited too quickly (process log may have details)"
    recorded("\n".join(d.log_lines("bad")) + "\n")


@pytest.mark.contract("A4.151", "A4.152", "A4.40", "A5.61", "A4.52")
def test_a_missing_command_is_tried_again(daemon, recorded):
    d = daemon("""
[program:none]
command=/nonexistent/cmd
startretries=1
[program:once]
command=/nonexistent/cmd
startretries=0
""").wait(none="FATAL", once="FATAL")
    first, second = d.stamps("spawnerr: can't find command '/nonexistent/cmd'")[0::2][:2]
    assert 1 - EARLY < second - first < 1 + LATE
    assert d.info("none")["spawnerr"] == "can't find command '/nonexistent/cmd'"
    recorded("\n".join(sorted(d.log_lines("none", "once", "spawnerr"))) + "\n")


@pytest.mark.contract("A4.18", "A4.34", "A5.63", "A5.64", "A3.56", "A4.7")
def test_exits_that_stay(daemon, recorded):
    d = daemon("""
[program:calm]
command=/bin/sh -c "sleep 1.2; exit 2"
exitcodes=0,2
autorestart=unexpected
[program:never]
command=/bin/sh -c "sleep 1.2; exit 9"
autorestart=false
[program:killed]
command=/bin/sh -c "sleep 1.2; kill -USR1 $$"
autorestart=false
""")
    d.wait(calm="EXITED", never="EXITED", killed="EXITED")
    time.sleep(1.2)
    names = ["calm", "never", "killed"]
    lines = {name: d.log_lines(f"{name} ", f"'{name}'") for name in names}
    # Whether `success` was seen before the exit depends on the moment; the exit does not.
    recorded("".join(f"{line}\n" for name in names for line in lines[name] if "success" not in line))
    infos = {name: (d.info(name)["exitstatus"], d.info(name)["spawnerr"]) for name in names}
    assert infos == {"calm": (2, ""), "never": (9, "Bad exit code 9"), "killed": (-1, "Bad exit code -1")}


@pytest.mark.contract("A4.19", "A4.155", "A3.47", "A7.11")
@pytest.mark.parametrize("mode, code", [("true", 0), ("unexpected", 1)])
def test_exits_that_restart(daemon, mode, code):
    d = daemon(f'[program:p]\ncommand=/bin/sh -c "sleep 1.2; exit {code}"\nautorestart={mode}\n')
    d.wait_log("spawned: 'p'", times=3)
    # At once, within one turn of the reference's loop.
    lives = pauses(d, "exited: p", "spawned: 'p'")
    assert len(lives) >= 2 and max(lives) < 1.5
    assert "gave up" not in d.log()


@pytest.mark.contract("A4.17", "A4.69", "A7.10", "A4.11")
def test_startsecs_zero_has_no_back_off(daemon, target):
    d = daemon('[program:p]\ncommand=/bin/sh -c "exit 0"\nstartsecs=0\nautorestart=true\n')
    d.wait_log("spawned: 'p'", times=4)
    assert d.log_lines("gave up", "not expected") == []
    starts = d.stamps("spawned: 'p'")
    # The reference's turn of a second brakes such loops, when nothing else wakes it; ours always does.
    if target.name == "ours":
        assert all(b - a > 1 - EARLY for a, b in zip(starts, starts[1:]))


def in_third_pause(d):
    """`bad` is in a pause that lasts three seconds: time enough to be met in it."""
    d.wait_log("exited: bad", times=3).wait(bad="BACKOFF")


@pytest.mark.contract("A4.22", "B1.6.9", "A5.72")
def test_stop_during_back_off(daemon, recorded):
    text = "[program:bad]\ncommand=/bin/false\nstartretries=100\nstartsecs=3\n"
    d = daemon(text, supervisord="loglevel=debug")
    in_third_pause(d)
    assert d.rpc.stopProcess("bad") is True
    assert d.info("bad")["statename"] == "STOPPED"
    time.sleep(1.5)
    assert d.info("bad")["statename"] == "STOPPED"
    recorded("\n".join(d.log_lines("Attempted to kill", "attempted to kill")) + "\n")


@pytest.mark.contract("A4.30", "B1.6.6", "A7.50")
@pytest.mark.differs("theirs", "A4.30", "goes on counting the tries of before the stop")
def test_a_stop_forgets_failed_tries(daemon):
    d = daemon("[program:bad]\ncommand=/bin/false\nstartretries=3\nstartsecs=3\n")
    in_third_pause(d)
    d.rpc.stopProcess("bad")
    d.rpc.startProcess("bad", False)
    d.wait(bad="FATAL")
    assert d.log().count("spawned: 'bad'") == 3 + 4


@pytest.mark.contract("A4.23", "A4.134")
def test_shutdown_during_back_off(daemon):
    d = daemon("[program:bad]\ncommand=/bin/false\nstartretries=100\nstartsecs=6\n")
    in_third_pause(d)
    assert d.stop() == 0
    assert d.log_lines("gave up", "stopped: ") == []


@pytest.mark.contract("A4.33", "A7.49")
def test_a_child_that_dies_at_once_never_ran(daemon, target):
    """The reference takes a dead child for a running one now and then, so it cannot be held to this."""
    if target.name == "theirs":
        pytest.skip("A4.33: depends on the moment")
    d = daemon('[program:p]\ncommand=/bin/sh -c "exit 1"\nstartsecs=1\nstartretries=1\n').wait(p="FATAL")
    assert d.log_lines("success") == []


@pytest.mark.contract("A4.31", "A4.136")
def test_stopped_by_hand_stays_stopped_until_a_restart(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautorestart=true\n").wait(cat="RUNNING")
    d.rpc.stopProcess("cat")
    time.sleep(1.2)
    assert d.info("cat")["statename"] == "STOPPED"
    d.rpc.restart()
    d.wait_log("spawned: 'cat'", times=2)


@pytest.mark.contract("A4.81")
def test_killed_by_a_stranger_is_unexpected(daemon, recorded):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    d.wait_log("success: cat")
    d.rpc.signalProcess("cat", "KILL")
    d.wait_log("spawned: 'cat'", times=2)
    d.wait_log("success: cat", times=2)
    recorded("\n".join(d.log_lines(" cat", "'cat'")) + "\n")


@pytest.mark.contract("A4.121")
def test_a_child_of_a_child_is_no_business_of_ours(daemon):
    d = daemon('[program:p]\ncommand=/bin/sh -c "sleep 0.1 & exec sleep 100"\nstartsecs=0\n').wait(p="RUNNING")
    time.sleep(0.5)
    assert d.info("p")["statename"] == "RUNNING"


@pytest.mark.contract("A4.88", "A4.51", "A3.42", "A3.43", "A2.55", "A5.13", "A7.28")
def test_numprocs(daemon):
    d = daemon("""
[program:many]
command=/bin/sh -c "echo %(process_num)03d of %(numprocs)d in %(group_name)s; exec sleep 100"
process_name=m%(process_num)d
numprocs=3
numprocs_start=9
startsecs=0
stdout_logfile={root}/m%(process_num)d.out
[group:box]
programs=many
""")
    d.wait(**{"box:m9": "RUNNING", "box:m10": "RUNNING", "box:m11": "RUNNING"})
    until("the last to speak", lambda: d.lab.read("m11.out"))
    until("the first to speak", lambda: d.lab.read("m9.out"))
    assert d.lab.read("m9.out") == "009 of 3 in box\n"
    assert [line.split("'")[1] for line in d.log_lines("spawned")] == ["m10", "m11", "m9"]


@pytest.mark.contract("A3.42", "A4.97")
def test_no_process_at_all(daemon):
    d = daemon("[program:none]\ncommand=/bin/cat\nnumprocs=0\n[group:empty]\nprograms=\n")
    assert d.rpc.getAllProcessInfo() == []
    assert d.rpc.startProcessGroup("empty") == []
    assert d.stop() == 0


def all_kinds(lab):
    """Programs that fail in every way there is to fail, and some that do not."""
    lab.write("plain.txt", "no program\n", 0o644)
    lab.write("bare", "echo hello\n", 0o755)
    fails = {
        "a_quote": "command=/bin/echo \"open", "b_escape": "command=/bin/echo \\", "c_empty": "command=",
        "d_missing": "command=nosuchcommand", "e_folder": "command=/tmp", "f_plain": "command={root}/plain.txt",
        "g_log": "command=/bin/cat\nstdout_logfile={root}/childlog", "h_path": 'command=sh\nenvironment=PATH=""',
        "i_exec": "command={root}/bare", "j_chdir": "command=/bin/cat\ndirectory=/no/such",
        "k_three": 'command=/bin/sh -c "exit 3"', "l_zero": "command=/bin/true",
        "m_signal": 'command=/bin/sh -c "kill -9 $$"',
    }  # fmt: skip
    ends = {
        "n_expected": 'command=/bin/sh -c "exit 2"\nexitcodes=2', "o_unexpected": 'command=/bin/sh -c "exit 4"',
        "p_signal": 'command=/bin/sh -c "kill -USR1 $$"',
    }  # fmt: skip
    stays = {"q_stays": "command=/bin/sleep 1000", "r_off": "command=/bin/cat\nautostart=false"}
    text = "".join(f"[program:{name}]\n{lines}\nstartretries=2\nstartsecs=4\n" for name, lines in fails.items())
    text += "".join(f"[program:{name}]\n{lines}\nstartsecs=0\nautorestart=false\n" for name, lines in ends.items())
    return text + "".join(f"[program:{name}]\n{lines}\nstartsecs=1\n" for name, lines in stays.items()), fails, ends


@pytest.mark.contract("A10.6", "A4.40", "A4.89", "A4.29", "A4.20", "A4.21")
def test_eighteen_programs(lab, recorded):
    """What each of them tells, in its order, and the order in which they are first started."""
    text, fails, ends = all_kinds(lab)
    d = lab.daemon(text)
    for name in fails:
        d.wait(**{name: "FATAL"})
    d.wait(q_stays="RUNNING", r_off="STOPPED", **dict.fromkeys(ends, "EXITED"))
    told = []
    for name in (*fails, *ends, "q_stays", "r_off"):
        told += [f"{name}:", *(f"  {line}" for line in d.log_lines(f" {name} ", f"'{name}'") if "success" not in line)]
        told.append(f"  {d.info(name)['statename']} {d.lab.normal(d.info(name)['spawnerr'])}")
    recorded("\n".join(told) + "\n")
    # By name, since the priorities are equal; eight never get as far as a child.
    children = [name for name in (*fails, *ends, "q_stays") if name >= "i"]
    assert list(dict.fromkeys(re.findall(r"spawned: '(\w+)'", d.log()))) == children
    assert d.log().count("spawnerr: ") == 8 * 3
