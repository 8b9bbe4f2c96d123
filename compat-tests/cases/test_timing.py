"""How quickly things happen: never slower than the reference, which turns once a second.

The limits are what the reference needs on an idle machine, with room for a busy one.
"""

import time

import pytest

from daemon import until

ROOM = 3  # seconds more than the reference's own limit


def took(call, *args):
    begun = time.monotonic()
    call(*args)
    return time.monotonic() - begun


@pytest.mark.contract("A1.39", "B5.3", "A8.2")
def test_boot(daemon):
    begun = time.monotonic()
    daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    assert time.monotonic() - begun < 3 + ROOM


@pytest.mark.contract("A1.39", "A7.53")
def test_the_first_program_starts_at_once(daemon, target):
    if target.name == "theirs":
        pytest.skip("begins with a wait of a second, if no client comes")
    d = daemon("[program:cat]\ncommand=/bin/cat\n").wait_log("spawned: 'cat'")
    assert d.stamps("spawned: 'cat'")[0] - d.stamps("supervisord started")[0] < 0.9


@pytest.mark.contract("A4.89", "A7.13", "A3.45")
def test_the_start_waits_for_no_priority(daemon):
    """The second is begun while the first has long not stayed up for its time."""
    d = daemon("".join(f"[program:p{n}]\ncommand=/bin/sleep 1000\nstartsecs=60\npriority={n}\n" for n in range(3)))
    d.wait_log("spawned: ", times=3)
    assert [line.split("'")[1] for line in d.log_lines("spawned")] == ["p0", "p1", "p2"]
    assert d.stamps("spawned: 'p2'")[0] - d.stamps("spawned: 'p0'")[0] < ROOM


@pytest.mark.contract("B1.12.2", "B1.12.3", "B5.3")
def test_calls(daemon):
    d = daemon("".join(f"[program:p{n}]\ncommand=/bin/sleep 1000\nautostart=false\n" for n in range(4)))
    assert took(d.rpc.getState) < 0.5 + ROOM
    assert took(d.rpc.getAllProcessInfo) < 0.5 + ROOM
    assert 1 <= took(d.rpc.startProcess, "p0") < 2 + ROOM
    assert took(d.rpc.stopProcess, "p0") < 1 + ROOM
    assert 1 <= took(d.rpc.startAllProcesses) < 3 + ROOM
    assert took(d.rpc.stopAllProcesses) < 2 + ROOM
    assert took(d.rpc.clearAllProcessLogs) < 5 + ROOM


@pytest.mark.contract("A4.11", "A4.19", "A4.155")
def test_an_exit_is_noticed(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nautorestart=true\nstartsecs=0\n").wait(cat="RUNNING")
    d.wait_log("success: cat")
    time.sleep(1)
    pid = d.info("cat")["pid"]

    def again():
        d.rpc.signalProcess("cat", "KILL")
        until("another life", lambda: d.info("cat")["pid"] not in (0, pid))

    assert took(again) < 2 + ROOM


@pytest.mark.contract("A4.135", "A4.92")
def test_shutdown(daemon):
    d = daemon("".join(f"[program:p{n}]\ncommand=/bin/sleep 1000\nstartsecs=0\n" for n in range(3)))
    d.wait(p0="RUNNING", p1="RUNNING", p2="RUNNING")
    assert took(d.stop) < 4 + ROOM
