from __future__ import annotations

import json
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import native_mqtt
from devices.codecs.native import Readings
from telemetry.model import EARLIEST_TS, Entry, Reason, Refusal

NOW = 1_790_000_000_000
LATEST = NOW + 300_000


def entries(payload: bytes) -> list[Entry]:
    found = native_mqtt.parse(payload)
    assert isinstance(found, Readings), found
    return found.entries


def code(found: object) -> Reason:
    assert isinstance(found, Refusal), found
    return found.code


@pytest.mark.parametrize("encode", [lambda body: json.dumps(body).encode(), cbor2.dumps], ids=["json", "cbor"])
@pytest.mark.parametrize(
    "body",
    [
        {"t": 21.5, "door": {"open": True}},
        {"ts": NOW, "values": {"t": 1}},
        {"age": 5, "values": {"t": 1}},
        [{"t": 1}, {"ts": NOW, "values": {"t": 2}}],
        {"id": 1, "readings": [{"t": 1}]},
        [{"n": "t", "u": "Cel", "v": 20}],
    ],
    ids=["bare", "time", "age", "batch", "envelope", "senml"],
)
def test_same_message_in_json_and_cbor(encode: Any, body: Any) -> None:
    assert entries(encode(body)) == entries(json.dumps(body).encode())
    assert entries(encode(body))


def test_json_may_begin_with_white_space() -> None:
    assert entries(b' \r\n\t{"t": 1}') == [Entry({"t": 1}, bare=True)]
    assert native_mqtt.reply(b'\n{"reply": {"id": "c1", "ok": true}}') == {"id": "c1", "ok": True}


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"21.5", b"hello", b"null", b'"text"', b"\xff", b"\x00", b'{"config": {}}', b'{"reply": {"id": "c"}}'],
    ids=repr,
)
def test_what_is_no_reading_is_refused(payload: bytes) -> None:
    assert code(native_mqtt.parse(payload)) is Reason.BAD_MESSAGE


@given(st.binary(max_size=64))
def test_any_bytes_are_readings_or_refused(payload: bytes) -> None:
    assert isinstance(native_mqtt.parse(payload), Readings | Refusal)
    assert isinstance(native_mqtt.reply(payload), dict | Refusal)


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (b'{"reply": {"id": "c1", "ok": true}}', {"id": "c1", "ok": True}),
        (b'{"id": "c1", "ok": true, "result": [1]}', {"id": "c1", "ok": True, "result": [1]}),
        (cbor2.dumps({"reply": {"id": "c1"}}), {"id": "c1"}),
        (cbor2.dumps({"id": "c1", "ok": False}), {"id": "c1", "ok": False}),
    ],
    ids=["wrapped", "plain", "cbor wrapped", "cbor plain"],
)
def test_reply(payload: bytes, body: dict[str, object]) -> None:
    assert native_mqtt.reply(payload) == body


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"1", b"{", b'{"reply": {"id": "c"}, "t": 1}', b'{"id": "c", "result": NaN}'], ids=repr
)
def test_what_is_no_reply_is_refused(payload: bytes) -> None:
    assert code(native_mqtt.reply(payload)) is Reason.BAD_MESSAGE


def timed(*times: Any) -> list[Entry]:
    return [Entry({"t": at}, ts) for at, ts in enumerate(times)]


def test_times_that_can_be_are_left() -> None:
    given_ = timed(EARLIEST_TS, NOW, LATEST, None)
    assert native_mqtt.in_time(given_, NOW, LATEST) == (given_, None)


def test_times_of_no_integer_are_for_the_gate_to_refuse() -> None:
    given_ = timed("yesterday", 1.5, True)
    assert native_mqtt.in_time(given_, NOW, LATEST) == (given_, None)


@pytest.mark.parametrize("ts", [0, -1, EARLIEST_TS - 1, LATEST + 1, 10**30])
def test_one_time_that_cannot_be_is_that_of_arrival(ts: int) -> None:
    assert native_mqtt.in_time(timed(NOW, ts), NOW, LATEST) == (timed(NOW, None), ts)


def test_time_far_ahead_is_left_while_our_own_clock_is_not_trusted() -> None:
    assert native_mqtt.in_time(timed(LATEST + 1), NOW, 2**53) == (timed(LATEST + 1), None)


@given(
    start=st.integers(-(2**40), EARLIEST_TS - 86_400_001),
    steps=st.lists(st.integers(0, 86_400_000 // 20), min_size=1, max_size=20),
)
def test_wrong_clock_keeps_its_distances_and_ends_at_arrival(start: int, steps: list[int]) -> None:
    times = [start]
    for step in steps:
        times.append(times[-1] + step)
    fixed, said = native_mqtt.in_time(timed(*times), NOW, LATEST)
    assert said == times[-1]
    assert [entry.values for entry in fixed] == [{"t": at} for at in range(len(times))]
    assert [NOW - entry.ts for entry in fixed] == [times[-1] - ts for ts in times]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**70), 2**70)), max_size=8))
def test_every_time_that_is_left_can_be(times: list[int | None]) -> None:
    fixed, said = native_mqtt.in_time(timed(*times), NOW, LATEST)
    assert all(entry.ts is None or EARLIEST_TS <= entry.ts <= LATEST for entry in fixed)
    wrong = [ts for ts in times if ts is not None and not EARLIEST_TS <= ts <= LATEST]
    assert said == (max(wrong) if wrong else None)
    assert [a.ts for a, ts in zip(fixed, times, strict=True) if ts not in wrong] == [t for t in times if t not in wrong]


def test_last_known_values_of_a_retained_message() -> None:
    body = [
        {"ts": NOW, "values": {"t": 21.5, "door": {"open": True}, "mode": "e" * 300, "none": None, "list": [1]}},
        {"device": "node", "values": {"t": 2}},
    ]
    found = native_mqtt.last_known("gate", entries(json.dumps(body).encode()))
    assert [tuple(one) for one in found.samples] == [
        ("gate", "t", 21.5, NOW, None),
        ("gate", "door.open", True, NOW, None),
        ("gate", "mode", "e" * 255, NOW, None),
        ("node", "t", 2.0, None, None),
    ]


def test_last_known_value_has_the_unit_of_its_senml_record() -> None:
    found = native_mqtt.last_known("lab", entries(b'[{"n": "t", "u": "Cel", "v": 20.5}]'))
    assert [(one.metric, one.value, one.unit) for one in found.samples] == [("t", 20.5, "Cel")]


def test_nesting_of_a_retained_message_has_a_bound() -> None:
    body: object = 1
    for _ in range(100):
        body = {"a": body}
    assert native_mqtt.last_known("d", [Entry(body)]).samples == []
