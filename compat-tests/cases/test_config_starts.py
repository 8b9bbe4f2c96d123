"""Whole configurations as people have them, each started: what the daemon then
says about its programs and in its log, or how it refuses to start."""

import pytest

from daemon import Daemon, stamped
from test_config_reading import DEFAULTS

MAIN = """[supervisord]
logfile={root}/supervisord.log
pidfile={root}/supervisord.pid
childlogdir={root}/childlog
user=root
"""
SERVER = """[unix_http_server]
file={root}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
FILES = {
    "conf.d/10-web.conf": "[program:web]\ncommand=%(here)s/web --port 80%(process_num)02d\nautostart=no\nnumprocs=2\n"
    "process_name=%(program_name)s_%(process_num)02d\n",
    "conf.d/20-worker.conf": "[program:worker]\ncommand=/bin/cat\nautostart=no\n[supervisord]\nidentifier=from-include\n",
    "conf.d/notes.txt": "this is no configuration\n",
    "broken/x.conf": "[program:x]\ncommand=x\nno delimiter here\n",
}

SOUND = {
    "one program": "[program:cat]\ncommand=/bin/cat\nautostart=false\n",
    "nothing": "",
    "web and workers": "[program:web]\ncommand=gunicorn -b :80 app:app ; the site\ndirectory=/\nuser=nobody\nautostart=false\n"
    "stdout_logfile={root}/web.log\nredirect_stderr=true\n[program:worker]\ncommand=celery -A app worker -n w%(process_num)d\n"
    "numprocs=3\nprocess_name=%(program_name)s-%(process_num)d\nautostart=false\nstopwaitsecs=600\nstopasgroup=true\n"
    "[group:site]\nprograms=web,worker\npriority=50\n",
    "priorities": "".join(f"[program:{n}]\ncommand=/bin/cat\nautostart=0\npriority={p}\n" for n, p in (("c", 1), ("a", 5), ("b", 1))),
    "two groups share a program": "[program:a]\ncommand=x\nautostart=no\n[program:b]\ncommand=y\nautostart=no\n"
    "[group:g]\nprograms=a,b\n[group:h]\nprograms=b\npriority=1\n",
    "every number": "[program:a]\ncommand=x\nautostart=off\nstartsecs=0\nstartretries=0\nstopwaitsecs=1_0\nexitcodes=0, 2,255\n"
    "priority=-3\nstdout_logfile_maxbytes=2 MB\nstdout_logfile_backups=0\nstdout_capture_maxbytes=1kb\n",
    "logs": "[program:a]\ncommand=x\nautostart=no\nstdout_logfile=NONE\nstderr_logfile={root}/%(program_name)s.err\n"
    "[program:b]\ncommand=x\nautostart=no\nstdout_logfile=syslog\n[program:c]\ncommand=x\nautostart=no\n"
    "stdout_logfile_maxbytes=0\n[program:d]\ncommand=x\nautostart=no\nredirect_stderr=yes\nstderr_logfile={root}/d\n",
    "signals": "".join(f"[program:s{i}]\ncommand=x\nautostart=no\nstopsignal={s}\n" for i, s in enumerate(("TERM", "sigint", "9", " Usr1 "))),
    "environments": '[program:a]\ncommand=sh -c "%(ENV_GREETING)s %(ENV_WHO)s"\nautostart=no\nenvironment=GREETING="hello, you",WHO=\'me\'\n'
    "[program:b]\ncommand=%(ENV_HOME)s/bin\nautostart=no\nenvironment=A=1,\n  B=2\n",
    "here": "[program:a]\ncommand=%(here)s/run 100%%\nautostart=no\ndirectory=%(here)s\n",
    "names": "[program: spaced ]\ncommand=x\nautostart=no\n[program:caf\u00e9]\ncommand=x\nautostart=no\nprocess_name=%(group_name)s-%(numprocs)d\n",
    "values of several lines": "[program:a]\ncommand=/bin/sh -c\n  'echo a;\n\n  echo b'\n  ; between\n  last\nautostart=no\n",
    "comments": "; first\n# second\n[program:a] ; third\ncommand=a;b#c ;fourth\nautostart=no # fifth\ndirectory=/;x\n",
    "keys in any case": "[program:a]\nCommand: /bin/cat\nAUTOSTART : No\nStartSecs=7\n",
    "sections merge": "[program:a]\ncommand=x\nautostart=no\n[program:b]\ncommand=y\nautostart=no\n[program:a]\nstartsecs=5\ncommand=z\n",
    "includes": "[include]\nfiles=conf.d/*.conf none/*.conf\n",
    "fcgi": "[fcgi-program:php]\ncommand=php-cgi\nsocket=unix://{root}/%(program_name)s.sock\nsocket_mode=0600\nautostart=no\n"
    "numprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n",
    "listener": "[eventlistener:l]\ncommand=x\nevents=TICK_60,PROCESS_STATE\nautostart=no\nbuffer_size=100\n[program:a]\ncommand=x\n"
    "autostart=no\n",
    "listeners of one section": "[eventlistener:l]\ncommand=x\nevents=EVENT\nautostart=no\nnumprocs=2\nprocess_name=l%(process_num)s\n",
    "empty group": "[group:g]\nprograms=\n[program:a]\ncommand=x\nautostart=no\n",
    "no processes": "[program:a]\ncommand=x\nnumprocs=0\n[program:b]\ncommand=x\nautostart=no\n",
    "restarts": "".join(f"[program:r{i}]\ncommand=x\nautostart=no\nautorestart={v}\n" for i, v in enumerate(("TRUE", "off", "Unexpected"))),
    "masks and users": "[program:a]\ncommand=x\nautostart=no\numask=0o27\nuser=0\n[program:b]\ncommand=x\nautostart=no\nuser=daemon\n",
    "server urls": "".join(f"[program:u{i}]\ncommand=x\nautostart=no\nserverurl={u}\n" for i, u in enumerate(("AUTO", "", "http://a:1"))),
}  # fmt: skip

WRONG = {
    "no command": "[program:a]\nautostart=no\n",
    "misspelt number": "[program:a]\ncommand=x\nstartsecs=ten\n",
    "misspelt truth": "[program:a]\ncommand=x\nautostart=nope\n",
    "unknown user": "[program:a]\ncommand=x\nuser=nosuchuser\n",
    "no such folder": "[program:a]\ncommand=x\nstdout_logfile=/no/such/folder/x.log\n",
    "percent sign": "[program:a]\ncommand=date +%Y\n",
    "unset variable": "[program:a]\ncommand=%(ENV_NO_SUCH)s/bin\n",
    "several processes of one name": "[program:a]\ncommand=x\nnumprocs=2\n",
    "open quote": '[program:a]\ncommand=x\nenvironment=A="1\n',
    "no pair": "[program:a]\ncommand=x\nenvironment=A\n",
    "no delimiter": "[program:a]\ncommand=x\nautostart\n\nalso this\n",
    "text in front": "FRONT[program:a]\ncommand=x\n",
    "stop without kill": "[program:a]\ncommand=x\nstopasgroup=true\nkillasgroup=false\n",
    "unknown signal": "[program:a]\ncommand=x\nstopsignal=FOO\n",
    "unknown event": "[eventlistener:a]\ncommand=x\nevents=FOO\n",
    "broken include": "[include]\nfiles=broken/*.conf\n",
    "include without files": "[include]\nfile=conf.d/*\n",
    "half of a login": "[inet_http_server]\nport=127.0.0.1:1\nusername=u\n",
    "unknown member": "[group:g]\nprograms=a\n",
}


def written(lab, text):
    """MAIN, SERVER and `text` as a file, with FILES beside it, and an environment."""
    for name, content in FILES.items():
        lab.write(name, content)
    front, text = ("words = 1\n", text.removeprefix("FRONT")) if text.startswith("FRONT") else ("", text)
    conf = lab.write("s.conf", front + MAIN + SERVER + text)
    env = {"GREETING": "good day", "WHO": "all"}
    return conf, env


@pytest.mark.contract("A1.22", "A2.20", "A3.40-A3.63", "A3.81", "A4.85", "A4.87", "B1.9.1", "B1.9.2", "B1.9.6")
@pytest.mark.needs_root
@pytest.mark.parametrize("name", SOUND)
def test_sound(lab, recorded, name):
    conf, env = written(lab, SOUND[name])
    daemon = Daemon(lab, conf, args=(), env=env, wait=True)
    said = "".join(f"{lab.normal(str(info))}\n" for info in map(shown, daemon.rpc.getAllConfigInfo()))
    recorded(f"identifier {daemon.rpc.getIdentification()}\n{said}" + "".join(f"{line}\n" for line in warnings(daemon)))


USUAL = {
    **DEFAULTS, "inuse": True, "stdout_events_enabled": False, "stderr_capture_maxbytes": 0, "stderr_logfile_backups": 10,
    "stderr_logfile_maxbytes": 52428800, "stderr_syslog": False,
}  # fmt: skip


def shown(info):
    """What is unusual, of what both tell (B1.9.4); the names of AUTO logs are made up."""
    auto = [key for key in ("stdout_logfile", "stderr_logfile") if "/childlog/" in str(info[key])]
    info = {**info, **dict.fromkeys(auto, "auto")}
    return {key: info[key] for key in sorted(info) if key != "autorestart" and info[key] != USUAL.get(key)}


def warnings(daemon):
    lines = [daemon.lab.normal(line) for _, line in stamped(daemon.log()) if line.startswith("WARN ")]
    return [line for line in lines if "unknown" not in line]


@pytest.mark.contract("A1.36", "A2.17", "A2.24", "A2.30", "A2.36", "A2.57", "A2.58", "A2.81", "A2.87", "A3.1", "A3.5", "A3.40", "A3.42")
@pytest.mark.needs_root
@pytest.mark.parametrize("name", WRONG)
def test_wrong(lab, recorded, name):
    conf, env = written(lab, WRONG[name])
    done = lab.run("supervisord", "-n", "-c", str(conf), env=env)
    # the names of all variables differ from machine to machine
    said = lab.normal(done.stderr).split("Available names:")[0].strip()
    recorded(f"{said}\nexit {done.code}\n")
    assert not (lab.root / "supervisord.pid").exists()
