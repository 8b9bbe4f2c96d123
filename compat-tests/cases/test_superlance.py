"""Real event listeners, unchanged: memmon and crashmail of superlance."""

import os
import sys
from pathlib import Path

import pytest

from daemon import until

VENV = Path(sys.executable).parent


@pytest.mark.contract("B4.3.1", "B4.3.2", "B4.3.4", "B4.3.5", "B4.3.6", "A6.31", "A6.81")
def test_memmon_restarts_what_grows(daemon):
    d = daemon(f"""
[program:big]
command=/bin/sleep 1000
startsecs=0
[eventlistener:memmon]
command={VENV}/memmon -p big=1KB
events=TICK_5
environment=PYTHONUNBUFFERED="1",PATH="/usr/bin:/bin"
stderr_logfile={{root}}/memmon.err
""").wait(big="RUNNING")
    if not os.path.exists("/bin/ps") and not os.path.exists("/usr/bin/ps"):
        pytest.skip("needs ps (Debian package procps)")
    first = d.info("big")["pid"]
    until("memmon to restart it", lambda: d.info("big")["pid"] not in (0, first), 30)
    assert "Restarting big:big" in d.lab.read("memmon.err")
    assert len(d.log_lines("stopped: big")) >= 1
    assert d.info("memmon")["statename"] == "RUNNING"


@pytest.mark.contract("B4.3.4", "A6.16", "A6.57", "A6.82", "A6.83")
def test_crashmail_reports_a_crash(daemon, lab):
    lab.write("sendmail", "#!/bin/sh\ncat > {root}/mail\n", 0o755)
    d = daemon(f"""
[program:crash]
command=/bin/sh -c "sleep 0.5; exit 3"
startsecs=0
autorestart=false
autostart=false
[eventlistener:crashmail]
command={VENV}/crashmail -a -m someone@example.org -s {{root}}/sendmail
events=PROCESS_STATE_EXITED
stderr_logfile={{root}}/crashmail.err
""").wait(crashmail="RUNNING")
    d.rpc.startProcess("crash")
    until("the mail", lambda: "crash" in lab.read("mail"))
    assert "To: someone@example.org" in lab.read("mail")
    assert "unexpectedly" in lab.read("mail")
