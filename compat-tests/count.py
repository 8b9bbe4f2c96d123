"""Prints `passed failed skipped` of a JUnit report; a missing one counts as failed."""

import sys
import xml.etree.ElementTree as ET


def counts(path):
    """The three numbers. A known difference (xfail) that holds has passed."""
    passed = failed = skipped = 0
    for case in ET.parse(path).iter("testcase"):
        mark = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif mark is not None and mark.get("type") != "pytest.xfail":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    try:
        print(*counts(sys.argv[1]))
    except (OSError, ET.ParseError):
        print(0, 1, 0)
