"""Logs whose names or folders stand for something else now: what is written goes
on, and is found again. Theirs stops logging.
"""

import os
import shutil
import signal
import xmlrpc.client

import pytest

from daemon import until
from numbered import lines, longest_write, read, size
from unprivileged import as_nobody

pytestmark = pytest.mark.usefixtures("only_ours")


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
