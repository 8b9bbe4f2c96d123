"""How long supervisorctl takes as a whole process, ours beside theirs.

    python compat-tests/bench/ctl.py [RUNS]

Each client talks to a daemon of its own kind; theirs and ours take turns, so
that a busy moment of the machine falls on both. Prints the least, the middle
and the most of each, in milliseconds; on a busy machine the least says most.
The first row is a program that does nothing: what the machine takes to start
and to end any process, which is part of all figures below it.
"""

import os
import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from daemon import Lab  # noqa: E402
from targets import ours, theirs  # noqa: E402

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ONE = "[program:one]\ncommand=/bin/cat\nstartsecs=0\n"
MANY = "".join(f"[program:p{n}]\ncommand=/bin/cat\nautostart=false\n" for n in range(1000))
TEN = "".join(f"[program:p{n}]\ncommand=/bin/sleep 1000\nstartsecs=1\n" for n in range(10))
NAMES = [f"p{n}" for n in range(10)]

# What is run: its title, the configuration, the words, how often.
CASES = [
    ("status of one program", ONE, ["status", "one"], RUNS),
    ("status of 1,000 programs", MANY, ["status"], RUNS),
    ("restart of 10 programs, startsecs=1", TEN, ["restart", *NAMES], 1),
]


def took(command, environment, silence):
    """Milliseconds from the start of a command to its end. Spawned without a copy
    of this process, which would take longer than a quick client."""
    actions = [(os.POSIX_SPAWN_DUP2, silence, 1)]
    begun = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environment, file_actions=actions)
    os.waitpid(pid, 0)
    return (time.perf_counter() - begun) * 1000


def prepared(target, text, words):
    """A daemon that runs, and the command that asks it."""
    lab = Lab(target)
    try:
        daemon = lab.daemon(text)
        if "p9" in words:
            daemon.wait(**{name: "RUNNING" for name in words[1:]})
        return lab, [target.program("supervisorctl"), "-c", str(daemon.conf), *words]
    except BaseException:
        lab.close()
        raise


def show(title, found, who):
    """One row."""
    print(f"{title:38}{min(found):10.1f}{statistics.median(found):10.1f}{max(found):10.1f}  {who}", flush=True)


def compare(targets, title, text, words, runs, silence):
    """The rows of one case."""
    labs = []
    try:
        for target in targets:
            labs.append(prepared(target, text, words))
        found = [[], []]
        for _ in range(runs):
            for (lab, command), times in zip(labs, found, strict=True):
                times.append(took(command, lab.environment(), silence))
    finally:
        for lab, _ in labs:
            lab.close()
    for target, times in zip(targets, found, strict=True):
        show(title, times, target)
    mine, reference = ([min(times), statistics.median(times)] for times in found)
    least, middle = (them / us for us, them in zip(mine, reference, strict=True))
    print(f"{'times faster':38}{least:10.1f}{middle:10.1f}", flush=True)


def main():
    with open(os.devnull, "w") as devnull:
        print(f"{'':38}{'least':>10}{'middle':>10}{'most':>10}")
        nothing = [shutil.which("true") or "/bin/true"]
        show("a program that does nothing", [took(nothing, {}, devnull.fileno()) for _ in range(RUNS)], "true")
        targets = [ours(), theirs()]
        for title, text, words, runs in CASES:
            compare(targets, title, text, words, runs, devnull.fileno())


if __name__ == "__main__":
    main()
