"""What the kernel tells of a process, by its pid."""

import contextlib
import os
from pathlib import Path


def _stat(pid):
    """The fields of `stat` behind the name: state, parent, and so on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def is_gone(pid):
    """Whether it has ended; one that nobody has waited for yet counts as gone."""
    try:
        return _stat(pid)[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def words(pid):
    """Its command line; nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def children(pid):
    """The states of all its children, zombies among them as `Z`."""
    states = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                state, parent, *_ = _stat(entry.name)
                states += [state] if int(parent) == pid else []
    return states


def cpu_seconds(pid):
    """Processor time that it has used."""
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid):
    """How much of it is in memory."""
    return int(status(pid)["VmRSS"].split()[0])


def status(pid):
    """The lines of `status`, by their names."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def descriptors(pid):
    """Its open descriptors, each with what it is."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
    return found
