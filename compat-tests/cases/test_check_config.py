"""`supervisord --check-config`, which only ours has: what a new user gets wrong,
how it is told, and that nothing is touched. Unknown keys at start, too."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from targets import PROJECT

pytestmark = pytest.mark.differs("theirs", "A2.20", "has no check, and says nothing about unknown keys")

# A mistake: lines behind a sound head, the status, and what of the answer must be there.
MISTAKES = {
    "a misspelt key": ("[program:a]\ncommand=cat\nautorestrat=true\n", 0, 'autorestrat: warning: unknown key; did you mean "autorestart"?'),
    "a misspelt section": ("[progam:a]\ncommand=cat\n", 0, "[progam:a]: warning: unknown section; did you mean [program:a]?"),
    "a word for a number": ("[program:a]\ncommand=cat\nstartsecs=5s\n", 2, "write a whole number"),
    "quotes": ('[program:a]\ncommand=cat\nuser="root"\n', 2, "write the value without quotes"),
    "a shell's line": ("[program:a]\ncommand=cd /srv && ./run > log\n", 0, "there is no shell: && is handed to cd"),
    "a daemon": ("[program:a]\ncommand=nginx\n", 0, 'add -g "daemon off;"'),
    "no log directory": ("[program:a]\ncommand=cat\nstdout_logfile=/no/such/a.log\n", 2, "make the directory first"),
    "a container's log": ("[program:a]\ncommand=cat\nstdout_logfile=/dev/stdout\n", 0, "write stdout_logfile_maxbytes=0"),
    "several of one name": ("[program:a]\ncommand=cat\nnumprocs=3\n", 2, "%(process_num)02d"),
    "a group over a program": ("[group:a]\nprograms=b\n[program:a]\ncommand=cat\n[program:b]\ncommand=cat\n", 0, "only one of the two is run"),
    "no bracket": ("[program:a\ncommand=cat\n", 0, "write a ] at its end"),
    "no equals sign": ("[program:a]\ncommand cat\n", 2, "neither [section] nor key=value"),
    "a percent sign": ("[program:a]\ncommand=date +%Y\n", 2, "write %% for a percent sign"),
}  # fmt: skip


def tree(root):
    """All files with what could change about them."""
    def about(path):
        status = path.lstat()
        return str(path), status.st_mode, status.st_size, status.st_mtime_ns

    return sorted(about(path) for path in Path(root).rglob("*"))


def check(lab, *words):
    return lab.run("supervisord", "--check-config", "-c", "s.conf", *words)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(lab, mistake):
    text, status, words = MISTAKES[mistake]
    lab.config(text)
    done = check(lab)
    assert words in done.stdout and (done.code, done.stderr) == (status, ""), done
    assert check(lab, "--strict").code == max(status, 1)
    lines = done.stdout.splitlines()
    told = next(index for index, line in enumerate(lines) if words in line)
    assert lines[told].startswith("s.conf:") and set(lines[told + 2].strip()) == {"^"}
    number = int(lines[told].split(":")[1])
    assert lines[told + 1].strip() == (lab.root / "s.conf").read_text().splitlines()[number - 1].strip()


@pytest.mark.contract("A3.4")
def test_what_is_refused_at_start_is_an_error_and_all_of_them_are_told(lab):
    lab.config("[program:a]\nstartsecs=x\n[program:b]\ncommand=cat\numask=9\n[eventlistener:c]\ncommand=cat\n")
    refused = lab.run("supervisord", "-n", "-c", "s.conf")
    assert refused.code == 2
    first = refused.stderr.splitlines()[0].removeprefix("Error: ").split(" in section")[0]
    done = check(lab)
    assert done.code == 2 and first in done.stdout
    assert [line.count(": error: ") for line in done.stdout.splitlines()].count(1) == 4


def test_a_good_file_is_good(lab):
    lab.config("[program:a]\ncommand=cat\n")
    done = check(lab, "--strict")
    assert (done.stdout, done.stderr, done.code) == ("s.conf: nothing wrong\n", "", 0)
    assert check(lab, "--format=json").stdout == "[]\n"


def test_the_demo_is_good_as_it_comes(lab):
    done = lab.run("supervisord", "--check-config", "-c", str(PROJECT / "conf/demo.conf"))
    assert " error: " not in done.stdout and (done.stderr, done.code) == ("", 0), done


def test_tools_get_json(lab):
    lab.config('[program:ä"]\ncommand=cat\nstartsecs=5s\nzzz=1\n[nonsense\n')
    done = check(lab, "--format=json")
    findings = json.loads(done.stdout)
    assert done.code == 2 and [finding["level"] for finding in findings] == ["error", "warning", "error"]
    fields = {"file", "line", "column", "section", "key", "level", "message", "hint"}
    assert all(set(finding) == fields for finding in findings)
    number = findings[0]
    assert (number["file"], number["section"], number["key"]) == ("s.conf", 'program:ä"', "startsecs")
    line = (lab.root / "s.conf").read_text().splitlines()[number["line"] - 1]
    assert line[number["column"] - 1 :] == "5s"


def test_nothing_is_touched(lab):
    lab.config("[program:a]\ncommand=cat\nstdout_logfile={root}/a.log\n[inet_http_server]\nport=127.0.0.1:1\n")
    before = tree(lab.root)
    assert check(lab).code == 0
    assert tree(lab.root) == before
    # Not even the right to write anywhere is needed.
    if os.getuid() == 0:
        program = shutil.copy(os.path.realpath(lab.target.program("supervisord")), lab.root)
        command = [program, "--check-config", "-c", "s.conf"]
        bare = subprocess.run(command, cwd=lab.root, user=65534, env={"PATH": "/bin:/usr/bin"}, capture_output=True, timeout=20)
        assert (bare.returncode, bare.stderr) == (0, b"") and bare.stdout.startswith(b"s.conf: "), bare


@pytest.mark.contract("A1.4")
def test_our_options_take_no_beginning_from_upstreams(lab):
    lab.config("[program:a]\ncommand=cat\n")
    assert lab.run("supervisord", "--check-config", "--conf=s.conf").code == 0
    assert lab.run("supervisord", "--check-conf").stderr.startswith("Error: option --check-conf not recognized\n")
    assert lab.run("supervisord", "--strict").stderr.startswith("Error: --strict and --format go with --check-config\n")


@pytest.mark.contract("A2.20", "A3.23")
def test_unknown_keys_are_warnings_at_start(lab):
    d = lab.daemon("[program:a]\ncommand=cat\nstopwaitsec=5\n[x]\n[ctlplugin:y]\nmine=1\n")
    lines = (lab.root / "s.conf").read_text().splitlines()
    key, section = lines.index("stopwaitsec=5") + 1, lines.index("[x]") + 1
    warnings = [line.split(" WARN ", 1)[1] for line in d.log().splitlines() if " WARN " in line]
    conf = warnings[0].rsplit(f":{key}:", 1)[0]
    assert warnings[:2] == [
        f'{conf}:{key}: unknown key "stopwaitsec" in [program:a]; did you mean "stopwaitsecs"?',
        f"{conf}:{section}: unknown section [x]",
    ]
    assert not any("mine" in line for line in warnings)
