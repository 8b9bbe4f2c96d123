"""The `ext` namespace, which only our daemon has."""

import xmlrpc.client

import pytest

from daemon import rpc, until

pytestmark = pytest.mark.differs("theirs", "B1.1.2", "has no such namespace")

PROGRAMS = """
[program:busy]
command=/bin/sh -c 'while :; do :; done'
startsecs=0

[program:idle]
command=/bin/sleep 1000
autostart=false
startsecs=0
stdout_logfile=NONE
"""


def test_usage_is_told_of_every_process(daemon):
    d = daemon(PROGRAMS).wait(busy="RUNNING")
    ext = rpc(d.socket).ext
    until("busy to use time", lambda: ext.getAllProcessUsage()[0]["cpu"] > 0)
    busy, idle = ext.getAllProcessUsage()
    assert list(busy) == ["group", "name", "pid", "starts", "cpu", "rss", "threads"]
    assert (busy["name"], busy["pid"], busy["starts"]) == ("busy", d.info("busy")["pid"], 1)
    assert busy["rss"] > 100_000 and busy["threads"] == 1
    assert (idle["pid"], idle["starts"], idle["rss"], idle["cpu"]) == (0, 0, 0, 0.0)
    until("busy to use more", lambda: ext.getAllProcessUsage()[0]["cpu"] > busy["cpu"])
    d.rpc.stopProcess("busy")
    d.rpc.startProcess("busy")
    assert ext.getAllProcessUsage()[0]["starts"] == 2


def test_an_offset_is_refused_in_the_usual_words(daemon):
    d = daemon(PROGRAMS).wait(busy="RUNNING")
    ext = rpc(d.socket).ext
    for arguments, code in [
        (("nobody", "stdout", 1), 10), (("busy", "stdin", 1), 3), (("idle", "stdout", 1), 20), (("busy", "stdout"), 2),
    ]:  # fmt: skip
        with pytest.raises(xmlrpc.client.Fault) as refused:
            ext.getLogOffset(*arguments)
        assert refused.value.faultCode == code, arguments
    assert ext.getLogOffset("busy", "stdout", 3600) == 0


@pytest.mark.contract("B1.14.1", "B1.14.2", "B1.14.3")
def test_the_list_of_methods_is_upstreams_and_help_knows_more(daemon):
    d = daemon(PROGRAMS)
    names = d.system.listMethods()
    assert {name.split(".")[0] for name in names} == {"supervisor", "system"}
    assert d.system.methodSignature("ext.getLogOffset") == ["int", "string", "string", "int"]
    assert "Rotated" in d.system.methodHelp("ext.getLogOffset")
