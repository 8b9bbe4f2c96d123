#!/usr/bin/env python3
"""An event listener that writes down when each event came: timekeeper.py FILE.

A line is the time in seconds, the name of the event, and its payload's header.
"""

import os
import sys
import time


def line():
    read = b""
    while not read.endswith(b"\n"):
        part = os.read(0, 1)
        if not part:
            sys.exit(0)
        read += part
    return read.decode()


def main():
    with open(sys.argv[1], "a", buffering=1) as log:
        while True:
            os.write(1, b"READY\n")
            fields = dict(pair.split(":", 1) for pair in line().split())
            payload = os.read(0, int(fields["len"])).decode()
            print(f"{time.time():.3f} {fields['eventname']} {payload.splitlines()[0]}", file=log)
            os.write(1, b"RESULT 2\nOK")


main()
