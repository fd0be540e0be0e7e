"""The conversations of docs/protocol.md, and its curl commands, run in order against one real server.

``→`` is sent, ``←`` must come, ``…`` is any value, EPOCH and SEQ are remembered where they are first met. Every block
opens its sockets anew; a hello that a block does not show is read and dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.clients import Socket
from tests.contracts import source
from tests.support import Server

ANY = "…"
REMEMBERED = ("EPOCH", "SEQ")
BLOCK = re.compile(r"^```(conversation|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> Iterator[Any]:
    text = source.text("docs/protocol.md")
    for found in BLOCK.finditer(text):
        heading = re.findall(r"^#+ (.*)$", text[: found.start()], re.MULTILINE)[-1]
        line = text.count("\n", 0, found.start()) + 1
        yield pytest.param(found[1], found[2], id=f"{heading}:{line}")


def expected(text: str) -> Any:
    """The JSON of an example; a bare ``…``, EPOCH or SEQ becomes a string that ``matches`` knows."""
    return json.loads(re.sub(rf'(?<!")({ANY}|EPOCH|SEQ)(?!")', r'"\1"', text))


def matches(want: Any, got: Any, memory: dict[str, Any]) -> bool:
    """Whether a message is what the example shows: the same keys, and the same values where it shows any."""
    if want == ANY:
        return True
    if isinstance(want, str) and want in REMEMBERED:
        return memory.setdefault(want, got) == got
    if isinstance(want, dict):
        same = isinstance(got, dict) and want.keys() == got.keys()
        return same and all(matches(want[key], got[key], memory) for key in want)
    if isinstance(want, list):
        same = isinstance(got, list) and len(want) == len(got)
        return same and all(matches(one, other, memory) for one, other in zip(want, got, strict=True))
    return want == got and isinstance(want, bool) == isinstance(got, bool)


class World:
    """The server, who speaks to it, and what the examples have said so far."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.device_token = server.device_token("boiler")
        self.gateway_token = server.device_token("site", "--gateway")
        self.api_token = server.api_token("operator")
        self.admin_token = server.api_token("admin")
        self.memory: dict[str, Any] = {}
        self.sockets: dict[str, Socket] = {}

    def open(self, who: str) -> Socket:
        if who == "live":
            socket = self.server.live(self.api_token)
        elif who == "unknown":
            socket = self.server.device(device="attic")
        else:
            socket = self.server.device({"device": self.device_token, "gateway": self.gateway_token}[who])
        self.sockets[who] = socket
        return socket

    def close(self) -> None:
        for socket in self.sockets.values():
            socket.close()
        self.sockets.clear()

    def converse(self, text: str) -> None:
        for line in text.splitlines():
            if " → " in line:
                who, message = line.split(" → ")
                self.send(who.strip(), message)
            elif " ← " in line:
                who, message = line.split(" ← ")
                self.expect(who.strip(), expected(message))
            elif line.endswith(": reconnect"):
                self.sockets.pop(line.split(":")[0]).close()
            else:
                method, path, body = line.removeprefix("operator: ").split(" ", 2)
                reply = self.server.request(method, path, json_body=json.loads(body), token=self.api_token)
                assert reply.status in (200, 201), reply.body

    def send(self, who: str, message: str) -> None:
        socket = self.sockets.get(who)
        if socket is None:
            socket = self.open(who)
            if who != "live":
                socket.recv_key("hello")
        for name in REMEMBERED:
            message = message.replace(name, json.dumps(self.memory.get(name)))
        if message.startswith("h'"):
            socket.send_bytes(bytes.fromhex(message[2:-1]))
        else:
            json.loads(message)
            socket.send_text(message)

    def expect(self, who: str, want: Any) -> None:
        socket = self.sockets.get(who) or self.open(who)
        got = socket.recv_until(lambda message: not by_the_way(message, want))
        assert matches(want, got, self.memory), f"the documentation shows {want}, the server sent {got}"

    def shell(self, text: str) -> None:
        """Run ``$`` lines with bash; what follows is what they print."""
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            command = command.replace("http://telltale.local:8080", self.server.url)
            command = command.replace("ADMIN_TOKEN", self.admin_token)
            command = command.replace("DEVICE_TOKEN", self.device_token).replace("API_TOKEN", self.api_token)
            done = source.run("bash", "-c", command)
            if shown.startswith("{"):
                assert matches(expected(shown), json.loads(done.stdout), self.memory), f"{shown}\n{done.stdout}"
            else:
                assert done.stdout == shown, done.stderr


def by_the_way(message: Any, want: Any) -> bool:
    """Pushes that come at any time and are not what the example is about."""
    if message.keys() == want.keys():
        return False
    return message.keys() in ({"seq", "time"}, {"presence"}, {"device"}) or "hello" in message


@pytest.fixture(scope="module")
def world(module_server: Callable[..., Server]) -> World:
    return World(module_server({"storage.commit_interval": "0", "live.tick": "0"}))


@pytest.mark.parametrize(("kind", "text"), list(blocks()))
def test_example_is_what_the_server_does(world: World, kind: str, text: str) -> None:
    try:
        world.converse(text) if kind == "conversation" else world.shell(text)
    finally:
        world.close()


def test_examples_are_seen() -> None:
    """A mistake in the parser must not look like success."""
    assert len(list(blocks())) >= 18
    assert not matches({"a": ANY}, {"a": 1, "b": 2}, {})
    assert not matches({"a": 1}, {"a": True}, {})
    assert matches({"a": ANY, "b": [1, ANY]}, {"a": {"x": 1}, "b": [1, None]}, {})
    assert not matches(["EPOCH", "EPOCH"], ["x", "y"], {})
