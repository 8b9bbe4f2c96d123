"""Programs that write numbered lines, and how everything else fares meanwhile."""

import shutil
import statistics
import sys
import time

from daemon import rpc, until

MOST = 3.0  # seconds that nothing else may be delayed by, on a machine under load; a hang lasts until it is ended
USUAL = 0.2  # and as a rule: a millisecond or two on a quiet machine
KEPT = 4 << 20  # bytes that are kept for a log
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable  # nobody may run it too


def section(lab, programs, name, log, count, pause, width=0, more="autostart=false\n"):
    """The section of such a program."""
    command = f"{PYTHON} {programs}/counter.py {name} {count} {pause} {width}"
    keys = f"startsecs=0\nautorestart=false\nstdout_logfile={log}\nredirect_stderr=true\n{more}"
    return f'[program:{name}]\ncommand={command}\nenvironment=COUNTER_DONE="{lab.root}"\n{keys}'


def longest_write(d, name):
    """Waits until a counter has written everything; the longest it had to wait for a write."""
    done = d.root / f"{name}.done"
    until(f"{name} to write its last line", done.exists)
    return float(done.read_text())


def lines(name, count, width=0):
    """All that a counter writes."""
    return [f"{name} {number:08d}".ljust(width - 1, ".") for number in range(count)]


def read(path):
    """The lines of a log. It may not be there at this moment: it is being opened, or rotated."""
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []


def size(path):
    """The same of its bytes."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class Others:
    """How everything else fares meanwhile: calls, and the log of a program that writes all the time."""

    def __init__(self, d, log):
        self.calls, self.gaps = [], []
        self.server, self.log, self.done = rpc(d.socket).supervisor, log, log.with_suffix(".done")

    def look(self, seconds):
        end = time.monotonic() + seconds
        size, grown = self.log.stat().st_size, time.monotonic()
        while time.monotonic() < end:
            began = time.monotonic()
            self.server.getState()
            now = time.monotonic()
            self.calls.append(now - began)
            if self.log.stat().st_size > size:
                self.gaps.append(now - grown)
                size, grown = self.log.stat().st_size, now
            time.sleep(0.002)
        if not self.done.exists():
            self.gaps.append(time.monotonic() - grown)
        return self

    def check(self):
        assert len(self.calls) > 5 and len(self.gaps) > 5
        assert statistics.median(self.calls) < USUAL and max(self.calls) < MOST, sorted(self.calls)[-5:]
        assert statistics.median(self.gaps) < 2 * USUAL and max(self.gaps) < MOST, sorted(self.gaps)[-5:]
