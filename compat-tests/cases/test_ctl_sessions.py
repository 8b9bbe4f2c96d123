"""Long sessions of supervisorctl, as an administrator types them: one-shot commands
and commands on standard input.

A session is a text of lines as they are typed. The mark before a line says what
of its output is compared:

    status cat       every byte
    ~ stop grp:*     its lines in any order: who is ready first is open
    ^ start          the first line: a usage follows, in each program's own words
    ? help start     that something is said: a help text is each program's own words

Each case runs with the stock client and with ours, on the same recording.
"""

import re

import pytest

from daemon import free_port, until

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0

[program:talk]
command=/bin/sh -c "echo hello; echo oops >&2; exec sleep 1000"
startsecs=0
stdout_logfile={root}/talk.out
stderr_logfile={root}/talk.err

[program:uni]
command=/bin/sleep 1000
startsecs=0
stdout_logfile={root}/uni.out

[program:nolog]
command=/bin/sleep 1000
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE

[program:never]
command=/bin/sleep 1000
autostart=false
startsecs=0

[program:q]
command=/bin/sleep 1000
autostart=false
startsecs=0

[program:exit0]
command=/bin/true
startsecs=0
autorestart=false

[program:fatal]
command=/bin/sh -c "exit 3"
startretries=0
startsecs=1

[program:lost]
command=/nonexistent/lost
startretries=0

[program:nofile]
command=/nonexistent/cmd
autostart=false

[program:notexec]
command=/etc/passwd
autostart=false

[program:badquote]
command=/bin/cat "abc
autostart=false

[program:grp_a]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=2
startsecs=0

[program:grp_b]
command=/bin/sleep 1000
startsecs=0

[group:grp]
programs=grp_a,grp_b
"""

# One-shot commands, each session on a daemon of its own.
SESSIONS = {
    "status_and_pid": """
        status
        status cat
        status cat nobody
        status nobody:*
        status grp:*
        status grp:
        status grp
        status grp:grp_b
        status all
        status talk all nobody
        status cat cat
        status   never   cat
        status --foo
        status q nobody
        status exit0
        status fatal
        status lost
        pid
        pid cat
        pid never cat
        pid nobody
        pid all
        pid grp:grp_b
        pid grp:*
        pid q nobody
        pid nobody q
        """,
    "start": """
        ^ start
        start cat
        start nobody
        start nobody:*
        start nofile
        start notexec
        start badquote
        start fatal
        start fatal nofile
        start nofile fatal
        start lost
        start never
        start never
        start grp:*
        start grp
        start grp:
        start nofile cat nobody
        start q q
        start cat:*
        start cat:cat
        """,
    "stop_and_restart": """
        ^ stop
        stop cat
        stop cat
        stop nobody
        stop nobody:*
        ~ stop grp:*
        stop grp:*
        ~ start grp:*
        stop never nobody talk
        start cat:
        stop cat:cat
        start cat:cat
        stop cat:
        ^ restart
        restart cat
        restart cat
        restart nobody
        ~ restart grp:*
        restart nofile
        restart grp:grp_b
        restart q:* nobody
        restart q
        stop badquote
        """,
    "signal": """
        ^ signal
        ^ signal HUP
        signal CONT cat
        signal cont cat
        signal FOO cat
        signal usr9 cat
        signal CONT nobody
        signal CONT nobody:*
        signal CONT grp:*
        signal CONT nofile
        signal FOO grp:*
        ~ signal CONT all
        signal 18 cat talk
        signal term q cat
        """,
    "tail_and_clear": """
        ^ tail
        tail cat
        tail talk
        tail -4 talk
        tail -0 talk
        tail --5 talk
        tail talk stderr
        tail talk STDERR
        tail -4 talk stderr
        tail talk foo
        tail talk -5
        tail -x talk
        ^ tail -100
        ^ tail -f
        tail nolog
        tail nobody
        tail grp:*
        ^ tail a b c d
        ^ tail talk stdout x
        tail uni
        maintail x
        maintail -x
        ^ maintail a b
        ^ clear
        clear cat
        clear nobody
        clear never talk
        tail talk
        clear nolog
        clear q nobody
        ~ clear all
        """,
    "version_and_groups": """
        version
        ^ version x
        avail
        ^ avail x
        reread
        ^ reread x
        update
        update nobody
        update all
        add
        add cat
        add nobody
        add cat zz
        remove
        remove cat
        remove nobody
        remove cat:*
        ^ reload x
        ^ shutdown x
        """,
    "open_and_fg": """
        open
        open foo
        open http://localhost:1
        open unix:///nonexistent
        ^ fg
        fg nobody
        fg never
        fg cat talk
        fg grp:*
        """,
    "help_and_words_it_does_not_know": """
        help
        ?
        ? help help
        ? help status
        ? help quit
        ? help tail
        ? help start
        ? help stop
        ? help restart
        ? help signal
        ? help add
        ? help remove
        ? help update
        ? help clear
        ? help fg
        ? help pid
        ? help reload
        ? help reread
        ? help shutdown
        ? help maintail
        ? help open
        ? help version
        ? help avail
        ? help exit
        ? ? status
        ? ?status
        help nosuch
        help bogus two
        help EOF
        a b c
        a b c status
        quit
        exit
        EOF
        nosuch
        nosuch a b
        !ls
        start-all
        sta
        START cat
        """,
}

@pytest.fixture
def running(daemon):
    d = daemon(PROGRAMS)
    (d.root / "uni.out").write_text("caf\u00e9 <tag> & \u20ac, \"q\" 's'\n")
    d.wait(cat="RUNNING", talk="RUNNING", uni="RUNNING", nolog="RUNNING", exit0="EXITED", fatal="FATAL", lost="FATAL")
    d.wait(**{"grp:grp_a_00": "RUNNING", "grp:grp_a_01": "RUNNING", "grp:grp_b": "RUNNING"})
    until("words of talk", lambda: d.lab.read("talk.out") and d.lab.read("talk.err"))
    return d


@pytest.mark.contract(
    "B3.7.2", "B3.7.3", "B3.7.4", "B3.7.12", "B3.7.13", "B3.7.22", "B3.7.30", "B3.7.40", "B3.7.50", "B3.7.60",
    "B3.7.62", "B3.7.70", "B3.7.112", "B3.7.116", "B3.7.118", "B3.6.5", "B3.6.7",
)  # fmt: skip
@pytest.mark.parametrize("name", SESSIONS)
def test_one_command_after_the_other(running, transcript, recorded, name):
    transcript.play(SESSIONS[name])
    recorded(transcript.text())


EVERYTHING = """
    ~ stop q all
    stop all
    signal HUP all
    ^ status cat
    ~ start all cat
    ~ restart all
    ~ clear all
    ~ stop all
    shutdown
    """


@pytest.mark.contract("B3.7.2", "B3.7.41")
def test_all_of_them_at_once(daemon, transcript, recorded):
    d = daemon("".join(f"[program:{name}]\ncommand=/bin/cat\nstartsecs=0\n" for name in ("cat", "p", "q")))
    d.wait(cat="RUNNING", p="RUNNING", q="RUNNING")
    transcript.play(EVERYTHING)
    recorded(transcript.text())


@pytest.mark.contract("B3.7.64", "B3.4.1")
def test_a_stream_that_is_refused(running, client, transcript, recorded):
    """The words are the same; the exit status of ours tells that it failed."""
    for words in ("tail -f nobody", "tail -f nolog stderr"):
        assert transcript.run(*words.split()).code == (1 if client.name == "ours" else 0)
    recorded(re.sub(r"\[exit [01]\]", "[exit STATUS]", transcript.text()))


@pytest.mark.contract("B3.1.1", "B3.1.2", "B3.1.3", "B3.1.6", "B3.1.8", "B3.2.10", "B3.6.6")
def test_flags(daemon, transcript, recorded):
    port = free_port()
    d = daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    d.wait(cat="RUNNING")
    conf = ["-c", str(d.conf)]
    for options in (["-i"], ["--inter"], ["--interactive"], ["--configuration", str(d.conf)], ["--history_file=h"],
                    ["-r", "h"], ["-u", "any", "-p", "any"]):  # fmt: skip
        transcript.note(transcript.normal(" ".join(options)))
        transcript.run("status", "cat", options=[*conf, *options] if "--configuration" not in options else options)
    for url in (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/ignored/path", f"http://localhost:{port}/RPC2"):
        transcript.note(url.replace(str(port), "PORT"))
        transcript.run("version", options=[*conf, "-s", url])
        transcript.run("pid", options=[*conf, f"--serverurl={url}"])
    transcript.run("version", options=[*conf, "-s", "ftp://x/y"])
    transcript.run("version", options=[*conf, "-s", "http://localhost:1", "-s", "http://localhost:2"])
    for words in (["signal CONT", "cat"], ["status cat cat"], ["status", "--foo"], ["status", "-i"]):
        transcript.run(*words)
    for option in ("-h", "--help", "-?"):
        transcript.run(options=[option], own_words=True)
    recorded(transcript.text())


@pytest.mark.contract("B3.6.1", "B3.6.2", "B3.6.3", "B3.6.4", "B3.6.6", "B3.1.6", "B3.1.7")
def test_commands_on_standard_input(running, transcript, recorded):
    transcript.run(stdin="status cat\nversion\nnosuch\n\npid cat\nshutdown\nn\n")
    transcript.run(stdin="version\nexit\nversion\n", options=[*transcript.options, "-i"])
    transcript.run("version", stdin="version\n")
    transcript.run("version", stdin="version\n", options=[*transcript.options, "-i"])
    transcript.run(stdin="reload\n\nEOF\n")
    transcript.run(stdin="reload\nno\nversion")
    transcript.run("shutdown", stdin="n\n", options=[*transcript.options, "-i"])
    transcript.run("shutdown", stdin="", options=[*transcript.options, "-i"])
    transcript.run("shutdown", stdin="yes\n", options=[*transcript.options, "-i"])
    recorded(transcript.text())
