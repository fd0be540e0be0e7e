"""A real Chromium, logged in to a real server. A page that logs an error or asks another host fails its test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.always import ALWAYS
from tests.support import Server

HERE = Path(__file__).resolve().parent
ARTEFACTS = Path(__file__).resolve().parent.parent.parent / "test-artefacts"
NUMBERS = itertools.count()
"""Of users: tests of a module may share a server."""
PASSWORD = "correct horse battery staple"

expect.set_options(timeout=20_000)
"""ms that a noisy machine may take. What is promised in less is measured by the test that is about it."""


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is long
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is not for every run is long."""
    for item in items:
        if item.path.parent == HERE and ALWAYS.isdisjoint({item.name, getattr(item, "originalname", item.name)}):
            item.add_marker("long")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Not for the session: while Playwright runs, no other test of this thread may run a loop."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "chromium is missing: sudo apt install chromium (make test does it where it may)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``open_page(server, role="admin", path, **context_options)``: a page after a login by its form."""
    contexts: list[BrowserContext] = []
    servers: list[Server] = []
    troubles: list[str] = []

    def start(server: Server, role: str = "admin", path: str = "/?view=charts", **options: Any) -> Page:
        name = f"{role}-{next(NUMBERS)}"
        server.cli("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        servers.append(server)
        page = context.new_page()
        host = urlsplit(server.url).netloc
        page.on("pageerror", lambda error: troubles.append(f"error in the page: {error}"))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: troubles.append(asked.url) if not _own(asked.url, host) else None)
        page.goto(server.url + path)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.locator('html[data-connection="live"]').wait_for(state="attached")
        return page

    start.troubles = troubles  # type: ignore[attr-defined]  # a test may declare what it provokes
    yield start
    for context, server in zip(contexts, servers, strict=True):
        for page in context.pages:
            server.canaries.judge(page.url, page.content().encode())
        context.close()
    assert troubles == []


AWAY = ("ERR_", "WebSocket", "503")
"""What Chromium itself logs while a server cannot be reached: that is no error of the page."""


def forgive(open_page: Callable[..., Page], *words: str) -> None:
    """Forget the troubles that were provoked, by a word in each; else those of a server that is away."""
    kept = [one for one in open_page.troubles if not any(word in one for word in words or AWAY)]  # type: ignore[attr-defined]
    open_page.troubles[:] = kept  # type: ignore[attr-defined]


def _own(url: str, host: str) -> bool:
    return urlsplit(url).netloc == host or url.startswith(("data:", "blob:", "about:"))


@pytest.fixture
def artefacts() -> Path:
    """Where pictures of a test run are kept."""
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS
