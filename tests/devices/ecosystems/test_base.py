"""The helpers that every decoder stands on."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ecosystems import base
from devices.ecosystems.base import Ecosystem, Message, Request
from telemetry.model import EARLIEST_TS, Reason, Refusal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_finite_value_is_a_boolean_or_a_finite_float(value: object) -> None:
    found = base.finite(value)
    assert found is None or isinstance(found, bool) or (type(found) is float and math.isfinite(found))
    if isinstance(value, bool):
        assert found is value


@pytest.mark.parametrize("value", [None, "1", [1], {}, math.nan, math.inf, -math.inf, 10**400, -(10**400)], ids=str)
def test_what_is_not_finite(value: object) -> None:
    assert base.finite(value) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21.5", 21.5), (" -3\r\n", -3.0), ("+.5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-3", 0.001), ("007", 7.0),
        ("", None), (" ", None), (".", None), ("-", None), ("1,5", None), ("1 2", None), ("21.5 °C", None),
        ("0x10", None), ("1_000", None), ("nan", None), ("inf", None), ("-Infinity", None), ("1e999", None),
        ("1e9999", None), ("٣", None), ("９", None), ("1" * 401, None), ("e5", None), ("--1", None), ("true", None),
    ],
)  # fmt: skip
def test_number_of_a_text(text: str, expected: float | None) -> None:
    assert base.number(text) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_back(value: float) -> None:
    assert base.number(repr(value)) == value


@given(st.text(max_size=30))
def test_any_text_is_a_finite_number_or_none(text: str) -> None:
    found = base.number(text)
    assert found is None or math.isfinite(found)


@given(JSON)
def test_leaves_are_finite_and_found_under_their_path(value: object) -> None:
    for path, reading in base.leaves(value):
        assert isinstance(reading, bool) or math.isfinite(reading)
        assert isinstance(path, str)


def test_leaves_of_objects_lists_and_words() -> None:
    said = {
        "a": {"b": {"c": 1}, "on": True},
        "list": [1, 2.5, False],
        "mixed": [1, "2"],
        "empty": [],
        "state": "ON",
        "other": "idle",
        "text": "21.5",
        "none": None,
        "inf": math.inf,
        "big": 10**400,
        "": 7,
        "objects": [{"a": 1}],
    }
    assert list(base.leaves(said, words={"ON": True, "OFF": False})) == [
        ("a.b.c", 1.0), ("a.on", True), ("list.0", 1.0), ("list.1", 2.5), ("list.2", False), ("state", True), ("", 7.0),
    ]  # fmt: skip
    assert ("state", True) not in list(base.leaves(said))
    assert list(base.leaves({"x": 1}, "root")) == [("root.x", 1.0)]
    assert list(base.leaves(5, "alone")) == [("alone", 5.0)]


@pytest.mark.parametrize(("levels", "found"), [(base.NESTED_MAX, 1), (base.NESTED_MAX + 1, 0)])
def test_leaves_deeper_than_the_bound_are_no_readings(levels: int, found: int) -> None:
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    assert len(list(base.leaves(value))) == found


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        (EARLIEST_TS, EARLIEST_TS), (EARLIEST_TS - 1, None), (0, None), (-1, None), (2**53 - 1, 2**53 - 1),
        (2**53, None), (10**400, None), (math.nan, None), (math.inf, None), (-math.inf, None),
        (1_700_000_000_123.9, 1_700_000_000_123), (1_700_000_000_122.9999999, 1_700_000_000_123),
    ],
    ids=str,
)  # fmt: skip
def test_usable_time(ms: float, expected: int | None) -> None:
    assert base.usable(ms) == expected


@given(st.integers(EARLIEST_TS, 4_102_444_800_000))
def test_seconds_with_a_fraction_are_exact_to_the_millisecond(ms: int) -> None:
    assert base.seconds(ms / 1000) == ms
    assert base.milliseconds(ms) == ms
    assert base.milliseconds(float(ms)) == ms
    assert base.seconds(ms // 1000) == ms // 1000 * 1000


@pytest.mark.parametrize("read", [base.seconds, base.milliseconds])
@pytest.mark.parametrize("value", [True, None, "1700000000", [], math.nan, math.inf, 10**400, -(10**400), 0], ids=str)
def test_what_is_no_time_in_numbers(read: object, value: object) -> None:
    assert callable(read)
    assert read(value) is None


AT = 1_741_171_211_431


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-05T10:40:11.431Z", AT),
        ("2025-03-05T10:40:11.431999999Z", AT),
        ("2025-03-05T10:40:11.4Z", AT - 31),
        ("2025-03-05T10:40:11Z", AT - 431),
        ("2025-03-05T11:40:11.431+01:00", AT),
        ("2025-03-05T11:40:11.431+0100", AT),
        ("2025-03-05 10:40:11.431+00:00", AT),
        (" 2025-03-05T10:40:11.431Z\n", AT),
        ("2025-03-05T10:40:11.431", None),
        ("2025-03-05", None),
        ("1999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2025-02-30T00:00:00Z", None),
        ("now", None),
        ("", None),
        ("2" * 65, None),
        (None, None),
        (1_741_171_211, None),
    ],
    ids=str,
)
def test_iso_time(text: object, expected: int | None) -> None:
    assert base.iso(text) == expected


def test_iso_time_without_a_zone_is_utc_only_where_the_format_says_so() -> None:
    assert base.iso("2025-03-05T10:40:11.431", utc=True) == AT
    assert base.iso("2025-03-05T11:40:11.431+01:00", utc=True) == AT


@given(
    st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - given a zone below
    st.integers(-14 * 60, 14 * 60),
)
def test_iso_time_is_the_same_in_every_zone(time: datetime, minutes: int) -> None:
    time = time.replace(tzinfo=UTC, microsecond=time.microsecond // 1000 * 1000)
    there = time.astimezone(timezone(timedelta(minutes=minutes)))
    ms = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert base.iso(there.isoformat()) == ms


@given(st.text(max_size=70))
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert base.iso(text) is None or base.usable(base.iso(text, utc=True) or 0) is not None


def test_text_of_a_payload() -> None:
    assert base.text_of("21,5 °C".encode()) == "21,5 °C"
    assert base.text_of(b"\xff\xfe") is None


@pytest.mark.parametrize("payload", [b"[]", b"1", b'"a"', b"null", b"{", b"\xff", b""], ids=repr)
def test_document_is_an_object_or_a_refusal(payload: bytes) -> None:
    found = base.document(payload)
    assert isinstance(found, Refusal)
    assert found.code is Reason.BAD_MESSAGE
    assert base.document(json.dumps({"a": 1}).encode()) == {"a": 1}


def test_content_type_is_without_its_parameters() -> None:
    def of(header: dict[str, str]) -> str:
        return Request("POST", "/", b"", 0, headers=header).content_type

    assert of({"content-type": "Application/JSON ; charset=utf-8"}) == "application/json"
    assert of({}) == ""


def test_payload_codec_of_a_device_is_the_first_that_fits() -> None:
    codec = base.codec_of([("node-1", "ruuvi"), ("node-*", "cayennelpp"), ("*", "other")])
    assert [codec(device) for device in ("node-1", "node-2", "x")] == ["ruuvi", "cayennelpp", "other"]
    assert base.codec_of([])("node-1") is None
    assert base.no_codec("node-1") is None


def test_ecosystem_that_says_nothing_claims_nothing() -> None:
    one = Ecosystem()
    assert one.message(Message("a/b", b"1", 0)) is None
    assert one.request(Request("GET", "/", b"", 0)) is None
    assert one.units("a/b") == {}
    assert one.codec("a") is None
