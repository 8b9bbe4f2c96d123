"""reread, update, add, remove: new, changed and gone programs, by either supervisorctl."""

import pytest

from daemon import until

BEFORE = """
[program:keep]
command=/bin/cat
startsecs=0
[program:change]
command=/bin/sleep 1000
startsecs=0
[program:gone]
command=/bin/sleep 1000
startsecs=0
"""
AFTER = """
[program:keep]
command=/bin/cat
startsecs=0
[program:change]
command=/bin/sleep 2000
startsecs=0
[program:new]
command=/bin/sleep 1000
startsecs=0
[program:anew]
command=/bin/sleep 1000
startsecs=0
autostart=false
"""


@pytest.fixture
def running(daemon):
    return daemon(BEFORE).wait(keep="RUNNING", change="RUNNING", gone="RUNNING")


@pytest.mark.contract("B3.7.80", "B3.7.81", "B3.7.82", "B3.7.85", "B1.11.3", "A4.144", "A4.145", "A4.149")
def test_update_all(running, transcript, recorded):
    keep = running.info("keep")["pid"]
    transcript.run("reread")
    transcript.run("update")
    running.lab.config(AFTER)
    transcript.run("reread")
    transcript.run("avail")
    transcript.run("update")
    running.wait(new="RUNNING", change="RUNNING")
    transcript.run("status")
    transcript.run("reread")
    assert running.info("keep")["pid"] == keep
    recorded(transcript.text())


@pytest.mark.contract("B3.7.83")
def test_update_some(running, transcript, recorded):
    running.lab.config(AFTER)
    transcript.run("update", "new", "nobody")
    running.wait(new="RUNNING")
    transcript.run("update", "gone")
    transcript.run("reread")
    transcript.run("update", "all")
    transcript.run("reread")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.90", "B3.7.91", "B3.7.92", "B1.11.9", "B1.11.10", "B3.7.93")
def test_add_and_remove(running, transcript, recorded):
    running.lab.config(AFTER)
    transcript.run("add", "new")
    transcript.run("reread")
    transcript.run("add", "new", "keep", "nobody")
    running.wait(new="RUNNING")
    transcript.run("remove", "new")
    transcript.run("stop", "new")
    transcript.run("remove", "new", "nobody", "new")
    transcript.run("remove", "keep:*")
    transcript.run("add")
    transcript.run("remove")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.80", "B1.11.6")
def test_reread_of_a_broken_file(running, transcript, recorded):
    running.lab.write("broken.conf", "[program:x]\n")
    conf = running.conf.read_text()
    running.conf.write_text(conf + "[program:x]\n")
    transcript.run("reread")
    running.conf.write_text(conf + "oops\n")
    # supervisorctl reads the file too: give it one that is whole.
    (running.root / "ctl.conf").write_text(conf)
    transcript.run("reread", options=["-c", str(running.root / "ctl.conf")])
    recorded(transcript.text())


@pytest.mark.contract("A4.145", "A4.146")
@pytest.mark.parametrize(
    "line, changed",
    [
        ("priority=5", True), ("umask=077", True), ("environment=A=1", True), ("stdout_logfile=NONE", True),
        ("stopwaitsecs=3", True), ("startretries=9", True), ("stdout_logfile=AUTO", False),
        ("autorestart=unexpected", False), ("unknown_key=1", False), ("exitcodes=0", False),
    ],
)  # fmt: skip
def test_what_counts_as_a_change(running, line, changed):
    running.lab.config(BEFORE.replace("[program:keep]\n", f"[program:keep]\n{line}\n"))
    assert running.rpc.reloadConfig() == [[[], ["keep"] if changed else [], []]]


@pytest.mark.contract("A4.145", "A4.148", "B1.11.5")
def test_groups_and_listeners(daemon, recorded):
    text = BEFORE + "[eventlistener:ears]\ncommand=/bin/cat\nevents=TICK_60\nautostart=false\n"
    d = daemon(text + "[group:g]\nprograms=keep,change\n")
    until("the start", lambda: d.info("g:keep")["statename"] == "RUNNING")
    steps = {
        "same": text + "[group:g]\nprograms=keep,change\n",
        "order of members": text + "[group:g]\nprograms=change,keep\n",
        "member gone": text + "[group:g]\nprograms=keep\n",
        "group gone": text,
        "group priority": text + "[group:g]\nprograms=keep,change\npriority=1\n",
        "listener's events": text.replace("TICK_60", "TICK_5") + "[group:g]\nprograms=keep,change\n",
        "listener's buffer": text.replace("TICK_60", "TICK_60\nbuffer_size=5") + "[group:g]\nprograms=keep,change\n",
    }
    said = ""
    for name, lines in steps.items():
        d.lab.config(lines)
        said += f"{name}: {d.rpc.reloadConfig()}\n"
    recorded(said)
