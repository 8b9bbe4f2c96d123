"""supervisorctl against servers that are none, or die, or say nothing, and with
lines that mean nothing: a sentence and the right status, never a hang or a panic.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading

import pytest

CLIENT = "ours"
SECONDS = 40

# It closes behind each answer, and says so: else a next request may still be sent there.
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n"
VERSION = b"<?xml version='1.0'?><methodResponse><params><param><value><string>3.0</string></value></param></params></methodResponse>"


def framed(body):
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


# What a server says to every request, and what the client says of that.
ANSWERS = {
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", "BadStatusLine"),
    "nothing": (b"", "RemoteDisconnected"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-", "IncompleteRead"),
    "half a body": (HEAD + b"Content-Length: 900\r\n\r\n" + VERSION[:50], "IncompleteRead"),
    "half a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc", "IncompleteRead"),
    "no number": (HEAD + b"Content-Length: many\r\n\r\n", "HTTPException"),
    "a negative number": (HEAD + b"Content-Length: -5\r\n\r\n", "HTTPException"),
    "noise": (os.urandom(4096).replace(b"HTTP/", b"") + b"\n", ""),
    "a page": (framed(b"<html><body>It works!</body></html>"), "ResponseError"),
    "no value": (framed(b"<?xml version='1.0'?><methodResponse/>"), "ResponseError"),
    "a number for a text": (framed(VERSION.replace(b"<string>3.0</string>", b"<int>3</int>")), "ResponseError"),
    "an entity bomb": (framed(b"<!DOCTYPE x [<!ENTITY a 'b'>]><methodResponse>&a;</methodResponse>"), "ResponseError"),
    "deep nesting": (framed(b"<methodResponse>" + b"<array>" * 100_000), "ResponseError"),
    "endless headers": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "HTTPException"),
    "an endless line": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000, "HTTPException"),
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "ProtocolError"),
}


def read_request(connection):
    """All of it: who still writes when the other end closes may not see the answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0:
        left -= len(connection.recv(left)) or left


@pytest.fixture
def serve(lab):
    """serve(answer): the URL of a server that says this to each request; None is silence."""
    path = lab.root / "bad.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    held = []

    def start(answer):
        def loop():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    held.append(connection)
                    read_request(connection)
                    if answer is None:
                        continue
                    with contextlib.suppress(OSError):
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=loop, daemon=True).start()
        return f"unix://{path}"

    yield start
    listener.close()
    for connection in held:
        connection.close()


@pytest.fixture
def run(lab, transcript):
    """run(url, *words): a client of the server, with a bound on its time."""
    lab.config("")
    base = [transcript.program(), "-c", str(lab.root / "s.conf")]

    def call(url, *words, **options):
        return lab.run(base[0], *base[1:], "-s", url, *words, timeout=SECONDS, **options)

    call.base = base
    return call


@pytest.mark.contract("B3.4.2")
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_none_is_an_error(serve, run, name):
    answer, kind = ANSWERS[name]
    url = serve(answer)
    for words in (["status"], ["reread"], ["start", "a", "b"], ["status", "--json"]):
        done = run(url, *words)
        assert done.code == 1, done
        assert "panicked" not in done.stderr and f"error: <class '" in done.stdout and kind in done.stdout, done


def test_a_text_for_a_number_is_an_error(serve, run):
    done = run(serve(framed(VERSION)), "pid")
    assert done.code == 1 and "ResponseError" in done.stdout, done


@pytest.mark.parametrize("words", [["status"], ["tail", "-f", "x"], ["wait", "x", "--timeout=1s"]])
def test_a_server_that_says_nothing_is_left_with_ctrl_c(serve, run, lab, words):
    url = serve(None)
    process = subprocess.Popen([*run.base, "-s", url, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=lab.environment(), cwd=lab.root)  # fmt: skip
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode in (-signal.SIGINT, 130) and b"panicked" not in err + out


@pytest.mark.parametrize("words", [["tail", "-f", "x"], ["maintail", "-f"]])
def test_a_second_connection_that_is_not_taken_is_left_with_ctrl_c(run, lab, words):
    """The daemon has answered once; then nobody accepts, and the queue of those who wait is full."""
    path = lab.root / "full.sock"
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(0)
        process = subprocess.Popen([*run.base, "-s", f"unix://{path}", *words], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=lab.environment(), cwd=lab.root)  # fmt: skip
        first = sockets.enter_context(listener.accept()[0])
        read_request(first)
        with contextlib.suppress(BlockingIOError):
            while True:
                other = sockets.enter_context(socket.socket(socket.AF_UNIX))
                other.setblocking(False)
                other.connect(str(path))
        first.sendall(framed(VERSION))
        assert process.stdout.readline() == b"==> Press Ctrl-C to exit <==\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out, err) == (0, b"\n", b"")


@pytest.mark.contract("B3.6.5", "B3.6.7", "B3.7.13")
def test_lines_that_mean_nothing(lab, run):
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    url = f"unix://{d.socket}"
    for words, said, code in [
        (["status", '"cat'], '"cat: ERROR (no such process)\n', 4),
        (["start", "'"], "': ERROR (no such process)\n", 1),
        (["status", "a:b:c"], "a:b:c: ERROR (no such process)\n", 4),
        (["stop", "["], "[: ERROR (no such process)\n", 1),
        (["status", "[a-"], "[a-: ERROR (no such process)\n", 4),
        (["é"], "*** Unknown syntax: é\n", 1),
        (["status", "\udcff"], None, 4),
        (["stop", "x" * 50_000], None, 1),
    ]:
        done = run(url, *words)
        assert done.code == code and (said is None or done.stdout == said) and "panicked" not in done.stderr, done
    typed = "".join(f"{line}\n" for line in ["\x1b[A", "status \x07", "?" * 300, "'", '"', "tail -f", "!", "x" * 5000])
    done = run(url, stdin=typed)
    assert done.code == 0 and "panicked" not in done.stderr and done.stdout.count("supervisor> ") == 9, done


@pytest.mark.parametrize("words", [["status"], ["help"], ["avail"], ["tail", "cat"], ["logs", "cat"]])
def test_a_closed_output_ends_it_silently(lab, run, words):
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen([*run.base, "-s", f"unix://{d.socket}", *words], stdout=writer, stderr=subprocess.PIPE,
                               env=lab.environment(), cwd=lab.root)  # fmt: skip
    os.close(writer)
    _, err = process.communicate(timeout=SECONDS)
    assert err == b"", err


def test_a_shell_whose_output_is_closed_ends(lab, run):
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    process = subprocess.Popen([*run.base, "-s", f"unix://{d.socket}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=lab.environment(), cwd=lab.root)  # fmt: skip
    assert b"RUNNING" in process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b"status\n")
    process.stdin.flush()
    assert process.wait(SECONDS) == 0
    assert process.stderr.read() == b""
    process.stdin.close()
    process.stderr.close()
