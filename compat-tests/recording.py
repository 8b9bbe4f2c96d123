"""Theirs' answers, kept as text: `recorded/<module>/<case>.txt`.

A normal run compares with these files and never starts the reference.
`pytest --record` (or `make record`) runs the reference and writes them anew.
"""

import difflib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "recorded"


class Recording:
    """The recorded text of one case."""

    def __init__(self, module, case, write):
        self.path = FOLDER / module / f"{case}.txt"
        self.write = write

    def check(self, text):
        """Fails with a diff if `text` is not what theirs said."""
        self.check_by(text, lambda recorded: _same(recorded, text))

    def check_by(self, text, compare):
        """Lets `compare` look at what theirs said; `text` is what a recording keeps."""
        if self.write:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(text)
            return
        if not self.path.exists():
            raise AssertionError(f"{self.path.name} is not recorded yet: run `make record`")
        compare(self.path.read_text())


def _same(recorded, text):
    if text != recorded:
        diff = difflib.unified_diff(
            recorded.splitlines(), text.splitlines(), "recorded from theirs", "this run", lineterm="", n=4
        )
        raise AssertionError("differs from the recording\n" + "\n".join(diff))
