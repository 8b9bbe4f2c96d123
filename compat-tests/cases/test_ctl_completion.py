"""The completions of the three shells, against a daemon that runs."""

import shutil

import pytest

from targets import PROJECT

CLIENT = "ours"

PROGRAMS = """
[program:cat]
command=/bin/cat

[program:web]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)d
numprocs=2

[program:webhook]
command=/bin/cat
autostart=false
"""

SCRIPTS = {
    "bash": """
        source {completions}/supervisorctl.bash
        COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}
        COMP_WORDBREAKS=' '
        _supervisorctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compadd() {{ for last; do :; done; print -rl -- ${{(P)last}} }}
        source {completions}/_supervisorctl
        words=(${{(s: :)${{:-'{line}'}}}})
        [[ '{line}' == *' ' ]] && words+=('')
        CURRENT=$#words
        _supervisorctl | grep -F -- "$words[CURRENT]"
    """,
    "fish": """
        source {completions}/supervisorctl.fish
        complete -C '{line}' | string replace -r '\\t.*' ''
    """,
}


@pytest.fixture(params=sorted(SCRIPTS))
def offered(request, lab, transcript):
    """offered("restart w"): what the shell offers behind a call with our configuration."""
    shell = shutil.which(request.param)
    if shell is None:
        pytest.skip(f"no {request.param} on this machine")

    def ask(words):
        # the shell finds the client by its name
        path = str(transcript.client.bin) + ":/usr/bin:/bin"
        line = f"supervisorctl -c {lab.root}/s.conf {words}"
        script = SCRIPTS[request.param].format(completions=PROJECT / "completions", line=line)
        done = lab.run(shell, *(["-f"] if request.param == "zsh" else []), "-c", script, env={"PATH": path})
        return sorted(line for line in done.stdout.split("\n") if line)

    return ask


def test_names_come_from_the_daemon(offered, daemon):
    d = daemon(PROGRAMS)
    d.wait(cat="RUNNING")
    assert offered("restart we") == ["web:*", "web:web_0", "web:web_1", "webhook"]
    assert offered("status c") == ["cat"]
    assert offered("update we") == ["web", "webhook"]
    assert d.stop() == 0
    assert offered("restart we") == []


def test_commands_are_offered(offered, lab):
    lab.config("")
    assert "restart" in offered("rest") and "reload" in offered("relo")
