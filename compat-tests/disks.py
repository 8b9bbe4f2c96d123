"""Disks that are made for a case: one that hangs when told, one with little room."""

import ctypes
import os
import signal
import subprocess
import sys

import pytest

MNT_DETACH = 2


def detach(folder):
    ctypes.CDLL(None).umount2(str(folder).encode(), MNT_DETACH)


class Disk:
    """A file system of its own at `disk` that can be made to hang."""

    def __init__(self, lab, programs, room):
        self.folder = lab.root / "disk"
        self.folder.mkdir()
        command = [sys.executable, str(programs / "memfs.py"), str(self.folder), str(room)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "mounted\n":
            pytest.skip(f"no FUSE here: {self.process.stderr.read().splitlines()[-1:]}")

    def hang(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        # without its process everybody who waits for it gets an error
        self.process.kill()
        self.process.wait()
        detach(self.folder)


def hanging(lab, programs):
    """A disk that can hang; needs root and FUSE."""
    if os.getuid() != 0 or not os.path.exists("/dev/fuse"):
        pytest.skip("needs root and /dev/fuse")
    made = []
    try:
        made.append(Disk(lab, programs, 64 << 20))
        yield made[0]
    finally:
        for disk in made:
            disk.close()


def with_little_room(lab):
    """A folder with room for 64 KiB; needs root."""
    folder = lab.root / "small"
    folder.mkdir()
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "small", folder]).returncode:
        pytest.skip("needs root, and the right to mount a tmpfs")
    yield folder
    detach(folder)
