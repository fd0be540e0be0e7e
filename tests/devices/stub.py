"""A server for the client's tests: real sockets, the contract's device side, and misbehaviour by script."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

import cbor2
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from devices.client import DeviceClient
from devices.options import Limits, Options

LIMIT = 20.0
FAST = Options(Limits(delay=0.01))


class Stub:
    """Acknowledges every envelope unless ``on_envelope(handler, message)`` says otherwise (returns True)."""

    def __init__(self, **hello: Any) -> None:
        self.hello: dict[str, Any] | None = {"device": "d", "time": 0, "last_id": None, "max_message": 262_144} | hello
        self.on_envelope: Callable[[Handler, dict[str, Any]], Any] | None = None
        self.status = 101
        self.upgrades: list[tuple[str, str | None]] = []
        self.sockets: list[Handler] = []
        self.messages: list[dict[str, Any]] = []
        self.packs: list[list[dict[str, Any]]] = []
        self.closes: list[int | None] = []
        self.max_message = 10**7
        self.lenient = False
        self.garbage = 0

    async def __aenter__(self) -> Self:
        logging.getLogger("tornado.access").setLevel(logging.ERROR)
        self.port = 0
        await self.listen()
        return self

    async def listen(self) -> None:
        self._http = HTTPServer(
            Application([("/ws/device", Handler, {"stub": self})], websocket_max_message_size=self.max_message)
        )
        self._http.listen(self.port, "127.0.0.1")
        self.port = next(iter(self._http._sockets.values())).getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._http.stop()
        self.drop_all()
        await until(lambda: not self.sockets)
        await self._http.close_all_connections()

    def drop_all(self) -> None:
        for one in list(self.sockets):
            one.ws_connection.stream.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "readings" in message]

    @property
    def readings(self) -> list[dict[str, Any]]:
        return [one for message in self.envelopes for one in message["readings"]]


class Handler(WebSocketHandler):
    def initialize(self, stub: Stub) -> None:
        self.stub = stub
        self.binary = False

    def prepare(self) -> None:
        self.stub.upgrades.append((self.request.uri or "", self.request.headers.get("Authorization")))
        if self.stub.status != 101:
            self.set_status(self.stub.status)
            self.finish()

    def open(self) -> None:
        self.stub.sockets.append(self)
        if self.stub.hello is not None:
            self.say({"hello": self.stub.hello})

    def say(self, message: dict[str, Any]) -> None:
        self.write_message(cbor2.dumps(message) if self.binary else json.dumps(message), binary=self.binary)

    def on_message(self, frame: str | bytes) -> None:
        if self.ws_connection is None or self.ws_connection.stream.closed():
            return  # what was in the buffer of a socket that is gone never arrived
        self.binary = isinstance(frame, bytes)
        try:
            message = cbor2.loads(frame) if isinstance(frame, bytes) else json.loads(frame)
            if isinstance(message, list):  # a pack of SenML, which no one acknowledges
                self.stub.packs.append(message)
                return
            assert isinstance(message, dict)
            assert isinstance(message.get("readings"), list) or {"reply", "config"} & message.keys()
        except Exception:
            assert self.stub.lenient, frame
            self.stub.garbage += 1
            self.say({"error": {"code": "bad_message", "message": "garbage"}})
            return
        self.stub.messages.append(message)
        if "readings" in message and not (self.stub.on_envelope and self.stub.on_envelope(self, message)):
            self.say({"ack": message["id"]})

    def on_close(self) -> None:
        self.stub.closes.append(self.close_code)
        if self in self.stub.sockets:
            self.stub.sockets.remove(self)


async def until(predicate: Callable[[], Any], seconds: float = LIMIT) -> Any:
    end = time.monotonic() + seconds
    while not (found := predicate()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain")
        await asyncio.sleep(0.005)
    return found


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run one test's coroutine with a limit on its time."""

    async def limited() -> None:
        await asyncio.wait_for(test(), 3 * LIMIT)

    asyncio.run(limited())


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a coroutine a test."""

    @functools.wraps(test)
    def call(*args: Any, **kwargs: Any) -> None:
        run(lambda: test(*args, **kwargs))

    return call


@contextlib.asynccontextmanager
async def pair(options=FAST, hooks=None, stub=None, **client):
    async with (
        stub or Stub() as server,
        DeviceClient(server.url, device="d", options=options, hooks=hooks, **client) as one,
    ):
        yield server, one
