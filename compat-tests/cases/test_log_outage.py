"""Disks that are full, broken or hang: no pipe is left full, nothing that fits is
lost, and nobody else notices. Theirs has no such promise; ours alone is tested.
"""

import ctypes
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import xmlrpc.client

import pytest

from daemon import COMMAND_SECS, Daemon, rpc, until
from unprivileged import as_nobody

KEPT = 4 << 20  # bytes that are kept for a log
MOST = 3.0  # seconds that nothing else may be delayed by, on a machine under load; a hang lasts until it is ended
USUAL = 0.2  # and as a rule: a millisecond or two on a quiet machine
MNT_DETACH = 2
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable  # nobody may run it too


@pytest.fixture(autouse=True)
def only_ours(target):
    if target.name != "ours":
        pytest.skip("theirs stops logging, or hangs")


def detach(folder):
    ctypes.CDLL(None).umount2(str(folder).encode(), MNT_DETACH)


class Disk:
    """A file system of its own at `disk` that can be made to hang."""

    def __init__(self, lab, programs, room):
        self.folder = lab.root / "disk"
        self.folder.mkdir()
        command = [sys.executable, str(programs / "memfs.py"), str(self.folder), str(room)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "mounted\n":
            pytest.skip(f"no FUSE here: {self.process.stderr.read().splitlines()[-1:]}")

    def hang(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        # without its process everybody who waits for it gets an error
        self.process.kill()
        self.process.wait()
        detach(self.folder)


@pytest.fixture
def disk(lab, programs):
    """A disk that can hang; needs root and FUSE."""
    if os.getuid() != 0 or not os.path.exists("/dev/fuse"):
        pytest.skip("needs root and /dev/fuse")
    made = []
    try:
        made.append(Disk(lab, programs, 64 << 20))
        yield made[0]
    finally:
        for disk in made:
            disk.close()


@pytest.fixture
def small(lab):
    """A folder with room for 64 KiB; needs root."""
    folder = lab.root / "small"
    folder.mkdir()
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "small", folder]).returncode:
        pytest.skip("needs root, and the right to mount a tmpfs")
    yield folder
    detach(folder)


@pytest.fixture
def counter(lab, programs):
    """The section of a program that writes numbered lines."""

    def section(name, log, count, pause, width=0, more="autostart=false\n"):
        command = f"{PYTHON} {programs}/counter.py {name} {count} {pause} {width}"
        keys = f"startsecs=0\nautorestart=false\nstdout_logfile={log}\nredirect_stderr=true\n{more}"
        return f'[program:{name}]\ncommand={command}\nenvironment=COUNTER_DONE="{lab.root}"\n{keys}'

    return section


def longest_write(d, name):
    """Waits until a counter has written everything; the longest it had to wait for a write."""
    done = d.root / f"{name}.done"
    until(f"{name} to write its last line", done.exists)
    return float(done.read_text())


def lines(name, count, width=0):
    """All that a counter writes."""
    return [f"{name} {number:08d}".ljust(width - 1, ".") for number in range(count)]


def read(path):
    """The lines of a log. It may not be there at this moment: it is being opened, or rotated."""
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []


def size(path):
    """The same of its bytes."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class Others:
    """How everything else fares meanwhile: calls, and the log of a program that writes all the time."""

    def __init__(self, d, log):
        self.calls, self.gaps = [], []
        self.server, self.log, self.done = rpc(d.socket).supervisor, log, log.with_suffix(".done")

    def look(self, seconds):
        end = time.monotonic() + seconds
        size, grown = self.log.stat().st_size, time.monotonic()
        while time.monotonic() < end:
            began = time.monotonic()
            self.server.getState()
            now = time.monotonic()
            self.calls.append(now - began)
            if self.log.stat().st_size > size:
                self.gaps.append(now - grown)
                size, grown = self.log.stat().st_size, now
            time.sleep(0.002)
        if not self.done.exists():
            self.gaps.append(time.monotonic() - grown)
        return self

    def check(self):
        assert len(self.calls) > 5 and len(self.gaps) > 5
        assert statistics.median(self.calls) < USUAL and max(self.calls) < MOST, sorted(self.calls)[-5:]
        assert statistics.median(self.gaps) < 2 * USUAL and max(self.gaps) < MOST, sorted(self.gaps)[-5:]


@pytest.mark.contract("A5.23", "A4.73", "A4.39", "A5.20")
def test_a_disk_that_hangs_holds_up_nobody_else(lab, disk, counter):
    d = lab.daemon(
        counter("stuck", "{root}/disk/stuck.log", 900, 0.004)
        + counter("also", "{root}/disk/also.log", 30, 0.1)
        + counter("late", "{root}/disk/late.log", 20, 0.01)
        + counter("free", "{root}/free.log", 900, 0.004)
        + "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n"
    )
    for name in ("stuck", "also", "free"):
        d.rpc.startProcess(name)
    until("lines on the disk", lambda: size(disk.folder / "stuck.log") > 200)
    until("lines elsewhere", lambda: size(d.root / "free.log") > 200)
    others = Others(d, d.root / "free.log")
    disk.hang()
    others.look(1)
    # supervision goes on, of programs with logs there too
    began = time.monotonic()
    d.rpc.startProcess("late")
    d.rpc.startProcess("cat")
    d.rpc.stopProcess("cat")
    d.rpc.stopProcess("also")
    assert time.monotonic() - began < MOST
    assert d.info("late")["statename"] == "RUNNING" and d.info("also")["statename"] == "STOPPED"
    others.look(1.5).check()
    assert longest_write(d, "stuck") < MOST
    until("the outage to be told", lambda: re.search(r"stuck.log takes nothing: .* not come back for 2 seconds", d.log()))
    disk.go_on()
    d.wait_log("/disk/stuck.log is written again after").wait_log("/disk/late.log is written again after")
    until("the last line", lambda: read(disk.folder / "stuck.log")[-1:] == ["stuck 00000899"])
    assert read(disk.folder / "stuck.log") == lines("stuck", 900)
    until("all of the other", lambda: read(disk.folder / "late.log") == lines("late", 20))
    also = read(disk.folder / "also.log")
    assert len(also) > 5 and also == lines("also", len(also))
    assert longest_write(d, "free") < MOST
    until("the rest elsewhere", lambda: read(d.root / "free.log") == lines("free", 900))
    assert len(re.findall(r"WARN .*stuck.log", d.log())) == 2
    assert ", 0 bytes were dropped" in d.log()


@pytest.mark.contract("A5.4", "A4.82", "A5.52")
def test_the_activity_log_on_a_disk_that_hangs(lab, disk, counter):
    d = Daemon(lab, lab.config(counter("free", "{root}/free.log", 900, 0.004)), ["-l", str(disk.folder / "s.log")], None, True)
    d.rpc.startProcess("free")
    until("lines", lambda: size(d.root / "free.log") > 200)
    disk.hang()
    Others(d, d.root / "free.log").look(1.5).check()
    began = time.monotonic()
    d.rpc.stopProcess("free")
    d.rpc.startProcess("free")
    d.signal(signal.SIGUSR2)
    d.rpc.getState()
    assert time.monotonic() - began < MOST
    disk.go_on()
    log = disk.folder / "s.log"
    until("what was said meanwhile", lambda: log.read_text().count("spawned: 'free'") == 2)
    until("the reopening", lambda: "supervisord logreopen" in log.read_text())
    assert log.read_text().count("stopped: free") == 1


@pytest.mark.contract("A4.93", "B1.10.16", "B1.10.1")
def test_callers_and_the_end_do_not_wait_for_ever(lab, disk, counter):
    d = lab.daemon(counter("p", "{root}/disk/p.log", 2000, 0.002))
    d.rpc.startProcess("p")
    until("lines", lambda: size(disk.folder / "p.log") > 200)
    disk.hang()
    began = time.monotonic()
    with pytest.raises(xmlrpc.client.Fault, match="FAILED"):
        d.rpc.clearProcessLogs("p")
    assert time.monotonic() - began < 10
    with pytest.raises(xmlrpc.client.Fault, match="FAILED"):
        d.rpc.readProcessStdoutLog("p", 0, 100)
    assert time.monotonic() - began < 20
    d.process.terminate()
    until("its last words", lambda: "could not be written" in d.process.err.read_text())
    assert re.search(r"^\d+ bytes for 1 logs could not be written$", d.process.err.read_text(), re.MULTILINE)
    until("everything to be tidied up", lambda: not (d.root / "supervisord.pid").exists() and not d.socket.exists())
    # the kernel lets nobody end who has a file open there
    disk.go_on()
    assert d.exit_code() == 0


@pytest.mark.contract("A5.20", "A5.23")
def test_a_full_disk_costs_nothing_that_fits(lab, small, counter):
    d = lab.daemon(counter("p", "{root}/small/p.log", 300, 0.005, 100))
    filler = small / "filler"
    filler.write_bytes(bytes(60 << 10))
    d.rpc.startProcess("p")
    d.wait_log("p.log: [Errno 28] No space left on device; up to 4194304 bytes are kept")
    assert longest_write(d, "p") < MOST
    filler.unlink()
    d.wait_log("p.log is written again after")
    until("all lines", lambda: read(small / "p.log") == lines("p", 300, 100))
    assert len(re.findall("WARN .*p.log", d.log())) == 2


@pytest.mark.contract("A5.20", "A5.23")
def test_what_does_not_fit_is_dropped_and_counted(lab, small, counter):
    d = lab.daemon(counter("p", "{root}/small/p.log", 60, 0, 100_000) + counter("q", "{root}/q.log", 3, 0))
    filler = small / "filler"
    filler.write_bytes(bytes(64 << 10))
    for name in ("p", "q"):
        d.rpc.startProcess(name)
    assert longest_write(d, "p") < 2 + MOST
    assert longest_write(d, "q") < MOST
    (small.parent / "big").mkdir()
    d.rpc.stopProcess("p")
    # a log of the same name where there is room
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
    until("the end of the outage", lambda: re.search(r"p\.log (is written again|could not be written)", d.log()))
    kept, dropped = re.search(r": (\d+) bytes were kept, (\d+) bytes were dropped", d.log()).groups()
    written = (small / "p.log").stat().st_size
    assert int(kept) == written and int(dropped) == 6_000_000 - written
    assert KEPT - 200_000 < written <= KEPT
    text = read(small / "p.log")
    assert text == lines("p", len(text), 100_000)


@pytest.mark.contract("A5.20")
def test_the_counters_of_logs_tell_of_an_outage(lab, small, counter):
    d = lab.daemon(counter("p", "{root}/small/p.log", 60, 0, 100_000) + counter("q", "{root}/q.log", 3, 0))
    ext = rpc(d.socket).ext
    (small / "filler").write_bytes(bytes(64 << 10))
    began = int(time.time())
    for name in ("p", "q"):
        d.rpc.startProcess(name)
        longest_write(d, name)
    # its child is dead, and what fits waits for room
    def all_seen():
        p, _, q, _ = states = ext.getLogStates()
        return p["waiting"] + p["dropped"] == 6_000_000 and q["written"] == len("q 00000000\n") * 3 and states

    states = until("all that was written to be seen", all_seen)
    assert [(state["name"], state["channel"]) for state in states] == [
        ("p", "stdout"), ("p", "stderr"), ("q", "stdout"), ("q", "stderr"),
    ]  # fmt: skip
    p, stderr, q, _ = states
    assert (p["group"], p["path"], p["outages"]) == ("p", str(small / "p.log"), 1)
    assert p["written"] == 0 and KEPT - 200_000 < p["waiting"] <= KEPT
    assert began <= p["since"] <= time.time()
    assert (stderr["written"], stderr["outages"], stderr["since"]) == (0, 0, 0)
    assert (q["written"], q["dropped"], q["waiting"], q["since"]) == ((d.root / "q.log").stat().st_size, 0, 0, 0)
    (small / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
    until("the end of the outage", lambda: ext.getLogStates()[0]["since"] == 0)
    until("all of it", lambda: ext.getLogStates()[0]["waiting"] == 0)
    after = ext.getLogStates()[0]
    assert after["written"] == (small / "p.log").stat().st_size == p["waiting"]
    assert (after["dropped"], after["outages"]) == (p["dropped"], 1)


@pytest.mark.contract("A5.10", "A5.20", "A4.57")
def test_a_log_whose_name_became_a_folder(lab, counter):
    d = lab.daemon(counter("p", "{root}/p.log", 400, 0.005) + counter("q", "{root}/p.log", 1, 0, 0, "autostart=false\nstartretries=0\n"))
    d.rpc.startProcess("p")
    log, old = d.root / "p.log", d.root / "p.old"
    until("lines", lambda: size(log) > 200)
    log.rename(old)
    log.mkdir()
    d.signal(signal.SIGUSR2)
    d.wait_log("could not rotate or reopen")
    # at a start it is an error, as ever
    with pytest.raises(xmlrpc.client.Fault, match="SPAWN_ERROR: q"):
        d.rpc.startProcess("q")
    assert d.info("q")["spawnerr"] == "unknown error making dispatchers for 'q': EISDIR"
    log.rmdir()
    longest_write(d, "p")
    d.wait_log("can be moved and opened again")
    until("all lines", lambda: read(old) + read(log) == lines("p", 400))


@pytest.mark.contract("A5.15", "A5.20")
def test_a_folder_that_went_away(lab, counter):
    rotation = "autostart=false\nstdout_logfile_maxbytes=2000\nstdout_logfile_backups=100\n"
    logs = lab.root / "logs"
    logs.mkdir()
    d = lab.daemon(counter("p", "{root}/logs/p.log", 800, 0.005, 40, rotation))
    d.rpc.startProcess("p")
    until("a rotation", lambda: (logs / "p.log.1").exists())
    saved = d.root / "saved"
    shutil.move(logs, saved)
    # a folder that only moved takes the open file along: nothing has failed yet
    shutil.copytree(saved, d.root / "copy")
    shutil.rmtree(saved)
    d.wait_log("could not write")
    logs.mkdir()
    d.wait_log("is written again after")
    longest_write(d, "p")
    wanted = lines("p", 800, 40)
    until("the last line", lambda: wanted[-1] in read(logs / "p.log") + read(logs / "p.log.1"))
    got = [line for part in sorted_parts(logs) for line in read(part)]
    assert got == wanted[-len(got) :], "from the new folder on nothing is missing"


def sorted_parts(folder):
    """The parts of p.log, the oldest first."""
    return sorted(folder.glob("p.log*"), key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 0)


@pytest.mark.needs_root
@pytest.mark.contract("A5.15", "A5.20")
def test_a_folder_that_may_not_be_written_to(lab, counter):
    """Rotation fails, the open file is written on; later it is rotated."""
    logs = lab.root / "logs"
    logs.mkdir()
    os.chown(logs, 65534, -1)
    rotation = "autostart=false\nstartretries=0\nstdout_logfile_maxbytes=2000\nstdout_logfile_backups=100\n"
    text = counter("p", "{root}/logs/p.log", 800, 0.005, 40, rotation)
    d = as_nobody(lab, text)
    logs.chmod(0o555)
    with pytest.raises(xmlrpc.client.Fault, match="SPAWN_ERROR: p"):
        d.rpc.startProcess("p")
    assert d.info("p")["spawnerr"] == "unknown error making dispatchers for 'p': EACCES"
    logs.chmod(0o755)
    d.rpc.startProcess("p")
    until("a rotation", lambda: (logs / "p.log.1").exists())
    logs.chmod(0o555)
    d.wait_log("could not rotate or reopen")
    parts = len(sorted_parts(logs))
    logs.chmod(0o755)
    d.wait_log("can be moved and opened again after")
    longest_write(d, "p")
    until("all lines", lambda: [line for part in sorted_parts(logs) for line in read(part)] == lines("p", 800, 40))
    assert len(sorted_parts(logs)) > parts


@pytest.mark.contract("A5.26")
def test_a_pipe_that_nobody_reads(lab, counter):
    """Its program waits two seconds for the reader, and then no more."""
    fifo = lab.root / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        d = lab.daemon(counter("p", "{root}/fifo", 60, 0, 100_000) + counter("free", "{root}/free.log", 900, 0.002))
        for name in ("free", "p"):
            d.rpc.startProcess(name)
        until("lines", lambda: size(d.root / "free.log") > 200)
        Others(d, d.root / "free.log").look(0.7).check()
        d.wait_log("fifo takes nothing: its reader does not read")
        assert longest_write(d, "p") < 2 + MOST
        got = b""
        end = time.monotonic() + COMMAND_SECS
        while len(got) < KEPT - 200_000 and time.monotonic() < end:
            try:
                got += os.read(reader, 1 << 20)
            except BlockingIOError:
                time.sleep(0.01)
        d.wait_log("fifo is written again after")
    finally:
        os.close(reader)
    text = got.decode().splitlines()[:-1]
    assert len(text) > 30 and text == lines("p", len(text), 100_000)
