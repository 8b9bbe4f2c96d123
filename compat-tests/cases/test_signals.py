"""Signals to the daemon."""

import os
import signal
import time
import xmlrpc.client

import pytest

from daemon import answers, rpc, until
from proc import descriptors, status

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
# Leaves when it is asked and may, so that there is a shutdown to look at.
SLOW = """
[program:slow]
command=/bin/sh -c 'trap "until [ -e {root}/go ]; do sleep 0.1; done; exit 0" TERM; echo ready; while :; do sleep 0.1; done'
startsecs=0
stdout_logfile={root}/slow.out
"""


def slow(daemon):
    d = daemon(SLOW).wait(slow="RUNNING")
    until("slow to set its trap", lambda: d.lab.read("slow.out"))
    return d


@pytest.mark.contract("A4.125", "A4.135", "A1.38", "A5.51")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_signals_that_end_the_daemon(daemon, recorded, name):
    d = daemon(CAT).wait(cat="RUNNING")
    d.signal(getattr(signal, name))
    assert d.exit_code() == 0
    assert not d.socket.exists()
    assert not (d.root / "supervisord.pid").exists()
    recorded("\n".join(d.log_lines("received", "waiting", "stopped")) + "\n")


@pytest.mark.contract("A4.126", "A4.136", "A4.138", "A7.21")
def test_hup_starts_over_with_the_same_pid(daemon, recorded):
    d = daemon(CAT + "[program:other]\ncommand=/bin/cat\nautostart=false\n").wait(cat="RUNNING")
    d.lab.config(CAT.replace("cat]", "dog]"))
    d.signal(signal.SIGHUP)
    d.wait_log("success: dog")
    assert [info["name"] for info in d.rpc.getAllProcessInfo()] == ["dog"]
    assert d.rpc.getPID() == d.pid
    assert d.lab.read("supervisord.pid") == f"{d.pid}\n"
    recorded("\n".join(line for line in d.log_lines() if "waiting" not in line) + "\n")


@pytest.mark.contract("A4.132", "A4.126")
def test_more_signals_during_a_shutdown(daemon):
    d = slow(daemon)
    d.signal(signal.SIGTERM)
    d.wait_log("received SIGTERM")
    d.signal(signal.SIGHUP)
    d.wait_log("ignored SIGHUP indicating restart request (shutdown in progress)")
    d.signal(signal.SIGINT)
    d.wait_log("received SIGINT indicating exit request")
    d.lab.write("go", "")
    assert d.exit_code() == 0
    assert len(d.log_lines("stopped: slow (exit status 0)")) == 1


@pytest.mark.contract("A4.132")
def test_term_turns_a_restart_into_an_end(daemon):
    d = slow(daemon)
    d.signal(signal.SIGHUP)
    d.wait_log("received SIGHUP indicating restart request")
    d.signal(signal.SIGTERM)
    d.wait_log("received SIGTERM indicating exit request")
    d.lab.write("go", "")
    assert d.exit_code() == 0
    assert d.log().count("supervisord started") == 1


@pytest.mark.contract("A4.139", "A7.47")
@pytest.mark.differs("theirs", "A4.139", "stops everything, then ends")
@pytest.mark.parametrize("how", ["signal", "rpc"])
@pytest.mark.parametrize("text, sentence", [
    ("[program:x]\n", "program section program:x does not specify a command"),
    ("[DEFAULT]\nstartsecs=9\n", "Could not make supervisor rpc interface"),
], ids=["unreadable", "not_to_be_started"])  # fmt: skip
def test_a_broken_config_does_not_end_anything(daemon, how, text, sentence):
    d = daemon(CAT).wait(cat="RUNNING")
    pid = d.info("cat")["pid"]
    d.lab.config(text)
    if how == "signal":
        d.signal(signal.SIGHUP)
    else:
        with pytest.raises(xmlrpc.client.Fault, match="CANT_REREAD"):
            d.rpc.restart()
    until("a line about it", lambda: d.log_lines(sentence))
    assert d.info("cat")["pid"] == pid


@pytest.mark.contract("A1.21", "A4.143", "A7.48")
@pytest.mark.differs("theirs", "A4.143", "looks for the file in its new folder, and ends")
def test_a_relative_config_survives_a_restart(lab):
    (lab.root / "inside").mkdir()
    lab.config(CAT, "directory={root}/inside")
    assert lab.run("supervisord", "-c", "s.conf").code == 0
    pid = int(until("the pidfile", lambda: lab.read("supervisord.pid")))
    until("cat", lambda: "spawned: 'cat'" in lab.read("supervisord.log"))
    os.kill(pid, signal.SIGHUP)
    until("the second life", lambda: lab.read("supervisord.log").count("spawned: 'cat'") == 2)
    assert answers(lab.root / "s.sock") == pid


@pytest.mark.contract("A4.11", "A7.51")
@pytest.mark.differs("theirs", "A4.11", "looks at signals once a second")
def test_signals_are_noticed_at_once(daemon):
    took = []
    while len(took) < 3 and min(took, default=1) >= 0.5:  # A busy machine delays some.
        d = daemon("")
        time.sleep(1.2)
        begun = time.monotonic()
        d.signal(signal.SIGTERM)
        assert d.exit_code() == 0
        took.append(time.monotonic() - begun)
    assert min(took) < 0.5


@pytest.mark.contract("A4.129")
def test_a_signal_that_nobody_expects_is_deadly(daemon):
    d = daemon("")
    d.signal(signal.SIGUSR1)
    assert d.exit_code() == -signal.SIGUSR1
    assert (d.root / "supervisord.pid").exists()


@pytest.mark.contract("A4.125", "A4.135", "A3.35")
def test_a_signal_during_the_start_leaves_nothing_behind(lab, target):
    """Between the first socket and the first program; many AUTO logs make that a while."""
    if target.name == "theirs":
        pytest.skip("takes its signals behind the sockets: the outcome depends on the moment")
    text = "[program:p]\ncommand=/bin/cat\nprocess_name=p%(process_num)d\nnumprocs=400\nautostart=false\n"
    daemon = lab.daemon(text, wait=False)
    until("the socket", daemon.socket.exists)
    daemon.signal(signal.SIGTERM)
    assert daemon.exit_code() == 0
    assert not daemon.socket.exists()
    assert not (lab.root / "supervisord.pid").exists()
    assert len(daemon.log_lines("WARN received SIGTERM indicating exit request")) == 1


@pytest.mark.contract("A4.137", "A4.61")
def test_a_restart_closes_what_the_launcher_left_open(lab):
    """All but the first two beyond stdio, which a launcher may have meant."""
    lab.write("held", "")
    words = ("sh", "-c", 'exec 4<{root}/held 9<{root}/held; exec "$@"'.replace("{root}", str(lab.root)), "sh")
    process = lab.spawn(*words, lab.target.program("supervisord"), "-n", "-c", str(lab.config(CAT)))

    def held(pid):
        return sorted(fd for fd, link in descriptors(pid).items() if link == f"{lab.root}/held")

    until("cat", lambda: "success: cat" in lab.read("supervisord.log"))
    assert held(process.pid) == [4, 9]
    assert held(rpc(lab.root / "s.sock").supervisor.getProcessInfo("cat")["pid"]) == []
    process.send_signal(signal.SIGHUP)
    until("the second life", lambda: lab.read("supervisord.log").count("success: cat") == 2)
    assert held(process.pid) == [4]


@pytest.mark.needs_root
@pytest.mark.contract("A4.142", "A4.136", "A4.110")
def test_what_a_restart_does_not_change_and_the_user_that_it_does(daemon):
    d = daemon(CAT).wait(cat="RUNNING")
    d.root.chmod(0o777)
    (d.root / "childlog").chmod(0o777)
    (d.root / "supervisord.log").chmod(0o666)
    limits = open(f"/proc/{d.pid}/limits").read()
    session = os.getsid(d.pid)
    text = d.conf.read_text().replace("user=root", "user=nobody\nnodaemon=false\nminfds=2000\nminprocs=300")
    d.conf.write_text(text)
    d.signal(signal.SIGHUP)
    d.wait_log("success: cat", times=2)
    assert d.process.poll() is None and d.rpc.getPID() == d.pid
    assert os.getsid(d.pid) == session
    assert open(f"/proc/{d.pid}/limits").read() == limits
    assert status(d.pid)["Uid"] == status(d.info("cat")["pid"])["Uid"] == "\t".join(["65534"] * 4)
