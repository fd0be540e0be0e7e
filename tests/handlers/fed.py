"""A real server with a device, a viewer and some readings: what tests of the read API start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support import Server

T0 = 1_700_000_000_000


@dataclass
class Fed:
    """A server, its viewer's token, and a way to feed it."""

    server: Server
    device: str
    viewer: str

    def send(self, *readings: dict[str, Any]) -> None:
        """Post readings of the device ``boiler``; they are durable when this returns."""
        reply = self.server.request("POST", "/api/ingest", json_body=list(readings), token=self.device)
        assert reply.status == 200, reply.text

    def get(self, path: str, **query: Any) -> Any:
        """GET as the viewer; fails unless the status is 200."""
        return self.server.get(path, self.viewer, **query)

    def history(self, name: str, **query: Any) -> Any:
        """The history of one series, all of it unless told otherwise."""
        return self.get("/api/history", series=name, **{"from_": 0, "to": T0 + 10**9} | query)["series"][name]


def feed(start: Callable[..., Server], settings: dict[str, str] | None = None, **options: Any) -> Fed:
    """Start a server with the device ``boiler``, a gateway, and a viewer."""
    server = start({"storage.commit_interval": "0"} | (settings or {}), **options)
    return Fed(server, server.device_token("boiler", "--gateway"), server.api_token("viewer"))


def at(offset: int, **values: Any) -> dict[str, Any]:
    """A message with its own time; ``__`` in a metric stands for a dot."""
    return {"ts": T0 + offset, "values": {name.replace("__", "."): value for name, value in values.items()}}
