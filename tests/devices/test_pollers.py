"""The pollers against real servers: monitors that answer by HTTP, and a gateway that tells over a WebSocket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import logging
import socket
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from devices.ecosystems.catalogue import Catalogue
from devices.pollers import Limits, Pollers
from devices.pollers import polling as polled
from telemetry.decoded import Decoded
from telemetry.model import Refusal
from telemetry.tasks import Tasks
from tests.devices.stub import in_loop, until

AWAIR = {"timestamp": "2025-03-05T10:40:11.431Z", "score": 91, "temp": 21.35}
AIRGRADIENT = {"serialno": "ecda3b1e0b21", "rco2": 655}
CHANGED = {"t": "event", "e": "changed", "r": "sensors", "uniqueid": "00:15:8d:00:02:aa:bb:cc-01-0402"}
QUICK = Limits(timeout=1.0, ping=0.2, stable=0.2, answer=4096)


class Monitor(RequestHandler):
    def initialize(self, house: House) -> None:
        self.house = house

    async def get(self) -> None:
        self.house.asked.append(self.request.path)
        answer = self.house.answer
        if callable(answer):
            await answer(self)
        elif isinstance(answer, int):
            self.set_status(answer)
            self.finish("not now")
        else:
            self.finish(answer if isinstance(answer, str) else json.dumps(answer))


class Gateway(WebSocketHandler):
    def initialize(self, house: House) -> None:
        self.house = house

    def open(self) -> None:
        self.house.sockets.append(self)

    def on_close(self) -> None:
        self.house.sockets.remove(self)


class House:
    """All the devices of a house on one port."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.sockets: list[Gateway] = []
        self.port = 0

    async def open(self) -> None:
        logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
        routes = [("/air-data/latest", Monitor), ("/measures/current", Monitor), ("/", Gateway)]
        self._http = HTTPServer(Application([(path, one, {"house": self}) for path, one in routes]))
        self._http.listen(self.port, "127.0.0.1")
        self.port = next(iter(self._http._sockets.values())).getsockname()[1]

    async def close(self) -> None:
        self._http.stop()
        for one in list(self.sockets):
            one.close()
        await self._http.close_all_connections()

    def tell(self, said: Any) -> None:
        for one in self.sockets:
            one.write_message(
                said if isinstance(said, str | bytes) else json.dumps(said), binary=isinstance(said, bytes)
            )


class Polling:
    """Pollers of one house that run, and what they handed on."""

    def __init__(self, house: House, *schemes: str, interval: float = 0.02, limits: Limits = QUICK) -> None:
        self.taken: list[tuple[str, str, Decoded | Refusal, bytes]] = []
        self.lost: list[str] = []
        urls = [f"{scheme}://127.0.0.1:{house.port}" for scheme in schemes]
        self.pollers = Pollers(
            urls, interval, Catalogue().request, self._take, lost=self.lost.append, limits=limits, rng=Random(1)
        )
        self.tasks = Tasks()
        self.pollers.start(self.tasks)

    def _take(self, channel: str, name: str, found: Decoded | Refusal, raw: bytes) -> None:
        self.taken.append((channel, name, found, raw))

    @property
    def target(self) -> Any:
        return self.pollers.targets[0]


@contextlib.asynccontextmanager
async def polling(answer: Any, *schemes: str, **more: Any) -> AsyncIterator[tuple[House, Polling]]:
    house = House(answer)
    await house.open()
    one = Polling(house, *schemes, **more)
    try:
        yield house, one
    finally:
        await one.tasks.close()
        await house.close()


def samples(found: Decoded | Refusal) -> list[tuple[str, str, Any, int | None]]:
    assert isinstance(found, Decoded), found
    return [(one.device, one.metric, one.value, one.ts) for one in found.samples]


@in_loop
async def test_awair_is_asked_again_and_again() -> None:
    async with polling(AWAIR, "awair") as (house, one):
        await until(lambda: len(one.taken) >= 3)
        channel, name, found, raw = one.taken[0]
        assert (channel, name) == (f"awair://127.0.0.1:{house.port}", "awair")
        at = 1_741_171_211_431
        assert samples(found) == [("127.0.0.1", "score", 91.0, at), ("127.0.0.1", "temp", 21.35, at)]
        assert json.loads(raw) == AWAIR
        assert one.target.answers >= 3
        assert (one.target.failures, one.target.error) == (0, None)


@in_loop
async def test_airgradient_is_asked_for_its_measures() -> None:
    async with polling(AIRGRADIENT, "airgradient") as (house, one):
        await until(lambda: one.taken)
        assert samples(one.taken[0][2]) == [("ecda3b1e0b21", "rco2", 655.0, None)]
        assert set(house.asked) == {"/measures/current"}


@in_loop
async def test_answer_that_is_not_understood_is_handed_on_as_a_refusal_and_counted() -> None:
    async with polling("<html>404</html>", "awair") as (_, one):
        await until(lambda: len(one.taken) >= 2)
        assert isinstance(one.taken[0][2], Refusal)
        assert one.taken[0][3] == b"<html>404</html>"
        assert one.target.failures >= 2
        assert (one.target.answers, one.target.error) == (0, one.taken[0][2].message)


async def redirect(handler: RequestHandler) -> None:
    handler.redirect("/measures/current")


async def endless(handler: RequestHandler) -> None:
    with contextlib.suppress(Exception):
        while True:
            handler.write("x" * 1024)
            await handler.flush()


async def huge(handler: RequestHandler) -> None:
    handler.finish(json.dumps(AWAIR | {"filler": "x" * QUICK.answer}))


async def stuck(handler: RequestHandler) -> None:
    with contextlib.suppress(Exception):
        while True:
            handler.write(" ")
            await handler.flush()
            await asyncio.sleep(0.05)


async def talkative(handler: RequestHandler) -> None:
    handler.set_header("X-Long", "x" * 40_000)
    handler.finish(json.dumps(AWAIR))


ANSWERS = ("404", "500", "redirect", "endless", "huge", "stuck", "talkative")


@pytest.mark.parametrize("answer", [404, 500, redirect, endless, huge, stuck, talkative], ids=ANSWERS)
def test_answer_that_is_none_is_counted_and_the_next_one_taken(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Errors, redirects, answers without end in size or in time: none is handed on, and none stops the poller."""

    @in_loop
    async def test() -> None:
        async with polling(answer, "awair") as (house, one):
            await until(lambda: one.target.failures)
            assert one.taken == []
            assert one.target.error
            house.answer = AWAIR
            await until(lambda: one.taken)
            assert samples(one.taken[0][2])
            assert "/measures/current" not in house.asked

    with caplog.at_level(logging.INFO, "devices.pollers"):
        test()
    ours = [record.message for record in caplog.records if record.name == "devices.pollers"]
    assert len(ours) == 2
    assert "does not answer" in ours[0]
    assert "answers again" in ours[1]


@in_loop
async def test_device_that_is_switched_off_is_asked_until_it_is_back() -> None:
    house = House(AWAIR)
    await house.open()
    await house.close()
    one = Polling(house, "awair")
    await until(lambda: one.target.failures >= 2)
    await house.open()
    await until(lambda: one.taken)
    assert one.target.error is None
    await one.tasks.close()
    await house.close()


@in_loop
async def test_silent_device_holds_up_no_other() -> None:
    """It takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        house = House(AWAIR)
        await house.open()
        one = Polling(house, "awair", limits=QUICK._replace(timeout=30.0))
        deaf = Pollers(
            [f"awair://127.0.0.1:{silent.getsockname()[1]}"], 0.01, Catalogue().request, one._take, limits=Limits(30.0)
        )
        deaf.start(one.tasks)
        await until(lambda: len(one.taken) >= 5)
        assert {channel for channel, *_ in one.taken} == {one.target.url}
        await one.tasks.close()
        await house.close()


@in_loop
async def test_gateway_is_listened_to() -> None:
    async with polling(None, "deconz") as (house, one):
        await until(lambda: house.sockets)
        await until(lambda: one.target.error is None)
        house.tell(CHANGED | {"state": {"temperature": 2154, "lastupdated": "2025-03-05T10:30:00.560"}})
        house.tell(json.dumps(CHANGED | {"config": {"reachable": False}}).encode())
        await until(lambda: len(one.taken) == 2)
        device = "00:15:8d:00:02:aa:bb:cc"
        assert samples(one.taken[0][2]) == [(device, "temperature", 21.54, 1_741_170_600_560)]
        assert one.taken[1][1] == "deconz"
        assert one.taken[1][2] == Decoded(presence={device: False})
        assert one.target.answers == 2


@in_loop
async def test_gateway_that_restarts_is_dialled_again() -> None:
    house = House()
    await house.open()
    one = Polling(house, "deconz")
    for _ in range(2):
        await until(lambda: house.sockets)
        await until(lambda: one.target.error is None)
        await house.close()
        await until(lambda: one.target.error)
        await house.open()
    await until(lambda: house.sockets)
    house.tell(CHANGED | {"state": {"on": True}})
    await until(lambda: one.taken)
    assert one.target.failures >= 2
    assert set(one.lost) == {f"deconz://127.0.0.1:{house.port}"}
    await one.tasks.close()
    await house.close()


@in_loop
async def test_all_is_begun_and_reported_in_one_call() -> None:
    """As the server does it; without targets there is nothing."""
    house, tasks = House(AIRGRADIENT), Tasks()
    await house.open()

    class Port:
        taken: list[str] = []  # noqa: RUF012 - one test

        def take(self, channel: str, name: str, found: Decoded | Refusal, raw: bytes) -> None:
            self.taken.append(name)

        def lost(self, channel: str) -> None:
            self.taken.append("lost")

    assert polled([], 5, Port(), tasks)() == []
    url = f"airgradient://127.0.0.1:{house.port}"
    report = polled([url], 5, Port(), tasks)
    assert report() == [{"target": url, "answers": 0, "failures": 0, "problem": ""}]
    await until(lambda: Port.taken)
    assert report() == [{"target": url, "answers": 1, "failures": 0, "problem": None}]
    assert Port.taken == ["airgradient"]
    await tasks.close()
    await house.close()


@in_loop
async def test_frame_that_is_broken_is_counted_and_the_socket_stays() -> None:
    async with polling(None, "deconz") as (house, one):
        await until(lambda: house.sockets)
        kept = house.sockets[0]
        house.tell("{")
        house.tell(CHANGED | {"state": {"on": True}})
        await until(lambda: len(one.taken) == 2)
        assert isinstance(one.taken[0][2], Refusal)
        assert (one.target.answers, one.target.failures, one.target.error) == (1, 1, None)
        assert house.sockets == [kept]


@in_loop
async def test_frame_that_is_too_large_ends_the_socket_only() -> None:
    async with polling(None, "deconz") as (house, one):
        await until(lambda: house.sockets)
        first = house.sockets[0]
        house.tell(CHANGED | {"state": {"on": True}, "filler": "x" * QUICK.answer})
        await until(lambda: house.sockets and house.sockets != [first])
        house.tell(CHANGED | {"state": {"on": False}})
        await until(lambda: one.taken)
        assert [samples(found)[0][2] for _, _, found, _ in one.taken] == [False]


@pytest.mark.parametrize("listening", [True, False])
def test_gateway_that_is_none_is_counted(listening: bool) -> None:
    """No one there, or a web server that knows no WebSocket."""

    @in_loop
    async def test() -> None:
        web = HTTPServer(Application([]))
        port = silent_port()
        if listening:
            web.listen(port, "127.0.0.1")
        one = Pollers(
            [f"deconz://127.0.0.1:{port}"], 1, Catalogue().request, lambda *_: None, limits=QUICK, rng=Random(1)
        )
        tasks = Tasks()
        one.start(tasks)
        await until(lambda: one.targets[0].failures >= 2)
        assert one.targets[0].error
        await tasks.close()
        web.stop()
        await web.close_all_connections()

    test()


@pytest.mark.parametrize("scheme", ["awair", "deconz"])
@pytest.mark.parametrize("host", ["a" * 64 + ".example", "no-such-host.invalid"])
def test_name_that_leads_nowhere_is_counted(scheme: str, host: str) -> None:
    """The first one is not even a name that could be looked up."""

    @in_loop
    async def test() -> None:
        one = Pollers([f"{scheme}://{host}"], 0.01, Catalogue().request, lambda *_: None, limits=QUICK, rng=Random(1))
        tasks = Tasks()
        one.start(tasks)
        await until(lambda: one.targets[0].failures >= 2)
        await tasks.close()

    test()


@in_loop
async def test_gateway_that_says_no_more_is_dialled_again() -> None:
    """Its cable is pulled: the socket stays open and answers no ping."""
    dialled: list[bytes] = []
    ended: list[bytes] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        dialled.append(head)
        key = next(
            line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()
        ended.append(head)

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    one = Pollers([f"deconz://127.0.0.1:{port}"], 1, Catalogue().request, lambda *_: None, limits=QUICK, rng=Random(1))
    tasks = Tasks()
    one.start(tasks)
    await until(lambda: len(dialled) >= 2 and one.targets[0].error is None)
    assert one.targets[0].failures
    await tasks.close()
    await until(lambda: len(ended) == len(dialled))
    server.close()


def silent_port() -> int:
    """A port on which no one listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_answer_that_cannot_be_taken_does_not_end_the_asking(caplog: pytest.LogCaptureFixture) -> None:
    @in_loop
    async def test() -> None:
        house = House(AWAIR)
        await house.open()
        calls: list[str] = []

        def take(channel: str, _name: str, _found: Decoded | Refusal, _raw: bytes) -> None:
            calls.append(channel)
            raise OSError("the disk is gone")

        url = f"awair://127.0.0.1:{house.port}"
        tasks = Tasks()
        Pollers([url], 0.01, Catalogue().request, take, limits=QUICK, rng=Random(1)).start(tasks)
        await until(lambda: len(calls) >= 2)
        await tasks.close()
        await house.close()

    test()
    assert "was not taken" in caplog.text


@in_loop
async def test_all_ends_with_the_tasks() -> None:
    async with polling(AWAIR, "awair", "deconz") as (house, one):
        await until(lambda: house.sockets and one.taken)
        await one.tasks.close()
        await until(lambda: not house.sockets)
        assert one.tasks._running == set()


def test_ports_that_are_not_named_are_those_of_the_makers() -> None:
    found = Pollers(
        ["awair://a", "deconz://b", "deconz://[fe80::1]:8088"], 1, Catalogue().request, lambda *_: None
    ).targets
    assert [(one.host, one.port) for one in found] == [("a", None), ("b", 443), ("fe80::1", 8088)]
