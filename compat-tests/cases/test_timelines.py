"""Whole stories, line by line and event by event, against recorded runs of the reference:
in the same order, never later, and never before the moment that the rules give."""

import sys

import pytest

from daemon import until
from timeline import Timeline

CLOCK = """
[eventlistener:clock]
command={python} {programs}/timekeeper.py {root}/events
events=PROCESS_STATE
buffer_size=100
startsecs=0

[program:p]
stdout_logfile={root}/p.out
"""


@pytest.fixture
def story(daemon, programs, recording):
    """Runs program `p` to the last line and the last event (each a text and how often
    it comes), compares with the recording, and gives the timeline."""

    def tell(text, line, event, stop=False):
        clock = CLOCK.replace("{python}", sys.executable).replace("{programs}", str(programs))
        d = daemon(clock + text, supervisord="loglevel=debug")
        if stop:
            until("p to be ready", lambda: "ready" in d.lab.read("p.out"))
            d.rpc.stopProcess("p")
        told = until(f"{line} and {event}", lambda: Timeline.of(d, "p").cut(line, event))
        if "success" in str(told) and "not expected" in str(told) and "exit 3" in text:
            pytest.skip("A4.33: the reference took the dead child for a running one this time")
        recording.check_by(str(told), lambda theirs: told.compare(Timeline.parse(theirs)))
        return told

    return tell


@pytest.mark.contract("A4.150", "A4.20", "A4.29", "A4.9")
def test_exit_3(story):
    text = 'command=/bin/sh -c "exit 3"\nstartretries=2\nstartsecs=1\n'
    told = story(text, ("gave up: p", 1), ("PROCESS_STATE_FATAL", 1))
    told.gap(("exited: p", 1), ("spawned: 'p'", 2), 1)
    told.gap(("exited: p", 2), ("spawned: 'p'", 3), 2)


@pytest.mark.contract("A4.151")
def test_no_retries(story):
    text = 'command=/bin/sh -c "exit 3"\nstartretries=0\nstartsecs=1\n'
    story(text, ("gave up: p", 1), ("PROCESS_STATE_FATAL", 1))


@pytest.mark.contract("A4.152", "A4.14", "A4.21")
def test_a_missing_command(story):
    told = story("command=/no/such/command\nstartretries=1\n", ("gave up: p", 1), ("PROCESS_STATE_FATAL", 1))
    told.gap(("spawnerr", 1), ("spawnerr", 2), 1)
    assert told.stamps("gave up")[0] - told.stamps("spawnerr")[1] < 1
    assert told.stamps("spawned") == []


@pytest.mark.contract("A4.153", "A4.24", "A4.26", "A4.76")
def test_term_is_ignored(story):
    text = """\
command=/bin/sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
stopwaitsecs=1
startsecs=0
killasgroup=true
"""
    told = story(text, ("stopped: p", 1), ("PROCESS_STATE_STOPPED", 1), stop=True)
    told.gap(("with signal SIGTERM", 1), ("WARN killing 'p'", 1), 1)


@pytest.mark.contract("A4.154", "A4.16")
@pytest.mark.parametrize("startsecs", [1, 3])
def test_a_healthy_program(story, startsecs):
    told = story(
        f"command=/bin/sleep 1000\nstartsecs={startsecs}\n", ("success: p", 1), ("PROCESS_STATE_RUNNING", 1)
    )
    told.gap(("spawned: 'p'", 1), ("success: p", 1), startsecs)


@pytest.mark.contract("A4.155", "A4.19")
def test_an_unexpected_exit(story):
    text = 'command=/bin/sh -c "sleep 1.5; exit 4"\nstartsecs=1\n'
    told = story(text, ("spawned: 'p'", 3), ("PROCESS_STATE_STARTING", 3))
    for lives in (1, 2):
        told.gap(("exited: p", lives), ("spawned: 'p'", lives + 1), 0)
        assert told.stamps("spawned: 'p'")[lives] - told.stamps("exited: p")[lives - 1] < 1.5
