"""Many clients at once, by one thread: some wait for a long call, others ask all
the time. For test_long_calls.py, and as a program of its own it prints how late
the answers of a release build are:

    python compat-tests/crowd.py [waiting] [polling]
"""

import selectors
import socket
import sys
import time
import xmlrpc.client
from dataclasses import dataclass

from daemon import Lab, stamped
from targets import ours

PATIENCE_SECS = 60  # for all answers together

# Programs that take their time: a third starts slowly, a third stops slowly.
START_SECS, STOP_SECS = 3, 4
SLOW_START = f"command=/bin/sleep 1000\nautostart=false\nstartsecs={START_SECS}\n"
SLOW_STOP = f"command=/usr/bin/env --ignore-signal=TERM /bin/sleep 1000\nstartsecs=0\nstopwaitsecs={STOP_SECS}\n"
PROGRAMS = {"up": SLOW_START, "down": SLOW_STOP, "both": SLOW_START}


def programs(count):
    """The configuration of so many of each kind."""
    usual = f"process_name=%(program_name)s%(process_num)d\nnumprocs={count}\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
    return "".join(f"[program:{name}]\n{keys}{usual}" for name, keys in PROGRAMS.items())


def long_calls(count):
    """`(process, what the log says at the change, method, parameters)` of three times `count` calls."""
    for number in range(count):
        yield f"up{number}", "entered RUNNING", "supervisor.startProcess", (f"up:up{number}",)
        yield f"down{number}", "stopped: ", "supervisor.stopProcess", (f"down:down{number}",)
        start = {"methodName": "supervisor.startProcess", "params": [f"both:both{number}"]}
        state = {"methodName": "supervisor.getState", "params": []}
        yield f"both{number}", "entered RUNNING", "system.multicall", ([state, start, state],)


def request(method, params=()):
    """The bytes of a call."""
    body = xmlrpc.client.dumps(tuple(params), method).encode()
    return b"POST /RPC2 HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@dataclass
class Answer:
    """What came back, when it was asked for and when it came (wall clock)."""

    value: object
    asked: float
    came: float


class Client:
    """One connection of the crowd."""

    def __init__(self, path, text):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.text, self.got, self.asked = text, b"", 0.0

    def ask(self):
        self.got, self.asked = b"", time.time()
        self.socket.sendall(self.text)

    def receive(self):
        """The whole answer, or None as long as it is not."""
        part = self.socket.recv(65536)
        if not part:
            raise AssertionError(f"closed after {self.got!r}")
        self.got += part
        head, end, body = self.got.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) if end else None
        if length is None or len(body) < length:
            return None
        return Answer(body, self.asked, time.time())


def run(path, waiting, polling):
    """Lets all `waiting` requests be answered while `polling` clients ask for the
    state. The answers of the first, in their order, and those of the others."""
    with selectors.DefaultSelector() as ready:
        answers, polls = [None] * len(waiting), []
        clients = [(number, Client(path, text)) for number, text in enumerate(waiting)]
        clients += [(None, Client(path, request("supervisor.getState"))) for _ in range(polling)]
        for number, client in clients:
            ready.register(client.socket, selectors.EVENT_READ, (number, client))
            client.ask()
        end = time.monotonic() + PATIENCE_SECS
        while None in answers:
            if time.monotonic() > end:
                raise AssertionError(f"{answers.count(None)} of {len(answers)} calls are not answered")
            for key, _ in ready.select(1):
                number, client = key.data
                answer = client.receive()
                if answer is None:
                    continue
                if number is None:
                    polls.append(answer)
                    client.ask()
                else:
                    answers[number] = answer
                    ready.unregister(client.socket)
                    client.socket.close()
        for _, client in clients:
            client.socket.close()
    for answer in [*answers, *polls]:
        answer.value = xmlrpc.client.loads(answer.value)[0][0]
    return answers, polls


def measure(d, count, polling):
    """How late the long calls were answered, behind the line in the log that tells
    of the change, and how long the polls took; seconds, sorted."""
    calls = list(long_calls(count))
    # Every third program is to be stopped.
    d.wait_log("entered RUNNING", times=count)
    answers, polls = run(d.socket, [request(method, params) for _, _, method, params in calls], polling)
    running = {"statecode": 1, "statename": "RUNNING"}
    assert all(answer.value in (True, [running, True, running]) for answer in answers)
    changed = {}
    for when, line in stamped(d.log()):
        for process, event, _, _ in calls:
            if event in line and f"{process} " in line:
                changed[process] = when
    late = sorted(answer.came - changed[call[0]] for call, answer in zip(calls, answers, strict=True))
    return late, sorted(poll.came - poll.asked for poll in polls)


def main():
    """Prints the distributions."""
    waiting, polling = [int(word) for word in sys.argv[1:]] or (200, 50)
    lab = Lab(ours())
    try:
        d = lab.daemon(programs(-(-waiting // 3)))
        late, polls = measure(d, -(-waiting // 3), polling)
    finally:
        lab.close()
    for name, values in (("behind the change", late), ("a poll", polls)):
        p50, p99 = values[len(values) // 2], values[len(values) * 99 // 100]
        print(f"{name:18} {len(values):7} answers  p50 {p50 * 1e3:.1f} ms  p99 {p99 * 1e3:.1f} ms  max {values[-1] * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
