"""Bare handlers of every access behind the guard, on a real HTTP server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError
from tornado.websocket import WebSocketHandler

from handlers.base import Access, Guard
from handlers.credentials import cookie_name
from handlers.routes import log_request
from handlers.sorry import NotFound, sorry
from telemetry.admission import Admission
from telemetry.audit import Audit
from telemetry.auth import Accounts, Role
from telemetry.blocking import Blocking
from telemetry.clock import Clock
from telemetry.identity import TERMINAL
from telemetry.model import Reason, Refusal
from telemetry.registry import Registry
from telemetry.settings import Settings
from telemetry.store.db import Store, StoreError
from telemetry.tasks import Tasks
from tests.clients import Reply, request

PASSWORD = "correct horse"


class Who(Guard):
    """Answers with who asks."""

    access = Access.VIEWER

    def answer(self) -> None:
        self.write({"kind": self.principal.kind, "name": self.principal.name, "role": self.principal.role.name})

    get = post = delete = answer


class Page(Who):
    page = True


class Operators(Who):
    access = Access.OPERATOR


class Admins(Who):
    access = Access.ADMIN


class Open(Guard):
    access = Access.OPEN

    def get(self) -> None:
        self.write(self.csp_nonce)

    post = get


class Device(Guard):
    access = Access.DEVICE

    def get(self) -> None:
        self.write({"id": self.identity.id, "pending": self.identity.pending})

    post = get


class Failing(Guard):
    access = Access.OPEN

    def get(self, what: str) -> None:
        if what == "bug":
            raise ValueError("CANARY in an exception")
        if what == "disk":
            raise StoreError("CANARY in an outage")
        if what == "busy":
            self.refuse_with(Refusal(Reason.TRY_LATER, "later", "readings[2]", retry_after=1500))
        else:
            raise HTTPError(int(what), "CANARY in a log message")


class LiveSocket(Guard, WebSocketHandler):
    access = Access.VIEWER

    def open(self) -> None:
        self.write_message({"name": self.principal.name})

    def on_message(self, message: str | bytes) -> None:
        raise ValueError("bug in a socket")


class DeviceSocket(Guard, WebSocketHandler):
    access = Access.DEVICE

    def open(self) -> None:
        self.write_message({"id": self.identity.id, "pending": self.identity.pending, "key": self.identity.key})


ROUTES: list[Any] = [
    ("/who", Who),
    ("/page", Page),
    ("/operators", Operators),
    ("/admins", Admins),
    ("/open", Open),
    ("/device", Device),
    ("/fail/(.*)", Failing),
    ("/ws/live", LiveSocket),
    ("/ws/device", DeviceSocket),
]


@dataclass
class Site:
    """A server in a thread of its own, and the credentials it knows."""

    directory: Path
    core: Any = None
    port: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", **options: Any) -> Reply:
        return request(method, self.url + path, **options)

    def settings(self, section: str, **changes: Any) -> None:
        """Change settings of the running server."""
        changed = replace(getattr(self.core.settings, section), **changes)
        self.core.settings = replace(self.core.settings, **{section: changed})

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{cookie_name(secure=False)}={self.tokens['session']}"}

    async def compose(self) -> None:
        store, registry, clock = Store(self.directory / "x.db"), Registry(), Clock()
        await store.start()
        accounts = Accounts(store, clock, Audit(clock))
        await accounts.load()
        blocking = Blocking(store, Audit(clock), clock)
        admission = Admission("approve", accounts, registry, blocking, clock, Tasks(), max_pending=2)
        roster = SimpleNamespace(heard=lambda _device, _address: None)
        self.core = SimpleNamespace(
            settings=Settings(), store=store, accounts=accounts, admission=admission, roster=roster, demo=False
        )
        for role in Role:
            self.tokens[role.name] = await accounts.tokens.add(TERMINAL, role.name, role) or ""
        self.tokens["boiler"] = await accounts.devices.give(TERMINAL, "boiler") or ""
        await accounts.people.add(TERMINAL, "me", Role.VIEWER, PASSWORD)
        self.tokens["session"] = str(await accounts.people.log_in("me", PASSWORD, "::1"))

    def run(self, started: Future[None], stop: asyncio.Event, loops: list[asyncio.AbstractEventLoop]) -> None:
        async def main() -> None:
            loops.append(asyncio.get_running_loop())
            await self.compose()
            application = Application(
                ROUTES, core=self.core, default_handler_class=NotFound, sorry=sorry, log_function=log_request
            )
            server = HTTPServer(application)
            sockets = bind_sockets(0, "127.0.0.1")
            server.add_sockets(sockets)
            self.port = sockets[0].getsockname()[1]
            started.set_result(None)
            await stop.wait()
            server.stop()
            await server.close_all_connections()
            self.core.accounts.close()
            await self.core.store.close()

        asyncio.run(main())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    started: Future[None] = Future()
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=site.run, args=(started, stop, loops))
    thread.start()
    started.result(30)
    yield site
    loops[0].call_soon_threadsafe(stop.set)
    thread.join(30)


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """The server with default settings."""
    yield running
    running.core.settings = Settings()
    running.core.demo = False
    running.core.admission.policy = "approve"
