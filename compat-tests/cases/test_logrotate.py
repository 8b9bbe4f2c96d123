"""Logs that Debian's logrotate turns over: each line is in them once."""

import shutil
import subprocess

import pytest

from daemon import COMMAND_SECS, until

LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin")
TURNS = 4

pytestmark = pytest.mark.skipif(not LOGROTATE, reason="needs logrotate")


def turn(d, how):
    """Runs logrotate once, whatever the size and age of the log."""
    conf = d.lab.write("rotate.conf", f"{{root}}/p.log {{\nrotate 100\n{how}\n}}\n", 0o644)
    done = subprocess.run(
        [LOGROTATE, "--force", "--state", d.root / "state", conf], capture_output=True, text=True, timeout=COMMAND_SECS
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def parts(d):
    """All parts of the log, the oldest first."""
    old = sorted(d.root.glob("p.log.*"), key=lambda path: -int(path.suffix[1:]))
    return [path.read_bytes() for path in [*old, d.root / "p.log"]]


@pytest.mark.contract("A5.21", "A7.61", "A5.19")
def test_copytruncate(daemon):
    """Between its copy and its cut logrotate loses what is written then, so nothing is."""
    d = daemon("[program:p]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/p.log\n").wait(p="RUNNING")
    log = d.root / "p.log"
    for number in range(TURNS):
        burst = "".join(f"line {number * 50 + n:06d}\n" for n in range(50))
        d.rpc.sendProcessStdin("p", burst)
        until("the burst", lambda: log.read_text() == burst)
        inode = log.stat().st_ino
        turn(d, "copytruncate")
        assert (log.stat().st_ino, log.stat().st_size) == (inode, 0)
    d.rpc.sendProcessStdin("p", f"line {TURNS * 50:06d}\n")
    until("the last line", lambda: log.stat().st_size)
    assert log.read_text() == f"line {TURNS * 50:06d}\n", "no hole where the old lines were"
    assert b"".join(parts(d)).decode().splitlines() == [f"line {n:06d}" for n in range(TURNS * 50 + 1)]


@pytest.mark.contract("A5.21", "A7.61", "A5.15")
@pytest.mark.differs("theirs", "A5.21", "writes on where it was, and leaves a hole")
def test_copytruncate_after_a_rotation_of_our_own(daemon):
    text = "[program:p]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/p.log\n"
    d = daemon(text + "stdout_logfile_maxbytes=1000\nstdout_logfile_backups=100\n").wait(p="RUNNING")
    log = d.root / "p.log"
    d.rpc.sendProcessStdin("p", "x" * 1000 + "\n")
    until("a rotation", lambda: (d.root / "p.log.1").exists() and log.exists())
    d.rpc.sendProcessStdin("p", "before\n")
    until("a line", lambda: log.read_text() == "before\n")
    turn(d, "copytruncate")
    d.rpc.sendProcessStdin("p", "after\n")
    until("another line", lambda: log.stat().st_size)
    assert log.read_bytes() == b"after\n"


CHATTY = """
[program:p]
command=/bin/sh -c 'n=0; until [ -e enough ]; do echo line $n; n=$((n+1)); sleep 0.002; done; echo $n > count; exec sleep 1000'
directory={root}
startsecs=0
stdout_logfile={root}/p.log
"""


@pytest.mark.contract("A5.10", "A5.52", "A4.128")
def test_moved_and_told_by_a_signal(daemon):
    """While lines are written all the time."""
    d = daemon(CHATTY).wait(p="RUNNING")
    for number in range(1, TURNS + 1):
        until("lines", lambda: len(d.lab.read("p.log")) > 500)
        turn(d, "postrotate\nkill -USR2 $(cat {root}/supervisord.pid)\nendscript")
        d.wait_log("supervisord logreopen", times=number)
    until("lines behind the last turn", lambda: len(d.lab.read("p.log")) > 0)
    d.lab.write("enough", "")
    wanted = [f"line {number}" for number in range(int(d.lab.lines("count", 1)))]
    until("all lines, each once and in order", lambda: b"".join(parts(d)).decode().splitlines() == wanted)
    assert len(parts(d)) == TURNS + 1 and all(parts(d))
