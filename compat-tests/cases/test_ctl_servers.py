"""supervisorctl and the servers that it is sent to: daemons that are down, or are
other ones, or want a password, and where it finds out which one it shall ask.

Each case runs with the stock client and with ours, on the same recording.
"""

import http.server
import os
import re
import socket
import threading

import pytest

from daemon import free_port
from transcript import common

# What is asked of a daemon that does not answer as it should.
REFUSED = """
    status
    start x
    stop x
    restart x
    signal HUP x
    pid
    pid x
    reread
    update
    avail
    add x
    remove x
    reload
    shutdown
    tail x
    tail -f x
    maintail
    maintail -f
    clear x
    version
    fg x
    help
    quit
    """


@pytest.fixture
def tells_of_ours(target, client):
    """A case that starts no daemon has nothing to say when only the daemon is ours."""
    if (target.name, client.name) == ("ours", "theirs"):
        pytest.skip("the client alone is looked at, and this one is not ours")


DOWN = {
    "no_socket": lambda root: f"unix://{root}/none.sock",
    "stale_socket": lambda root: f"unix://{root}/stale.sock",
    "plain_file": lambda root: f"unix://{root}/plain",
    "closed_port": lambda _: "http://127.0.0.1:1",
}


@pytest.mark.contract("B3.4.1", "B3.4.2", "B3.4.3", "B3.5.1", "B3.5.2", "B3.5.3", "B3.5.4")
@pytest.mark.parametrize("how", DOWN)
def test_a_daemon_that_is_down(lab, tells_of_ours, transcript, recorded, how):
    conf = lab.config("")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(lab.root / "stale.sock"))
    lab.write("plain", "")
    transcript.play(REFUSED, options=["-c", str(conf), "-s", DOWN[how](lab.root)])
    transcript.run(stdin="version\nhelp\n", options=["-c", str(conf), "-s", DOWN[how](lab.root)])
    recorded(transcript.text())


@pytest.mark.contract("B3.4.2")
def test_a_host_that_nobody_knows(lab, tells_of_ours, transcript, recorded):
    conf = lab.config("")
    for words in ("status", "reread", "shutdown"):
        transcript.run(words, options=["-c", str(conf), "-s", "http://no-such-host.invalid:9001"])
    # without a name server the system says so in other words
    recorded(re.sub(r"\[Errno -\d\] .*", "[Errno NAME] WHY", transcript.text()))


@pytest.mark.contract("B3.5", "B3.5.1", "B3.5.2", "B3.5.3", "B3.6.1")
def test_a_daemon_without_the_interface(lab, transcript, recorded):
    lab.without_interface("[program:x]\ncommand=/bin/cat\n", ctl="prompt=my prompt\n")
    transcript.play(REFUSED)
    transcript.run(stdin="version\nmaintail -f\nhelp\nexit\n")
    recorded(transcript.text())


OTHER_VERSION = b"""<?xml version='1.0'?>
<methodResponse><params><param><value><string>2.9</string></value></param></params></methodResponse>"""


class OtherVersion(http.server.BaseHTTPRequestHandler):
    """Answers each call as an old daemon answers `getVersion`."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(OTHER_VERSION)))
        self.end_headers()
        self.wfile.write(OTHER_VERSION)

    def log_message(self, *_):
        pass


@pytest.mark.contract("B3.5", "B3.5.1", "B3.5.2", "B3.3.2")
def test_a_daemon_of_another_api_version(lab, tells_of_ours, transcript, recorded):
    conf = lab.config("")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherVersion) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ["-c", str(conf), "-s", f"http://127.0.0.1:{server.server_port}"]
        for words in ("status", "start x", "version", "pid", "tail x", "fg x", "clear x", "maintail -f"):
            transcript.run(*words.split(), options=options)
        server.shutdown()
    recorded(transcript.text())


@pytest.mark.contract("B3.4.4", "B3.3.1", "B2.7.4")
@pytest.mark.parametrize("login", ["none", "wrong"])
def test_a_daemon_that_wants_a_password(daemon, transcript, recorded, login):
    port = free_port()
    d = daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=su\npassword=right\n"
               "[program:x]\ncommand=/bin/cat\nstartsecs=0\n").wait(x="RUNNING")  # fmt: skip
    server = ["-c", str(d.conf), "-s", f"http://127.0.0.1:{port}"]
    transcript.play(REFUSED, options=[*server, *([] if login == "none" else ["-u", "su", "-p", "wrong"])])
    for more in (["-u", "su", "-p", "right"], ["--username=su", "--password=right"], ["-u", "su", "-p", ""],
                 ["-p", "right"], ["-u", "other", "-p", "right"]):  # fmt: skip
        transcript.note(" ".join(more))
        transcript.run("status", options=[*server, *more])
    recorded(transcript.text().replace(str(port), "PORT"))


# A configuration of the client, and what is asked of it.
CONFIGURATIONS = {
    "bogus_url": "serverurl=bogus",
    "socket_in_the_folder": "serverurl=unix://sub/../s.sock",
    "folder_in_the_url": "serverurl=unix://%(here)s/none.sock",
    "variable_in_the_url": "serverurl=http://127.0.0.1:%(ENV_SOME_PORT)s ; a comment",
    "folder_in_the_prompt": "prompt=%(here)s x",
    "bad_percent_in_the_prompt": "prompt=a%b",
}


@pytest.mark.contract("B3.2.4", "B3.2.5", "B3.2.6", "B3.2.9")
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_configuration(lab, tells_of_ours, transcript, recorded, name):
    lab.write("c.conf", f"[supervisorctl]\n{CONFIGURATIONS[name]}\n")
    transcript.run("version", options=["-c", str(lab.root / "c.conf")], env={"SOME_PORT": "1"})
    text = re.sub(r"Available names: .*", "Available names: NAMES", transcript.text())
    recorded(text.replace(os.getcwd(), "HERE"))


@pytest.mark.contract("B3.2.1", "B3.1.9")
def test_where_a_configuration_is_looked_for(lab, tells_of_ours, transcript, recorded):
    """Each one is nearer than the one before; the port tells which was taken."""
    program = lab.root / "prefix" / "bin" / "supervisorctl"
    program.parent.mkdir(parents=True)
    program.symlink_to(transcript.program())
    lines = []
    for port, place in enumerate(["etc/supervisord.conf", "supervisord.conf", "prefix/supervisord.conf",
                                  "prefix/etc/supervisord.conf"], 1):  # fmt: skip
        lab.write(place, f"[supervisorctl]\nserverurl=http://127.0.0.1:{port}\n")
        done = lab.run(str(program), "version", cwd=lab.root)
        lines.append(f"{place}: {common(done.stdout)}[exit {done.code}]\n")
    recorded("".join(lines))
