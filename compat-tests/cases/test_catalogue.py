"""Every line of the activity log and every event, over one life that has it all.

The same configuration and the same steps go to both daemons. What is compared
is the whole log at its lowest level, and every byte that a listener to
everything gets. Several stories run beside each other in a log, because a
client waits and a listener answers when it likes; each is compared in its own
order: the daemon and its processes, the calls, each pool, each program's output.
Long because one life is told in one piece.

What that life cannot have has a case of its own, each with its reason:
* who runs it, and where: A5.30 and A5.36 are root's, A5.37 is about the machine's limits, A5.40 and A5.47 need a user who may not
  enter a folder, A5.71 and A6.18 one who may not signal a child;
* a start of its own: A5.46 and A5.50 are told by who goes into the background, A5.49
  is about a pidfile that the next life would miss;
* a clock that goes backwards (A5.67), or a minute and an hour that pass (A6.31);
* what only one of the two can say: A5.45, A5.85, A5.94 and A5.95 are errors of Python
  code, A5.74 of the reference's log files, A5.77 and A5.90 are about its insides, and
  A5.57 and A5.70 are said by nobody: the kernel and the calls do not let it come to that.
"""

import ast
import re
import signal
import sys
import xmlrpc.client
from collections import defaultdict

import pytest

from daemon import COMMAND_SECS, STOP_SECS, UnixTransport, answers, rpc, until
from normalise import log_lines

ALL_BUT_TICKS = (
    "PROCESS_STATE,PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION,SUPERVISOR_STATE_CHANGE,PROCESS_GROUP"
)
BEGIN, END = "<!--XSUPERVISOR:BEGIN-->", "<!--XSUPERVISOR:END-->"
BY_HAND = "autostart=false\nautorestart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
SLEEP = "exec sleep 1000"

POOLS = {
    "ears": (ALL_BUT_TICKS, "ok", "buffer_size=100\nstdout_logfile=NONE\nstderr_logfile=NONE\n"),
    "grumpy": ("REMOTE_COMMUNICATION", "fail,ok", BY_HAND),
    "broken": ("REMOTE_COMMUNICATION", "bad", BY_HAND),
    "first": ("REMOTE_COMMUNICATION", "hang", BY_HAND + "buffer_size=1\n"),
    "second": ("REMOTE_COMMUNICATION", "hang", BY_HAND + "buffer_size=1\n"),
    "shut": ("REMOTE_COMMUNICATION", "", BY_HAND),
}
# Not heard of before the last moments: its events come when they come, and count.
CLOCK = ("TICK_5", "ok", BY_HAND)
SHUT = '/bin/sh -c "exec 0<&-; echo READY; exec sleep 1000"'

PROGRAMS = {
    "calm": ("/bin/cat", "startsecs=1\n"),
    "bad": ("/bin/sh -c 'sleep 0.3; exit 1'", "startsecs=4\nstartretries=1\n"),
    "trying": ("/bin/sh -c 'sleep 0.3; exit 1'", "startsecs=4\nstartretries=9\n"),
    "even": ("/bin/sh -c 'sleep 0.3; exit 0'", "startsecs=0\nexitcodes=0\n"),
    "odd": ("/bin/sh -c 'sleep 0.3; exit 3'", "startsecs=0\nexitcodes=0\n"),
    "polite": ("/bin/sh -c 'trap \"exit 0\" TERM; echo trapped; while true; do sleep 0.1; done'", "startsecs=0\nexitcodes=0\n"),
    "deaf": ("/bin/sh -c 'trap \"\" TERM; echo trapped; while true; do sleep 1; done'",
             "startsecs=0\nstopwaitsecs=1\nkillasgroup=true\n"),
    "talk": (f"/bin/sh -c \"sleep 0.3; echo café; sleep 0.3; echo err >&2; {SLEEP}\"",
             "startsecs=0\nstdout_events_enabled=true\nstderr_events_enabled=true\n"),
    "bytes": (f"/bin/sh -c \"sleep 0.3; printf '\\\\377\\\\n'; {SLEEP}\"", "startsecs=0\nstdout_events_enabled=true\n"),
    "tell": (f"/bin/sh -c \"sleep 0.3; printf '{BEGIN}message{END}'; sleep 0.3; printf '{BEGIN}another{END}' >&2; {SLEEP}\"",
             "startsecs=0\nstdout_capture_maxbytes=1KB\nstderr_capture_maxbytes=1KB\n"),
}  # fmt: skip
LAST_OF_A_LIFE = "eventname:SUPERVISOR_STATE_CHANGE_STOPPING "
# Lines that come as often as they come.
OFTEN = "received SIGCHLD|stopped monitoring|rebuffering event|epipe occurred"
# What is said about the insides of Python's server (A5.77, A5.90), and what ours says more.
LEFT_OUT = "read event caused by|write event caused by|Medusa|offers Supervisor|events lost because"
EXTRA = """
[program:extra]
command=/bin/cat
autostart=false
stdout_logfile_maxbytes=0
redirect_stderr=true
stderr_logfile={root}/never.log
[program:old]
command=/bin/cat
autostart=false
stdout_logfile=syslog
stderr_logfile=NONE
[fcgi-program:web]
command=/bin/sleep 1000
socket=unix://{root}/web.fcgi
autostart=false
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
"""
# A stranger among the daemon's children.
BEFORE = """
(until test -e {root}/go; do sleep 0.1; done; exit 7) &
"""
WRONG_CALLS = ["no XML", "<?xml version='1.0'?><methodCall><params></params></methodCall>"]
LATE = """
[program:late]
command=/nonexistent/program
startretries=0
"""


def configuration(programs, only=(), pools=POOLS):
    """As above, and an include that matches one file and one that matches none; or `only` some of it."""
    text = ""
    for priority, (name, (events, script, more)) in enumerate(pools.items(), 1):
        if only and name not in only:
            continue
        command = f"{sys.executable} {programs}/recorder.py {{root}}/{name}.events {script}" if script else SHUT
        text += f"[eventlistener:{name}]\ncommand={command}\nevents={events}\nstartsecs=0\npriority={priority}\n{more}\n"
    for name, (command, more) in PROGRAMS.items():
        if only and name not in only:
            continue
        text += f"[program:{name}]\ncommand={command}\n{BY_HAND}{more}\n"
    return text + "[include]\nfiles=first/*.conf nothing/*.conf\n"


class Story:
    """One daemon from its start to its end, and what was told about it on the way."""

    def __init__(self, daemon, programs):
        self.lab, self.programs = daemon.__self__, programs
        self.d = daemon(configuration(programs), supervisord="loglevel=blather", wait=False, before=BEFORE.replace("{root}", str(self.lab.root)))

    def heard(self, text, times=1, name="ears"):
        """Until the listener has it."""
        until(f"{text!r} at {name}", lambda: self.lab.read(f"{name}.events").count(text) >= times)

    def state(self, name, state, times=1):
        """Until the listener knows of a change of state. Asking the daemon would be in its log."""
        event = rf"eventname:PROCESS_STATE_{state} .*\nprocessname:{name} "
        until(f"{name}: {state}", lambda: len(re.findall(event, self.lab.read("ears.events"))) >= times)

    def start(self, *names):
        for name in names:
            self.d.rpc.startProcess(name)
            self.state(name, "RUNNING")

    def stop(self, *names):
        for name in names:
            self.d.rpc.stopProcess(name)
            self.state(name, "STOPPED")

    def events(self):
        """All events, normalised, but for those of a life's very end: who still gets them is luck."""
        shown, ending, ticking = [], False, False
        for event in self.lab.read("ears.events").split("\n----\n")[:-1]:
            header, _, payload = event.partition("\n")
            assert header.endswith(f" len:{len(payload)}")
            ending = ending and " poolserial:0 " not in header
            if not ending and not (ticking and LAST_OF_A_LIFE in header):
                # The pid must not change what is shown of `len`.
                hidden = self.lab.normal(payload)
                if ticking or "processname:clock " in payload:
                    ticking = True
                    header = re.sub(r" serial:\d+", " serial:N", header)
                shown.append(f"{header.removesuffix(str(len(payload)))}{len(hidden)}\n{hidden}\n")
            ending = ending or LAST_OF_A_LIFE in header
        return "".join(shown)


def live(story):
    """The steps. Each waits for what it makes happen, so that both daemons have the same order."""
    d = story.d
    story.state("ears", "RUNNING")
    # Pools: one that rejects, one that breaks the protocol, two that never answer.
    for name in list(POOLS)[1:]:
        story.start(name)
        d.wait_log(f"{name}: ACKNOWLEDGED -> READY")
    for number in range(4):
        d.rpc.sendRemoteCommEvent("kind", f"data {number}")
        story.heard(f"data {number}")
        story.heard(f"data {number}", name="grumpy")
    d.wait_log("broken: has entered").wait_log("overflowed", times=4).wait_log("epipe occurred")
    story.stop(*list(POOLS)[1:])
    # A calm program.
    story.start("calm")
    d.rpc.sendProcessStdin("calm", "words\n")
    d.wait_log("'calm' stdout output")
    d.rpc.signalProcess("calm", "CONT")
    story.stop("calm")
    # Those that fail, and those that end.
    d.rpc.startProcess("bad", False)
    story.state("bad", "FATAL")
    d.rpc.startProcess("trying", False)
    story.state("trying", "BACKOFF", 2)
    story.stop("trying")
    for name in ("even", "odd"):
        story.start(name)
        story.state(name, "EXITED")
    # One that ends by itself when it is asked to, one with a socket, and a stranger that ends.
    story.start("polite")
    d.wait_log("'polite' stdout output")
    story.stop("polite")
    story.start("web")
    story.stop("web")
    story.lab.write("go", "")
    d.wait_log("reaped unknown pid")
    # One that has to be killed, and those that speak.
    story.start("deaf")
    d.wait_log("'deaf' stdout output")
    story.stop("deaf")
    for name, last in (("talk", "PROCESS_LOG_STDERR"), ("bytes", "Undecodable"), ("tell", "COMMUNICATION_STDERR")):
        story.start(name)
        story.heard(last)
        story.stop(name)
    # Calls that go wrong.
    for call in (lambda: d.rpc.startProcess("nosuch"), lambda: d.rpc.stopProcess("calm"), lambda: d.rpc.nosuch()):
        with pytest.raises(Exception, match="BAD_NAME|NOT_RUNNING|UNKNOWN_METHOD"):
            call()
    for body in WRONG_CALLS:
        connection = UnixTransport(d.socket, COMMAND_SECS).make_connection("localhost")
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        assert connection.getresponse().status == 400
    # An update: all but the listener and two programs go, another comes.
    story.lab.write("second/late.conf", LATE)
    conf = story.lab.root / "s.conf"
    conf.write_text(conf.read_text().replace("first/", "second/"))
    d.rpc.reloadConfig()
    for name in [*list(POOLS)[1:], *PROGRAMS, "extra", "old", "web"]:
        if name not in ("calm", "deaf"):
            d.rpc.removeProcessGroup(name)
            story.heard(f"eventname:PROCESS_GROUP_REMOVED len:{len(name) + 11}\ngroupname:{name}\n")
    d.rpc.addProcessGroup("late")
    story.state("late", "FATAL")
    d.rpc.removeProcessGroup("late")
    d.signal(signal.SIGUSR2)
    d.wait_log("logreopen")
    # Emptied, the log is another file; what it said goes on here.
    (story.lab.root / "before.log").hardlink_to(story.lab.root / "supervisord.log")
    d.rpc.clearLog()
    # Down, and up again with less.
    story.start("deaf")
    d.wait_log("'deaf' stdout output")
    story.lab.config(configuration(story.programs, ("ears", "calm")), "loglevel=blather")
    d.signal(signal.SIGHUP)
    story.heard("SUPERVISOR_STATE_CHANGE_RUNNING", 2)
    story.state("ears", "RUNNING", 2)
    # The last to come is one that hears of time.
    story.lab.config(configuration(story.programs, ("ears", "calm", "clock"), {**POOLS, "clock": CLOCK}), "loglevel=blather")
    d.rpc.reloadConfig()
    d.rpc.addProcessGroup("clock")
    story.start("clock")
    story.heard("eventname:TICK_5 ", name="clock")
    d.rpc.shutdown()
    assert d.exit_code() == 0


def records(text):
    """The log's messages, each with all its lines."""
    stamp = r"(?m)^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]{4} )"
    return [record.removesuffix("\n") for record in re.split(stamp, text) if record]


OF_A_POOL = re.compile(rf"^[A-Z]{{4}} (?:(?:pool )?(clock|{'|'.join(POOLS)})(?: event buffer|:) |(?:event \d+ sent|epipe occurred while sending event \d+) to listener (\w+))")
OUTPUT = re.compile(r"\S+ \S+ DEBG '(\w+)' (stdout|stderr) output:\n(.*)\Z", re.DOTALL)


def stories(lab, text):
    """The log taken apart: story -> its messages, in their order."""
    told = defaultdict(list)
    for record in records(text):
        line = "\n".join(log_lines(record, lab.paths()))
        line = re.sub(r"\[\d\d/\w+/\d{4}:[\d:]+ \+0000\]", "[DATE]", line)
        line = re.sub(r"fd \d+ closed, stopped monitoring .*", "fd N closed, stopped monitoring OBJECT", line)
        pool, output = OF_A_POOL.match(line), OUTPUT.match(record)
        if not line or re.search(LEFT_OUT, line):
            continue
        if output:
            # A piece ends where a read ended; a listener's is shown as Python shows bytes (A5.12).
            name, channel, piece = output.groups()
            piece = ast.literal_eval(piece).decode() if name in (*POOLS, "clock") and channel == "stdout" else piece
            told[f"{channel} of {name}"] = ["".join(told[f"{channel} of {name}"]) + piece]
        elif line.startswith("TRAC "):
            told["calls"].append(line)
        elif re.search(OFTEN, line):
            often = "at moments of their own"
            told[often] = sorted({re.sub(r"event \d+ for pool \w+ \(buf size=\d+", "event N for pool P (buf size=N", line), *told[often]})
        elif pool:
            told[f"pool {pool[1] or pool[2]}"].append(line)
        else:
            told["the daemon and its programs"].append(line)
    return told


def text_of(told, events):
    """All stories as one text, without what is a matter of moments."""
    last = re.search(rf" serial:(\d+) .*{LAST_OF_A_LIFE}", events)[1]
    ears = told["pool ears"]
    told["pool ears"] = ears[: ears.index(f"DEBG event {last} sent to listener ears") + 1]
    for name in ("stdout of ears", "stdout of clock", "pool clock"):
        del told[name]
    text = "".join(f"\n== {name}\n" + "\n".join(told[name]).removesuffix("\n") + "\n" for name in sorted(told))
    # A stop that takes no time may come before anybody can say that it is waited for (A5.54, A5.69).
    text = re.sub(r"INFO waiting for (?!deaf to stop|ears, deaf)[\w, ]+ to (stop|die)\n(BLAT \w+ state: \w+\n)*", "", text)
    # The reference says it once more for the standard output.
    text = text.replace("INFO reopening log file\n" * 2, "INFO reopening log file\n")
    return f"{text}\n== what ears heard\n{events}".lstrip()


@pytest.mark.contract(
    "A5.1", "A5.2", "A5.3", "A5.11", "A5.12", "A5.13", "A5.31", "A5.32", "A5.33", "A5.34", "A5.35", "A5.41", "A5.42", "A5.43", "A5.44", "A5.48", "A5.51",
    "A5.52", "A5.53", "A5.54", "A5.55", "A5.56", "A5.60", "A5.61", "A5.62", "A5.63", "A5.64", "A5.65", "A5.66", "A5.68", "A5.69", "A5.72", "A5.73",
    "A5.75", "A5.76", "A5.80", "A5.81", "A5.82", "A5.83", "A5.84", "A5.86", "A5.87", "A5.88", "A5.89", "A5.91", "A5.92", "A5.93",
    "A6.10", "A6.11", "A6.12", "A6.13", "A6.14", "A6.15", "A6.16", "A6.17", "A6.21", "A6.22", "A6.24", "A6.25", "A6.26",
    "A6.28", "A6.29", "A6.31", "A6.33", "A6.34", "A6.35", "A6.36", "A6.37", "A6.38", "A6.40", "A6.46", "A6.56", "A6.57", "A6.59",
    "A6.60", "A6.69", "A6.70", "A6.78", "A6.79", "A7.1",
)  # fmt: skip
@pytest.mark.timeout(200)
def test_a_life_that_has_it_all(daemon, lab, recorded, programs):
    lab.write("first/extra.conf", EXTRA)
    # A folder with the name of a log cannot be cleaned up as one.
    lab.write("childlog/p-stdout---compat-abcdefgh.log/within", "")
    story = Story(daemon, programs)
    live(story)
    log = stories(lab, lab.read("before.log") + lab.read("supervisord.log"))
    ticks = re.sub(r"(serial|when):\d+", r"\1:N", lab.read("clock.events").partition("\n----\n")[0])
    assert re.search(r" poolserial:0 .* len:15\nwhen:\d{9}[05]\Z", lab.read("clock.events").partition("\n----\n")[0])
    recorded(f"{text_of(log, story.events())}\n== what clock heard first\n{ticks}\n")
    # It is what was removed that gets the line about it.
    assert "reopening log file" not in lab.read("supervisord.log")
    # A listener is told of its own stop by nobody (A6.79).
    assert not re.search("PROCESS_STATE_STOPPING .*\nprocessname:ears", story.events())


@pytest.mark.contract("A5.50", "A5.77", "A5.90")
@pytest.mark.differs("ours", "A5.77", "there are no such insides")
def test_what_is_said_about_the_insides_of_a_server(lab):
    """The lowest level tells of forks, dispatchers and the HTTP library; these lines are nobody's interface."""
    conf = lab.config("", "loglevel=blather")
    assert lab.run("supervisord", "-c", str(conf)).code == 0
    pid = int(until("the pidfile", lambda: lab.read("supervisord.pid")))
    until("an answer", lambda: answers(lab.root / "s.sock") == pid)
    log = lab.read("supervisord.log")
    assert "BLAT supervisord forked; parent exiting" in log
    assert "BLAT read event caused by <" in log
    assert "TRAC ROOT/s.sock:Medusa (V1.12) started at" in lab.normal(log).replace("TIME ", "")


@pytest.mark.contract("A5.45", "A5.85", "A6.80", "A3.85")
@pytest.mark.differs("theirs", "A3.85", "runs the Python code that the configuration names")
@pytest.mark.parametrize("section", ["rpcinterface", "eventlistener"])
def test_errors_of_python_code_need_python_code(lab, section):
    """A start is refused that names such code, so no line can tell that it failed."""
    sections = {
        "rpcinterface": "[rpcinterface:x]\nsupervisor.rpcinterface_factory=os:getpid\n",
        "eventlistener": "[eventlistener:x]\ncommand=/bin/cat\nevents=TICK_5\nresult_handler=os:getpid\n",
    }
    daemon = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(lab.config(sections[section])))
    assert daemon.wait(STOP_SECS) == 2
    assert daemon.err.read_text().startswith("Error: os:getpid ")
    assert "Traceback" not in lab.read("supervisord.log")


@pytest.mark.contract("A5.85", "A6.80")
@pytest.mark.differs("ours", "A3.85", "refuses a result handler of somebody else")
def test_a_result_handler_that_fails(daemon, programs):
    command = f"{sys.executable} {programs}/recorder.py {{root}}/ears.events"
    more = "startsecs=0\nresult_handler=os:getpid\n"
    d = daemon(f"[eventlistener:ears]\ncommand={command}\nevents=REMOTE_COMMUNICATION\n{more}").wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    d.wait_log("WARN ears: event caused an error")


@pytest.mark.contract("A5.94", "A5.95")
@pytest.mark.differs("theirs", "A5.94", "answers with HTTP 500 and says so here")
def test_wrong_requests_are_no_errors_of_the_daemon(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nautostart=false\n")
    with pytest.raises(xmlrpc.client.Fault, match="INCORRECT_PARAMETERS"):
        d.rpc.startProcess(5)
    connection = UnixTransport(d.socket, COMMAND_SECS).make_connection("localhost")
    connection.request("GET", "/index.html?action=start")
    assert connection.getresponse().status == 400
    log = d.log()
    for text in ("unexpected exception", "Server Error", "interface error", "CRIT Handling"):
        assert text not in log


@pytest.mark.contract("A5.70")
def test_no_call_starts_what_is_running_already(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    for call in (d.rpc.startProcess, d.rpc.startProcessGroup):
        try:
            call("cat")
        except xmlrpc.client.Fault as fault:
            assert fault.faultString == "ALREADY_STARTED: cat"
    assert d.log_lines("spawned", "already running") == ["INFO spawned: 'cat' with pid PID"]


@pytest.mark.contract("A5.4", "A5.1")
def test_the_log_is_text_that_grows(lab):
    """UTF-8 whatever the locale, appended to what was there, and each line written when it is said."""
    lab.write("supervisord.log", "from an earlier time\n")
    text = "[program:café]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
    d = lab.daemon(text, env={"LC_ALL": "C.UTF-8"}).wait(café="RUNNING")
    d.settle()
    log = (lab.root / "supervisord.log").read_bytes().decode("utf-8")
    assert log.startswith("from an earlier time\n")
    assert "INFO spawned: 'café' with pid" in log
    assert log.endswith("(startsecs)\n")
    assert re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]{4} .*\n)+", log.partition("\n")[2])
    assert d.stop() == 0


@pytest.mark.contract("A5.14")
@pytest.mark.differs("theirs", "A5.14", "writes a traceback for each line, and one for its end")
def test_a_log_that_cannot_be_written(lab):
    """The rest goes on, and standard output tells why."""
    conf = lab.config("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", "logfile_maxbytes=0")
    conf.write_text(conf.read_text().replace(f"logfile={lab.root}/supervisord.log", "logfile=/dev/full", 1))
    daemon = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the program", lambda: "success: cat entered RUNNING" in daemon.out.read_text())
    assert rpc(lab.root / "s.sock").supervisor.getState()["statename"] == "RUNNING"
    daemon.terminate()
    assert daemon.wait(STOP_SECS) == 0
    assert daemon.out.read_text().count("No space left on device") == 1
    left = r"(waiting for disk or syslog: \d+ bytes for 1 log may be lost\n)?(\d+ bytes for 1 log could not be written\n)?"
    assert re.fullmatch(left, daemon.err.read_text())


@pytest.mark.contract("A5.22")
def test_two_programs_may_share_a_log_that_is_not_rotated(daemon):
    """With rotation one would write on into a file that the other has moved away."""
    text = ""
    for name in ("one", "two"):
        command = f"/bin/sh -c 'for n in $(seq 500); do echo {name} $n; done; exec sleep 1000'"
        text += f"[program:{name}]\ncommand={command}\nstartsecs=0\nstdout_logfile={{root}}/both\nstdout_logfile_maxbytes=0\n"
    d = daemon(text)
    until("all lines", lambda: d.lab.read("both").count("\n") == 1000)
    expected = {f"{name} {n}" for name in ("one", "two") for n in range(1, 501)}
    # Reads end where they like, also within a line; not a byte is lost.
    assert sorted(d.lab.read("both")) == sorted("".join(f"{line}\n" for line in expected))


@pytest.mark.needs_root
@pytest.mark.contract("A5.47")
def test_a_folder_that_the_daemon_may_not_enter(lab, recorded):
    (lab.root / "closed").mkdir(mode=0o700)
    lab.root.chmod(0o777)
    conf = lab.config("", "directory={root}/closed")
    conf.write_text(conf.read_text().replace("user=root", "user=nobody"))
    assert lab.run("supervisord", "-c", str(conf)).code == 0
    until("an answer", lambda: answers(lab.root / "s.sock"))
    until("the line", lambda: "closed" in lab.read("supervisord.log"))
    recorded("\n".join(line for line in log_lines(lab.read("supervisord.log"), lab.paths()) if "closed" in line) + "\n")


@pytest.mark.needs_root
@pytest.mark.contract("A5.40")
def test_a_folder_of_logs_that_cannot_be_looked_at(lab):
    lab.root.chmod(0o777)
    (lab.root / "childlog").chmod(0o333)
    conf = lab.config("")
    conf.write_text(conf.read_text().replace("user=root", "user=nobody"))
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))
    assert log_lines(lab.read("supervisord.log"), lab.paths()).count("WARN Could not clear childlog dir") == 1


@pytest.mark.contract("A5.92", "A7.77")
@pytest.mark.differs("theirs", "A7.77", "takes the word in an address for an error of its own")
def test_an_address_with_the_word_error_in_it(daemon):
    d = daemon("", supervisord="loglevel=trace")
    connection = UnixTransport(d.socket, COMMAND_SECS).make_connection("localhost")
    connection.request("GET", "/no-error.html")
    assert connection.getresponse().status == 404
    d.wait_log("/no-error.html")
    assert [line[:4] for line in d.log_lines("/no-error.html")] == ["TRAC"]


@pytest.mark.contract("A5.7", "A7.25")
@pytest.mark.parametrize("words, times", [([], 2), (["-s"], 1)], ids=["echoed", "silent"])
def test_a_log_that_is_the_standard_output(lab, words, times):
    """The echo to the terminal comes on top of it."""
    conf = lab.config("", "logfile_maxbytes=0")
    conf.write_text(conf.read_text().replace(f"logfile={lab.root}/supervisord.log", "logfile=/dev/stdout", 1))
    daemon = lab.spawn(lab.target.program("supervisord"), "-n", *words, "-c", str(conf))
    until("an answer", lambda: answers(lab.root / "s.sock"))
    daemon.terminate()
    assert daemon.wait(STOP_SECS) == 0
    for line in ("supervisord started with pid", "received SIGTERM indicating exit request"):
        assert daemon.out.read_text().count(line) == times
