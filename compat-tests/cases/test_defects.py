"""Defects of the reference that we do not share. Each case fails on theirs, and must."""

import http.client
import os
import socket
import sys
import time
import xmlrpc.client

import pytest

from daemon import COMMAND_SECS, rpc, until
from proc import cpu_seconds

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n"


def lives(d):
    """The daemon is there and answers."""
    return d.process.poll() is None and bool(d.answers())


@pytest.mark.contract("B1.10.17")
@pytest.mark.differs("theirs", "B1.10.17", "says so and clears nothing")
def test_the_log_of_a_stopped_program_can_be_cleared(daemon):
    d = daemon(CAT).wait(cat="RUNNING")
    d.rpc.stopProcess("cat")
    d.lab.write("cat.log", "old\n")
    assert d.rpc.clearProcessLogs("cat") is True
    assert d.lab.read("cat.log") == ""


@pytest.mark.contract("B1.10.18", "B1.10.5", "B1.10.6")
@pytest.mark.differs("theirs", "B1.10.18", "removes whatever it is, a device too")
def test_clearing_leaves_what_is_not_a_file(lab):
    os.mkfifo(lab.root / "fifo")
    reader = os.open(lab.root / "fifo", os.O_RDWR | os.O_NONBLOCK)
    d = lab.daemon(CAT.replace("cat.log", "fifo\nstdout_logfile_maxbytes=0")).wait(cat="RUNNING")
    assert d.rpc.clearProcessLogs("cat") is True
    assert (lab.root / "fifo").is_fifo()
    with pytest.raises(xmlrpc.client.Fault, match="FAILED"):
        d.rpc.readProcessStdoutLog("cat", 0, 0)
    os.close(reader)


@pytest.mark.contract("B1.9.5", "B1.10.10")
@pytest.mark.differs("theirs", "B1.9.5", "answers HTTP 500")
def test_sizes_beyond_32_bits(daemon):
    d = daemon(CAT + "stdout_logfile_maxbytes=3GB\n")
    assert d.rpc.getAllConfigInfo()[0]["stdout_logfile_maxbytes"] == 3 << 30


@pytest.mark.contract("B1.6.26")
@pytest.mark.differs("theirs", "B1.6.26", "answers HTTP 500 and sends it anyway")
def test_a_full_stdin_pipe_takes_more(daemon):
    d = daemon("[program:deaf]\ncommand=/bin/sleep 1000\nstartsecs=0\n").wait(deaf="RUNNING")
    for _ in range(4):
        assert d.rpc.sendProcessStdin("deaf", "x" * 40000) is True


@pytest.mark.contract("A6.64", "A7.41", "A7.80")
@pytest.mark.differs("theirs", "A6.64", "ends, and leaves its children behind")
def test_a_listener_that_never_reads(daemon, programs):
    text = f"[eventlistener:deaf]\ncommand={sys.executable} {programs}/hoarder.py\nevents=REMOTE_COMMUNICATION\n"
    d = daemon(text + "startsecs=0\nbuffer_size=100\n").wait(deaf="RUNNING")
    for _ in range(8):
        d.rpc.sendRemoteCommEvent("big", "x" * 30000)
        time.sleep(0.4)
    assert lives(d)


@pytest.mark.contract("A5.21", "A7.61")
@pytest.mark.differs("theirs", "A5.21", "writes on where it was, leaving a hole")
def test_a_log_cut_short_by_others_after_a_rotation(daemon):
    d = daemon(CAT + "stdout_logfile_maxbytes=1KB\nstdout_logfile_backups=1\n").wait(cat="RUNNING")
    d.rpc.sendProcessStdin("cat", "x" * 1100 + "\n")
    until("the rotation", lambda: (d.root / "cat.log.1").exists())
    d.rpc.sendProcessStdin("cat", "y" * 100 + "\n")
    until("the new file", lambda: len(d.lab.read("cat.log")) == 101)
    os.truncate(d.root / "cat.log", 0)
    d.rpc.sendProcessStdin("cat", "after\n")
    until("the line", lambda: "after" in d.lab.read("cat.log"))
    assert d.lab.read("cat.log") == "after\n"


@pytest.mark.contract("A4.116", "A7.68")
@pytest.mark.differs("theirs", "A4.116", "takes the identifier for a pattern and does not look at the end")
def test_cleaning_up_spares_other_files(lab):
    spared = ["p-stdout---comXat-aaaaaaaa.log", "p-stdout---com.at-aaaaaaaa.log.old"]
    for name in spared:
        lab.write(f"childlog/{name}", "")
    lab.daemon("", args=["-i", "com.at"])
    assert sorted(os.listdir(lab.root / "childlog")) == sorted(spared)


@pytest.mark.contract("A3.27", "B2.7.2", "A7.76")
@pytest.mark.differs("theirs", "A3.27", "runs without any authentication")
def test_an_empty_user_name_is_no_open_door(lab):
    conf = lab.config("")
    conf.write_text(conf.read_text().replace("s.sock\n\n", "s.sock\nusername=\npassword=secret\n\n", 1))
    process = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("an end or an open socket", lambda: process.poll() is not None or (lab.root / "s.sock").exists())
    if process.poll() is None:
        with pytest.raises(xmlrpc.client.ProtocolError):
            rpc(lab.root / "s.sock").supervisor.getState()


@pytest.mark.contract("A5.27", "A7.56")
@pytest.mark.differs("theirs", "A5.27", "knows fewer sequences and forgets them between reads")
def test_strip_ansi_over_two_reads(daemon):
    text = r"""
[program:p]
command=/bin/sh -c 'printf "a\033[1;3"; sleep 0.3; printf "1mb\033[2Gc\n"; exec sleep 1000'
startsecs=0
stdout_logfile={root}/p.log
"""
    d = daemon(text, supervisord="strip_ansi=true")
    until("the line", lambda: d.lab.read("p.log").endswith("c\n"))
    assert d.lab.read("p.log") == "abc\n"


@pytest.mark.contract("A1.31", "A1.35", "A7.58")
@pytest.mark.differs("theirs", "A1.31", "shows a traceback")
@pytest.mark.parametrize("option", ["-l", "-q"])
def test_logs_that_cannot_be_opened(lab, option):
    (lab.root / "folder").mkdir()
    (lab.root / "childlog" / "x").mkdir()
    conf = lab.config("[program:cat]\ncommand=/bin/cat\n")
    words = {"-l": ["-l", f"{lab.root}/folder"], "-q": ["-q", "/proc"]}[option]
    done = lab.run("supervisord", "-n", "-c", str(conf), *words)
    assert done.code != 0
    assert done.stderr.startswith("Error: ") and "Traceback" not in done.stderr


@pytest.mark.contract("B1.12.6")
@pytest.mark.differs("theirs", "B1.12.6", "takes the client for gone")
def test_a_client_that_closes_its_half_has_its_answer(daemon):
    d = daemon("[program:late]\ncommand=/bin/sleep 1000\nautostart=false\n")
    body = "<methodCall><methodName>supervisor.startProcess</methodName><params><param><value>late</value></param></params></methodCall>"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(COMMAND_SECS)
        connection.connect(str(d.socket))
        connection.sendall(f"POST /RPC2 HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert b"<boolean>1</boolean>" in connection.recv(65536)


@pytest.mark.contract("B2.2.8")
@pytest.mark.differs("theirs", "B2.2.8", "counts characters")
def test_content_length_of_a_waited_answer(daemon):
    d = daemon("[program:café]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n")
    body = "<methodCall><methodName>supervisor.startAllProcesses</methodName></methodCall>"
    connection = http.client.HTTPConnection("localhost", timeout=COMMAND_SECS)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(d.socket))
    connection.request("POST", "/RPC2", body)
    assert connection.getresponse().read().endswith(b"</methodResponse>\n")


@pytest.mark.contract("B1.12.4")
@pytest.mark.differs("theirs", "B1.12.4", "spins while it waits")
def test_waiting_for_a_stop_costs_nothing(daemon):
    d = daemon("[program:slow]\ncommand=/bin/sh -c 'trap \"\" TERM; echo r; while :; do sleep 0.2; done'\n"
               "startsecs=0\nstopwaitsecs=3\nstdout_logfile={root}/slow.out\n").wait(slow="RUNNING")
    until("slow to be ready", lambda: d.lab.read("slow.out"))
    before = cpu_seconds(d.pid)
    d.rpc.stopProcess("slow")
    assert cpu_seconds(d.pid) - before < 0.3


@pytest.mark.contract("A2.65", "A7.74")
@pytest.mark.differs("theirs", "A2.65", "remembers names that are gone")
def test_names_that_are_gone_are_gone(daemon):
    d = daemon("[program:p]\ncommand=e %(ENV_ONE)s\nautostart=false\n", supervisord='environment=ONE="1"')
    d.conf.write_text(d.conf.read_text().replace('environment=ONE="1"', ""))
    with pytest.raises(xmlrpc.client.Fault, match="CANT_REREAD"):
        d.rpc.reloadConfig()


@pytest.mark.contract("A2.39", "A7.64")
@pytest.mark.differs("theirs", "A2.39", "replaces the text before it looks at the percent signs")
def test_doubled_percent_before_here(lab):
    d = lab.daemon("[include]\nfiles=none/*.conf\n[program:p]\ncommand=e %%(here)s\nautostart=false\n")
    assert d.rpc.getAllConfigInfo()[0]["command"] == "e %(here)s"


@pytest.mark.contract("B1.10.20", "A4.147")
@pytest.mark.differs("theirs", "B1.10.20", "reads the file that the new configuration names")
def test_the_main_log_is_the_one_that_is_written(daemon):
    d = daemon("")
    d.conf.write_text(d.conf.read_text().replace("supervisord.log", "other.log"))
    d.rpc.reloadConfig()
    assert "supervisord started" in d.rpc.readLog(0, 0)


@pytest.mark.contract("A1.22", "A4.117", "A1.32")
@pytest.mark.differs("theirs", "A4.117", "removes the logs that the first daemon writes")
def test_a_second_daemon_leaves_the_logs_of_the_first(lab):
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\n").wait(cat="RUNNING")
    logs = sorted((lab.root / "childlog").iterdir())
    assert len(logs) == 2
    second = lab.run("supervisord", "-n", "-c", str(d.conf))
    assert second.code == 2 and "already listening" in second.stderr
    assert sorted((lab.root / "childlog").iterdir()) == logs


@pytest.mark.contract("A4.139", "B3.7.100")
@pytest.mark.differs("theirs", "A4.139", "stops everything and then ends")
def test_a_restart_with_a_broken_file_is_refused_and_says_why(lab):
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\n").wait(cat="RUNNING")
    d.conf.write_text(d.conf.read_text().replace("command=", "kommand="))
    done = d.ctl("reload")
    assert "CANT_REREAD: program section program:cat does not specify a command" in done.stdout
    assert done.code == 1
    assert d.info("cat")["statename"] == "RUNNING"
    d.signal(1)
    d.wait_log("restart refused", times=2)
    assert lives(d) and d.info("cat")["statename"] == "RUNNING"
