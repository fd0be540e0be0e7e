"""The grammar of a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.model import Reason, Refusal
from telemetry.timespec import LIMIT, moment, moment_in

NOW = 1_763_632_800_123

TABLE = [
    ("0", 0),
    ("1700000000000", 1_700_000_000_000),
    ("-1000", -1000),
    ("now", NOW),
    ("now-6h", NOW - 6 * 3_600_000),
    ("-6h", NOW - 6 * 3_600_000),
    ("-15m", NOW - 15 * 60_000),
    ("-30s", NOW - 30_000),
    ("-250ms", NOW - 250),
    ("-7d", NOW - 7 * 86_400_000),
    ("-2w", NOW - 14 * 86_400_000),
    ("now+5m", NOW + 300_000),
    ("now 5m", NOW + 300_000),  # a `+` that a URL turned into a space
    (" -6h ", NOW - 6 * 3_600_000),
    ("2023-11-14T22:13:20Z", 1_700_000_000_000),
    ("2023-11-14T22:13:20", 1_700_000_000_000),
    ("2023-11-14 22:13:20", 1_700_000_000_000),
    ("2023-11-14T22:13:20.123Z", 1_700_000_000_123),
    ("2023-11-14T22:13:20.1239Z", 1_700_000_000_123),
    ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
    ("2023-11-14T23:13:20 01:00", 1_700_000_000_000),
    ("2023-11-14T23:13:20 0100", 1_700_000_000_000),
    ("2023-11-14T16:43:20-05:30", 1_700_000_000_000),
    ("2023-11-14", 1_699_920_000_000),
]
WRONG = ["", "yesterday", "6h", "--6h", "-6y", "-h", "now-", "now6h", "1e12", "12.5", "٣", "-٣h", "2023-13-01", "NaN"]


@pytest.mark.parametrize(("text", "ms"), TABLE)
def test_moment_is_read(text: str, ms: int) -> None:
    assert moment(text, NOW, "from") == ms


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_moment_is_refused_with_its_place(text: str) -> None:
    refusal = moment(text, NOW, "to")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.at) == (Reason.BAD_VALUE, "to")
    assert "-6h" in refusal.message


@pytest.mark.parametrize("text", ["-999999999999w", "999999999999999999", "-999999999999999999"])
def test_moment_out_of_range_is_refused(text: str) -> None:
    assert isinstance(moment(text, NOW, "from"), Refusal)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-1439, 1439))
@example(datetime.min.replace(tzinfo=UTC), 0)
def test_every_iso_time_in_any_zone_is_read_exactly(when: datetime, offset: int) -> None:
    try:
        text = when.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    except OverflowError:
        return
    assert moment(text, NOW, "from") == (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(st.text())
def test_any_text_is_a_moment_or_a_refusal(text: str) -> None:
    found = moment(text, NOW, "from")
    assert isinstance(found, Refusal) or -LIMIT <= found <= LIMIT


@pytest.mark.parametrize(
    ("value", "result"),
    [(NOW, NOW), ("-1h", NOW - 3_600_000), (True, Reason.BAD_TIME), (1.5, Reason.BAD_TIME), (None, Reason.BAD_TIME)],
)
def test_a_time_in_a_body_is_a_string_or_an_integer(value: object, result: int | Reason) -> None:
    found = moment_in({"since": value}, "since", NOW)
    assert (found.code if isinstance(found, Refusal) else found) == result
    assert not isinstance(found, Refusal) or found.at == "since"
