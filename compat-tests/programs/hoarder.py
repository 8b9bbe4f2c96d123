#!/usr/bin/env python3
"""An event listener that answers each event without ever reading it, until its pipe is full."""

import array
import fcntl
import os
import termios
import time


def waiting():
    """How many bytes lie unread in stdin."""
    count = array.array("i", [0])
    fcntl.ioctl(0, termios.FIONREAD, count)
    return count[0]


seen = 0
os.write(1, b"READY\n")
while True:
    time.sleep(0.02)
    if waiting() > seen:
        time.sleep(0.05)
        seen = waiting()
        os.write(1, b"RESULT 2\nOKREADY\n")
