"""Restarts of the daemon in its own process: SIGHUP, the call, and `supervisorctl reload`.

RELOADS=1000 asks for so many in a row, however long they take.
"""

import os
import signal
import socket
import time
import xmlrpc.client

import pytest

from daemon import free_port, rpc, until
from proc import children, descriptors, memory_kib

# In an ordinary run as many as there is time for; the reference takes seconds for each.
RELOADS = int(os.environ.get("RELOADS", "0"))
MOST, ENOUGH_SECS = 200, 15
WARM_UP = 60  # so many, before the memory is looked at: until then its arenas fill
GROWTH_KIB = 512  # what memory may grow by afterwards; a leak of 4 KiB a time is more

EVERYTHING = """
[program:cat]
command=/bin/cat
numprocs=2
process_name=cat%(process_num)d
startsecs=0
[program:once]
command=/bin/true
startsecs=0
autorestart=false
[eventlistener:ear]
command=python3 -S {programs}/recorder.py {root}/events
events=PROCESS_STATE
startsecs=0
[fcgi-program:web]
command=/bin/sleep 1000
socket=unix://%(here)s/web.fcgi
numprocs=2
process_name=web%(process_num)d
startsecs=0
"""


class Lives:
    """Counts the lives of a daemon by its log, which may be long."""

    def __init__(self, d):
        self.file, self.count = d.lab.root / "supervisord.log", 0
        self.read = 0

    def so_far(self):
        with self.file.open() as log:
            log.seek(self.read)
            text = log.read()
        whole = text[: text.rfind("\n") + 1]
        self.read += len(whole.encode())
        self.count += whole.count("supervisord started with pid")
        return self.count


def settled(d):
    """Whether all has started that starts by itself, and has ended that ends."""
    states = {info["name"]: info["statename"] for info in d.rpc.getAllProcessInfo()}
    return {state for name, state in states.items() if name != "once"} == {"RUNNING"} and states["once"] == "EXITED"


@pytest.mark.timeout(60 + RELOADS)
@pytest.mark.contract("A4.136", "A4.137", "A4.126", "A4.100")
@pytest.mark.parametrize("how", ["signal", "call"])
def test_many_reloads_leak_nothing(daemon, programs, how):
    d = daemon(EVERYTHING.replace("{programs}", str(programs)))
    until("all to run", lambda: settled(d))
    lives, before = Lives(d), (len(descriptors(d.pid)), len(children(d.pid)))
    memory, begun, count = None, time.monotonic(), 0
    while count < (RELOADS or MOST) and (RELOADS or time.monotonic() - begun < ENOUGH_SECS):
        expected = lives.so_far() + 1
        if how == "signal":
            d.signal(signal.SIGHUP)
        else:
            assert d.rpc.restart() is True
        until("another life", lambda: lives.so_far() == expected)
        count += 1
        if count == WARM_UP:
            until("all to run", lambda: settled(d))
            memory = memory_kib(d.pid)
    took = time.monotonic() - begun
    until("all to run", lambda: settled(d))
    # One more may have been open before, for the connection of the last question.
    until("no more descriptors than before", lambda: len(descriptors(d.pid)) <= before[0])
    states = children(d.pid)
    assert len(states) == before[1] and "Z" not in states
    grown = memory_kib(d.pid) - memory if memory else 0
    print(f"{count} reloads in {took:.1f} s, {before[0]} descriptors, {memory_kib(d.pid)} KiB, grown by {grown} KiB")
    assert grown < GROWTH_KIB
    assert len(list((d.root / "childlog").iterdir())) == 2 * len(d.rpc.getAllProcessInfo())
    assert d.stop() == 0


def take(tcp, port):
    """Listens at a port of loopback."""
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", port))
    tcp.listen()


CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"


@pytest.mark.contract("A4.139", "A7.47", "A4.136")
@pytest.mark.differs("theirs", "A4.139", "ends at the first broken file")
def test_a_night_of_good_and_bad_files(daemon):
    include = "[include]\nfiles=more.ini\n"
    broken = {
        "unreadable": "[program:cat]\n",
        "not_expandable": CAT + "environment=A=%(ENV_NO_SUCH)s\n",
        "no_such_member": CAT + "[group:g]\nprograms=nobody\n",
        "no_such_folder": CAT + "stdout_logfile={root}/no/such/folder\n",
    }
    d = daemon(CAT).wait(cat="RUNNING")
    lives = Lives(d)
    for count, text in enumerate(broken.values(), 1):
        pid = d.info("cat")["pid"]
        d.lab.config(text)
        d.signal(signal.SIGHUP)
        d.wait_log("CRIT restart refused", times=2 * count - 1)
        with pytest.raises(xmlrpc.client.Fault, match="CANT_REREAD"):
            d.rpc.restart()
        d.wait_log("CRIT restart refused", times=2 * count)
        assert d.rpc.getState()["statename"] == "RUNNING"
        assert d.info("cat")["pid"] == pid
        assert lives.so_far() == count
        # A good one in between, which brings a program of another file.
        d.lab.write("more.ini", f"[program:more{count}]\ncommand=/bin/cat\nstartsecs=0\n")
        d.lab.config(CAT + include)
        d.signal(signal.SIGHUP)
        until("another life", lambda: lives.so_far() == count + 1)
        d.wait(cat="RUNNING", **{f"more{count}": "RUNNING"})
        assert d.info("cat")["pid"] != pid
    # The other file goes away: its program too, and nothing else.
    (d.root / "more.ini").unlink()
    assert d.ctl("reload").stdout == "Restarted supervisord\n"
    until("another life", lambda: lives.so_far() == len(broken) + 2)
    d.wait(cat="RUNNING")
    assert [info["name"] for info in d.rpc.getAllProcessInfo()] == ["cat"]


@pytest.mark.contract("A4.139")
@pytest.mark.differs("theirs", "A4.139", "stops everything, then ends")
@pytest.mark.parametrize("text, sentence", [
    ("[inet_http_server]\nport=127.0.0.1:{port}\n", "Another program is already listening"),
    ("[unix_http_server:two]\nfile=%(here)s/taken.sock\n", "Another program is already listening"),
    ("[fcgi-program:w]\ncommand=/bin/cat\nsocket=tcp://127.0.0.1:{port}\n", "Could not create FastCGI socket tcp://"),
    ("[supervisord]\nlogfile={root}\n", "Could not open the log file"),
], ids=["port", "unix_socket", "fastcgi_socket", "log"])  # fmt: skip
def test_a_file_that_could_not_be_started_stops_nothing(daemon, text, sentence):
    d = daemon(CAT).wait(cat="RUNNING")
    pid = d.info("cat")["pid"]
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        take(tcp, free_port())
        unix.bind(str(d.root / "taken.sock"))
        unix.listen()
        d.lab.config(CAT + text.replace("{port}", str(tcp.getsockname()[1])))
        with pytest.raises(xmlrpc.client.Fault, match=f"CANT_REREAD: .*{sentence}"):
            d.rpc.restart()
        d.signal(signal.SIGHUP)
        d.wait_log(sentence, times=2)
        assert d.rpc.getState()["statename"] == "RUNNING"
        assert d.info("cat")["pid"] == pid
    # It is taken as soon as it can be.
    if "{root}" not in text:
        (d.root / "taken.sock").unlink()
        assert d.rpc.restart() is True
        d.wait_log("supervisord started with pid", times=2)
        d.wait(cat="RUNNING")


@pytest.mark.contract("A4.136")
def test_the_address_of_a_program_that_came_by_an_update_is_no_obstacle(daemon):
    port = free_port()
    d = daemon(CAT).wait(cat="RUNNING")
    d.lab.config(f"{CAT}[fcgi-program:web]\ncommand=/bin/sleep 1000\nsocket=tcp://127.0.0.1:{port}\nstartsecs=0\n")
    assert d.rpc.reloadConfig() == [[["web"], [], []]]
    d.rpc.addProcessGroup("web")
    d.wait(web="RUNNING")
    assert d.rpc.restart() is True
    d.wait_log("supervisord started with pid", times=2)
    d.wait(web="RUNNING", cat="RUNNING")


@pytest.mark.contract("A4.139")
@pytest.mark.differs("theirs", "A4.139", "stops everything, then ends")
def test_what_breaks_on_the_way_brings_the_old_configuration_back(daemon):
    leave = "until [ -e {root}/go ]; do sleep 0.1; done; exit"
    slow = f"[program:slow]\ncommand=/bin/sh -c 'trap \"{leave}\" TERM; echo ready; while :; do sleep 0.1; done'\n"
    d = daemon(CAT + slow + "startsecs=0\nstdout_logfile={root}/slow.out\n").wait(cat="RUNNING", slow="RUNNING")
    until("slow to set its trap", lambda: d.lab.read("slow.out"))
    with socket.socket() as tcp:
        port = free_port()
        d.lab.config(f"[inet_http_server]\nport=127.0.0.1:{port}\n[program:new]\ncommand=/bin/cat\n")
        assert d.rpc.restart() is True
        # The address goes to somebody else while the programs are being stopped.
        take(tcp, port)
        d.lab.write("go", "")
        d.wait_log("supervisord started with pid", times=2)
        d.wait(cat="RUNNING", slow="RUNNING")
    assert "CRIT the new configuration could not be started, the one before is used again: Another" in d.log()
    # What was refused then works now.
    d.rpc.restart()
    d.wait_log("supervisord started with pid", times=3)
    d.wait(new="RUNNING")


@pytest.mark.contract("A4.136", "A4.141", "A3.35", "A4.135")
def test_what_clients_see_of_a_reload(daemon):
    first, second = free_port(), None
    second = free_port(but=[first])
    servers = "[inet_http_server]\nport=127.0.0.1:{0}\n[unix_http_server:two]\nfile=%(here)s/{1}.sock\n"
    d = daemon(CAT + servers.format(first, "old")).wait(cat="RUNNING")
    with socket.create_connection(("127.0.0.1", first), 10) as kept:
        d.lab.config(CAT + servers.format(second, "new"))
        assert d.rpc.restart() is True
        d.wait_log("supervisord started with pid", times=2)
        # A connection ends with the life that it was made in.
        assert kept.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first), 10)
    assert not (d.root / "old.sock").exists()
    url = f"http://127.0.0.1:{second}/RPC2"
    assert xmlrpc.client.ServerProxy(url).supervisor.getPID() == d.pid
    assert rpc(d.root / "new.sock").supervisor.getPID() == d.pid
    assert d.rpc.getPID() == d.pid
