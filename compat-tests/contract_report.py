"""Which numbered behaviours have a test that names them.

Reads the items from the files of the given folder (`A4.12 ...`, `- B1.6.2 ...`,
`| A4.14 | ...`) and their mentions from Rust doc comments, pytest markers and
the cases of golden/, then prints covered/total per section. `--missing` lists
the uncovered ones.
"""

import argparse
import re
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DEFINED = re.compile(r"^(?:- |\| )?([AB]\d+(?:\.\d+){1,2})\b", re.MULTILINE)
NUMBER = re.compile(r"\b([AB]\d+(?:\.\d+){1,2})(?:\s*[-–]\s*([AB]\d+(?:\.\d+){1,2}))?")


def defined(folder):
    """Every item's number, in the order of the files."""
    items = {}
    for path in sorted(folder.glob("[AB]-*.md")):
        items.update(dict.fromkeys(DEFINED.findall(path.read_text())))
    return list(items)


def spread(first, last):
    """`A4.50-A4.55` names six items."""
    if not last:
        return [first]
    stem, _, low = first.rpartition(".")
    return [f"{stem}.{number}" for number in range(int(low), int(last.rpartition(".")[2]) + 1)]


def named():
    """Item -> how many tests name it, and which items came from a range."""
    texts = []
    for folder in ("src", "tests"):
        for path in (PROJECT / folder).rglob("*.rs"):
            text = path.read_text()
            # Doc comments that stand right above a test.
            texts += re.findall(r"((?:^\s*///.*\n)+)(?:^\s*#\[.*\n)*^\s*#\[(?:tokio::)?test", text, re.MULTILINE)
    for path in (PROJECT / "compat-tests" / "cases").glob("*.py"):
        texts += re.findall(r"\.contract\((.*?)\)", path.read_text(), re.DOTALL)
    for path in (PROJECT / "compat-tests" / "golden").glob("*.txt"):
        texts += re.findall(r"^== \S+ (.*)$", path.read_text(), re.MULTILINE)
    count, ranged = defaultdict(int), set()
    for text in texts:
        for first, last in NUMBER.findall(text):
            for item in spread(first, last):
                count[item] += 1
                ranged.update([item] if last else [])
    return count, ranged


def main():
    """Prints the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", nargs="?", default=PROJECT.parent / "shared" / "contract", type=Path)
    options.add_argument("--missing", action="store_true", help="list the items no test names")
    options = options.parse_args()
    items = defined(options.folder)
    tests, ranged = named()
    if not items:
        print(f"no list of behaviours in {options.folder}; {len(tests)} items are named by tests")
        return
    sections = defaultdict(list)
    for item in items:
        parts = item.split(".")
        sections[".".join(parts[:-1]) if item.startswith("B") else parts[0]].append(item)
    for section, members in sections.items():
        missing = [item for item in members if item not in tests]
        print(f"{section:6} {len(members) - len(missing):4}/{len(members):<4}", *(missing if options.missing else []))
    covered = sum(item in tests for item in items)
    print(f"total  {covered:4}/{len(items)}")
    # A whole section may be named; a range may run over numbers that are not given out.
    known = set(items) | {".".join(item.split(".")[:2]) for item in items}
    for item in sorted(set(tests) - known - ranged):
        print(f"named by a test but not in the list: {item}")


if __name__ == "__main__":
    main()
