"""Reads the cases of `golden/`; `golden/README.md` tells their language.

Turns a line into bytes or into a step. Opens no socket and starts no daemon.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from wire_text import xml_call

FOLDER = Path(__file__).resolve().parent / "golden"
STEPS = ("do", "wait", "holds", "write", "append", "remove", "truncate", "reconfigure", "until", "rest")
FLAGS = ("any-order", "free", "quiet", "half-close", "leave", "ours-only")
WORDS = ("via", "line", "head", "heads", "mask", "without", "split")
REQUESTS = ("call", "post", "stdin", "get", "send")
# What `stdin` wraps: the method that shows any value back in its fault.
_STDIN = (
    "<?xml version='1.0'?>\n<methodCall><methodName>supervisor.sendProcessStdin</methodName><params>"
    "<param><value>cat</value></param><param>%s</param></params></methodCall>"
)


@dataclass
class Case:
    """One exchange: steps before it, the bytes, and steps while it is open."""

    name: str
    pins: list = field(default_factory=list)
    before: list = field(default_factory=list)
    request: bytes = b""
    during: list = field(default_factory=list)
    flags: set = field(default_factory=set)
    words: dict = field(default_factory=dict)


@dataclass
class Area:
    """A daemon's configuration, the steps after its start, and its cases."""

    config: str
    before: list
    cases: list


def repeat(text):
    """`{300*x}` is 300 times x."""
    return re.sub(r"\{(\d+)\*(.*?)\}", lambda found: found[2] * int(found[1]), text)


def unescape(text):
    r"""The bytes of a line: `\r`, `\n`, `\xff`, `\\`, and what `repeat` makes."""
    text = repeat(text)
    marks = {b"r": b"\r", b"n": b"\n", b"\\": b"\\"}
    one = rb"\\(?:x([0-9a-f]{2})|(.))"
    return re.sub(one, lambda found: bytes.fromhex(found[1].decode()) if found[1] else marks[found[2]], text.encode())


def json_words(text):
    """JSON values that stand one behind the other."""
    reader, values, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, at = reader.raw_decode(text, at)
        values.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return values


def _post(body, words):
    line = words.get("line", "POST /RPC2 HTTP/1.1")
    heads = words.get("heads", "Host: localhost | Content-Length: {length}")
    heads = [*heads.split(" | "), *words.get("head", "").split(" | ")]
    head = "\r\n".join([line, *filter(None, heads)]).replace("{length}", str(len(body)))
    return unescape(head) + b"\r\n\r\n" + body


def _request(kind, rest, words):
    if kind == "call":
        method, _, params = rest.partition(" ")
        return _post(xml_call(method, json_words(params)), words)
    if kind == "post":
        return _post(unescape(rest), words)
    if kind == "stdin":
        return _post(unescape(_STDIN % rest), words)
    if kind == "get":
        return unescape(f"GET {rest} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    return unescape(rest)


def read(area):
    """The area of that name."""
    config, steps, cases, case = None, [], [], None
    for number, line in enumerate((FOLDER / f"{area}.txt").read_text().splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "==":
            name, *pins = rest.split()
            case = Case(name, pins)
            cases.append(case)
        elif word == "config" and case is None:
            config = rest
        elif word in STEPS:
            (steps if case is None else case.during if case.request else case.before).append((word, rest))
        elif word in FLAGS and case is not None:
            case.flags.add(word)
        elif word in WORDS and case is not None:
            case.words[word] = rest
        elif word in REQUESTS and case is not None:
            case.request += _request(word, rest, case.words)
        else:
            raise ValueError(f"{area}.txt:{number}: what is {line!r}?")
    return Area(config, steps, cases)


def blocks(text):
    """A file of answers: case -> (reason, text). Cases with one answer share a block."""
    found = {}
    for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        names, _, answer = block.partition("\n")
        reason = ""
        if answer.startswith("why "):
            line, _, answer = answer.partition("\n")
            reason = line.removeprefix("why ")
        found.update(dict.fromkeys(names.split(), (reason, answer.rstrip("\n") + "\n")))
    return found


def areas():
    """The names of all areas."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))
