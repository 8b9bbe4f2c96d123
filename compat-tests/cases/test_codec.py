"""The XML-RPC codec against Python: every value both ways, and odd documents
as the reference reads them. `CODEC_SEED` and `CODEC_FACTOR` ask for others, and more."""

import base64
import datetime
import os
import random
import subprocess
import types
import xmlrpc.client

import pytest
from supervisor.xmlrpc import supervisor_xmlrpc_handler

from comparison import probes
from daemon import UnixTransport
from wire_text import xml_call

SEED = int(os.environ.get("CODEC_SEED", "0"))
VALUES = 1500 * max(1, int(os.environ.get("CODEC_FACTOR", "1")))
DOCUMENTS = 4000 * max(1, int(os.environ.get("CODEC_FACTOR", "1")))
PROBE_SECS = 120
MOST_TOLD = 5


def ask(requests):
    """Our answers: a list of texts for each request, or None if it was refused."""
    probe = probes.ours("codec_probe")
    lines = "".join(f"{verb} {base64.b64encode(body).decode()}\n" for verb, body in requests)
    done = subprocess.run([str(probe)], input=lines, capture_output=True, text=True, timeout=PROBE_SECS)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == len(requests)
    return [None if line == "refused" else [base64.b64decode(text).decode() for text in line.split(" ")] for line in answers]


class Made:
    """Values that a seed makes up, of every type that goes over the wire."""

    CHARS = "ab <>&'\"\t\n]%é€😀\u0085\u2028\ufffd\x7f"

    def __init__(self, seed):
        self.pick = random.Random(seed)

    def text(self):
        return "".join(self.pick.choices(self.CHARS, k=self.pick.randrange(12)))

    def number(self):
        return self.pick.choice([0, 1, -1, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, -(2**63), self.pick.randrange(-999, 999)])

    def double(self):
        exponent = self.pick.randrange(-320, 308)
        return self.pick.choice([0.0, -0.0, 1.5, 1e16, 1e-5, 123456789012345680.0, float(f"{self.pick.uniform(-10, 10):.17f}e{exponent}")])

    def value(self, depth=0):
        kinds = [self.text, self.number, self.double, lambda: self.pick.random() < 0.5]
        if depth < 4:
            kinds += [
                lambda: [self.value(depth + 1) for _ in range(self.pick.randrange(4))],
                lambda: {self.text(): self.value(depth + 1) for _ in range(self.pick.randrange(4))},
            ]
        return self.pick.choice(kinds)()

    def rich(self, depth=0):
        """What a client sends, with dates and bytes anywhere in it, and what that means."""
        kind = self.pick.randrange(3 if depth == 4 else 6)
        if kind == 0:
            text = self.text()
            return xmlrpc.client.Binary(text.encode()), text
        if kind == 1:
            day = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=self.pick.randrange(-(10**9), 10**9))
            return day, day
        if kind == 2:
            value = self.pick.choice([self.text(), self.double(), self.pick.randrange(-999, 999), self.pick.random() < 0.5])
            return value, value
        pairs = [self.rich(depth + 1) for _ in range(self.pick.randrange(4))]
        sent, meant = [sent for sent, _ in pairs], [meant for _, meant in pairs]
        if kind == 3:
            return sent, meant
        names = [self.text() for _ in pairs]
        return dict(zip(names, sent)), dict(zip(names, meant))


@pytest.mark.contract("B1.2.3, B2.1.9, B2.2.4, B2.2.5, B2.2.9, B1.9.5")
def test_every_value_is_read_and_written_as_python_does():
    made = Made(SEED)
    values = [made.value() for _ in range(VALUES)]
    bodies = [xml_call("m.x", [value]) for value in values]
    wrong = []
    for value, body, answer in zip(values, bodies, ask([("call", body) for body in bodies])):
        if answer != ["m.x", str([value]), body.decode()]:
            wrong.append((value, answer))
        # What we wrote means the same to Python's own reader.
        elif repr(xmlrpc.client.loads(answer[2].encode())) != repr(((value,), "m.x")):
            wrong.append((value, xmlrpc.client.loads(answer[2].encode())))
    assert not wrong, f"{len(wrong)} of {VALUES} with seed {SEED}: {wrong[:MOST_TOLD]}"


@pytest.mark.contract("B1.14.7, B2.2.2, B2.2.3, B2.2.7")
def test_answers_of_python_are_read_and_written_to_the_byte():
    made = Made(SEED + 1)
    small = [value for value in (made.value() for _ in range(VALUES)) if not _wide(value)]
    bodies = [xmlrpc.client.dumps((value,), methodresponse=True).encode() for value in small]
    faults = [xmlrpc.client.Fault(made.pick.randrange(300), made.text()) for _ in range(VALUES // 10)]
    bodies += [xmlrpc.client.dumps(fault).encode() for fault in faults]
    answers = ask([("answer", body) for body in bodies])
    wrong = [(body, answer) for body, answer in zip(bodies, answers) if answer != [body.decode()]]
    assert not wrong, f"{len(wrong)} of {len(bodies)} with seed {SEED}: {wrong[:MOST_TOLD]}"


def _wide(value):
    """Python's own writer refuses integers beyond 31 bits."""
    if isinstance(value, (list, dict)):
        return any(map(_wide, value.values() if isinstance(value, dict) else value))
    return type(value) is int and not -(2**31) <= value < 2**31


@pytest.mark.contract("B1.6.25, B2.1.9")
def test_dates_and_bytes_become_what_the_reference_makes_of_them():
    made = Made(SEED + 2)
    pairs = [made.rich() for _ in range(VALUES)]
    bodies = [xmlrpc.client.dumps((sent,), "m").encode() for sent, _ in pairs]
    answers = ask([("call", body) for body in bodies])
    wrong = [(meant, answer) for (_, meant), answer in zip(pairs, answers) if (answer and answer[1]) != str([meant])]
    assert not wrong, f"{len(wrong)} of {VALUES} with seed {SEED}: {wrong[:MOST_TOLD]}"


# What a document is made of; the doubtful among them are in it most.
WORDS = [
    "<value>", "</value>", "<value/>", "<int>", "</int>", "<i4>", "</i4>", "<boolean>", "</boolean>", "<string>",
    "</string>", "<string/>", "<double>", "</double>", "<array>", "</array>", "<data>", "</data>", "<data/>",
    "<struct>", "</struct>", "<struct/>", "<member>", "</member>", "<name>", "</name>", "<nil/>", "<base64>",
    "</base64>", "<foo>", "</foo>", "<fault>", "</fault>", "<param>", "</param>", "<params>", "</params>", "<methodName>", "</methodName>",
    "1", " 12 ", "+1_0", "0", "x", "1.5", "1e5", "nan", "-inf", "aGk=", "4oKs", "=", " ", "\n", "é", "&amp;", "&lt;",
    "&#65;", "&#x20AC;", "&#27;", "&e;", "&", "]]>", "<![CDATA[<x>]]>", "<!-- c -->", "<!-- a--b -->", "<?pi x?>",
    "<?xml version='1.0'?>", " a='1'", "<foo a='1' b=\"2\"/>", "<foo a='1' a='2'/>", "<foo a=1/>", "\x01", "\x1b", "\ufffe",
]  # fmt: skip
FRAMES = [
    "<value>{}</value>", "<int>{}</int>", "<boolean>{}</boolean>", "<string>{}</string>", "<double>{}</double>",
    "<base64>{}</base64>", "<array><data>{}</data></array>", "<value><array><data>{}</data></array></value>",
    "<struct><member><name>a</name>{}</member></struct>", "<struct><member><name>{}</name><value/></member></struct>", "<foo>{}</foo>", "<fault>{}</fault>",
    "<params><param>{}</param></params>", "<params>{}</params>", "<foo a='z'>{}</foo>", "<foo\n >{}</foo >",
]  # fmt: skip
ENVELOPE = "<methodCall><methodName>m</methodName><params><param>{}</param></params></methodCall>"


def document(pick):
    """One that is nearly right: frames in frames, a few words, and at times a small damage."""
    inside = "".join(pick.choices(WORDS, k=pick.choice([0, 1, 1, 1, 2, 3])))
    for _ in range(pick.randrange(4)):
        inside = pick.choice(FRAMES).format(inside) + "".join(pick.choices(WORDS, k=pick.choice([0, 0, 0, 1])))
    whole = ENVELOPE.format(inside) if pick.random() < 0.9 else inside
    if pick.random() < 0.1:
        at = pick.randrange(len(whole) + 1)
        whole = whole[:at] + whole[at + pick.randrange(4) :]
    return whole + pick.choice(["", "", "", "\n", " x", "<!-- c -->", "<a/>"])


def reference(text):
    """What the reference's reader makes of a body, None if it refuses it."""
    handler = types.SimpleNamespace(unmarshallers=supervisor_xmlrpc_handler.unmarshallers)
    try:
        method, params = supervisor_xmlrpc_handler.loads(handler, text)[::-1]
    except Exception:  # noqa: BLE001 - upstream answers 400 to all of them
        return None
    return [method, str(list(params or ()))] if method else None


@pytest.mark.contract("B2.1.4, B2.1.5, B2.1.6, B2.1.7, B2.1.8, B2.1.9, B2.1.10, B2.1.11, B2.1.12")
def test_odd_documents_are_read_as_the_reference_reads_them():
    pick = random.Random(SEED + 3)
    texts = [document(pick) for _ in range(DOCUMENTS)]
    wrong, taken = [], 0
    for text, answer in zip(texts, ask([("call", text.encode()) for text in texts])):
        theirs = reference(text)
        taken += theirs is not None
        if (answer and answer[:2]) != theirs:
            wrong.append((text, theirs, answer and answer[:2]))
    assert taken > DOCUMENTS / 20
    assert not wrong, f"{len(wrong)} of {DOCUMENTS} with seed {SEED}: {wrong[:MOST_TOLD]}"


def status(path, size):
    """The status of a call whose body has that many bytes, and whether the connection stays."""
    body = xml_call("supervisor.sendProcessStdin", ["nobody", "x"])
    body += b" " * (size - len(body))
    connection = UnixTransport(path, 30).make_connection("localhost")
    connection.request("POST", "/RPC2", body)
    answer = connection.getresponse()
    return answer.status, not answer.will_close


@pytest.mark.contract("B2.1.13")
def test_the_length_of_a_call_is_bounded_as_configured(daemon, lab):
    roomy = daemon()
    assert status(roomy.socket, 3 << 20) == (200, True)
    roomy.stop()
    tight = daemon(supervisord="request_maxbytes=64KB")
    assert status(tight.socket, 64 << 10) == (200, True)
    bounded = (413, False) if lab.target.name == "ours" else (200, True)
    assert status(tight.socket, (64 << 10) + 1) == bounded
