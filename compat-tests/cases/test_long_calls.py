"""A long call holds its own connection and nobody else."""

import statistics

import pytest

import crowd

WAITING, POLLING = 200, 50


@pytest.mark.contract("B1.12.1", "B1.12.2", "B1.12.5")
def test_two_hundred_wait_while_fifty_ask(lab):
    if lab.target.name == "theirs":
        pytest.skip("would take minutes")
    count = -(-WAITING // 3)
    d = lab.daemon(crowd.programs(count))
    late, polls = crowd.measure(d, count, POLLING)
    assert len(late) == 3 * count
    # Loose: the crowd is one thread of Python on a machine that does other things.
    assert statistics.median(late) < 2, late
    assert len(polls) > 4 * POLLING
    assert statistics.median(polls) < 2, polls[-10:]


@pytest.mark.contract("B1.12.1", "B2.5.7")
def test_hundreds_of_slow_clients_delay_nobody(lab):
    if lab.target.name == "theirs":
        pytest.skip("serves everybody in turns")
    d = lab.daemon("")
    text = crowd.request("supervisor.getState")

    def typical():
        took = []
        for _ in range(30):
            [answer], _ = crowd.run(d.socket, [text], 0)
            took.append(answer.came - answer.asked)
        return statistics.median(took)

    alone = typical()
    slow = [crowd.Client(d.socket, text) for _ in range(400)]
    try:
        for number, client in enumerate(slow):
            # Idle; within a head; within a body; log followers that do not read.
            part = ["", text[:30], text[:-30], "GET /mainlogtail HTTP/1.1\r\n\r\n"][number % 4]
            client.socket.sendall(part if isinstance(part, bytes) else part.encode())
        among = typical()
    finally:
        for client in slow:
            client.socket.close()
    assert among < alone + 0.5, (alone, among)


@pytest.mark.contract("B1.12.1", "B2.1.13")
def test_a_huge_call_delays_nobody(lab):
    if lab.target.name == "theirs":
        pytest.skip("reads it while everybody waits")
    d = lab.daemon("")
    step = {"methodName": "supervisor.getState", "params": []}
    texts = {"methodName": "supervisor.sendRemoteCommEvent", "params": ["x", "<&>" * 200_000]}
    [answer], polls = crowd.run(d.socket, [crowd.request("system.multicall", [[step, texts, *[step] * 300]])], 2)
    assert len(answer.value) == 302 and answer.value[1] is True
    slowest = max(poll.came - poll.asked for poll in polls)
    assert slowest < 3, (slowest, answer.came - answer.asked)
