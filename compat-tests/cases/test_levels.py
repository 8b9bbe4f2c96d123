"""Which lines of the activity log come at which level, who gets them, and when a child's output is among them."""

import os
import signal
import subprocess

import pytest

from daemon import STOP_SECS, UnixTransport, until
from normalise import log_lines

# A message of each level, from the weightiest to the least. The last are said in this order.
MESSAGES = {
    "critical": "CRIT Server 'unix_http_server' running without any HTTP authentication checking",
    "error": "ERRO XML-RPC request data 'no XML' is invalid: unmarshallable",
    "warn": "WARN received SIGTERM indicating exit request",
    "info": "INFO success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)",
    "debug": "DEBG received SIGCHLD indicating a child quit",
    "trace": "TRAC XML-RPC method called: supervisor.getState()",
    "blather": "BLAT p state: STOPPING",
}
SAYS = "[program:p]\ncommand=/bin/sh -c 'echo out; echo err >&2; exec sleep 1000'\nstartsecs=0\n"


@pytest.mark.contract("A5.2", "A3.13")
@pytest.mark.parametrize("level", MESSAGES)
def test_each_level_has_its_own_lines_and_the_weightier_ones(daemon, level):
    command = "/bin/sh -c \"trap 'sleep 0.5; exit' TERM; while :; do sleep 0.1; done\""
    d = daemon(f"[program:p]\ncommand={command}\nstartsecs=0\n", supervisord=f"loglevel={level}").wait(p="RUNNING")
    connection = UnixTransport(d.socket, STOP_SECS).make_connection("localhost")
    connection.request("POST", "/RPC2", "no XML", {"Content-Type": "text/xml"})
    assert connection.getresponse().status == 400
    d.rpc.getState()
    d.stop()
    said = d.log_lines()
    names = list(MESSAGES)
    assert [name for name in names if MESSAGES[name] in said] == names[: names.index(level) + 1]


def copies(d):
    """The lines of the log that are about output of p, and what follows each."""
    lines = d.log_lines()
    return sorted(tuple(lines[n : n + 2]) for n, line in enumerate(lines) if line.startswith("DEBG 'p' "))


@pytest.mark.contract("A5.11", "A5.75")
@pytest.mark.parametrize("level, copied", [("info", False), ("debug", True), ("trace", True), ("blather", True)])
def test_output_is_copied_at_debug_and_below(daemon, level, copied):
    """Of both channels, and only with output to show."""
    d = daemon(SAYS + "stdout_logfile={root}/p.out\nstderr_logfile={root}/p.err\n", supervisord=f"loglevel={level}")
    until("its words", lambda: (d.lab.read("p.out"), d.lab.read("p.err")) == ("out\n", "err\n"))
    d.stop()
    heads = [f"DEBG 'p' {channel} output:" for channel in ("stderr", "stdout")]
    assert copies(d) == (list(zip(heads, ("err", "out"))) if copied else [])


@pytest.mark.contract("A5.11", "A3.13", "A4.147")
@pytest.mark.parametrize("before, after, words, copied", [
    ("info", "debug", [], (0, 0, 1)),
    ("debug", "info", [], (1, 0, 0)),
    ("debug", "info", ["-e", "debug"], (1, 1, 1)),
], ids=["more", "less", "command_line"])  # fmt: skip
def test_a_new_level_and_a_reread(daemon, before, after, words, copied):
    """It decides about the copies of children that start from then on; the log has its level until a restart."""
    text = SAYS + "stdout_logfile={root}/p.out\n"
    d = daemon(text, supervisord=f"loglevel={before}", args=words).wait(p="RUNNING")
    until("its words", lambda: d.lab.read("p.out") == "out\n")
    d.lab.config(text, f"loglevel={after}")
    d.rpc.reloadConfig()
    first = d.log()
    d.rpc.stopProcess("p")
    d.rpc.startProcess("p")
    until("them again", lambda: d.lab.read("p.out") == "out\n" * 2)
    d.wait_log("spawned: 'p'", times=2)
    second = d.log()[len(first) :]
    assert ("DEBG killing p" in second) == (before == "debug")
    d.rpc.restart()
    d.wait_log("supervisord started with pid", times=2)
    until("them once more", lambda: d.lab.read("p.out") == "out\n" * 3)
    d.stop()
    third = d.log()[len(first) + len(second) :].partition("supervisord started with pid")[2]
    assert tuple(part.count("'p' stdout output:\nout\n\n") for part in (first, second, third)) == copied
    assert ("DEBG" in third) == bool(copied[2])


@pytest.mark.contract("A5.9")
def test_nobody_reads_the_echo(lab):
    """The file is written all the same, and nothing is said about it."""
    conf = lab.config("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    reader, writer = os.pipe()
    words = [lab.target.program("supervisord"), "-n", "-c", str(conf)]
    with (lab.root / "said").open("wb") as stderr:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=writer, stderr=stderr, cwd=lab.root, env=lab.environment(),
            start_new_session=True,
        )  # fmt: skip
    process.out, process.err = lab.root / "nothing", lab.root / "said"
    lab.started.append(process)
    os.close(writer)
    os.close(reader)
    until("the program", lambda: "success: cat entered RUNNING" in lab.read("supervisord.log"))
    process.send_signal(signal.SIGTERM)
    # Python complains at its very end that it cannot flush, and makes this its exit status.
    assert process.wait(STOP_SECS) == (120 if lab.target.name == "theirs" else 0)
    said = log_lines(lab.read("supervisord.log"), lab.paths())
    assert "INFO supervisord started with pid PID" in said and "WARN received SIGTERM indicating exit request" in said
    assert not [line for line in said if "EPIPE" in line or "roken pipe" in line]
    assert ("BrokenPipeError" in lab.read("said")) == (lab.target.name == "theirs")
    assert lab.target.name == "theirs" or lab.read("said") == ""
