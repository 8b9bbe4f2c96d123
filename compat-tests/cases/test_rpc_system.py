"""The `system` namespace: what the daemon tells about its own methods, and multicall."""

import xmlrpc.client

import pytest

from daemon import until

# As the table of the interface has it: return type first.
SIGNATURES = """
supervisor.addProcessGroup boolean,string
supervisor.clearAllProcessLogs array
supervisor.clearLog boolean
supervisor.clearProcessLog boolean,string
supervisor.clearProcessLogs boolean,string
supervisor.getAPIVersion string
supervisor.getAllConfigInfo array
supervisor.getAllProcessInfo array
supervisor.getIdentification string
supervisor.getPID int
supervisor.getProcessInfo struct,string
supervisor.getState struct
supervisor.getSupervisorVersion string
supervisor.getVersion string
supervisor.readLog string,int,int
supervisor.readMainLog string,int,int
supervisor.readProcessLog string,string,int,int
supervisor.readProcessStderrLog string,string,int,int
supervisor.readProcessStdoutLog string,string,int,int
supervisor.reloadConfig array
supervisor.removeProcessGroup boolean,string
supervisor.restart boolean
supervisor.sendProcessStdin boolean,string,string
supervisor.sendRemoteCommEvent boolean,string,string
supervisor.shutdown boolean
supervisor.signalAllProcesses array,string
supervisor.signalProcess boolean,string,string
supervisor.signalProcessGroup array,string,string
supervisor.startAllProcesses array,boolean
supervisor.startProcess boolean,string,boolean
supervisor.startProcessGroup array,string,boolean
supervisor.stopAllProcesses array,boolean
supervisor.stopProcess boolean,string,boolean
supervisor.stopProcessGroup array,string,boolean
supervisor.tailProcessLog array,string,int,int
supervisor.tailProcessStderrLog array,string,int,int
supervisor.tailProcessStdoutLog array,string,int,int
system.listMethods array
system.methodHelp string,string
system.methodSignature array,string
system.multicall array,array
"""
METHODS = {name: types.split(",") for name, types in (line.split() for line in SIGNATURES.split("\n") if line)}


@pytest.mark.contract("B1.5", "B1.5.1", "B1.5.2", "B1.14.1", "B1.14.2", "B1.14.3")
def test_methods_tell_about_themselves(daemon):
    system = daemon().system
    assert len(METHODS) == 41
    assert system.listMethods() == list(METHODS)
    assert {name: system.methodSignature(name) for name in METHODS} == METHODS
    helps = {name: system.methodHelp(name) for name in METHODS}
    assert [name for name, text in helps.items() if not text.strip()] == []
    without = [name for name, text in helps.items() if "@return" not in text]
    assert without == []


@pytest.mark.contract("B1.14.2", "B1.14.3", "B1.2.1")
@pytest.mark.parametrize("method", ["methodHelp", "methodSignature"])
def test_unknown_methods_have_no_help(daemon, method):
    with pytest.raises(xmlrpc.client.Fault) as fault:
        getattr(daemon().system, method)("supervisor.nothing")
    assert (fault.value.faultCode, fault.value.faultString) == (4, "SIGNATURE_UNSUPPORTED")


@pytest.mark.contract("B1.14.4", "B1.14.5", "B1.14.6", "B1.14.7", "B1.14.8", "B1.14.11")
def test_multicall(daemon):
    d = daemon("[program:cat]\ncommand=/bin/cat\nautostart=false\n")
    calls = [
        {"methodName": "supervisor.getVersion"},
        {"methodName": "supervisor.getState", "params": []},
        {"methodName": "supervisor.startProcess", "params": ["cat"]},
        {"methodName": "supervisor.startProcess", "params": ["cat"]},
        {"methodName": "supervisor.getProcessInfo", "params": ["nobody"]},
        {"methodName": "supervisor.getState", "params": [1]},
        {"methodName": "system.methodSignature", "params": ["supervisor.getPID"]},
        {"methodName": "system.multicall", "params": [[]]},
        {"methodName": "supervisor.nothing"},
        {"methodName": ""},
        {"params": []},
    ]

    def fault(code, text):
        return {"faultCode": code, "faultString": text}

    assert d.system.multicall(calls) == [
        "3.0",
        {"statecode": 1, "statename": "RUNNING"},
        True,
        fault(60, "ALREADY_STARTED: cat"),
        fault(10, "BAD_NAME: nobody"),
        fault(2, "INCORRECT_PARAMETERS"),
        ["int"],
        fault(2, "INCORRECT_PARAMETERS: Recursive system.multicall forbidden"),
        fault(1, "UNKNOWN_METHOD"),
        fault(1, "UNKNOWN_METHOD"),
        fault(2, "INCORRECT_PARAMETERS: No methodName"),
    ]
    assert d.system.multicall([]) == []


@pytest.mark.contract("B1.1.9", "B3.5.2", "A3.86")
def test_without_the_rpcinterface_section(lab, transcript, recorded):
    conf = lab.config("")
    section = "[rpcinterface:supervisor]\n"
    text = conf.read_text().replace(section, "[unread]\n")
    conf.write_text(text)
    process = lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    until("the socket", lambda: (lab.root / "s.sock").exists())
    transcript.run("status")
    transcript.run("version")
    recorded(transcript.text())
    assert process.poll() is None
