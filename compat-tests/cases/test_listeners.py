"""Listeners that are not ours: one in C that counts bytes, and what others may say."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daemon import until


@pytest.fixture(scope="session")
def in_c(tmp_path_factory):
    """The listener in C, compiled."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("needs a C compiler")
    program = tmp_path_factory.mktemp("c") / "listener"
    source = Path(__file__).resolve().parent.parent / "programs" / "listener.c"
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-o", str(program), str(source)], check=True)
    return program


def pool(program, words="", more=""):
    command = f"{program} {{root}}/heard {words}"
    return (
        f"[eventlistener:c]\ncommand={command}\nstartsecs=0\nautorestart=false\nbuffer_size=100\n{more}"
        "events=REMOTE_COMMUNICATION,PROCESS_COMMUNICATION,PROCESS_LOG,PROCESS_STATE_EXITED\n"
    )


# Says one thing after the other: each once the listener has heard the one before.
TALK = """
heard() { until grep -q "$1" {root}/heard; do sleep 0.05; done; }
echo a line of more than twenty-four bytes; heard "a line of"
echo err >&2; heard '^err'
printf '<!--XSUPERVISOR:BEGIN-->a message<!--XSUPERVISOR:END-->'; heard 'a message'
exit 3
"""
TALKER = """
[program:talk]
command=/bin/sh {root}/talk
autostart=false
autorestart=false
startsecs=0
stdout_events_enabled=true
stderr_events_enabled=true
stdout_capture_maxbytes=1KB
"""


@pytest.mark.contract(
    "A6.16", "A6.21", "A6.22", "A6.24", "A6.26", "A6.57", "A6.61", "A6.64", "A6.66", "A6.68", "A6.69", "A6.77", "A6.84"
)
@pytest.mark.parametrize("words", ["", "drip"], ids=["whole", "drip"])
def test_a_listener_in_c(lab, daemon, recorded, in_c, words):
    """It answers whole, or one byte at a time, so that every token is cut everywhere."""
    lab.write("talk", TALK)
    d = daemon(pool(in_c, words) + TALKER).wait(c="RUNNING")
    d.rpc.sendRemoteCommEvent("small", "data\nof two lines\n")
    d.rpc.sendRemoteCommEvent("large", "x" * 300_000)
    d.rpc.sendRemoteCommEvent("empty", "")
    d.rpc.startProcess("talk")
    until("the last event", lambda: re.search(r"PROCESS_STATE_EXITED .*\n.*\n----\n\Z", d.lab.read("heard")))
    assert d.info("c")["statename"] == "RUNNING"
    text = d.lab.normal(d.lab.read("heard")).replace("x" * 300_000, "(300000 times x)")
    recorded(re.sub(r" len:(\d+)\nprocessname", " len:N\nprocessname", text))


@pytest.mark.contract("A6.58", "A8.24")
@pytest.mark.parametrize(
    "more, status", [("", "STEP LOST"), ("len_unit=bytes\n", "RUNNING")], ids=["characters", "bytes"]
)
def test_bytes_are_counted_when_asked_for(request, daemon, in_c, more, status):
    if more and request.node.callspec.params["target"] == "theirs":
        pytest.skip("a key of ours")
    d = daemon(pool(in_c, more=more)).wait(c="RUNNING")
    for data in ("café €", "plain", "the end"):
        d.rpc.sendRemoteCommEvent("kind", data)
    if status == "RUNNING":
        until("the end", lambda: d.lab.read("heard").endswith("type:kind\nthe end\n----\n"))
        assert re.findall(r"len:(\d+)\n", d.lab.read("heard")) == ["19", "15", "17"]
    else:
        # What is left of the first event is taken for a header.
        until("the listener to lose its step", lambda: d.info("c")["exitstatus"] == 3)


# What a listener says, in the words of a shell. HEAR takes an event, as far as its header goes;
# ASKED has said that it is ready, and then heard one.
HEAR = "read header"
ASKED = f"printf 'READY\\n'; {HEAR}; "
SHUT = "exec 0<&-; "
CONVERSATIONS = {
    "ready_in_two_pieces": ("printf REA; sleep 0.3; printf 'DY\\n'", "-> READY"),
    "ready_twice": ("printf 'READY\\nREADY\\n'", "entered the UNKNOWN"),
    "ready_in_small_letters": ("printf 'ready\\n'", "entered the UNKNOWN"),
    "less_than_a_word_and_more": ("printf 'READ\\n'; sleep 0.3; printf 'Y'", "entered the UNKNOWN"),
    "words_while_it_is_ready": ("printf 'READY\\n'; sleep 0.3; printf 'hello'", "entered the UNKNOWN"),
    "a_result_before_it_is_asked": ("printf 'READY\\nRESULT 2\\nOK'", "entered the UNKNOWN"),
    "a_result_in_pieces": (f"{ASKED}printf 'RES'; sleep 0.3; printf 'ULT 2\\nO'; sleep 0.3; printf 'K'", "was processed"),
    "a_result_and_ready": (f"{ASKED}printf 'RESULT 2\\nOKREADY\\n'; {HEAR}", "was processed"),
    "another_result": (f"{ASKED}printf 'RESULT 7\\nPERHAPS'", "was rejected"),
    "more_than_ok": (f"{ASKED}printf 'RESULT 3\\nOK\\n'", "was rejected"),
    "less_than_ok": (f"{ASKED}printf 'RESULT 1\\nOK'", "was rejected"),
    "blanks_around_the_number": (f"{ASKED}printf 'RESULT  2 \\nOK'", "was processed"),
    "signs_and_zeros": (f"{ASKED}printf 'RESULT +02\\nOK'", "was processed"),
    "underscores": (f"{ASKED}printf 'RESULT 0_2\\nOK'", "was processed"),
    "less_than_nothing": (f"{ASKED}printf 'RESULT -0\\nREADY\\n'", "was rejected"),
    "an_ear_that_is_shut": (f"{SHUT}printf 'READY\\n'", "listener state unchanged"),
    "no_number": (f"{ASKED}printf 'RESULT two\\nOK'", "entered the UNKNOWN"),
    "a_number_with_a_point": (f"{ASKED}printf 'RESULT 2.0\\nOK'", "entered the UNKNOWN"),
    "nothing_behind_the_word": (f"{ASKED}printf 'RESULT \\nOK'", "entered the UNKNOWN"),
    "an_empty_line": (f"{ASKED}printf '\\n\\n'", "entered the UNKNOWN"),
    "carriage_returns": (f"{ASKED}printf 'RESULT 2\\r\\nOK'", "was processed"),
    "bytes_that_are_no_text": (f"{ASKED}printf '\\377\\376\\n'", "entered the UNKNOWN"),
}  # fmt: skip


@pytest.mark.contract("A6.62", "A6.65", "A6.66", "A6.67", "A6.68", "A6.69", "A6.71", "A6.77", "A5.80", "A5.81", "A5.82", "A5.89", "A10.8")
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations(daemon, recorded, name):
    """What the log tells of the listener's states."""
    said, last = CONVERSATIONS[name]
    text = "[eventlistener:ears]\ncommand=/bin/sh {root}/says\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n"
    (daemon.__self__.root / "says").write_text(f"{said}\nexec sleep 1000\n")
    d = daemon(text, supervisord="loglevel=debug").wait(ears="RUNNING")
    if HEAR in said or SHUT in said:
        d.wait_log("ears: ACKNOWLEDGED -> READY")
        d.rpc.sendRemoteCommEvent("kind", "data")
    d.wait_log(last)
    told = d.log_lines("ears: ", "sent to listener", "epipe")
    recorded("\n".join(told[: [last in line for line in told].index(True) + 1]) + "\n")


# Answers its first event unread, and the others when it has read them.
HASTY = """
import os, re, select, time
events = open(0, "rb", closefd=False)
os.write(1, b"READY\\n")
select.select([0], [], [])
os.write(1, b"RESULT 2\\nOKREADY\\n")
while not os.path.exists("go"):
    time.sleep(0.05)
for number in range(3):
    header = events.readline()
    payload = events.read(int(re.search(rb"len:(\\d+)", header)[1]))
    with open("heard", "ab") as heard:
        heard.write(b" ".join([*re.findall(rb" serial:(\\d+)", header), payload.split(b"\\n")[0]]) + b"\\n")
    if number:
        os.write(1, b"RESULT 2\\nOKREADY\\n")
"""


@pytest.mark.contract("A6.64", "A7.41", "A6.63")
@pytest.mark.differs("theirs", "A6.64", "ends")
def test_a_listener_that_reads_late_gets_all_events(lab, daemon):
    """What it has not read yet is more than is kept for a program that does not read at all."""
    lab.write("hasty.py", HASTY)
    command = f"{sys.executable} -S {{root}}/hasty.py"
    d = daemon(f"[eventlistener:late]\ncommand={command}\ndirectory={{root}}\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n",
               supervisord="loglevel=debug")  # fmt: skip
    for number in range(3):
        d.wait_log("late: ACKNOWLEDGED -> READY", times=min(number + 1, 2))
        d.rpc.sendRemoteCommEvent(f"big{number}", "x" * 3_000_000)
    lab.write("go", "")
    until("all three", lambda: lab.read("heard").count("\n") == 3)
    assert lab.read("heard") == "0 type:big0\n1 type:big1\n2 type:big2\n"


# Takes the header of an event and shuts its ear while the rest is being written; what it thinks
# of that event it says when it is asked.
HALF_HEARD = """
import os, re, sys, time
os.write(1, b"READY\\n")
header = b""
while not header.endswith(b"\\n"):
    header += os.read(0, 1)
with open("heard", "ab") as heard:
    heard.write(re.search(rb" serial:(\\d+)", header)[0] + b" " + sys.argv[1].encode() + b"\\n")
os.close(0)
while not os.path.exists("ask " + sys.argv[1]):
    time.sleep(0.05)
os.write(1, b"RESULT 2\\n" + open("answer", "rb").read())
time.sleep(1000)
"""


@pytest.mark.contract("A6.63", "A6.64", "A6.68", "A6.72", "A6.73")
@pytest.mark.parametrize("answer", ["OK", "NO"])
def test_one_that_shuts_its_ear_amid_an_event_still_has_it(lab, daemon, recorded, answer):
    """The other one of the pool gets that event when it was rejected, and not before."""
    lab.write("half.py", HALF_HEARD)
    lab.write("answer", answer)
    text = f"""
[eventlistener:ears]
command={sys.executable} -S {{root}}/half.py %(process_num)d
numprocs=2
process_name=%(process_num)d
directory={{root}}
events=REMOTE_COMMUNICATION
startsecs=0
"""
    d = daemon(text, supervisord="loglevel=debug")
    d.wait_log("ACKNOWLEDGED -> READY", times=2)
    d.rpc.sendRemoteCommEvent("big", "x" * 300_000)
    until("the header", lambda: "serial:0 0" in lab.read("heard"))
    # More than the second in which theirs looks at all pipes.
    time.sleep(1.2)
    lab.write("ask 0", "")
    d.wait_log("0: event was")
    d.rpc.sendRemoteCommEvent("next", "")
    until("another header", lambda: lab.read("heard").count("\n") == 2)
    recorded(lab.read("heard") + "\n".join(d.log_lines(": event was", "sent to listener", "epipe", "rebuffering")) + "\n")
