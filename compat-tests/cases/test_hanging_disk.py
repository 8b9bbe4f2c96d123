"""Disks that hang, and readers that do not read: no pipe is left full, nothing
that fits is lost, and nobody else notices. Theirs waits for them itself.
"""

import contextlib
import os
import re
import signal
import socket
import statistics
import threading
import time
import xmlrpc.client
from pathlib import Path

import pytest

import proc
from daemon import COMMAND_SECS, Daemon, rpc, until
from numbered import KEPT, MOST, USUAL, Others, lines, longest_write, read, size

pytestmark = pytest.mark.usefixtures("only_ours")


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


def is_held_up(pid):
    """Whether a `yes` has not gone on for a moment."""
    before = proc.status(pid)
    time.sleep(0.02)
    return before == proc.status(pid) and (before["Name"], before["State"]) == ("yes", "S (sleeping)")


@pytest.mark.contract("A5.23", "A5.20")
def test_many_lives_during_an_outage_have_one_log(lab, disk):
    """Each life says its pid without a pause; none is read before the one in front of it."""
    d = lab.daemon(
        "[program:p]\ncommand=/bin/sh -c 'exec yes $$'\nautostart=false\nstartsecs=0\nstopsignal=KILL\n"
        "stdout_logfile={root}/disk/p.log\nstdout_logfile_maxbytes=0\n"
    )
    log = disk.folder / "p.log"
    d.rpc.startProcess("p")
    pids = [str(d.info("p")["pid"])]
    until("output", lambda: size(log) > 1 << 20)
    disk.hang()
    for _ in range(8):
        until("its pipe to be full", lambda: is_held_up(pids[-1]))
        d.rpc.stopProcess("p")
        d.rpc.startProcess("p")
        pids.append(str(d.info("p")["pid"]))
    d.wait_log("p.log takes nothing")
    d.rpc.stopProcess("p")
    disk.go_on()
    d.wait_log("p.log is written again after")
    state = rpc(d.socket).ext.getLogStates
    until("all that was kept", lambda: state()[0]["waiting"] == 0)
    assert len(re.findall(r"WARN .*p.log", d.log())) == 2
    assert state()[0]["outages"] == 1 and size(log) == state()[0]["written"]
    said = [line for line in read(log) if line in pids]
    changes = [line for before, line in zip([None, *said], said) if line != before]
    # some are ended before they say anything
    assert changes == [pid for pid in pids if pid in changes] and len(changes) > 1


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


@pytest.mark.contract("B2.9.1", "B1.10.1")
def test_those_who_want_to_see_a_log_there_hold_up_nobody_else(lab, disk, counter):
    d = lab.daemon(counter("p", "{root}/disk/p.log", 1, 0) + counter("free", "{root}/free.log", 1, 0))
    for name in ("p", "free"):
        d.rpc.startProcess(name)
        longest_write(d, name)
    until("both lines", lambda: size(disk.folder / "p.log") and size(d.root / "free.log"))
    disk.hang()
    with contextlib.ExitStack() as clients:
        waiting = [clients.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(100)]
        for client in waiting:
            client.connect(str(d.socket))
            client.sendall(b"GET /logtail/p HTTP/1.0\r\n\r\n")
        began = time.monotonic()
        assert d.rpc.readProcessStdoutLog("free", 0, 0) == "free 00000000\n"
        assert time.monotonic() - began < MOST
        for client in waiting:
            client.settimeout(COMMAND_SECS)
            assert client.recv(100).startswith(b"HTTP/1.0 503 ")


def hang_for_new_looks(disk):
    """What the kernel knows of the disk is old then: it asks again."""
    disk.hang()
    time.sleep(1.1)


def check_that_it_goes_on(d):
    took = []
    for _ in range(20):
        began = time.monotonic()
        d.rpc.getState()
        took.append(time.monotonic() - began)
        time.sleep(0.02)
    assert max(took) < MOST and statistics.median(took) < USUAL, took


@pytest.mark.contract("B1.11.1")
def test_a_reread_that_looks_at_a_disk_that_hangs(lab, disk, counter):
    d = lab.daemon(supervisord=f"childlogdir={disk.folder}")
    d.conf.write_text(d.conf.read_text() + "[program:new]\ncommand=/bin/cat\nstdout_logfile={}/p.log\n".format(disk.folder))
    hang_for_new_looks(disk)
    answers = []
    reread = threading.Thread(target=lambda: answers.append(d.rpc.reloadConfig()))
    reread.start()
    try:
        check_that_it_goes_on(d)
        assert answers == []
    finally:
        disk.go_on()
        reread.join(COMMAND_SECS)
    assert answers == [[[["new"], [], []]]]


CAT_THERE = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/disk/cat.log\n"


@pytest.mark.contract("A4.139", "A4.126")
def test_a_hangup_while_a_disk_hangs(lab, disk):
    """All goes on until the disk is back. Then there is one restart, however often it was asked for."""
    d = lab.daemon(CAT_THERE).wait(cat="RUNNING")
    pid = d.info("cat")["pid"]
    hang_for_new_looks(disk)
    try:
        for count in (1, 2):
            d.signal(signal.SIGHUP)
            d.wait_log("received SIGHUP indicating restart request", times=count)
        check_that_it_goes_on(d)
        assert d.info("cat")["pid"] == pid
    finally:
        disk.go_on()
    d.wait_log("supervisord started with pid", times=2).wait(cat="RUNNING")
    assert d.info("cat")["pid"] != pid
    assert d.log().count("supervisord started with pid") == 2


@pytest.mark.contract("A4.139")
def test_a_call_for_a_restart_while_a_disk_hangs(lab, disk):
    d = lab.daemon(CAT_THERE).wait(cat="RUNNING")
    hang_for_new_looks(disk)
    answers = []
    restart = threading.Thread(target=lambda: answers.append(d.rpc.restart()))
    restart.start()
    try:
        check_that_it_goes_on(d)
        assert answers == []
    finally:
        disk.go_on()
        restart.join(COMMAND_SECS)
    assert answers == [True]
    d.wait_log("supervisord started with pid", times=2)


@pytest.mark.contract("A4.132", "A4.135")
def test_a_shutdown_does_not_wait_for_a_restart_that_waits_for_a_disk(lab, disk):
    d = lab.daemon(CAT_THERE.replace("cat.log", "cat.log\nautostart=false"))
    hang_for_new_looks(disk)
    try:
        d.signal(signal.SIGHUP)
        d.wait_log("received SIGHUP indicating restart request")
        d.process.terminate()
        until("everything to be tidied up", lambda: not (d.root / "supervisord.pid").exists() and not d.socket.exists())
    finally:
        # its thread may not be able to end before
        disk.go_on()
    assert d.exit_code() == 0
    assert d.log().count("supervisord started with pid") == 1


@pytest.mark.contract("A4.118", "A4.73", "B1.11.9")
def test_auto_logs_on_a_disk_that_hangs(lab, disk):
    """Groups are added and start; their logs follow when the disk is back."""
    d = lab.daemon(supervisord=f"childlogdir={disk.folder}")
    d.conf.write_text(
        d.conf.read_text()
        + "[program:speaks]\ncommand=/bin/sh -c 'echo words; exec sleep 1000'\nstartsecs=0\n"
        + "[program:waits]\ncommand=/bin/cat\nautostart=false\nnumprocs=50\nprocess_name=%(process_num)s\n"
    )
    assert sorted(d.rpc.reloadConfig()[0][0]) == ["speaks", "waits"]
    disk.hang()
    began = time.monotonic()
    for name in ("waits", "speaks"):
        d.rpc.addProcessGroup(name)
    d.wait(speaks="RUNNING")
    assert time.monotonic() - began < MOST
    infos = d.rpc.getAllProcessInfo()
    disk.go_on()
    logs = [Path(info[key]) for info in infos for key in ("stdout_logfile", "stderr_logfile")]
    assert len(set(logs)) == 102
    until("all logs", lambda: len(list(disk.folder.iterdir())) == 102)
    until("the words", lambda: read(Path(d.info("speaks")["stdout_logfile"])) == ["words"])
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in logs)


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
    assert re.search(r"^\d+ bytes for 1 log could not be written$", d.process.err.read_text(), re.MULTILINE)
    until("everything to be tidied up", lambda: not (d.root / "supervisord.pid").exists() and not d.socket.exists())
    # the kernel lets nobody end who has a file open there
    disk.go_on()
    assert d.exit_code() == 0


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
