#!/usr/bin/env python3
"""What many programs cost: started, stopped, restarted, and looked at.

    scale.py [--sizes 100,1000,10000] [--theirs 100,1000] [--rounds 5]

Runs our daemon, and beside it the reference in those sizes that are bearable
for it, and prints a table: ours, theirs, and how many times better ours is in
this very run. A single time says little on a machine that others use too; a
ratio from one run says more. Last comes one program's share of each figure, by
the number of programs: where it grows, something is not linear. The programs
sleep, so what is seen is the daemon's own cost. Judges nothing.

The daemon to measure is SUPERVISORD_BIN, or the newest one in target/.
"""

import argparse
import resource
import statistics
import sys
import time
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from daemon import Daemon, Lab, UnixTransport, until  # noqa: E402
from proc import descriptors, memory_kib  # noqa: E402
from targets import ours, theirs  # noqa: E402

PATIENCE = 300  # seconds for one step
IDLE_SECS = 5  # how long the resting daemon is watched
SPARE = 200  # descriptors that are not for programs
EACH = 2  # descriptors of one program: standard input and output

PROGRAMS = """
[program:p]
command=/bin/sleep 1000000
process_name=p%(process_num)05d
numprocs={count}
startsecs=0
redirect_stderr=true
stdout_logfile=NONE
"""


class Watched(Daemon):
    """A daemon whose log is read on as it grows, so that looking costs it nothing."""

    def __init__(self, lab, conf):
        self.seen, self.counts = 0, {}
        super().__init__(lab, conf, (), None, wait=False)

    def said(self, text):
        """How often the log says `text`, by now."""
        path = self.root / "supervisord.log"
        if path.exists():
            with path.open("rb") as log:
                log.seek(self.seen)
                new = log.read()
            new = new[: new.rfind(b"\n") + 1]
            self.seen += len(new)
            for word in (b"entered RUNNING state", b"stopped: ", b"supervisord started with pid"):
                self.counts[word] = self.counts.get(word, 0) + new.count(word)
        return self.counts.get(text, 0)

    def all_said(self, text, count):
        """Waits until it does so often enough."""
        until(f"{count} times {text}", lambda: self.said(text) >= count, PATIENCE)

    def cpu_ms(self):
        """Processor time of all threads."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def timed(call, *args):
    """Milliseconds."""
    begun = time.monotonic()
    call(*args)
    return (time.monotonic() - begun) * 1000


def middle(rounds, call, *args):
    """The median of some calls, milliseconds; less often what takes long."""
    took = [timed(call, *args)]
    while len(took) < rounds and sum(took) < 5000:
        took.append(timed(call, *args))
    return statistics.median(took)


def cpu_of(daemon, call, *args):
    """Milliseconds that passed, and that the daemon used."""
    used = daemon.cpu_ms()
    took = timed(call, *args)
    return took, daemon.cpu_ms() - used


def measure(target, count, rounds):
    """All figures of one daemon with so many programs, as {name: number}."""
    lab = Lab(target)
    try:
        return figures(lab, count, rounds)
    finally:
        lab.close()


def figures(lab, count, rounds):
    running, stopped, started = b"entered RUNNING state", b"stopped: ", b"supervisord started with pid"
    limits = f"minfds={count * EACH + SPARE}\nminprocs=200"
    conf = lab.config(PROGRAMS.replace("{count}", str(count)), supervisord=limits)
    found = {}
    begun = time.monotonic()
    d = Watched(lab, conf)
    d.all_said(running, count)
    boot = (time.monotonic() - begun) * 1000
    found["boot: all RUNNING, ms"] = boot
    found["boot: programs per second"] = count / boot * 1000
    found["boot: daemon's CPU, ms"] = d.cpu_ms()
    until("an answer", d.answers)
    found["memory, MiB"] = memory_kib(d.pid) / 1024
    found["descriptors per program"] = len(descriptors(d.pid)) / max(count, 1)
    time.sleep(1)
    used = d.cpu_ms()
    time.sleep(IDLE_SECS)
    found["idle: CPU, ms a minute"] = (d.cpu_ms() - used) * 60 / IDLE_SECS
    for method in ("getState", "getAllProcessInfo", "getAllConfigInfo", "reloadConfig"):
        found[f"{method}, ms"] = middle(rounds, ask, d, method)
    found["supervisorctl status, ms"] = middle(rounds, lambda: d.ctl("status", timeout=PATIENCE))
    for method in ("stopAllProcesses", "startAllProcesses"):
        found[f"{method}, ms"], found[f"{method}: CPU, ms"] = cpu_of(d, ask, d, method)

    def reload():
        up, lives = d.said(running), d.said(started)
        ask(d, "restart")
        d.all_said(started, lives + 1)
        d.all_said(running, up + count)

    found["restart: all RUNNING again, ms"], found["restart: CPU, ms"] = cpu_of(d, reload)
    gone = d.said(stopped)

    def shutdown():
        ask(d, "shutdown")
        assert d.exit_code(PATIENCE) == 0

    found["shutdown, ms"] = timed(shutdown)
    assert d.said(stopped) == gone + count
    return found


def ask(d, method):
    """A call whose answer is read and not looked at: that would take longer than to make it."""
    with closing(UnixTransport(d.socket, PATIENCE).make_connection("")) as connection:
        body = f"<methodCall><methodName>supervisor.{method}</methodName><params/></methodCall>"
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        answer = connection.getresponse().read()
    assert b"<fault>" not in answer, answer


def shown(number):
    """Three digits that matter."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def shares(found):
    """What one program costs, by the number of them; memory without that of an empty daemon."""
    empty = found.pop(0)
    print(f"\n  {'one program, microseconds':34}" + "".join(f"{count:>12}" for count in found))
    for name in next(iter(found.values())):
        if name.endswith(", ms") and not name.startswith("getState"):
            row = "".join(f"{shown(figures[name] * 1000 / count):>12}" for count, figures in found.items())
            print(f"  {name.removesuffix(', ms'):34}{row}")
    kib = [(figures["memory, MiB"] - empty["memory, MiB"]) * 1024 / count for count, figures in found.items()]
    print(f"  {'memory, KiB':34}" + "".join(f"{shown(one):>12}" for one in kib))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    sizes = lambda text: [int(size) for size in text.split(",") if size]  # noqa: E731
    parser.add_argument("--sizes", type=sizes, default=[100, 1000, 10000])
    parser.add_argument("--theirs", type=sizes, default=[100])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    found = {0: measure(ours(), 0, 1)}
    for size in options.sizes:
        count = min(size, (hard - SPARE) // EACH)
        note = "" if count == size else f" (there are descriptors for no more than that, {size} were asked for)"
        print(f"\n{count} programs{note}")
        mine = found[count] = measure(ours(), count, options.rounds)
        other = measure(theirs(), count, options.rounds) if size in options.theirs else {}
        print(f"  {'':34} {'ours':>10} {'theirs':>10} {'better':>8}")
        for name, number in mine.items():
            row = f"  {name:34} {shown(number):>10}"
            if name in other:
                ratio = other[name] / number if number else float("inf")
                ratio = 1 / ratio if name.endswith("per second") and ratio else ratio
                row += f" {shown(other[name]):>10} {shown(ratio) + 'x':>8}"
            print(row, flush=True)
    shares(found)


if __name__ == "__main__":
    main()
