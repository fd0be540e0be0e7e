from __future__ import annotations

import pytest

from devices.ecosystems.words import availability, json_object, looks_like_json, not_utf8, presence
from telemetry.model import Reason, Refusal


@pytest.mark.parametrize(
    ("payload", "online"),
    [(b"online", True), (b"Offline", False), (b" ONLINE\n", True), (b"on", None), (b"", None), (b"\xff", None)],
)
def test_bare_availability_is_read_in_any_case(payload: bytes, online: bool | None) -> None:
    assert availability(payload) is online


def test_unknown_presence_is_not_presence() -> None:
    assert presence("a", online=None).presence == {}
    assert presence("a", online=False).presence == {"a": False}


def test_only_objects_are_objects() -> None:
    assert json_object(b'{"a": 1}') == {"a": 1}
    assert json_object(b"[1]") is None
    assert isinstance(json_object(b"{"), Refusal)
    assert isinstance(json_object(b'"\xff"'), Refusal)


def test_json_is_told_by_its_first_character() -> None:
    assert looks_like_json(b" \n{")
    assert looks_like_json(b"[1]")
    assert not looks_like_json(b"1")
    assert not looks_like_json(b"")


def test_broken_text_is_a_bad_message() -> None:
    assert not_utf8().code is Reason.BAD_MESSAGE
