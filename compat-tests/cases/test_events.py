"""Event listeners: the bytes they get over a whole life, and what a bad answer does.

Long because each kind of event and each wrong answer is a case of its own.
"""

import re
import signal
import sys
import time

import pytest

from daemon import until


def listener(programs, events, script="ok", name="ears", more=""):
    """A pool with the recording listener."""
    command = f"{sys.executable} {programs}/recorder.py {{root}}/{name}.events {script}"
    return f"[eventlistener:{name}]\ncommand={command}\nevents={events}\nbuffer_size=100\nstartsecs=0\n{more}\n"


def events(d, name="ears"):
    """What the listener got, one text per event."""
    return d.lab.read(f"{name}.events").split("\n----\n")[:-1]


def having(d, text, times=1, name="ears"):
    until(f"{text!r} at {name}", lambda: sum(text in event for event in events(d, name)) >= times)


def shown(d, event):
    """An event normalised. Its `len` is checked, then told as if the pid were `PID`."""
    header, _, payload = event.partition("\n")
    assert header.endswith(f" len:{len(payload)}")
    hidden = d.lab.normal(payload)
    return f"{header.removesuffix(str(len(payload)))}{len(hidden)}\n{hidden}\n"


def plain(d, name="ears"):
    """All events, normalised."""
    return "".join(shown(d, event) for event in events(d, name))


@pytest.mark.contract(
    "A6.11", "A6.13", "A6.14", "A6.15", "A6.33", "A6.34", "A6.36", "A6.37", "A6.38", "A6.57", "A6.59", "A6.60", "A6.61",
    "A6.65", "A6.66", "A6.68", "A6.69", "A4.94", "A4.9", "A6.84", "A4.115", "B1.11.11",
)  # fmt: skip
def test_a_calm_life(daemon, recorded, programs):
    text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n"
    states = "PROCESS_STATE,PROCESS_GROUP,SUPERVISOR_STATE_CHANGE"
    d = daemon(text + listener(programs, states)).wait(ears="RUNNING")
    having(d, "eventname:PROCESS_STATE_RUNNING ")
    d.rpc.startProcess("cat")
    d.rpc.stopProcess("cat")
    having(d, "eventname:PROCESS_STATE_STOPPED ")
    d.rpc.removeProcessGroup("cat")
    having(d, "eventname:PROCESS_GROUP_REMOVED ")
    d.rpc.reloadConfig()
    d.rpc.addProcessGroup("cat")
    having(d, "eventname:PROCESS_GROUP_ADDED ", times=3)
    recorded(plain(d))


@pytest.mark.contract("A6.12", "A6.16", "A6.17", "A6.35", "A4.29", "A4.22", "A6.1")
def test_failures(daemon, recorded, programs):
    text = """
[program:bad]
command=/bin/false
startretries=1
startsecs=4
[program:worse]
command=/nonexistent/cmd
startretries=5
autostart=false
[program:odd]
command=/bin/sh -c "sleep 0.3; exit 3"
exitcodes=0
startsecs=0
autorestart=false
autostart=false
[program:even]
command=/bin/sh -c "sleep 0.3; exit 0"
startsecs=0
autorestart=false
autostart=false
"""
    d = daemon(text + listener(programs, "PROCESS_STATE"))
    d.wait(bad="FATAL")
    having(d, "eventname:PROCESS_STATE_FATAL ")
    for name in ("odd", "even"):
        d.rpc.startProcess(name)
        d.wait(**{name: "EXITED"})
    having(d, "eventname:PROCESS_STATE_EXITED ", times=2)
    # Each program's own story; how the stories mix is a matter of moments.
    story = {}
    for event in events(d):
        event = re.sub(r"serial:\d+", "serial:N", shown(d, event))
        story.setdefault(re.search(r"processname:(\w+)", event)[1], []).append(event)
    story.pop("ears")
    recorded("".join(f"== {name}\n" + "".join(story[name]) for name in sorted(story)))


@pytest.mark.contract("A6.21", "A6.22", "A6.42", "A3.53")
def test_output_as_events(daemon, recorded, programs):
    text = """
[program:talk]
command=/bin/sh -c "echo out; sleep 0.2; echo err >&2; exec sleep 1000"
startsecs=0
stdout_events_enabled=true
stderr_events_enabled=true
"""
    d = daemon(text + listener(programs, "PROCESS_LOG"))
    having(d, "PROCESS_LOG_STDERR")
    recorded(plain(d))


@pytest.mark.contract("A6.24", "A6.25", "A6.47", "A6.48", "A6.50", "A5.76", "A10.9")
def test_captured_messages(daemon, recorded, programs):
    begin, end = "<!--XSUPERVISOR:BEGIN-->", "<!--XSUPERVISOR:END-->"
    text = f"""
[program:c]
command=/bin/sh -c "printf 'before {begin}one<!--XSUP'; sleep 0.3; printf 'ERVISOR:END--> after a while, and there is more\\n'; \
printf '{begin}two{end}' >&2; exec sleep 1000"
startsecs=0
stdout_capture_maxbytes=1KB
stderr_capture_maxbytes=1KB
stdout_logfile={{root}}/c.log
"""
    d = daemon(text + listener(programs, "PROCESS_COMMUNICATION"))
    having(d, "PROCESS_COMMUNICATION_STDERR")
    having(d, "PROCESS_COMMUNICATION_STDOUT")
    until("the log", lambda: "there is more" in d.lab.read("c.log"))
    by_kind = sorted(re.sub(r"serial:\d+", "serial:N", event) for event in plain(d).split("ver:3.0")[1:])
    recorded("".join(by_kind) + d.lab.read("c.log"))


@pytest.mark.contract("A6.51", "A7.55", "A10.9")
@pytest.mark.differs("theirs", "A6.51", "keeps all of what comes at once")
def test_a_message_longer_than_its_bound(daemon, programs):
    message = "<!--XSUPERVISOR:BEGIN-->0123456789abcdef<!--XSUPERVISOR:END-->"
    command = f"/bin/sh -c \"printf '{message}'; exec sleep 1000\""
    text = f"[program:c]\ncommand={command}\nstartsecs=0\nstdout_capture_maxbytes=10\n"
    d = daemon(text + listener(programs, "PROCESS_COMMUNICATION"))
    having(d, "PROCESS_COMMUNICATION_STDOUT")
    assert events(d)[0].endswith("\n6789abcdef")


@pytest.mark.contract("A6.26", "A6.54", "B1.6.28", "B1.6.29", "A6.58", "A6.59")
def test_remote_events(daemon, recorded, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("kind", "data")
    d.rpc.sendRemoteCommEvent("two\nlines", "café €\nmore")
    d.rpc.sendRemoteCommEvent("last", "")
    having(d, "type:last")
    recorded(plain(d))


@pytest.mark.contract("A6.58", "A7.20", "A8.24")
@pytest.mark.differs("theirs", "A6.58", "counts characters, and has no such key")
def test_a_listener_that_reads_bytes(daemon, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION", "ok bytes", more="len_unit=bytes")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("first", "café €")
    d.rpc.sendRemoteCommEvent("second", "plain")
    having(d, "type:second")
    headers, payloads = zip(*(event.split("\n", 1) for event in events(d)))
    assert payloads == ("type:first\ncafé €", "type:second\nplain")
    assert [header.rpartition("len:")[2] for header in headers] == ["20", "17"]


@pytest.mark.contract("A6.31", "A6.41")
def test_ticks(daemon, programs):
    d = daemon(listener(programs, "TICK")).wait(ears="RUNNING")
    having(d, "eventname:TICK_5 ", times=1)
    when = re.search(r"len:15\nwhen:(\d+)$", events(d)[-1])
    assert int(when[1]) % 5 == 0
    assert abs(time.time() - int(when[1])) < 60


@pytest.mark.contract("A6.27", "A6.28", "A6.29", "A6.40", "A4.136", "A6.59", "A6.78")
def test_both_ends_of_a_life(daemon, programs):
    d = daemon(listener(programs, "SUPERVISOR_STATE_CHANGE"))
    having(d, "eventname:SUPERVISOR_STATE_CHANGE_RUNNING len:0")
    d.rpc.restart()
    having(d, "eventname:SUPERVISOR_STATE_CHANGE_RUNNING", times=2)
    # The global serial goes on, the pool's starts anew.
    last = events(d)[-1]
    assert " poolserial:0 " in last
    assert int(re.search(r" serial:(\d+)", last)[1]) > 0


@pytest.mark.contract("A10.7", "A6.1", "A4.22", "A4.9", "A4.94", "A4.136", "A6.60", "B1.11.11")
def test_a_whole_life(daemon, recorded, programs):
    """All that one listener of EVENT is told, but ticks and its own doings.

    What is last to stop, and takes its time, is there for the listener's: the reference
    ends that in the moment in which all others have stopped.
    """
    text = """
[program:last]
command=/bin/sh -c "trap 'sleep 1; exit' TERM; while :; do sleep 0.1; done"
startsecs=0
priority=1
[program:good]
command=/bin/cat
startsecs=0
autostart=false
[program:bad]
command=/bin/false
startsecs=60
startretries=1
autostart=false
[program:stubborn]
command=/bin/false
startsecs=60
startretries=9
autostart=false
"""
    ears = listener(programs, "EVENT")
    d = daemon(text + ears).wait(ears="RUNNING", last="RUNNING")
    having(d, "eventname:SUPERVISOR_STATE_CHANGE_RUNNING ")
    d.rpc.startProcess("good")
    d.rpc.stopProcess("good")
    d.rpc.startProcess("good")
    d.rpc.startProcess("bad", False)
    having(d, "processname:bad groupname:bad from_state:BACKOFF", times=2)
    d.rpc.startProcess("stubborn", False)
    # The pause behind it is long enough for a stop to come in between.
    having(d, "processname:stubborn groupname:stubborn from_state:STARTING tries:3")
    d.rpc.stopProcess("stubborn")
    having(d, "processname:stubborn groupname:stubborn from_state:BACKOFF pid:0")
    d.lab.config(text.replace("/bin/cat", "/bin/sleep 1000") + ears)
    d.rpc.reloadConfig()
    d.rpc.stopProcessGroup("good")
    d.rpc.removeProcessGroup("good")
    d.rpc.addProcessGroup("good")
    d.rpc.startProcess("good")
    d.rpc.removeProcessGroup("stubborn")
    having(d, "groupname:stubborn\n", times=2)
    d.signal(signal.SIGHUP)
    having(d, "eventname:SUPERVISOR_STATE_CHANGE_RUNNING ", times=2)
    numbers = [int(re.search(r" poolserial:(\d+) ", event)[1]) for event in events(d)]
    second = numbers.index(0, 1)
    assert numbers == [*range(second), *range(len(numbers) - second)]
    aside = re.compile("eventname:TICK_|processname:(ears|last) ")
    told = [shown(d, event) for event in events(d) if not aside.search(event)]
    recorded(re.sub(r"serial:\d+", "serial:N", "".join(told)))


STATE = re.compile(r"eventname:([PS]\S+) len:\d+\n(?:processname:(\S+) )?")


def states(d):
    """The names of the events that the listener got, a process with its name."""
    return STATE.findall(d.lab.read("ears.events"))


@pytest.mark.contract("A4.93", "A6.15", "A6.29", "A6.40")
def test_the_last_events_reach_a_listener_that_ends_at_sigterm(request, daemon, programs):
    """However fast the way out is: by SIGTERM, by the call, and before a restart."""
    text = "".join(f"[program:p{number}]\ncommand=/bin/cat\nstartsecs=0\npriority={number}\n" for number in range(3))
    text += listener(programs, "SUPERVISOR_STATE_CHANGE_STOPPING,PROCESS_STATE_STOPPED,REMOTE_COMMUNICATION")
    last = [("SUPERVISOR_STATE_CHANGE_STOPPING", "")] + [("PROCESS_STATE_STOPPED", name) for name in ("p2", "p1", "p0")]
    # Each takes the reference seconds.
    rounds = 20 if request.node.callspec.params["target"] == "ours" else 2
    d = daemon(text)
    for number in range(rounds):
        d.wait_log("supervisord started with pid", times=number + 1)
        d.wait(p0="RUNNING", ears="RUNNING").rpc.sendRemoteCommEvent("round", f"of number {number}.")
        having(d, f"of number {number}.")
        [lambda: d.signal(signal.SIGHUP), d.rpc.restart, d.stop][2 if number == rounds - 1 else number % 2]()
    if request.node.callspec.params["target"] == "theirs":
        # The reference ends it a moment later, so it is luck how many of them it has by then.
        ways = re.split(r"eventname:REMOTE_COMMUNICATION ", d.lab.read("ears.events"))[1:]
        heard = [STATE.findall(way) for way in ways]
        assert len(heard) == rounds
        assert heard == [last[: len(way)] for way in heard]
    else:
        assert states(d) == last * rounds


@pytest.mark.contract("A4.93", "A6.40")
@pytest.mark.parametrize("script, least, most", [("ok", 0, 0.7), ("hang", 0.9, 2.5)], ids=["ready", "hangs"])
def test_what_a_listener_costs_the_end(request, daemon, programs, script, least, most):
    if request.node.callspec.params["target"] == "theirs":
        pytest.skip("a loop of seconds")
    text = "[program:p]\ncommand=/bin/cat\nstartsecs=0\n"
    took = []
    while len(took) < 3 and min(took, default=most) >= most:  # A busy machine delays some.
        d = daemon(text + listener(programs, "SUPERVISOR_STATE_CHANGE_STOPPING", script), supervisord="loglevel=debug")
        d.wait_log("ears: ACKNOWLEDGED -> READY", times=len(took) + 1)
        began = time.monotonic()
        assert d.stop() == 0
        took.append(time.monotonic() - began)
        assert states(d) == [("SUPERVISOR_STATE_CHANGE_STOPPING", "")] * len(took)
    assert least < min(took) < most


@pytest.mark.contract("A6.69", "A6.72", "A6.73", "A5.84", "A5.83", "A10.8")
def test_a_rejected_event_comes_again(daemon, recorded, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION", "fail,fail,ok")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    having(d, "type:a", times=3)
    d.rpc.sendRemoteCommEvent("b", "2")
    having(d, "type:b")
    recorded(plain(d) + "\n".join(d.log_lines("rejected")) + "\n")


@pytest.mark.contract("A6.72", "A10.8")
def test_a_listener_that_dies_gives_its_event_back(daemon, recorded, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION", "die", more="autorestart=true\n")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    having(d, "type:a", times=2)
    recorded("".join(f"{event}\n" for event in events(d)[:2]))


@pytest.mark.contract("A6.66", "A6.68", "A6.71", "A5.81", "A5.82")
@pytest.mark.parametrize("script", ["noise,ok", "bad"])
def test_a_listener_that_breaks_the_protocol(daemon, recorded, programs, script):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION", script)).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    d.wait_log("has entered the UNKNOWN state")
    assert d.info("ears")["statename"] == "RUNNING"
    recorded("\n".join(d.log_lines("UNKNOWN", "bad result")) + "\n")


@pytest.mark.contract("A6.69", "A7.72", "A10.8")
@pytest.mark.differs("theirs", "A6.69", "waits for more bytes after an empty result")
def test_an_empty_result_is_a_rejection(daemon, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION", "empty,ok")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    having(d, "type:a")
    # It says nothing more for five seconds.
    d.wait_log("ears: event was rejected", seconds=4)
    having(d, "type:a", times=2)


@pytest.mark.contract("A6.74", "A7.42")
@pytest.mark.differs("theirs", "A6.74", "gives rejected events to other pools of the same priority")
def test_a_rejected_event_stays_in_its_pool(daemon, programs):
    both = listener(programs, "REMOTE_COMMUNICATION", "fail,ok") + listener(programs, "TICK_3600", name="other")
    d = daemon(both).wait(ears="RUNNING", other="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    having(d, "type:a", times=2)
    time.sleep(1.2)
    assert events(d, "other") == []


@pytest.mark.contract("A6.75", "A7.43")
@pytest.mark.differs("theirs", "A6.75", "delivers once per matching entry")
def test_overlapping_subscriptions_deliver_once(daemon, programs):
    d = daemon(listener(programs, "EVENT,REMOTE_COMMUNICATION")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    d.rpc.sendRemoteCommEvent("b", "1")
    having(d, "type:b")
    assert sum("type:a" in event for event in events(d)) == 1


@pytest.mark.contract("A6.70", "A5.88", "A3.71", "A10.8")
def test_a_full_buffer_drops_the_oldest(daemon, recorded, programs):
    text = listener(programs, "REMOTE_COMMUNICATION", "hang").replace("buffer_size=100", "buffer_size=2")
    d = daemon(text).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("n", "0")
    having(d, "type:n")
    # The first is in the listener's hands, two wait, two more push the oldest out.
    for number in range(1, 5):
        d.rpc.sendRemoteCommEvent("n", str(number))
    d.wait_log("overflowed", times=2)
    recorded("\n".join(d.log_lines("overflowed")) + "\n")


@pytest.mark.contract("A6.70", "A5.88")
@pytest.mark.differs("theirs", "A6.70", "has a line for each lost event and never counts them")
def test_the_log_counts_the_events_of_a_burst_that_were_lost(daemon, programs):
    text = listener(programs, "REMOTE_COMMUNICATION", "hang").replace("buffer_size=100", "buffer_size=1")
    d = daemon(text).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("n", "0")
    having(d, "type:n")
    for number in range(1, 151):
        d.rpc.sendRemoteCommEvent("n", str(number))
    assert d.stop() == 0
    lines = d.log_lines("discarding", "events lost")
    assert lines[:-1] == [f"ERRO pool ears event buffer overflowed, discarding event {n}" for n in range(1, 101)]
    # The listener's own event comes back when it ends, and may take the last place (A6.72).
    all_of_them = r"WARN pool ears: events lost because no listener took them in time: (149|150) \(serials 1 to \1\)"
    assert re.fullmatch(all_of_them, lines[-1])


@pytest.mark.contract("A6.37", "A6.70")
@pytest.mark.differs("theirs", "A6.37", "throws away all but buffer_size of them")
def test_the_events_of_the_start_wait_for_a_listener_that_is_slow(daemon, programs):
    """Thirty programs have sixty changes of state, the listener two, and its buffer is for ten."""
    slow = f"/bin/sh -c 'sleep 2; exec {sys.executable} {programs}/recorder.py {{root}}/ears.events'"
    text = f"[eventlistener:ears]\ncommand={slow}\nevents=PROCESS_STATE\nbuffer_size=10\nstartsecs=0\n"
    text += "[program:p]\ncommand=/bin/sleep 1000\nprocess_name=%(process_num)d\nnumprocs=30\nstartsecs=0\n"
    d = daemon(text)
    until("all of them", lambda: len(events(d)) == 62)
    assert [int(re.search(r" serial:(\d+)", event)[1]) for event in events(d)] == list(range(62))
    assert not d.log_lines("overflowed", "events lost")


@pytest.mark.contract("A6.37", "A6.62", "A6.70")
@pytest.mark.differs("theirs", "A6.37", "throws away all but buffer_size of them")
def test_events_wait_for_a_listener_that_is_ready_but_not_running_yet(daemon, programs):
    text = listener(programs, "REMOTE_COMMUNICATION").replace("buffer_size=100", "buffer_size=1")
    d = daemon(text.replace("startsecs=0", "startsecs=2"), supervisord="loglevel=debug")
    d.wait_log("ears: ACKNOWLEDGED -> READY")
    for number in range(20):
        d.rpc.sendRemoteCommEvent("n", str(number))
    until("all of them", lambda: len(events(d)) == 20)
    assert [int(event.rsplit("\n", 1)[1]) for event in events(d)] == list(range(20))
    assert not d.log_lines("overflowed", "events lost")


@pytest.mark.contract("A6.76", "A6.62", "A6.63")
def test_a_pool_shares_its_events(daemon, programs):
    command = f"{sys.executable} {programs}/recorder.py {{root}}/ears%(process_num)d.events"
    d = daemon(f"[eventlistener:ears]\ncommand={command}\nevents=REMOTE_COMMUNICATION\nbuffer_size=100\nstartsecs=0\n"
               "numprocs=2\nprocess_name=%(program_name)s%(process_num)d\n")
    d.wait(**{"ears:ears0": "RUNNING", "ears:ears1": "RUNNING"})
    for number in range(6):
        d.rpc.sendRemoteCommEvent("n", str(number))
    until("all six", lambda: len(events(d, "ears0")) + len(events(d, "ears1")) == 6)
    serials = [int(re.search(r"poolserial:(\d+)", event)[1]) for name in ("ears0", "ears1") for event in events(d, name)]
    assert sorted(serials) == list(range(6))


@pytest.mark.contract("B1.6.27", "A6.61")
def test_stdin_of_a_listener_is_the_event_stream(daemon):
    text = "[eventlistener:l]\ncommand=/bin/sh -c 'exec cat > {root}/stream'\nevents=TICK_3600\nstartsecs=0\n"
    d = daemon(text).wait(l="RUNNING")
    assert d.rpc.sendProcessStdin("l", "raw words\n") is True
    until("the words", lambda: d.lab.read("stream") == "raw words\n")


@pytest.mark.contract("A3.78", "A8.22")
def test_a_listener_with_options_that_mean_nothing(daemon, programs):
    more = "stdout_capture_maxbytes=1KB\nstdout_syslog=true\nstdout_logfile={root}/ears.log\nstderr_capture_maxbytes=1KB\n"
    d = daemon(listener(programs, "REMOTE_COMMUNICATION", more=more)).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a", "1")
    having(d, "type:a")
    until("its log", lambda: d.lab.read("ears.log").startswith("READY\n"))


@pytest.mark.contract("A6.39", "A4.136")
def test_groups_vanish_silently_with_their_daemon(daemon, programs):
    d = daemon(listener(programs, "PROCESS_GROUP") + "[program:cat]\ncommand=/bin/cat\n").wait(ears="RUNNING", cat="RUNNING")
    having(d, "PROCESS_GROUP_ADDED", times=2)
    d.rpc.restart()
    having(d, "PROCESS_GROUP_ADDED", times=4)
    assert d.stop() == 0
    assert sum("PROCESS_GROUP_REMOVED" in event for event in events(d)) == 0


TALKER = """
import sys
from supervisor.childutils import pcomm
pcomm.send(b"out", sys.stdout.buffer)
pcomm.send(b"err", sys.stderr.buffer)
"""
LISTENER = """
from supervisor.childutils import listener
results = [listener.fail]
while True:
    headers, payload = listener.wait()
    with open("heard", "a") as heard:
        heard.write(headers["eventname"] + " " + payload.splitlines()[1] + chr(10))
    (results.pop() if results else listener.ok)()
"""


@pytest.mark.contract("A9.8", "A6.47", "A6.69")
def test_the_helpers_of_python_programs_are_understood(daemon, lab):
    """READY, OK and FAIL of a listener and the tokens of a message, as Supervisor's own helpers write them."""
    lab.write("talker.py", TALKER)
    lab.write("listener.py", LISTENER)
    d = daemon(f"""
[eventlistener:hear]
command={sys.executable} {{root}}/listener.py
directory={{root}}
events=PROCESS_COMMUNICATION
[program:talker]
command={sys.executable} {{root}}/talker.py
autostart=false
autorestart=false
startsecs=0
stdout_capture_maxbytes=100
stderr_capture_maxbytes=100
stdout_logfile={{root}}/talker.out
""").wait(hear="RUNNING")
    d.rpc.startProcess("talker")
    until("three events, one of them again", lambda: len(lab.read("heard").splitlines()) == 3)
    heard = lab.read("heard").splitlines()
    assert set(heard) == {"PROCESS_COMMUNICATION_STDOUT out", "PROCESS_COMMUNICATION_STDERR err"}
    assert heard.count(heard[0]) == 2, heard
    assert len(d.log_lines("hear: event was rejected")) == 1
    assert lab.read("talker.out") == ""
