"""The HTTP server, byte by byte where programs depend on it."""

import base64
import hashlib
import re
import socket

import pytest

from daemon import free_port

CALL = (
    "<?xml version='1.0'?>\n<methodCall>\n<methodName>{}</methodName>\n<params>\n{}</params>\n</methodCall>\n"
)


def exchange(d, request, seconds=5, enough=None):
    """Sends bytes to the unix socket and reads until it closes, or `enough` is there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(str(d.socket))
        connection.sendall(request if isinstance(request, bytes) else request.encode())
        got = b""
        try:
            while part := connection.recv(65536):
                got += part
                if enough and enough in got:
                    break
        except TimeoutError:
            got += b"<no more>"
        return got.decode(errors="replace")


def post(method, params="", version="1.0", more=""):
    body = CALL.format(method, params)
    return f"POST /RPC2 HTTP/{version}\r\nContent-Length: {len(body.encode())}\r\n{more}\r\n{body}"


def masked(text):
    """Without what is free: dates, the Server value, and the header that upstream forgets."""
    text = re.sub(r"(Date|Last-Modified|Server): [^\r]*", r"\1: X", text)
    return text.replace("Connection: close\r\n", "").replace("\r\n", "\n")


@pytest.mark.contract("B2.2.1", "B2.2.2", "B2.2.3", "B2.2.4", "B2.2.5", "B2.2.9", "B2.1.1", "B2.5.2")
def test_answers_to_calls(daemon, recorded):
    d = daemon("[program:cat]\ncommand=/bin/cat\nautostart=false\n")
    calls = [
        ("supervisor.getVersion", ""), ("supervisor.getState", ""), ("supervisor.nothing", ""),
        ("supervisor.stopProcess", "<param><value><string>a&lt;b>&amp;é</string></value></param>\n"),
        ("system.methodSignature", "<param><value>supervisor.readLog</value></param>\n"),
        ("supervisor.getProcessInfo", "<param><value><string>cat</string></value></param>\n"),
    ]  # fmt: skip
    text = "".join(masked(exchange(d, post(*call))) for call in calls)
    text = re.sub(r"(?s)(<name>now</name>\n<value><int>)\d+", r"\1NOW", d.lab.normal(text))
    recorded(re.sub(r"Content-Length: 1\d\d\d|---compat-[a-z0-9_]{8}", "X", text))


@pytest.mark.contract("B2.3.1", "B2.3.2", "B2.3.3", "B2.3.4", "B2.6.1", "B2.11.3", "B2.9.3")
def test_other_answers(daemon, recorded):
    d = daemon("")
    requests = [
        "GET /ok.html HTTP/1.0\r\n\r\n", "GET /no/such HTTP/1.0\r\n\r\n", "GET /RPC2 HTTP/1.0\r\n\r\n",
        "GET /logtail/nobody HTTP/1.0\r\n\r\n", "GET /../etc/passwd HTTP/1.0\r\n\r\n",
        "POST /RPC2 HTTP/1.0\r\nContent-Length: 3\r\n\r\n<a>",
    ]  # fmt: skip
    text = ""
    for request in requests:
        text += "> " + request.split("\r\n")[0] + "\n" + masked(exchange(d, request))
    # The page's own headers against caching are a matter of its own.
    recorded("".join(f"{line}\n" for line in text.splitlines() if not line.startswith(("Pragma", "Cache-", "Expires"))))


@pytest.mark.contract("B2.5.1", "B2.5.2", "B2.5.6", "B2.4.2")
def test_connections_are_kept(daemon):
    d = daemon("")
    twice = exchange(d, post("supervisor.getVersion", version="1.1") * 2, seconds=2)
    assert twice.count("HTTP/1.1 200 OK") == 2
    assert twice.endswith("<no more>")
    kept = exchange(d, post("supervisor.getVersion", more="connection: Keep-Alive\r\n"), seconds=1)
    assert kept.startswith("HTTP/1.0 200 OK") and "Connection: Keep-Alive" in kept and kept.endswith("<no more>")
    assert not exchange(d, post("supervisor.getVersion"), seconds=2).endswith("<no more>")


@pytest.mark.contract("B2.7.1", "B2.7.4", "B2.7.5", "B2.7.8")
def test_passwords(lab):
    secret = "{SHA}" + hashlib.sha1("pa:ss wörd".encode()).hexdigest()
    port = free_port()
    d = lab.daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword={secret}\n")

    def status(path, *headers):
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            lines = [f"GET {path} HTTP/1.0", *headers, "", ""]
            connection.sendall("\r\n".join(lines).encode())
            return connection.recv(65536).decode().split("\r\n")

    good = base64.b64encode("me:pa:ss wörd".encode()).decode()
    bad = base64.b64encode(b"me:other").decode()
    for path in ["/", "/ok.html", "/RPC2", "/logtail/x", "/mainlogtail", "/no/such", "/stylesheets/supervisor.css"]:
        answer = status(path)
        assert answer[0] == "HTTP/1.0 401 Unauthorized"
        assert 'WWW-Authenticate: Basic realm="default"' in answer
    assert status("/ok.html", f"Authorization: Basic {bad}")[0] == "HTTP/1.0 401 Unauthorized"
    assert status("/ok.html", "Authorization: Bearer x")[0] == "HTTP/1.0 401 Unauthorized"
    assert status("/ok.html", f"Authorization: Basic {good}")[0] == "HTTP/1.0 200 OK"
    assert status("/ok.html", f"authorization: BASIC   {good}")[0] == "HTTP/1.0 200 OK"
    assert d.rpc.getState()["statecode"] == 1


@pytest.mark.contract("B2.9.4", "B2.9.5", "B2.9.6", "B2.9.1")
def test_following_a_log(daemon, recorded):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    d.lab.write("cat.log", "x" * 2000 + "end\n")
    got = exchange(d, "GET /logtail/cat/stdout HTTP/1.1\r\n\r\n", enough=b"end\n\r\n")
    recorded(masked(got))


@pytest.mark.contract("B2.9.11")
@pytest.mark.differs("theirs", "B2.9.11", "sends nothing until 64 KiB are there")
def test_following_a_log_over_http_1_0(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    d.lab.write("cat.log", "hello\n")
    got = exchange(d, "GET /logtail/cat/stdout HTTP/1.0\r\n\r\n", seconds=3, enough=b"hello\n")
    assert got.startswith("HTTP/1.0 200 OK") and got.endswith("\r\n\r\nhello\n")


@pytest.mark.contract("B2.3", "B2.3.5")
@pytest.mark.differs("theirs", "B2.3", "never answers")
def test_an_empty_body_is_answered(daemon):
    got = exchange(daemon(""), "POST /RPC2 HTTP/1.0\r\nContent-Length: 0\r\n\r\n", seconds=2)
    assert got.startswith("HTTP/1.0 400 ")


@pytest.mark.contract("B1.10.11", "B1.10.12")
@pytest.mark.differs("theirs", "B1.10.11", "answers HTTP 500, or XML that no client can read")
@pytest.mark.parametrize("data", [b"ok \xff\xfe bad\n", b"colour \x1b[31m red\n"], ids=["not_utf8", "escape"])
def test_any_log_can_be_read(daemon, data):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    (d.root / "cat.log").write_bytes(data)
    text = d.rpc.readProcessStdoutLog("cat", 0, 0)
    assert text.split()[0] == data.decode(errors="replace").split()[0]


@pytest.mark.contract("B2.11.1", "B2.11.4", "B2.11.5", "B2.11.8", "B2.11.10")
def test_the_web_page(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    page = exchange(d, "GET / HTTP/1.0\r\n\r\n")
    assert page.startswith("HTTP/1.0 200 OK")
    for part in ["Supervisor Status", "statusrunning", "tail.html?processname=cat", "action=stop", "logtail/cat"]:
        assert part in page, part
    answer = exchange(d, "GET /index.html?processname=cat&action=stop HTTP/1.0\r\nHost: h\r\n\r\n")
    assert re.match(r"HTTP/1.0 30[123] ", answer)
    assert "message=Process%20cat%20stopped" in answer
    assert d.info("cat")["statename"] == "STOPPED"
