"""How long supervisorctl takes as a whole process, ours beside theirs.

    python compat-tests/bench/ctl.py [RUNS]

Each client talks to a daemon of its own kind. Prints the least, the middle and
the most of each, in milliseconds.
"""

import statistics
import subprocess
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


def times(target, text, words, runs):
    """Milliseconds of each run."""
    lab = Lab(target)
    try:
        daemon = lab.daemon(text)
        if "p9" in words:
            daemon.wait(**{name: "RUNNING" for name in words[1:]})
        command = [target.program("supervisorctl"), "-c", str(daemon.conf), *words]
        found = []
        for _ in range(runs):
            begun = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, env=lab.environment(), check=False, timeout=120)
            found.append((time.perf_counter() - begun) * 1000)
        return found
    finally:
        lab.close()


def main():
    targets = [ours(), theirs()]
    print(f"{'':38}{'least':>10}{'middle':>10}{'most':>10}")
    for title, text, words, runs in CASES:
        middles = []
        for target in targets:
            found = times(target, text, words, runs)
            middles.append(statistics.median(found))
            print(f"{title:38}{min(found):10.1f}{middles[-1]:10.1f}{max(found):10.1f}  {target}")
        print(f"{'':38}{middles[1] / middles[0]:20.1f}  times faster")


if __name__ == "__main__":
    main()
