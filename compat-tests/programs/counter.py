"""Writes numbered lines: counter.py NAME COUNT PAUSE [WIDTH].

Each line is `NAME NUMBER`, filled up with dots to WIDTH bytes, written at once
and at most every PAUSE seconds. At the end NAME.done in the folder COUNTER_DONE
tells the longest that a write has taken, in seconds.
"""

import os
import sys
import time

name, count, pause, width = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(*sys.argv[4:5] or [0])
longest = 0
for number in range(count):
    line = f"{name} {number:08d}".ljust(width - 1, ".") + "\n"
    began = time.monotonic()
    os.write(1, line.encode())
    longest = max(longest, time.monotonic() - began)
    if pause:
        time.sleep(pause)
with open(os.path.join(os.environ["COUNTER_DONE"], f"{name}.part"), "w") as done:
    done.write(str(longest))
os.rename(done.name, done.name.replace(".part", ".done"))
time.sleep(1000)
