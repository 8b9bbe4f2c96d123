"""Every request of `golden/`, byte for byte, against the answers of the reference."""

import difflib
import re

import pytest

from golden_cases import FOLDER, areas, blocks, read
from golden_replay import Replay
from recording import FOLDER as RECORDED
from targets import PROJECT

HEADING = "# Recorded from the reference by `make record`; do not edit.\n"


def recorded(area):
    """The reference's answers."""
    path = RECORDED / "golden" / f"{area}.txt"
    return blocks(path.read_text()) if path.exists() else {}


def ours(area):
    """Our own answers where they are better, each with its reason."""
    path = FOLDER / "ours" / f"{area}.txt"
    return blocks(path.read_text()) if path.exists() else {}


def record(replay, area):
    """Writes the reference's answers down."""
    path = RECORDED / "golden" / f"{area}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    cases = [case for case in replay.area.cases if "ours-only" not in case.flags]
    answers = [f"\n== {case.name}\n{replay.exchange(case)}" for case in cases]
    path.write_text(HEADING + "".join(answers))


@pytest.mark.contract("B0.2, B2.2.2, B2.2.3, B2.2.4, B2.2.9, B6.1, B6.2, B6.3, B6.4, B6.5")
@pytest.mark.parametrize("area", areas())
def test_answers_are_those_of_the_reference(lab, request, area):
    replay = Replay(lab, read(area))
    if request.config.getoption("--record"):
        return record(replay, area)
    theirs, better = recorded(area), ours(area)
    wrong = []
    for case in replay.area.cases:
        if lab.target.name == "theirs":
            if "ours-only" in case.flags:
                continue
            _, expected = theirs[case.name]
        else:
            _, expected = better.get(case.name) or theirs.get(case.name, ("", "not recorded\n"))
        answer = replay.exchange(case, expected)
        if answer != expected:
            diff = difflib.unified_diff(expected.splitlines(), answer.splitlines(), "expected", "this run", lineterm="")
            wrong.append("\n".join([f"== {case.name}", *diff]))
    assert not wrong, f"{len(wrong)} of {len(replay.area.cases)} cases of {area} differ\n" + "\n".join(wrong)


def test_better_answers_differ_from_the_reference_for_a_reason_that_is_told(request):
    if request.config.getoption("--record"):
        pytest.skip("the recordings are being made")
    told = (PROJECT / "docs" / "differences.md").read_text()
    for area in areas():
        names = {case.name for case in read(area).cases}
        theirs = recorded(area)
        for name, (reason, answer) in ours(area).items():
            assert name in names, f"{area}: there is no case {name}"
            assert name not in theirs or theirs[name][1] != answer, f"{area} {name}: the same as the reference's"
            items, _, sentence = reason.partition(": ")
            assert sentence, f"{area} {name}: no reason"
            known = re.search(rf"\b{re.escape(items)}(?![\d.]*\d)", told)
            assert known, f"{area} {name}: {items} is not told in docs/differences.md"
