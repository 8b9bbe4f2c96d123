"""Sends the requests of an area to a daemon and writes down what comes back.

One daemon for all cases of an area, in their order. A replay reads until what
came is what is expected; a recording until nothing has come for a while.
"""

import os
import re
import socket
import time
import xmlrpc.client

from daemon import START_SECS, free_port, rpc, until
from golden_cases import FOLDER, json_words, repeat, unescape
from wire_text import Answers, Masks

ANSWER_SECS = 30  # for an answer that waits for something
QUIET_SECS = 0.5  # a recording looks no longer for more
SILENCE_SECS = 0.3  # as long nothing has to come where nothing is expected
MORE_SECS = 0.02  # a replay looks no longer for more than it expects
BESIDE_SECS = 10  # after so long nothing more comes of an answer that has begun
UNTIL_SECS = 20  # for a piece of a log that is followed
SPLIT_SECS = 0.05  # between two parts of a request

HEAD = """\
[supervisord]
logfile={root}/supervisord.log
pidfile={root}/supervisord.pid
childlogdir={root}/childlog
{user}
{supervisord}

[unix_http_server]
file={root}/s.sock
{auth_unix}

[inet_http_server]
port=127.0.0.1:{port}
{auth_inet}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

"""
_KEYS = ("supervisord", "auth_unix", "auth_inet")


class Replay:
    """A daemon of the lab's target that is set up like an area."""

    def __init__(self, lab, area):
        self.lab, self.area = lab, area
        self.port = free_port()
        self.second = free_port(but=[self.port])
        paths = [(str(lab.root), "ROOT"), (f":{self.port}", ":PORT"), (f":{self.second}", ":PORT2")]
        self.paths = paths
        self.configure(area.config)
        command = f"exec {lab.target.program('supervisord')} -n -c {lab.root}/s.conf | cat >{lab.root}/said"
        # A pipe as standard output, as under every supervisor of supervisors.
        self.process = lab.spawn("/bin/sh", "-c", command, env={"PYTHONPATH": str(FOLDER / "plugins")})
        until("the daemon's sockets", self.listens, START_SECS)
        self.steps(area.before)

    def configure(self, name):
        """Writes `golden/configs/NAME.conf`, as the daemon's file, behind HEAD
        unless it has a `[supervisord]` of its own.

        Lines that only one of the targets can have begin with its name and a bar.
        """
        lines = (FOLDER / "configs" / f"{name}.conf").read_text().splitlines()
        own = f"{self.lab.target.name}|"
        lines = [line.removeprefix(own) for line in lines if line.startswith(own) or not re.match(r"(ours|theirs)\|", line)]
        keys = {}
        for key in _KEYS:
            mark = "{" + key + "} "
            keys[key] = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
            lines = [line for line in lines if not line.startswith(mark)]
        text = ("" if "[supervisord]" in lines else HEAD) + "\n".join(lines) + "\n"
        for key in _KEYS:
            text = text.replace("{" + key + "}", "\n".join(keys[key]))
        user = "user=root" if os.getuid() == 0 else ""
        self.lab.write("s.conf", self.fill(text.replace("{user}", user)))

    def fill(self, text):
        """`text` with this run's path and ports."""
        for mark, value in (("root", self.lab.root), ("port2", self.second), ("port", self.port)):
            text = text.replace("{" + mark + "}", str(value))
        return text

    def listens(self):
        """Whether both sockets take connections."""
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended: {self.process.err.read_text()}{self.lab.read('said')}")
        try:
            self.connect("inet").close()
            self.connect("unix").close()
        except OSError:
            return False
        return True

    def connect(self, via):
        """A new connection."""
        if via == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.lab.root / "s.sock"))
            return connection
        return socket.create_connection(("127.0.0.1", self.second if via == "second" else self.port))

    def steps(self, steps, talk=None):
        """Does what stands between the requests."""
        for word, rest in steps:
            name, _, text = rest.partition(" ")
            path = self.lab.root / name
            if word == "do":
                method = getattr(rpc(self.lab.root / "s.sock"), name)
                try:
                    method(*json_words(repeat(text)))
                except xmlrpc.client.Fault:
                    continue
            elif word == "wait":
                info = rpc(self.lab.root / "s.sock").supervisor.getProcessInfo
                until(f"{name} to be {text}", lambda name=name, text=text: info(name)["statename"] == text)
            elif word == "holds":
                until(f"{text} in {name}", lambda path=path, text=text: path.exists() and unescape(text) in path.read_bytes())
            elif word == "write":
                path.write_bytes(unescape(self.fill(text)))
            elif word == "append":
                path.write_bytes(path.read_bytes() + unescape(self.fill(text)))
            elif word == "remove":
                path.unlink()
            elif word == "truncate":
                os.truncate(path, int(text))
            elif word == "reconfigure":
                self.configure(name)
            elif word == "rest":
                time.sleep(float(name))
            else:
                talk.read_until(unescape(rest))

    def masks(self, case):
        """What a case hides."""
        keys = case.words.get("mask", "").split()
        without = case.words.get("without", "").split()
        return Masks(self.paths, keys, without, "any-order" in case.flags, "free" in case.flags)

    def exchange(self, case, expected=None):
        """The answer to one case, as text; nothing `expected` means to record."""
        self.steps(case.before)
        try:
            connection = self.connect(case.words.get("via", "inet"))
        except OSError:
            return "refused\n"
        with connection:
            talk = Talk(connection, case, self.masks(case))
            talk.send()
            if "leave" in case.flags:
                return "left\n"
            self.steps(case.during, talk)
            return talk.record() if expected is None else talk.expect(expected)


class Talk:
    """One connection."""

    def __init__(self, connection, case, masks):
        self.connection, self.case, self.masks = connection, case, masks
        self.data, self.closed, self.heard = b"", False, time.monotonic()

    def send(self):
        """The request: whole, in parts, or with an end behind it."""
        step = int(self.case.words.get("split", len(self.case.request) or 1))
        for at in range(0, len(self.case.request), step):
            if at:
                time.sleep(SPLIT_SECS)
            self.connection.sendall(self.case.request[at : at + step])
        if "half-close" in self.case.flags:
            self.connection.shutdown(socket.SHUT_WR)

    def receive(self, seconds):
        """Reads what comes first within that time; whether anything did."""
        if self.closed:
            return False
        self.connection.settimeout(max(seconds, 0.001))
        try:
            data = self.connection.recv(1 << 20)
        except TimeoutError:
            return False
        except ConnectionError:
            data = b""
        self.heard = time.monotonic()
        self.data += data
        self.closed = not data
        return True

    def read_until(self, text):
        """Reads until `text` came; gives up in silence, the answer will tell."""
        end = time.monotonic() + UNTIL_SECS
        while text not in self.data and not self.closed and time.monotonic() < end:
            self.receive(0.1)

    def answers(self):
        """What came so far."""
        return Answers(self.data, self.closed, self.case.request.startswith(b"HEAD"))

    def record(self):
        """Reads until it is over or quiet."""
        patience = QUIET_SECS if "quiet" in self.case.flags else ANSWER_SECS
        while True:
            began = bool(self.data) and (self.answers().complete or b"chunked" in self.data)
            if not self.receive(QUIET_SECS if began else patience):
                return self.answers().text(self.masks)

    def expect(self, expected):
        """Reads until it is as expected, or cannot become so any more."""
        end = time.monotonic() + ANSWER_SECS
        silent = expected.startswith("silence")
        while True:
            answers = self.answers()
            text = answers.text(self.masks)
            if text == expected:
                if not self.receive(SILENCE_SECS if silent else MORE_SECS):
                    return text
                continue
            now = time.monotonic()
            over = self.data and now - self.heard > BESIDE_SECS
            if self.closed or over or now > end:
                return text
            self.receive(min(end - now, BESIDE_SECS))
