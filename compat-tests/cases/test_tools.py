"""echo_supervisord_conf and pidproxy."""

import os
import signal

import pytest

from daemon import COMMAND_SECS, until
from targets import PROGRAMS


@pytest.mark.contract("A1.40", "A9.7")
def test_the_sample_configuration(lab):
    """Its words are each program's own; its active lines and commented keys are not."""
    done = lab.run("echo_supervisord_conf", "ignored", "words")
    assert (done.code, done.stderr) == (0, "")

    def bare(line):
        return line.split(" ;")[0].strip()

    active = [bare(line) for line in done.stdout.splitlines() if bare(line) and not line.startswith(";")]
    assert active == [
        "[unix_http_server]", "file=/tmp/supervisor.sock",
        "[supervisord]", "logfile=/tmp/supervisord.log", "logfile_maxbytes=50MB", "logfile_backups=10",
        "loglevel=info", "pidfile=/tmp/supervisord.pid", "nodaemon=false", "silent=false", "minfds=1024",
        "minprocs=200",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]", "serverurl=unix:///tmp/supervisor.sock",
    ]  # fmt: skip
    commented = {bare(line[1:]) for line in done.stdout.splitlines() if line.startswith(";")}
    keys = {line.split("=")[0].strip() for line in commented if "=" in line}
    for key in ["chmod", "chown", "username", "password", "port", "umask", "user", "identifier", "directory",
                "nocleanup", "childlogdir", "environment", "strip_ansi", "prompt", "history_file", "command",
                "process_name", "numprocs", "priority", "autostart", "startsecs", "startretries",
                "autorestart", "exitcodes", "stopsignal", "stopwaitsecs", "stopasgroup", "killasgroup",
                "redirect_stderr", "stdout_logfile", "stdout_logfile_maxbytes", "stdout_logfile_backups",
                "stdout_capture_maxbytes", "stdout_events_enabled", "stdout_syslog", "stderr_logfile",
                "stderr_syslog", "serverurl", "events", "buffer_size", "programs", "files"]:  # fmt: skip
        assert key in keys, key
    for section in ["[inet_http_server]", "[program:theprogramname]", "[eventlistener:theeventlistenername]",
                    "[group:thegroupname]", "[include]"]:  # fmt: skip
        assert section in commented


@pytest.mark.contract("A9.2", "A9.3", "A9.4")
def test_pidproxy_hands_signals_on(lab):
    lab.write("service", "#!/bin/sh\ntrap 'echo hup > {root}/heard' HUP\ntrap 'echo term > {root}/heard; exit' TERM\n"
              "echo $$ > {root}/service.pid\nwhile :; do sleep 0.05; done\n", 0o755)
    proxy = lab.spawn(lab.target.program("pidproxy"), f"{lab.root}/service.pid", f"{lab.root}/service")
    until("the service", lambda: lab.read("service.pid"))

    def hears_hup():
        """Whether SIGHUP is caught, or blocked to be read, and no longer deadly."""
        lines = open(f"/proc/{proxy.pid}/status").read().splitlines()
        masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigCgt", "SigBlk"))]
        return any(mask & 1 for mask in masks)

    until("its handlers", hears_hup)
    proxy.send_signal(signal.SIGHUP)
    until("HUP", lambda: lab.read("heard") == "hup\n")
    assert proxy.poll() is None
    proxy.send_signal(signal.SIGTERM)
    until("TERM", lambda: lab.read("heard") == "term\n")
    assert proxy.wait(COMMAND_SECS) == 0


@pytest.mark.contract("A9.1")
def test_pidproxy_without_words(lab):
    done = lab.run("pidproxy")
    assert done.code == 1
    assert done.stdout != ""


@pytest.mark.contract("A9.5", "A9.6")
def test_pidproxy_ends_with_its_child(lab):
    proxy = lab.run("pidproxy", f"{lab.root}/none.pid", "/bin/sh", "-c", "exit 7")
    assert proxy.code == 0


@pytest.mark.contract("A9.2")
def test_pidproxy_hands_on_words_as_they_are(lab):
    """Any bytes, not only text."""
    script, word = 'printf %s "$1" > "$0"', os.fsdecode(b"caf\xe9")
    lab.run("pidproxy", f"{lab.root}/none.pid", "/bin/sh", "-c", script, f"{lab.root}/said", word)
    assert (lab.root / "said").read_bytes() == b"caf\xe9"


@pytest.mark.contract("A8.7")
def test_four_programs_are_installed_and_no_examples(lab):
    """4.4 dropped the example scripts; none of the two installs any under a name of its own."""
    assert all((lab.target.bin / name).exists() for name in PROGRAMS)
    examples = ("sample_commevent", "sample_eventlistener", "sample_exiting_eventlistener", "loop_listener")
    found = {path.stem for path in lab.target.bin.iterdir()}
    assert not found.intersection(examples)
