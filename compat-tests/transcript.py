"""What a user of supervisorctl sees, as one text: commands, output, exit codes."""

import os
import re

from daemon import COMMAND_SECS, until
from normalise import normalise
from terminal import Terminal


# What our client says beyond the stock one's words: the block of its own commands
# in `help`, and on stderr the line that says what to do.
OWN_TOPICS = re.compile(r"(?m)^further commands \(type help <topic>\):\n=+\n(?:.+\n)+\n")
HINT = re.compile(r"(?m)^hint: .*\n")


def common(text):
    """`text` without what only our client says."""
    return HINT.sub("", OWN_TOPICS.sub("", text))


class Transcript:
    """Runs commands one after the other and writes them down."""

    def __init__(self, lab, client):
        self.lab, self.client = lab, client
        self.options = ["-c", str(lab.root / "s.conf")]
        self.lines = []

    def program(self):
        """The supervisorctl in use."""
        return self.client.program("supervisorctl")

    def run(self, *words, stdin="", any_order=False, brief=False, own_words=False, options=None, env=None):
        """Runs one command.

        any_order sorts the output: members of a group finish as they like.
        brief keeps the first line: help texts are each program's own words.
        own_words keeps none of it, only that there is some.
        """
        options = self.options if options is None else options
        done = self.lab.run(self.program(), *options, *words, stdin=stdin, env=env)
        shown = common(self.normal(done.stdout)).split("\n")
        if any_order:
            shown = sorted(line for line in shown if line)
        elif own_words:
            shown = ["(...)"] if done.stdout.strip() else []
        elif brief:
            shown = shown[:1] + ["(...)"] * (len(shown) > 2)
        elif shown[-1] == "":
            shown.pop()
        else:
            shown[-1] += "<no newline>"
        typed = " ".join(self.normal(word) if " " not in word else repr(word) for word in words)
        self.lines.append(f"$ supervisorctl {typed}".rstrip())
        self.lines += [f"< {line}" for line in stdin.splitlines()]
        self.lines += shown
        self.lines += [f"stderr: {line}" for line in common(self.normal(done.stderr)).splitlines()]
        self.lines.append(f"[exit {done.code}]")
        return done

    def play(self, session, **how):
        """Runs each line of a text of commands; the mark before one says what of its output counts.

        ~ its lines in any order; ^ the first line; ? that something is said; else every byte.
        """
        for line in session.strip().splitlines():
            mark, _, words = line.strip().partition(" ")
            if mark not in ("~", "^", "?") or not words:
                mark, words = "", line.strip()
            self.run(*words.split(), any_order=mark == "~", brief=mark == "^", own_words=mark == "?", **how)

    def follow(self, *words, until_text, poke=None):
        """Runs a command that follows a log; ends it like Ctrl-C does."""
        process = self.lab.spawn(self.program(), *self.options, *words)
        until(f"{until_text[0]!r} from {words}", lambda: until_text[0] in process.out.read_text())
        if poke:
            poke()
            until(f"{until_text[1]!r} from {words}", lambda: until_text[1] in process.out.read_text())
        os.kill(process.pid, 2)
        code = process.wait(COMMAND_SECS)
        self.lines.append(f"$ supervisorctl {' '.join(words)}")
        self.lines += self.normal(process.out.read_text()).split("\n")
        self.lines.append(f"[exit {code} after Ctrl-C]")

    def session(self, *lines, prompt="supervisor> "):
        """Types lines at a prompt on a terminal, each when the one before is done."""
        terminal = Terminal(self.lab, self.program(), *self.options)
        shown = terminal.until(prompt) + prompt
        for line in lines:
            terminal.type(line)
            shown += terminal.until(prompt) + prompt
        terminal.press(b"\x04")
        code = terminal.end()
        shown += terminal.seen
        terminal.close()
        self.lines.append("$ supervisorctl (at a terminal)")
        # the end of the input is shown by one line editor and not by the other
        self.lines += common(self.normal(shown.replace("\r", ""))).rstrip().split("\n")
        self.lines.append(f"[exit {code}]")

    def note(self, text):
        """A line between commands, for the reader."""
        self.lines.append(f"# {text}")

    def normal(self, text):
        """Without pids, times, paths, and with PROG for the client's path."""
        text = normalise(text, [*self.lab.paths(), (self.program(), "PROG")])
        return re.sub(r"(?m)^((?:supervisor> )*)[1-9]\d*$", r"\1PID", text)

    def text(self):
        """The whole transcript."""
        return "\n".join(self.lines) + "\n"
