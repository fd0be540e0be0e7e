"""Line protocol as an ecosystem: which messages it takes for its own."""

from __future__ import annotations

import pytest

from devices.ecosystems.base import Message, Request
from devices.ecosystems.influx import Influx
from telemetry.decoded import Decoded
from telemetry.model import Refusal

T = 1_741_167_000_000


def over_mqtt(payload: bytes, topic: str = "telegraf/x") -> Decoded | Refusal | None:
    return Influx().message(Message(topic, payload, T))


def posted(body: bytes, path: str = "/write", owner: str | None = None, **query: str) -> Decoded | Refusal | None:
    return Influx().request(Request("POST", path, body, T, query, owner=owner))


@pytest.mark.parametrize(
    "payload",
    [
        b"21.5",
        b"ON",
        b"",
        b"{}",
        b'{"a": "b=1 c=2"}',
        b'["m v=1"]',
        b"key=value",
        b"hello world",
        b"a b=c d=e",
        b"\xff m v=1",
        b"m v=1\nnot one\nnor this",
        b"temperature: 21.5 = warm",
        b"# m v=1",
    ],
)
def test_a_payload_that_is_something_else_is_left_to_others(payload: bytes) -> None:
    assert over_mqtt(payload) is None


def test_a_payload_that_is_lines_for_the_most_part_is_taken_on_any_topic() -> None:
    found = over_mqtt(f"m,host=a v=1 {T}000000\nm,host=b v=2 {T}000000\nm v=\n".encode(), "whatever/status")
    assert isinstance(found, Decoded)
    assert [(one.device, one.ts) for one in found.samples] == [("a", T), ("b", T)]
    assert [part.line for part in found.bad] == [3]


@pytest.mark.parametrize(("path", "method"), [("/write/x", "POST"), ("/api/v1/write", "POST"), ("/write", "GET")])
def test_other_addresses_are_not_its_own(path: str, method: str) -> None:
    assert Influx().request(Request(method, path, b"m v=1", T)) is None


@pytest.mark.parametrize(("body", "query"), [(b"m v=\xff", {}), (b"m v=1", {"precision": "d"})])
def test_a_broken_write_is_refused_whole(body: bytes, query: dict[str, str]) -> None:
    assert isinstance(posted(body, **query), Refusal)


def test_the_sender_is_the_device_of_lines_that_name_none() -> None:
    found = posted(b"m v=1\nm,host=b v=2", owner="a")
    assert isinstance(found, Decoded)
    assert [one[:2] for one in found.samples] == [("a", "m.v"), ("b", "m.v")]
