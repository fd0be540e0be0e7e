"""Single settings: what is taken, in which spelling, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import setting_values as values


def test_sizes_are_bytes_with_or_without_a_binary_unit() -> None:
    read = values.size(1, 1 << 40)
    assert [read(text) for text in ("1", "7 B", "2KiB", "3 MiB", "1 GiB")] == [1, 7, 2048, 3 << 20, 1 << 30]


@pytest.mark.parametrize("text", ["", "KiB", "1.5 MiB", "1e3", "1 kB", "1 MB", "-1", "0", "٣", "1" * 40])
def test_what_could_be_read_two_ways_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        values.size(1, 1 << 40)(text)


@given(st.integers(0, 100))
def test_whole_numbers_come_back(number: int) -> None:
    assert values.whole(0, 100)(str(number)) == number


@given(st.text())
def test_no_text_gets_past_a_number_but_a_number_in_range(text: str) -> None:
    """Whatever is written, the parser answers or says what is right."""
    try:
        number = values.number(1, 60)(text)
    except ValueError:
        return
    assert 1 <= number <= 60


@given(st.text())
def test_no_text_makes_origin_fail(text: str) -> None:
    """It judges headers from the network."""
    values.origin(text)


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("http://Pi.Local", "http://pi.local:80"),
        ("https://pi.local", "https://pi.local:443"),
        ("https://pi.local:8443", "https://pi.local:8443"),
        ("http://[FE80::1]:80", "http://[fe80::1]:80"),
        ("file://", "file://"),
    ],
)
def test_an_origin_has_one_spelling(text: str, one: str) -> None:
    assert values.origin(text) == one


@pytest.mark.parametrize(
    "text", ["null", "", "pi.local", "ftp://pi", "http://", "http://pi/", "http://pi?x", "http://a@pi", "http://pi:x"]
)
def test_what_is_no_origin_is_none(text: str) -> None:
    assert values.origin(text) is None


def test_paths() -> None:
    assert values.optional_path("") is None
    assert values.optional_path("a b/c") == Path("a b/c")
    with pytest.raises(ValueError, match="path of a file"):
        values.path("a\0b")
