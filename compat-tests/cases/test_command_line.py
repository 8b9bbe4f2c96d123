"""supervisord's command line and configuration errors: text and exit status."""

import os
import resource
import socket
import stat

import pytest

from daemon import free_port, until


def show(lab, done):
    """A finished command as text."""
    out = "".join(f"stdout: {line}\n" for line in lab.normal(done.stdout).splitlines())
    err = "".join(f"stderr: {line}\n" for line in lab.normal(done.stderr).splitlines())
    return f"{out}{err}[exit {done.code}]\n"


LINES = [
    "-Z", "--bogus", "-c", "--configuration", "--no", "--nodaemon=1", "foo", "foo bar", "-n foo -Z",
    "-c s.conf -c s.conf", "-n --nodaemon", "-e bogus", "-m 9", "-d /no/such", "-l /no/such/a.log", "-y 1XB",
    "--minprocs=x", "-a 1.5", "-z many", "-v", "--version", "-v -Z", "-n -n -v", "-c /no/such.conf -v",
    "-c /no/such.conf", "-c /", "--vers", "-nv", "-q /no/such", "-j /no/such/pid",
]  # fmt: skip


@pytest.mark.contract(
    "A8.1", "A1.3", "A1.4", "A1.5", "A1.6", "A1.7", "A1.8", "A1.9", "A1.10", "A1.11", "A1.19", "A2.60", "A7.2", "A10.1", "B0.3",
)  # fmt: skip
def test_the_matrix(lab, recorded):
    lab.config("")
    text = ""
    for line in LINES:
        text += f"$ supervisord {line}\n" + show(lab, lab.run("supervisord", *line.split()))
    recorded(text)


@pytest.mark.contract("A1.12", "A1.10")
@pytest.mark.parametrize("option", ["-h", "--help", "-?"])
def test_help(lab, option):
    """The words are ours to choose; the spellings of the options are not."""
    done = lab.run("supervisord", option)
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "supervisord -- run a set of applications as daemons.", "", f"Usage: {lab.target.program('supervisord')} [options]",
        "", "Options:",
    ]  # fmt: skip
    for spelling in ["-c/--configuration", "-n/--nodaemon", "-s/--silent", "-h/--help", "-v/--version", "-u/--user",
                     "-m/--umask", "-d/--directory", "-l/--logfile", "-y/--logfile_maxbytes", "-z/--logfile_backups",
                     "-e/--loglevel", "-j/--pidfile", "-i/--identifier", "-q/--childlogdir", "-k/--nocleanup",
                     "-a/--minfds", "-t/--strip_ansi", "--minprocs", "--profile_options"]:  # fmt: skip
        assert any(line.startswith(spelling + " ") for line in lines), spelling


@pytest.mark.contract("A1.2", "A1.14", "A1.23", "A3.13")
def test_the_command_line_beats_the_file(lab):
    d = lab.daemon("", "loglevel=critical", args=["-e", "info", "-i", "other", "-l", "./childlog/../cli.log", "-j", "cli.pid"])
    assert d.rpc.getIdentification() == "other"
    until("the pidfile", lambda: (lab.root / "cli.pid").exists())
    until("the start", lambda: "supervisord started" in lab.read("cli.log"))
    assert lab.read("supervisord.log") == ""


@pytest.mark.contract("A1.17", "A1.18", "A1.16")
def test_no_config_at_the_default_places(lab, recorded):
    if any(os.path.exists(path) for path in ("/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")):
        pytest.skip("this machine has a configuration of its own")
    done = lab.run("supervisord")
    text = done.stderr.replace(str(lab.target.bin.parent), "PREFIX")
    errors = [line for line in text.splitlines() if "Warning" not in line and not line.startswith("  ")]
    if os.geteuid() == 0:
        assert "UserWarning: Supervisord is running as root and it is searching for its configuration file" in text
    recorded(lab.normal("\n".join(errors)) + f"\n[exit {done.code}]\n")


@pytest.mark.contract("A1.16", "A1.18")
def test_the_config_of_the_current_folder(lab):
    conf = lab.config("")
    conf.rename(lab.root / "supervisord.conf")
    process = lab.spawn(lab.target.program("supervisord"), "-n")
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))
    assert process.poll() is None


PLAIN = "[supervisord]\nlogfile={root}/l\npidfile={root}/p\n"
PROGRAM = PLAIN + "[program:x]\ncommand=/bin/cat\n"
UNIX = PLAIN + "[unix_http_server]\n"
INET = PLAIN + "[inet_http_server]\n"

BROKEN = {
    "no_section": "[program:x]\ncommand=/bin/cat\n",
    "no_header": "a = b\n[supervisord]\n",
    "not_options": "[supervisord]\nfoo bar\nminfds=10\nbaz\n",
    "minfds": PLAIN + "minfds=1.5\n",
    "nodaemon": PLAIN + "nodaemon=maybe\n",
    "loglevel": PLAIN + "loglevel=warning\n",
    "maxbytes": PLAIN + "logfile_maxbytes=1k\n",
    "umask": PLAIN + "umask=9\n",
    "directory": PLAIN + "directory=/no/such\n",
    "childlogdir": PLAIN + "childlogdir=/no/such\n",
    "logfile_folder": "[supervisord]\nlogfile=/no/such/x.log\n",
    "user": PLAIN + "user=nosuchuser\n",
    "user_id": PLAIN + "user=99999\n",
    "environment": PLAIN + 'environment=A="x",B\n',
    "environment_quote": PLAIN + 'environment=A="x\n',
    "include_without_files": PLAIN + "[include]\n",
    "expansion_name": PROGRAM + "directory=%(foo)s\n",
    "expansion_form": PROGRAM + "directory=100% yes\n",
    "expansion_end": PROGRAM + "directory=%(here)\n",
    "no_command": PLAIN + "[program:x]\n",
    "name_blank": PLAIN + "[program:a b]\ncommand=/bin/cat\n",
    "name_colon": PLAIN + "[program:a:b]\ncommand=/bin/cat\n",
    "name_slash": PLAIN + "[program:a/b]\ncommand=/bin/cat\n",
    "numprocs": PROGRAM + "numprocs=2\n",
    "autostart": PROGRAM + "autostart=perhaps\n",
    "autorestart": PROGRAM + "autorestart=Sometimes\n",
    "startsecs": PROGRAM + "startsecs=soon\n",
    "exitcodes": PROGRAM + "exitcodes=0,256\n",
    "stopsignal": PROGRAM + "stopsignal=FOO\n",
    "stopsignal_number": PROGRAM + "stopsignal=65\n",
    "priority": PROGRAM + "priority=high\n",
    "stopasgroup": PROGRAM + "stopasgroup=true\nkillasgroup=false\n",
    "stdout_logfile": PROGRAM + "stdout_logfile=/no/such/x.log\n",
    "program_user": PROGRAM + "user=nosuchuser\n",
    "program_umask": PROGRAM + "umask=8\n",
    "group_unknown": PLAIN + "[group:g]\nprograms=nope\n",
    "listener_no_events": PLAIN + "[eventlistener:l]\ncommand=/bin/cat\n",
    "listener_event": PLAIN + "[eventlistener:l]\ncommand=/bin/cat\nevents=TICK_5,foo\n",
    "listener_buffer": PLAIN + "[eventlistener:l]\ncommand=/bin/cat\nevents=TICK\nbuffer_size=0\n",
    "listener_redirect": PLAIN + "[eventlistener:l]\ncommand=/bin/cat\nevents=TICK\nredirect_stderr=true\n",
    "fcgi_no_socket": PLAIN + "[fcgi-program:f]\ncommand=/bin/cat\n",
    "unix_no_file": UNIX,
    "unix_chmod": UNIX + "file={root}/s\nchmod=9\n",
    "unix_chown": UNIX + "file={root}/s\nchown=nosuchuser\n",
    "inet_no_port": INET,
    "inet_port_word": INET + "port=abc\n",
    "inet_port_high": INET + "port=h:70000\n",
    "inet_half_login": INET + "port=127.0.0.1:1\nusername=me\n",
    "rpcinterface": PLAIN + "[rpcinterface:x]\n",
}


@pytest.mark.contract(
    "A2.17", "A2.24", "A2.25", "A2.30", "A2.57", "A2.58", "A2.81", "A2.87", "A3.1", "A3.2", "A3.5", "A3.25", "A3.27",
    "A3.29", "A3.40", "A3.42", "A3.56", "A3.57", "A3.59", "A3.64", "A3.70", "A3.71", "A3.76", "A3.80", "A3.83", "A3.85",
    "A1.25", "A1.38", "A2.63", "B2.7.3", "B2.8.13", "B4.1.5",
)  # fmt: skip
def test_broken_configs(lab, recorded):
    text = ""
    for name, lines in BROKEN.items():
        conf = lab.write("s.conf", lines)
        done = lab.run("supervisord", "-n", "-c", str(conf))
        text += f"# {name}\n" + show(lab, done)
    recorded(text)


@pytest.mark.contract("A3.84", "A7.66")
@pytest.mark.differs("theirs", "A3.84", "prints the text and its hole apart")
def test_a_bad_fcgi_socket(lab):
    conf = lab.write("s.conf", PLAIN + "[fcgi-program:f]\ncommand=/bin/cat\nsocket=junk\n")
    done = lab.run("supervisord", "-n", "-c", str(conf))
    assert done.stderr.splitlines()[0] == "Error: Bad socket format junk in [fcgi-program:f] socket"
    assert done.code == 2


@pytest.mark.contract("A1.32", "B2.8.10", "B2.8.11")
def test_addresses_that_cannot_be_had(lab, recorded):
    port = free_port()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        text = ""
        for lines in [f"{INET}port=127.0.0.1:{port}\n", INET + "port=192.0.2.1:9\n", UNIX + "file={root}/no/such/s\n",
                      UNIX + "file={root}/" + "x" * 120 + "\n"]:  # fmt: skip
            conf = lab.write("s.conf", lines)
            done = lab.run("supervisord", "-n", "-c", str(conf))
            text += "".join(f"{line}\n" for line in lab.normal(done.stderr).splitlines()) + f"[exit {done.code}]\n"
    recorded(text)


@pytest.mark.contract("A1.33", "A3.32", "B2.8.7")
def test_a_stale_socket_is_taken_over(lab, recorded):
    conf = lab.config("")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(lab.root / "s.sock"))
    process = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))
    recorded(lab.normal(process.err.read_text()))
    assert stat.S_ISSOCK((lab.root / "s.sock").stat().st_mode)


@pytest.mark.contract("A3.32", "A7.69", "B2.8.8")
@pytest.mark.differs("theirs", "B2.8.8", "deletes the file")
def test_a_file_in_the_sockets_place_is_kept(lab):
    conf = lab.config("")
    lab.write("s.sock", "precious\n")
    process = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("an end or a start", lambda: process.poll() is not None or "started" in lab.read("supervisord.log"))
    assert lab.read("s.sock") == "precious\n"
    assert process.returncode == 2


@pytest.mark.contract("A3.29", "B2.8.6", "A3.35")
@pytest.mark.parametrize("chmod, mode", [("", 0o700), ("chmod=0770\n", 0o770)])
def test_the_mode_of_the_socket(lab, chmod, mode):
    conf = lab.config("")
    text = conf.read_text().replace("s.sock\n\n", "s.sock\n" + chmod + "\n", 1)
    conf.write_text(text)
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the socket", lambda: (lab.root / "s.sock").exists())
    assert stat.S_IMODE((lab.root / "s.sock").stat().st_mode) == mode


@pytest.mark.contract("A5.31", "A5.32", "A5.33", "A5.34", "A2.31-A2.35", "A2.37", "A2.39", "A1.22")
def test_includes_and_what_the_log_says_of_them(lab, recorded):
    lab.write("conf.d/b.conf", "[program:b]\ncommand=/bin/echo %(here)s\nautostart=false\n[include]\nfiles=x.conf\n")
    lab.write("conf.d/a.conf", "[program:a]\ncommand=/bin/echo %(here)s\nautostart=false\nstdout_logfile=syslog\n")
    lab.write("conf.d/folder.conf/x", "")
    lab.write("conf.d/.hidden.conf", "broken\n")
    lab.write("one.ini", "[program:one]\ncommand=/bin/cat\nautostart=false\nstdout_logfile_maxbytes=0\n")
    d = lab.daemon("[include]\nfiles = conf.d/*.conf one.ini\n  nothing/*.conf %(here)s/[o]ne.ini\n")
    commands = {info["name"]: lab.normal(info["command"]) for info in d.rpc.getAllConfigInfo()}
    lines = [line for line in d.log_lines() if "RPC" not in line and "Server" not in line]
    recorded("\n".join([*lines, str(commands)]) + "\n")


@pytest.mark.contract("A1.28", "A5.37", "A1.30")
def test_limits_are_raised(lab):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = 2000 if hard >= 2000 else hard
    conf = lab.config("", f"minfds={want}")
    process = lab.spawn("/bin/sh", "-c", f"ulimit -S -n 500; exec {lab.target.program('supervisord')} -n -c {conf}")
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0] == want
    assert f"INFO Increased RLIMIT_NOFILE limit to {want}\n" in lab.read("supervisord.log")


@pytest.mark.contract("A1.29", "A7.73")
def test_limits_that_cannot_be_raised(lab):
    conf = lab.config("", "minfds=2000000000")
    done = lab.run("supervisord", "-n", "-c", str(conf))
    assert done.code == 2
    assert done.stderr.startswith(
        "Error: The minimum number of file descriptors required to run this process is 2000000000 as per the "
        '"minfds" command-line argument or config file setting. The current environment will only allow you to open '
    )


@pytest.mark.contract("A5.30", "A1.26", "A5.36")
@pytest.mark.needs_root
@pytest.mark.parametrize("user", ["", "user=root", "user=0"])
def test_what_root_is_told(lab, recorded, user):
    conf = lab.config("")
    conf.write_text(conf.read_text().replace("user=root", user, 1))
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the start", lambda: "supervisord started" in lab.read("supervisord.log"))
    first = lab.normal(lab.read("supervisord.log")).splitlines()
    recorded("\n".join(line for line in first if "running as root" in line or "Set uid" in line) + "\n")


@pytest.mark.contract("A1.13")
@pytest.mark.differs("theirs", "A1.13", "profiles itself, and prints its figures at the end")
def test_profile_options_are_taken_and_ignored(lab):
    d = lab.daemon("", args=["--profile_options=cumulative,callers"])
    assert d.log_lines("WARN profile_options has no effect")
    assert d.stop() == 0
    assert "cumulative" not in (lab.root / "run0.out").read_text()
