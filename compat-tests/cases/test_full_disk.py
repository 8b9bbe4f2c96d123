"""Disks that are full: what fits is kept and written later, the rest is counted.
Theirs stops logging.
"""

import re
import subprocess
import time

import pytest

from daemon import rpc, until
from numbered import KEPT, MOST, lines, longest_write, read

pytestmark = pytest.mark.usefixtures("only_ours")


@pytest.mark.contract("A5.20", "A5.23")
def test_a_full_disk_costs_nothing_that_fits(lab, small, counter):
    d = lab.daemon(counter("p", "{root}/small/p.log", 300, 0.005, 100))
    filler = small / "filler"
    filler.write_bytes(bytes(60 << 10))
    d.rpc.startProcess("p")
    d.wait_log("p.log: [Errno 28] No space left on device; up to 4194304 bytes are kept")
    assert longest_write(d, "p") < MOST
    filler.unlink()
    d.wait_log("p.log is written again after")
    until("all lines", lambda: read(small / "p.log") == lines("p", 300, 100))
    assert len(re.findall("WARN .*p.log", d.log())) == 2


@pytest.mark.contract("A5.20", "A5.23")
def test_what_does_not_fit_is_dropped_and_counted(lab, small, counter):
    d = lab.daemon(counter("p", "{root}/small/p.log", 60, 0, 100_000) + counter("q", "{root}/q.log", 3, 0))
    filler = small / "filler"
    filler.write_bytes(bytes(64 << 10))
    for name in ("p", "q"):
        d.rpc.startProcess(name)
    assert longest_write(d, "p") < 2 + MOST
    assert longest_write(d, "q") < MOST
    (small.parent / "big").mkdir()
    d.rpc.stopProcess("p")
    # a log of the same name where there is room
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
    until("the end of the outage", lambda: re.search(r"p\.log (is written again|could not be written)", d.log()))
    kept, dropped = re.search(r": (\d+) bytes were kept, (\d+) bytes were dropped", d.log()).groups()
    written = (small / "p.log").stat().st_size
    assert int(kept) == written and int(dropped) == 6_000_000 - written
    assert KEPT - 200_000 < written <= KEPT
    text = read(small / "p.log")
    assert text == lines("p", len(text), 100_000)


@pytest.mark.contract("A5.20")
def test_the_counters_of_logs_tell_of_an_outage(lab, small, counter):
    d = lab.daemon(counter("p", "{root}/small/p.log", 60, 0, 100_000) + counter("q", "{root}/q.log", 3, 0))
    ext = rpc(d.socket).ext
    (small / "filler").write_bytes(bytes(64 << 10))
    began = int(time.time())
    for name in ("p", "q"):
        d.rpc.startProcess(name)
        longest_write(d, name)
    # its child is dead, and what fits waits for room
    def all_seen():
        p, _, q, _ = states = ext.getLogStates()
        return p["waiting"] + p["dropped"] == 6_000_000 and q["written"] == len("q 00000000\n") * 3 and states

    states = until("all that was written to be seen", all_seen)
    assert [(state["name"], state["channel"]) for state in states] == [
        ("p", "stdout"), ("p", "stderr"), ("q", "stdout"), ("q", "stderr"),
    ]  # fmt: skip
    p, stderr, q, _ = states
    assert (p["group"], p["path"], p["outages"]) == ("p", str(small / "p.log"), 1)
    assert p["written"] == 0 and KEPT - 200_000 < p["waiting"] <= KEPT
    assert began <= p["since"] <= time.time()
    assert (stderr["written"], stderr["outages"], stderr["since"]) == (0, 0, 0)
    assert (q["written"], q["dropped"], q["waiting"], q["since"]) == ((d.root / "q.log").stat().st_size, 0, 0, 0)
    (small / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
    until("the end of the outage", lambda: ext.getLogStates()[0]["since"] == 0)
    until("all of it", lambda: ext.getLogStates()[0]["waiting"] == 0)
    after = ext.getLogStates()[0]
    assert after["written"] == (small / "p.log").stat().st_size == p["waiting"]
    assert (after["dropped"], after["outages"]) == (p["dropped"], 1)
