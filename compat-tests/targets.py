"""The two programs under test: *theirs*, the reference, and *ours*.

A target is a folder that holds four commands under their usual names, so that
a case can never tell which one it drives. No process is started here.
"""

import atexit
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy")
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Target:
    """One implementation: its name and the folder of its commands."""

    name: str
    bin: Path

    def program(self, name):
        """The full path of one of PROGRAMS."""
        return str(self.bin / name)

    def __str__(self):
        return self.name


def theirs():
    """The reference of requirements.txt, from the venv that runs pytest."""
    folder = Path(os.environ.get("SUPERVISOR_THEIRS", Path(sys.executable).parent))
    if not (folder / "supervisord").exists():
        raise LookupError(f"no supervisord in {folder}: pip install -r compat-tests/requirements.txt")
    return Target("theirs", folder)


def ours():
    """Our binary under its four names, from SUPERVISORD_BIN or target/."""
    built = [PROJECT / "target" / kind / "supervisord" for kind in ("release", "debug")]
    newest = sorted((path for path in built if path.exists()), key=lambda path: path.stat().st_mtime)
    binary = os.environ.get("SUPERVISORD_BIN") or (newest and newest[-1])
    if not binary or not Path(binary).exists():
        raise LookupError("our supervisord is not built: run `cargo build` or set SUPERVISORD_BIN")
    # A prefix of its own: the search for a configuration starts one level above.
    prefix = tempfile.mkdtemp(prefix="ours-")
    atexit.register(shutil.rmtree, prefix, ignore_errors=True)
    folder = Path(prefix) / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(Path(binary).resolve())
    return Target("ours", folder)


MAKERS = {"ours": ours, "theirs": theirs}
