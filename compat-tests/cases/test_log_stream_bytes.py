"""Logs followed over HTTP/1.1, where both daemons send at once: what a stream begins with and goes on to."""

import os
import signal
import socket
import time

import pytest

from daemon import COMMAND_SECS, UnixTransport, until

WRITER = "[program:writer]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/writer.log\nstdout_logfile_maxbytes=0\n"
WRITTEN = 1_000_000_000  # a moment of 2001


def ask(d, path, method="GET"):
    """The answer to one request, its stream open; http.client takes the chunks apart."""
    connection = UnixTransport(d.socket, COMMAND_SECS).make_connection("localhost")
    connection.request(method, path)
    return connection.getresponse()


def ready(d):
    """Once the program is there, with its log."""
    d.wait(writer="RUNNING")
    until("the log", (d.root / "writer.log").exists)
    return d.root / "writer.log"


def comes(stream, text):
    """Reads exactly this."""
    assert stream.read(len(text)) == text.encode()


@pytest.mark.contract("B2.9.4", "B2.9.5")
@pytest.mark.parametrize("path, unbuffered", [("/logtail/writer", True), ("/mainlogtail", False)], ids=["program", "daemon"])
def test_the_head_of_a_stream_tells_when_the_log_was_written(daemon, path, unbuffered):
    d = daemon(WRITER)
    log = ready(d) if unbuffered else d.root / "supervisord.log"
    d.log()
    os.utime(log, (WRITTEN, WRITTEN))
    stream = ask(d, path)
    names = ["Server", "Date", "Last-Modified", "Content-Type", *["X-Accel-Buffering"] * unbuffered, "Transfer-Encoding"]
    assert [name for name, _ in stream.getheaders()] == names
    assert stream.getheader("Last-Modified") == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert stream.getheader("Content-Type") == "text/plain;charset=utf-8"
    assert stream.getheader("Transfer-Encoding") == "chunked"
    if unbuffered:
        assert stream.getheader("X-Accel-Buffering") == "no"


@pytest.mark.contract("B2.9.4", "B2.9.5")
def test_the_head_of_an_empty_log_comes_at_once_and_nothing_behind_it(daemon):
    d = daemon(WRITER)
    ready(d)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(COMMAND_SECS)
        client.connect(str(d.socket))
        client.sendall(b"GET /logtail/writer HTTP/1.1\r\nHost: x\r\n\r\n")
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            got += client.recv(1000)
        client.settimeout(1.5)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(COMMAND_SECS)
        d.rpc.sendProcessStdin("writer", "first words\n")
        chunk = b""
        while chunk.count(b"\r\n") < 2:
            chunk += client.recv(1000)
        assert chunk.lower() == b"c\r\nfirst words\n\r\n"


@pytest.mark.contract("B2.9.1", "B2.9.2")
def test_only_get_follows_a_log(daemon):
    d = daemon(WRITER)
    ready(d)
    for path in ("/logtail/writer", "/logtail/writer/stdout", "/mainlogtail"):
        statuses = {method: ask(d, path, method).status for method in ("GET", "PUT", "DELETE", "OPTIONS", "POST", "HEAD")}
        assert statuses.pop("GET") == 200
        assert set(statuses.values()) == {400}, (path, statuses)


@pytest.mark.contract("B2.9.3")
def test_a_log_that_is_not_there_is_not_found(daemon):
    never = WRITER.replace("writer", "never") + "autostart=false\n"
    d = daemon(WRITER + never)
    log = ready(d)
    assert ask(d, "/logtail/never").status == 404
    d.rpc.stopProcess("writer")
    log.unlink()
    assert ask(d, "/logtail/writer").status == 404
    d.rpc.startProcess("writer")
    until("the log", log.exists)
    assert ask(d, "/logtail/writer").status == 200


def moved(d, log):
    """As logrotate does."""
    log.rename(log.with_suffix(".old"))
    d.signal(signal.SIGUSR2)
    until("a new file", log.exists)


def cleared(d, log):
    """By a call."""
    d.rpc.clearProcessLogs("writer")


@pytest.mark.contract("B2.9.7", "B2.9.8")
@pytest.mark.parametrize("what", [moved, cleared])
def test_a_stream_goes_on_at_the_start_of_the_new_file(daemon, what):
    """All of it, however much is there: not only what is last in it."""
    d = daemon(WRITER)
    log = ready(d)
    d.rpc.sendProcessStdin("writer", "a first line\n")
    stream = ask(d, "/logtail/writer")
    comes(stream, "a first line\n")
    for number in range(3):
        what(d, log)
        new = f"{number} of the new file\n" * 500
        d.rpc.sendProcessStdin("writer", new)
        comes(stream, new)


@pytest.mark.contract("B2.9.8")
def test_another_file_under_the_name_is_sent_whole(daemon):
    """Also one that is there with all its text at once."""
    d = daemon(WRITER)
    log = ready(d)
    d.rpc.sendProcessStdin("writer", "a first line\n")
    stream = ask(d, "/logtail/writer")
    comes(stream, "a first line\n")
    d.rpc.stopProcess("writer")
    new = "another file\n" * 300
    d.lab.write("other", new)
    os.replace(d.root / "other", log)
    comes(stream, new)


@pytest.mark.contract("B2.9.9")
def test_a_log_that_was_removed_is_followed_until_there_is_a_new_one(daemon):
    """Others write it: the daemon's own log would be made anew by its next line."""
    d = daemon(WRITER)
    log = ready(d)
    d.rpc.stopProcess("writer")
    with log.open("a") as old:
        old.write("there\n")
        old.flush()
        stream = ask(d, "/logtail/writer")
        comes(stream, "there\n")
        log.unlink()
        # More than the second in which theirs looks.
        time.sleep(1.2)
        old.write("gone\n")
        old.flush()
        comes(stream, "gone\n")
    log.write_text("here again\n")
    comes(stream, "here again\n")
