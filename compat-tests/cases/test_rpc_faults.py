"""XML-RPC faults: which call fails how, in which state of the process."""

import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon import COMMAND_SECS, rpc, until

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={root}/cat.out

[program:never]
command=/bin/sleep 1000
autostart=false
stdout_logfile=NONE

[program:nofile]
command=/nonexistent/cmd arg
autostart=false

[program:notexec]
command=/etc/passwd
autostart=false

[program:folder]
command=/tmp
autostart=false

[program:quote]
command=/bin/echo "open
autostart=false

[program:empty]
command=
autostart=false

[program:quick]
command=/bin/sh -c "exit 0"
autostart=false
startretries=0
startsecs=3

[program:done]
command=/bin/sh -c "exit 3"
autorestart=false
startsecs=0

[program:again]
command=/bin/false
autostart=false
startretries=1000
startsecs=3

[program:slow]
command=/bin/sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
stopwaitsecs=5
startsecs=0
stdout_logfile={root}/slow.out

[program:lazy]
command=/bin/sleep 1000
autostart=false
startsecs=30

[program:deaf]
command=/bin/sh -c 'exec <&-; echo ready; exec sleep 1000'
startsecs=0
stdout_logfile={root}/deaf.out
"""


def fault(call, *args):
    """(code, text) of the fault a call must give."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*args)
    return caught.value.faultCode, caught.value.faultString


@pytest.fixture
def running(daemon):
    return daemon(PROGRAMS).wait(cat="RUNNING", slow="RUNNING", deaf="RUNNING")


NAMED = [
    "getProcessInfo", "startProcess", "stopProcess", "clearProcessLogs", "clearProcessLog", "addProcessGroup",
    "removeProcessGroup", "startProcessGroup", "stopProcessGroup",
]  # fmt: skip


@pytest.mark.contract("B1.4.1", "B1.4.3", "B1.4.4", "B1.4.5", "B1.4.8", "B1.4.9", "B1.6.12", "B1.8.10")
def test_unknown_names(running):
    r = running.rpc
    assert {method: fault(getattr(r, method), "nobody") for method in NAMED} == dict.fromkeys(
        NAMED, (10, "BAD_NAME: nobody")
    )
    for name in ["*", "all", "", ":", "cat:dog", "cat:cat:x", " cat", "CAT", "nogroup:cat"]:
        assert fault(r.stopProcess, name) == (10, f"BAD_NAME: {name}")
    for name in ["nogroup:*", "nogroup:"]:
        assert fault(r.stopProcess, name)[0] == 10
    assert fault(r.getProcessInfo, "cat:*") == (10, "BAD_NAME: cat:*")
    assert fault(r.startProcessGroup, "cat:*") == (10, "BAD_NAME: cat:*")
    assert fault(r.signalProcess, "nobody", "HUP") == (10, "BAD_NAME: nobody")
    assert fault(r.signalProcessGroup, "nobody", "HUP") == (10, "BAD_NAME: nobody")
    assert fault(r.sendProcessStdin, "nobody", "x") == (10, "BAD_NAME: nobody")
    assert fault(r.readProcessStdoutLog, "nobody", 0, 0) == (10, "BAD_NAME: nobody")
    assert fault(r.tailProcessStderrLog, "nobody", 0, 0) == (10, "BAD_NAME: nobody")


@pytest.mark.contract("B1.6.1", "A4.50-A4.54", "A4.41")
def test_programs_that_cannot_start(running):
    texts = {
        "nofile": (20, "NO_FILE: can't find command '/nonexistent/cmd'"),
        "notexec": (21, "NOT_EXECUTABLE: command at '/etc/passwd' is not executable"),
        "folder": (21, "NOT_EXECUTABLE: command at '/tmp' is a directory"),
        "quote": (21, "NOT_EXECUTABLE: can't parse command '/bin/echo \"open': No closing quotation"),
        "empty": (21, "NOT_EXECUTABLE: command is empty"),
    }
    assert {name: fault(running.rpc.startProcess, name) for name in texts} == texts


@pytest.mark.contract("B1.6.1", "B1.6.4", "B1.6.5", "B1.6.9", "B1.8.4", "B1.8.5", "B1.8.6")
def test_by_state(running):
    r = running.rpc
    # RUNNING
    assert fault(r.startProcess, "cat") == (60, "ALREADY_STARTED: cat")
    assert fault(r.removeProcessGroup, "cat") == (91, "STILL_RUNNING: cat")
    assert fault(r.addProcessGroup, "cat") == (90, "ALREADY_ADDED: cat")
    # STOPPED
    assert fault(r.stopProcess, "never") == (70, "NOT_RUNNING: never")
    assert fault(r.signalProcess, "never", "HUP") == (70, "NOT_RUNNING: never")
    assert fault(r.signalProcess, "never", "FOO") == (11, "BAD_SIGNAL: FOO")
    assert fault(r.sendProcessStdin, "never", "x") == (70, "NOT_RUNNING: never")
    # EXITED
    running.wait(done="EXITED")
    assert running.info("done")["spawnerr"] == "Bad exit code 3"
    assert running.info("done")["exitstatus"] == 3
    assert fault(r.stopProcess, "done") == (70, "NOT_RUNNING: done")
    # FATAL, whatever the exit code
    assert fault(r.startProcess, "quick") == (50, "SPAWN_ERROR: quick")
    running.wait(quick="FATAL")
    info = running.info("quick")
    assert info["spawnerr"] == info["description"] == "Exited too quickly (process log may have details)"
    assert info["exitstatus"] == 0
    assert fault(r.stopProcess, "quick") == (70, "NOT_RUNNING: quick")
    # BACKOFF
    assert fault(r.startProcess, "again") == (50, "SPAWN_ERROR: again")
    # The third pause lasts three seconds: time enough to be met in it.
    running.wait_log("exited: again", times=3).wait(again="BACKOFF")
    assert fault(r.startProcess, "again") == (60, "ALREADY_STARTED: again")
    assert fault(r.removeProcessGroup, "again") == (91, "STILL_RUNNING: again")
    running.wait(again="BACKOFF")
    assert fault(r.signalProcess, "again", "HUP") == (70, "NOT_RUNNING: again")
    running.wait(again="BACKOFF")
    assert r.stopProcess("again") is True
    assert running.info("again")["statename"] == "STOPPED"
    # STARTING
    assert r.startProcess("lazy", False) is True
    assert fault(r.startProcess, "lazy") == (60, "ALREADY_STARTED: lazy")
    assert running.info("lazy")["description"] == ""
    assert r.signalProcess("lazy", "CONT") is True
    assert r.stopProcess("lazy") is True


@pytest.mark.contract("B1.6.7", "B1.6.8", "B1.6.10", "B1.3.2", "A4.26", "A4.83")
def test_while_stopping(running):
    r = running.rpc
    until("slow to set its trap", lambda: running.lab.read("slow.out"))
    assert r.stopProcess("slow", False) is True
    assert running.info("slow")["statename"] == "STOPPING"
    assert running.info("slow")["description"] == ""
    assert fault(r.stopProcess, "slow") == (70, "NOT_RUNNING: slow")
    assert fault(r.startProcess, "slow") == (40, "ABNORMAL_TERMINATION: slow")
    assert fault(r.sendProcessStdin, "slow", "x") == (70, "NOT_RUNNING: slow")
    assert fault(r.removeProcessGroup, "slow") == (91, "STILL_RUNNING: slow")
    assert r.signalProcess("slow", "CONT") is True
    running.wait(slow="STOPPED")
    assert running.info("slow")["exitstatus"] == -1


@pytest.mark.contract("B1.6.7")
@pytest.mark.differs("theirs", "B1.6.7", "answers true although nothing is started")
def test_start_without_waiting_while_stopping(running):
    until("slow to set its trap", lambda: running.lab.read("slow.out"))
    running.rpc.stopProcess("slow", False)
    assert fault(running.rpc.startProcess, "slow", False) == (40, "ABNORMAL_TERMINATION: slow")


@pytest.mark.contract("B1.6.4")
def test_a_start_that_another_client_stops(running):
    def start():
        return fault(rpc(running.socket).supervisor.startProcess, "lazy")

    with ThreadPoolExecutor() as pool:
        answer = pool.submit(start)
        running.wait(lazy="STARTING")
        running.rpc.stopProcess("lazy")
        assert answer.result(COMMAND_SECS) == (40, "ABNORMAL_TERMINATION: lazy")


@pytest.mark.contract("B1.6.19")
def test_signals_by_name_and_number(running):
    r = running.rpc
    for good in ["CONT", "SIGCONT", "cont", " CONT ", "18", 18, "0", "CHLD", "WINCH"]:
        assert r.signalProcess("cat", good) is True
    for bad in ["FOO", "-1", "32", "65", "9999", "", "RTMIN+1"]:
        assert fault(r.signalProcess, "cat", bad) == (11, f"BAD_SIGNAL: {bad}")


@pytest.mark.contract("B1.6.20")
@pytest.mark.differs("theirs", "B1.6.20", "takes the names of Python's signal constants for signals")
def test_constants_of_python_are_no_signals(running):
    assert fault(running.rpc.signalProcess, "cat", "_DFL") == (11, "BAD_SIGNAL: _DFL")


@pytest.mark.contract("B1.10.1", "B1.10.3", "B1.10.4")
def test_logs(running):
    r = running.rpc
    assert fault(r.readProcessStdoutLog, "cat", -1, 5) == (3, "BAD_ARGUMENTS")
    assert fault(r.readProcessStderrLog, "cat", 0, -1) == (3, "BAD_ARGUMENTS")
    assert fault(r.readLog, -1, 1) == (3, "BAD_ARGUMENTS")
    assert fault(r.readProcessStdoutLog, "never", 0, 0) == (20, "NO_FILE")
    path = running.info("cat")["stdout_logfile"]
    (running.root / "cat.out").unlink()
    assert fault(r.readProcessStdoutLog, "cat", -1, 5) == (20, f"NO_FILE: {path}")
    assert r.tailProcessStdoutLog("cat", 0, 10) == ["", 0, False]


@pytest.mark.contract("B1.6.24")
def test_stdin_that_the_program_closed(running):
    until("deaf to close its stdin", lambda: running.lab.read("deaf.out"))
    assert fault(running.rpc.sendProcessStdin, "deaf", "x") == (20, "NO_FILE: deaf")
    assert fault(running.rpc.sendProcessStdin, "cat", 5) == (2, "INCORRECT_PARAMETERS: 5")


@pytest.mark.contract("B1.1.1", "B1.1.2", "B1.1.3", "B1.1.4", "B1.1.5", "B1.2.1")
def test_dispatch(running):
    server = rpc(running.socket)
    unknown = (1, "UNKNOWN_METHOD")
    for name in ["supervisor.nothing", "nobody.getState", "getState", "supervisor.a.b", "supervisor._update",
                 "SUPERVISOR.getState", "supervisor.getstate", "system.nothing"]:  # fmt: skip
        assert fault(getattr(server, name)) == unknown
    wrong = (2, "INCORRECT_PARAMETERS")
    assert fault(server.supervisor.getState, 1) == wrong
    assert fault(server.supervisor.getProcessInfo) == wrong
    assert fault(server.supervisor.startProcess, "a", True, 1) == wrong
    assert fault(server.supervisor.readLog, 0) == wrong


@pytest.mark.contract("B1.1.10", "B7.6")
@pytest.mark.differs("theirs", "B1.1.10", "answers HTTP 500")
@pytest.mark.parametrize(
    "method, args", [("getProcessInfo", [5]), ("readLog", ["x", 0]), ("stopProcess", [{"a": 1}])],
    ids=["number_as_name", "word_as_offset", "struct_as_name"],
)  # fmt: skip
def test_wrong_types(running, method, args):
    assert fault(getattr(running.rpc, method), *args)[0] == 2


@pytest.mark.contract("B1.1.7", "B1.1.8", "B1.13.1", "B1.13.2", "B1.13.3", "B1.14.12", "B1.6.22", "B1.3.3", "A4.141")
def test_while_shutting_down(running):
    until("slow to set its trap", lambda: running.lab.read("slow.out"))
    server = rpc(running.socket)
    assert server.supervisor.shutdown() is True
    shutdown = (6, "SHUTDOWN_STATE")
    calls = {
        "getState": [], "getPID": [], "getVersion": [], "getAllProcessInfo": [], "shutdown": [], "restart": [],
        "startProcess": ["cat"], "readLog": [0, 0], "signalAllProcesses": ["HUP"], "reloadConfig": [],
    }  # fmt: skip
    for method, args in calls.items():
        assert fault(getattr(server.supervisor, method), *args) == shutdown, method
    assert fault(server.supervisor.nothing) == (1, "UNKNOWN_METHOD")
    assert fault(server.supervisor.getState, 1) == (2, "INCORRECT_PARAMETERS")
    assert server.supervisor.sendRemoteCommEvent("a", "b") is True
    assert "supervisor.getState" in server.system.listMethods()
    one = server.system.multicall([{"methodName": "supervisor.getState"}])
    assert one == [{"faultCode": 6, "faultString": "SHUTDOWN_STATE"}]


@pytest.mark.contract("B1.11.6", "A2.24", "A2.17", "A2.25", "A3.40", "A3.64", "A3.80")
@pytest.mark.parametrize(
    "name, text",
    [
        ("no_supervisord", "[program:x]\ncommand=/bin/cat\n"),
        ("no_header", "garbage\n"),
        ("not_an_option", "[supervisord]\nfoo\n"),
        ("no_command", "[supervisord]\n[program:bad]\n"),
        ("bad_name", "[supervisord]\n[program:x y]\ncommand=/bin/cat\n"),
        ("bad_signal", "[supervisord]\n[program:x]\ncommand=/bin/cat\nstopsignal=FOO\n"),
        ("bad_group", "[supervisord]\n[group:g]\nprograms=nope\n"),
        ("bad_event", "[supervisord]\n[eventlistener:e]\ncommand=/bin/cat\nevents=NOPE\n"),
    ],
    ids=lambda value: value if "[" not in value and "\n" not in value else "",
)
def test_reload_of_a_broken_file(running, recorded, name, text):
    running.lab.write("s.conf", text)
    code, said = fault(running.rpc.reloadConfig)
    recorded(f"{code} {running.lab.normal(said)}\n")
    # The old configuration stays in force.
    assert running.info("cat")["statename"] == "RUNNING"


@pytest.mark.contract("B1.12.1", "B1.12.7", "B1.12.3", "B1.6.4")
def test_a_waiting_call_holds_only_its_own_connection(daemon):
    d = daemon("[program:late]\ncommand=/bin/sleep 100\nstartsecs=3\nautostart=false\n")
    with ThreadPoolExecutor() as pool:
        begun = time.monotonic()
        first = pool.submit(lambda: rpc(d.socket).supervisor.startProcess("late"))
        d.wait(late="STARTING")
        asked = time.monotonic()
        assert rpc(d.socket).supervisor.getState()["statecode"] == 1
        assert time.monotonic() - asked < 2
        assert first.result(COMMAND_SECS) is True
        assert time.monotonic() - begun >= 3
        stops = [pool.submit(lambda: rpc(d.socket).supervisor.stopProcessGroup("late")) for _ in range(2)]
        answers = [stop.result(COMMAND_SECS) for stop in stops]
        assert sorted(len(answer) for answer in answers) in ([0, 1], [1, 1])
