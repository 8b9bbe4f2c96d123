"""Asks both readers the same and tells where their answers differ."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).with_name("reference.py")
SECS = 300 * max(1, float(os.environ.get("CONFIG_FACTOR", "1")))  # for all requests of one case
# Warnings that the reference has not: about keys and sections that mean nothing
# (A2.20) and included files that cannot be read (A2.35).
OUR_OWN = re.compile(
    r':\d+: unknown (key|section) |^\d+ more unknown keys|^Included file ".*" cannot be read and is left out$', re.S
)
MOST_TOLD = 8  # differences that a failure shows


def ours(name="config_probe"):
    """Our probe: beside the binary under test, or the newest that was built."""
    binary = os.environ.get("SUPERVISORD_BIN")
    beside = [Path(binary).resolve().parent / "examples" / name] if binary else []
    built = [PROJECT / "target" / kind / "examples" / name for kind in ("debug", "release")]
    found = [path for path in beside if path.exists()]
    found += sorted((path for path in built if path.exists()), key=lambda path: path.stat().st_mtime, reverse=True)
    if not found:
        raise LookupError("the probe is not built: run `cargo build --examples`")
    return found[0]


def request(verb, *texts):
    return " ".join([verb, *(text.encode().hex() for text in texts)])


class Probes:
    """Both readers in one folder, with one environment."""

    def __init__(self, folder, environment=()):
        self.folder = folder
        self.environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], "HOME": "/root", **dict(environment)}
        self.rules = set()  # the items of all rules that were needed
        self.each = []  # the same for each of the last answers
        self.asked = self.accepted = 0

    def _ask(self, command, requests):
        done = subprocess.run(
            command, input="".join(f"{line}\n" for line in requests), capture_output=True, text=True, timeout=SECS,
            cwd=self.folder, env=self.environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(lines) == len(requests), f"{command[0]}: {len(lines)} answers to {len(requests)} requests"
        return lines

    def ours(self, *requests):
        """Our answers, without the warnings that only we have."""
        answers = self._ask([str(ours())], requests)
        for answer in answers:
            if "warnings" in answer:
                answer["warnings"] = [line for line in answer["warnings"] if not OUR_OWN.search(line)]
        return answers

    def theirs(self, *requests, plain=False):
        """The reference's answers; the rules that changed them are kept. Plain
        answers are those without any rule."""
        said = self._ask([sys.executable, str(REFERENCE), *(["--plain"] if plain else [])], requests)
        if not plain:
            self.each = [line["rules"] for line in said]
            self.rules.update(*self.each)
        return [line["answer"] for line in said]

    def compare(self, asked):
        """`asked`: pairs of what to show and a request. Fails with the first differences."""
        asked = list(asked)
        requests = [line for _, line in asked]
        answers = list(zip(self.theirs(*requests), self.ours(*requests)))
        self.asked += len(asked)
        self.accepted += sum("error" not in ours for _, ours in answers)
        wrong = [(shown, *pair) for (shown, _), pair in zip(asked, answers) if pair[0] != pair[1]]
        told = "\n".join(f"{shown}\n{difference(*pair)}" for shown, *pair in wrong[:MOST_TOLD])
        assert not wrong, f"{len(wrong)} of {len(asked)} differ\n{told}"


def difference(theirs, ours, path=""):
    """Where two answers begin to differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        pairs = [(f"{path}.{key}", theirs[key], ours[key]) for key in theirs]
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = [(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(theirs, ours))]
    else:
        pairs = []
    for where, one, other in pairs:
        if one != other:
            return difference(one, other, where)
    return f"  {path or 'answer'}\n  theirs: {theirs!r}\n  ours:   {ours!r}"
