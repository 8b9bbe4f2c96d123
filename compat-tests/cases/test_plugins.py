"""Python code that a configuration names: interfaces of the daemon, commands of the client."""

import os
import xmlrpc.client

import pytest

from daemon import free_port, rpc
from targets import theirs

STANDARD = "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
FOREIGN = "[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory = nope:nope\ncolour = green\n"


@pytest.mark.contract("B4.1.5", "B4.1.7", "B4.1.8", "A3.85")
def test_a_foreign_interface_refuses_the_start(lab):
    conf = lab.config(FOREIGN)
    done = lab.run("supervisord", "-n", "-c", str(conf))
    assert done.code == 2
    assert done.stderr.startswith("Error: nope:nope cannot be resolved within [rpcinterface:twiddler]")
    assert not (lab.root / "s.sock").exists()


@pytest.mark.contract("B4.1.8", "A3.85")
@pytest.mark.differs("theirs", "B4.1.8", "knows no such switch")
def test_a_foreign_interface_can_be_done_without(daemon):
    d = daemon(FOREIGN + "[program:cat]\ncommand=/bin/cat\n", "foreign_rpcinterfaces=ignore").wait(cat="RUNNING")
    assert d.log_lines("WARN Ignored [rpcinterface:twiddler], since nope:nope is not built in")
    assert not any(name.startswith("twiddler.") for name in d.system.listMethods())
    with pytest.raises(xmlrpc.client.Fault) as caught:
        rpc(d.socket).twiddler.getAPIVersion()
    assert (caught.value.faultCode, caught.value.faultString) == (1, "UNKNOWN_METHOD")


@pytest.mark.contract("B4.1.1", "B4.1.2", "B4.1.3", "B4.1.6", "B2.13.4", "B0.1")
def test_the_standard_interface_under_another_name(lab):
    port = free_port()
    d = lab.daemon(f"[inet_http_server]\nport=127.0.0.1:{port}\n[rpcinterface:my-ns]\n{STANDARD}")
    assert getattr(rpc(d.socket), "my-ns.getState")()["statename"] == "RUNNING"
    with xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}") as inet:
        assert getattr(inet, "my-ns.getPID")() == d.pid
        assert inet.supervisor.getPID() == d.pid
    names = d.system.listMethods()
    assert "my-ns.getState" in names and "supervisor.getState" in names
    # Once for each server.
    for name in ("my-ns", "supervisor"):
        assert d.log().count(f"INFO RPC interface '{name}' initialized") == 2


PLUGIN = '''
from supervisor.supervisorctl import ControllerPluginBase

class Plugin(ControllerPluginBase):
    name = "greetings"

    def __init__(self, controller, **keys):
        self.ctl, self.word = controller, keys["word"]

    def do_hello(self, arg):
        if self.ctl.upcheck():
            state = self.ctl.get_supervisor().getState()["statename"]
            self.ctl.output("%s %s, the daemon is %s" % (self.word, arg, state))
        self.ctl.exitstatus = 3

    def help_hello(self):
        self.ctl.output("hello NAME\\tgreets")

    def do_quiet(self, arg):
        self.ctl.output("quiet")

def make(controller, **keys):
    return Plugin(controller, **keys)
'''


@pytest.fixture
def plugin(lab):
    """A daemon, a plug-in for its client, and the variables with which the client finds both."""
    lab.write("greetings.py", PLUGIN)
    lab.daemon("[ctlplugin:greetings]\nsupervisor.ctl_factory = greetings:make\nword = good day\n")
    return {"PYTHONPATH": str(lab.root), "SUPERVISORCTL_PYTHON": theirs().program("supervisorctl")}


@pytest.mark.contract("B4.2.1", "B4.2.2", "B4.2.3", "B4.2.4", "B3.7.117")
def test_a_plugin_of_the_client_works(lab, plugin):
    def ctl(*words):
        done = lab.run("supervisorctl", "-c", str(lab.root / "s.conf"), *words, env=plugin)
        return done.code, done.stdout, done.stderr

    assert ctl("hello", "you") == (3, "good day you, the daemon is RUNNING\n", "")
    assert ctl("quiet") == (0, "quiet\n", "")
    # Each set of commands that does not know it says so first.
    assert ctl("help", "hello")[1].splitlines()[-1] == "hello NAME\tgreets"
    _, helped, _ = ctl("help")
    assert "greetings commands (type help <topic>):" in helped and "quiet" not in helped


@pytest.mark.contract("B4.2.4")
@pytest.mark.differs("theirs", "B4.2.4", "is the Python client")
def test_a_client_that_is_found_in_path(lab, plugin):
    """Whatever is there gets our words, and its exit status is ours."""
    lab.write("bin/supervisorctl", '#!/bin/sh\necho "handed over: $*"\nexit 9\n', 0o755)
    conf = str(lab.root / "s.conf")
    path = f"{lab.target.bin}:{lab.root}/bin:{os.environ['PATH']}"
    done = lab.run("supervisorctl", "-c", conf, "status", "a b", env={"PATH": path})
    assert (done.code, done.stdout, done.stderr) == (9, f"handed over: -c {conf} status a b\n", "")


@pytest.mark.contract("B4.2.4")
@pytest.mark.differs("theirs", "B4.2.4", "is the Python client, and fails without the plug-in")
def test_without_a_python_client_a_warning_says_what_is_lost(lab):
    lab.daemon("[ctlplugin:greetings]\nsupervisor.ctl_factory = greetings:make\n")
    done = lab.run("supervisorctl", "-c", str(lab.root / "s.conf"), "version", env={"PATH": "/nonexistent"})
    assert (done.code, done.stdout) == (0, "4.3.0\n")
    assert "[ctlplugin:greetings]" in done.stderr


@pytest.mark.contract("B4.2.1")
def test_a_plugin_section_needs_its_factory(lab):
    conf = lab.config("[ctlplugin:x]\nword=1\n")
    done = lab.run("supervisorctl", "-c", str(conf), "version")
    assert done.stderr.splitlines()[0] == "Error: section [ctlplugin:x] does not specify a supervisor.ctl_factory"
    assert done.code == 2
