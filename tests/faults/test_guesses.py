"""Ten thousand guesses of passwords: devices do not notice, and the owner gets in."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.handlers.test_login import PASSWORD, post
from tests.support import SCALE, Server

pytestmark = pytest.mark.faults

GUESSES = 10_000
ADDRESSES = 40
"""Each guesses far more often than it may fail; at ever new names too, so that no account's own bound helps."""
TOGETHER = 8


async def guess(server: Server, address: str, times: int, answers: Counter[int]) -> None:
    """Guess from one address, one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
    for n in range(times):
        body = urlencode({"name": "me" if n % 2 else f"user {address} {n}", "password": f"guess {n}"}).encode()
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        answers[int(answer.split(b" ", 2)[1])] += 1
        length = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


def storm(server: Server) -> Counter[int]:
    """All guesses, a few addresses at a time; how often each status was answered."""
    answers: Counter[int] = Counter()
    addresses = iter([f"127.1.{n // 250}.{n % 250 + 1}" for n in range(ADDRESSES)])

    async def some() -> None:
        for address in addresses:
            await guess(server, address, GUESSES // ADDRESSES, answers)

    async def main() -> None:
        await asyncio.gather(*(some() for _ in range(TOGETHER)))

    asyncio.run(main())
    return answers


def latencies(server: Server, token: str, going: Callable[[int], bool]) -> list[float]:
    """Seconds from an envelope to its acknowledgement, one after the other while ``going``."""
    taken: list[float] = []
    with server.device(token) as socket:
        first = socket.recv_key("hello")["last_id"] or 0
        while going(len(taken)):
            number = first + len(taken) + 1
            before = time.perf_counter()
            socket.send({"id": number, "readings": [{"t": number}]})
            socket.ack_of(number)
            taken.append(time.perf_counter() - before)
            time.sleep(0.01)
    return taken


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def test_devices_do_not_notice_ten_thousand_guesses_and_the_owner_gets_in(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    one.cli("user", "add", "me", "--role", "admin", stdin=f"{PASSWORD}\n")
    assert post(one, "/login", name="me", password=PASSWORD).status == 303  # the owner's address is known from then on
    token = one.device_token("boiler")
    quiet = latencies(one, token, lambda done: done < 300)
    answers: Counter[int] = Counter()
    attacker = threading.Thread(target=lambda: answers.update(storm(one)))
    attacker.start()
    loud = latencies(one, token, lambda done: attacker.is_alive() or done < 100)
    attacker.join()
    told = f"p99 {1000 * p99(quiet):.1f} ms quiet, {1000 * p99(loud):.1f} ms under guesses: {answers}"
    assert answers.total() == GUESSES
    assert set(answers) == {401, 429}
    assert answers[401] <= ADDRESSES * 11
    assert p99(loud) < max(2 * p99(quiet), 0.25 * SCALE), told
    assert post(one, "/login", name="me", password=PASSWORD).status == 303, told
