"""Makes up texts in the small languages of a configuration, from a seed.

Each text has a generator of its own, `random.Random("SEED kind INDEX")`, so one
that fails can be made again alone.
"""

import os
import random

SEED = os.environ.get("CONFIG_SEED", "1")
FACTOR = float(os.environ.get("CONFIG_FACTOR", "1"))  # how many times the usual number


def made(kind, count, make):
    """`count` results of make(random), each with what makes it again."""
    for index in range(int(count * FACTOR)):
        key = f"{SEED} {kind} {index}"
        yield f"[CONFIG_SEED={SEED}] {kind} {index}", make(random.Random(key))


def pieces(r, alphabet, least, most):
    return "".join(r.choice(alphabet) for _ in range(r.randint(least, most)))


INI = [
    "[", "[s]", "[program:a]", "[DEFAULT]", "[default]", "]", "[]", "=", ":", ";", "#", " ;", " #", "\t;", "\t", " ", "\n",
    "\n", "\n", "\n", "\n ", "\n  ", "\n\t", "a", "b", "K", "key=v", "Key : v", "key", "command=/bin/x", "x", "\r\n", "\r",
    "\xa0", "\x0c", "\x1c", "\u2028", "é", "İ", "ß", "%", '"', "'", "\\", "\x0b", "\x85", "\x00", "rem ", "日",
]  # fmt: skip

LINES = [
    "[program:{w}]", "[{w}]", "[group:{w}] ; {w}", "  [program:{w}]", "[program:{w}", "[program:{w}]]", "{w}={w}",
    "{w} = {w} {w}", "{w}: {w}", "  {w}", "    {w} ; {w}", "\t{w}={w}", "; {w}", "# {w}", "  ; {w}", "", "  ", "{w}",
    "={w}", ":{w}", "{W}={w}#{w} #{w} ;{w}", "{w}={w};{w} ;{w} #{w}", "{w}={w} \\", "{w}=", "{w}= ;{w}", "{w} {w}={w}",
    "[DEFAULT]", "{w}=%({w})s", '{w}="{w}', "{w}=[{w}]", "[{w}]={w}",
]  # fmt: skip
WORDS = ["a", "b", "c", "command", "startsecs", "x y", "é", "/bin/cat", "1"]


def ini(r):
    """A soup of marks, lines as people write them, or a sound text with one slip."""
    way = r.random()
    if way < 0.35:
        text = r.choice(["", "[s]\n"]) + pieces(r, INI, 1, 30)
    else:
        lines = [filled(r, r.choice(LINES)) for _ in range(r.randint(1, 12))]
        if r.random() < 0.8:
            lines.insert(0, "[program:a]")
        text = r.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + r.choice(["", "\n"])
        if way > 0.85:
            at = r.randrange(len(text) + 1)
            text = text[:at] + r.choice(INI) + text[at + r.randint(0, 2) :]
    return "\ufeff" * (r.random() < 0.02) + text


def filled(r, line):
    while "{w}" in line:
        line = line.replace("{w}", r.choice(WORDS), 1)
    return line.replace("{W}", r.choice(WORDS).upper())


SHELL = [
    "A", "B", "=", "=", "=", ",", ",", ",", '"', '"', "'", "'", "\\", " ", "\n", "#", "x", "1", "é", "日", "/", ".", "$",
    "~", "A=1,", 'B="x"', ";", "(", ")", ":", "-", "+", "\t", "\r", "×", "\x0c", "\xa0", "@", "\\\"", "&&", ">", "*",
]  # fmt: skip
VALUES = ["1", '"x y"', "'x,y'", '"a\\"b"', "a\\ b", '""', '"it\'s"', "/usr/bin:/bin", '"p"q', "~x", "", "a b", '"#"', "=", "é"]


def environment(r):
    if r.random() < 0.5:
        return pieces(r, SHELL, 0, 14)
    pairs = [r.choice(["A", "B", "PATH", '"Q"', "a.b", ""]) + r.choice(["=", "=", "=", " = ", ""]) + r.choice(VALUES)
             for _ in range(r.randint(1, 4))]  # fmt: skip
    return r.choice([",", ",", ", ", ",\n", ";", " ", ",,"]).join(pairs) + r.choice(["", "", ",", " "])


def words(r):
    return pieces(r, SHELL, 0, 14)


NAMES = {
    "here": "/d", "a": "x", "b'": "é\n", "ENV_A": "100% 'q'", "p(q)": "in", "#process_num": "7", "#m": "-12345", "#z": "0",
}  # fmt: skip
PERCENT = [
    "%", "%", "%(a)", "%(process_num)", "%(m)", "%(here)s", "%(z)", "%(b')", "%(q)", "%(p(q))", "(", ")", "*", ".", "0", "1",
    "5", "-", "+", " ", "#", "d", "i", "u", "s", "r", "a", "c", "x", "X", "o", "f", "e", "g", "G", "E", "F", "h", "l", "L",
    "Y", "é", "%%", "12", "%(ENV_A)s", "%(A)s", "%( a )s",
]  # fmt: skip


def expand(r):
    if r.random() < 0.5:
        return pieces(r, PERCENT, 1, 6)
    flags = pieces(r, ["-", "+", " ", "#", "0"], 0, 3)
    width = r.choice(["", "1", "5", "12", "20"])
    precision = r.choice(["", ".", ".0", ".1", ".3", ".10"])
    name = r.choice(["%(process_num)", "%(m)", "%(a)", "%(z)", "%(b')", "%(ENV_A)"])
    return f"{name}{flags}{width}{precision}{r.choice(['', '', 'l'])}{r.choice('diuoxXeEfFgGcrsa')}{r.choice(['', '|'])}"


TREE = [
    "a.ini", "b.ini", "B.ini", "a.conf", ".hidden.ini", "x y.ini", "é.ini", "[z].ini", "10.ini", "9.ini", "d/a.ini",
    "d/b.conf", "d/e/f.ini", "d.ini/in.ini", "-.ini", "a.ini~",
]  # fmt: skip
PATTERN = [
    "*", "*", "?", ".ini", ".conf", "a", "b", "d", "/", "d/", "*/", "[ab]", "[!a]", "[a-z]", "[", "]", "[]]", "[!", "**", "**/",
    ".", "./", "d/../", "e/", "é", "{a,b}", "\\", "~", "[z]", "[[]z]", "9", "-", "%(ENV_X)s", "[^a]", "[b-a]",
]  # fmt: skip


def patterns(r):
    """One to three patterns of an [include], as its `files` has them. None
    leaves the folder: what is in others may change meanwhile."""
    inside = [pieces(r, PATTERN, 1, 4).lstrip("/") or "*" for _ in range(r.randint(1, 3))]
    return r.choice([" ", "\n  "]).join("%(here)s/" * (r.random() < 0.2) + pattern for pattern in inside)
