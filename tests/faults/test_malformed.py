"""Every row of the table of malformed messages against a real server: refused with its code, nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from tests.malformed import ROWS, message
from tests.support import Server, Socket

T0 = 1_700_000_000_000
MAX_MESSAGE = 4 << 20  # the limit of HTTP bodies: the longest rows are meant to reach the parser


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    settings = {"storage.commit_interval": "0", "server.max_message": str(MAX_MESSAGE), "devices.admission": "token"}
    return module_server(settings)


@pytest.fixture(scope="module")
def viewer(running: Server) -> str:
    return running.api_token("viewer")


@pytest.fixture(scope="module")
def token(running: Server) -> str:
    return running.device_token("d")


@pytest.fixture(scope="module")
def device(running: Server, token: str) -> Socket:
    """One socket for the whole table: it survives every row."""
    socket = running.device(token)
    socket.recv_key("hello")
    return socket


def stored(server: Server, viewer: str) -> Any:
    """All series, how much each holds, and all devices."""
    series = {one["series"]: one["count"] for one in server.get("/api/series", viewer)["series"]}
    return series, [one["device"] for one in server.get("/api/devices", viewer)["devices"]]


NAMES = [row["name"] for row in ROWS]


@pytest.mark.faults
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_malformed_message_on_a_socket(running: Server, viewer: str, device: Socket, row: dict[str, Any]) -> None:
    """One error with the row's code, nothing stored, no line of trouble in the log; the next message works."""
    before = stored(running, viewer)
    frame = message(row)
    if isinstance(frame, bytes):
        device.send_bytes(frame)
    else:
        device.send_text(frame)
    answer = device.recv()
    error = (cbor2.loads(answer) if isinstance(answer, bytes) else answer)["error"]
    assert error["code"] == row["code"], error
    if "at" in row:
        assert error.get("at") == row["at"]
    assert len(str(error)) < 2_000
    assert stored(running, viewer) == before
    device.send({"id": row["name"][:64], "readings": [{"ts": T0, "values": {"good": 1}}]})
    assert device.recv() == {"ack": row["name"][:64]}
    assert running.trouble() == []


@pytest.mark.faults
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_malformed_body(running: Server, viewer: str, token: str, row: dict[str, Any]) -> None:
    """The same table by ``POST /api/ingest``: the status of the code, and the same code."""
    before = stored(running, viewer)
    frame = message(row)
    kind = "application/cbor" if isinstance(frame, bytes) else "application/json"
    reply = running.request("POST", "/api/ingest", body=frame, token=token, headers={"Content-Type": kind})
    assert reply.status == {"forbidden": 403, "too_large": 413}.get(row["code"], 400)
    assert reply.error["code"] == row["code"]
    if "at" in row:
        assert reply.error.get("at") == row["at"]
    assert stored(running, viewer) == before
    assert running.trouble() == []
