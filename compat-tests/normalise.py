"""Takes out of a text what differs from run to run: pids, times, paths.

Nothing else is touched. What two implementations may word differently is left
out by the case that asks, not here.
"""

import re

_RULES = [
    # The activity log's time stamp, then dates as `status` shows them.
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"), "TIME"),
    (re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d [AP]M\b"), "DATE"),
    (re.compile(r"uptime (?:\d+ days?, )?\d+:\d\d:\d\d"), "uptime UPTIME"),
    (re.compile(r"\bpid \d+"), "pid PID"),
    (re.compile(r"\bpid:[1-9]\d*"), "pid:PID"),
    (re.compile(r"'([^' ]+)' \(\d+\)"), r"'\1' (PID)"),
    (re.compile(r"\bwhen:\d+"), "when:EPOCH"),
    # Where in its own source a program met an error is no one's business.
    (re.compile(r": file: \S+ line: \d+"), ""),
]

# Lines that depend on who runs the suite and on the limits of the machine.
_MACHINE = re.compile(r"Supervisor is running as root|Set uid to user|Increased RLIMIT_")
_LOG_LINE = re.compile(r"^TIME ([A-Z]{4}) (.*)$")


def normalise(text, paths=()):
    """`text` with pids, times and the given (path, name) pairs replaced."""
    for path, name in sorted(paths, key=lambda pair: -len(str(pair[0]))):
        text = text.replace(str(path), name)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def log_lines(text, paths=()):
    """The activity log as `LEVL message` lines, the machine's own left out."""
    lines = []
    for line in normalise(text, paths).splitlines():
        if _MACHINE.search(line):
            continue
        stamped = _LOG_LINE.match(line)
        lines.append(f"{stamped[1]} {stamped[2]}" if stamped else line)
    return lines
