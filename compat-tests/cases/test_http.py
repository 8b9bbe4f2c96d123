"""The HTTP server, byte by byte where programs depend on it."""

import base64
import calendar
import hashlib
import re
import socket
import time

import pytest

from daemon import COMMAND_SECS, STOP_SECS, free_port, rpc, until

CALL = (
    "<?xml version='1.0'?>\n<methodCall>\n<methodName>{}</methodName>\n<params>\n{}</params>\n</methodCall>\n"
)


def exchange(d, request, seconds=COMMAND_SECS, enough=None):
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


@pytest.mark.contract("B1.2.4", "B2.2.1", "B2.2.2", "B2.2.3", "B2.2.4", "B2.2.5", "B2.2.9", "B2.1.1", "B2.5.2")
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
    twice = exchange(d, post("supervisor.getVersion", version="1.1") * 2, seconds=3)
    assert twice.count("HTTP/1.1 200 OK") == 2
    assert twice.endswith("<no more>")
    kept = exchange(d, post("supervisor.getVersion", more="connection: Keep-Alive\r\n"), seconds=3)
    assert kept.startswith("HTTP/1.0 200 OK") and "Connection: Keep-Alive" in kept and kept.endswith("<no more>")
    assert not exchange(d, post("supervisor.getVersion")).endswith("<no more>")


@pytest.mark.contract("B2.7.1", "B2.7.4", "B2.7.5", "B2.7.8")
def test_passwords(lab):
    secret = "{SHA}" + hashlib.sha1("pa:ss wörd".encode()).hexdigest()
    port = free_port()
    d = lab.daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword={secret}\n")

    def status(path, *headers):
        with socket.create_connection(("127.0.0.1", port), COMMAND_SECS) as connection:
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
    got = exchange(d, "GET /logtail/cat/stdout HTTP/1.0\r\n\r\n", enough=b"hello\n")
    assert got.startswith("HTTP/1.0 200 OK") and got.endswith("\r\n\r\nhello\n")


@pytest.mark.contract("B2.3", "B2.3.5")
@pytest.mark.differs("theirs", "B2.3", "never answers")
def test_an_empty_body_is_answered(daemon):
    got = exchange(daemon(""), "POST /RPC2 HTTP/1.0\r\nContent-Length: 0\r\n\r\n", seconds=10)
    assert got.startswith("HTTP/1.0 400 ")


@pytest.mark.contract("B1.10.11", "B1.10.12")
@pytest.mark.differs("theirs", "B1.10.11", "answers HTTP 500, or XML that no client can read")
@pytest.mark.parametrize("data", [b"ok \xff\xfe bad\n", b"colour \x1b[31m red\n"], ids=["not_utf8", "escape"])
def test_any_log_can_be_read(daemon, data):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    (d.root / "cat.log").write_bytes(data)
    text = d.rpc.readProcessStdoutLog("cat", 0, 0)
    assert text.split()[0] == data.decode(errors="replace").split()[0]


@pytest.mark.contract("B2.11.1", "B2.11.4", "B2.11.5", "B2.11.7", "B2.11.8", "B2.11.10", "B2.11.15")
def test_the_web_page(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    page = exchange(d, "GET / HTTP/1.0\r\n\r\n")
    assert page.startswith("HTTP/1.0 200 OK")
    for part in ["Supervisor Status", "statusrunning", "tail.html?processname=cat", "action=stop", "logtail/cat",
                 "http://supervisord.org", "4.3.0", "<title>Supervisor Status</title>", "action=restartall"]:  # fmt: skip
        assert part in page, part
    answer = exchange(d, "GET /index.html?processname=cat&action=stop HTTP/1.0\r\nHost: h\r\n\r\n")
    assert re.match(r"HTTP/1.0 30[123] ", answer)
    assert "message=Process%20cat%20stopped" in answer
    assert d.info("cat")["statename"] == "STOPPED"


@pytest.mark.contract("B2.1.2", "B2.12.1", "B2.12.3")
def test_what_headers_say_does_not_matter(daemon):
    d = daemon("")
    for more in ["Content-Type: text/plain\r\n", "Content-Type:\r\n", "Host: elsewhere:99\r\n", "User-Agent: none\r\n"]:
        answer = exchange(d, post("supervisor.getVersion", more=more))
        assert answer.startswith("HTTP/1.0 200 OK") and "<string>3.0</string>" in answer, more
        assert "Access-Control" not in answer
    # No page of another site may read an answer, or ask whether it may.
    asked = exchange(d, "OPTIONS /RPC2 HTTP/1.0\r\nOrigin: http://elsewhere\r\n\r\n")
    assert "Access-Control" not in asked and " 200 " not in asked.split("\r\n")[0]


@pytest.mark.contract("B2.1.7")
def test_a_parameter_without_a_value(daemon):
    answer = exchange(daemon(""), post("supervisor.getProcessInfo", "<param></param>\n"))
    assert answer.startswith("HTTP/1.0 400 ")


@pytest.mark.contract("B2.7.10")
def test_a_password_in_the_url_is_none(lab):
    port = free_port()
    lab.daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=pw\n")
    with socket.create_connection(("127.0.0.1", port), COMMAND_SECS) as connection:
        connection.sendall(f"GET http://me:pw@127.0.0.1:{port}/ok.html HTTP/1.0\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.0 401 ")


@pytest.mark.contract("B2.7.11", "B0.1", "B2.8.4")
def test_each_open_server_is_told_in_the_log(lab):
    one = free_port()
    two = free_port([one])
    three = free_port([one, two])
    text = f"[inet_http_server]\nport=127.0.0.1:{one}\n[inet_http_server:second]\nport=127.0.0.1:{two}\n"
    d = lab.daemon(text + f"[inet_http_server:third]\nport=127.0.0.1:{three}\nusername=a\npassword=b\n")
    said = d.log_lines("without any HTTP authentication checking")
    sections = ["inet_http_server", "inet_http_server:second", "unix_http_server"]
    assert said == [f"CRIT Server '{name}' running without any HTTP authentication checking" for name in sections]
    for port in (one, two):
        for path in ("/", "/RPC2", "/logtail/x", "/mainlogtail", "/stylesheets/supervisor.css"):
            with socket.create_connection(("127.0.0.1", port), COMMAND_SECS) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
                assert connection.recv(65536).startswith(b"HTTP/1.1 "), path


@pytest.mark.contract("B2.8.14", "A3.29")
@pytest.mark.parametrize("file", ["%(here)s/x.sock", "%(ENV_HOME)s/x.sock", "~/x.sock", "{root}/childlog/../x.sock"])
def test_the_name_of_the_socket_is_expanded(lab, file):
    conf = lab.config("")
    conf.write_text(conf.read_text().replace(f"file={lab.root}/s.sock", "file=" + file.replace("{root}", str(lab.root))))
    process = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))
    assert rpc(lab.root / "x.sock").supervisor.getPID() == process.pid


@pytest.mark.contract("B2.8.17", "B2.8.16", "A3.34")
def test_without_a_server(lab):
    conf = lab.write("s.conf", "[supervisord]\nlogfile={root}/supervisord.log\npidfile={root}/p\n[program:p]\n"
                     "command=/bin/sh -c 'env > {root}/env; exec sleep 1000'\nstartsecs=0\nstdout_logfile=NONE\n")
    process = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("success", lambda: "success: p" in lab.read("supervisord.log"))
    until("the variables", lambda: "SUPERVISOR_PROCESS_NAME=p" in lab.read("env"))
    assert "SUPERVISOR_SERVER_URL" not in lab.read("env")
    process.terminate()
    assert process.wait(STOP_SECS) == 0


@pytest.mark.contract("B2.8.3", "A3.26")
@pytest.mark.differs("theirs", "B2.8.3", "cannot bind it")
def test_ipv6(lab):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        # A skip would be no failure on the reference, which is expected to fail.
        assert lab.target.name == "ours"
        pytest.skip("no IPv6 on loopback")
    port = free_port()
    lab.daemon(f"[inet_http_server]\nport=[::1]:{port}\n")
    with socket.create_connection(("::1", port), COMMAND_SECS) as connection:
        connection.sendall(b"GET /ok.html HTTP/1.0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.0 200 OK")


@pytest.mark.contract("B2.9.7")
def test_a_tail_goes_on_over_stop_and_start(daemon):
    text = "[program:p]\ncommand=/bin/sh -c 'echo life; exec sleep 1000'\nstartsecs=0\nstdout_logfile={root}/p.log\n"
    d = daemon(text).wait(p="RUNNING")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(COMMAND_SECS)
        connection.connect(str(d.socket))
        connection.sendall(b"GET /logtail/p/stdout HTTP/1.1\r\n\r\n")
        got = b""
        for lives in (1, 2, 3):
            while got.count(b"life\n") < lives:
                got += connection.recv(65536)
            d.rpc.stopProcess("p")
            d.rpc.startProcess("p")
        assert not got.endswith(b"0\r\n\r\n")


@pytest.mark.contract("B2.11.14", "B1.10.11")
@pytest.mark.differs("theirs", "B2.11.14", "answers HTTP 500")
def test_a_page_with_a_log_that_is_no_text(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={root}/cat.log\n").wait(cat="RUNNING")
    (d.root / "cat.log").write_bytes(b"good \xff bad\n")
    page = exchange(d, "GET /tail.html?processname=cat HTTP/1.0\r\n\r\n")
    assert page.startswith("HTTP/1.0 200 OK")
    assert "good \ufffd bad" in page


@pytest.mark.contract("B2.1.12")
def test_an_element_within_a_string_ends_it(daemon):
    params = "<param><value><string>no<b/>body</string></value></param>\n"
    answer = exchange(daemon(""), post("supervisor.getProcessInfo", params))
    assert "<string>BAD_NAME: no</string>" in answer


@pytest.mark.contract("B2.10.4", "B2.10.5", "B2.10.6")
def test_folders_are_not_shown(daemon):
    d = daemon("")
    for path in ["/images/", "/stylesheets/", "/images/../../../etc/passwd", "/images/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
                 "/images/none.gif", "/favicon.ico"]:  # fmt: skip
        assert exchange(d, f"GET {path} HTTP/1.0\r\n\r\n").startswith("HTTP/1.0 404 "), path
    # Upstream sends those who forget the slash to a page that is not there.
    assert exchange(d, "GET /images HTTP/1.0\r\n\r\n").split()[1] in ("404", "301")
    whole = exchange(d, "GET /images/icon.png HTTP/1.0\r\nRange: bytes=0-9\r\n\r\n")
    assert whole.startswith("HTTP/1.0 200 ") and len(whole) > 200


@pytest.mark.contract("B2.10.7", "B2.10.3")
def test_files_are_as_old_as_the_daemon(lab):
    if lab.target.name == "theirs":
        pytest.skip("has files on the disk")
    d = lab.daemon("")
    head = exchange(d, "HEAD /stylesheets/supervisor.css HTTP/1.0\r\n\r\n")
    modified = re.search(r"Last-Modified: ([^\r]*)", head)[1]
    age = time.time() - calendar.timegm(time.strptime(modified, "%a, %d %b %Y %H:%M:%S GMT"))
    assert -1 < age < 300
    for since, status in [(modified, "304"), ("Thu, 01 Jan 1970 00:00:00 GMT", "200"), ("nonsense", "200")]:
        request = f"GET /stylesheets/supervisor.css HTTP/1.1\r\nIf-Modified-Since: {since}\r\nConnection: close\r\n\r\n"
        answer = exchange(d, request)
        assert answer.split()[1] == status
        assert (status == "304") == answer.endswith("\r\n\r\n")


# A request that two parsers may see differently, and what it must come to. The
# whole table is in src/http/tests/framing.rs.
AMBIGUOUS = {
    "two_lengths": "Content-Length: 5\r\nContent-Length: 6\r\n",
    "length_list": "Content-Length: 5, 6\r\n",
    "signed_length": "Content-Length: +5\r\n",
    "blank_before_colon": "Content-Length : 5\r\n",
    "bare_lf": "X-A: b\nContent-Length: 5\r\n",
    "bare_cr": "X-A: b\rContent-Length: 5\r\n",
    "unknown_coding": "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n",
    "blank_before_coding": "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
    "two_hosts": "Host: a\r\nHost: b\r\nContent-Length: 5\r\n",
}


@pytest.mark.contract("B2.3", "B2.4.8", "B5.2")
@pytest.mark.parametrize("case", AMBIGUOUS)
def test_nothing_is_smuggled_in(lab, case):
    if lab.target.name == "theirs":
        pytest.skip("can be made to answer what nobody asked")
    d = lab.daemon("[program:cat]\ncommand=/bin/cat\nautostart=false\n")
    hidden = post("supervisor.startProcess", "<param><value>cat</value></param>\n", "1.1")
    answer = exchange(d, f"POST /RPC2 HTTP/1.1\r\n{AMBIGUOUS[case]}\r\n12345{hidden}")
    assert re.match(r"HTTP/1.1 (400|501) ", answer) and answer.count("HTTP/1.1") == 1
    assert not answer.endswith("<no more>"), "the connection is still open"
    assert d.info("cat")["statename"] == "STOPPED"


# What is refused, the status, and whether that is known before the body is read.
REFUSED = {
    "no_login": ("inet", "POST /RPC2", "", 401, True),
    "wrong_login": ("inet", "POST /RPC2", "Authorization: Basic dXNlcjp3cA==\r\n", 401, True),
    "bad_base64": ("inet", "POST /RPC2", "Authorization: Basic abc\r\n", 400, True),
    "two_hosts": ("unix", "POST /RPC2", "Host: b\r\n", 400, True),
    "unknown_coding": ("unix", "POST /RPC2", "Transfer-Encoding: gzip, chunked\r\n", 501, True),
    "too_long": ("unix", "POST /RPC2", f"Content-Length: {1 << 50}\r\n", 413, True),
    "no_page": ("unix", "GET /nothing", "", 404, False),
    "wrong_method": ("unix", "PUT /RPC2", "", 400, False),
}


@pytest.mark.contract("B2.3", "B2.7.6")
@pytest.mark.parametrize("sent", ["together", "late", "in_pieces"])
def test_a_refused_body_is_not_asked_for(lab, sent):
    if lab.target.name == "theirs":
        pytest.skip("knows neither 100-continue nor chunks")
    port = free_port()
    d = lab.daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword=pw\n")
    body = post("supervisor.getAPIVersion").split("\r\n\r\n")[1].encode()
    framings = {
        f"Content-Length: {len(body)}\r\n": body,
        "Transfer-Encoding: chunked\r\n": b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    }
    for name, (server, target, more, status, early) in REFUSED.items():
        for framing, wire in framings.items():
            own = "Content-Length" in more or "Transfer-Encoding" in more
            head = f"{target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
            head = (head + more + ("" if own else framing) + "\r\n").encode()
            parts = {"together": [head + wire], "late": [head, wire]}.get(sent)
            parts = parts or [head[:7], head[7:-2], head[-2:], wire[:3], wire[3:40], wire[40:]]
            with socket.socket(socket.AF_INET if server == "inet" else socket.AF_UNIX) as connection:
                connection.settimeout(COMMAND_SECS)
                connection.connect(("127.0.0.1", port) if server == "inet" else str(d.socket))
                for part in parts:
                    connection.sendall(part)
                    time.sleep(0.005)
                got = b""
                while piece := connection.recv(65536):  # a reset would raise
                    got += piece
            statuses = re.findall(rb"HTTP/1\.1 (\d+) ", got)
            if not early and statuses[0] == b"100":
                del statuses[0]
            assert statuses == [b"%d" % status], (name, framing, got)
