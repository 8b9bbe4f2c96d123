"""How configuration text is read, seen through getAllConfigInfo of a running daemon."""

import xmlrpc.client

import pytest

from daemon import until

HEAD = """[supervisord]
logfile={root}/supervisord.log
pidfile={root}/supervisord.pid
childlogdir={root}/childlog
[unix_http_server]
file={root}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

SHOWN = [
    "name", "group", "command", "directory", "process_prio", "group_prio", "autostart", "exitcodes", "startsecs",
    "startretries", "stopsignal", "stopwaitsecs", "killasgroup", "redirect_stderr", "stdout_logfile", "stderr_logfile",
    "stdout_logfile_maxbytes", "stdout_logfile_backups", "stdout_capture_maxbytes", "stderr_events_enabled",
    "stdout_syslog", "uid", "serverurl",
]  # fmt: skip
DEFAULTS = {
    "directory": "none", "process_prio": 999, "group_prio": 999, "autostart": True, "exitcodes": [0], "startsecs": 1,
    "startretries": 3, "stopsignal": 15, "stopwaitsecs": 10, "killasgroup": False, "redirect_stderr": False,
    "stdout_logfile": "auto", "stderr_logfile": "auto", "stdout_logfile_maxbytes": 52428800,
    "stdout_logfile_backups": 10, "stdout_capture_maxbytes": 0, "stderr_events_enabled": False,
    "stdout_syslog": False, "uid": "none", "serverurl": "none",
}  # fmt: skip


def reading(d, text):
    """What the daemon makes of `text`: each process with what is not a default, or the fault."""
    d.conf.write_bytes(HEAD.replace("{root}", str(d.root)).encode() + (text if isinstance(text, bytes) else text.encode()))
    try:
        d.rpc.reloadConfig()
    except xmlrpc.client.Fault as fault:
        return f"  fault {fault.faultCode}: {d.lab.normal(fault.faultString)}\n"
    said = ""
    for info in d.rpc.getAllConfigInfo():
        unusual = {key: info[key] for key in SHOWN if info[key] != DEFAULTS.get(key)}
        said += f"  {d.lab.normal(str(unusual))}\n"
    return said or "  nothing\n"


def table(d, rows):
    return "".join(f"{name}\n{reading(d, text)}" for name, text in rows.items())


def program(*lines):
    return "[program:p]\n" + "\n".join(lines) + "\n"


LEXING = {
    "comment after a blank": program("command=a ;b", "startsecs=5 # five"),
    "no comment without a blank": program("command=a;b#c"),
    "quotes do not protect": program("command=bash -c 'foo ; bar'"),
    "the search goes in rounds": program("command=a#b #c ;d") + "[program:q]\ncommand=a;b ;c #d\n",
    "tab and form feed before the mark": program("command=a\t;b", "directory=/x\f#y"),
    "mark right after the equals sign": program("command=;true"),
    "mark after a blank is a comment": program("command=x", "directory= ;none"),
    "line of comment keeps a value open": program("command=a", "; between", "  b", "# between", "  c"),
    "empty line inside a value": program("command=a", "", "  b", ""),
    "continuation deeper than its option": program("  command=a", "    b", "startsecs=2"),
    "indented section swallowed by a value": program("command=a") + "  [program:q]\n  command=b\n",
    "header with trailing text": "[program:a] trailing\ncommand=x\n[program:b]]\ncommand=y\n",
    "header without its end is a key": "[program:a]\ncommand=x\n[program:b = 1\n",
    "other case and blanks are other sections": "[PROGRAM:a]\ncommand=x\n[ program:b ]\ncommand=y\n",
    "colon and case of keys": "[program:p]\ncommand:a=b\nStartSecs : 7\nSTOPWAITSECS=8\n",
    "last one wins": program("command=a", "command=b") + "[program:p]\nstartsecs=4\n",
    "unknown keys": program("command=a", "nonsense=1", "stop_signal=TERM"),
    "no backslash continuation": program("command=a \\", "startsecs=2"),
    "crlf": b"[program:p]\r\ncommand=a b\r\nstartsecs=3\r\n",
    "not utf-8": b"[program:p]\ncommand=caf\xe9\n",
    "other letters": "[program:caf\u00e9]\ncommand=/bin/echo \u4f60\u597d ; \u6ce8\u91ca\n",
    "no delimiter": program("command=a", "foo bar", "baz"),
    "empty key": program("command=a", "= b"),
}


@pytest.mark.contract(
    "A2.3", "A2.4", "A2.5", "A2.6", "A2.7", "A2.8", "A2.9", "A2.10", "A2.11", "A2.12", "A2.13", "A2.14", "A2.15", "A2.16",
    "A2.17", "A2.18", "A2.19", "A2.20", "A2.22", "A2.1", "A10.2", "A7.3", "A7.6", "A7.7", "B1.4.10",
)  # fmt: skip
def test_lexing(daemon, recorded):
    recorded(table(daemon(), LEXING))


EXPANSIONS = {
    "percent": program("command=echo 100%% %(program_name)s"),
    "numbers": "[program:p]\ncommand=e %(process_num)02d|%(process_num)5d|%(process_num)-5d|%(process_num)+d|"
    "%(process_num)x|%(numprocs)s\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\nnumprocs_start=9\n",
    "strings": program("command=e %(program_name)10s|%(program_name)-4s|%(program_name).0s|%(program_name)r"),
    "here and group": program("command=e %(here)s %(group_name)s") + "[group:g]\nprograms=p\n",
    "environment of the daemon": program("command=e %(ENV_HOME)s"),
    "own environment": program("environment=HOME=mine,X=\"%(program_name)s\"", "command=e %(ENV_HOME)s %(ENV_X)s"),
    "unknown": program("command=e %(ENV_NO_SUCH_THING_HERE)s".replace("ENV_NO_SUCH_THING_HERE", "no_such")),
    "in a number": program("command=e", "startsecs=%(ENV_N)s"),
    "lone": program("command=e %"),
    "unfinished key": program("command=e %(here"),
    "wrong type": program("command=e %(here)d"),
    "wrong letter": program("command=e %Y"),
    "priority of a group member": program("command=e", "priority=%(nothing)s"),
    "in a group": program("command=e") + "[group:g]\nprograms=p\npriority=%(ENV_N)s\n",
    "logs": program("command=e", "stdout_logfile=%(here)s/%(program_name)s.log", "stderr_logfile=%(ENV_HOME)s/x"),
}


@pytest.mark.contract(
    "A2.50", "A2.51", "A2.52", "A2.54", "A2.55", "A2.57", "A2.58", "A2.60", "A2.61", "A2.62", "A2.63", "A10.4", "A7.5", "A3.5",
)  # fmt: skip
def test_expansions(daemon, recorded):
    recorded(table(daemon(env={"N": "7"}), EXPANSIONS))


VALUES = [
    "A=1", "A=1,", "A=1,B=2", "A=1;B=2", "A=1, B=2", "A = 1 , B = 2", "A=\"a b\"", "A='a b'", "A=\"it's\"", "A=\"c,d\"",
    "A=\"b=c\"", "A=\"#x\"", "A=a#b", "A=\"\"", "A=a b", "A=~x", "A=$HOME", "A=/usr/bin:/bin", "A=a-b.c+d(e)", "A=x:y",
    "A=1,A=2", "A==1", "A=\"50%%\"", "A=\"x\\ny\"", "A=\"\\$x\"", "A=\"\u00e9\"", "A=a=b", "A=1,B=\"two\n  lines\",C=3",
    "A=\"x\",\n  B=\"y\"", "A=-1", "A=1.5", "A=+", "PATH=\"/x:%(ENV_PATH)s\",A=1",
    # errors
    "A", "A=", "A=,B=1", "A=1 B=2", "A=1,,B=2", "A=a@b", "A=http://x/?y", "A=\"x", "A='x", "=1", "A 1",
]  # fmt: skip


@pytest.mark.contract("A2.80-A2.91", "A10.3", "A7.4", "A2.93")
def test_environment_values(daemon, recorded):
    """Each value is shown by the expansion of ENV_A in the command."""
    d = daemon()
    rows = {repr(value): program(f"environment={value}", "command=e [%(ENV_A)s]") for value in VALUES}
    recorded(table(d, rows))


@pytest.mark.contract("A2.90", "A2.92", "A2.95")
@pytest.mark.differs("theirs", "A2.90", "4.3.0 refuses these; later releases and we do not")
@pytest.mark.parametrize("value, wanted", [(r"A=a\ b", "a b"), (r"A=a\,b,B=1", "a,b")])
def test_escapes_of_later_releases(daemon, value, wanted):
    assert f"e [{wanted}]" in reading(daemon(), program(f"environment={value}", "command=e [%(ENV_A)s]"))


def option(line):
    return program("command=e", line)


CONVERSIONS = [
    "startsecs=1_0", "startsecs= +7", "startsecs=-1", "startsecs=0x10", "startsecs=", "autostart=YES", "autostart=off",
    "autostart=0", "autostart=2", "autostart=", "autorestart=UNEXPECTED", "autorestart=never", "exitcodes=",
    "exitcodes=0, 2 ,255", "exitcodes=0,", "exitcodes=-1", "exitcodes=0;1", "stopsignal=term", "stopsignal= SIGHUP ",
    "stopsignal=9", "stopsignal=RTMIN", "stopsignal=35", "stopsignal=NOPE", "stdout_logfile_maxbytes=1KB",
    "stdout_logfile_maxbytes=2mb", "stdout_logfile_maxbytes=1 GB", "stdout_logfile_maxbytes=1K",
    "stdout_logfile_maxbytes=1.5MB", "stdout_logfile_maxbytes=-5", "stdout_logfile=NoNe", "stdout_logfile=OFF",
    "stdout_logfile=auto", "stdout_logfile=syslog", "stdout_logfile=relative.log",
    "stderr_logfile=/no/such/folder/x", "umask=022", "umask=0o22", "umask=x", "user=root", "user=0", "user=nosuchuser",
    "user=root:root", "priority=-5", "priority=1.0", "numprocs=-3", "serverurl=AUTO", "serverurl=http://x:1",
    "stopasgroup=true", "stopasgroup=true\nkillasgroup=true", "redirect_stderr=true", "directory=~/x",
    "directory=/no/such", "stdout_capture_maxbytes=1MB", "stderr_events_enabled=on", "stdout_syslog=true",
    "process_name=a b", "process_name=x", "process_name=%(program_name)s-%(process_num)d",
]  # fmt: skip


@pytest.mark.contract(
    "A3.1", "A3.2", "A3.4", "A3.5", "A3.41-A3.63", "A7.78",
)  # fmt: skip
def test_conversions(daemon, recorded):
    recorded(table(daemon(), {line: option(line) for line in CONVERSIONS}))


SECTIONS = {
    "groups": "[program:a]\ncommand=x\n[program:b]\ncommand=y\n[program:c]\ncommand=z\n[group:g]\nprograms= b , a\npriority=5\n",
    "a program in two groups": "[program:a]\ncommand=x\n[group:g]\nprograms=a\n[group:h]\nprograms=a\n",
    "unknown member": "[group:g]\nprograms=zzz\n",
    "bad group name": "[group:a b]\nprograms=\n",
    "listener": "[eventlistener:l]\ncommand=x\nevents=tick_5, PROCESS_STATE\n",
    "listener with a priority": "[eventlistener:l]\ncommand=x\nevents=EVENT\npriority=7\n",
    "listener without events": "[eventlistener:l]\ncommand=x\n",
    "listener with an unknown event": "[eventlistener:l]\ncommand=x\nevents=EVENT,\n",
    "listener with a bad buffer": "[eventlistener:l]\ncommand=x\nevents=EVENT\nbuffer_size=-1\n",
    "listener in a group": "[eventlistener:l]\ncommand=x\nevents=EVENT\n[group:g]\nprograms=l\n",
    "fcgi": "[fcgi-program:f]\ncommand=x\nsocket=unix:///tmp/%(program_name)s.sock\n",
    "fcgi over tcp": "[fcgi-program:f]\ncommand=x\nsocket=tcp://localhost:9999\nnumprocs=2\nprocess_name=f%(process_num)d\n",
    "fcgi with a mode on tcp": "[fcgi-program:f]\ncommand=x\nsocket=tcp://localhost:9999\nsocket_mode=0700\n",
    "fcgi port": "[fcgi-program:f]\ncommand=x\nsocket=tcp://localhost:99999\n",
    "fcgi backlog": "[fcgi-program:f]\ncommand=x\nsocket=unix:///tmp/f\nsocket_backlog=0\n",
    "program and fcgi of one name in a group": "[program:a]\ncommand=x\n[fcgi-program:a]\ncommand=x\nsocket=unix:///tmp/f\n"
    "[group:g]\nprograms=a\n",
}


@pytest.mark.contract("A3.70", "A3.71", "A3.73", "A3.77", "A3.80-A3.84", "A4.85", "A4.87", "B1.9.1", "B1.9.6")
def test_sections(daemon, recorded):
    recorded(table(daemon(), SECTIONS))


@pytest.mark.contract("A3.80", "A7.65")
@pytest.mark.differs("theirs", "A3.80", "names the section of the program before")
def test_an_unknown_member_is_told_with_its_group(daemon):
    text = "[program:a]\ncommand=x\n[group:g]\nprograms=a,nope\n"
    wanted = "  fault 92: CANT_REREAD: [group:g] names unknown program or fcgi-program nope\n"
    assert reading(daemon(), text) == wanted


@pytest.mark.contract("A2.2")
@pytest.mark.differs("theirs", "A2.2", "takes a byte order mark for text")
def test_a_byte_order_mark_is_no_text(lab):
    conf = lab.config("[program:cat]\ncommand=/bin/cat\nautostart=false\n")
    conf.write_bytes(b"\xef\xbb\xbf" + conf.read_bytes())
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))


@pytest.mark.contract("A3.64")
@pytest.mark.differs("theirs", "A3.64", "accepts a program without a name")
def test_a_program_needs_a_name(daemon):
    assert "fault 92" in reading(daemon(), "[program:]\ncommand=x\n")


@pytest.mark.contract("A2.59", "A7.78")
@pytest.mark.differs("theirs", "A2.59", "shows all its names")
def test_a_hole_without_a_name(daemon):
    assert "badly formatted" in reading(daemon(), program("command=e %s"))


@pytest.mark.contract("A3.3", "A7.79")
@pytest.mark.differs("theirs", "A3.3", "takes Python's signal constants for signals")
def test_constants_are_no_signals(daemon):
    assert "not a valid signal name" in reading(daemon(), option("stopsignal=_DFL"))


@pytest.mark.contract("A2.19", "A7.6")
def test_the_default_section(daemon):
    text = "[DEFAULT]\nstartsecs=9\n[default]\nstartretries=9\n" + program("command=a")
    assert reading(daemon(), text) == "  {'name': 'p', 'group': 'p', 'command': 'a', 'startsecs': 9}\n"


@pytest.mark.contract("A2.19", "A3.85")
def test_defaults_reach_the_rpcinterface_at_a_start(lab):
    conf = lab.config("[DEFAULT]\nstartsecs=9\n")
    done = lab.run("supervisord", "-n", "-c", str(conf))
    assert done.stderr.splitlines()[0] == "Error: Could not make supervisor rpc interface"
    assert done.code == 2
    assert not (lab.root / "supervisord.pid").exists()


@pytest.mark.contract("B1.9.2", "A3.1")
def test_an_empty_log_file_name_is_told_as_it_is(daemon):
    wanted = "  {'name': 'p', 'group': 'p', 'command': 'e', 'stdout_logfile': ''}\n"
    assert reading(daemon(), option("stdout_logfile=")) == wanted


@pytest.mark.contract("A2.26")
def test_the_order_of_sections_and_options_is_free(daemon):
    d = daemon()
    group, one = "[group:g]\nprograms=p\n", "[program:p]\n"
    said = {reading(d, text) for text in [group + one + "command=a\nstartsecs=2\n", one + "startsecs=2\ncommand=a\n" + group]}
    assert said == {"  {'name': 'p', 'group': 'g', 'command': 'a', 'startsecs': 2}\n"}


@pytest.mark.contract("A2.21", "A2.64")
def test_what_a_variable_brings_is_no_comment(daemon):
    d = daemon(env={"X": "one ;two #three"})
    assert "'command': 'e one ;two #three'" in reading(d, program("command=e %(ENV_X)s"))
    # Quotes are the command's business, and are no path's.
    assert "'command': '\"e\" x'" in reading(d, program('command="e" x'))
    assert "'directory': '\"/tmp\"'" in reading(d, program("command=e", 'directory="/tmp"'))


@pytest.mark.contract("A3.66")
def test_two_groups_of_one_name(daemon):
    text = "[program:x]\ncommand=/bin/cat\nstartsecs=0\n[eventlistener:x]\ncommand=/bin/sleep 1000\nevents=TICK_3600\nstartsecs=0\n"
    d = daemon(text).wait(x="RUNNING")
    # The listener's priority is -1, so it comes first.
    assert [info["name"] for info in d.rpc.getAllProcessInfo()] == ["x"]
    with open(f"/proc/{d.info('x')['pid']}/cmdline") as file:
        assert file.read().split("\0")[0] == "/bin/sleep"
