"""Options and fixtures. The cases know neither which target they run on nor
whether their answers are recorded or compared."""

import functools
import os
import re

import pytest

import disks
import numbered
import terminal
from daemon import Lab
from recording import Recording
from targets import MAKERS, PROJECT
from terminal import Terminal
from transcript import Transcript

# Who may drive whom: (daemon, supervisorctl). Both clients must do with both.
PAIRS = {
    "ours": [("ours", "theirs"), ("ours", "ours")],
    "theirs": [("theirs", "theirs")],
    "cross": [("theirs", "ours")],
    "both": [("ours", "theirs"), ("ours", "ours"), ("theirs", "theirs"), ("theirs", "ours")],
}
_made = {}


def pytest_addoption(parser):
    parser.addoption("--target", choices=sorted(PAIRS), default="ours", help="what to test (default: ours)")
    parser.addoption("--record", action="store_true", help="run theirs and write recorded/ anew")


def _wanted(config):
    return "theirs" if config.getoption("--record") else config.getoption("--target")


def make(name):
    """The target of that name, made once per worker."""
    if name not in _made:
        try:
            _made[name] = MAKERS[name]()
        except LookupError as missing:
            pytest.fail(str(missing), pytrace=False)
    return _made[name]


def pytest_generate_tests(metafunc):
    wanted = _wanted(metafunc.config)
    if "transcript" in metafunc.fixturenames:
        only = getattr(metafunc.module, "CLIENT", None)  # a module about one client says so
        pairs = [pair for pair in PAIRS[wanted] if only in (None, pair[1])]
        metafunc.parametrize("target, client", pairs, ids=[f"{d}-{c}_ctl" for d, c in pairs], indirect=True)
    elif "target" in metafunc.fixturenames:
        names = {"both": ["ours", "theirs"], "cross": ["theirs"]}.get(wanted, [wanted])
        metafunc.parametrize("target", names, indirect=True)


def pytest_collection_modifyitems(items):
    """`differs` turns into a strict xfail on the target it names."""
    for item in items:
        target = getattr(item, "callspec", None) and item.callspec.params.get("target")
        for mark in item.iter_markers("differs"):
            name, numbers, why = mark.args
            if name == target:
                item.add_marker(pytest.mark.xfail(strict=True, reason=f"{numbers}: {why}"))
        if item.get_closest_marker("needs_root") and os.getuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the configuration and the daemon's logs."""
    outcome = yield
    report = outcome.get_result()
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and lab is not None:
        report.sections += lab.evidence()


@pytest.fixture
def target(request):
    """The implementation under test."""
    return make(request.param)


@pytest.fixture
def client(request):
    """The implementation whose supervisorctl a transcript uses."""
    return make(request.param)


@pytest.fixture
def lab(target):
    """A folder in which daemons and commands of the target run."""
    lab = Lab(target)
    yield lab
    lab.close()


@pytest.fixture
def daemon(lab):
    """Starts a daemon: daemon("[program:x]...", supervisord="loglevel=debug")."""
    return lab.daemon


@pytest.fixture
def recorded(recording):
    """`recorded(text)` compares with theirs' recording, or writes it."""
    return recording.check


@pytest.fixture
def recording(request):
    """Theirs' recording of this case."""
    module = request.node.module.__name__.removeprefix("test_")
    params = getattr(request.node, "callspec", None)
    own = [str(v) for k, v in params.params.items() if k not in ("target", "client")] if params else []
    case = "-".join([request.node.originalname.removeprefix("test_"), *own])
    write = request.config.getoption("--record")
    return Recording(module, re.sub(r"[^\w.-]+", "_", case), write)


@pytest.fixture
def transcript(lab, client):
    """Runs supervisorctl and writes down what a user sees."""
    return Transcript(lab, client)


@pytest.fixture
def shell(daemon, transcript):
    """shell(): the client's prompt at a terminal, on a daemon with the programs of terminal.py."""
    d = daemon(terminal.PROGRAMS).wait(cat="RUNNING", **{"web:web_0": "RUNNING", "web:web_1": "RUNNING"})
    opened = []

    def open_one(*options, term="xterm"):
        at = Terminal(transcript.lab, transcript.program(), "-c", str(d.conf), *options, term=term)
        at.daemon = d
        opened.append(at)
        at.until(terminal.PROMPT)
        return at

    yield open_one
    for at in opened:
        at.close()


@pytest.fixture
def programs():
    """The folder of small programs that cases run under the daemon."""
    return PROJECT / "compat-tests" / "programs"


@pytest.fixture
def only_ours(target):
    """For promises that theirs does not make."""
    if target.name != "ours":
        pytest.skip("theirs promises nothing of the kind")


@pytest.fixture
def disk(lab, programs):
    """A disk that can hang; needs root and FUSE."""
    yield from disks.hanging(lab, programs)


@pytest.fixture
def small(lab):
    """A folder with room for 64 KiB; needs root."""
    yield from disks.with_little_room(lab)


@pytest.fixture
def counter(lab, programs):
    """counter(name, log, count, pause): the section of a program that writes numbered lines."""
    return functools.partial(numbered.section, lab, programs)
