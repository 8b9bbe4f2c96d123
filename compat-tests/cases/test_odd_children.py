"""Children that end in every way there is, hide, or lose what they stand on: one log
line each, as the rules have it, and the daemon goes on and is at rest."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import xmlrpc.client

import pytest

from daemon import answers, rpc, until
from proc import descriptors

# What a signal does by default that ends nobody, or that every child ignores.
HARMLESS = {"SIGPIPE", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXFSZ", "SIGWINCH"}
ALIASES = {"SIGIOT": "SIGABRT", "SIGCLD": "SIGCHLD", "SIGIO": "SIGPOLL"}


def exits(d):
    """`name (how; verdict)` of each exit in the log."""
    return dict(re.findall(r"exited: (\S+) \((.*)\)$", d.log(), re.MULTILINE))


def states(d):
    return {info["statename"] for info in d.rpc.getAllProcessInfo()}


@pytest.mark.contract("A4.18", "A4.38", "A5.63", "A5.64", "A4.7")
def test_each_exit_status(daemon):
    d = daemon("""
[program:s]
command=/bin/sh -c "exit %(process_num)d"
process_name=s%(process_num)d
numprocs=256
startsecs=0
autorestart=false
exitcodes=0,7,255
stdout_logfile=NONE
redirect_stderr=true
""")
    until("all to end", lambda: states(d) == {"EXITED"})
    until("all lines", lambda: len(exits(d)) == 256)
    good = (0, 7, 255)
    verdicts = {code: "expected" if code in good else "not expected" for code in range(256)}
    assert exits(d) == {f"s{code}": f"exit status {code}; {verdict}" for code, verdict in verdicts.items()}
    told = {info["name"]: (info["exitstatus"], info["spawnerr"]) for info in d.rpc.getAllProcessInfo()}
    assert told == {f"s{code}": (code, "" if code in good else f"Bad exit code {code}") for code in range(256)}
    d.rests()


@pytest.mark.contract("A4.38", "A4.84", "A4.18")
def test_each_signal(daemon):
    deadly = {number: signal.Signals(number).name for number in range(1, 32)}
    deadly = {number: ALIASES.get(name, name) for number, name in deadly.items() if name not in HARMLESS}
    deadly.update({34: "SIGRTMIN", 35: "signal 35", 64: "SIGRTMAX"})
    programs = (
        f"""[program:s{number}]\ncommand=/bin/sh -c "ulimit -c 0; kill -{number} $$; exec sleep 1000"
startsecs=0\nautorestart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n"""
        for number in deadly
    )
    d = daemon("".join(programs))
    until("all to die", lambda: states(d) == {"EXITED"})
    until("all lines", lambda: len(exits(d)) == len(deadly))
    # The system may collect dumps whatever the limit says.
    told = {name: how.replace(" (core dumped)", "") for name, how in exits(d).items()}
    assert told == {f"s{number}": f"terminated by {name}; not expected" for number, name in deadly.items()}
    assert {info["exitstatus"] for info in d.rpc.getAllProcessInfo()} == {-1}


@pytest.mark.contract("A4.26", "A4.77")
def test_a_child_that_is_suspended(daemon):
    d = daemon("[program:p]\ncommand=/bin/sleep 1000\nstartsecs=0\nstopwaitsecs=1\n").wait(p="RUNNING")
    os.kill(d.info("p")["pid"], signal.SIGSTOP)
    d.rests()
    assert d.info("p")["statename"] == "RUNNING"
    assert d.rpc.stopProcess("p") is True
    assert d.log_lines("killing '", "stopped: ") == [
        "WARN killing 'p' (PID) with SIGKILL", "WARN stopped: p (terminated by SIGKILL)",
    ]  # fmt: skip


@pytest.mark.contract("A4.15", "A4.21", "A4.39")
def test_a_program_that_goes_into_the_background(daemon):
    """Its first process ends at once; what it leaves keeps the pipes and is nobody's business."""
    away = "(setsid sh -c 'echo $$ > {root}/away; exec sleep 1000' &); until [ -s {root}/away ]; do sleep 0.05; done"
    d = daemon(f'[program:p]\ncommand=/bin/sh -c "{away}"\nstartsecs=3\nstartretries=0\n').wait(p="FATAL")
    assert d.log_lines("exited", "gave up", "reaped") == [
        "WARN exited: p (exit status 0; not expected)",
        "INFO gave up: p entered FATAL state, too many start retries too quickly",
    ]
    os.kill(int(d.lab.read("away")), 0)
    d.rests()
    theirs = descriptors(int(d.lab.read("away")))
    assert {theirs[1], theirs[2]}.isdisjoint(descriptors(d.pid).values())


@pytest.mark.contract("A4.61", "A5.84", "A4.25")
def test_a_program_that_closes_its_pipes(daemon):
    d = daemon("""
[program:p]
command=/bin/sh -c "exec <&- >&- 2>&-; exec sleep 1000"
""").wait(p="RUNNING")
    d.rests()
    assert d.info("p")["statename"] == "RUNNING"
    assert d.rpc.stopProcess("p") is True
    assert d.log_lines("exited", "stopped") == ["WARN stopped: p (terminated by SIGTERM)"]


def killed(d, name):
    """Ends a child as a stranger would."""
    os.kill(d.info(name)["pid"], signal.SIGKILL)


@pytest.mark.contract("A4.52", "A4.53", "A4.54", "A4.40", "A4.19", "A4.20")
@pytest.mark.parametrize("how", ["other", "gone", "plain", "folder"])
def test_the_executable_is_replaced_while_it_runs(lab, recorded, how):
    """What runs goes on; the next start meets what is there by then."""
    program = lab.write("tool", "#!/bin/sh\necho one >> {root}/out; exec sleep 1000\n", 0o755)
    d = lab.daemon("[program:p]\ncommand={root}/tool\nstartsecs=0\nstartretries=1\n")
    until("the first", lambda: lab.read("out") == "one\n")
    d.wait(p="RUNNING").wait_log("success: p")
    if how == "other":
        os.replace(lab.write("new", "#!/bin/sh\necho two >> {root}/out; exec sleep 1000\n", 0o755), program)
    elif how == "plain":
        program.chmod(0o644)
    else:
        program.unlink()
        if how == "folder":
            program.mkdir()
    assert d.info("p")["statename"] == "RUNNING"
    killed(d, "p")
    if how == "other":
        until("the second", lambda: lab.read("out") == "one\ntwo\n")
        d.wait_log("success: p", times=2)
    else:
        d.wait(p="FATAL").wait_log("gave up: p")
    recorded("\n".join(d.log_lines(" p ", "'p'", "spawnerr")) + "\n")


@pytest.mark.contract("A4.67", "A4.69", "A4.20")
def test_an_executable_that_is_being_written(lab, recorded):
    program = shutil.copy("/bin/sleep", lab.root / "tool")
    with open(program, "r+b"):
        try:
            subprocess.run([program, "0"], check=False)
            pytest.skip("this kernel runs programs that are being written")
        except OSError:
            pass
        d = lab.daemon("[program:p]\ncommand={root}/tool 1000\nstartsecs=2\nstartretries=9\nstderr_logfile={root}/p.err\n")
        d.wait_log("exited: p")
        reason = lab.lines("p.err", 1)
    d.wait(p="RUNNING")
    recorded(lab.normal(reason.splitlines(True)[0]) + "\n".join(d.log_lines("exited: p")[:1]) + "\n")


@pytest.mark.contract("A4.67", "A4.19", "A4.20", "A4.60")
def test_the_folder_is_removed_and_comes_back(lab, recorded):
    folder = lab.root / "work"
    folder.mkdir()
    d = lab.daemon("""
[program:p]
command=/bin/sleep 1000
directory={root}/work
startsecs=1
startretries=9
stderr_logfile={root}/p.err
""").wait(p="RUNNING")
    folder.rmdir()
    assert d.info("p")["statename"] == "RUNNING"
    killed(d, "p")
    reason = lab.lines("p.err", 2)
    d.wait_log("exit status 127; not expected")
    folder.mkdir()
    d.wait(p="RUNNING")
    assert os.readlink(f"/proc/{d.info('p')['pid']}/cwd") == str(folder)
    recorded(lab.normal("".join(reason.splitlines(True)[:2])) + "\n".join(d.log_lines("exited: p")[:2]) + "\n")


@pytest.mark.contract("A4.42", "A4.60", "A4.144")
def test_the_daemons_own_folder_is_removed(lab):
    folder = lab.root / "here"
    folder.mkdir()
    conf = lab.config("[program:p]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf), cwd=folder)
    d = rpc(lab.root / "s.sock").supervisor
    until("p to run", lambda: answers(lab.root / "s.sock") and d.getProcessInfo("p")["statename"] == "RUNNING")
    folder.rmdir()
    d.stopProcess("p")
    assert d.startProcess("p") is True
    assert d.reloadConfig() == [[[], [], []]]
    assert d.getState()["statename"] == "RUNNING"


@pytest.mark.needs_root
@pytest.mark.contract("A4.70", "A4.67", "A4.60")
def test_the_user_is_removed(lab, recorded):
    """A user database of its own, by a mount that only this daemon sees."""
    passwd = lab.root / "passwd"
    shutil.copy("/etc/passwd", passwd)
    with passwd.open("a") as file:
        file.write("ghost:x:4242:4242::/:/bin/sh\n")
    inside = f'mount --bind {passwd} /etc/passwd && exec "$@"'
    mount = ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, "sh"]
    if not shutil.which("unshare") or subprocess.run([*mount, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine does not allow a mount namespace")
    text = "[program:p]\ncommand=/bin/sleep 1000\nuser=ghost\nstartsecs=4\nstartretries=0\nstderr_logfile={root}/p.err\n"
    conf = lab.config(text)
    lab.spawn(*mount, lab.target.program("supervisord"), "-n", "-c", str(conf))
    d = rpc(lab.root / "s.sock").supervisor
    until("p to run", lambda: answers(lab.root / "s.sock") and d.getProcessInfo("p")["statename"] == "RUNNING")
    d.stopProcess("p")
    text = passwd.read_text()
    passwd.write_text(text.replace("ghost:x:4242:4242::/:/bin/sh\n", ""))
    with contextlib.suppress(xmlrpc.client.Fault):  # The reference may see it end before it answers.
        d.startProcess("p", False)
    until("p to give up", lambda: "gave up: p" in lab.read("supervisord.log"))
    log = [line.split(" ", 2)[2] for line in lab.read("supervisord.log").splitlines() if "exited: p" in line]
    recorded(lab.normal(lab.lines("p.err", 2)) + "\n".join(log) + "\n")
