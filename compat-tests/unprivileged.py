"""Daemons that run as nobody, and children that they may not send a signal to."""

import os
import shutil

from daemon import Daemon
from proc import status


# Before a command: it runs as nobody, without any group.
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def as_nobody(lab, text):
    """A daemon that has dropped to nobody."""
    lab.root.chmod(0o777)
    (lab.root / "childlog").chmod(0o777)
    conf = lab.config(text)
    conf.write_text(conf.read_text().replace("user=root", "user=nobody", 1))
    return Daemon(lab, conf, (), None, True)


def out_of_reach(lab):
    """A command that becomes root altogether, or None where this machine does not let it."""
    setpriv = shutil.which("setpriv")
    if not setpriv or os.statvfs(lab.root).f_flag & os.ST_NOSUID:
        return None
    ours = shutil.copy(setpriv, lab.root / "setpriv")
    os.chmod(ours, 0o4755)
    return f"{ours} --reuid=0 /bin/sleep 1000"


def is_root(pid):
    """Whether the process has become root."""
    return status(pid)["Uid"].startswith("0\t0\t")
