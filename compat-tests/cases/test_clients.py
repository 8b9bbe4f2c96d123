"""Clients of all kinds do their everyday work, each with its own library."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import free_port, until
from targets import PROJECT

CLIENTS = PROJECT / "compat-tests" / "clients"
VENV = Path(sys.executable).parent.parent
NODE = VENV / "node"

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={root}/cat.log
[program:café]
command=/bin/cat
autostart=false
"""

# What each of the programs in clients/ writes.
EXPECTED = """\
state RUNNING
process café café STOPPED False
process cat cat RUNNING True
stop True
start True
fault 10 BAD_NAME: nobody
text café
stdin True
multicall 3.0 RUNNING 10
"""


class Served:
    """A daemon with a TCP server that asks for a password."""

    user, password = "me", "pa:ss"

    def __init__(self, lab):
        self.lab, self.port = lab, free_port()
        text = f"[inet_http_server]\nport=127.0.0.1:{self.port}\nusername={self.user}\npassword={self.password}\n"
        self.daemon = lab.daemon(text + PROGRAMS.replace("{root}", str(lab.root))).wait(cat="RUNNING")

    def check(self, *command, port=None, env=None, text="é€😀 <&>\n"):
        """Runs a client against it, which lets cat write `text`."""
        words = [*command, "127.0.0.1", str(port or self.port), self.user, self.password]
        done = self.lab.run(*map(str, words), env=env)
        assert (done.stdout, done.stderr, done.code) == (EXPECTED, "", 0)
        until("the text", lambda: text in self.lab.read("cat.log"))


@pytest.fixture
def served(lab):
    return Served(lab)


def needs(program, package, *check):
    """The full path of a program, which must do `check` without complaint."""
    path = shutil.which(program)
    if path is None or subprocess.run([path, *check], capture_output=True, timeout=60).returncode != 0:
        pytest.skip(f"needs {package}")
    return path


@pytest.mark.contract("B0.4", "B2.7.4")
def test_python(served):
    served.check(sys.executable, CLIENTS / "client.py")


@pytest.mark.contract("B0.4", "B2.7.5")
def test_perl(served):
    perl = needs("perl", "librpc-xml-perl", "-MRPC::XML::Client", "-e1")
    served.check(perl, CLIENTS / "client.pl")


@pytest.mark.contract("B0.4")
def test_ruby(served):
    served.check(needs("ruby", "ruby and ruby-xmlrpc", "-e", "require 'xmlrpc/client'"), CLIENTS / "client.rb")


@pytest.mark.contract("B0.4", "B2.5.2")
def test_php(served):
    php = needs("php", "php-cli and php-xmlrpc", "-r", "exit(function_exists('xmlrpc_decode') ? 0 : 1);")
    served.check(php, CLIENTS / "client.php")


@pytest.mark.contract("B0.4", "B2.4.6")
def test_c(served):
    cc, client = needs("cc", "a C compiler", "--version"), served.lab.root / "client"
    libraries = ["-lxmlrpc_client", "-lxmlrpc", "-lxmlrpc_util"]
    built = subprocess.run([cc, "-o", client, CLIENTS / "client.c", *libraries], capture_output=True, text=True)
    if "xmlrpc-c/" in built.stderr or "cannot find -lxmlrpc" in built.stderr:
        pytest.skip("needs libxmlrpc-core-c3-dev")
    assert built.returncode == 0, built.stderr
    # The library knows no characters beyond 16 bits.
    served.check(client, text="é€ <&>\n")


@pytest.mark.contract("B0.4")
def test_the_xmlrpc_command(served):
    command = shutil.which("xmlrpc") or pytest.skip("needs xmlrpc-api-utils")
    url = f"http://127.0.0.1:{served.port}/RPC2"
    login = [f"-username={served.user}", f"-password={served.password}"]
    state = served.lab.run(command, url, "supervisor.getState", *login)
    assert "RUNNING" in state.stdout
    info = served.lab.run(command, url, "supervisor.getProcessInfo", "s/café", *login)
    assert r"caf\xc3\xa9" in info.stdout and "STOPPED" in info.stdout
    fault = served.lab.run(command, url, "supervisor.startProcess", "s/nobody", *login)
    assert "BAD_NAME: nobody" in fault.stdout + fault.stderr and fault.code != 0


@pytest.mark.contract("B0.4")
def test_node(served):
    modules, own = NODE / "node_modules", NODE / "bin" / "node"
    node = own if own.exists() else needs("node", "node", "--version")
    if not (modules / "xmlrpc").is_dir():
        pytest.skip("needs the npm package xmlrpc")
    served.check(node, CLIENTS / "client.js", env={"NODE_PATH": str(modules)})


@pytest.mark.contract("B4.3.1", "B4.3.2", "B4.3.3", "B4.3.7")
@pytest.mark.parametrize("login", [False, True], ids=["open", "password"])
def test_childutils(lab, login):
    keys = f"username={Served.user}\npassword={Served.password}\n" if login else ""
    environment = f'environment=SUPERVISOR_USERNAME="{Served.user}",SUPERVISOR_PASSWORD="{Served.password}"\n'
    conf = lab.config(f"{PROGRAMS}[program:child]\ncommand={sys.executable} {CLIENTS}/child.py\nstartsecs=0\n"
                      f"stdout_logfile={{root}}/child.log\nredirect_stderr=true\n{environment if login else ''}")  # fmt: skip
    conf.write_text(conf.read_text().replace("s.sock\n\n", f"s.sock\n{keys}\n", 1))
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the child's answers", lambda: "done" in lab.read("child.log"))
    assert lab.read("child.log") == "state RUNNING\nme True\nstop True\nstart True\nmethods True\ndone\n"


CALL = "<?xml version='1.0'?><methodCall><methodName>supervisor.{}</methodName>{}</methodCall>"
VERSION = CALL.format("getVersion", "")


def curl(served, *words, unix=True):
    """The output of curl; over the unix socket, or over TCP with the password."""
    where = ["--unix-socket", str(served.daemon.socket)] if unix else ["-u", f"{served.user}:{served.password}"]
    host = "localhost" if unix else f"127.0.0.1:{served.port}"
    words = [word.replace("URL", f"http://{host}") for word in words]
    return served.lab.run(needs("curl", "curl", "--version"), "-sS", "--max-time", "35", *where, *words)


@pytest.mark.contract("B2.1.1", "B2.1.2", "B2.7.4", "B2.5.1", "B2.5.2")
@pytest.mark.parametrize("unix", [True, False], ids=["unix", "tcp"])
def test_curl(served, unix):
    for version in ("--http1.0", "--http1.1"):
        done = curl(served, version, "-d", VERSION, "URL/RPC2", unix=unix)
        assert "<string>3.0</string>" in done.stdout, done
    # One connection for all of them.
    done = curl(served, "-v", "URL/ok.html", "URL/ok.html", "URL/ok.html", unix=unix)
    assert done.stdout == "OKOKOK" and done.stderr.count("Re-using existing connection") == 2
    params = "<params><param><value><string>café</string></value></param></params>"
    done = curl(served, "-d", CALL.format("getProcessInfo", params), "URL/RPC2", unix=unix)
    assert "<name>name</name>\n<value><string>café</string></value>" in done.stdout


@pytest.mark.contract("B2.7.5", "B2.7.6")
def test_curl_without_the_password(served):
    done = curl(served, "-u", "me:wrong", "-w", "%{http_code}", "-d", VERSION, "URL/RPC2", unix=False)
    assert done.stdout.endswith("</body>\n401")
    assert 'realm="default"' in curl(served, "-u", "me:wrong", "-D", "-", "URL/", unix=False).stdout


@pytest.mark.contract("B2.4.6", "B2.3", "B2.1.13")
def test_curl_sends_large_bodies(served):
    if served.lab.target.name == "theirs":
        pytest.skip("knows neither 100-continue nor chunks")
    body = served.lab.write("body", VERSION + " " * (3 << 20))
    done = curl(served, "-v", "-H", "Expect: 100-continue", "-d", f"@{body}", "URL/RPC2")
    assert "<string>3.0</string>" in done.stdout and "HTTP/1.1 100 Continue" in done.stderr
    done = curl(served, "-H", "Transfer-Encoding: chunked", "-d", f"@{body}", "URL/RPC2")
    assert "<string>3.0</string>" in done.stdout
    refused = curl(served, "-w", "%{http_code}", "-o", "/dev/null", "-T", "/dev/zero", "-X", "POST",
                   "-H", "Content-Length: 99999999999", "URL/RPC2")  # fmt: skip
    assert refused.stdout == "413"


@pytest.mark.contract("B2.10.2", "B2.10.3", "B2.10.6")
def test_curl_asks_for_heads_and_news(served):
    head = curl(served, "-I", "URL/stylesheets/supervisor.css").stdout
    assert head.startswith("HTTP/1.1 200 OK\n") and "Content-Type: text/css\n" in head
    modified = next(line for line in head.splitlines() if line.startswith("Last-Modified: ")).partition(": ")[2]
    again = curl(served, "-w", "%{http_code}", "-H", f"If-Modified-Since: {modified}", "URL/stylesheets/supervisor.css")
    if served.lab.target.name == "ours":
        assert again.stdout == "304"
        # No byte of the 304 is taken for the beginning of the next answer.
        both = curl(served, "-H", f"If-Modified-Since: {modified}", "URL/stylesheets/supervisor.css", "URL/ok.html")
        assert both.stdout == "OK" and both.code == 0
    old = curl(served, "-H", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "URL/stylesheets/supervisor.css")
    assert "body" in old.stdout


NGINX = """
daemon off;
pid {root}/nginx.pid;
error_log {root}/nginx.err;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {root}/nginx-body;
    proxy_temp_path {root}/nginx-proxy;
    fastcgi_temp_path {root}/nginx-fastcgi;
    uwsgi_temp_path {root}/nginx-uwsgi;
    scgi_temp_path {root}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://unix:{root}/s.sock:; }}
    }}
}}
"""


@pytest.mark.contract("B2.9.11", "B2.9.4", "B2.11.9", "B4.4", "B6.6")
def test_nginx_in_front_of_the_unix_socket(served):
    nginx, lab, port = needs("nginx", "nginx-light", "-v"), served.lab, free_port([served.port])
    conf = lab.write("nginx.conf", NGINX.format(root=lab.root, port=port))
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    lab.spawn(nginx, "-p", str(lab.root), "-e", str(lab.root / "nginx.err"), "-c", str(conf), *user)

    def is_up():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until("nginx", is_up)
    served.check(sys.executable, CLIENTS / "client.py", port=port)
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(b"GET /index.html?processname=cat&action=stop HTTP/1.1\r\nHost: outside\r\n\r\n")
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.recv(65536) or pytest.fail(f"the connection ended after {got!r}")
    assert b" 301 " in got.split(b"\r\n")[0] + b" " or b" 302 " in got
    if lab.target.name == "theirs":
        return  # Its log tails send nothing through nginx.
    assert b"\r\nLocation: /?message=" in got
    # The end of the log comes at once, and what is written later too.
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(b"GET /logtail/cat/stdout HTTP/1.1\r\nHost: outside\r\n\r\n")
        got = b""
        while "é€😀 <&>\n".encode() not in got:
            part = connection.recv(65536)
            assert part, got
            got += part
        with (lab.root / "cat.log").open("a") as log:
            log.write("later\n")
        while b"later\n" not in got:
            part = connection.recv(65536)
            assert part, got
            got += part


@pytest.mark.contract("B3.7.93", "B4.4", "B3.1.8", "B6.6")
def test_ansible(lab):
    playbook, collections = VENV / "bin" / "ansible-playbook", VENV / "ansible"
    if not playbook.exists() or not collections.is_dir():
        pytest.skip("needs ansible-core and the collection community.general")
    text = PROGRAMS + "[program:a]\ncommand=/bin/cat\nstartsecs=0\n[program:b]\ncommand=/bin/cat\nstartsecs=0\n"
    d = lab.daemon(text + "[group:grp]\nprograms=a,b\n").wait(cat="RUNNING")
    done = lab.run(
        str(playbook), "-i", "localhost,", "-c", "local", str(CLIENTS / "playbook.yml"),
        "-e", f"ctl={lab.target.program('supervisorctl')} conf={d.conf} ansible_python_interpreter={sys.executable}",
        env={"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(lab.root / "ansible"),
             "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "1", "PATH": f"{VENV}/bin:/usr/bin:/bin"},
        timeout=150,
    )  # fmt: skip
    assert done.code == 0, done.stdout + done.stderr
    states = {info["name"]: info["statename"] for info in d.rpc.getAllProcessInfo()}
    assert states == {"cat": "RUNNING", "café": "STOPPED", "a": "STOPPED", "b": "STOPPED"}
