"""Rivals that are servers: started on free ports of the loopback, fed and asked over HTTP, watched through /proc."""

from __future__ import annotations

import http
import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Self

from bench.storage.contender import Serving
from bench.storage.data import Block
from bench.targets import BenchError, Running, Target

TIMEOUT: Final = 3600
REST: Final = 1.0
"""Seconds in which a server at rest uses less than a twentieth of a processor."""


class Http:
    """One connection, kept open."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self._headers = headers or {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """The body of the answer. Raises BenchError when that is no success."""
        self._connection.request(method, path, body, self._headers | headers)
        answer = self._connection.getresponse()
        found = answer.read()
        if answer.status >= http.HTTPStatus.MULTIPLE_CHOICES:
            raise BenchError(f"{method} {path[:300]}: {answer.status} {found[:500]!r}")
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class OverHttp(Serving):
    """What both rivals and our server share."""

    def __init__(self, running: Running, connection: Http) -> None:
        self.http = connection
        self._running = running

    def memory(self) -> float:
        """Of the server's process."""
        return self._running.memory()[1]


def at_rest(server: Running) -> None:
    """Wait until a server that has just started does nothing by itself any more: its look at its files, its caches."""

    def resting() -> bool:
        before = server.cpu()
        time.sleep(REST)
        return server.cpu() - before < REST / 20

    wait_for(resting, f"{server.target.name} to come to rest")


def asked(target: Target, directory: Path, serving: type[OverHttp]) -> AbstractContextManager[Serving]:
    """Start the server on its directory for as long as the block lasts."""

    @contextmanager
    def running() -> Iterator[Serving]:
        with Running(target, directory) as server, Http(server.port) as connection:
            at_rest(server)
            yield serving(server, connection)
            server.stop()

    return running()


def line_protocol(names: dict[int, tuple[str, str]], block: Block) -> bytes:
    """The block in InfluxDB's line protocol, times in ms."""
    heads = {number: f"{metric},device={device} value=" for number, (device, metric) in names.items()}
    columns = block.series.tolist(), block.value.tolist(), block.ts.tolist()
    return "\n".join([f"{heads[series]}{value} {ts}" for series, value, ts in zip(*columns, strict=True)]).encode()


def wait_for(reached: Callable[[], bool], what: str) -> None:
    """Poll a callable until it is true; a database that never comes to rest ends the bench."""
    deadline = time.perf_counter() + TIMEOUT
    while time.perf_counter() < deadline:
        if reached():
            return
        time.sleep(0.2)
    raise BenchError(f"waited {TIMEOUT} s in vain for {what}")
