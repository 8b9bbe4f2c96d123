"""Starts a daemon in a folder of its own, and makes sure it is gone afterwards.

Every wait is bounded. Whatever a daemon leaves behind is found by a mark in
its environment and ended by pid; nothing is ever ended by name.
"""

import calendar
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path

from normalise import log_lines, normalise
from proc import cpu_seconds, words

# Patience with a busy machine: what goes well never takes so long.
START_SECS = 40  # until the first answer; the reference is slow on a busy machine
STATE_SECS = 40  # until a process reaches a state
STOP_SECS = 40  # until a stopped daemon is gone
COMMAND_SECS = 40  # one command
CLOSE_ROUNDS = 100  # looks for processes that are left, 20 ms apart
FIRST_PORT = 26000  # each worker of a parallel run has PORTS_PER_WORKER from here
PORTS_PER_WORKER = 100
MARK = "COMPAT_TEST_FOLDER"

# A shell may have started us with these ignored; what we start must not inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

BASE = """\
[supervisord]
logfile={root}/supervisord.log
pidfile={root}/supervisord.pid
childlogdir={root}/childlog
identifier=compat
{user}
{supervisord}

[unix_http_server]
file={root}/s.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{root}/s.sock

"""


@dataclass
class Done:
    """A finished command."""

    stdout: str
    stderr: str
    code: int


class UnixTransport(xmlrpc.client.Transport):
    """xmlrpc.client over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__()
        self.path, self.timeout = path, timeout

    def make_connection(self, host):
        connection = http.client.HTTPConnection("localhost", timeout=self.timeout)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(self.timeout)
        connection.sock.connect(str(self.path))
        return connection


def rpc(path, timeout=COMMAND_SECS):
    """A new XML-RPC connection to a unix socket."""
    return xmlrpc.client.ServerProxy("http://localhost", transport=UnixTransport(path, timeout))


def answers(path):
    """The pid of the daemon at a unix socket, or None while nobody answers."""
    try:
        return rpc(path, 10).supervisor.getPID()
    except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
        return None


def until(what, check, seconds=STATE_SECS):
    """Polls `check` until it answers something true; fails naming `what`."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.03)


def free_port(but=()):
    """A TCP port on loopback that nobody uses, from this worker's range and none of `but`."""
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
    first = FIRST_PORT + worker * PORTS_PER_WORKER
    for port in (port for port in range(first, first + PORTS_PER_WORKER) if port not in but):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port on loopback")


def stamped(log):
    """Each line of an activity log: when it was written, in seconds of the epoch, and the rest of it."""
    lines = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) (.*)$", log, re.MULTILINE)
    seconds = (calendar.timegm(time.strptime(second, "%Y-%m-%d %H:%M:%S")) for second, _, _ in lines)
    return [(whole + int(millis) / 1000, rest) for whole, (_, millis, rest) in zip(seconds, lines)]


def marked(folder):
    """The pids of all processes that were started under `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"{MARK}={folder}".encode() in environ.split(b"\0"):
                found.append(int(entry.name))
    return found


class Lab:
    """A folder for one case, and everything that runs in it."""

    def __init__(self, target):
        self.target = target
        self.root = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp"))
        self.root.chmod(0o755)  # programs that drop privileges must get in
        (self.root / "childlog").mkdir()
        self.started = []

    def environment(self, extra=None):
        """What commands under test see: nothing of the developer's shell."""
        plain = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return {**plain, MARK: str(self.root), **(extra or {})}

    def write(self, name, text, mode=None):
        """A file in the folder; `{root}` in `text` becomes its path."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{root}", str(self.root)))
        if mode is not None:
            path.chmod(mode)
        return path

    def config(self, text, supervisord="", name="s.conf"):
        """A full configuration: BASE, then `text`."""
        user = "user=root" if os.getuid() == 0 else ""
        head = BASE.replace("{user}", user).replace("{supervisord}", supervisord)
        return self.write(name, head + text)

    def run(self, program, *words, stdin="", env=None, cwd=None, timeout=COMMAND_SECS):
        """Runs a command of the target (or any path) to its end."""
        path = program if "/" in program else self.target.program(program)
        done = subprocess.run(
            [path, *words], input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout,
            cwd=cwd or self.root, env=self.environment(env),
        )  # fmt: skip
        return Done(done.stdout, done.stderr, done.returncode)

    def spawn(self, *words, env=None, cwd=None, stdin=subprocess.DEVNULL):
        """Starts a command and lets it run; its output goes to files."""
        count = len(self.started)
        out, err = self.root / f"run{count}.out", self.root / f"run{count}.err"
        with out.open("ab") as stdout, err.open("ab") as stderr:
            process = subprocess.Popen(
                list(words), stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd or self.root,
                env=self.environment(env), start_new_session=True,
            )  # fmt: skip
        process.out, process.err = out, err
        self.started.append(process)
        return process

    def daemon(self, text="", supervisord="", args=(), env=None, wait=True, before=""):
        """Writes BASE + `text` and runs the daemon on it in the foreground; `before` are a shell's words that become it."""
        conf = self.config(text, supervisord)
        return Daemon(self, conf, args, env, wait, before)

    def without_interface(self, text="", ctl=""):
        """A daemon that has no [rpcinterface:supervisor]; `ctl` are lines for [supervisorctl]."""
        conf = self.config(text)
        head, _, rest = conf.read_text().partition("[rpcinterface:supervisor]")
        conf.write_text(f"{head}[supervisorctl]\n{ctl}" + rest.partition("[supervisorctl]\n")[2])
        self.spawn(self.target.program("supervisord"), "-n", "-c", str(conf))
        until("the socket", (self.root / "s.sock").exists)

    def paths(self):
        """What normalise() shall hide."""
        return [(self.root, "ROOT"), (self.target.program("supervisord"), "PROG")]

    def normal(self, text):
        """`text` without pids, times and paths."""
        return normalise(text, self.paths())

    def read(self, name):
        """A file of the folder as text, empty if it is not there."""
        path = self.root / name
        try:
            return path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def lines(self, name, count):
        """The same once it has so many lines; who writes may be slow."""
        until(f"{count} lines in {name}", lambda: self.read(name).count("\n") >= count)
        return self.read(name)

    def evidence(self):
        """What a failure report should show."""
        files = [self.root / "s.conf", self.root / "supervisord.log", *sorted(self.root.glob("run*.err"))]
        return [(path.name, path.read_bytes()[-6000:].decode(errors="replace")) for path in files if path.exists()]

    def close(self):
        """Ends everything that still runs here, by pid, and removes the folder."""
        # nginx writes its title over its environment, and the mark is gone.
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        # Counted, not timed: on a machine under load one look may take seconds.
        for _ in range(CLOSE_ROUNDS):
            left = marked(self.root)
            if not left:
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            for process in self.started:
                process.poll()
            time.sleep(0.02)
        shutil.rmtree(self.root, ignore_errors=True)


class Daemon:
    """A daemon that runs in the foreground."""

    def __init__(self, lab, conf, args, env, wait, before=""):
        self.lab, self.root, self.conf = lab, lab.root, conf
        self.socket = self.root / "s.sock"
        shell = ["/bin/sh", "-c", f'{before}\nexec "$@"', "sh"] if before else []
        self.process = lab.spawn(*shell, lab.target.program("supervisord"), "-n", "-c", str(conf), *args, env=env)
        self.pid = self.process.pid
        if wait:
            until("the daemon's first answer", self.answers, START_SECS)

    def answers(self):
        """Whether the socket answers; fails if the daemon is gone."""
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}: {self.process.err.read_text()}")
        return answers(self.socket)

    @property
    def rpc(self):
        """A new connection, the `supervisor` namespace."""
        return rpc(self.socket).supervisor

    @property
    def system(self):
        """A new connection, the `system` namespace."""
        return rpc(self.socket).system

    def info(self, name):
        """getProcessInfo."""
        return self.rpc.getProcessInfo(name)

    def wait(self, seconds=STATE_SECS, **states):
        """Until each named process is in its state: wait(cat="RUNNING")."""
        for name, state in states.items():
            until(f"{name} to be {state}", lambda: self.info(name)["statename"] == state, seconds)
            if state == "RUNNING" and self.lab.target.name == "theirs":
                until(f"{name} to be its program", lambda: self.became(name), seconds)
        return self

    def became(self, name):
        """Whether a child is no copy of the daemon any more: until then theirs has the
        daemon's descriptors, and a signal to it is lost."""
        return words(self.info(name)["pid"]) != words(self.pid)

    def wait_log(self, text, times=1, seconds=STATE_SECS):
        """Until the activity log holds `text` so many times."""
        until(f"{text!r} in the log", lambda: self.logged().count(text) >= times, seconds)
        return self

    def ctl(self, *words, **options):
        """The target's own supervisorctl with this daemon's configuration."""
        return self.lab.run("supervisorctl", "-c", str(self.conf), *words, **options)

    def signal(self, number):
        """Sends the daemon a signal."""
        os.kill(self.pid, number)

    def logged(self):
        """The activity log as far as it is written; without a question that would be in it."""
        return self.lab.read("supervisord.log")

    def log(self):
        """The activity log with everything that was said so far."""
        self.settle()
        return self.logged()

    def rests(self, seconds=1):
        """Fails if the daemon is busy with nothing, or does not answer."""
        used = cpu_seconds(self.pid)
        time.sleep(seconds)
        used = cpu_seconds(self.pid) - used
        assert used < 0.3, f"{used} s of processor time in {seconds} s"
        assert self.rpc.getState()["statename"] == "RUNNING"

    def settle(self):
        """Until the activity log is complete: it may be written behind an answer."""
        if self.lab.target.name == "ours":
            try:
                # This answer comes behind all lines.
                rpc(self.socket, 10).ext.getLogStates()
                return
            except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
                pass  # It is ending.
        before = None
        for _ in range(20):
            now = self.logged()
            if now == before or self.process.poll() is not None:
                return
            before = now
            time.sleep(0.1)

    def log_lines(self, *having):
        """The activity log, normalised; only lines with one of `having`."""
        lines = log_lines(self.log(), self.lab.paths())
        return [line for line in lines if not having or any(word in line for word in having)]

    def stamps(self, text):
        """When lines with `text` were logged, in seconds of the epoch."""
        return [when for when, line in stamped(self.log()) if text in line]

    def stop(self, seconds=STOP_SECS):
        """SIGTERM, and the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.exit_code(seconds)

    def exit_code(self, seconds=STOP_SECS):
        """Waits until the daemon is gone by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon is still there after {seconds} s") from None
