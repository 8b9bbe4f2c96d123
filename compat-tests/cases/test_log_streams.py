"""Logs that many clients follow at once, and clients that do not read."""

import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import time
import xmlrpc.client
from pathlib import Path

import pytest

from daemon import COMMAND_SECS, UnixTransport, until
from proc import cpu_seconds, descriptors, memory_kib

FOLLOWERS = 300
LINES = 2000
GROWTH = 100 << 20  # bytes that a client leaves unread
MOST_MEMORY = 24 << 10  # KiB that the daemon may take for it

WRITER = "[program:writer]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/writer.log\nstdout_logfile_maxbytes=0\n"


def follow(d, name="writer", version="1.0", more=""):
    """A connection that has asked to follow a log; with 1.0 the bytes come as they are."""
    until("the log", Path(d.info(name)["stdout_logfile"]).exists)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(COMMAND_SECS)
    client.connect(str(d.socket))
    client.sendall(f"GET /logtail/{name} HTTP/{version}\r\nHost: x\r\n{more}\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1) or pytest.fail(f"the connection ended after {head!r}")
    assert head.startswith(f"HTTP/{version} 200 OK\r\n".encode()), head
    return client


def take_all(clients, size, seconds=COMMAND_SECS):
    """Reads from all until each has so many bytes."""
    got = {client: bytearray() for client in clients}
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        for client in clients:
            client.setblocking(False)
            ready.register(client, selectors.EVENT_READ)
        while ready.get_map():
            assert time.monotonic() < end, f"{len(ready.get_map())} still wait"
            for key, _ in ready.select(1):
                got[key.fileobj] += key.fileobj.recv(1 << 20)
                if len(got[key.fileobj]) >= size:
                    ready.unregister(key.fileobj)
    return list(got.values())


@pytest.mark.contract("B2.9.6", "B2.9.11")
@pytest.mark.differs("theirs", "B2.9.11", "sends HTTP/1.0 clients nothing for the first 64 KiB")
def test_hundreds_follow_one_log(daemon):
    d = daemon(WRITER).wait(writer="RUNNING")
    clients = [follow(d) for _ in range(FOLLOWERS)]
    before, used = memory_kib(d.pid), cpu_seconds(d.pid)
    text = ""
    for begin in range(0, LINES, 100):
        piece = "".join(f"line {number:06}\n" for number in range(begin, begin + 100))
        d.rpc.sendProcessStdin("writer", piece)
        text += piece
    for got in take_all(clients, len(text)):
        assert got.decode() == text
    assert memory_kib(d.pid) - before < 2 * MOST_MEMORY
    assert cpu_seconds(d.pid) - used < 3
    # When nothing is written, they cost next to nothing.
    used = cpu_seconds(d.pid)
    time.sleep(2)
    assert cpu_seconds(d.pid) - used < 0.3


@pytest.mark.contract("B2.9.6")
@pytest.mark.differs("theirs", "B2.9.6", "looks up to a second later")
def test_a_followed_line_comes_at_once(daemon):
    d = daemon(WRITER).wait(writer="RUNNING")
    client, delays = follow(d, version="1.1"), []
    for number in range(10):
        time.sleep(0.05)
        begin = time.monotonic()
        d.rpc.sendProcessStdin("writer", f"{number}\n")
        client.recv(100)
        delays.append(time.monotonic() - begin)
    # A busy machine makes some of them wait; who looks once a second all of them.
    assert sorted(delays)[2] < 0.3, delays


@pytest.mark.contract("B2.9.13", "A5.23")
@pytest.mark.differs("theirs", "B2.9.13", "keeps in memory what the client does not read")
def test_a_client_that_never_reads_costs_no_memory(daemon):
    numbers = f"seq -f %%015.0f {GROWTH // 16}"
    d = daemon(
        f"[program:flood]\ncommand=/bin/sh -c 'while ! test -e go; do sleep 0.1; done; {numbers}; exec sleep 1000'\n"
        "directory={root}\nstartsecs=0\nstdout_logfile={root}/flood.log\nstdout_logfile_maxbytes=0\n"
    ).wait(flood="RUNNING")
    lazy, idle = follow(d, "flood"), follow(d, "flood", version="1.1")
    before = memory_kib(d.pid)
    d.lab.write("go", "")
    until("the log to grow", lambda: (d.root / "flood.log").stat().st_size == GROWTH, 60)
    assert memory_kib(d.pid) - before < MOST_MEMORY
    # It is served when it reads at last, from where it was.
    assert take_all([lazy], 1 << 20)[0].startswith(b"000000000000001\n000000000000002\n")
    assert memory_kib(d.pid) - before < MOST_MEMORY
    idle.close()


def rotated(d, log):
    """Moved away by others, and opened anew."""
    log.rename(log.with_suffix(".old"))
    d.signal(signal.SIGUSR2)
    until("a new file", log.exists)


def copied_and_cut(d, log):
    """As logrotate does with copytruncate."""
    os.truncate(log, 0)


def cleared(d, log):
    """By a call."""
    d.rpc.clearProcessLogs("writer")


CUTTING = (copied_and_cut,)


def removed(d, log):
    """By hand; who writes does not know, until told."""
    log.unlink()
    d.signal(signal.SIGUSR2)
    until("a new file", log.exists)


@pytest.mark.contract("B2.9.7", "B2.9.8", "B2.9.9", "B2.9.10", "B2.9.11")
@pytest.mark.differs("theirs", "B2.9.11", "sends nothing for the first 64 KiB when the connection is to be closed")
@pytest.mark.parametrize("what", [rotated, copied_and_cut, cleared, removed])
def test_a_stream_goes_on_whatever_happens_to_the_file(daemon, what):
    d = daemon(WRITER).wait(writer="RUNNING")
    log = d.root / "writer.log"
    clients = [follow(d), follow(d, version="1.1", more="Connection: close\r\n")]

    def say(text):
        size = log.stat().st_size
        d.rpc.sendProcessStdin("writer", text)
        until("the text in the log", lambda: log.stat().st_size == size + len(text))

    say("a first line that is the longest\n")
    expected = "a first line that is the longest\n"
    # What happens is seen before the next line comes, or at a loaded moment together with it.
    for got in take_all(clients[:1], len(expected)):
        assert got.decode() == expected
    what(d, log)
    say("second\n")
    d.rpc.stopProcess("writer")
    d.rpc.startProcess("writer")
    say("third\n")
    end = time.monotonic() + COMMAND_SECS
    for client in clients:
        client.setblocking(True)
        client.settimeout(COMMAND_SECS)
        got = b"" if client is clients[1] else b"a first line that is the longest\n"
        while b"third\n" not in got:
            assert time.monotonic() < end
            got += client.recv(1000)
        lines = [line for line in got.decode().splitlines() if not re.fullmatch("[0-9A-Fa-f]*", line)]
        cut = ["==> File truncated <=="] if what in CUTTING else []
        assert lines == ["a first line that is the longest", *cut, "second", "third"]


@pytest.mark.contract("B2.9.8", "A5.16")
@pytest.mark.differs("theirs", "B2.9.8", "loses what was written before it looks again")
def test_followers_get_every_byte_of_a_log_that_rotates_all_the_time(daemon):
    lines = 100_000
    d = daemon(
        f"[program:flood]\ncommand=/bin/sh -c 'while ! test -e go; do sleep 0.1; done; seq -f %%015.0f {lines}; exec sleep 1000'\n"
        "directory={root}\nstartsecs=0\nstdout_logfile={root}/flood.log\nstdout_logfile_maxbytes=50KB\nstdout_logfile_backups=100\n"
    ).wait(flood="RUNNING")
    streams = []
    for _ in range(5):
        connection = UnixTransport(d.socket, COMMAND_SECS).make_connection("localhost")
        connection.request("GET", "/logtail/flood")
        streams.append(connection.getresponse())
    d.lab.write("go", "")
    expected = "".join(f"{number:015}\n" for number in range(1, lines + 1)).encode()
    for stream in streams:
        assert stream.read(len(expected)) == expected
    assert len(list(d.root.glob("flood.log.*"))) > 10


@pytest.mark.contract("B2.9.8")
@pytest.mark.differs("theirs", "B2.9.8", "loses what was written before it looks again")
@pytest.mark.parametrize("name", ["writer.log.old{}", "writer.log.{}"])
def test_a_log_that_others_move_away_again_and_again(daemon, name):
    """To names that tell nothing, or that count up. A file is there for 0.05 s."""
    d = daemon(WRITER).wait(writer="RUNNING")
    log = d.root / "writer.log"
    client, expected = follow(d), ""
    for number in range(1, 20):
        d.rpc.sendProcessStdin("writer", f"line {number}\n")
        expected += f"line {number}\n"
        until("the line", lambda: log.stat().st_size)
        time.sleep(0.05)
        log.rename(d.root / name.format(number))
        time.sleep(0.01)  # time to look, and to find nothing
        d.signal(signal.SIGUSR2)
        until("a new file", log.exists)
    d.rpc.sendProcessStdin("writer", "the end\n")
    expected += "the end\n"
    assert take_all([client], len(expected))[0].decode() == expected


NO_NOTICE = "#include <errno.h>\nint inotify_init1(int flags) { (void)flags; errno = EMFILE; return -1; }\n"


@pytest.mark.contract("B2.9.6", "B2.9.8")
@pytest.mark.differs("theirs", "B2.9.11", "sends HTTP/1.0 clients nothing for the first 64 KiB")
def test_lines_come_soon_where_the_kernel_tells_nothing(lab):
    """The user may watch no more files: the daemon looks by itself."""
    if not shutil.which("gcc"):
        pytest.skip("needs a C compiler")
    source = lab.write("no_notice.c", NO_NOTICE)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(lab.root / "no_notice.so"), str(source)], check=True)
    d = lab.daemon(WRITER, env={"LD_PRELOAD": str(lab.root / "no_notice.so")}).wait(writer="RUNNING")
    client, delays = follow(d), []
    for number in range(4):
        if number == 2:
            rotated(d, d.root / "writer.log")
        begin = time.monotonic()
        d.rpc.sendProcessStdin("writer", f"{number}\n")
        assert client.recv(100) == f"{number}\n".encode()
        delays.append(time.monotonic() - begin)
    assert not any("inotify" in link for link in descriptors(d.pid).values())
    assert min(delays) < 0.5


@pytest.mark.contract("B1.10.5", "B1.10.9", "B2.9.7")
def test_a_log_that_is_a_device_or_a_pipe(daemon, lab):
    pipe = lab.root / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)  # a log that nobody reads is another matter
    plain = "[program:{0}]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={1}\nstdout_logfile_maxbytes=0\n"
    d = daemon(plain.format("null", "/dev/null") + plain.format("pipe", pipe)).wait(null="RUNNING", pipe="RUNNING")

    def read(name, *arguments):
        try:
            return d.rpc.readProcessStdoutLog(name, *arguments)
        except xmlrpc.client.Fault as fault:
            return fault.faultString

    assert [read("null", *arguments) for arguments in ((0, 0), (5, 5), (-3, 0), (-3, 1))] == ["", "", "", "BAD_ARGUMENTS"]
    assert [read("pipe", *arguments) for arguments in ((0, 0), (-3, 0), (-3, 1))] == ["FAILED", "FAILED", "BAD_ARGUMENTS"]
    assert d.rpc.tailProcessStdoutLog("null", 7, 3) == ["", 0, False]
    assert d.rpc.tailProcessStdoutLog("null", -5, 3) == ["", 0, True]
    assert d.rpc.tailProcessStdoutLog("pipe", 7, 3) == ["", 7, False]
    for name in ("null", "pipe"):
        client = follow(d, name, version="1.1")
        client.settimeout(0.3)
        d.rpc.sendProcessStdin(name, "text\n")
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.close()
    assert os.read(reader, 100) == b"text\n", "a follower takes nothing from the pipe"
    os.close(reader)
    d.rests()
