"""FastCGI programs: one listening socket for all processes of a section."""

import os
import socket
import stat
import xmlrpc.client

import pytest

from daemon import free_port, until


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
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        assert client.getpeername()[1] == port
    d.rpc.stopProcess("web")
    d.wait_log(f"Closing socket tcp://127.0.0.1:{port}", times=2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
    d.rpc.startProcess("web")
    with socket.create_connection(("127.0.0.1", port), 5):
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
    until("the socket", lambda: (d.root / "web.fcgi").exists(), 3)
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
