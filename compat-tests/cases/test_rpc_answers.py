"""XML-RPC with Python's own client: every method's answer, its shape and order of keys."""

import os
import re
import socket
import time
import xmlrpc.client

import pytest

from daemon import COMMAND_SECS, free_port, rpc, until

PROCESS_INFO = {
    "name": str, "group": str, "start": int, "stop": int, "now": int, "state": int, "statename": str,
    "spawnerr": str, "exitstatus": int, "logfile": str, "stdout_logfile": str, "stderr_logfile": str,
    "pid": int, "description": str,
}  # fmt: skip

CONFIG_INFO = {
    "autostart": bool, "directory": str, "uid": (int, str), "command": str, "exitcodes": list, "group": str,
    "group_prio": int, "inuse": bool, "killasgroup": bool, "name": str, "process_prio": int,
    "redirect_stderr": bool, "startretries": int, "startsecs": int, "stdout_capture_maxbytes": int,
    "stdout_events_enabled": bool, "stdout_logfile": str, "stdout_logfile_backups": int,
    "stdout_logfile_maxbytes": int, "stdout_syslog": bool, "stopsignal": int, "stopwaitsecs": int,
    "stderr_capture_maxbytes": int, "stderr_events_enabled": bool, "stderr_logfile": str,
    "stderr_logfile_backups": int, "stderr_logfile_maxbytes": int, "stderr_syslog": bool, "serverurl": str,
}  # fmt: skip

STANDARD = "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0
priority=10
stdout_logfile={root}/cat.out

[program:never]
command=/bin/sleep 1000
autostart=false
exitcodes=0,2
stopsignal=QUIT
redirect_stderr=true
stdout_logfile=NONE
directory=/
environment=SECRET="x"

[program:pair]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=2
startsecs=0
"""


def same_shape(struct, shape):
    assert list(struct) == list(shape)
    wrong = [(key, value) for key, value in struct.items() if not isinstance(value, shape[key])]
    assert not wrong


@pytest.fixture
def running(daemon):
    d = daemon(PROGRAMS)
    return d.wait(**{"cat": "RUNNING", "pair:pair_00": "RUNNING", "pair:pair_01": "RUNNING"})


@pytest.mark.contract("B0.2", "B0.3", "B1.3.3", "B1.5")
def test_about_the_daemon(running):
    assert running.rpc.getAPIVersion() == "3.0"
    assert running.rpc.getVersion() == "3.0"
    assert running.rpc.getSupervisorVersion() == "4.3.0"
    assert running.rpc.getIdentification() == "compat"
    assert running.rpc.getPID() == running.pid
    assert list(running.rpc.getState().items()) == [("statecode", 1), ("statename", "RUNNING")]


@pytest.mark.contract("B1.8.1", "B1.8.3", "B1.8.5", "B1.8.6", "B1.8.7")
def test_process_info(running):
    before = int(time.time())
    info = running.info("cat")
    same_shape(info, PROCESS_INFO)
    assert info["group"] == info["name"] == "cat"
    assert (info["state"], info["statename"], info["spawnerr"]) == (20, "RUNNING", "")
    assert before - 120 < info["start"] <= info["now"] <= before + 30
    assert (info["stop"], info["exitstatus"]) == (0, 0)
    assert info["logfile"] == info["stdout_logfile"] == f"{running.root}/cat.out"
    assert info["stderr_logfile"].startswith(f"{running.root}/childlog/cat-stderr---compat-")
    assert re.fullmatch(rf"pid {info['pid']}, uptime 0:0\d:\d\d", info["description"])


@pytest.mark.contract("B1.8.1", "B1.8.6", "B1.10.3")
def test_process_info_of_a_stopped_process(running):
    info = running.info("never")
    same_shape(info, PROCESS_INFO)
    assert (info["state"], info["pid"], info["start"], info["description"]) == (0, 0, 0, "Not started")
    assert (info["logfile"], info["stderr_logfile"]) == ("", "")
    running.rpc.stopProcess("cat")
    info = running.info("cat")
    assert (info["state"], info["exitstatus"], info["pid"]) == (0, -1, 0)
    assert info["stop"] >= info["start"] > 0
    assert info["description"] == time.strftime("%b %d %I:%M %p", time.gmtime(info["stop"]))


@pytest.mark.contract("B1.8.11")
def test_all_process_info_is_sorted(running):
    names = [(info["group"], info["name"]) for info in running.rpc.getAllProcessInfo()]
    assert names == [("cat", "cat"), ("never", "never"), ("pair", "pair_00"), ("pair", "pair_01")]
    for info in running.rpc.getAllProcessInfo():
        same_shape(info, PROCESS_INFO)


@pytest.mark.contract("B1.9.1", "B1.9.2", "B1.9.3", "B0.6")
def test_all_config_info(running):
    infos = running.rpc.getAllConfigInfo()
    assert [info["name"] for info in infos] == ["cat", "never", "pair_00", "pair_01"]
    for info in infos:
        # A later release sends this key too.
        info.pop("autorestart", None)
        same_shape(info, CONFIG_INFO)
    never = infos[1]
    assert (never["directory"], never["uid"], never["serverurl"]) == ("/", "none", "none")
    assert (never["stdout_logfile"], never["stderr_logfile"]) == ("none", "none")
    assert (never["exitcodes"], never["stopsignal"], never["autostart"]) == ([0, 2], 3, False)
    assert (infos[0]["directory"], infos[0]["process_prio"], infos[0]["group_prio"]) == ("none", 10, 10)
    assert (infos[0]["inuse"], infos[2]["group"], infos[2]["command"]) == (True, "pair", "/bin/sleep 1000")


@pytest.mark.contract("B1.6.3", "B1.6.8", "B1.6.16", "B1.4.2", "B1.4.6", "B1.4.8")
def test_process_control_answers(running):
    rpc = running.rpc
    assert rpc.stopProcess("cat") is True
    assert rpc.startProcess("cat:cat") is True
    assert rpc.stopProcess("cat", False) is True
    running.wait(cat="STOPPED")
    assert rpc.startProcess("cat", False) is True
    assert rpc.signalProcess("pair:pair_00", "CONT") is True
    assert rpc.signalProcess("pair:pair_00", 18) is True
    running.wait(cat="RUNNING")
    assert rpc.startProcess("cat:*") == []
    assert [list(entry) for entry in rpc.stopProcess("cat:")] == [["name", "group", "status", "description"]]


def as_set(entries):
    return sorted((e["group"], e["name"], e["status"], e["description"]) for e in entries)


@pytest.mark.contract("B1.7.1", "B1.7.2", "B1.7.5", "B1.6.11", "B1.6.14", "B1.6.17")
def test_group_and_all_calls_answer_with_a_list(running):
    rpc = running.rpc
    pair = [("pair", "pair_00", 80, "OK"), ("pair", "pair_01", 80, "OK")]
    cat = [("cat", "cat", 80, "OK")]
    bad = [(group, name, 11, "BAD_SIGNAL: FOO") for group, name, *_ in pair]
    assert as_set(rpc.signalProcessGroup("pair", "CONT")) == pair
    assert as_set(rpc.signalProcessGroup("pair", "FOO")) == bad
    assert as_set(rpc.signalAllProcesses("CONT")) == cat + pair
    assert as_set(rpc.stopProcessGroup("pair")) == pair
    assert rpc.stopProcessGroup("pair") == []
    assert as_set(rpc.startProcessGroup("pair")) == pair
    assert as_set(rpc.stopAllProcesses()) == cat + pair
    assert as_set(rpc.startAllProcesses(False)) == sorted(cat + pair + [("never", "never", 80, "OK")])
    assert as_set(rpc.stopAllProcesses(False)) == sorted(cat + pair + [("never", "never", 80, "OK")])


@pytest.mark.contract("B1.10.1", "B1.10.7", "B1.10.8", "B1.10.9", "B1.10.14")
def test_log_reading(running):
    rpc = running.rpc
    running.lab.write("cat.out", "out-line\n")
    assert rpc.readProcessStdoutLog("cat", 0, 0) == "out-line\n"
    assert rpc.readProcessLog("cat", 4, 3) == "lin"
    assert rpc.readProcessStdoutLog("cat", -5, 0) == "line\n"
    assert rpc.readProcessStdoutLog("cat", -500, 0) == "out-line\n"
    assert rpc.readProcessStdoutLog("cat", 100, 5) == ""
    assert rpc.readProcessStderrLog("cat", 0, 0) == ""
    table = {
        (0, 5): ["line\n", 9, True], (0, 9): ["out-line\n", 9, False], (0, 100): ["out-line\n", 9, False],
        (4, 3): ["ne\n", 9, True], (4, 100): ["out-line\n", 9, False], (9, 0): ["", 9, False],
        (9, 5): ["", 9, False], (100, 5): ["", 9, False], (0, 0): ["", 9, True], (0, -5): ["", 9, True],
        (5, -2): ["", 9, True], (-5, 3): ["ne\n", 9, True], (-5, 100): ["out-line\n", 9, False],
    }  # fmt: skip
    assert {args: rpc.tailProcessStdoutLog("cat", *args) for args in table} == table
    assert rpc.tailProcessLog("cat", 0, 5) == table[0, 5]
    assert rpc.tailProcessStderrLog("cat", 0, 5) == ["", 0, False]
    assert rpc.tailProcessStdoutLog("never", 0, 5) == ["", 0, False]
    running.settle()  # Nothing more is said behind what is written now.
    running.lab.write("supervisord.log", "a log\n")
    assert rpc.readLog(0, 0) == rpc.readMainLog(-100, 0) == "a log\n"


@pytest.mark.contract("B1.10.15", "B1.10.16", "B1.10.19")
def test_log_clearing(running):
    rpc = running.rpc
    rpc.sendProcessStdin("cat", "some text\n")
    until("cat to echo", lambda: running.lab.read("cat.out") == "some text\n")
    assert rpc.clearProcessLogs("cat") is True
    assert running.lab.read("cat.out") == ""
    assert rpc.clearProcessLog("cat") is True
    assert rpc.clearLog() is True
    assert "supervisord started" not in running.log()
    names = ["cat", "never", "pair_00", "pair_01"]
    cleared = rpc.clearAllProcessLogs()
    assert sorted(e["name"] for e in cleared) == names
    assert {(e["status"], e["description"]) for e in cleared} == {(80, "OK")}


@pytest.mark.contract("B1.6.24", "B1.6.25", "A4.61", "A5.23", "B0.5")
def test_stdin(running):
    assert running.rpc.sendProcessStdin("cat", "one\n") is True
    assert running.rpc.sendProcessStdin("cat", "café\n") is True
    until("cat to echo", lambda: running.lab.read("cat.out") == "one\ncafé\n")


@pytest.mark.contract("B1.6.28")
def test_remote_event_is_always_taken(running):
    assert running.rpc.sendRemoteCommEvent("kind", "data") is True


@pytest.mark.contract("B1.6.21", "B1.6.23", "A4.136", "A4.140")
def test_restart_then_shutdown(running):
    assert running.rpc.restart() is True
    running.wait_log("supervisord started", times=2)
    until("the new life", running.answers)
    assert running.rpc.getPID() == running.pid
    assert running.rpc.shutdown() is True
    assert running.exit_code() == 0
    assert not os.path.exists(running.socket)
    assert running.log_lines("received") == []


@pytest.mark.contract("B1.11.1", "B1.11.2", "B1.11.4", "B1.11.9", "B1.11.10", "A4.144", "A4.145")
def test_reload_add_remove(running):
    rpc = running.rpc
    assert rpc.reloadConfig() == [[[], [], []]]
    text = PROGRAMS.replace("priority=10", "priority=11").replace("[program:never]", "[program:new]")
    running.lab.config(text)
    assert rpc.reloadConfig() == [[["new"], ["cat"], ["never"]]]
    assert rpc.reloadConfig() == [[["new"], ["cat"], ["never"]]]
    assert rpc.addProcessGroup("new") is True
    assert rpc.removeProcessGroup("never") is True
    rpc.stopProcess("cat")
    assert rpc.removeProcessGroup("cat") is True
    assert rpc.addProcessGroup("cat") is True
    assert rpc.reloadConfig() == [[[], [], []]]
    assert [info["group"] for info in rpc.getAllProcessInfo()] == ["cat", "new", "pair", "pair"]


@pytest.mark.contract("B0.4", "B2.2.7", "B4.3.2", "B4.3.3", "B3.3.1")
def test_the_helper_library_of_listeners(running):
    from supervisor import childutils

    rpc = childutils.getRPCInterface({"SUPERVISOR_SERVER_URL": f"unix://{running.socket}"})
    assert rpc.supervisor.getState()["statename"] == "RUNNING"
    assert rpc.supervisor.getProcessInfo("cat")["pid"] == running.info("cat")["pid"]
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME: nobody"):
        rpc.supervisor.getProcessInfo("nobody")


@pytest.mark.contract("B1.8.12", "B1.11.7", "B1.11.8")
def test_what_a_reread_leaves_alone(running):
    port = free_port()
    text = PROGRAMS.replace("[program:never]", "[program:new]")
    more = f"[inet_http_server]\nport=127.0.0.1:{port}\n[rpcinterface:other]\n{STANDARD}[include]\nfiles=none/*.conf\n"
    running.lab.config(text + more)
    assert running.rpc.reloadConfig() == [[["new"], [], ["never"]]]
    # Groups are as they were until they are added and removed.
    assert [info["group"] for info in running.rpc.getAllProcessInfo()] == ["cat", "never", "pair", "pair"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), COMMAND_SECS)
    with pytest.raises(xmlrpc.client.Fault, match="UNKNOWN_METHOD"):
        rpc(running.socket).other.getState()
    running.rpc.restart()
    running.wait_log("supervisord started", times=2)
    until("the new life", running.answers)
    with socket.create_connection(("127.0.0.1", port), COMMAND_SECS):
        assert rpc(running.socket).other.getState()["statename"] == "RUNNING"


@pytest.mark.contract("B1.9.4")
@pytest.mark.differs("theirs", "B1.9.4", "says auto after a reread")
def test_the_name_of_an_automatic_log_survives_a_reread(running):
    running.rpc.reloadConfig()
    told = running.rpc.getAllConfigInfo()[0]["stderr_logfile"]
    assert told == running.info("cat")["stderr_logfile"]
    assert told.startswith(f"{running.root}/childlog/cat-stderr---compat-")


@pytest.mark.contract("B1.8.8", "B7.2")
def test_dates_are_english_whatever_the_locale(daemon):
    running = daemon(
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", env={"LC_ALL": "fr_FR.UTF-8", "LC_TIME": "fr_FR.UTF-8", "LANG": "fr_FR"}
    )
    running.wait(cat="RUNNING").rpc.stopProcess("cat")
    shown = running.info("cat")["description"]
    month, rest = shown[:3], shown[3:]
    assert month in "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    assert re.fullmatch(r" [0-3]\d [01]\d:[0-5]\d [AP]M", rest), shown
