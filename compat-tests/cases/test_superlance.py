"""Real event listeners, unchanged: all of superlance."""

import http.server
import os
import socketserver
import sys
import threading
from pathlib import Path

import pytest

from daemon import until

VENV = Path(sys.executable).parent
# What stands for sendmail: the mail is there at once and whole.
SENDMAIL = "#!/bin/sh\ncat > {root}/mail.part\nmv {root}/mail.part {root}/mail\n"
CRASH = """
[program:crash]
command=/bin/sh -c "sleep 0.5; exit 3"
startsecs=0
autorestart=false
autostart=false
"""


@pytest.mark.contract("B4.3.1", "B4.3.2", "B4.3.4", "B4.3.5", "B4.3.6", "A6.31", "A6.81", "B6.6")
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
    until("memmon to restart it", lambda: d.info("big")["pid"] not in (0, first))
    until("its words about it", lambda: "Restarting big:big" in d.lab.read("memmon.err"))
    assert len(d.log_lines("stopped: big")) >= 1
    assert d.info("memmon")["statename"] == "RUNNING"


@pytest.mark.contract("B4.3.4", "A6.16", "A6.57", "A6.82", "A6.83")
def test_crashmail_reports_a_crash(daemon, lab):
    lab.write("sendmail", SENDMAIL, 0o755)
    d = daemon(f"""
{CRASH}[eventlistener:crashmail]
command={VENV}/crashmail -a -m someone@example.org -s {{root}}/sendmail
events=PROCESS_STATE_EXITED
stderr_logfile={{root}}/crashmail.err
""").wait(crashmail="RUNNING")
    d.rpc.startProcess("crash")
    until("the mail", lambda: "crash" in lab.read("mail"))
    assert "To: someone@example.org" in lab.read("mail")
    assert "unexpectedly" in lab.read("mail")


class Serving:
    """A server in a thread, at a port of its own on loopback."""

    def __init__(self, server, handler):
        self.server = server(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.contract("B4.3.4", "B4.3.5", "B4.3.6", "B6.6")
def test_httpok_restarts_what_does_not_answer_well(daemon, lab):
    class Sick(http.server.BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self):
            Sick.asked += 1
            self.send_response(500 if Sick.asked == 1 else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    lab.write("sendmail", SENDMAIL, 0o755)
    with Serving(http.server.HTTPServer, Sick) as sick:
        d = daemon(f"""
[program:web]
command=/bin/sleep 1000
startsecs=0
[program:other]
command=/bin/sleep 1000
startsecs=0
[eventlistener:httpok]
command={VENV}/httpok -p web -m someone@example.org -s {{root}}/sendmail http://127.0.0.1:{sick.port}/
events=TICK_5
stderr_logfile={{root}}/httpok.err
""").wait(web="RUNNING", other="RUNNING", httpok="RUNNING")
        d.wait_log("spawned: 'web'", times=2)
        until("the mail", lambda: "web" in lab.read("mail"))
        until("another look", lambda: Sick.asked >= 2)
    assert len(d.log_lines("spawned: 'other'")) == 1
    assert "status contacting" in lab.read("mail")


@pytest.mark.contract("B4.3.4", "A6.16", "A6.31", "A6.57")
def test_batches_of_mail_tell_of_crashes_and_failures(daemon):
    mails = []

    class Mailbox(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 mailbox\r\n")
            while line := self.rfile.readline():
                word = line.strip().upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    text = b""
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        text += line
                    mails.append(text.decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                if word == b"QUIT":
                    return

    listeners = {"crashmailbatch": "EXITED", "crashsms": "EXITED", "fatalmailbatch": "FATAL"}
    with Serving(socketserver.ThreadingTCPServer, Mailbox) as mailbox:
        text = "".join(f"""
[eventlistener:{name}]
command={VENV}/{name} -t someone@example.org -f {name}@example.org -H 127.0.0.1:{mailbox.port} -e TICK_5 -i 0.05
events=PROCESS_STATE_{state},TICK_5
stderr_logfile={{root}}/{name}.err
""" for name, state in listeners.items())  # fmt: skip
        d = daemon(f"""{text}{CRASH}[program:hopeless]
command=/bin/false
startretries=0
autostart=false
""").wait(**dict.fromkeys(listeners, "RUNNING"))
        d.rpc.startProcess("crash")
        d.rpc.startProcess("hopeless", False)

        def by_sender():
            return {text.split("From: ")[1].split("@")[0]: text for text in mails}

        until("a mail of each", lambda: by_sender().keys() == listeners.keys())
    by_sender = by_sender()
    assert "Process crash:crash (pid " in by_sender["crashmailbatch"]
    assert "died unexpectedly" in by_sender["crashmailbatch"]
    assert "[crash:crash](" in by_sender["crashsms"]
    assert "Process hopeless:hopeless failed to start too many times" in by_sender["fatalmailbatch"]
