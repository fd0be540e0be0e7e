"""WebSocket frames by their three lengths, read back by a library that is not ours."""

from __future__ import annotations

import pytest
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from handlers.wire import websocket_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("text", [True, False])
def test_frame_is_read_back_by_another_implementation(size: int, *, text: bool) -> None:
    """Every form of the length; text and binary."""
    payload = "ö" * (size // 2) + "x" * (size % 2) if text else b"\x00" * size
    client = Protocol(CLIENT, state=OPEN, max_size=None)
    client.receive_data(websocket_frame(payload))
    (frame,) = client.events_received()
    assert frame.opcode is (Opcode.TEXT if text else Opcode.BINARY)
    assert frame.fin
    assert bytes(frame.data) == (payload.encode() if isinstance(payload, str) else payload)
