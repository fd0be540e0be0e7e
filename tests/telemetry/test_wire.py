"""Frames, apart from the socket that carries them; ``test_control_stream.py`` has the conversation."""

from __future__ import annotations

import asyncio
import json

import pytest

from telemetry import wire


def received(data: bytes) -> list[tuple[bytes, bytes]]:
    async def main() -> list[tuple[bytes, bytes]]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found = []
        while not reader.at_eof():
            found.append(await wire.receive(reader))
        return found

    return asyncio.run(main())


def test_a_frame_is_a_kind_a_length_and_a_payload() -> None:
    assert received(b"D\0\0\0\2ab" + b"D\0\0\0\0" + b"A\0\0\0\2{}") == [(b"D", b"ab"), (b"D", b""), (b"A", b"{}")]


@pytest.mark.parametrize("data", [b"X\0\0\0\0", b"D\xff\0\0\0", b"nonsense"])
def test_what_is_no_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(ConnectionError):
        received(data)


@pytest.mark.parametrize("data", [b"D", b"D\0\0\0\2a"])
def test_a_frame_that_is_cut_off_is_the_end(data: bytes) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        received(data)


def test_an_answer_too_long_for_a_frame_says_so() -> None:
    packed = wire._packed({"lines": ["x" * wire.FRAME_MAX]})
    assert "too long" in json.loads(packed)["error"]
