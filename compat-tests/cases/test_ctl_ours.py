"""What only our supervisorctl has: JSON, patterns, wait, logs, hints, colours.

It runs against both daemons; the stock client has none of it.
"""

import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from daemon import COMMAND_SECS, until
from targets import PROJECT
from unprivileged import NOBODY

CLIENT = "ours"

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0

[program:never]
command=/bin/sleep 1000
autostart=false
startsecs=0

[program:nofile]
command=/nonexistent/cmd arg
autostart=false
stdout_logfile=NONE
redirect_stderr=true

[program:talk]
command=/bin/sh -c "echo out-line; echo err-line >&2; exec sleep 1000"
startsecs=0
stdout_logfile={root}/talk.out
stderr_logfile={root}/talk.err

[program:web]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
autorestart=false
"""


@pytest.fixture
def running(daemon):
    d = daemon(PROGRAMS)
    d.wait(cat="RUNNING", talk="RUNNING")
    d.wait(**{"web:web_0": "RUNNING", "web:web_1": "RUNNING"})
    until("both lines of talk", lambda: d.lab.read("talk.err") and d.lab.read("talk.out"))
    return d


@pytest.fixture
def schema():
    """Checks a document against the schema on its page."""
    jsonschema = pytest.importorskip("jsonschema")
    page = (PROJECT / "docs" / "ctl-json.md").read_text()
    text = re.search(r"^## Schema\n\n```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL).group(1)
    validator = jsonschema.Draft202012Validator(json.loads(text))

    def check(done):
        assert done.stdout.count("\n") == 1, done
        document = json.loads(done.stdout)
        validator.validate(document)
        assert document["exit"] == done.code
        return document

    return check


def test_json_follows_its_schema(running, transcript, schema):
    run = transcript.run
    everything = schema(run("status", "--json"))
    assert [entry["name"] for entry in everything["processes"]] == [
        "cat", "never", "nofile", "talk", "web:web_0", "web:web_1",
    ]  # fmt: skip
    cat = everything["processes"][0]
    assert (cat["state"], cat["pid"]) == ("RUNNING", running.info("cat")["pid"])
    assert everything["processes"][3]["stdout_logfile"] == str(running.root / "talk.out")
    assert schema(run("status", "nobody", "--json"))["errors"][0]["name"] == "nobody"
    assert len(schema(run("avail", "--json"))["processes"]) == 6
    started = schema(run("start", "--json", "never", "cat", "nofile", "nobody"))["results"]
    assert [entry["fault"] for entry in started] == [None, "ALREADY_STARTED", "NO_FILE", "BAD_NAME"]
    assert [entry["ok"] for entry in started] == [True, True, False, False]
    stopped = schema(run("stop", "--json", "web:*"))["results"]
    assert sorted(entry["name"] for entry in stopped) == ["web:web_0", "web:web_1"]
    restarted = schema(run("restart", "cat", "--json"))["results"]
    assert [(entry["action"], entry["changed"]) for entry in restarted] == [("stop", True), ("start", True)]
    schema(run("start", "--json"))
    schema(run("reread", "--json", "x"))


def test_json_of_a_changed_configuration(running, transcript, schema):
    assert schema(transcript.run("reread", "--json"))["changes"] == []
    text = running.conf.read_text()
    text = text.replace("[program:never]", "[program:fresh]").replace("/bin/cat", "/bin/cat -u")
    running.conf.write_text(text)
    found = schema(transcript.run("reread", "--json"))["changes"]
    assert {entry["group"]: entry["change"] for entry in found} == {
        "cat": "changed", "fresh": "available", "never": "disappeared",
    }  # fmt: skip
    done = schema(transcript.run("update", "--json"))["changes"]
    assert [(entry["group"], entry["change"]) for entry in done] == [
        ("never", "stopped"), ("never", "removed"), ("cat", "stopped"), ("cat", "updated"), ("fresh", "added"),
    ]  # fmt: skip


def test_json_and_a_hint_when_nobody_answers(running, transcript, schema):
    assert running.stop() == 0
    document = schema(transcript.run("status", "--json"))
    assert document["exit"] == 4 and "no such file" in document["errors"][0]["message"]
    assert "[unix_http_server]" in document["errors"][0]["hint"]
    done = transcript.run("status")
    assert done.stdout == f"unix://{running.root}/s.sock no such file\n"
    assert done.stderr.startswith("hint: there is no socket ") and "supervisord -c" in done.stderr


def test_a_daemon_that_was_killed_is_told_by_its_pidfile(running, transcript):
    running.process.kill()
    running.process.wait(COMMAND_SECS)
    done = transcript.run("status")
    assert done.stdout == f"unix://{running.root}/s.sock refused connection\n"
    assert f"names process {running.pid}, which is gone" in done.stderr


@pytest.mark.needs_root
def test_a_socket_of_somebody_else_is_told_with_its_mode(running, transcript):
    command = [transcript.program(), "-c", str(running.conf), "status"]
    os.chmod(running.conf, 0o644)
    done = subprocess.run(
        [*NOBODY, *command],
        capture_output=True, text=True, timeout=40, cwd="/", env=running.lab.environment(),
    )  # fmt: skip
    assert "[Errno 13] Permission denied" in done.stdout and done.returncode == 1
    assert "user 65534 may not use" in done.stderr and "mode 0700" in done.stderr


def test_patterns_stand_for_what_they_match(running, transcript):
    lines = transcript.run("status", "w*", "c?t").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["web:web_0", "web:web_1", "cat"]
    assert transcript.run("stop", "w*:*_1").stdout == "web:web_1: stopped\n"
    assert transcript.run("stop", "nobody*").stdout == "nobody*: ERROR (no such process)\n"
    assert transcript.run("pid", "c*").stdout == f"{running.info('cat')['pid']}\n"


def test_wait_for_states(running, transcript):
    assert transcript.run("wait", "cat", "web:*", "--timeout=20s").stdout.count(": running\n") == 3
    late = transcript.run("wait", "never", "--timeout=200ms")
    assert (late.stdout, late.code) == ("never: ERROR (still STOPPED)\n", 124)
    assert transcript.run("wait", "nobody").code == 1
    later = threading.Timer(0.5, lambda: running.rpc.stopProcess("cat"))
    later.start()
    done = transcript.run("wait", "--for=stopped", "cat", "--timeout=20s")
    assert (done.stdout, done.code) == ("cat: stopped\n", 0)
    pid = running.info("web:web_0")["pid"]
    later = threading.Timer(0.5, lambda: os.kill(pid, signal.SIGKILL))
    later.start()
    done = transcript.run("wait", "--for=exited", "web:web_0", "--timeout=20s")
    assert (done.stdout, done.code) == ("web:web_0: exited\n", 0)


def test_logs_of_several_processes(running, transcript):
    assert transcript.run("logs", "talk").stdout == "out-line\nerr-line\n"
    shown = transcript.run("logs", "talk", "cat").stdout
    assert shown == "talk | out-line\ntalk ! err-line\n"
    running.lab.write("talk.out", "".join(f"line {n}\n" for n in range(30)))
    assert transcript.run("logs", "-n", "2", "talk").stdout == "line 28\nline 29\nerr-line\n"
    assert transcript.run("logs", "nofile").code == 1


def test_logs_go_on_and_end_with_their_reader(running, transcript):
    command = [transcript.program(), *transcript.options, "logs", "-f", "talk", "cat"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=running.lab.environment(), cwd=running.root)
    seen = {process.stdout.readline(), process.stdout.readline()}
    assert seen == {b"talk | out-line\n", b"talk ! err-line\n"}
    with (running.root / "talk.err").open("a") as log:
        log.write("one more\n")
    assert process.stdout.readline() == b"talk ! one more\n"
    process.stdout.close()
    assert process.wait(COMMAND_SECS) == 0


@pytest.mark.parametrize("words", [("tail", "-f", "talk"), ("maintail", "-f")])
def test_a_stream_ends_when_nobody_reads_it(running, transcript, words):
    command = [transcript.program(), *transcript.options, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=running.lab.environment(), cwd=running.root)  # fmt: skip
    assert process.stdout.readline() == b"==> Press Ctrl-C to exit <==\n"
    process.stdout.close()
    assert process.wait(COMMAND_SECS) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.contract("B3.7.67")
def test_what_a_log_holds_is_shown_as_utf_8_whatever_the_locale(running, transcript):
    running.lab.write("talk.out", "größer\n")
    for locale in ("C", "POSIX", "de_DE.ISO-8859-1"):
        done = transcript.run("tail", "talk", env={"LC_ALL": locale, "PYTHONIOENCODING": "ascii"})
        assert (done.stdout, done.stderr) == ("größer\n\n", "")


def test_logs_since_a_time(running, transcript):
    """A log without times in it: only its file tells when it was written to."""
    assert transcript.run("logs", "--since=1h", "talk").stdout == "out-line\nerr-line\n"
    os.utime(running.root / "talk.out", (0, 0))
    is_ours = transcript.client.name == running.lab.target.name  # theirs cannot tell, so all is shown
    shown = transcript.run("logs", "--since=1h", "talk").stdout
    assert shown == ("err-line\n" if is_ours else "out-line\nerr-line\n")


def test_top_prints_a_table_where_there_is_no_terminal(running, transcript):
    done = transcript.run("top", "cat", "web:*")
    if transcript.client.name != running.lab.target.name:
        assert (done.stdout, done.code) == ("ERROR: this daemon does not tell what processes use\n", 3)
        return
    head, cat, *webs = done.stdout.splitlines()
    assert head.split() == ["NAME", "STATE", "PID", "UPTIME", "CPU%", "RSS", "RESTARTS"]
    assert cat.split()[:3] == ["cat", "RUNNING", str(running.info("cat")["pid"])]
    assert cat.split()[-1] == "0" and len(webs) == 2
    transcript.run("restart", "cat")
    assert transcript.run("top", "-1", "cat").stdout.split()[-1] == "1"
    everything = transcript.run("top", "-1", "all", "nobody")
    assert (everything.stdout.count("\n"), everything.code) == (1 + len(running.rpc.getAllProcessInfo()), 0)
    unknown = transcript.run("top", "-1", "nobody")
    assert (unknown.stdout, unknown.code) == ("nobody: ERROR (no such process)\n", 1)


@pytest.mark.contract("B3.7.3", "B3.7.40")
def test_named_lists_are_acted_on_at_once_and_told_in_order(daemon, transcript):
    names = [f"p{n}" for n in range(8)]
    d = daemon("".join(f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=1\nautostart=false\n" for name in names))
    begun = time.monotonic()
    done = transcript.run("start", *reversed(names), "nobody")
    assert time.monotonic() - begun < 6, "one after the other takes 8 s"
    expected = [f"{name}: started" for name in reversed(names)] + ["nobody: ERROR (no such process)"]
    assert (done.stdout.splitlines(), done.code) == (expected, 1)
    done = transcript.run("restart", "p3", "p1", "p2")
    assert done.stdout.splitlines() == [f"{name}: {done}" for done in ("stopped", "started") for name in ("p3", "p1", "p2")]
    # what may mean the same process is done one after the other
    done = transcript.run("stop", "p1", "p1:*", "p2", "p2")
    assert done.stdout.splitlines() == [
        "p1: stopped", "p2: stopped", "p2: ERROR (not running)",
    ]  # fmt: skip
