"""Lines for syslog, as a syslog daemon gets them.

The daemon under test sees a /dev of its own, in a mount namespace, where
/dev/log is a socket of the case.
"""

import re
import shutil
import socket
import subprocess
import xmlrpc.client

import pytest

from daemon import answers, rpc, until

# Puts a /dev with the usual devices and our log over the real one, then becomes "$@".
PRIVATE_DEV = """\
#!/bin/sh
set -e
mount -t tmpfs none "{root}/dev"
cp -a /dev/null /dev/zero /dev/random /dev/urandom "{root}/dev/"
ln -s /proc/self/fd "{root}/dev/fd"
ln -s "{root}/syslog.sock" "{root}/dev/log"
mount --rbind "{root}/dev" /dev
exec "$@"
"""

STAMP = re.compile(r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ")


class Listener:
    """A syslog daemon that remembers."""

    def __init__(self, lab):
        self.lab, self.got = lab, []
        (lab.root / "dev").mkdir()
        self.wrapper = lab.write("private_dev", PRIVATE_DEV, 0o755)
        self.listen()

    def listen(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.lab.root / "syslog.sock"))
        self.socket.setblocking(False)

    def stop(self):
        self.socket.close()
        (self.lab.root / "syslog.sock").unlink()

    def start(self, text, supervisord, logfile="{root}/supervisord.log"):
        """The target's daemon, in the namespace."""
        conf = self.lab.config(text, supervisord)
        logfile = logfile.replace("{root}", str(self.lab.root))
        conf.write_text(conf.read_text().replace(f"logfile={self.lab.root}/supervisord.log", f"logfile={logfile}", 1))
        words = ["unshare", "--mount", "--propagation", "private", str(self.wrapper)]
        return self.lab.spawn(*words, self.lab.target.program("supervisord"), "-n", "-c", str(conf))

    def lines(self):
        """All datagrams so far, times and pids hidden; each must have a time of syslog's form."""
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self.got
            assert STAMP.search(text), text
            text = STAMP.sub("TIME ", text, count=1)
            self.got.append(self.lab.normal(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "STAMP", text)))

    def wait(self, text):
        """Until a datagram with `text` has come."""
        until(f"{text!r} in syslog", lambda: any(text in line for line in self.lines()))


@pytest.fixture
def syslog(lab):
    probe = ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("a /dev of its own needs a mount namespace, which this machine does not allow")
    listener = Listener(lab)
    yield listener
    listener.socket.close()


@pytest.mark.needs_root
@pytest.mark.contract("A5.6", "A3.10")
def test_the_activity_log(syslog, recorded):
    # Two lines in one message: each is a datagram.
    text = "[program:p]\ncommand=/bin/sh -c \"printf 'one\\ntwo\\n'; exec sleep 1000\"\nstartsecs=0\n"
    syslog.start(text, "loglevel=debug", logfile="syslog")
    syslog.wait("two")
    syslog.wait("success: p")
    kept = ("started with pid", "spawned: 'p'", "'p' stdout output:", " one\n", " two\n", "success: p")
    lines = [line for line in syslog.lines() if any(part in line for part in kept)]
    recorded("".join(f"{line!r}\n" for line in sorted(lines)))


@pytest.mark.needs_root
@pytest.mark.contract("A5.6", "B1.10.3")
def test_an_activity_log_in_syslog_cannot_be_read(syslog):
    syslog.start("", "", logfile="syslog")
    syslog.wait("started with pid")
    until("the socket", lambda: answers(syslog.lab.root / "s.sock"))
    calls = rpc(syslog.lab.root / "s.sock").supervisor
    for call, text in (lambda: calls.readLog(0, 0), "NO_FILE: syslog"), (calls.clearLog, "NO_FILE"):
        with pytest.raises(xmlrpc.client.Fault) as refused:
            call()
        assert (refused.value.faultCode, refused.value.faultString) == (20, text)


# Each piece is read before the next is written.
SAYS = """
logged() { until grep -q "$1" {root}/a.log; do sleep 0.1; done; }
printf 'one\\n\\nthree\\n\\n'; logged three
printf 'part'; logged part
printf 'of a line\\n'; logged line
echo err >&2; sleep 1
echo end; exec sleep 1000
"""
OUTPUT = """
[program:a]
command=/bin/sh {root}/says
startsecs=0
stdout_syslog=true
stderr_syslog=true
stdout_logfile={root}/a.log
stderr_logfile=NONE
"""


@pytest.mark.needs_root
@pytest.mark.contract("A5.25", "A3.54")
def test_output_of_a_program(syslog, recorded):
    syslog.lab.write("says", SAYS)
    syslog.start(OUTPUT, "")
    syslog.wait("a end")
    until("the log", lambda: syslog.lab.read("a.log") == "one\n\nthree\n\npartof a line\nend\n")
    recorded("".join(f"{line!r}\n" for line in syslog.lines()))


@pytest.mark.needs_root
@pytest.mark.contract("A5.25", "A7.60")
@pytest.mark.differs("theirs", "A7.60", "loses the whole piece")
def test_output_that_is_no_text(syslog):
    command = "/bin/sh -c \"printf 'good\\n\\377bad\\n'; sleep 0.5; echo end; exec sleep 1000\""
    syslog.start(f"[program:a]\ncommand={command}\nstartsecs=0\nstdout_syslog=true\n", "")
    syslog.wait("a end")
    said = [line.split("supervisord: ")[1] for line in syslog.lines()]
    assert said == ["a good", "a \ufffdbad", "a end"]


@pytest.mark.needs_root
@pytest.mark.contract("A5.25", "A3.49", "A10.12")
def test_the_old_way_to_say_it(syslog, recorded):
    """stdout_logfile=syslog, which upstream warns about."""
    syslog.start('[program:a]\ncommand=/bin/sh -c "echo one; exec sleep 1000"\nstartsecs=0\nstdout_logfile=syslog\n', "")
    syslog.wait("a one")
    until("the warning", lambda: "deprecated" in syslog.lab.read("supervisord.log"))
    warning = [line for line in syslog.lab.read("supervisord.log").splitlines() if "deprecated" in line]
    recorded(f"{syslog.lines()}\n{warning[0].split(' ', 2)[2]}\n")


@pytest.mark.needs_root
@pytest.mark.contract("A5.25")
def test_a_burst_is_not_too_much(syslog):
    """The kernel keeps ten lines for who does not read at once."""
    # In one write: lines that come in two reads are two messages.
    command = '/bin/sh -c "seq 2000 | dd bs=64k iflag=fullblock; exec sleep 1000"'
    syslog.start(f"[program:a]\ncommand={command}\nstartsecs=0\nstdout_syslog=true\n", "")
    syslog.wait("a 2000")
    assert [line.split(" a ")[1] for line in syslog.lines()] == [str(number) for number in range(1, 2001)]


@pytest.mark.needs_root
@pytest.mark.contract("A5.6", "A7.60")
@pytest.mark.differs("theirs", "A5.6", "loses what is said meanwhile")
def test_a_syslog_daemon_that_is_started_anew(syslog):
    syslog.lab.write("says", "echo one; until [ -e {root}/away ]; do sleep 0.1; done; echo two; exec sleep 1000\n")
    syslog.start(
        "[program:a]\ncommand=/bin/sh {root}/says\nstartsecs=0\nstdout_logfile={root}/a.log\nstdout_syslog=true\n", ""
    )
    syslog.wait("a one")
    syslog.stop()
    syslog.lab.write("away", "")
    until("the second line", lambda: "two" in syslog.lab.read("a.log"))
    syslog.listen()
    syslog.wait("a two")


@pytest.mark.needs_root
@pytest.mark.contract("A5.6", "A5.2")
def test_every_datagram_of_the_activity_log(syslog):
    """Of one severity whatever the level; newlines at the end of a message make none, those within it do."""
    command = "/bin/sh -c \"printf 'one\\n\\ntwo\\n\\n\\n'; sleep 0.5; exit 1\""
    text = f"[program:p]\ncommand={command}\nstartsecs=0\nautorestart=false\n[include]\nfiles=nothing/*.conf\n"
    syslog.start(text, "loglevel=debug", logfile="syslog")
    syslog.wait("exited: p")
    lines = syslog.lines()
    assert {line.partition("TIME ")[0] for line in lines} == {"<14>"}
    assert [line for line in lines if not re.match(r"<14>TIME supervisord: STAMP [A-Z]{4} ", line)] == []
    assert {"CRIT", "WARN", "INFO", "DEBG"} <= {line.split("STAMP ")[1][:4] for line in lines}
    at = next(n for n, line in enumerate(lines) if "'p' stdout output:" in line)
    said = [line.removeprefix("<14>TIME supervisord: STAMP ") for line in lines[at : at + 5]]
    assert said[:4] == ["DEBG 'p' stdout output:\n", "DEBG one\n", "DEBG \n", "DEBG two\n"]
    assert said[4] != "DEBG \n"
    # The echo in the foreground is as with a file, and no file has that name.
    assert "'p' stdout output:\none\n\ntwo\n\n\n\n" in syslog.lab.started[0].out.read_text()
    assert not (syslog.lab.root / "syslog").exists()


# The reference waits for more than a token's length where there may be a capture.
LONG = "a line that is longer than any of the tokens"
PLAIN = """
printf '\\n\\n'; sleep 0.5
printf '\\033[31mred\\033[0m\\n'; sleep 0.5
echo end; exec sleep 1000
"""
CAPTURED = f"""
printf '<!--XSUPERVISOR:BEGIN-->secret message<!--XSUPERVISOR:END-->'; sleep 0.5
echo {LONG}; exec sleep 1000
"""


@pytest.mark.needs_root
@pytest.mark.contract("A5.25", "A5.24", "A5.27", "A6.47", "A5.13")
def test_what_of_the_output_goes_to_syslog(syslog):
    """What the log would get: no captures and no sequences. The name is that of the process, without its group."""
    syslog.lab.write("plain", PLAIN)
    syslog.lab.write("captured", CAPTURED)
    settings = "startsecs=0\nstdout_syslog=true\nstdout_logfile=NONE\n"
    text = f"[program:a]\ncommand=/bin/sh {{root}}/plain\nprocess_name=one\n{settings}"
    text += f"[program:b]\ncommand=/bin/sh {{root}}/captured\nprocess_name=two\n{settings}stdout_capture_maxbytes=1KB\n"
    syslog.start(text, "strip_ansi=true")
    syslog.wait("one end")
    syslog.wait(LONG)
    said = [line.removeprefix("<14>TIME supervisord: ") for line in syslog.lines()]
    assert sorted(said) == sorted(["one ", "one red", "one end", f"two {LONG}"])
