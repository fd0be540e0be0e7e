"""Frames as the client writes them, judged by the server's own decoders."""

from __future__ import annotations

import json
import math

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.frames import CborFormat, Item, JsonFormat, count_readings, decoded

NAMES = st.text(min_size=1, max_size=12)
VALUES = st.dictionaries(
    NAMES,
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.text(max_size=40)
    | st.integers(-(2**53), 2**53),
    max_size=5,
)


def item(form, values, *, ts=None, at=0.0, device=None, number=1):
    name = form.content(device) if device else b""
    return Item(number, at, ts, form.content(values), name, count_readings(values))


@pytest.mark.parametrize(("form", "load"), [(JsonFormat(), json.loads), (CborFormat(), cbor2.loads)])
@given(
    number=st.integers(0, 2**53 - 1),
    entries=st.lists(st.tuples(VALUES, st.none() | st.integers(10**12, 2 * 10**12), st.none() | NAMES), max_size=30),
)
def test_envelope_says_what_was_taken(form, load, number, entries):
    items = [item(form, values, ts=ts, device=device) for values, ts, device in entries]
    frame = form.envelope(number, items, now=1.5)
    expected = [
        ({"device": device} if device else {}) | ({"age": 1500} if ts is None else {"ts": ts}) | {"values": values}
        for values, ts, device in entries
    ]
    assert load(frame) == {"id": number, "readings": expected}
    assert len(frame) <= sum(one.size for one in items) + 64


@pytest.mark.parametrize("count", [0, 23, 24, 255, 256, 10_000])
def test_cbor_array_heads_of_every_size(count):
    form = CborFormat()
    frame = form.envelope(1, [item(form, {"t": 1}, ts=5)] * count, now=0)
    assert len(cbor2.loads(frame)["readings"]) == count


def test_age_counts_from_when_it_was_taken_and_is_never_negative():
    form = JsonFormat()
    frame = form.envelope(1, [item(form, {"t": 1}, at=10.0), item(form, {"t": 1}, at=99.0)], now=12.3456)
    assert [one["age"] for one in json.loads(frame)["readings"]] == [2346, 0]


def test_readings_are_counted_through_nests_and_none_is_none():
    assert count_readings({"a": 1, "b": {"c": True, "d": {"e": "x", "f": None}}, "g": None}) == 3


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 10**400, "x" * 256, [1], b"x", object()],
    ids=lambda value: repr(value)[:12],
)
def test_what_no_server_takes_is_refused_where_it_is_made(value):
    with pytest.raises(ValueError, match="bad"):
        count_readings({"outer": {"bad": value}, "good": 1})


@pytest.mark.parametrize("frame", [b"\xff", b"\x01", "[1]", "{", "nonsense"])
def test_a_frame_that_is_no_object_is_a_value_error(frame):
    with pytest.raises(ValueError):
        decoded(frame)


def test_answers_come_as_text_or_binary():
    assert decoded('{"ack": 1}') == decoded(cbor2.dumps({"ack": 1})) == {"ack": 1}
