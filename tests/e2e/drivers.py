"""Browsers besides Chromium, driven as the standards say: Firefox by WebDriver BiDi, WebKitGTK by WebDriver.

Both have ``go(url)``, ``run(function)`` (a JavaScript function without arguments; its JSON value) and ``errors()``,
what the pages logged, where the browser tells.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from websockets.sync.client import ClientConnection, connect

from tests.support import SCALE, wait_until

START = 60 * SCALE
"""Seconds in which a browser has started."""
MINI_BROWSER = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


class Driver(Protocol):
    def go(self, url: str) -> None: ...
    def run(self, function: str) -> Any: ...
    def errors(self) -> list[str]: ...


class Bidi:
    """A session of WebDriver BiDi."""

    def __init__(self, session: ClientConnection) -> None:
        self._socket = session
        self._ids = itertools.count(1)
        self._errors: list[str] = []
        self._ask("session.new", {"capabilities": {}})
        self._ask("session.subscribe", {"events": ["log.entryAdded"]})
        self._context = self._ask("browsingContext.getTree", {})["contexts"][0]["context"]

    def go(self, url: str) -> None:
        self._ask("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})

    def run(self, function: str) -> Any:
        source = f"() => JSON.stringify(({function})() ?? null)"
        where = {"target": {"context": self._context}, "awaitPromise": True}
        answer = self._ask("script.callFunction", {"functionDeclaration": source, **where})
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def errors(self) -> list[str]:
        self._ask("session.status", {})  # what was logged before is told before
        return self._errors

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(timeout=START))
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self._errors.append(said["params"]["text"])
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]


class Classic:
    """A session of WebDriver."""

    def __init__(self, port: int, capabilities: dict[str, Any]) -> None:
        self._port = port
        self._path = ""
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._path = f"/session/{session['sessionId']}"

    def go(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def run(self, function: str) -> Any:
        script = f"return JSON.stringify(({function})() ?? null)"
        return json.loads(self._ask("POST", "/execute/sync", {"script": script, "args": []}))

    def errors(self) -> list[str]:
        return []

    def close(self) -> None:
        self._ask("DELETE", "")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=START)
        text = None if body is None else json.dumps(body)
        connection.request(method, self._path + path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
        connection.close()
        assert answer.status == 200, value
        return value


@contextmanager
def firefox(profile: Path) -> Iterator[Driver]:
    """Firefox without a window, with a profile of its own."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program
    port = _free_port()
    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", str(port)]
    with (
        _started(command, profile / "log", port),
        connect(f"ws://127.0.0.1:{port}/session", max_size=None, open_timeout=START) as session,
    ):
        yield Bidi(session)


@contextmanager
def webkit(folder: Path) -> Iterator[Driver]:
    """WebKitGTK's MiniBrowser on a screen that no one sees."""
    (browser,) = sorted(str(path) for path in Path("/").glob(MINI_BROWSER[1:]))[:1]
    port = _free_port()
    command = ["xvfb-run", "--auto-servernum", "WebKitWebDriver", f"--port={port}"]
    with _started(command, folder / "log", port):
        options = {"binary": browser, "args": ["--automation"]}
        session = Classic(port, {"webkitgtk:browserOptions": options})
        yield session
        session.close()


def missing(name: str) -> str:
    """What has to be installed for a browser, or nothing."""
    if name == "firefox":
        return "" if shutil.which("firefox-esr") or shutil.which("firefox") else "firefox-esr"
    found = shutil.which("WebKitWebDriver") and shutil.which("xvfb-run") and any(Path("/").glob(MINI_BROWSER[1:]))
    return "" if found else "webkit2gtk-driver xvfb xauth"


@contextmanager
def _started(command: list[str], log: Path, port: int) -> Iterator[None]:
    """A program that listens on a port of this machine; ended with all that it started."""
    # as a kiosk that systemd started, without a language
    where = {"env": os.environ | {"LC_ALL": "C"}, "start_new_session": True}
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, **where) as process:
        try:
            wait_until(lambda: _listens(port), START, f"{re.sub('.*/', '', command[0])} to listen")
            yield
        finally:
            subprocess.run(["kill", "--", f"-{process.pid}"], check=False)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
