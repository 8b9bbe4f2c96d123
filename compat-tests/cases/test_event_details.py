"""What the contract says of events in half a sentence: the order of pools, who gets what, and what no event tells."""

import re
import sys

import pytest

from daemon import until
from test_events import events, having, listener

BEGIN, END = "<!--XSUPERVISOR:BEGIN-->", "<!--XSUPERVISOR:END-->"


def number(event, name="serial"):
    return int(re.search(rf" {name}:(\d+)", event)[1])


def headers(d, name="ears"):
    return [event.partition("\n")[0] for event in events(d, name)]


def program(script, more=""):
    """A program that runs a script of a shell once."""
    return f"[program:p]\ncommand=/bin/sh {{root}}/script\nstartsecs=0\nautostart=false\nautorestart=false\n{more}", script


def run(daemon, lab, described, ears):
    """Runs that program with listeners there, until it has ended."""
    text, script = described
    lab.write("script", script)
    d = daemon(text + ears).wait(ears="RUNNING")
    d.rpc.startProcess("p", False)
    return d.wait(p="EXITED")


def last_is_heard(d):
    """Once this one has come, nothing from before is still to come."""
    d.rpc.sendRemoteCommEvent("the", "end")
    having(d, "type:the\nend")


@pytest.mark.contract("A6.1", "A3.77")
def test_names_of_events_in_small_letters(daemon, programs):
    d = daemon(listener(programs, "remote_communication,Process_Group")).wait(ears="RUNNING")
    last_is_heard(d)
    kinds = [re.search(r"eventname:(\S+)", header)[1] for header in headers(d)]
    assert kinds == ["PROCESS_GROUP_ADDED", "REMOTE_COMMUNICATION"]


@pytest.mark.contract("A6.37", "A6.33")
def test_a_pool_does_not_hear_of_groups_that_were_there_before_it(daemon, programs):
    cat = "[program:{}]\ncommand=/bin/cat\npriority={}\n"
    ears = listener(programs, "PROCESS_GROUP,REMOTE_COMMUNICATION", more="priority=5\n")
    d = daemon(cat.format("before", 1) + cat.format("behind", 9) + ears).wait(ears="RUNNING")
    last_is_heard(d)
    assert re.findall(r"groupname:(\w+)\n", d.lab.read("ears.events")) == ["ears", "behind"]


def overflows(d):
    return [line.split()[2] for line in d.log_lines("event buffer overflowed")]


@pytest.mark.contract("A6.56", "A6.59", "A6.61", "A6.70")
def test_pools_hear_in_the_order_in_which_they_were_made(daemon, programs):
    """Told by the lines about what their full buffers lose."""
    names = {"middle": 20, "last": 30, "first": 10}
    text = "".join(
        listener(programs, "REMOTE_COMMUNICATION", "hang", name, f"priority={priority}\n").replace("=100", "=1")
        for name, priority in names.items()
    )
    d = daemon(text, supervisord="loglevel=debug")
    # Ours keeps what comes before that in a queue without such a bound.
    d.wait_log("ACKNOWLEDGED -> READY", times=3)
    d.rpc.sendRemoteCommEvent("n", "0")
    for name in names:
        having(d, "type:n\n0", name=name)
    for data in "12":
        d.rpc.sendRemoteCommEvent("n", data)
    d.wait_log("event buffer overflowed", times=3)
    assert overflows(d) == ["first", "middle", "last"]
    # The same event has one number in all of them.
    assert {tuple(map(number, headers(d, name))) for name in names} == {(0,)}
    # One that is made anew is the last, whatever its priority says; who has room loses nothing.
    d.rpc.stopProcess("first")
    d.rpc.removeProcessGroup("first")
    d.rpc.addProcessGroup("first")
    d.wait_log("ACKNOWLEDGED -> READY", times=4)
    d.rpc.sendRemoteCommEvent("n", "3")
    having(d, "type:n\n3", name="first")
    before = len(overflows(d))
    for data in "45":
        d.rpc.sendRemoteCommEvent("n", data)
    d.wait_log("event buffer overflowed", times=before + 5)
    assert overflows(d)[before:] == ["middle", "last", "middle", "last", "first"]


@pytest.mark.contract("A6.60", "A6.59")
def test_a_pool_that_is_made_anew_counts_anew(daemon, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION")).wait(ears="RUNNING")
    for data in "ab":
        d.rpc.sendRemoteCommEvent("n", data)
    having(d, "type:n\nb")
    d.rpc.stopProcess("ears")
    d.rpc.removeProcessGroup("ears")
    d.rpc.sendRemoteCommEvent("n", "nobody counts this")
    d.rpc.addProcessGroup("ears")
    d.wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("n", "c")
    having(d, "type:n\nc")
    assert [(number(header), number(header, "poolserial")) for header in headers(d)] == [(0, 0), (1, 1), (2, 0)]


@pytest.mark.contract("A6.55")
def test_what_nobody_subscribes_to_has_no_number(daemon, programs):
    d = daemon(listener(programs, "REMOTE_COMMUNICATION") + "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    d.wait(ears="RUNNING", cat="RUNNING")
    d.rpc.sendRemoteCommEvent("n", "a")
    d.rpc.stopProcess("cat")
    d.rpc.startProcess("cat")
    d.rpc.sendRemoteCommEvent("n", "b")
    having(d, "type:n\nb")
    assert [number(header) for header in headers(d)] == [0, 1]


@pytest.mark.contract("A6.62", "A6.63", "A6.76")
def test_each_listener_of_a_pool_gets_one_event_in_the_order_of_processes(daemon, programs):
    command = f"{sys.executable} {programs}/recorder.py {{root}}/ears%(process_num)d.events hang"
    d = daemon(f"[eventlistener:ears]\ncommand={command}\nevents=REMOTE_COMMUNICATION\nstartsecs=0\nnumprocs=2\n"
               "process_name=%(process_num)d\n", supervisord="loglevel=debug")  # fmt: skip
    d.wait_log("ACKNOWLEDGED -> READY", times=2)
    for data in "abc":
        d.rpc.sendRemoteCommEvent("n", data)
    for name, data in (("ears0", "a"), ("ears1", "b")):
        having(d, f"type:n\n{data}", name=name)
    # The third goes to who is the first to be there again.
    d.rpc.stopProcess("ears:1")
    d.rpc.startProcess("ears:1")
    having(d, "type:n\nb", times=2, name="ears1")
    assert [len(events(d, name)) for name in ("ears0", "ears1")] == [1, 2]


@pytest.mark.contract("A6.11", "A6.14", "A6.15", "A6.17", "A6.34", "A6.35")
def test_changes_that_begin_elsewhere(daemon, programs):
    """A stop amid the start, and a start of what was given up."""
    text = "[program:slow]\ncommand=/bin/sleep 1000\nstartsecs=60\nautostart=false\n"
    text += "[program:bad]\ncommand=/bin/false\nstartsecs=60\nstartretries=0\nautostart=false\n"
    d = daemon(text + listener(programs, "PROCESS_STATE,REMOTE_COMMUNICATION")).wait(ears="RUNNING")
    d.rpc.startProcess("slow", False)
    pid = d.info("slow")["pid"]
    d.rpc.stopProcess("slow")
    for times in (1, 2):
        d.rpc.startProcess("bad", False)
        having(d, "processname:bad groupname:bad from_state:BACKOFF", times=times)
    last_is_heard(d)
    told = [re.search(r"eventname:PROCESS_STATE_(\w+) .*\nprocessname:(slow|bad) groupname:\2 (.*)$", event) for event in events(d)]
    changes = {name: [f"{one[1]} {one[3]}" for one in told if one and one[2] == name] for name in ("slow", "bad")}
    assert changes["slow"] == [
        "STARTING from_state:STOPPED tries:0",
        f"STOPPING from_state:STARTING pid:{pid}",
        f"STOPPED from_state:STOPPING pid:{pid}",
    ]
    again = ["BACKOFF from_state:STARTING tries:1", "FATAL from_state:BACKOFF"]
    assert changes["bad"] == ["STARTING from_state:STOPPED tries:0", *again, "STARTING from_state:FATAL tries:0", *again]


@pytest.mark.contract("A6.39", "A6.55")
def test_the_removal_of_a_pool_is_told_to_the_others_alone(daemon, programs):
    d = daemon(listener(programs, "PROCESS_GROUP,REMOTE_COMMUNICATION", name="gone") + listener(programs, "PROCESS_GROUP,REMOTE_COMMUNICATION"))
    d.wait(ears="RUNNING", gone="RUNNING")
    having(d, "GROUP_ADDED", name="gone")
    d.rpc.stopProcess("gone")
    d.rpc.removeProcessGroup("gone")
    d.rpc.addProcessGroup("gone")
    d.wait(gone="RUNNING")
    last_is_heard(d)
    having(d, "type:the\nend", name="gone")
    assert sum("GROUP_REMOVED" in event for event in events(d)) == 1
    assert sum("GROUP_REMOVED" in event for event in events(d, "gone")) == 0


# Has its first event until told to go on, rejects it, and takes all others.
GATE = """
import os, re, sys, time
first = True
while True:
    os.write(1, b"READY\\n")
    header = b""
    while not header.endswith(b"\\n"):
        header += os.read(0, 1) or sys.exit()
    payload = os.read(0, int(re.search(rb"len:(\\d+)", header)[1]))
    with open("heard", "ab") as heard:
        heard.write(payload.split(b"\\n")[1] + b"\\n")
    while first and not os.path.exists("go"):
        time.sleep(0.02)
    os.write(1, b"RESULT 2\\nNO" if first else b"RESULT 2\\nOK")
    first = False
"""


@pytest.mark.contract("A6.69", "A6.70", "A5.88")
def test_an_event_that_comes_back_to_a_full_buffer_costs_the_next_oldest(daemon, lab):
    lab.write("gate.py", GATE)
    d = daemon(f"[eventlistener:ears]\ncommand={sys.executable} -S {{root}}/gate.py\ndirectory={{root}}\n"
               "events=REMOTE_COMMUNICATION\nstartsecs=0\nbuffer_size=2\n", supervisord="loglevel=debug")  # fmt: skip
    # Ours keeps what comes before that in a queue without such a bound.
    d.wait_log("ears: ACKNOWLEDGED -> READY")
    d.rpc.sendRemoteCommEvent("n", "0")
    until("the first", lambda: lab.read("heard") == "0\n")
    for data in "12":
        d.rpc.sendRemoteCommEvent("n", data)
    lab.write("go", "")
    until("what is left", lambda: lab.read("heard").endswith("2\n"))
    assert lab.read("heard") == "0\n0\n2\n"
    lost = d.log_lines("event buffer overflowed")
    assert [line.rsplit(" ", 1)[1] for line in lost] == ["1"]


@pytest.mark.contract("A6.71", "A6.68", "A5.81")
def test_who_broke_the_protocol_is_deaf_until_it_is_spawned_again(daemon, programs):
    text = listener(programs, "REMOTE_COMMUNICATION", "bad", more="stdout_logfile={root}/said\n")
    d = daemon(text).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("n", "a")
    # It goes on as if nothing had been; what it says is in its log, and does nothing.
    said = "READY\nRESULT many\nREADY\n"
    until("all that it says", lambda: d.lab.read("said") == said)
    d.rpc.sendRemoteCommEvent("n", "b")
    d.rpc.stopProcess("ears")
    assert len(events(d)) == 1
    d.rpc.startProcess("ears")
    until("the same again", lambda: d.lab.read("said") == said * 2)
    # What was rejected comes again, and in vain again.
    assert [event.rsplit("\n", 1)[1] for event in events(d)] == ["a", "a"]
    assert len(d.log_lines("entered the UNKNOWN")) == 2


@pytest.mark.contract("A6.42", "A6.46")
def test_output_is_an_event_for_each_read_and_only_where_asked_for(daemon, lab, programs):
    described = program("printf 'two\\nlines'\necho err >&2\nsleep 0.5\nprintf '\\377\\n'\n", "stdout_events_enabled=true\n")
    d = run(daemon, lab, described, listener(programs, "PROCESS_LOG,REMOTE_COMMUNICATION"))
    last_is_heard(d)
    told = [event.split("channel:", 1)[1] for event in events(d)[:-1]]
    assert told == ["stdout\ntwo\nlines", "stdout\nUndecodable: b'\\xff\\n'"]


@pytest.mark.contract("A6.42")
def test_output_of_nothing_but_colours_is_an_event_without_data(daemon, lab, programs):
    text, script = program("printf '\\033[31m'\nsleep 0.5\nprintf 'a\\033[0mb'\n", "stdout_events_enabled=true\n")
    lab.write("script", script)
    d = daemon(text + listener(programs, "PROCESS_LOG,REMOTE_COMMUNICATION"), supervisord="strip_ansi=true")
    d.wait(ears="RUNNING").rpc.startProcess("p", False)
    d.wait(p="EXITED")
    last_is_heard(d)
    assert [event.split("channel:", 1)[1] for event in events(d)[:-1]] == ["stdout\n", "stdout\nab"]


@pytest.mark.contract("A6.43", "A6.44", "A8.20")
def test_errors_that_are_redirected_are_output(daemon, lab, programs):
    more = "redirect_stderr=true\nstdout_events_enabled=true\nstdout_capture_maxbytes=1KB\n"
    described = program(f"printf '{BEGIN}message{END}' >&2\nsleep 0.5\n", more)
    d = run(daemon, lab, described, listener(programs, "PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION"))
    last_is_heard(d)
    told = [re.sub(r"pid:\d+", "pid:N", event.split("eventname:", 1)[1]) for event in events(d)[:-1]]
    # What is between the tokens is a log event too, the tokens are not (A6.44).
    assert [re.sub(r" len:\d+", "", one) for one in told] == [
        "PROCESS_LOG_STDOUT\nprocessname:p groupname:p pid:N channel:stdout\nmessage",
        "PROCESS_COMMUNICATION_STDOUT\nprocessname:p groupname:p pid:N\nmessage",
    ]


SPEAKER = f"""
printf '{BEGIN}out{END}'
printf '{BEGIN}err{END}' >&2
exec sleep 1000
"""


@pytest.mark.contract("A6.45", "A6.38", "A3.78")
def test_only_what_a_listener_says_on_stderr_is_an_event(daemon, lab, programs):
    lab.write("speaker", SPEAKER)
    more = "".join(f"{channel}_events_enabled=true\n{channel}_capture_maxbytes=1KB\n" for channel in ("stdout", "stderr"))
    text = f"[eventlistener:speaker]\ncommand=/bin/sh {{root}}/speaker\nevents=TICK_3600\nstartsecs=0\nautostart=false\n{more}"
    d = daemon(text + listener(programs, "PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION")).wait(ears="RUNNING")
    d.rpc.startProcess("speaker")
    d.wait_log("entered the UNKNOWN")
    having(d, "eventname:PROCESS_COMMUNICATION")
    last_is_heard(d)
    kinds = [re.search(r"eventname:(\S+)", header)[1] for header in headers(d)]
    assert kinds == ["PROCESS_LOG_STDERR", "PROCESS_COMMUNICATION_STDERR", "REMOTE_COMMUNICATION"]
    assert all("processname:speaker groupname:speaker" in event for event in events(d)[:2])


@pytest.mark.contract("A6.47", "A6.48", "A6.50")
def test_the_other_token_is_plain_text(daemon, lab, programs):
    """Cut everywhere: each byte is a write of its own, and most are reads of their own."""
    said = f"{END} outside {BEGIN}one {BEGIN} more{END}{END}{BEGIN}{END}<!--XSUPERVISOR:BEGUN--> and some more"
    script = f"import os, time\nfor byte in {said.encode()!r}:\n    os.write(1, bytes([byte]))\n    time.sleep(0.002)\n"
    lab.write("drip.py", script)
    more = "stdout_capture_maxbytes=1KB\nstdout_logfile={root}/p.log\n"
    described = program(f"{sys.executable} -S {{root}}/drip.py\n# enough behind it\necho '{'x' * 30}'\n", more)
    d = run(daemon, lab, described, listener(programs, "PROCESS_COMMUNICATION,REMOTE_COMMUNICATION"))
    last_is_heard(d)
    assert [event.split("\n", 2)[2] for event in events(d)[:-1]] == [f"one {BEGIN} more", ""]
    # Theirs may hold back what could still be the beginning of a token, and lose it.
    assert d.lab.read("p.log").startswith(f"{END} outside {END}<!--XSUPERVISOR:BEGUN--> and some more")


@pytest.mark.contract("A6.52")
def test_a_message_without_an_end_is_lost_with_its_process(daemon, lab, programs):
    more = "stdout_capture_maxbytes=1KB\nstdout_logfile={root}/p.log\n"
    script = f"printf '{'before ' * 9}{BEGIN}half of a message that is long enough to be taken'\n"
    d = run(daemon, lab, program(script, more), listener(programs, "PROCESS_COMMUNICATION,REMOTE_COMMUNICATION"))
    # The next life begins outside of a message.
    lab.write("script", f"printf '{END} {'again ' * 9}{BEGIN}two{END}'\n")
    d.rpc.startProcess("p", False)
    having(d, "\ntwo")
    last_is_heard(d)
    assert [event.split("\n", 2)[2] for event in events(d)[:-1]] == ["two"]
    assert lab.read("p.log") == "before " * 9 + f"{END} " + "again " * 9


@pytest.mark.contract("A6.81", "A4.63")
def test_the_environment_of_a_listener_has_no_password(lab):
    text = "[eventlistener:ears]\ncommand=/bin/sh -c 'env > {root}/env; exec sleep 1000'\nevents=TICK_3600\nstartsecs=0\n"
    conf = lab.config(text)
    conf.write_text(conf.read_text().replace("/s.sock\n", "/s.sock\nusername=me\npassword=secret\n", 1))
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the environment", lambda: "SUPERVISOR_ENABLED" in lab.read("env") and lab.read("env").endswith("\n"))
    names = dict(line.split("=", 1) for line in lab.read("env").splitlines() if line.startswith("SUPERVISOR_"))
    assert names == {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_SERVER_URL": f"unix://{lab.root}/s.sock",
        "SUPERVISOR_PROCESS_NAME": "ears",
        "SUPERVISOR_GROUP_NAME": "ears",
    }


@pytest.mark.contract("A6.57", "A6.82", "A6.34")
def test_an_identifier_with_blanks_is_not_quoted_in_a_header(lab):
    """Helpers that split at blanks stumble over it; it is sent as it is."""
    text = "[eventlistener:ears]\ncommand=/bin/sh -c 'echo READY; exec cat > {root}/stream'\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n"
    d = lab.daemon(text, args=("-i", "two words")).wait(ears="RUNNING")
    d.rpc.sendRemoteCommEvent("a b:c", "d e")
    until("the event", lambda: lab.read("stream").endswith("d e"))
    assert lab.read("stream") == (
        "ver:3.0 server:two words serial:0 pool:ears poolserial:0 eventname:REMOTE_COMMUNICATION len:14\ntype:a b:c\nd e"
    )
