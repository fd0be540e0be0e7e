"""Copies are recognised, and nothing else is; what waits is counted."""

from __future__ import annotations

import pytest

from devices import embedded_guard
from devices.embedded_guard import Copies, Load
from devices.mqtt_packets import Publish


def message(mid: int = 7, payload: bytes = b"x", *, again: bool = False, topic: str = "a/b", qos: int = 1) -> Publish:
    return Publish(topic, payload, qos, False, again, mid)


def test_copy_has_the_number_of_its_first() -> None:
    copies = Copies()
    number, copy = copies.number("s", message())
    assert not copy
    for _ in range(3):
        assert copies.number("s", message(again=True)) == (number, True)


@pytest.mark.parametrize(
    ("session", "other"),
    [
        ("s", message()),
        ("t", message(again=True)),
        ("s", message(8, again=True)),
        ("s", message(payload=b"y", again=True)),
        ("s", message(topic="a/c", again=True)),
    ],
    ids=["not-dup", "session", "packet-id", "payload", "topic"],
)
def test_what_differs_in_anything_is_another_message(session: str, other: Publish) -> None:
    copies = Copies()
    number, _ = copies.number("s", message())
    assert copies.number(session, other) == (number + 1, False)


def test_copy_of_a_message_that_never_came_is_the_first() -> None:
    copies = Copies()
    number, copy = copies.number("s", message(again=True))
    assert not copy
    assert copies.number("s", message(again=True)) == (number, True)


def test_packet_id_that_is_used_again_is_of_the_new_message() -> None:
    copies = Copies()
    copies.number("s", message())
    second, _ = copies.number("s", message(payload=b"y"))
    assert copies.number("s", message(payload=b"y", again=True)) == (second, True)
    assert not copies.number("s", message(again=True))[1]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_guard, "REMEMBERED", 3)
    copies = Copies()
    numbers = [copies.number("s", message(mid))[0] for mid in (1, 2, 3)]
    renewed, _ = copies.number("s", message(1))
    copies.number("s", message(4))
    assert copies.number("s", message(3, again=True)) == (numbers[2], True)
    assert copies.number("s", message(1, again=True)) == (renewed, True)
    assert not copies.number("s", message(2, again=True))[1]


@pytest.mark.parametrize(("messages", "size"), [(2, 1_000), (1_000, 8)], ids=["messages", "bytes"])
def test_load_is_full_at_either_limit_and_free_again(messages: int, size: int) -> None:
    load = Load(messages, size)
    load.add(message())
    assert not load.full
    load.add(message())
    assert load.full
    load.add(message(), -1)
    assert not load.full
