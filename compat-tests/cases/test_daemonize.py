"""The daemon in the background: what the launcher sees, what the daemon is."""

import os
import stat

import pytest

from daemon import answers, rpc, until
from normalise import log_lines
from proc import is_gone


def launch(lab, supervisord="", text="[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n"):
    """Starts in the background and gives the daemon's pid."""
    conf = lab.config(text, supervisord)
    done = lab.run("supervisord", "-c", str(conf))
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    pid = int(until("the pidfile", lambda: lab.read("supervisord.pid")))
    until("an answer", lambda: answers(lab.root / "s.sock") == pid)
    return pid


@pytest.mark.contract("A1.24", "A1.22", "A4.110", "A4.113", "A4.135", "A5.46", "A5.48", "A1.38", "A10.14", "B2.8.15")
def test_life_in_the_background(lab, recorded):
    pid = launch(lab)
    until("cat", lambda: "success: cat" in lab.read("supervisord.log"))
    assert lab.read("supervisord.pid") == f"{pid}\n"
    # A session of its own, and nothing of the launcher's stdio.
    assert os.getsid(pid) == os.getpgid(pid) == pid
    for fd in (0, 1, 2):
        assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    assert os.readlink(f"/proc/{pid}/cwd") == str(lab.root)
    os.kill(pid, 15)
    until("the end", lambda: is_gone(pid))
    assert not (lab.root / "supervisord.pid").exists()
    assert not (lab.root / "s.sock").exists()
    recorded("\n".join(log_lines(lab.read("supervisord.log"), lab.paths())) + "\n")


@pytest.mark.contract("A4.110", "A4.111", "A3.15", "A3.19", "A5.47", "A8.33")
def test_folder_and_mask(lab):
    (lab.root / "inside").mkdir()
    pid = launch(lab, "umask=027\ndirectory={root}/inside")
    until("cat's log", lambda: (lab.root / "cat.log").exists())
    assert os.readlink(f"/proc/{pid}/cwd") == f"{lab.root}/inside"
    until("the line", lambda: f"INFO set current directory: '{lab.root}/inside'" in lab.read("supervisord.log"))
    modes = {name: stat.S_IMODE((lab.root / name).stat().st_mode) for name in ("supervisord.pid", "cat.log")}
    assert modes == {"supervisord.pid": 0o640, "cat.log": 0o640}


@pytest.mark.contract("A4.111")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_the_activity_log_has_the_launchers_mask(lab, umask):
    old = os.umask(umask)
    try:
        launch(lab, "umask=002")
    finally:
        os.umask(old)
    assert stat.S_IMODE((lab.root / "supervisord.log").stat().st_mode) == 0o666 & ~umask


@pytest.mark.contract("A1.32", "B2.8.10", "A3.32")
def test_a_second_daemon_is_refused(lab, recorded):
    pid = launch(lab)
    second = lab.run("supervisord", "-c", str(lab.root / "s.conf"))
    assert second.code == 2
    assert not is_gone(pid)
    assert rpc(lab.root / "s.sock").supervisor.getPID() == pid
    recorded(lab.normal(second.stdout + second.stderr))


@pytest.mark.contract("A1.23", "A4.114", "A1.36", "A5.49")
def test_a_pidfile_that_cannot_be_written(lab, recorded):
    (lab.root / "taken").mkdir()
    d = lab.daemon("", args=["-j", "taken"])
    assert d.stop() == 0
    recorded("\n".join(d.log_lines("pidfile")) + "\n")


@pytest.mark.contract("A4.114", "A4.147", "A7.45")
@pytest.mark.differs("theirs", "A4.147", "removes the pidfile that a later read of the configuration names")
def test_only_our_own_pidfile_is_removed(daemon):
    d = daemon("")
    d.lab.write("precious", "not a pidfile\n")
    text = d.conf.read_text().replace(f"pidfile={d.root}/supervisord.pid", f"pidfile={d.root}/precious")
    d.conf.write_text(text)
    d.rpc.reloadConfig()
    assert d.stop() == 0
    assert d.lab.read("precious") == "not a pidfile\n"
    assert not (d.root / "supervisord.pid").exists()


@pytest.mark.contract("A1.37")
def test_a_pidfile_is_no_lock(lab):
    first = lab.daemon("")
    conf = lab.config("", name="t.conf")
    conf.write_text(conf.read_text().replace("s.sock", "t.sock").replace("supervisord.log", "t.log"))
    second = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the second", lambda: "supervisord started" in lab.read("t.log"))
    assert first.process.poll() is None and second.poll() is None
    until("its pid", lambda: lab.read("supervisord.pid") == f"{second.pid}\n")
