"""The wall clock is set while everything runs, a day on or a day back.

libfaketime gives the daemon a wall clock of its own, which is read from a file;
its steady clock is left alone, as the kernel does. Children have the real time.
"""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from daemon import until
from proc import cpu_seconds

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
DAY = 24 * 3600
STEPS = {"a_day_on": DAY, "a_day_back": -DAY}
REAL_TIME = 'environment=LD_PRELOAD=""'

pytestmark = [
    pytest.mark.skipif(not LIBRARY, reason="needs libfaketime"),
    pytest.mark.parametrize("step", STEPS.values(), ids=STEPS),
]


class Clock:
    """The wall clock of one daemon."""

    def __init__(self, lab):
        self.lab, self.file = lab, lab.root / "clock"
        self.set(0)

    def set(self, seconds):
        """So far from the real time from now on."""
        self.lab.write("clock.new", f"{seconds:+d}s\n").rename(self.file)

    def environment(self):
        """What makes a program see this clock."""
        return {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DISABLE_SHM": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip


@pytest.fixture
def clock(lab):
    return Clock(lab)


# Everything whose end is a matter of time: four seconds, and tries after one and two.
DEADLINES = """
[program:young]
command=/bin/sleep 1000
autostart=false
startsecs=4
[program:stubborn]
command=/bin/sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
startsecs=0
stopwaitsecs=4
stdout_logfile={root}/stubborn.out
[program:failing]
command=/bin/sh -c 'cut -d" " -f1 /proc/uptime >> {root}/tries; exit 3'
autostart=false
startretries=2
"""
ROOM = 15  # seconds for a busy machine; who measures by the wall clock is off by a day


@pytest.mark.contract("A4.36", "A4.37", "A4.16", "A4.20", "A4.26", "A5.67")
@pytest.mark.differs("theirs", "A4.36", "measures by the wall clock: too early when it is set on, too late when set back")
def test_what_waits_goes_on_waiting_as_long_as_it_should(daemon, clock, step):
    d = daemon(DEADLINES, supervisord=REAL_TIME, env=clock.environment())
    until("stubborn to set its trap", lambda: d.lab.read("stubborn.out"))
    begun = time.monotonic()
    for call, name in ((d.rpc.startProcess, "young"), (d.rpc.startProcess, "failing"), (d.rpc.stopProcess, "stubborn")):
        call(name, False)
    time.sleep(2.5)
    clock.set(step)
    ends = {}

    def all_have_ended():
        for name, end in (("young", "RUNNING"), ("stubborn", "STOPPED"), ("failing", "FATAL")):
            if d.info(name)["statename"] == end:
                ends.setdefault(name, time.monotonic() - begun)
        return len(ends) == 3

    until("all of it to end", all_have_ended)
    assert 3.9 < ends["young"] < 4 + ROOM
    assert 3.9 < ends["stubborn"] < 4 + ROOM
    first, second, third = map(float, d.lab.read("tries").split())
    assert 0.9 < second - first < 1 + ROOM
    assert 1.9 < third - second < 2 + ROOM
    assert "don't know how long process was running" not in d.log()


CALM = """
[program:cat]
command=/bin/cat
startsecs=0
[program:fast]
command=/bin/sh -c 'cut -d" " -f1 /proc/uptime >> {root}/lives'
startsecs=0
[eventlistener:ear]
command=python3 -S {programs}/recorder.py {root}/events
events=TICK
startsecs=0
"""


@pytest.mark.contract("B1.8.7", "A6.41", "A4.19", "A4.36")
def test_a_jump_makes_no_storm_and_no_negative_uptime(daemon, clock, programs, step):
    text = CALM.replace("{programs}", str(programs))
    begun = time.monotonic()
    d = daemon(text, supervisord=REAL_TIME, env=clock.environment()).wait(cat="RUNNING", ear="RUNNING")
    before = d.info("cat")
    used = cpu_seconds(d.pid)
    clock.set(step)
    until("the jump", lambda: abs(d.info("cat")["now"] - before["now"]) > DAY / 2)
    until("a tick of the other day", lambda: far_ticks(d, before["now"]))
    time.sleep(1)
    info = d.info("cat")
    assert info["start"] == before["start"]
    uptime = timedelta(seconds=max(0, info["now"] - info["start"]))
    assert info["description"] == f"pid {info['pid']}, uptime {uptime}"
    assert f"uptime {'1 day' if step > 0 else '0:00:00'}" in d.ctl("status", "cat").stdout
    # One event for each period, and those of the seconds that have passed.
    ticked = len(ticks(d))
    passed = time.monotonic() - begun
    assert ticked <= 3 + 3 + passed / 5
    # It comes again at most once a second, whatever the clock says.
    lives = [float(line) for line in d.lab.read("lives").split()]
    assert len(lives) <= lives[-1] - lives[0] + 2
    assert cpu_seconds(d.pid) - used < max(1, passed / 4)
    assert d.stop() == 0


@pytest.mark.contract("A6.41")
def test_ticks_do_not_wait_for_the_time_that_was(daemon, clock, programs, step):
    text = CALM.replace("{programs}", str(programs))
    d = daemon(text, supervisord=REAL_TIME, env=clock.environment()).wait(ear="RUNNING")
    # The daemon, undisturbed, has just begun to wait for the next five seconds.
    while 0.1 < time.time() % 5:
        time.sleep(5.05 - time.time() % 5)
    clock.set(step)
    before = time.time()
    # It looks once a second; one that waits for the end of the five tells of the next ones.
    first = until("a tick of the other day", lambda: far_ticks(d, before))[0]
    assert first <= before + step


def far_ticks(d, moment):
    """The ticks that are of another day than `moment`."""
    return [when for when in ticks(d) if abs(when - moment) > DAY / 2]


def ticks(d):
    """What the ticks so far said."""
    return [int(when) for when in re.findall(r"^when:(\d+)", d.lab.read("events"), re.MULTILINE)]
