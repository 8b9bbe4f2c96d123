"""Configurations as people have them, with real programs."""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from daemon import answers, free_port, rpc, until

VENV = Path(sys.executable).parent

# The keys, the order and the comments of a widely copied Chinese guide.
USERCENTER = """
[program:usercenter]
directory = {root}/usercenter ; 程序的启动目录
command = {venv}/gunicorn -c gunicorn.py wsgi:app  ; 启动命令
autostart = true     ; 在 supervisord 启动的时候也自动启动
startsecs = 2        ; 启动后没有异常退出，就当作已经正常启动了
autorestart = true   ; 程序异常退出后自动重启
startretries = 3     ; 启动失败自动重试次数，默认是 3
user = {user}          ; 用哪个用户启动
redirect_stderr = true  ; 把 stderr 重定向到 stdout，默认 false
stdout_logfile_maxbytes = 20MB  ; stdout 日志文件大小，默认 50MB
stdout_logfile_backups = 20     ; stdout 日志文件备份数
; 需要注意当指定目录不存在时无法正常启动，所以需要手动创建目录
stdout_logfile = {root}/logs/usercenter_stdout.log
 
; 可以通过 environment 来添加需要的环境变量，一种常见的用法是修改 PYTHONPATH
; environment=PYTHONPATH=$PYTHONPATH:/path/to/somewhere
"""


@pytest.mark.contract("A2.1", "A2.5", "A2.7", "A2.8", "A3.46", "A3.60", "A3.51", "A4.19", "A4.62", "A5.23")
def test_a_web_application(lab):
    """gunicorn with a worker, as another user, behind the configuration of the guide."""
    port = free_port()
    lab.write("usercenter/wsgi.py", """\
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"user centre"]
""")
    lab.write("usercenter/gunicorn.py", f'bind = "127.0.0.1:{port}"\nworkers = 1\nworker_tmp_dir = "/tmp"\n')
    (lab.root / "logs").mkdir()
    user = pwd.getpwuid(os.getuid()).pw_name
    # As root: somebody else, if the interpreter is open to them.
    if os.getuid() == 0 and shutil.which("runuser"):
        probe = subprocess.run(["runuser", "-u", "nobody", "--", str(VENV / "python"), "-c", "import gunicorn"],
                               capture_output=True)  # fmt: skip
        user = "nobody" if probe.returncode == 0 else user
    text = USERCENTER.replace("{venv}", str(VENV)).replace("{user}", user)
    d = lab.daemon(text).wait(usercenter="RUNNING")

    def page():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
        except OSError:
            return None

    assert until("the page", page) == b"user centre"
    info = d.info("usercenter")
    assert os.stat(f"/proc/{info['pid']}").st_uid == pwd.getpwnam(user).pw_uid
    until("its log", lambda: "Listening at" in lab.read("logs/usercenter_stdout.log"))
    d.rpc.signalProcess("usercenter", "KILL")
    until("another life", lambda: d.info("usercenter")["pid"] not in (0, info["pid"]))
    d.wait(usercenter="RUNNING")
    assert until("the page again", page) == b"user centre"
    assert "usercenter: stopped" in d.ctl("stop", "usercenter").stdout


@pytest.mark.contract("A1.40", "A3.30", "A2.17", "A1.24")
def test_the_sample_with_programs_added(lab, transcript, recorded):
    """What a new user does: print the sample, move its paths, add a program."""
    sample = lab.run("echo_supervisord_conf").stdout
    text = sample.replace("/tmp/", f"{lab.root}/")
    lab.write("s.conf", text + "\n[program:cat]\ncommand=/bin/cat\n[program:sleep]\ncommand=sleep 1000\nautostart=false\n")
    assert lab.run("supervisord", "-c", f"{lab.root}/s.conf").code == 0
    until("the daemon", lambda: (lab.root / "supervisord.pid").exists())
    until("cat", lambda: "success: cat" in lab.read("supervisord.log"))
    transcript.run("status")
    transcript.run("start", "sleep")
    transcript.run("restart", "all", any_order=True)
    transcript.run("shutdown")
    until("the end", lambda: not (lab.root / "supervisord.pid").exists())
    recorded(transcript.text())


@pytest.fixture(scope="session")
def debian(tmp_path_factory):
    """The files of Debian's supervisor package, unpacked and not installed."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("needs apt-get and dpkg-deb")
    folder = tmp_path_factory.mktemp("debian")
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(["apt-get", "download", "supervisor"], cwd=folder, capture_output=True, timeout=60)
    packages = list(folder.glob("supervisor_*.deb"))
    if not packages:
        pytest.skip("Debian's supervisor package cannot be had here")
    subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(folder / "tree")], check=True)
    return folder / "tree"


@pytest.mark.contract("A1.20", "A2.32", "A2.34", "A2.38", "A3.29", "B2.8.6", "A1.16", "B3.2.5")
def test_the_layout_of_debian(lab, debian, recorded):
    """/etc/supervisor/supervisord.conf with conf.d/*.conf, every path below a test root."""
    tree = lab.root / "tree"
    shutil.copytree(debian / "etc", tree / "etc")
    for folder in ("var/run", "var/log/supervisor", "etc/supervisor/conf.d"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    conf = tree / "etc/supervisor/supervisord.conf"
    text = conf.read_text()
    for path in ("/var/", "/etc/"):
        text = text.replace(path, f"{tree}{path}")
    conf.write_text(text)
    app = "[program:app]\ncommand=/bin/sh -c 'echo hello; exec sleep 1000'\nstartsecs=0\n"
    (tree / "etc/supervisor/conf.d/app.conf").write_text(app)
    lab.spawn(lab.target.program("supervisord"), "-n", "-c", str(conf))
    socket = tree / "var/run/supervisor.sock"
    until("the socket", lambda: socket.exists())
    until("app", lambda: answers(socket) and rpc(socket).supervisor.getProcessInfo("app")["statename"] == "RUNNING")
    said = lab.run("supervisorctl", "-c", str(conf), "status")
    (tree / "etc/supervisor/conf.d/more.conf").write_text("[program:more]\ncommand=/bin/cat\nautostart=false\n")
    update = lab.run("supervisorctl", "-c", str(conf), "update")
    log = (tree / "var/log/supervisor/supervisord.log").read_text()
    assert f'Included extra file "{tree}/etc/supervisor/conf.d/app.conf" during parsing' in log
    files = sorted(name.split("---")[0] for name in os.listdir(tree / "var/log/supervisor"))
    mode = oct(socket.stat().st_mode & 0o777)
    recorded(f"{lab.normal(said.stdout)}{update.stdout}{files}\n{mode}\n")
