"""Somebody who sits at a terminal: what a program shows there, and keys."""

import fcntl
import os
import select
import struct
import termios
import time

from daemon import COMMAND_SECS

LINES, COLUMNS = 24, 100

PROMPT = "supervisor> "
# What the cases at a prompt look at: names that begin alike, one of them not running, and a group.
PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={root}/cat.out

[program:ctrl]
command=/bin/cat
autostart=false

[program:web]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
"""


class Terminal:
    """A program at a terminal of its own, and somebody who types."""

    def __init__(self, lab, *command, term="dumb"):
        self.fd, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        # The first terminal that the leader of a session opens is its own.
        script = 'tty=$1; shift; exec "$@" <"$tty" >"$tty" 2>&1'
        self.process = lab.spawn("/bin/sh", "-c", script, "sh", os.ttyname(side), *command, env={"TERM": term})
        self.side = side
        self.seen = ""

    def until(self, text):
        """Reads until `text` is there, and forgets what was before."""
        end = time.monotonic() + COMMAND_SECS
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, f"waited for {text!r}, and saw {self.seen!r}"
            try:
                self.seen += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError(f"ended before {text!r}, with {self.seen!r}") from None
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, line):
        """Types a line."""
        os.write(self.fd, f"{line}\n".encode())

    def press(self, keys):
        """Presses keys, as the bytes that a terminal makes of them."""
        os.write(self.fd, keys)

    def end(self, again=b""):
        """The exit status of a program that ends by itself; what it says is read.

        The keys `again` are pressed each second, for a program that may lose some.
        """
        end, press = time.monotonic() + COMMAND_SECS, time.monotonic() + 1
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                self.seen += os.read(self.fd, 4096).decode(errors="replace")
            if again and time.monotonic() > press:
                self.press(again)
                press += 1
        return self.process.wait(1)

    def shows_what_is_typed(self):
        """Whether the terminal echoes and hands over whole lines."""
        flags = termios.tcgetattr(self.side)[3]
        return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)

    def close(self):
        os.close(self.side)
        os.close(self.fd)
