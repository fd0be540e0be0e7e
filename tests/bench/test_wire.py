"""The frames of the load generator, read back by a parser that is not its own."""

import json

import pytest
from websockets.frames import Opcode
from websockets.protocol import SERVER, Protocol

from bench import wire


def received(data: bytes) -> list[tuple[Opcode, bytes]]:
    """What a server's parser makes of ``data``."""
    protocol = Protocol(SERVER, max_size=None)
    protocol.receive_data(data)
    return [(frame.opcode, bytes(frame.data)) for frame in protocol.events_received()]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_is_read_back_at_every_length_form(size: int) -> None:
    payload = bytes(index % 127 for index in range(size))
    assert received(wire.frame(payload)) == [(Opcode.TEXT, payload)]


def test_envelopes_of_one_run_have_one_length_and_distinct_times() -> None:
    frames = [wire.envelope(7_000_000_000 + n, 1_700_000_000_000 + n * 10, 10) for n in range(250)]
    assert len({len(frame) for frame in frames}) == 1
    readings = [r for f in frames for _, text in received(f) for r in json.loads(text)["readings"]]
    assert len({reading["ts"] for reading in readings}) == 2500
    assert all(20 <= reading["values"]["temperature"] < 30 for reading in readings)


def test_a_ping_between_texts_is_answered() -> None:
    chunk = b'\x81\x09{"ack":1}' + b"\x89\x04beat" + b'\x81\x09{"ack":2}'
    assert received(wire.pongs(chunk)) == [(Opcode.PONG, b"beat")]
    assert wire.pongs(b'\x81\x09{"ack":1}') == b""
