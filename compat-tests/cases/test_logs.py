"""Logs of children and of the daemon: files, rotation, automatic names, reopening."""

import contextlib
import os
import re
import signal
import stat
from pathlib import Path

import pytest

from daemon import STOP_SECS, until


def backups(d, name):
    """The log and its backups: {name: size}; one that is just being renamed is not there."""
    sizes = {}
    for path in sorted(d.root.glob(f"{name}*")):
        with contextlib.suppress(FileNotFoundError):
            sizes[path.name] = path.stat().st_size
    return sizes


@pytest.mark.contract("A5.15", "A5.16", "A5.17", "A5.18", "A5.23", "A3.50", "A3.51", "A10.10")
@pytest.mark.parametrize("count", [2, 1, 0])
def test_rotation(daemon, recorded, count):
    d = daemon(f"""
[program:p]
command=/bin/cat
startsecs=0
stdout_logfile={{root}}/p.log
stdout_logfile_maxbytes=1KB
stdout_logfile_backups={count}
""").wait(p="RUNNING")
    d.lab.write("p.log.3", "foreign\n")
    # Each line on its own. 11 lines are the first to reach 1024 bytes: 40 = 11 + 11 + 11 + 7.
    for number in range(1, 41):
        d.rpc.sendProcessStdin("p", f"{number:099d}\n")
        until("the line", lambda: backups(d, "p.log").get("p.log") == number % 11 * 100)
    recorded(f"{backups(d, 'p.log')}\n")


@pytest.mark.contract("A5.19", "A5.23")
def test_appending_after_a_restart(daemon):
    d = daemon('[program:p]\ncommand=/bin/sh -c "echo once; exec sleep 100"\nstartsecs=0\nstdout_logfile={root}/p.log\n')
    until("a line", lambda: d.lab.read("p.log") == "once\n")
    d.rpc.stopProcess("p")
    d.rpc.startProcess("p")
    until("two lines", lambda: d.lab.read("p.log") == "once\nonce\n")
    assert stat.S_IMODE((d.root / "p.log").stat().st_mode) == 0o644


@pytest.mark.contract("A5.24", "A3.49")
@pytest.mark.parametrize("word", ["NONE", "none", "off", ""])
def test_no_log(daemon, word):
    text = f'[program:p]\ncommand=/bin/sh -c "echo x; echo y >&2; exec sleep 100"\nstartsecs=0\nstdout_logfile={word}\n'
    d = daemon(text + f"stderr_logfile={word}\n").wait(p="RUNNING")
    assert os.listdir(d.root / "childlog") == []
    assert d.info("p")["stdout_logfile"] == d.info("p")["stderr_logfile"] == ""


AUTO = re.compile(r"(\w+)-(stdout|stderr)---compat-[a-z0-9_]{8}\.log")


@pytest.mark.contract("A4.116", "A4.118", "A4.119", "A7.15", "A4.136", "A10.19")
def test_automatic_names(daemon):
    d = daemon("""
[program:p]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 100"
startsecs=0
[program:never]
command=/bin/cat
autostart=false
redirect_stderr=true
""")
    folder = d.root / "childlog"
    (folder / "p-stdout---compat-AAAAAAAA.log.1").write_text("old")
    (folder / "p-stdout---other-aaaaaaaa.log").write_text("of another daemon")
    logs = [d.info("p")[key] for key in ("stdout_logfile", "stderr_logfile")]
    until("the output", lambda: [Path(log).read_text() for log in logs] == ["out\n", "err\n"])
    names = [name for name in sorted(os.listdir(folder)) if AUTO.fullmatch(name)]
    assert [AUTO.fullmatch(name).groups() for name in names] == [("never", "stdout"), ("p", "stderr"), ("p", "stdout")]
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in names} == {0o600}
    d.rpc.stopProcess("p")
    d.rpc.startProcess("p")
    assert d.info("p")["stdout_logfile"] == logs[0]
    # A new life cleans up what an old one left, and only that.
    d.rpc.restart()
    d.wait_log("supervisord started", times=2)
    left = set(os.listdir(folder))
    assert not left & set(names)
    assert "p-stdout---compat-AAAAAAAA.log.1" not in left
    assert "p-stdout---other-aaaaaaaa.log" in left
    d.stop()
    assert len(os.listdir(folder)) == 4


@pytest.mark.contract("A4.116", "A1.1", "A10.19")
def test_nocleanup_leaves_them(daemon):
    d = daemon("[program:p]\ncommand=/bin/cat\nstartsecs=0\n", args=["-k"]).wait(p="RUNNING")
    before = set(os.listdir(d.root / "childlog"))
    d.rpc.restart()
    d.wait_log("supervisord started", times=2)
    assert before < set(os.listdir(d.root / "childlog"))


@pytest.mark.contract("A3.55", "A5.35")
def test_redirect_stderr(daemon, recorded):
    d = daemon("""
[program:p]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 100"
startsecs=0
redirect_stderr=true
stdout_logfile={root}/p.log
stderr_logfile={root}/unused.log
""")
    until("both lines", lambda: d.lab.read("p.log") == "out\nerr\n")
    assert not (d.root / "unused.log").exists()
    recorded("\n".join(d.log_lines("redirect_stderr")) + "\n")


@pytest.mark.contract("A4.128", "A5.10", "A5.52", "A10.13")
def test_reopening(daemon, recorded):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    d.wait_log("success: cat")
    for name in ("cat.log", "supervisord.log"):
        (d.root / name).rename(d.root / f"{name}.old")
    d.signal(signal.SIGUSR2)
    until("the new files", lambda: (d.root / "cat.log").exists() and (d.root / "supervisord.log").exists())
    d.rpc.sendProcessStdin("cat", "after\n")
    until("the echo", lambda: d.lab.read("cat.log") == "after\n")
    d.rpc.stopProcess("cat")
    d.wait_log("stopped: cat")
    old = d.lab.normal(d.lab.read("supervisord.log.old")).splitlines()
    # Whether one had to wait for the stop is a matter of moments.
    new = [line for line in d.lab.normal(d.log()).splitlines() if "waiting for" not in line]
    recorded("\n".join(["old", *old[-3:], "new", *new]) + "\n")


@pytest.mark.contract("A1.24", "A5.1", "A5.2", "A5.9")
def test_the_activity_log_is_echoed_in_the_foreground(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    d.stop()
    assert d.process.out.read_text() == d.log()
    pattern = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (CRIT|ERRO|WARN|INFO) \S.*")
    assert [line for line in d.log().splitlines() if not pattern.fullmatch(line)] == []


@pytest.mark.contract("A1.24", "A1.1", "A10.11")
def test_silent(daemon):
    d = daemon("", args=["-s"])
    d.stop()
    assert d.process.out.read_text() == ""
    assert "supervisord started" in d.log()


@pytest.mark.contract("A5.2", "A3.13", "A3.1")
@pytest.mark.parametrize("level, kept", [("critical", []), ("error", []), ("warn", ["WARN"]), ("info", ["INFO", "WARN"])])
def test_levels(daemon, level, kept):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", supervisord=f"loglevel={level}").wait(cat="RUNNING")
    d.stop()
    assert sorted({line[:4] for line in d.log_lines() if line[:4] != "CRIT"}) == kept


@pytest.mark.contract("A5.2", "A3.13", "A3.1")
@pytest.mark.parametrize("level, quietest", [("debug", "DEBG"), ("trace", "TRAC"), ("blather", "BLAT")])
def test_the_levels_for_the_curious(daemon, level, quietest):
    """What a level is too quiet for is not there; some of its own is."""
    command = "/bin/sh -c \"trap 'sleep 0.5; exit' TERM; while :; do sleep 0.1; done\""
    d = daemon(f"[program:p]\ncommand={command}\nstartsecs=0\n", supervisord=f"loglevel={level}").wait(p="RUNNING")
    d.stop()
    # Some messages of the reference have several lines.
    kinds = set(re.findall(r"^([A-Z]{4}) ", "\n".join(d.log_lines()), re.MULTILINE))
    order = ["CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"]
    assert kinds <= set(order[: order.index(quietest) + 1])
    assert {"CRIT", "INFO"} <= kinds
    # The middle one tells of the insides of a server (A5.77).
    assert quietest == "TRAC" or quietest in kinds
    if level == "blather":
        assert "BLAT p state: STOPPING" in d.log_lines()


@pytest.mark.contract("A5.11", "A5.75", "A5.3", "A4.127")
def test_debug_shows_what_children_say(daemon):
    text = '[program:p]\ncommand=/bin/sh -c "echo hello; exec sleep 100"\nstartsecs=0\n'
    d = daemon(text, supervisord="loglevel=debug")
    d.wait_log("'p' stdout output:\nhello\n\n")


@pytest.mark.contract("A5.5", "A5.15", "A3.11", "A3.12")
def test_the_activity_log_rotates(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", supervisord="logfile_maxbytes=600\nlogfile_backups=2")
    for _ in range(8):
        d.rpc.stopProcess("cat")
        d.rpc.startProcess("cat")
    until("two backups", lambda: sorted(backups(d, "supervisord.log")) == [f"supervisord.log{x}" for x in ("", ".1", ".2")])
    d.settle()
    sizes = backups(d, "supervisord.log")
    assert sizes["supervisord.log"] < 600 <= sizes["supervisord.log.1"] < 800


@pytest.mark.contract("A5.8", "A5.26", "A5.7", "A10.11")
def test_the_usual_container_set_up(daemon):
    """Everything on stdout: the activity log once, the child's lines among it."""
    text = '[program:p]\ncommand=/bin/sh -c "echo from the child; exec sleep 100"\nstartsecs=0\n'
    d = daemon(
        text + "stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nredirect_stderr=true\n",
        args=["-l", "/dev/null", "-y", "0"],
    )
    until("the child's line", lambda: "from the child\n" in d.process.out.read_text())
    d.stop()
    said = d.process.out.read_text()
    assert said.count("spawned: 'p'") == 1
    assert said.count("from the child") == 1


@pytest.mark.contract("A5.21", "A5.9")
@pytest.mark.differs("theirs", "A5.21", "writes its own lines over what children wrote")
def test_standard_output_may_be_a_file(lab):
    """As in `supervisord -n > FILE`: the daemon and a child write to the same file."""
    lab.write("count", "for n in 1 2 3 4 5 6 7 8; do echo line $n; done; exec sleep 1000\n")
    text = "[program:p]\ncommand=/bin/sh {root}/count\nstartsecs=0\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n"
    command = f"exec {lab.target.program('supervisord')} -n -c {lab.config(text)} > {lab.root}/all"
    daemon = lab.spawn("/bin/sh", "-c", command)
    until("the last line", lambda: "line 8\n" in lab.read("all"))
    daemon.terminate()
    assert daemon.wait(STOP_SECS) == 0
    said = lab.read("all").splitlines()
    assert [line for line in said if line.startswith("line ")] == [f"line {n}" for n in range(1, 9)]
    assert sorted(set(said) - {f"line {n}" for n in range(1, 9)}) == sorted(lab.read("supervisord.log").splitlines())


@pytest.mark.contract("A5.7", "A5.26", "A5.74", "A7.57", "A10.11")
@pytest.mark.differs("theirs", "A5.26", "reports an illegal seek for each chunk")
def test_what_is_not_a_file_is_never_rotated(lab):
    """A pipe as log, and the default maxbytes."""
    fifo = lab.root / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/fifo\n").wait(cat="RUNNING")
    d.rpc.sendProcessStdin("cat", "one\n")
    d.rpc.sendProcessStdin("cat", "two\n")
    got = b""

    def read():
        nonlocal got
        try:
            got += os.read(reader, 1000)
        except BlockingIOError:
            return False
        return got == b"one\ntwo\n"

    until("both lines", read)
    os.close(reader)
    assert d.log_lines("CRIT", "seek") == [line for line in d.log_lines("running without")]


@pytest.mark.contract("A5.27")
def test_strip_ansi(daemon):
    text = r"""
[program:p]
command=/bin/sh -c 'printf "\033[1;31mred\033[0m plain\n"; exec sleep 100'
startsecs=0
stdout_logfile={root}/p.log
"""
    d = daemon(text, supervisord="strip_ansi=true")
    until("the line", lambda: d.lab.read("p.log") == "red plain\n")


@pytest.mark.contract("A6.47", "A6.48", "A6.49", "A7.54", "A10.9")
@pytest.mark.differs("theirs", "A6.49", "loses a short last line")
def test_a_short_last_line_is_not_lost_with_capture(daemon):
    text = "[program:p]\ncommand=/bin/echo bye\nstartsecs=0\nautorestart=false\nstdout_capture_maxbytes=1KB\n"
    d = daemon(text + "stdout_logfile={root}/p.log\n").wait(p="EXITED")
    until("the line", lambda: d.lab.read("p.log") == "bye\n")


@pytest.mark.contract("A4.117", "A10.19")
def test_automatic_logs_of_a_namesake_are_removed(lab):
    """Two daemons with one identifier and one folder: give each its own."""
    lab.write("childlog/other-stdout---compat-abcdefgh.log", "of somebody else\n")
    lab.write("childlog/other-stdout---else-abcdefgh.log", "of another name\n")
    lab.daemon("")
    assert os.listdir(lab.root / "childlog") == ["other-stdout---else-abcdefgh.log"]


@pytest.mark.contract("A4.73")
def test_a_log_is_made_at_each_start(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    d.rpc.stopProcess("cat")
    (d.root / "cat.log").unlink()
    d.rpc.startProcess("cat")
    until("the log", (d.root / "cat.log").exists)
    assert d.lab.read("cat.log") == ""


@pytest.mark.contract("A6.53")
def test_without_capture_the_tokens_are_text(daemon):
    text = "before <!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END--> after"
    d = daemon(f"[program:p]\ncommand=/bin/sh -c \"echo '{text}'; exec sleep 1000\"\nstdout_logfile={{root}}/p.log\n")
    until("the line", lambda: d.lab.read("p.log") == text + "\n")


@pytest.mark.contract("A5.15", "A5.18", "A5.20")
def test_gaps_among_rotated_parts_stay_gaps(daemon):
    d = daemon("""
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={root}/cat.log
stdout_logfile_maxbytes=10
stdout_logfile_backups=4
""").wait(cat="RUNNING")
    for number in (1, 3, 4, 5):
        d.lab.write(f"cat.log.{number}", f"old {number}\n")
    d.rpc.sendProcessStdin("cat", "long enough\n")
    until("a rotation", lambda: d.lab.read("cat.log.1") == "long enough\n" and (d.root / "cat.log").exists())
    texts = {number: d.lab.read(f"cat.log.{number}") for number in range(1, 7)}
    assert texts == {1: "long enough\n", 2: "old 1\n", 3: "", 4: "old 3\n", 5: "old 5\n", 6: ""}
    assert not (d.root / "cat.log.3").exists() and d.lab.read("cat.log") == ""


@pytest.mark.contract("A5.28", "A5.29", "A6.45")
def test_what_a_listener_says_is_in_its_log(daemon, programs):
    text = f"""
[eventlistener:l]
command=/usr/bin/python3 {programs}/recorder.py {{root}}/events
events=PROCESS_STATE_RUNNING
stdout_logfile={{root}}/l.log
stdout_events_enabled=true
[program:cat]
command=/bin/cat
startsecs=0
autostart=false
"""
    d = daemon(text).wait(l="RUNNING")
    # It hears of its own start first, and Python may take longer than startsecs to begin.
    before = "READY\nRESULT 2\nOKREADY\n"
    until("the answer about itself", lambda: d.lab.read("l.log") == before)
    d.rpc.startProcess("cat")
    until("the answer", lambda: d.lab.read("l.log") == before + "RESULT 2\nOKREADY\n")


@pytest.mark.contract("A5.26", "A10.11")
def test_both_streams_to_one_descriptor_of_the_daemon(daemon):
    text = '[program:p]\ncommand=/bin/sh -c "echo out; echo err >&2; exec sleep 100"\nstartsecs=0\n'
    keys = "".join(f"{name}_logfile=/dev/fd/2\n{name}_logfile_maxbytes=0\n" for name in ("stdout", "stderr"))
    d = daemon(text + keys)
    until("both lines", lambda: sorted(d.process.err.read_text().split()) == ["err", "out"])
