"""Every command of supervisorctl on a process in every state, one after the other,
on standard input and at a terminal; and daemons that cannot be used.

Each case runs with the stock client and with ours, on the same recording.
"""

import os
import subprocess
import xmlrpc.client

import pytest

from daemon import until
from unprivileged import NOBODY, as_nobody, is_root, out_of_reach

# A state, the program that gets there, and what else it takes.
STATES = {
    "stopped": "command=/bin/cat\nautostart=false\nstartsecs=0\n",
    "starting": "command=/bin/cat\nstartsecs=1000\n",
    "running": "command=/bin/cat\nstartsecs=0\n",
    "backoff": "command=/nonexistent/cmd\nstartretries=1000\n",
    "stopping": "command=/bin/sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.1; done'\nstartsecs=0\nstopwaitsecs=1000\n",
    "exited": "command=/bin/true\nstartsecs=0\nautorestart=false\n",
    "fatal": "command=/nonexistent/cmd\nstartretries=0\n",
}  # fmt: skip

# What is typed; each has a process of its own, since most change its state.
COMMANDS = {
    "status": "status {name}",
    "start": "start {name}",
    "stop": "stop {name}",
    "restart": "restart {name}",
    "signal": "signal CONT {name}",
    "pid": "pid {name}",
    "tail": "tail {name} stderr",
    "clear": "clear {name}",
    "remove": "remove {name}",
    "add": "add {name}",
    "fg": "fg {name} more",
    "update": "update {name}",
}

# This waits for what will not come.
NEVER = {("starting", "restart")}


def commands(state):
    return {word: line for word, line in COMMANDS.items() if (state, word) not in NEVER}


@pytest.fixture
def in_state(daemon):
    """A daemon with a process for each command, all in one state."""

    def start(state):
        names = [f"{state}-{word}" for word in commands(state)]
        d = daemon("".join(f"[program:{name}]\n{STATES[state]}\n" for name in names))
        for name in names:
            if state == "stopping":
                d.wait(**{name: "RUNNING"})
                until("its trap", lambda name=name: d.rpc.readProcessStdoutLog(name, 0, 0))
                d.rpc.stopProcess(name, False)
            d.wait(**{name: state.upper()})
        return d

    return start


@pytest.mark.contract("B3.7.10", "B3.7.14", "B3.7.20", "B3.7.30", "B3.7.40", "B3.7.50", "B3.7.70", "B3.7.90", "B3.7.91",
                      "B3.8", "B6.6")  # fmt: skip
@pytest.mark.parametrize("state", STATES)
def test_every_command_in_every_state(in_state, transcript, recorded, state):
    in_state(state)
    for word, line in commands(state).items():
        transcript.run(*line.format(name=f"{state}-{word}").split())
    recorded(transcript.text())


@pytest.mark.needs_root
@pytest.mark.contract("A4.27", "A4.35", "B1.3.2", "B3.7.20", "B3.7.30", "B3.7.40", "B3.7.50")
def test_every_command_on_a_process_that_is_unknown(lab, transcript, recorded):
    """A daemon of nobody may not end what has become root; it gives the process up."""
    command = out_of_reach(lab)
    if command is None:
        pytest.skip("needs setpriv, and set-user-ID programs in /tmp")
    names = {word: f"unknown-{word}" for word in COMMANDS}
    d = as_nobody(lab, "".join(f"[program:{name}]\ncommand={command}\nstartsecs=0\n" for name in names.values()))
    for name in names.values():
        d.wait(**{name: "RUNNING"})
        until(f"{name} to be root", lambda name=name: is_root(d.info(name)["pid"]))
        with pytest.raises(xmlrpc.client.Fault, match="FAILED: unknown problem killing"):
            d.rpc.stopProcess(name)
        d.wait(**{name: "UNKNOWN"})
    for word, line in COMMANDS.items():
        transcript.run(*line.format(name=names[word]).split())
    recorded(transcript.text())


@pytest.mark.contract("B3.6.1", "B3.6.2", "B3.6.3", "B3.1.7")
@pytest.mark.parametrize("state", ["stopped", "running", "fatal"])
def test_every_command_on_standard_input(in_state, transcript, recorded, state):
    in_state(state)
    lines = [line.format(name=f"{state}-{word}") for word, line in commands(state).items()]
    transcript.run(stdin="\n".join([*lines, "version", "reread", "avail", "maintail -0x", "open ftp://x", "quit", ""]))
    recorded(transcript.text())


@pytest.mark.contract("B3.6.1", "B3.6.3", "B3.6.4", "B3.6.5", "B3.6.6", "B3.6.7")
@pytest.mark.parametrize("state", ["stopped", "running"])
def test_every_command_at_a_terminal(in_state, transcript, recorded, state):
    in_state(state)
    lines = [line.format(name=f"{state}-{word}") for word, line in commands(state).items()]
    transcript.session(*lines, "", "version", "bogus word", "!x", "help nosuch", "reread", "status nobody")
    recorded(transcript.text())


@pytest.mark.contract("B3.5", "B3.5.2")
def test_a_daemon_without_the_interface(lab, transcript, recorded):
    lab.without_interface()
    for words in ["status", "version", "start x", "shutdown", "avail"]:
        transcript.run(*words.split())
    recorded(transcript.text())


@pytest.mark.contract("B3.2.9", "B3.2.10", "B3.4.2", "B3.5.1")
def test_servers_that_are_not_there(lab, transcript, recorded):
    lab.config("")
    conf = ["-c", str(lab.root / "s.conf")]
    (lab.root / "empty").write_text("")
    for url in [f"unix://{lab.root}/none.sock", f"unix://{lab.root}/empty", f"unix://{lab.root}", "http://127.0.0.1:1",
                "ftp://x/y", "http://127.0.0.1:1/path"]:  # fmt: skip
        transcript.note(transcript.normal(url))
        for words in ["status", "version", "update", "stop x", "shutdown"]:
            transcript.run(*words.split(), options=[*conf, "-s", url])
    recorded(transcript.text())


@pytest.mark.contract("B3.4.2", "B7.3")
@pytest.mark.needs_root
def test_a_socket_that_may_not_be_used(daemon, transcript):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    os.chmod(d.conf, 0o644)
    for words, start in [
        (["status"], "error: <class 'PermissionError'>, [Errno 13] Permission denied"),
        (["shutdown"], "error: <class 'PermissionError'>, [Errno 13] Permission denied"),
    ]:
        done = subprocess.run([*NOBODY, transcript.program(), "-c", str(d.conf), *words], capture_output=True,
                              text=True, timeout=40, cwd="/", env=d.lab.environment())  # fmt: skip
        assert done.stdout.startswith(start) and done.returncode == 1, done
