"""supervisorctl against a running daemon: what it prints and how it exits.

Each case runs with the stock client and with ours, on the same recording.
"""

import hashlib

import pytest

from daemon import COMMAND_SECS, free_port, until
from terminal import Terminal

PROGRAMS = """
[program:cat]
command=/bin/cat
priority=10
startsecs=0

[program:never]
command=/bin/sleep 1000
autostart=false
startsecs=0

[program:nofile]
command=/nonexistent/cmd arg
autostart=false

[program:notexec]
command=/etc/passwd
autostart=false

[program:quick]
command=/bin/sh -c "exit 3"
autostart=false
startretries=0
startsecs=3

[program:talk]
command=/bin/sh -c "echo out-line; echo err-line >&2; exec sleep 1000"
startsecs=0
stdout_logfile={root}/talk.out
stderr_logfile={root}/talk.err

[program:one]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0

[program:two]
command=/bin/sleep 1000
startsecs=0

[group:grp]
programs=one,two
priority=500
"""


@pytest.fixture
def running(daemon):
    d = daemon(PROGRAMS)
    d.wait(cat="RUNNING", talk="RUNNING")
    d.wait(**{"grp:one_0": "RUNNING", "grp:one_1": "RUNNING", "grp:two": "RUNNING"})
    until("both lines of talk", lambda: d.lab.read("talk.err") and d.lab.read("talk.out"))
    return d


@pytest.mark.contract("B3.7.10", "B3.7.12", "B3.7.13", "B3.7.14", "B1.8.6", "B1.8.11", "B3.1.8", "A4.96")
def test_status(running, transcript, recorded):
    transcript.run("status")
    transcript.run("status", "all")
    transcript.run("status", "cat", "talk")
    transcript.run("status", "grp:*")
    transcript.run("status", "grp:", "cat", "cat")
    transcript.run("status", "grp")
    transcript.run("status", "never", "nobody")
    transcript.run("status", "nogroup:*")
    transcript.run("status", "nobody")
    transcript.run("status cat talk")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.20", "B3.7.21", "B3.7.22", "B3.7.3", "B1.6.1", "B1.6.11", "B1.6.12")
def test_start(running, transcript, recorded):
    transcript.run("start", "never")
    transcript.run("start", "never")
    transcript.run("start", "cat:*")
    transcript.run("start", "nofile")
    transcript.run("start", "notexec")
    transcript.run("start", "quick")
    transcript.run("start", "nobody")
    transcript.run("start", "grp")
    transcript.run("start", "nogroup:*")
    transcript.run("start", "nofile", "quick")
    transcript.run("start", "quick", "nofile")
    transcript.run("start", "grp:*")
    transcript.run("start", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.30", "B3.7.3", "B1.6.8", "B1.6.11")
def test_stop(running, transcript, recorded):
    transcript.run("stop", "cat")
    transcript.run("stop", "cat")
    transcript.run("stop", "cat", "nobody", "talk")
    transcript.run("stop", "nogroup:*")
    transcript.run("stop", "grp:two")
    transcript.run("stop", "grp:*", any_order=True)
    transcript.run("stop", "grp:*")
    transcript.run("stop", brief=True)
    transcript.run("status")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.2", "B3.7.21", "B1.6.11", "B1.6.13", "B1.7.3", "B3.7.41")
def test_all_acts_on_everything(running, transcript, recorded):
    transcript.run("stop", "cat", "all", any_order=True)
    transcript.run("stop", "all")
    transcript.run("start", "all", any_order=True)
    transcript.run("restart", "all", any_order=True)
    transcript.run("status", "never")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.40")
def test_restart(running, transcript, recorded):
    transcript.run("restart", "cat")
    transcript.run("restart", "never")
    transcript.run("restart", "cat", "talk")
    transcript.run("restart", "grp:*", any_order=True)
    transcript.run("restart", "nobody")
    transcript.run("restart", "nogroup:*")
    transcript.run("restart", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.30", "B1.6.16", "B1.6.17", "B1.6.19", "B3.1.8")
def test_signal(running, transcript, recorded):
    transcript.run("signal", "CONT", "cat")
    transcript.run("signal", "SIGCONT", "cat", "talk")
    transcript.run("signal", "18", "cat")
    transcript.run("signal CONT", "cat")
    transcript.run("signal", "CONT", "never")
    transcript.run("signal", "CONT", "nobody")
    transcript.run("signal", "FOO", "cat")
    transcript.run("signal", "CONT", "grp:*")
    transcript.run("signal", "CONT", "nogroup:*")
    transcript.run("signal", "FOO", "grp:*")
    transcript.run("signal", "CONT", "all")
    transcript.run("signal", "CONT", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.50")
def test_pid(running, transcript, recorded):
    assert transcript.run("pid").stdout == f"{running.pid}\n"
    assert transcript.run("pid", "cat").stdout == f"{running.info('cat')['pid']}\n"
    transcript.run("pid", "never")
    transcript.run("pid", "cat", "never", "talk")
    transcript.run("pid", "nobody")
    transcript.run("pid", "grp:*")
    transcript.run("pid", "all")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.60", "B3.7.62", "B1.10.1")
def test_tail(running, transcript, recorded):
    running.lab.write("talk.out", "out-line\n" + "x" * 2000 + "\nlast line\n")
    transcript.run("tail", "talk")
    transcript.run("tail", "talk", "stdout")
    transcript.run("tail", "talk", "STDERR")
    transcript.run("tail", "-5", "talk")
    transcript.run("tail", "-5", "talk", "stderr")
    transcript.run("tail", "-0x", "talk")
    transcript.run("tail", "talk", "foo")
    transcript.run("tail", "nobody")
    transcript.run("tail", "-5")
    transcript.run("tail", brief=True)
    transcript.run("tail", "-5", "talk", "stdout", "more", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.66", "B1.10.1")
def test_maintail(running, transcript, recorded):
    running.settle()  # Nothing more is said behind what is written now.
    running.lab.write("supervisord.log", "a first line\n" + "y" * 1600 + "\nlast line\n")
    transcript.run("maintail")
    transcript.run("maintail", "-5")
    transcript.run("maintail", "x")
    transcript.run("maintail", "-1", "x", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.63", "B2.9.1", "B2.9.4", "B2.9.5", "B2.9.6")
@pytest.mark.parametrize("channel", ["stdout", "stderr"])
def test_tail_follows(running, transcript, recorded, channel):
    name = {"stdout": "talk.out", "stderr": "talk.err"}[channel]
    first = {"stdout": "out-line", "stderr": "err-line"}[channel]

    def more():
        with (running.root / name).open("a") as log:
            log.write("one more line\n")

    transcript.follow("tail", "-f", "talk", channel, until_text=(first, "one more line"), poke=more)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.66", "B2.9.1", "B2.9.5")
def test_maintail_follows(running, transcript):
    def more():
        running.rpc.stopProcess("cat")

    transcript.follow("maintail", "-f", until_text=("supervisord started", "stopped: cat"), poke=more)


@pytest.mark.contract("B3.7.70", "B1.10.16")
def test_clear(running, transcript, recorded):
    transcript.run("tail", "talk")
    transcript.run("clear", "talk")
    transcript.run("tail", "talk")
    transcript.run("clear", "cat", "nobody")
    transcript.run("clear", "all", any_order=True)
    transcript.run("clear", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.4")
@pytest.mark.parametrize("command", ["avail", "reread", "reload", "shutdown", "version"])
def test_commands_without_arguments_refuse_them(running, transcript, recorded, command):
    transcript.run(command, "more", brief=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.111", "B3.7.110", "B3.6.5", "B3.6.7", "B3.7.118")
def test_version_avail_and_words_it_does_not_know(running, transcript, recorded):
    transcript.run("version")
    transcript.run("avail")
    transcript.run("bogus", "word")
    transcript.run("!x")
    transcript.run("help", "bogus")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.116")
def test_help_lists_the_commands(running, transcript, recorded):
    transcript.run("help")
    transcript.run("?")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.113")
def test_fg_refuses(running, transcript, recorded):
    transcript.run("fg", brief=True)
    transcript.run("fg", "cat", "talk")
    transcript.run("fg", "nobody")
    transcript.run("fg", "never")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.112")
def test_open(running, transcript, recorded):
    transcript.run("open", f"unix://{running.root}/s.sock")
    transcript.run("open", "ftp://somewhere")
    recorded(transcript.text())


@pytest.mark.contract("B3.6.1", "B3.6.2", "B3.6.3", "B3.6.4", "B3.6.5", "B3.6.6", "B3.1.7")
def test_shell_on_a_pipe(running, transcript, recorded):
    transcript.run(stdin="status cat\n\n  stop cat\nbogus\nstart cat nobody\nversion\nshutdown\nn\nquit\n")
    transcript.run(stdin="pid never\n")
    transcript.run("-i", "status", "cat")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.100", "A4.136", "A4.126", "B3.3.2")
def test_reload(running, transcript, recorded):
    transcript.run("stop", "cat")
    transcript.run("reload")
    running.wait_log("supervisord started", times=2)
    running.wait_log("success: cat", times=2)
    transcript.run("status", "cat")
    transcript.run("pid")
    recorded(transcript.text())


@pytest.mark.contract("B3.7.101", "B3.5.1", "B3.5.2", "B3.5.3", "B3.4.1", "B3.4.2", "B3.4.3", "A1.38", "B3.7.1", "B3.7.51")
def test_shutdown_and_then_nobody_answers(running, transcript, recorded):
    transcript.run("shutdown")
    assert running.exit_code() == 0
    transcript.run("status")
    transcript.run("start", "cat")
    transcript.run("pid")
    transcript.run("reread")
    transcript.run("shutdown")
    (running.root / "s.sock").write_text("")
    transcript.run("status")
    transcript.run("stop", "cat")
    transcript.run("shutdown")
    recorded(transcript.text())


@pytest.mark.contract("B3.9.1", "B3.9.2", "B1.13.1", "A4.141")
def test_while_the_daemon_shuts_down(daemon, transcript, recorded):
    d = daemon("""
        [program:slow]
        command=/bin/sh -c 'trap "" TERM; echo ready; while :; do sleep 0.2; done'
        stopwaitsecs=60
        startsecs=0
        stdout_logfile={root}/slow.out
        """.replace("        ", ""))
    d.wait(slow="RUNNING")
    until("slow to set its trap", lambda: d.lab.read("slow.out"))
    d.rpc.shutdown()
    for words in ["status", "start slow", "reread", "avail", "update", "reload", "add slow", "remove slow", "shutdown"]:
        transcript.run(*words.split())
    recorded(transcript.text())


@pytest.mark.contract("B3.1.2", "B3.1.3", "B3.1.4", "B3.2.2", "B3.2.3", "A1.5")
def test_command_line_errors(lab, transcript, recorded):
    lab.config("")
    lab.write("bare.conf", "[supervisord]\n")
    bare = ["-c", str(lab.root / "bare.conf")]
    for options in [["-x"], ["-c"], ["--bogus"], ["-s", "foo"], ["-i", "-i"], ["-c", "/no/such.conf"], bare]:
        transcript.note(" ".join(options).replace(str(lab.root), "ROOT"))
        transcript.run("version", options=options)
    recorded(transcript.text())


@pytest.mark.contract("B2.7.4", "B2.7.5", "B2.7.8", "B3.3.1", "A3.28", "B2.8.2")
@pytest.mark.parametrize("stored", ["clear", "sha"])
def test_tcp_with_a_password(daemon, transcript, recorded, stored):
    port = free_port()
    word = {"clear": "pass:word", "sha": "{SHA}" + hashlib.sha1(b"pass:word").hexdigest()}[stored]
    text = f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword={word}\n"
    d = daemon(text + "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    d.wait(cat="RUNNING")
    server = ["-c", str(d.conf), "-s", f"http://127.0.0.1:{port}"]
    login = [*server, "-u", "user", "-p", "pass:word"]
    for words in ["version", "status", "stop cat", "start cat", "tail cat", "avail"]:
        transcript.run(*words.split(), options=login)
    transcript.note("without a password, then with a wrong one")
    transcript.run("status", options=server)
    transcript.run("status", options=[*server, "-u", "user", "-p", "wrong"])
    recorded(transcript.text())


@pytest.fixture
def locked(lab):
    """A daemon that wants a password, and the words to reach it."""
    port = free_port()
    d = lab.daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword=secret\n"
                   "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n").wait(cat="RUNNING")
    return ["-c", str(d.conf), "-s", f"http://127.0.0.1:{port}"]


@pytest.mark.contract("B3.4.5")
def test_a_login_at_the_terminal(lab, locked):
    terminal = Terminal(lab, lab.target.program("supervisorctl"), *locked)
    for password in ("wrong", "secret"):
        shown = terminal.until("Username:")
        assert "Server requires authentication" in shown and "wrong" not in shown
        terminal.type("user")
        assert "user" in terminal.until("Password:")
        terminal.type(password)
    shown = terminal.until("supervisor> ")
    assert "RUNNING" in shown and "secret" not in shown
    terminal.type("quit")
    assert terminal.process.wait(COMMAND_SECS) == 0
    terminal.close()


@pytest.mark.contract("B3.4.6")
@pytest.mark.parametrize("prompt", ["Username:", "Password:"])
def test_a_login_that_is_left(lab, locked, prompt):
    terminal = Terminal(lab, lab.target.program("supervisorctl"), *locked)
    terminal.until("Username:")
    if prompt == "Password:":
        terminal.type("user")
        terminal.until("Password:")
    terminal.press(b"\x03")
    # Python forgets a signal between its prompt and its wait for keys, until the next one comes.
    assert terminal.end(again=b"\x03" if lab.target.name == "theirs" else b"") == 0
    terminal.close()


@pytest.mark.contract("B3.7.15", "B3.5.4")
def test_nothing_to_tell_and_nobody_to_ask(lab, transcript):
    d = lab.daemon("")
    done = transcript.run("status")
    assert (done.stdout, done.stderr, done.code) == ("", "", 0)
    assert d.stop() == 0
    for words in ["help", "?", "quit", "exit"]:
        done = transcript.run(words)
        assert done.code == 0 and "no such file" not in done.stdout + done.stderr, words
