"""Single settings: what is taken, in which spelling, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import setting_values as values

DAY = 86_400_000


def test_sizes_are_bytes_with_or_without_a_binary_unit() -> None:
    read = values.size(1, 1 << 40)
    assert [read(text) for text in ("1", "7 B", "2KiB", "3 MiB", "1 GiB")] == [1, 7, 2048, 3 << 20, 1 << 30]


@pytest.mark.parametrize("text", ["", "KiB", "1.5 MiB", "1e3", "1 kB", "1 MB", "-1", "0", "٣", "1" * 40])
def test_what_could_be_read_two_ways_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        values.size(1, 1 << 40)(text)


def test_a_size_may_be_left_out() -> None:
    read = values.optional_size(16 << 20, 1 << 40)
    assert (read(""), read("16 MiB")) == (None, 16 << 20)
    with pytest.raises(ValueError, match="is not a size from 16777216 to"):
        read("15 MiB")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("30d", (("*", 30 * DAY),)),
        ("forever", (("*", None),)),
        ("boiler/* 2y, */rssi 12 h ,90 d", (("boiler/*", 730.5 * DAY), ("*/rssi", DAY / 2), ("*", 90 * DAY))),
        ("a b/c d 1w, x forever", (("a b/c d", 7 * DAY), ("x", None))),
        ("5m, a 5min, b 5 s", (("*", 300_000), ("a", 300_000), ("b", 5_000))),
        ("tank 3 30d, 7 30d", (("tank 3", 30 * DAY), ("7", 30 * DAY))),
    ],
)
def test_ages_by_pattern(text: str, found: object) -> None:
    assert values.ages(text) == found


@pytest.mark.parametrize(
    "text", ["30", "d", "boiler/*", "0d", "-1d", "1.5h", "1d,", ",", "1d 2", "30D", "1 ms", "1001y", "٣d"]
)
def test_what_ends_in_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not end in an age"):
        values.ages(text)


@given(st.text())
def test_no_text_makes_ages_fail_otherwise(text: str) -> None:
    """Whatever is written: patterns with positive ages, or what would be right."""
    try:
        found = values.ages(text)
    except ValueError as error:
        assert "write 30d" in str(error)  # noqa: PT017 - which of the two it is does not matter
        return
    assert all(pattern and (age is None or age > 0) for pattern, age in found)


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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("awair://awair-1.local", ("awair://awair-1.local",)),
        ("airgradient://10.0.0.7:8080/, deconz://[fe80::1]:443", ("airgradient://10.0.0.7:8080/", "deconz://[fe80::1]:443")),
        ("awair://a, awair://a", ("awair://a",)),
    ],
)  # fmt: skip
def test_targets_to_poll(text: str, found: tuple[str, ...]) -> None:
    assert values.targets(text) == found


@pytest.mark.parametrize(
    "text",
    ["awair", "http://host", "awair://", "awair://host/path", "awair://me:pw@host", "deconz://host:0", "deconz://host:x",
     "deconz://host:99999", "awair://host?x=1", "awair://[::1"],
)  # fmt: skip
def test_what_cannot_be_polled_is_no_target(text: str) -> None:
    with pytest.raises(ValueError, match="write awair://HOST"):
        values.targets(text)


@pytest.mark.parametrize("text", ["", "pi", "Boiler-Room2", "a" * 60])
def test_a_host_name_of_one_word(text: str) -> None:
    assert values.host_label(text) == text


@pytest.mark.parametrize("text", ["pi.local", "-pi", "pi-", "boiler room", "küche", "a" * 61])
def test_what_is_no_host_name_of_one_word(text: str) -> None:
    with pytest.raises(ValueError, match="host name of one word"):
        values.host_label(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("127.0.0.1, 10.0.0.0/29 ::1", ["127.0.0.1/32", "10.0.0.0/29", "::1/128"]),
        ("fd00::/8", ["fd00::/8"]),
    ],
)
def test_networks(text: str, found: list[str]) -> None:
    assert [str(one) for one in values.networks(text)] == found


@pytest.mark.parametrize(
    "text", ["proxy.local", "10.0.0.1/8", "10.0.0.0/33", "*", "10.0.0", "1", "[::1]", "10.0.0.1:80"]
)
def test_what_is_no_network_is_trusted_by_nobody(text: str) -> None:
    """A host bit in a network is a slip of the pen that would trust more, or other, machines than meant."""
    with pytest.raises(ValueError, match="is not a list of addresses"):
        values.networks(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 2_592_000), ("12 h", 43_200), ("90 s", 90), ("5 min", 300), ("45", 45), ("2 s", 2)]
)
def test_a_duration_is_seconds_in_the_unit_that_people_write(text: str, seconds: float) -> None:
    assert values.duration(1, 31_536_000)(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0 s", "-1", "1.5 h", "1 month", "forever", "30d 5h", "367d", "٣ d", "1e3"])
def test_what_is_no_duration_in_its_bounds_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration of 1 s to 366 d"):
        values.duration(1, 366 * 86_400)(text)


@pytest.mark.parametrize("name", ["", "Remote-User", "X-Forwarded-User", "X-authentik-username"])
def test_a_header_is_named(name: str) -> None:
    assert values.header_name(name) == name


@pytest.mark.parametrize(
    "name", ["Remote User", "Remote-User:", "Rémote", "a\r\nb", "Cookie", "authorization", "HOST", "x" * 65]
)
def test_what_can_be_no_header_or_carries_something_else_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        values.header_name(name)
