"""A file system in memory that hangs when this process is stopped (SIGSTOP).

memfs.py FOLDER [BYTES] mounts itself on FOLDER and says "mounted". It speaks the
kernel's FUSE protocol itself, so it needs nothing but root and /dev/fuse. What
is written beyond BYTES is refused like on a full disk.
"""

import ctypes
import errno
import os
import stat
import struct
import sys

# Requests of the kernel, from linux/fuse.h.
LOOKUP, FORGET, GETATTR, SETATTR, MKDIR, UNLINK, RMDIR, RENAME = 1, 2, 3, 4, 9, 10, 11, 12
OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH, INIT = 14, 15, 16, 17, 18, 20, 25, 26
OPENDIR, READDIR, RELEASEDIR, ACCESS, CREATE, INTERRUPT, BATCH_FORGET, RENAME2 = 27, 28, 29, 34, 35, 36, 42, 45

HEADER = struct.Struct("<IIQQIIII")
ATTRIBUTES = struct.Struct("<6Q10I")
MAX_WRITE = 128 << 10
BIG_WRITES = 1 << 5
SIZE_IS_SET, MODE_IS_SET = 1 << 3, 1 << 0


class Node:
    """A file or a folder."""

    def __init__(self, number, mode):
        self.number, self.mode = number, mode
        self.data, self.children = bytearray(), {}

    def attributes(self):
        return ATTRIBUTES.pack(
            self.number, len(self.data), len(self.data) // 512, 0, 0, 0, 0, 0, 0, self.mode, 1, 0, 0, 0, 4096, 0
        )

    def entry(self):
        return struct.pack("<4Q2I", self.number, 0, 1, 1, 0, 0) + self.attributes()


class Files:
    """All nodes, and an answer to each request."""

    def __init__(self, room):
        self.nodes = {1: Node(1, stat.S_IFDIR | 0o777)}
        self.room = room

    def new(self, parent, name, mode):
        node = Node(max(self.nodes) + 1, mode)
        self.nodes[node.number] = parent.children[name] = node
        return node

    def child(self, parent, name):
        if name not in parent.children:
            raise OSError(errno.ENOENT, "")
        return parent.children[name]

    def answer(self, code, node, body):
        """The body of the answer; None when the kernel wants none."""
        name = body.split(b"\0")[0]
        if code in (FORGET, BATCH_FORGET, INTERRUPT):
            return None
        if code == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 1 << 17, BIG_WRITES, 16, 12, MAX_WRITE, 1, 32, 0, *[0] * 8)
        if code == LOOKUP:
            return self.child(node, name).entry()
        if code == GETATTR:
            return struct.pack("<Q2I", 1, 0, 0) + node.attributes()
        if code == SETATTR:
            return self.change(node, body)
        if code == MKDIR:
            return self.new(node, body[8:].rstrip(b"\0"), stat.S_IFDIR | 0o755).entry()
        if code in (UNLINK, RMDIR):
            del node.children[name]
            return b""
        if code in (RENAME, RENAME2):
            self.rename(node, body, 8 if code == RENAME else 16)
            return b""
        if code == CREATE:
            made = self.new(node, body[16:].rstrip(b"\0"), struct.unpack_from("<I", body, 4)[0])
            return made.entry() + bytes(16)
        if code in (OPEN, OPENDIR):
            return bytes(16)
        if code in (RELEASE, RELEASEDIR, FLUSH, FSYNC, ACCESS):
            return b""
        if code == STATFS:
            return struct.pack("<5Q4I6I", 1 << 20, 1 << 20, 1 << 20, 1000, 1000, 4096, 255, 4096, *[0] * 7)
        if code in (READ, READDIR):
            _, offset, size = struct.unpack_from("<QQI", body)
            data = node.data if code == READ else self.entries(node)
            return bytes(data[offset : offset + size])
        if code == WRITE:
            return self.write(node, body)
        raise OSError(errno.ENOSYS, "")

    def change(self, node, body):
        valid = struct.unpack_from("<I", body)[0]
        if valid & SIZE_IS_SET:
            size = struct.unpack_from("<Q", body, 16)[0]
            node.data = node.data[:size].ljust(size, b"\0")
        if valid & MODE_IS_SET:
            node.mode = struct.unpack_from("<I", body, 68)[0]
        return struct.pack("<Q2I", 1, 0, 0) + node.attributes()

    def rename(self, node, body, head):
        target = self.nodes[struct.unpack_from("<Q", body)[0]]
        old, new = body[head:].split(b"\0")[:2]
        target.children[new] = self.child(node, old)
        del node.children[old]

    def write(self, node, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        if sum(len(node.data) for node in self.nodes.values()) + size > self.room:
            raise OSError(errno.ENOSPC, "")
        node.data[offset : offset + size] = body[40 : 40 + size]
        return struct.pack("<2I", size, 0)

    def entries(self, node):
        """All of a folder as one run of bytes; the offsets in it are positions."""
        run = b""
        for name, child in node.children.items():
            end = len(run) + 24 + (len(name) + 7) // 8 * 8
            run += struct.pack("<2Q2I", child.number, end, len(name), child.mode >> 12) + name
            run = run.ljust(end, b"\0")
        return run


def mount(folder):
    """Mounts on `folder`; the descriptor over which the kernel asks."""
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"memfs", folder.encode(), b"fuse.memfs", 2 | 4, options):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return device


def main(folder, room=1 << 30):
    device = mount(folder)
    files = Files(int(room))
    print("mounted", flush=True)
    while True:
        try:
            request = os.read(device, MAX_WRITE + 4096)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                continue  # the asker has gone
            return  # unmounted
        _, code, unique, number, *_ = HEADER.unpack_from(request)
        try:
            body, error = files.answer(code, files.nodes.get(number), request[HEADER.size :]), 0
        except OSError as refused:
            body, error = b"", -refused.errno
        if body is None:
            continue
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
        except OSError:
            continue  # the asker has gone


main(*sys.argv[1:])
