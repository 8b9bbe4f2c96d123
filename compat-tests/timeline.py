"""What the log and the events tell of one process, and when.

A timeline begins with the first line about the process. Two of them are
compared loosely: the same things in the same order, none much later.
"""

import re
from dataclasses import dataclass

from daemon import stamped
from normalise import normalise

ROOM = {"log": 5, "events": 20}  # seconds that a busy machine may take longer, also until Python listens
SLACK = 0.5  # a line's stamp is that of its writing, which a busy machine delays
# Lines about the life of a process; what else is said at level debug may differ.
_LIFE = re.compile(r"^(spawned|spawnerr|success|exited|gave up|killing|waiting|stopped)\b")
_ROW = re.compile(r"^ *(\d+\.\d{3}) (.*)$")


@dataclass
class Timeline:
    """Rows of (seconds since the beginning, text)."""

    log: list
    events: list

    @classmethod
    def of(cls, d, name):
        """What daemon `d` told about process `name` so far."""
        log, events = [], []
        for at, line in stamped(d.log()):
            level, _, text = line.partition(" ")
            if _LIFE.match(text) and re.search(rf"\b{name}\b|^spawnerr", text):
                log.append((at, f"{level} {normalise(text)}"))
        for line in d.lab.read("events").splitlines():
            at, text = line.split(" ", 1)
            if f"processname:{name} " in text:
                events.append((float(at), normalise(text)))
        zero = min((at for at, _ in log + events), default=0)
        return cls(*([(round(at - zero, 3), text) for at, text in rows] for rows in (log, events)))

    @classmethod
    def parse(cls, text):
        """From the text of a recording."""
        log, events = text.split("events\n")
        halves = ([_ROW.match(line).groups() for line in half.splitlines() if _ROW.match(line)] for half in (log, events))
        return cls(*([(float(at), text) for at, text in half] for half in halves))

    def __str__(self):
        rows = ["log", *(f"{at:7.3f} {text}" for at, text in self.log)]
        rows += ["events", *(f"{at:7.3f} {text}" for at, text in self.events)]
        return "\n".join(rows) + "\n"

    def cut(self, line, event):
        """What was told up to a log line and an event, each a text and how often it
        comes; nothing while they have not come."""
        halves = []
        for rows, (having, times) in ((self.log, line), (self.events, event)):
            found = [number for number, (_, text) in enumerate(rows) if having in text]
            if len(found) < times:
                return None
            halves.append(rows[: found[times - 1] + 1])
        return Timeline(*halves)

    def stamps(self, having):
        """When the lines with `having` were written."""
        return [at for at, text in self.log if having in text]

    def compare(self, theirs):
        """Fails if this is another story than `theirs`, or a slower one."""
        for what in ("log", "events"):
            ours, their = getattr(self, what), getattr(theirs, what)
            assert [text for _, text in ours] == [text for _, text in their], f"{what}:\n{self}\nrecorded:\n{theirs}"
            for (at, text), (before, _) in zip(ours, their):
                assert at <= before + ROOM[what], f"{text!r} after {at} s, recorded after {before} s\n{self}"

    def gap(self, first, second, least):
        """Fails if the n-th line with `second` came sooner than `least` seconds after that
        with `first`; each is a text and its n."""
        (one, number), (other, count) = first, second
        passed = self.stamps(other)[count - 1] - self.stamps(one)[number - 1]
        assert passed >= least - SLACK, f"{second} {passed:.3f} s after {first}, not {least}\n{self}"
