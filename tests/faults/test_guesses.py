"""Ten thousand guesses of passwords: devices do not notice, and the owner gets in."""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from urllib.parse import urlencode

import pytest

from tests.handlers.test_login import PASSWORD, post
from tests.support import Server

pytestmark = pytest.mark.faults

GUESSES = 10_000
ADDRESSES = 40
"""Each guesses far more often than it may fail; at ever new names too, so that no account's own bound helps."""
TOGETHER = 8


async def ask(port: int, address: str, requests: Iterable[bytes], answers: Counter[int]) -> None:
    """Send requests from one address, one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    for request in requests:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        answers[int(answer.split(b" ", 2)[1])] += 1
        length = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


def guesses(port: int, address: str, times: int) -> Iterator[bytes]:
    """Logins with wrong passwords: half of them as who there is."""
    for n in range(times):
        body = urlencode({"name": "me" if n % 2 else f"user {address} {n}", "password": f"guess {n}"}).encode()
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
        yield head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body


def visits(port: int, address: str, times: int) -> Iterator[bytes]:
    """Looks at the form, a fifth of the number: what harmless requests cost."""
    del address
    return repeat(f"GET /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode(), times // 5)


def storm(port: int, requests: Callable[[int, str, int], Iterator[bytes]]) -> Counter[int]:
    """All of them, a few addresses at a time; how often each status was answered."""
    answers: Counter[int] = Counter()
    addresses = iter([f"127.1.{n // 250}.{n % 250 + 1}" for n in range(ADDRESSES)])

    async def some() -> None:
        for address in addresses:
            await ask(port, address, requests(port, address, GUESSES // ADDRESSES), answers)

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
    # a process of its own: what is measured is the server, not this one
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as others:
        under: dict[str, list[float]] = {}
        answers: dict[str, Counter[int]] = {}
        for requests in (visits, guesses):
            storming = others.submit(storm, one.port, requests)
            name = requests.__name__
            under[name] = latencies(one, token, lambda done, storming=storming: not storming.done() or done < 100)
            answers[name] = storming.result()
    told = f"p99 {1000 * p99(quiet):.1f} ms quiet" + "".join(
        f", {1000 * p99(taken):.1f} ms under {name} ({answers[name]})" for name, taken in under.items()
    )
    assert answers["visits"] == {200: GUESSES // 5}
    assert answers["guesses"].total() == GUESSES
    assert set(answers["guesses"]) == {401, 429}
    assert answers["guesses"][401] <= ADDRESSES * 11
    assert p99(under["guesses"]) < 2 * max(p99(under["visits"]), 0.01), told
    assert post(one, "/login", name="me", password=PASSWORD).status == 303, told
