"""The files that logs are in, and programs that have none."""

import os
import stat
import sys
import xmlrpc.client

import pytest

from daemon import until
from test_logs import backups


@pytest.mark.contract("A5.24", "A3.49", "A5.11", "A6.21", "A6.22")
@pytest.mark.parametrize("word", ["NONE", "none", "OFF", "off", ""], ids=["NONE", "none", "OFF", "off", "empty"])
def test_no_log_by_any_name(daemon, programs, word):
    """Both channels make events and copies; nothing is kept, and there is nothing to read."""
    both = "".join(f"{channel}_logfile={word}\n{channel}_events_enabled=true\n" for channel in ("stdout", "stderr"))
    command = "/bin/sh -c 'sleep 0.5; echo said on stdout; echo said on stderr >&2; exec sleep 1000'"
    d = daemon(f"""
[program:p]
command={command}
startsecs=0
{both}
[eventlistener:ears]
command={sys.executable} {programs}/recorder.py {{root}}/ears.events
events=PROCESS_LOG
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
""", supervisord="loglevel=debug")  # fmt: skip
    for channel in ("stdout", "stderr"):
        d.wait_log(f"'p' {channel} output:\nsaid on {channel}\n\n")
        until("the event", lambda: f"\nsaid on {channel}\n" in d.lab.read("ears.events"))
    info = d.info("p")
    assert (info["stdout_logfile"], info["stderr_logfile"], info["logfile"]) == ("", "", "")
    for call in d.rpc.readProcessStdoutLog, d.rpc.readProcessStderrLog:
        with pytest.raises(xmlrpc.client.Fault, match="NO_FILE"):
            call("p", 0, 0)
    assert os.listdir(d.root / "childlog") == []
    assert not [path for path in d.root.iterdir() if path.name.lower() in ("none", "off")]


@pytest.mark.contract("A5.19", "A5.15")
def test_what_a_log_held_before_counts(daemon, lab):
    """The first line makes both full: of the program, and of the daemon."""
    lab.write("p.log", "x" * 1000)
    lab.write("supervisord.log", "x" * 4090)
    text = "[program:p]\ncommand=/bin/sh -c 'echo a line that is long enough; exec sleep 1000'\nstartsecs=0\n"
    d = daemon(text + "stdout_logfile={root}/p.log\nstdout_logfile_maxbytes=1KB\n", supervisord="logfile_maxbytes=4KB")
    until("rotations", lambda: {"p.log.1", "supervisord.log.1"} <= set(os.listdir(d.root)))
    until("the new log", lambda: backups(d, "p.log") == {"p.log": 0, "p.log.1": 1027})
    assert lab.read("supervisord.log.1").startswith("x" * 4090) and lab.read("supervisord.log.1").count("\n") == 1


@pytest.mark.contract("A5.23", "A4.112", "A3.61")
@pytest.mark.parametrize("umask, mode", [("002", 0o664), ("077", 0o600)])
def test_the_mode_of_a_log_is_a_matter_of_the_daemons_umask(daemon, umask, mode):
    """Not of the program's own; bytes go in as they came."""
    command = "/bin/sh -c \"printf 'a\\000\\377\\r\\n\\033[1mb'; exec sleep 1000\""
    text = f"[program:p]\ncommand={command}\numask=027\nstartsecs=0\nstdout_logfile={{root}}/p.log\n"
    d = daemon(text, before=f"umask {umask}")
    until("the output", lambda: (d.root / "p.log").exists() and (d.root / "p.log").read_bytes() == b"a\0\xff\r\n\x1b[1mb")
    assert stat.S_IMODE((d.root / "p.log").stat().st_mode) == mode
