"""Where the servers listen: addresses, socket files, who may come in where."""

import base64
import os
import pwd
import signal
import socket
import stat
import threading

import pytest

from daemon import COMMAND_SECS, free_port, until

OK = b"GET /ok.html HTTP/1.0\r\n"


def ask(address, header=""):
    """The status of `/ok.html` there; None when nobody listens."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as connection:
        connection.settimeout(10)
        try:
            connection.connect(address)
        except ConnectionRefusedError:
            return None
        connection.sendall(OK + header.encode() + b"\r\n")
        return int(connection.recv(65536).split()[1])


def basic(name, password):
    """The header line."""
    return f"Authorization: Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}\r\n"


@pytest.mark.contract("B2.8.2", "A3.25")
@pytest.mark.parametrize("form, everywhere", [
    ("{port}", True), (":{port}", True), ("*:{port}", True), ("0.0.0.0:{port}", True),
    ("127.0.0.1:{port}", False), ("localhost:{port}", False),
])  # fmt: skip
def test_forms_of_an_address(lab, form, everywhere):
    port = free_port()
    lab.daemon(f"[inet_http_server]\nport={form.format(port=port)}\n")
    assert ask(("127.0.0.1", port)) == 200
    assert ask(("127.0.0.2", port)) == (200 if everywhere else None)


@pytest.mark.contract("B2.8.3", "A3.26")
@pytest.mark.parametrize("form", ["[::1]:{port}", "[::]:{port}", "[0:0::1]:{port}"])
def test_forms_of_an_ipv6_address(lab, form):
    if lab.target.name == "theirs":
        pytest.skip("cannot bind them")
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on loopback")
    port = free_port()
    lab.daemon(f"[inet_http_server]\nport={form.format(port=port)}\n")
    assert ask(("::1", port)) == 200


@pytest.mark.contract("B0.1", "B2.8.1", "B2.7.1", "B2.8.15")
def test_many_servers_each_with_its_own_password(lab):
    ports = []
    for _ in range(3):
        ports.append(free_port(ports))
    places = [*(("127.0.0.1", port) for port in ports), *(str(lab.root / f"{name}.sock") for name in "abc")]
    text = ""
    for number, place in enumerate(places):
        kind = "unix" if isinstance(place, str) else "inet"
        where = f"file={place}" if kind == "unix" else f"port=127.0.0.1:{place[1]}"
        text += f"[{kind}_http_server:{number}]\n{where}\nusername=user{number}\npassword=secret{number}\n"
    d = lab.daemon(text)
    for number, place in enumerate(places):
        for other in range(len(places)):
            assert ask(place, basic(f"user{other}", f"secret{other}")) == (200 if other == number else 401)
        assert ask(place) == 401
    assert ask(str(d.socket)) == 200
    assert d.stop() == 0
    assert not list(lab.root.glob("*.sock*"))
    assert ask(places[0]) is None


@pytest.mark.contract("B2.8.6", "B2.8.15", "A3.32")
@pytest.mark.needs_root
def test_nobody_ever_sees_a_socket_with_other_rights(lab):
    conf = lab.config("")
    conf.write_text(conf.read_text().replace("s.sock\n\n", "s.sock\nchmod=0720\nchown=nobody:nogroup\n\n", 1))
    seen, watching = set(), True

    def watch():
        while watching:
            for name in os.listdir(lab.root):
                if name.startswith("s.sock"):
                    try:
                        found = (lab.root / name).lstat()
                    except FileNotFoundError:
                        continue
                    seen.add((name == "s.sock", stat.S_IMODE(found.st_mode), found.st_uid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for starts in (1, 2, 3):
            process = lab.spawn("/bin/sh", "-c", f"umask 0; exec {lab.target.program('supervisord')} -n -c {conf}")
            until("the start", lambda: lab.read("supervisord.log").count("supervisord started") == starts)
            until("the watcher to have seen the socket", lambda: any(is_final for is_final, *_ in tuple(seen)))
            process.terminate()
            assert process.wait(COMMAND_SECS) == 0
    finally:
        watching = False
        watcher.join()
    nobody = pwd.getpwnam("nobody").pw_uid
    if lab.target.name == "theirs":
        # It gives the file away when it has its name already, and its first name has all rights.
        seen = {(is_final, mode, nobody) for is_final, mode, _ in seen if is_final}
    assert {entry for entry in seen if entry[0]} == {(True, 0o720, nobody)}
    assert all(mode & ~0o720 == 0 for _, mode, _ in seen), seen


@pytest.mark.contract("B2.8.12", "B7.3")
@pytest.mark.needs_root
def test_a_socket_that_may_not_be_given_away(lab, recorded):
    lab.root.chmod(0o777)
    (lab.root / "childlog").chmod(0o777)
    conf = lab.config("")
    text = conf.read_text().replace("user=root", "user=nobody", 1)
    conf.write_text(text.replace("s.sock\n\n", "s.sock\nchown=root:root\n\n", 1))
    done = lab.run("supervisord", "-n", "-c", str(conf))
    recorded(f"{done.code}\n{lab.normal(done.stderr)}")


@pytest.mark.contract("B2.8.7", "A1.33")
def test_the_socket_of_a_killed_daemon_is_taken_over(lab):
    first = lab.daemon("")
    first.signal(signal.SIGKILL)
    first.process.wait(COMMAND_SECS)
    assert first.socket.exists()
    second = lab.daemon("")
    assert "Unlinking stale socket" in second.process.err.read_text()
    assert second.rpc.getPID() == second.pid


@pytest.mark.contract("B2.8.7", "B2.8.10", "A1.32")
def test_the_socket_of_a_living_daemon_is_left_to_it(lab):
    first = lab.daemon("")
    before = first.socket.stat().st_ino
    second = lab.run("supervisord", "-n", "-c", str(first.conf))
    assert second.code == 2
    line = (
        "Error: Another program is already listening on a port that one of our HTTP servers is configured to use.  "
        "Shut this program down first before starting supervisord."
    )
    assert second.stderr.splitlines()[0] == line
    assert first.socket.stat().st_ino == before
    assert first.rpc.getPID() == first.pid


@pytest.mark.contract("B2.8.8", "A3.32", "A7.69")
@pytest.mark.parametrize("kind", ["file", "link", "dangling", "folder", "pipe"])
def test_what_is_no_socket_is_kept(lab, kind):
    if lab.target.name == "theirs":
        pytest.skip("deletes it")
    conf, place = lab.config(""), lab.root / "s.sock"
    precious = lab.write("precious", "text\n")
    {
        "file": lambda: place.write_text("text\n"),
        "link": lambda: place.symlink_to(precious),
        "dangling": lambda: place.symlink_to(lab.root / "nowhere"),
        "folder": place.mkdir,
        "pipe": lambda: os.mkfifo(place),
    }[kind]()
    before = place.lstat()
    done = lab.run("supervisord", "-n", "-c", str(conf))
    after = place.lstat()
    assert done.code == 2
    assert f"{place} exists and is not a socket" in done.stderr
    # to look at a link is to read it: its time of access alone may be another
    assert after[: stat.ST_ATIME] + after[stat.ST_ATIME + 1 :] == before[: stat.ST_ATIME] + before[stat.ST_ATIME + 1 :]
    assert precious.read_text() == "text\n"
    assert not list(lab.root.glob("s.sock.*"))
