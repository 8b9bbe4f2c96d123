"""supervisorctl at a terminal: the prompt, its keys, and what goes on and on."""

import pytest

from daemon import until
from terminal import PROMPT, Terminal

UP = b"\x1b[A"


@pytest.fixture
def is_ours(client):
    return client.name == "ours"


@pytest.mark.contract("B3.6.9", "B3.6.10")
def test_tab_completes_commands_and_names(shell):
    terminal = shell()
    terminal.press(b"sto\tca\t\n")
    terminal.until("cat: stopped")
    terminal.until(PROMPT)
    terminal.press(b"status web:web_0\n")
    terminal.until("RUNNING")
    terminal.until(PROMPT)
    terminal.press(b"restart web:w\t1\n")
    terminal.until("web:web_1: started")
    terminal.until(PROMPT)
    terminal.press(b"re\t\t")
    for name in ("reload", "remove", "reread", "restart"):
        terminal.until(name)


@pytest.mark.contract("B3.6.3")
@pytest.mark.parametrize("keys", [b"\x03", b"\x04", b"quit\n", b"exit\n"])
def test_the_prompt_is_left(shell, is_ours, keys):
    terminal = shell()
    terminal.press(keys)
    # A key that comes just when theirs begins to read is lost at times.
    assert terminal.end(b"" if is_ours else keys) == 0
    assert terminal.shows_what_is_typed()


@pytest.mark.contract("B3.6.8")
def test_lines_are_remembered_in_a_private_file(shell, transcript):
    shell()
    conf = transcript.lab.root / "s.conf"
    conf.write_text(conf.read_text().replace("[supervisorctl]", f"[supervisorctl]\nhistory_file={conf.parent}/h"))
    first = Terminal(transcript.lab, transcript.program(), "-c", str(conf), term="xterm")
    first.until(PROMPT)
    first.press(b"version\n")
    first.until("4.3.0")
    first.until(PROMPT)
    first.press(b"quit\n")
    assert first.end() == 0
    history = conf.parent / "h"
    assert history.stat().st_mode & 0o777 == 0o600 and "version" in history.read_text().splitlines()
    second = Terminal(transcript.lab, transcript.program(), "-c", str(conf), term="xterm")
    second.until(PROMPT)
    second.press(UP + UP + b"\n")
    second.until("4.3.0")
    for terminal in (first, second):
        terminal.close()


@pytest.mark.contract("B3.7.63")
def test_tail_is_left_with_ctrl_c_and_the_prompt_comes_back(shell):
    terminal = shell(term="dumb")
    (terminal.daemon.root / "cat.out").write_text("a line of the log\n")
    terminal.type("tail -f cat")
    terminal.until("==> Press Ctrl-C to exit <==")
    terminal.until("a line of the log")
    terminal.press(b"\x03")
    terminal.until(PROMPT)
    terminal.type("pid cat")
    terminal.until(str(terminal.daemon.info("cat")["pid"]))


@pytest.mark.contract("B3.7.114", "B3.7.115")
def test_fg_sends_what_is_typed(shell, is_ours):
    terminal = shell(term="dumb")
    terminal.type("fg cat")
    terminal.until("==> Press Ctrl-C to exit <==")
    terminal.type("hello there")
    until("the line in the log", lambda: "hello there" in terminal.daemon.lab.read("cat.out"))
    # As it is typed, and as the log has it: Ctrl-C throws away what is not shown yet.
    for _ in range(2 if is_ours else 1):
        terminal.until("hello there")
    if is_ours:  # theirs can hang here
        terminal.press(b"\x03")
        terminal.until("Exiting foreground")
        terminal.until(PROMPT)
        terminal.type("quit")
        assert terminal.end() == 0
