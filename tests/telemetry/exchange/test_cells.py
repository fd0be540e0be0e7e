"""Cells: every value comes back as it was, and none is a formula."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.exchange.cells import cell_of, guarded, iso_of, ms_of, ms_of_iso, quoted, unguarded, value_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NASTY = ["=1+1", "+1", "-1", "@x", "\t", "\rx", "'", "''x", "", " ", "1", "1e5", "TRUE", "false", "nan", "-Inf", " 12 "]


@given(TEXTS | st.sampled_from(NASTY))
def test_a_text_comes_back(text: str) -> None:
    assert value_of(guarded(text)) == text
    assert unguarded(guarded(text)) == text


@given(TEXTS | st.sampled_from(NASTY))
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert guarded(text)[:1] not in set("=+-@\t\r")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_to_the_last_bit(number: float) -> None:
    back = value_of(cell_of(number))
    assert isinstance(back, float)
    assert (back, math.copysign(1, back)) == (number, math.copysign(1, number))


@pytest.mark.parametrize(("cell", "value"), [("-4.5", -4.5), ("+1", 1.0), (" 7 ", 7.0), (".5", 0.5), ("5.", 5.0)])
def test_a_number_is_a_number_with_its_sign(cell: str, value: float) -> None:
    assert value_of(cell) == value


def test_negative_numbers_are_not_guarded() -> None:
    assert cell_of(-1.5) == "-1.5"


@pytest.mark.parametrize(("cell", "value"), [("true", True), ("FALSE", False), ("", None), ("  ", None)])
def test_booleans_and_nothing(cell: str, value: bool | None) -> None:
    assert value_of(cell) is value


@pytest.mark.parametrize("value", [True, False])
def test_booleans_come_back(value: bool) -> None:
    assert value_of(cell_of(value)) is value


@pytest.mark.parametrize("cell", ["nan", "NaN", "-inf", "Infinity", "1e999", "+nan"])
def test_what_is_no_finite_number_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        value_of(cell)


@pytest.mark.parametrize("cell", ["x" * 256, "'" + "1" * 256, "\ud800"])
def test_a_text_that_cannot_be_kept_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="text"):
        value_of(cell)


@pytest.mark.parametrize("cell", ["12_000", "0x10", "55,3", "1:30", "١٢"])
def test_what_only_python_or_people_take_for_a_number_is_a_text(cell: str) -> None:
    assert value_of(cell) == cell


@pytest.mark.parametrize(
    ("cell", "there"), [("a,b", '"a,b"'), ('say "x"', '"say ""x"""'), ("a\nb", '"a\nb"'), (" a", '" a"'), ("a", "a")]
)
def test_cells_are_quoted_where_they_must_be(cell: str, there: str) -> None:
    assert quoted(cell) == there


@pytest.mark.parametrize("cell", ["", "1.5", "1e3", "1_000", "x", "--1", "1" * 30])
def test_a_time_in_ms_is_a_whole_number(cell: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        ms_of(cell)


@pytest.mark.parametrize(
    ("cell", "ms"),
    [
        ("2023-11-14T22:13:20.123Z", 1_700_000_000_123),
        ("2023-11-14 22:13:20", 1_700_000_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_iso_times_are_utc_unless_they_say(cell: str, ms: int) -> None:
    assert ms_of_iso(cell) == ms


def test_no_iso_time_is_refused() -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        ms_of_iso("yesterday")


def test_a_second_as_iso() -> None:
    assert iso_of(1_700_000_000) == "2023-11-14T22:13:20"
    assert iso_of(253_402_300_800) == ""
    assert ms_of(" 12 ") == 12
