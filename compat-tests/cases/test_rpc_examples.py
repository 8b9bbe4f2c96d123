"""The examples of `docs/rpc.md` are true: each call is made, and its answer has
the shape that is told."""

import http.client
import json
import re
import shutil
import xmlrpc.client

import pytest
from supervisor.xmlrpc import Faults

from daemon import rpc, until
from golden_cases import areas, read
from targets import PROJECT
from test_golden import ours, recorded
from wire_text import xml_call

PAGE = """
[program:web]
command=/bin/sh -c 'echo ready; exec cat'
startsecs=0
stdout_logfile={root}/web.log
redirect_stderr=true

[program:worker]
command=/bin/sh -c 'echo cannot open the queue >&2; exec sleep 1000'
process_name=%(program_name)s_%(process_num)d
numprocs=2
numprocs_start=1
startsecs=0

[program:job]
command=/bin/sleep 1000
startsecs=0
autostart=false
"""
ENDS = ("supervisor.restart", "supervisor.shutdown")


def described(done):
    """The methods as `--rpc-spec` tells them."""
    assert (done.code, done.stderr) == (0, "")
    return {method["name"]: method for method in json.loads(done.stdout)["methods"]}


def page():
    """Method -> the bytes of the call and of the answer that the page shows."""
    text = (PROJECT / "docs" / "rpc.md").read_text()
    shown = {}
    for section in text.split("\n### ")[1:]:
        blocks = re.findall(r"^```xml\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
        if blocks:
            call, answer = blocks
            shown[section.partition("\n")[0]] = (call.encode(), answer.encode())
    return shown


def shape(told, seen, where):
    """Fails unless `seen` has the types and keys of `told`; of a list each item
    has the shape of the first, if all that are told have one."""
    assert type(told) is type(seen), f"{where}: {seen!r} is not like {told!r}"
    if isinstance(told, dict):
        assert list(told) == list(seen), f"{where}: {list(seen)}"
        for key in told:
            shape(told[key], seen[key], f"{where}.{key}")
    if isinstance(told, list):
        assert bool(told) == bool(seen), f"{where}: {seen!r} is not like {told!r}"
        kinds = {str(sorted(item)) if isinstance(item, dict) else type(item) for item in told}
        if len(kinds) > 1 or isinstance(told[0] if told else None, list):
            assert len(told) == len(seen), f"{where}: {seen!r}"
            for item, found in zip(told, seen):
                shape(item, found, f"{where}[]")
        else:
            for found in seen:
                shape(told[0], found, f"{where}[]")


class Scene:
    """The daemon of the page, put into the state that an example begins with."""

    def __init__(self, running):
        self.running, self.rpc = running, rpc(running.socket).supervisor

    def quietly(self, method, *params):
        try:
            getattr(self.rpc, method)(*params)
        except xmlrpc.client.Fault:
            pass

    def set(self, name):
        """Everything runs but `job`; for starts nothing, for what adds it no `job`."""
        short = name.partition(".")[2]
        self.quietly("addProcessGroup", "job")
        self.quietly("startAllProcesses")
        self.quietly("stopProcess", "job")
        if short == "startProcessGroup":
            self.quietly("stopProcessGroup", "worker")
        if short in ("addProcessGroup", "reloadConfig"):
            self.quietly("removeProcessGroup", "job")
        if "Log" in short:
            logs = self.running.root / "web.log", *self.running.root.glob("childlog/worker_1-stderr*")
            self.quietly("stopAllProcesses")
            self.quietly("clearAllProcessLogs")
            for program in ("web", "worker:worker_1"):
                self.quietly("startProcess", program)
            until("both to have said something", lambda: all(log.read_text() for log in logs))

    def ask(self, body):
        connection = http.client.HTTPConnection("localhost", timeout=30)
        connection.sock = rpc(self.running.socket)("transport").make_connection("localhost").sock
        connection.request("POST", "/RPC2", body)
        return connection.getresponse().read()


@pytest.mark.contract("B1.5, B2.2")
def test_every_example_of_the_page_is_true(lab, daemon, request):
    if lab.target.name != "ours":
        pytest.skip("the page is about our daemon")
    methods = described(lab.run("supervisord", "--rpc-spec"))
    shown = page()
    assert set(shown) == {name for name, method in methods.items() if "alias_of" not in method}
    running = daemon(PAGE)
    scene = Scene(running)
    for name in sorted(shown, key=lambda name: (ENDS.index(name) + 1 if name in ENDS else 0, name)):
        call, answer = shown[name]
        assert call == xml_call(name, methods[name]["example"]["params"]), f"{name}: the page and --rpc-spec differ"
        until("the daemon", running.answers)
        scene.set(name)
        before = running.info("web")["pid"]
        (told,), _ = xmlrpc.client.loads(answer)
        try:
            (seen,), _ = xmlrpc.client.loads(scene.ask(call))
        except xmlrpc.client.Fault as fault:
            raise AssertionError(f"{name}: {fault}") from None
        shape(told, seen, name)
        if name == "supervisor.restart":
            until("another life", lambda: running.answers() and running.info("web")["pid"] not in (0, before))
    assert running.exit_code() == 0


@pytest.mark.contract("A1.11, B1.5.1, B1.14.3")
def test_the_spec_tells_what_the_daemon_tells(lab, daemon):
    if lab.target.name != "ours":
        pytest.skip("it is an option of ours")
    methods = described(lab.run("supervisord", "--rpc-spec"))
    system = daemon().system
    assert [name for name in methods if not name.startswith("ext.")] == system.listMethods()
    for name, method in methods.items():
        assert system.methodSignature(name) == [method["returns"], *(param["type"] for param in method["params"])]
        assert system.methodHelp(name).startswith(method["help"])
    assert lab.run("supervisord", "--rpc").code == 2


# What any call can be answered; the page tells it once, above the methods.
ANY_CALL = {"UNKNOWN_METHOD", "INCORRECT_PARAMETERS"}
NAMES = {code: name for name, code in vars(Faults).items() if isinstance(code, int)}


@pytest.mark.contract("B1.2.1")
def test_every_fault_that_was_ever_seen_is_told_of_its_method(lab, request):
    if lab.target.name != "ours" or request.config.getoption("--record"):
        pytest.skip("the page is about our daemon")
    methods, seen = described(lab.run("supervisord", "--rpc-spec")), 0
    for area in areas():
        expected = recorded(area) | ours(area)
        for case in read(area).cases:
            calls = re.findall(rb"<methodName>(.*?)</methodName>", case.request)
            codes = re.findall(r"^fault (\d+) ", expected[case.name][1], re.MULTILINE)
            if len(calls) != 1 or calls[0].decode() not in methods:
                continue
            for code in codes:
                told = ANY_CALL | set(methods[calls[0].decode()]["faults"])
                assert NAMES[int(code)] in told, f"{case.name}: {calls[0]}"
                seen += 1
    assert seen > 100


@pytest.mark.contract("A4.139", "B1.2.1")
def test_faults_that_only_we_raise_are_told_of_their_methods(lab, daemon):
    if lab.target.name != "ours":
        pytest.skip("the page is about our daemon")
    methods, d = described(lab.run("supervisord", "--rpc-spec")), daemon(PAGE)

    def refused(name, *params):
        with pytest.raises(xmlrpc.client.Fault) as refusal:
            getattr(d.rpc, name)(*params)
        name_of_fault = refusal.value.faultString.partition(":")[0]
        assert name_of_fault in methods[f"supervisor.{name}"]["faults"]
        return name_of_fault

    d.rpc.removeProcessGroup("job")
    shutil.rmtree(d.root / "childlog")
    (d.root / "childlog").write_text("no folder")
    assert refused("addProcessGroup", "job") == "FAILED"
    with d.conf.open("a") as conf:
        conf.write("[program:bad]\n")
    assert refused("restart") == "CANT_REREAD"
