"""The words of the core, and how readings look in JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.model import Kind, Reading, Reason, Refusal, Series, kind_of, reading_json, spans_of


def series(name: str = "boiler/temperature") -> Series:
    device, _, metric = name.partition("/")
    return Series(1, device, metric, name, Kind.NUMBER)


def test_refusal_says_only_what_it_knows() -> None:
    assert Refusal(Reason.BAD_VALUE, "no").body() == {"code": "bad_value", "message": "no"}
    full = Refusal(Reason.TRY_LATER, "full", "readings[0]", 500)
    assert full.body() == {"code": "try_later", "message": "full", "at": "readings[0]", "retry_after": 500}


@pytest.mark.parametrize(("value", "kind"), [(1.0, Kind.NUMBER), (True, Kind.BOOLEAN), ("on", Kind.TEXT)])
def test_kind_is_that_of_the_value(value: float | bool | str, kind: Kind) -> None:
    assert kind_of(value) is kind


VALUES = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(max_size=30))


@given(st.text(min_size=1, max_size=20), st.integers(0, 2**53), VALUES)
def test_json_of_a_reading_reads_back_as_it_was(name: str, ts: int, value: float | bool | str) -> None:
    """Also names with quotes, backslashes and control characters, and booleans as booleans."""
    got = json.loads(reading_json(Reading(series(name), ts, value)))
    assert got == [name, ts, value]
    assert type(got[2]) is type(value) or isinstance(value, float)


def test_spans_hold_the_first_and_last_time_of_each_series() -> None:
    one, other = series("a/x"), series("a/y")
    readings = [Reading(one, 5, 1.0), Reading(other, 7, 1.0), Reading(one, 3, 1.0), Reading(one, 4, 1.0)]
    assert spans_of(readings) == [("a/x", 3, 5), ("a/y", 7, 7)]
    assert spans_of([]) == []
