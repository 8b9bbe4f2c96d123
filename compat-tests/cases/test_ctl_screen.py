"""What only our supervisorctl shows at a terminal."""

import os
import signal
import time

from terminal import PROMPT, Terminal

CLIENT = "ours"


def test_the_list_says_what_is_what_and_words_are_found_anywhere(shell):
    terminal = shell()
    terminal.press(b"re\t\t")
    terminal.until("restart  stop processes and start them again")
    terminal.press(b"\x15stop trl\t\n")
    terminal.until("ctrl: ERROR (not running)")


def test_top_is_drawn_and_leaves_the_terminal_as_it_was(shell, target):
    terminal = shell()
    terminal.press(b"top\n")
    if target.name == "theirs":
        terminal.until("ERROR: this daemon does not tell what processes use")
        return
    terminal.until("\x1b[?1049h")
    terminal.until("3 of 4 running")
    terminal.until("RESTARTS")
    terminal.press(b"c")
    terminal.until("RESTARTS")
    terminal.press(b"q")
    terminal.until("\x1b[?1049l")
    terminal.until(PROMPT)
    terminal.press(b"top web:*\n")
    terminal.until("of 2 running")
    terminal.press(b"\x03")
    terminal.until("\x1b[?1049l")
    terminal.until(PROMPT)
    terminal.press(b"quit\n")
    assert terminal.end() == 0
    assert terminal.shows_what_is_typed()


def test_top_is_drawn_after_a_command_that_reads_lines(shell, target):
    terminal = shell()
    terminal.press(b"fg cat\n")
    terminal.until("==> Press Ctrl-C to exit <==")
    terminal.press(b"\x03")
    # what was typed last stands on a line of its own
    terminal.until("^C\r\nExiting foreground")
    terminal.until(PROMPT)
    terminal.press(b"top\n")
    if target.name == "theirs":
        terminal.until("ERROR: this daemon does not tell what processes use")
        return
    terminal.until("\x1b[?1049h")
    terminal.press(b"q")
    terminal.until("\x1b[?1049l")


def test_wait_is_left_with_ctrl_c_and_the_prompt_comes_back(shell):
    terminal = shell()
    terminal.press(b"wait cat ctrl\n")
    terminal.until("cat: running")
    terminal.press(b"\x03")
    terminal.until(PROMPT)
    terminal.press(b"quit\n")
    assert terminal.end() == 0


def test_ctrl_c_leaves_a_daemon_that_hangs(shell, transcript):
    daemon = shell().daemon
    terminal = Terminal(transcript.lab, transcript.program(), "-c", str(daemon.conf), "fg", "cat")
    terminal.until("==> Press Ctrl-C to exit <==")
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        terminal.type("a line that is not taken")
        time.sleep(0.3)
        terminal.press(b"\x03")
        terminal.until("Exiting foreground")
        assert terminal.end() == 0
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
        terminal.close()


def test_tab_gives_up_on_a_daemon_that_hangs(shell):
    terminal = shell()
    os.kill(terminal.daemon.pid, signal.SIGSTOP)
    try:
        terminal.press(b"stop c\t\x15help quit\n")
        terminal.until("Leave the prompt")
    finally:
        os.kill(terminal.daemon.pid, signal.SIGCONT)


def test_states_have_colours_only_where_they_may(shell, transcript):
    command = [transcript.program(), "-c", str(transcript.lab.root / "s.conf"), "status", "cat"]
    shell()
    for term, options, coloured in [("xterm", [], True), ("dumb", [], False), ("xterm", ["--color=never"], False)]:
        terminal = Terminal(transcript.lab, command[0], *options, *command[1:], term=term)
        shown = terminal.until("RUNNING")
        assert ("\x1b[32m" in shown) == coloured, (term, options, shown)
        assert terminal.end() == 0
        terminal.close()
    done = transcript.lab.run(*command)
    assert "\x1b" not in done.stdout and done.stdout.startswith("cat ")
