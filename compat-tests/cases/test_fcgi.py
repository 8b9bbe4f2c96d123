"""FastCGI programs: one listening socket for all processes of a section."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import threading
import xmlrpc.client

import pytest

from daemon import COMMAND_SECS, free_port, until


def is_socket(pid, fd):
    return os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")


@pytest.mark.contract("A4.99", "A4.100", "A4.101", "A4.103", "A4.106", "A5.42", "A3.83", "A10.16", "A7.22")
def test_a_unix_socket(daemon, recorded):
    d = daemon("""
[fcgi-program:web]
command=/bin/sleep 1000
socket=unix://%(here)s/%(program_name)s.fcgi
socket_mode=0750
numprocs=2
process_name=web%(process_num)d
startsecs=0
""").wait(**{"web:web0": "RUNNING", "web:web1": "RUNNING"})
    path = d.root / "web.fcgi"
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    pids = [d.info(f"web:web{n}")["pid"] for n in (0, 1)]
    links = {os.readlink(f"/proc/{pid}/fd/0") for pid in pids}
    assert len(links) == 1 and links.pop().startswith("socket:")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    with pytest.raises(Exception, match="NO_FILE"):
        d.rpc.sendProcessStdin("web:web0", "x")
    d.rpc.stopProcess("web:web0")
    assert d.log_lines("Closing socket")[1:] == []
    d.rpc.stopProcess("web:web1")
    d.wait_log("Closing socket", times=2)
    assert path.exists()
    recorded("\n".join(d.log_lines("socket ")) + "\n")


@pytest.mark.contract("A4.102", "A4.99", "A4.100")
def test_a_tcp_socket(daemon):
    port = free_port()
    d = daemon(f"[fcgi-program:web]\ncommand=/bin/sleep 1000\nsocket=tcp://127.0.0.1:{port}\nstartsecs=0\n")
    d.wait(web="RUNNING")
    assert is_socket(d.info("web")["pid"], 0)
    with socket.create_connection(("127.0.0.1", port), COMMAND_SECS) as client:
        assert client.getpeername()[1] == port
    d.rpc.stopProcess("web")
    d.wait_log(f"Closing socket tcp://127.0.0.1:{port}", times=2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), COMMAND_SECS)
    d.rpc.startProcess("web")
    with socket.create_connection(("127.0.0.1", port), COMMAND_SECS):
        d.wait(web="RUNNING")


@pytest.mark.contract("A4.104", "A7.44", "A3.88")
@pytest.mark.differs("theirs", "A4.104", "makes no socket for a program in a group")
def test_in_a_group(daemon):
    d = daemon("""
[fcgi-program:web]
command=/bin/sleep 1000
socket=unix://%(here)s/web.fcgi
startsecs=0
[group:g]
programs=web
""").wait(**{"g:web": "RUNNING"})
    until("the socket", lambda: (d.root / "web.fcgi").exists())
    assert is_socket(d.info("g:web")["pid"], 0)


@pytest.mark.contract("A1.34", "A4.101", "A5.42", "A7.59")
@pytest.mark.differs("theirs", "A1.34", "shows a traceback and ends with status 1")
def test_a_socket_that_cannot_be_had_at_the_start(lab):
    url = "tcp://192.0.2.1:9"
    conf = lab.config(f"[fcgi-program:web]\ncommand=/bin/sleep 1000\nsocket={url}\n")
    done = lab.run("supervisord", "-n", "-c", str(conf))
    assert f"Creating socket {url}\n" in lab.read("supervisord.log")
    assert "Closing socket" not in lab.read("supervisord.log")
    reason = f"Could not create FastCGI socket {url}: [Errno 99] Cannot assign requested address"
    assert done.stderr.splitlines()[0] == f"Error: {reason}"
    assert done.code == 2


@pytest.mark.contract("A4.105", "A7.59")
@pytest.mark.differs("theirs", "A4.105", "answers HTTP 500, and has no process that is tried again")
def test_a_socket_that_cannot_be_had_later(lab, daemon):
    lab.write("sockets/one", "")
    d = daemon("""
[program:cat]
command=/bin/cat
[fcgi-program:web]
command=/bin/sleep 1000
socket=unix://%(here)s/sockets/web.fcgi
autostart=false
startretries=1
startsecs=0
""").wait(cat="RUNNING")
    pid = d.info("cat")["pid"]
    (d.root / "sockets").rename(d.root / "gone")
    with pytest.raises(xmlrpc.client.Fault, match="SPAWN_ERROR"):
        d.rpc.startProcess("web")
    assert "Could not create FastCGI socket unix://" in d.info("web")["spawnerr"]
    assert d.info("cat")["pid"] == pid
    # It is tried again like any spawn that failed.
    (d.root / "gone").rename(d.root / "sockets")
    d.wait(web="RUNNING")


@pytest.mark.needs_root
@pytest.mark.contract("A4.103", "A4.102")
@pytest.mark.parametrize("options, owner, group, mode", [
    ("", "root", "root", 0o700),
    ("user=nobody", "nobody", "nogroup", 0o700),
    ("user=nobody\nsocket_owner=daemon", "daemon", "root", 0o700),
    ("user=nobody\nsocket_owner=root:daemon\nsocket_mode=0660", "root", "daemon", 0o660),
], ids=["plain", "the_programs_user", "an_owner", "an_owner_and_a_group"])  # fmt: skip
def test_who_may_use_a_socket(daemon, options, owner, group, mode):
    section = f"[fcgi-program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\nsocket=unix://%(here)s/web.fcgi\n{options}\n"
    d = daemon(section).wait(web="RUNNING")
    found = (d.root / "web.fcgi").stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (pwd.getpwnam(owner).pw_uid, mode)
    assert (d.root / "web.fcgi").group() == group


@pytest.mark.skipif(not shutil.which("ss"), reason="needs ss of iproute2")
@pytest.mark.contract("A4.102", "A3.83")
def test_the_backlog_of_a_socket(daemon):
    port = free_port()
    section = "[fcgi-program:{0}]\ncommand=/bin/sleep 1000\nstartsecs=0\nsocket={1}\n"
    some, most = "unix://%(here)s/some.fcgi", "unix://%(here)s/most.fcgi"
    text = section.format("some", some) + "socket_backlog=7\n" + section.format("most", most)
    text += section.format("tcp", f"tcp://127.0.0.1:{port}") + "socket_backlog=9\n"
    d = daemon(text).wait(some="RUNNING", most="RUNNING", tcp="RUNNING")
    listening = subprocess.run(["ss", "-lnxt"], capture_output=True, text=True, timeout=COMMAND_SECS).stdout
    # The columns behind the state are what waits and how much may wait.
    rows = [line.split() for line in listening.splitlines()]
    waiting = {row[row.index("LISTEN") + 3]: int(row[row.index("LISTEN") + 2]) for row in rows if "LISTEN" in row}
    with open("/proc/sys/net/core/somaxconn") as somaxconn:
        most = min(int(somaxconn.read()), socket.SOMAXCONN)
    assert waiting[f"{d.root}/some.fcgi"] == 7
    assert waiting[f"{d.root}/most.fcgi"] == most
    assert waiting[f"127.0.0.1:{port}"] == 9


@pytest.mark.contract("A4.100", "A4.101", "A4.105", "A5.42")
def test_who_holds_a_socket_and_for_how_long(daemon, recorded):
    d = daemon("""
[fcgi-program:alone]
command=/bin/sleep 1000
socket=unix://%(here)s/alone.fcgi
startsecs=0
autorestart=true
[fcgi-program:missing]
command=/no/such/program
socket=unix://%(here)s/missing.fcgi
startretries=0
[fcgi-program:pair]
command=/bin/sleep 1000
socket=unix://%(here)s/pair.fcgi
numprocs=2
process_name=%(process_num)d
startsecs=0
autorestart=true
""").wait(alone="RUNNING", missing="FATAL", **{"pair:0": "RUNNING", "pair:1": "RUNNING"})
    # One that dies and comes again has a new socket, unless others go on.
    for name in ("alone", "pair:0"):
        pid = d.info(name)["pid"]
        os.kill(pid, signal.SIGKILL)
        until("another life", lambda: d.info(name)["pid"] not in (0, pid))
    d.lab.config("")
    d.rpc.reloadConfig()
    for name in ("alone", "pair"):
        d.rpc.stopProcessGroup(name)
        assert d.rpc.removeProcessGroup(name)
    recorded("\n".join(d.log_lines(" socket ", "spawnerr", "spawned", "exited")) + "\n")


@pytest.mark.contract("A4.104", "A4.100", "A4.106")
@pytest.mark.differs("theirs", "A4.104", "makes no socket for a program in a group")
def test_two_programs_of_one_group_have_two_sockets(daemon):
    d = daemon("""
[fcgi-program:one]
command=/bin/sleep 1000
socket=unix://%(here)s/%(program_name)s.fcgi
socket_mode=0600
numprocs=2
process_name=one%(process_num)d
startsecs=0
[fcgi-program:two]
command=/bin/sleep 1000
socket=unix://%(here)s/%(program_name)s.fcgi
startsecs=0
[program:three]
command=/bin/sleep 1000
startsecs=0
[group:g]
programs=one,two,three
""").wait(**{"g:one0": "RUNNING", "g:one1": "RUNNING", "g:two": "RUNNING", "g:three": "RUNNING"})
    links = {info["name"]: os.readlink(f"/proc/{info['pid']}/fd/0") for info in d.rpc.getAllProcessInfo()}
    assert links["one0"] == links["one1"] != links["two"]
    assert links["two"].startswith("socket:") and links["three"].startswith("pipe:")
    assert stat.S_IMODE((d.root / "one.fcgi").stat().st_mode) == 0o600
    d.rpc.stopProcess("g:one0")
    d.rpc.stopProcess("g:two")
    d.wait_log(f"Closing socket unix://{d.root}/two.fcgi", times=2)
    assert d.log().count(f"Closing socket unix://{d.root}/one.fcgi") == 1
    d.rpc.stopProcess("g:one1")
    d.wait_log(f"Closing socket unix://{d.root}/one.fcgi", times=2)


# It tells who served, and takes its time, so that others have to serve meanwhile.
SCRIPT = "<?php usleep(200000); echo 'served by ', getmypid(), '.';"
PHP = """
[fcgi-program:php]
command=php-cgi -n
socket={socket}
numprocs=3
process_name=php%(process_num)d
environment=PHP_FCGI_MAX_REQUESTS="0"
[group:web]
programs={members}
"""


class Site:
    """A page behind php-cgi, seen through cgi-fcgi."""

    def __init__(self, lab, address):
        self.lab, self.address = lab, address
        self.page = lab.write("page.php", SCRIPT)

    def get(self):
        """The pid of the process that has served, or none."""
        request = {"REQUEST_METHOD": "GET", "SCRIPT_FILENAME": str(self.page), "REDIRECT_STATUS": "200"}
        done = self.lab.run(shutil.which("cgi-fcgi"), "-bind", "-connect", self.address, env=request)
        _, served, rest = done.stdout.partition("served by ")
        return int(rest.partition(".")[0]) if served else None

    def get_at_once(self, count):
        """Who has served so many requests of one moment."""
        pids = []
        clients = [threading.Thread(target=lambda: pids.append(self.get())) for _ in range(count)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return pids


@pytest.mark.skipif(not (shutil.which("php-cgi") and shutil.which("cgi-fcgi")), reason="needs php-cgi and cgi-fcgi")
@pytest.mark.contract("A4.99", "A4.100", "A4.106", "A10.16")
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_real_server_and_a_real_client(lab, daemon, kind):
    serve(lab, daemon, kind, group="php", members="")


@pytest.mark.skipif(not (shutil.which("php-cgi") and shutil.which("cgi-fcgi")), reason="needs php-cgi and cgi-fcgi")
@pytest.mark.contract("A4.99", "A4.104", "A7.44")
@pytest.mark.differs("theirs", "A4.104", "makes no socket for a program in a group")
def test_a_real_server_in_a_group(lab, daemon):
    serve(lab, daemon, "unix", group="web", members="php")


def serve(lab, daemon, kind, group, members):
    """Three processes behind one socket serve, while one of them comes and goes."""
    address = str(lab.root / "php.fcgi") if kind == "unix" else f"127.0.0.1:{free_port()}"
    url = ("unix://" if kind == "unix" else "tcp://") + address
    names = [f"{group}:php{number}" for number in range(3)]
    d = daemon(PHP.replace("{socket}", url).replace("{members}", members))
    d.wait(**dict.fromkeys(names, "RUNNING"))
    site = Site(lab, address)
    served = set()

    def everybody_served():
        served.update(site.get_at_once(3))
        return served

    pids = {d.info(name)["pid"] for name in names}
    until("everybody to serve", lambda: everybody_served() >= pids)
    assert served == pids

    went_on, answers = threading.Event(), []

    def go_on():
        while not went_on.is_set():
            answers.append(site.get())

    client = threading.Thread(target=go_on)
    client.start()
    d.rpc.stopProcess(names[0])
    asked = len(answers)
    until("others to serve meanwhile", lambda: len(answers) > asked + 1)
    d.rpc.startProcess(names[0])
    until("the new one to serve", lambda: d.info(names[0])["pid"] in site.get_at_once(3))
    went_on.set()
    client.join()
    assert None not in answers

    d.rpc.stopProcessGroup(group)
    d.wait_log(f"Closing socket {url}", times=2)
    with socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET) as late:
        with pytest.raises(ConnectionRefusedError):
            late.connect(address if kind == "unix" else ("127.0.0.1", int(address.rpartition(":")[2])))
