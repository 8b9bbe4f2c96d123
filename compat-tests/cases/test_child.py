"""What a child finds when it starts: environment, folder, mask, descriptors, user; and how a start fails."""

import os
import pwd

import pytest

from daemon import MARK, free_port, until
from proc import descriptors, status

SHOW_ENV = """
[program:env]
command=/bin/sh -c "env | sort > {root}/env; touch {root}/done; exec sleep 1000"
startsecs=0
"""


def seen_env(d):
    until("the child's environment", lambda: (d.root / "done").exists())
    lines = d.lab.normal(d.lab.read("env")).splitlines()
    return "\n".join(line for line in lines if not line.startswith((MARK, "PWD=", "OLDPWD=", "SHLVL=", "_="))) + "\n"


@pytest.mark.contract("A4.63", "A4.64", "A3.34", "B4.3.1", "B2.8.16")
def test_environment(daemon, recorded):
    d = daemon(SHOW_ENV, env={"FROM_OUTSIDE": "1"})
    recorded(seen_env(d))


@pytest.mark.contract("A4.63", "A7.18", "A3.22", "A3.62", "A2.52", "A2.85", "A2.86", "A2.91")
def test_environment_from_the_config(daemon, recorded):
    text = SHOW_ENV + """\
environment=B="program",SUPERVISOR_GROUP_NAME="mine",EMPTY="",PERCENT="50%%",HASH="#x",QUOTE="it's",COMMA="c,d",
  NEXT=line,HERE="%(here)s",G="%(ENV_A)s-%(process_num)d"
"""
    d = daemon(text, supervisord='environment=A="global",B="global"')
    recorded(seen_env(d))


@pytest.mark.contract("A8.25", "A4.63")
def test_each_layer_of_variables_hides_the_one_below(daemon):
    d = daemon(
        SHOW_ENV + 'environment=SUPERVISOR_ENABLED="own"\n',
        supervisord='environment=SUPERVISOR_ENABLED="global",SUPERVISOR_GROUP_NAME="global"',
    )
    seen = dict(line.split("=", 1) for line in seen_env(d).splitlines())
    names = ("SUPERVISOR_ENABLED", "SUPERVISOR_GROUP_NAME", "SUPERVISOR_PROCESS_NAME")
    assert [seen[name] for name in names] == ["own", "global", "env"]


@pytest.mark.contract("A8.34", "A4.43")
def test_the_command_is_looked_for_in_the_path_of_the_program(daemon, lab):
    for folder in ("global", "own"):
        lab.write(f"{folder}/tool", f"#!/bin/sh\necho {folder}\n", 0o755)
    d = daemon("""
[program:one]
command=tool
startsecs=0
autorestart=false
stdout_logfile={root}/one.out
[program:two]
command=tool
environment=PATH="{root}/own:/bin"
startsecs=0
autorestart=false
stdout_logfile={root}/two.out
""", supervisord='environment=PATH="{root}/global:/bin"').wait(one="EXITED", two="EXITED")
    assert (d.lab.lines("one.out", 1), d.lab.lines("two.out", 1)) == ("global\n", "own\n")


@pytest.mark.contract("A3.34", "A3.63", "B2.8.16", "A4.95")
def test_serverurl_and_group(lab, recorded):
    """No unix server: children are told the TCP one; a program may say otherwise."""
    port = free_port()
    conf = lab.write("s.conf", f"""\
[supervisord]
logfile={{root}}/supervisord.log
pidfile={{root}}/supervisord.pid
[inet_http_server]
port=*:{port}
[program:a]
command=/bin/sh -c 'env | grep ^SUPERVISOR_ | sort > {{root}}/a; touch {{root}}/a.done; exec sleep 1000'
[program:b]
command=/bin/sh -c 'env | grep ^SUPERVISOR_ | sort > {{root}}/b; touch {{root}}/b.done; exec sleep 1000'
serverurl=http://elsewhere:1
[group:g]
programs=a,b
""".replace("*", "127.0.0.1"))
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    for name in ("a", "b"):
        until(f"{name} to start", lambda: (lab.root / f"{name}.done").exists())
    recorded((lab.read("a") + lab.read("b")).replace(str(port), "PORT"))


@pytest.mark.contract("A8.31", "A4.60", "A4.112", "A7.14", "A3.46", "A3.61", "A2.50", "A2.51")
def test_folder_and_mask(daemon):
    d = daemon("""
[program:plain]
command=/bin/sh -c "pwd > {root}/plain; umask >> {root}/plain; touch {root}/plain.done; exec sleep 1000"
startsecs=0
[program:set]
command=/bin/sh -c "pwd > {root}/set; umask >> {root}/set; touch {root}/set.done; exec sleep 1000"
directory=%(here)s/childlog
umask=027
startsecs=0
""", supervisord="umask=077\ndirectory=/")
    for name in ("plain", "set"):
        until(f"{name} to start", lambda: (d.root / f"{name}.done").exists())
    # In the foreground the daemon's own umask and directory are not applied.
    own = os.umask(0o022)
    os.umask(own)
    assert d.lab.read("plain") == f"{d.root}\n{own:04o}\n"
    assert d.lab.read("set") == f"{d.root}/childlog\n0027\n"


@pytest.mark.contract("A4.61", "A7.16", "A4.62", "A4.66", "A7.71", "A4.65")
def test_descriptors_session_and_signals(daemon):
    d = daemon("""
[program:p]
command=/bin/sleep 1000
startsecs=0
[program:r]
command=/bin/sleep 1000
startsecs=0
redirect_stderr=true
""").wait(p="RUNNING", r="RUNNING")
    pid = d.info("p")["pid"]

    def fds(pid):
        until("the child to be sleep", lambda: "sleep" in open(f"/proc/{pid}/comm").read())
        return descriptors(pid)

    open_fds = fds(pid)
    assert sorted(open_fds) == [0, 1, 2]
    assert all(link.startswith("pipe:") for link in open_fds.values())
    assert len(set(open_fds.values())) == 3
    merged = fds(d.info("r")["pid"])
    assert merged[1] == merged[2] != merged[0]
    # Its own process group, the daemon's session.
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == os.getsid(d.pid)
    masks = status(pid)
    assert masks["SigBlk"] == "0000000000000000"
    # SIGPIPE and SIGXFSZ stay ignored: a program must not start dying of a broken log pipe.
    # Signal 32 and up belong to the C library and may come from whoever started us.
    assert int(masks["SigIgn"], 16) & 0x7FFFFFFF == 0x1001000
    assert int(masks["SigCgt"], 16) == 0


@pytest.mark.contract("A4.41", "A4.43", "A2.94", "A2.6", "A2.11")
def test_command_words(daemon, recorded):
    d = daemon("""
[program:words]
command=printf '[%%s]' one "two words" 'th"ree' "fo\\"ur" fi\\ ve $HOME ~ * "" a#b
  six
startsecs=0
autorestart=false
stdout_logfile={root}/words.out
""").wait(words="EXITED")
    until("its words", lambda: d.lab.read("words.out").endswith("]"))
    recorded(d.lab.read("words.out") + "\n")


@pytest.mark.contract("A4.67", "A4.68", "A4.69")
@pytest.mark.parametrize(
    "case, lines",
    [
        ("no_such_folder", "command=/bin/cat\ndirectory=/no/such"),
        ("no_interpreter_line", "command={root}/bare"),
        ("missing_interpreter", "command={root}/odd"),
        ("into_stdout", "command=/bin/cat\ndirectory=/no/such\nredirect_stderr=true"),
    ],
)
def test_a_child_that_cannot_become_its_program(lab, recorded, case, lines):
    lab.write("bare", "echo hello\n", 0o755)
    lab.write("odd", "#!/no/such/interpreter\n", 0o755)
    logs = "\nstdout_logfile={root}/p.out\nstderr_logfile={root}/p.err\nstartretries=0\nstartsecs=4\n"
    d = lab.daemon("[program:p]\n" + lines + logs).wait(p="FATAL")
    said = d.lab.lines("p.out" if "redirect" in lines else "p.err", 2)
    recorded(d.lab.normal(said) + "\n".join(d.log_lines("exited:", "gave up")) + "\n")


@pytest.mark.contract("A4.40", "A4.42", "A4.50-A4.54", "A4.57")
def test_spawn_errors(lab, recorded):
    lab.write("plain.txt", "no program\n", 0o644)
    programs = {
        "a_quote": 'command=/bin/echo "open', "b_escape": "command=/bin/echo \\", "c_empty": "command=",
        "d_missing": "command=nosuchcommand", "e_missing": "command=./nosuch", "f_folder": "command=/tmp",
        "g_plain": "command={root}/plain.txt", "h_path": 'command=sh\nenvironment=PATH=""',
        "i_log": "command=/bin/cat\nstdout_logfile={root}/childlog",
    }  # fmt: skip
    text = "".join(f"[program:{name}]\n{lines}\nstartretries=0\n" for name, lines in programs.items())
    d = lab.daemon(text)
    for name in programs:
        d.wait(**{name: "FATAL"})
    errors = [f"{name}: {lab.normal(d.info(name)['spawnerr'])}" for name in programs]
    recorded("\n".join([*errors, *d.log_lines("spawnerr")]) + "\n")


@pytest.mark.contract("A4.42", "A7.19", "A4.60")
def test_a_relative_command(lab, recorded):
    """It is looked for where the daemon is, and run from where the program shall be."""
    for place in ("here", "there"):
        lab.write(f"{place}/{place}.sh", f"#!/bin/sh\necho {place} in $(pwd)\nexec sleep 1000\n", 0o755)
    rows = {"in_both": "./here.sh", "only_here": "./here.sh", "only_there": "./there.sh"}
    text = "".join(
        f"[program:{name}]\ncommand={command}\nstartretries=0\nredirect_stderr=true\nstdout_logfile={{root}}/{name}\n"
        + ("startsecs=0\n" if name == "in_both" else "startsecs=4\ndirectory={root}/there\n")
        for name, command in rows.items()
    )
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(lab.config(text)), cwd=lab.root / "here")
    for line in ("gave up: only_here", "gave up: only_there"):
        until(line, lambda: line in lab.read("supervisord.log"))
    lab.lines("in_both", 1)
    lab.lines("only_here", 2)
    errors = [line.split(" ", 2)[2] for line in lab.read("supervisord.log").splitlines() if "spawnerr" in line]
    recorded("".join(f"{name}: {lab.normal(lab.read(name))}\n" for name in rows) + "\n".join(errors) + "\n")


@pytest.mark.needs_root
@pytest.mark.contract("A3.60", "A4.60", "A4.64", "A7.17", "A1.27", "A4.44", "A10.15")
def test_user(daemon):
    nobody = pwd.getpwnam("nobody")
    d = daemon("""
[program:p]
command=/bin/sleep 1000
user=nobody
startsecs=0
[program:n]
command=/bin/sh -c 'echo home is $HOME; exec sleep 1000'
user=%s
startsecs=0
stdout_logfile={root}/n.out
""" % nobody.pw_uid).wait(p="RUNNING", n="RUNNING")
    for name in ("p", "n"):
        fields = status(d.info(name)["pid"])
        assert fields["Uid"].split() == [str(nobody.pw_uid)] * 4
        assert fields["Gid"].split() == [str(nobody.pw_gid)] * 4
        assert fields["Groups"].split() == [str(gid) for gid in os.getgrouplist("nobody", nobody.pw_gid)]
    until("n to speak", lambda: d.lab.read("n.out"))
    assert d.lab.read("n.out") == f"home is {d.root}\n"


@pytest.mark.needs_root
@pytest.mark.contract("A4.60", "A4.67", "A10.15")
def test_the_folder_is_entered_as_the_user(lab, recorded):
    (lab.root / "private").mkdir(mode=0o700)
    d = lab.daemon("""
[program:p]
command=/bin/sleep 1000
user=nobody
directory={root}/private
startretries=0
startsecs=4
stderr_logfile={root}/p.err
""").wait(p="FATAL")
    recorded(lab.normal(d.lab.lines("p.err", 2)))


@pytest.mark.needs_root
@pytest.mark.contract("A4.55", "A4.60", "A4.67", "A10.15")
def test_the_command_is_run_as_the_user(lab, recorded):
    """The daemon may run it and so finds nothing wrong; the child may not."""
    lab.write("private", "#!/bin/sh\nexec sleep 1000\n", 0o700)
    d = lab.daemon("""
[program:p]
command={root}/private
user=nobody
startretries=0
startsecs=4
stderr_logfile={root}/p.err
""").wait(p="FATAL")
    recorded(lab.normal(d.lab.lines("p.err", 2)) + "\n".join(d.log_lines("exited:", "spawnerr", "gave up")) + "\n")


@pytest.mark.needs_root
@pytest.mark.contract("A1.26", "A4.67", "A4.70", "A10.15")
def test_a_daemon_without_rights_cannot_change_the_user(lab, recorded):
    """The daemon drops to nobody; a child that wants another user is refused."""
    os.chmod(lab.root, 0o777)
    os.chmod(lab.root / "childlog", 0o777)
    conf = lab.config("[program:p]\ncommand=/bin/cat\nuser=root\nstderr_logfile={root}/p.err\nstartretries=0\nstartsecs=4\n")
    conf.write_text(conf.read_text().replace("user=root", "user=nobody", 1))
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("p to give up", lambda: "gave up" in lab.read("supervisord.log"))
    assert "INFO Set uid to user 65534 succeeded" in lab.read("supervisord.log")
    recorded(lab.normal(lab.lines("p.err", 2)))
