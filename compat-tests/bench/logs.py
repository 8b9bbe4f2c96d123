"""How fast what children write gets into their logs, and at what cost.

    python compat-tests/bench/logs.py [--mib N] [--reps N] [--only WORDS]

In one run and in turns: our daemon, the reference, the loggers of other
supervisors as far as they are installed (s6-log, svlogd, multilog), and the
floors of the machine (`spew > file`, `spew | cat > file`). Everything is
written below /dev/shm, so that no disk is measured. Each run is read back and
compared with what was written: a missing byte ends the benchmark. Prints the
best turns; judges nothing else.

The daemon to measure is SUPERVISORD_BIN, or the newest one in target/.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import daemon as daemons  # noqa: E402
import targets  # noqa: E402

MIB = 1 << 20
CHILD = Path(os.environ.get("CARGO_TARGET_DIR", targets.PROJECT / "target")) / "release" / "examples" / "bench_child"
ROTATED = 50 * MIB  # at this size, when rotation is on
LIMIT_SECS = 300  # for one measurement
LOOK_SECS = 0.05  # between two looks at the size of a log


@dataclass(frozen=True)
class Load:
    """What is written: MiB in all, bytes a call, by so many children; and how it is kept."""

    name: str
    mib: int
    chunk: int
    line: int = 100
    children: int = 1
    rotate: bool = False
    events: bool = False

    def bytes_each(self):
        """Bytes of one child: whole lines."""
        return self.mib * MIB // self.children // self.line * self.line

    def words(self, stamp, *gate):
        """The command of a writer, which waits at the gate if there is one."""
        return [str(CHILD), "spew", str(self.bytes_each()), str(self.chunk), str(self.line), str(stamp), *map(str, gate)]


def loads(mib):
    """Every load that is measured."""
    small = max(mib // 2, 1)
    return [
        Load("64 KiB blocks", mib, 64 << 10),
        Load("64 KiB blocks, rotated", mib, 64 << 10, rotate=True),
        Load("100-byte lines", small, 100),
        Load("100-byte lines, rotated", small, 100, rotate=True),
        Load("100 children, 64 KiB blocks", mib, 64 << 10, children=100),
        Load("100 children, 100-byte lines", small, 100, children=100),
        Load("64 KiB blocks, events on", mib // 4, 64 << 10, events=True),
    ]


@dataclass
class Outcome:
    """Seconds from the first write of a child to the last to a log; seconds of CPU of the logger."""

    seconds: float
    cpu: float


def checksum(paths):
    """Of the files' bytes in this order, and how many there are."""
    total, length = 0, 0
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(4 * MIB):
                total, length = zlib.crc32(block, total), length + len(block)
    return total, length


def expected(load, known={}):  # noqa: B006 - a memory over calls is what it is for
    """The checksum of what one child writes."""
    key = (load.bytes_each(), load.line)
    if key not in known:
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            with open(f"{folder}/all", "wb") as out:
                subprocess.run(load.words(f"{folder}/stamp"), stdout=out, check=True)
            known[key] = checksum([f"{folder}/all"])
    return known[key]


def verify(load, who, paths):
    """Nothing may be missing, and all in order."""
    found, wanted = checksum(paths), expected(load)
    if found != wanted:
        sys.exit(f"{who}, {load.name}: {found[1]} bytes of {wanted[1]} are in the log, or in the wrong order")


def by_age(folder, name):
    """A log and its backups, oldest first."""
    backups = [path for path in folder.glob(f"{name}.*") if path.suffix[1:].isdigit()]
    return sorted(backups, key=lambda path: -int(path.suffix[1:])) + [folder / name]


def size_of_logs(folder):
    """Bytes in all logs and their backups; one that is renamed meanwhile may be left out."""
    total = 0
    for path in folder.glob("log[0-9]*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def seconds_between(folder, logs):
    """From the first write of a writer to the last one to a log, by the files' times:
    whoever looked all the time would take the processor away from what is measured."""
    first = min(path.stat().st_mtime_ns for path in folder.glob("stamp*"))
    return (max(path.stat().st_mtime_ns for path in logs) - first) / 1e9


def to_file(load, folder):
    """The floor: no logger at all."""
    for number in range(load.children):
        with open(folder / f"log{number}", "wb") as out:
            subprocess.run(load.words(folder / f"stamp{number}"), stdout=out, check=True)
    logs = [folder / f"log{number}" for number in range(load.children)]
    for log in logs:
        verify(load, "> file", [log])
    return Outcome(seconds_between(folder, logs), 0.0)


def through(who, command, found):
    """A logger that reads a pipe: `command(log)` is its command line, `found(log)` its files."""

    def measure(load, folder):
        loggers, writers, gate = [], [], made_gate(folder)
        for number in range(load.children):
            log = folder / f"log{number}"
            reader, writer = os.pipe()
            words, out = command(log)
            with open(out, "wb") as stdout:
                loggers.append(subprocess.Popen(words, stdin=reader, stdout=stdout, stderr=subprocess.DEVNULL))
            writers.append((load.words(folder / f"stamp{number}", gate), writer))
            os.close(reader)
        spews = []
        for words, writer in writers:
            spews.append(subprocess.Popen(words, stdout=writer))
            os.close(writer)
        with opened(gate, load):
            for spew in spews:
                spew.wait(LIMIT_SECS)
        cpu = 0.0
        for logger in loggers:
            _, status, usage = os.wait4(logger.pid, 0)
            logger.returncode = os.waitstatus_to_exitcode(status)
            cpu += usage.ru_utime + usage.ru_stime
        logs = [found(folder / f"log{number}") for number in range(load.children)]
        for files in logs:
            verify(load, who, files)
        return Outcome(seconds_between(folder, sum(logs, [])), cpu)

    return measure


@contextmanager
def opened(gate, load):
    """All writers begin at once, when each waits at the gate: else the first would have
    ended before the last begins."""
    end = time.monotonic() + LIMIT_SECS
    while len(list(gate.parent.glob(f"{gate.name}.*"))) < load.children:
        if time.monotonic() > end:
            sys.exit(f"{load.name}: the writers did not start within {LIMIT_SECS} s")
        time.sleep(LOOK_SECS)
    # a writer that is a moment late finds it open
    held = os.open(gate, os.O_RDWR)
    try:
        yield
    finally:
        os.close(held)


def made_gate(folder):
    """A closed one."""
    os.mkfifo(folder / "gate")
    return folder / "gate"


def directory_logger(program, *words):
    """A logger that writes `current` and `@timestamp` files into a folder."""

    def command(log):
        log.mkdir()
        if program == "svlogd":
            (log / "config").write_text(f"s{ROTATED}\nn0\n")
        return [program, *words, str(log)], os.devnull

    def found(log):
        return [*sorted(log.glob("@*")), log / "current"]

    return through(program, command, found)


def cpu_seconds(pid):
    """CPU that a process has used, to the nanosecond."""
    return time.clock_gettime(((~pid) << 3) | 2)


PROGRAM = """\
[program:spew]
command={child} spew {bytes} {chunk} {line} {{root}}/stamp%(process_num)s {{root}}/gate
process_name=%(process_num)s
numprocs={children}
autostart=false
autorestart=false
startsecs=0
stdout_logfile={{root}}/log%(process_num)s
stdout_logfile_maxbytes={maxbytes}
stdout_logfile_backups=100
stdout_events_enabled={events}
"""
LISTENER = """\
[eventlistener:ears]
command={child} listen
events=PROCESS_LOG
"""


def supervised(target):
    """A daemon with the load as its programs."""

    def measure(load, folder):
        text = PROGRAM.format(
            child=CHILD, bytes=load.bytes_each(), chunk=load.chunk, line=load.line, children=load.children,
            maxbytes=ROTATED if load.rotate else 0, events="true" if load.events else "false",
        )  # fmt: skip
        lab = daemons.Lab(target)
        shutil.rmtree(lab.root)
        lab.root = folder
        (folder / "childlog").mkdir()
        gate = made_gate(folder)
        daemon = lab.daemon(text + (LISTENER.format(child=CHILD) if load.events else ""))
        try:
            if load.events:
                daemon.wait(ears="RUNNING")
            daemon.rpc.startProcessGroup("spew", False)
            whole = load.bytes_each() * load.children
            end = time.monotonic() + LIMIT_SECS
            with opened(gate, load):
                before = cpu_seconds(daemon.pid)
                while size_of_logs(folder) < whole:
                    if time.monotonic() > end:
                        sys.exit(f"{target}, {load.name}: not all of it arrived within {LIMIT_SECS} s")
                    time.sleep(LOOK_SECS)
                cpu = cpu_seconds(daemon.pid) - before
            logs = [by_age(folder, f"log{number}") for number in range(load.children)]
            for files in logs:
                verify(load, str(target), files)
            daemon.stop()
            return Outcome(seconds_between(folder, sum(logs, [])), cpu)
        finally:
            lab.close()

    return measure


def contenders():
    """Everybody who takes part, by name."""
    everybody = {
        "> file": to_file,
        "| cat > file": through("cat", lambda log: (["cat"], str(log)), lambda log: [log]),
        "ours": supervised(targets.ours()),
        "theirs": supervised(targets.theirs()),
    }
    for program, words in {"s6-log": ["n100", f"s{ROTATED}"], "svlogd": [], "multilog": ["n100", "s16777215"]}.items():
        if shutil.which(program):
            everybody[program] = directory_logger(program, *words)
    return everybody


def takes(who, load):
    """Whether a contender can be given this load."""
    if who in ("ours", "theirs"):
        return True
    return not load.events and load.rotate == who.endswith("log") or who.startswith(("> ", "| ")) and not load.events


def report(load, measured):
    """A table of one load: everybody's fastest turn and cheapest turn, and how they
    compare with cat's. What else a machine does only ever makes a turn worse."""
    mib = load.bytes_each() * load.children / MIB
    speeds = {who: mib / min(run.seconds for run in runs) for who, runs in measured.items()}
    costs = {who: 1000 * min(run.cpu for run in runs) / mib for who, runs in measured.items()}
    cat, its_cost = speeds.get("| cat > file", float("nan")), costs.get("| cat > file", float("nan"))
    print(f"\n{load.name} ({mib:.0f} MiB)\n{'':>14} {'MiB/s':>8} {'to cat':>7} {'CPU ms/MiB':>11} {'to cat':>7}")
    for who in measured:
        speed, cost = speeds[who], costs[who]
        print(f"{who:>14} {speed:8.0f} {speed / cat:7.2f} {cost:11.3f} {cost / its_cost:7.2f}", flush=True)


def main():
    """Measures every load with everybody, in turns."""
    words = argparse.ArgumentParser(description="how fast what children write gets into their logs")
    words.add_argument("--mib", type=int, default=512, help="of the largest load (512)")
    words.add_argument("--reps", type=int, default=5, help="of each measurement (5)")
    words.add_argument("--only", default="", help="loads whose name holds this")
    words.add_argument("--who", default="", help="contenders, with commas")
    words = words.parse_args()
    if not CHILD.exists():
        sys.exit(f"{CHILD} is missing: cargo build --release --examples")
    chosen = {who: measure for who, measure in contenders().items() if not words.who or who in words.who.split(",")}
    for load in loads(words.mib):
        if words.only not in load.name:
            continue
        measured = {who: [] for who in chosen if takes(who, load)}
        for _ in range(words.reps):
            for who in measured:
                with tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm") as folder:
                    measured[who].append(chosen[who](load, Path(folder)))
        report(load, measured)


if __name__ == "__main__":
    main()
