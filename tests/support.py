"""A real server process for tests: started, watched, killed, restarted. The fixtures are in ``conftest.py``.

Each has its own directory, config file and database, listens on loopback, and must leave nothing in its log
that looks like trouble, unless the test declares it (``Server.expect_log``).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from tests.canaries import Canaries
from tests.clients import SCALE, Reply, SilentSocket, Socket, connect, refused, request, wait_until

__all__ = ["SCALE", "Reply", "Server", "SilentSocket", "Socket", "connect", "refused", "request", "wait_until"]

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "server.py"
HOST = os.environ.get("SERVER_HOST", "127.0.0.1")
"""The name by which tests reach their servers; another one has to lead to 127.0.0.1 too."""
URL_LINE = re.compile(r"(https?)://[^\s/]*:(\d+)")
TROUBLE = re.compile(r"Traceback|\b(?:ERROR|CRITICAL)\b|never awaited|never retrieved|ResourceWarning")

AnySocket = TypeVar("AnySocket", Socket, SilentSocket)


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TELLTALE_")}
    return kept | dict(extra or {})


def run_server_py(
    *args: str, stdin: str = "", env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run ``python server.py ARGS`` to its end: for commands, and for starts that must fail."""
    command = [sys.executable, str(SERVER), *args]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout * SCALE,
        env=_environment(env),
        cwd=cwd or ROOT,
        check=False,
    )


@dataclass
class Server:
    """A real ``python server.py`` with its own directory, config file and database."""

    directory: Path
    settings: dict[str, str]
    args: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    wrap: Sequence[str] = ()
    """Words put before the command: ``["strace", "-f", …]``, ``["faketime", …]``."""
    source: Path = ROOT
    """Where server.py lies: a changed copy shows that a test sees the change."""
    scheme: str = "http"
    port: int = 0
    proc: subprocess.Popen[bytes] = field(init=False)
    declared: list[re.Pattern[str]] = field(default_factory=list)
    canaries: Canaries = field(default_factory=Canaries)

    @property
    def config(self) -> Path:
        return self.directory / "config.ini"

    @property
    def database(self) -> Path:
        return self.directory / self.settings["storage.path"]

    @property
    def url(self) -> str:
        """The address without a slash at its end."""
        return f"{self.scheme}://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws{self.url[4:]}"

    def out(self) -> str:
        """All that the server has printed to standard output, over all its runs."""
        return _read(self.directory / "stdout")

    def log(self) -> str:
        """All that the server has logged (standard error), over all its runs."""
        return _read(self.directory / "stderr")

    def start(self, timeout: float = 30) -> Server:
        """Start the process and wait for the line with its URL; a restart keeps the port."""
        self._write_config()
        begin = len(self.out())
        command = [*self.wrap, sys.executable, str(self.source / SERVER.name), "--config", str(self.config), *self.args]
        with (self.directory / "stdout").open("ab") as out, (self.directory / "stderr").open("ab") as err:
            self.proc = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment(self.env), cwd=self.source
            )
        found = wait_until(lambda: self._listening(begin), timeout, "the server's URL line")
        assert found
        self.scheme, self.port = found[1], int(found[2])
        return self

    def _listening(self, begin: int) -> re.Match[str] | None:
        found = URL_LINE.search(self.out(), begin)
        if not found and self.proc.poll() is not None:
            raise AssertionError(f"the server ended with {self.proc.returncode} before it listened:\n{self.log()}")
        return found

    def _write_config(self) -> None:
        sections: dict[str, list[str]] = {}
        for key, value in (self.settings | {"server.port": str(self.port)}).items():
            section, name = key.split(".", 1)
            sections.setdefault(section, []).append(f"{name} = {value}")
        text = "\n".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
        self.config.write_text(text)

    @property
    def running(self) -> bool:
        return self.proc.poll() is None

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.proc.kill()
        self.proc.wait(timeout=30 * SCALE)

    def stop(self, timeout: float = 30) -> int:
        """SIGTERM, and wait; the exit status."""
        if self.running:
            self.proc.send_signal(signal.SIGTERM)
        return self.proc.wait(timeout=timeout * SCALE)

    def ended(self) -> bool:
        """Stop the process by whatever it takes, and close its clients; False if SIGTERM did not do it."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        finally:
            for client in self._clients:
                client.close()
        return True

    def restart(self, *, kill: bool = False) -> Server:
        """Stop (or kill) and start again on the same directory and port."""
        if self.running:
            if kill:
                self.kill()
            else:
                self.stop()
        return self.start()

    def expect_log(self, pattern: str) -> None:
        """Declare that lines matching ``pattern`` may look like trouble in this test."""
        self.declared.append(re.compile(pattern))

    def trouble(self) -> list[str]:
        """Lines of the log that no test declared and a healthy server does not write."""
        return [
            line
            for line in self.log().splitlines()
            if TROUBLE.search(line) and not any(known.search(line) for known in self.declared)
        ]

    def rss(self) -> int:
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.proc.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found, status
        return int(found[1]) * 1024

    # commands

    def cli(self, *args: str, stdin: str = "", timeout: float = 60) -> str:
        """Run a command on this server's database; its standard output. Fails unless the status is 0."""
        if args[0] == "user":
            self.canaries.learn(stdin.strip())
        done = run_server_py("--config", str(self.config), *args, stdin=stdin, timeout=timeout)
        self.canaries.judge(f"the output of {args[0]}", (done.stdout + done.stderr).encode())
        assert done.returncode == 0, f"{args} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def cli_json(self, *args: str, stdin: str = "") -> Any:
        """Run a command that prints one JSON line; the line, parsed."""
        return json.loads(self.cli(*args, stdin=stdin))

    def device_token(self, device: str, *options: str) -> str:
        """Add a device (``"--gateway"`` for a gateway) and return its token."""
        return self._given(self.cli_json("device", "add", device, *options)["token"])

    def api_token(self, role: str = "viewer", name: str = "") -> str:
        """Add an API token; a name is made up unless given."""
        self._tokens += not name
        return self._given(self.cli_json("token", "add", name or f"{role}-{self._tokens}", "--role", role)["token"])

    def _given(self, token: str) -> str:
        self.canaries.learn(token)
        return token

    _tokens: int = field(default=0, init=False)
    _clients: list[Socket | SilentSocket] = field(default_factory=list, init=False)

    # HTTP and WebSockets

    def request(self, method: str, path: str, **options: Any) -> Reply:
        """One request to a path of this server; see ``request``."""
        reply = request(method, self.url + path, **options)
        self.canaries.answered(method, path, reply)
        return reply

    def get(self, path: str, token: str | None = None, **query: Any) -> Any:
        """GET a path of the API and return its JSON; fails unless the status is 200. Lists repeat their key."""
        # `from` is a keyword of Python: write from_
        pairs = [(key.rstrip("_"), value) for key, value in query.items()]
        reply = self.request("GET", path + (f"?{urlencode(pairs, doseq=True)}" if pairs else ""), token=token)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json()

    def metrics(self, token: str | None = None) -> dict[str, float]:
        """/metrics as ``{name{labels}: value}``."""
        reply = self.request("GET", "/metrics", token=token)
        assert reply.status == 200, (reply.status, reply.body)
        lines = (line.rpartition(" ") for line in reply.text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def device(self, token: str | None = None, device: str | None = None, **options: Any) -> Socket:
        """A device socket; its ``hello`` has not been read yet."""
        query = f"?device={quote(device, safe='')}" if device is not None else ""
        return self._opened(connect(f"{self.ws_url}/ws/device{query}", token=token, **options))

    def live(self, token: str | None = None, **options: Any) -> Socket:
        """A dashboard socket."""
        return self._opened(connect(f"{self.ws_url}/ws/live", token=token, **options))

    def silent(self, path: str, token: str | None = None, receive_buffer: int | None = None) -> SilentSocket:
        """A WebSocket at ``path`` that never reads."""
        return self._opened(SilentSocket(self.ws_url + path, token, receive_buffer))

    def _opened(self, client: AnySocket) -> AnySocket:
        if isinstance(client, Socket):
            client.watch = lambda frame: self.canaries.judge("a frame", frame)
        self._clients.append(client)
        return client


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def factory(base: Path) -> Iterator[Callable[..., Server]]:
    """The body of the ``server`` fixtures: start any number, stop all, fail on trouble in their logs."""
    servers: list[Server] = []

    def start(settings: Mapping[str, str] | None = None, **options: Any) -> Server:
        directory = options.pop("directory", None) or base / f"s{len(servers)}"
        directory.mkdir(parents=True, exist_ok=True)
        chosen = {"server.address": "127.0.0.1", "storage.path": "telltale.db"} | dict(settings or {})
        servers.append(Server(directory, chosen, **options))
        return servers[-1].start()

    yield start
    stuck = [one for one in servers if not one.ended()]
    for one in servers:
        assert one not in stuck, f"the server did not stop on SIGTERM:\n{one.log()}"
        assert not one.trouble(), f"in the server's log: {one.trouble()}\n\n{one.log()[-4000:]}"
        one.canaries.look_through(one.directory)
