"""HTTP answers as text that people review: every byte that counts, none that
differs from run to run.

An answer is its status line, its headers in their order, and its body. A body
that has the bytes of the reference's templates is shown by its meaning: `value`
and JSON, `fault` and its number, `page` for an error page. Any other byte makes
it `text` or `bytes`, so equal texts mean equal bytes. Nothing is compared here.
"""

import json
import re
import xmlrpc.client

# Shown by name alone; Content-Length is `=` when it is right.
_VOLATILE_HEADERS = ("Date", "Last-Modified")
_MASKED_INTS = ("pid", "start", "stop", "now")
_RULES = [
    (re.compile(r"Date: [^\\\r\n]+GMT"), "Date: DATE"),
    (re.compile(r"(---[^/]*?-)[a-z0-9_]{8}\.log"), r"\1RANDOM.log"),
    (re.compile(r"\bpid \d+, uptime (?:\d+ days?, )?\d+:\d\d:\d\d"), "pid PID, uptime UPTIME"),
    (re.compile(r"\b[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M\b"), "DATE"),
    (re.compile(r"(?<=at%20)[A-Z][a-z]{2}%20[A-Z][a-z]{2}%20[%\dA]+%20[\d%A]+%20\d{4}"), "CTIME"),
]


class Masks:
    """What to hide in a case: paths by name, and struct members (`key`, or
    `process.key`), or `body` for a value of which only the type counts. Members
    of `without` are not shown at all; `free` bodies are not either."""

    def __init__(self, paths, keys=(), without=(), any_order=False, free=False):
        self.paths, self.keys, self.without = paths, keys, without
        self.any_order, self.free = any_order, free

    def text(self, text):
        """A text without paths, random names, times and pids."""
        for path, name in self.paths:
            text = text.replace(path, name)
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return text

    def value(self, value):
        """A value without what differs from run to run; types stay visible."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            shown = [self.value(item) for item in value]
            results = all(isinstance(item, dict) and "status" in item for item in shown)
            return sorted(shown, key=_json) if self.any_order and results else shown
        if not isinstance(value, dict):
            return value
        name = value.get("name")
        shown = {}
        for key, item in value.items():
            if key in self.without:
                continue
            if key in self.keys or f"{name}.{key}" in self.keys or (key in _MASKED_INTS and item != 0):
                shown[key] = _type(item)
            else:
                shown[key] = self.value(item)
        return shown


def _type(value):
    return f"<{type(value).__name__}>"


def xml(value):
    """A value in the reference's template, whose integers have no bounds."""
    if isinstance(value, bool):
        inside = f"<boolean>{int(value)}</boolean>"
    elif isinstance(value, int):
        inside = f"<int>{value}</int>"
    elif isinstance(value, float):
        inside = f"<double>{value!r}</double>"
    elif isinstance(value, str):
        inside = f"<string>{xmlrpc.client.escape(value)}</string>"
    elif isinstance(value, list):
        inside = "<array><data>\n" + "".join(map(xml, value)) + "</data></array>"
    elif isinstance(value, dict):
        members = [f"<member>\n<name>{xmlrpc.client.escape(key)}</name>\n{xml(item)}</member>\n" for key, item in value.items()]
        inside = "<struct>\n" + "".join(members) + "</struct>"
    else:
        raise TypeError(f"{value!r} has no template")
    return f"<value>{inside}</value>\n"


def xml_call(method, params):
    """The bytes of a call, as every Python client sends them."""
    inside = "".join(f"<param>\n{xml(param)}</param>\n" for param in params)
    call = f"<methodCall>\n<methodName>{method}</methodName>\n<params>\n{inside}</params>\n</methodCall>\n"
    return f"<?xml version='1.0'?>\n{call}".encode()


def _xml_answer(value):
    return f"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n{xml(value)}</param>\n</params>\n</methodResponse>\n".encode()


def _xml_fault(code, text):
    fault = xml({"faultCode": code, "faultString": text})
    return f"<?xml version='1.0'?>\n<methodResponse>\n<fault>\n{fault}</fault>\n</methodResponse>\n".encode()


def _page(code, reason):
    lines = ("<head>", "<title>Error response</title>", "</head>", "<body>", "<h1>Error response</h1>",
             f"<p>Error code {code}.", f"<p>Message: {reason}.", "</body>", "")  # fmt: skip
    return "\r\n".join(lines).encode()


def _json(value):
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _show_value(value, masks):
    if "body" in masks.keys:
        return [f"value {_type(value)}"]
    value = masks.value(value)
    if not isinstance(value, list) or len(_json(value)) < 100:
        return [f"value {_json(value)}"]
    return ["value [", *(f"  {_json(item)}" for item in value), "]"]


def _show_bytes(data, masks):
    try:
        return f"text {_json(masks.text(data.decode()))}"
    except UnicodeDecodeError:
        return f"bytes {masks.text(repr(data))}"


def _show_body(body, status, masks):
    try:
        (value,), _ = xmlrpc.client.loads(body)
        if body == _xml_answer(value):
            return _show_value(value, masks)
    except xmlrpc.client.Fault as fault:
        if body == _xml_fault(fault.faultCode, fault.faultString):
            return [f"fault {fault.faultCode} {_json(masks.text(fault.faultString))}"]
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer to a call
        pass
    code, _, reason = status.partition(" ")[2].partition(" ")
    if body == _page(code, reason):
        return [f"page {code} {reason}"]
    return ["free"] if masks.free else [_show_bytes(body, masks)]


def _chunks(data):
    """The bytes of all chunks that are there, what is behind them, and whether the last one came."""
    found = b""
    while (line := re.match(rb"([0-9a-fA-F]+)\r\n", data)) is not None:
        size = int(line[1], 16)
        end = line.end() + size
        if data[end : end + 2] != b"\r\n":
            break
        found, data = found + data[line.end() : end], data[end + 2 :]
        if size == 0:
            return found, data, True
    return found, data, False


class Answers:
    """What came back on one connection, so far."""

    def __init__(self, data, closed, to_head):
        self.messages = []  # (status line, [(header, value)], kind, body)
        self.complete = True  # nothing is missing of what has begun
        self.closed = closed
        while data:
            data = self._message(data, to_head)

    def _message(self, data, to_head):
        head, split, rest = data.partition(b"\r\n\r\n")
        if not data.startswith(b"HTTP/") or not split:
            self.messages.append(("", [], "raw", data))
            return b""
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(line.split(": ", 1)) if ": " in line else (line, "") for line in lines]
        named = {name.lower(): value for name, value in headers}
        if " 100 " in status:
            self.messages.append((status, headers, "none", b""))
            return rest
        if named.get("transfer-encoding") == "chunked":
            body, rest, ended = _chunks(rest)
            self.complete = self.complete and ended
            self.messages.append((status, headers, "stream" + " ended" * ended, body))
            return rest
        if "content-length" not in named:
            # Until the end, unless there can be no body.
            bare = to_head or " 304 " in status
            self.complete = self.complete and (bare or self.closed)
            self.messages.append((status, headers, "none" if bare else "stream", rest))
            return b""
        length = int(named["content-length"])
        body, rest = rest[:length], rest[length:]
        if to_head and not body:
            self.messages.append((status, headers, "none", b""))
            return rest
        missing = len(body) < length
        self.complete = self.complete and not missing
        self.messages.append((status, headers, "cut" if missing else "body", body))
        return rest

    def text(self, masks):
        """All of it, as a recording has it."""
        lines = []
        for status, headers, kind, body in self.messages:
            if kind == "raw":
                lines.append(f"raw {masks.text(repr(body))}")
                continue
            lines.append(status)
            if headers:
                lines.append(" | ".join(self._header(name, value, kind, masks) for name, value in headers))
            if kind == "body":
                lines += _show_body(body, status, masks)
            elif kind == "none":
                lines.append("no body")
            else:
                lines.append(kind if masks.free else f"{kind} {_show_bytes(body, masks)}")
        lines = lines or ["silence"]
        return "\n".join([*lines, "closed" if self.closed else "open"]) + "\n"

    @staticmethod
    def _header(name, value, kind, masks):
        if name in _VOLATILE_HEADERS:
            return name
        if name == "Content-Length" and (kind == "body" or masks.free):
            return f"{name} ="
        return f"{name}: {masks.text(value)}"
