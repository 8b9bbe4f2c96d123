"""Prints `passed failed skipped again` of JUnit reports: count.py FIRST [SECOND].

SECOND is about those that failed at first. Who passes there has passed, is
counted under `again` too, and is named on standard error. A missing first
report counts as failed.
"""

import sys
import xml.etree.ElementTree as ET


def outcomes(path):
    """Each case with `passed`, `failed` or `skipped`. A known difference (xfail) that holds has passed."""
    found = {}
    for case in ET.parse(path).iter("testcase"):
        mark = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = "failed"
        else:
            outcome = "passed" if mark is None or mark.get("type") == "pytest.xfail" else "skipped"
        name = f"{case.get('classname')}::{case.get('name')}"
        # An error at the end of a case is an entry of its own.
        found[name] = "failed" if found.get(name) == "failed" else outcome
    return found


def main(first, second=None):
    try:
        cases = outcomes(first)
    except (OSError, ET.ParseError):
        return 0, 1, 0, 0
    try:
        retried = outcomes(second) if second else {}
    except (OSError, ET.ParseError):
        retried = {}
    again = [name for name, outcome in retried.items() if outcome == "passed" and cases.get(name) == "failed"]
    cases.update(dict.fromkeys(again, "passed"))
    for name in again:
        print(f"passed at the second try: {name}", file=sys.stderr)
    counted = list(cases.values())
    return *(counted.count(outcome) for outcome in ("passed", "failed", "skipped")), len(again)


if __name__ == "__main__":
    print(*main(*sys.argv[1:]))
