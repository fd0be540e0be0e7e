"""The planner: what is not sealed joins what is, from whichever source that comes."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.store import buckets, extents, survey
from telemetry.store.extents import Span
from telemetry.store.levels import HOUR, MINUTE
from telemetry.store.records import LAYOUT, Records, Texts
from telemetry.store.weave import weave
from tests.telemetry.store.kit import EVER, T0, database, packed, plain

NONE: Records = np.empty(0, dtype=LAYOUT)
DAY = [(T0 + 1_000 * i, float(i % 100)) for i in range(20_000)]


def go_on() -> None:
    """Someone still waits."""


@pytest.mark.parametrize("width", [MINUTE, 5 * MINUTE, HOUR, 7])
def test_a_replaced_reading_counts_once_whatever_the_source(width: int) -> None:
    connection, texts = database(), Texts()
    weave(connection, packed(DAY, texts), texts)
    tail = [(DAY[5_000][0], -50.0), (DAY[5_000][0] + 1, 500.0), (DAY[-1][0] + 1_000, 1.0)]
    span = Span(1, DAY[17][0] + 1, EVER)
    new = extents.unsealed(connection, span, packed(tail, texts), texts)
    zoomed = survey.zoomed(connection, span, new, width, go_on)
    everything = sorted((dict(DAY) | dict(tail)).items())
    right = buckets.of_records(packed([one for one in everything if one[0] >= span.frm], texts), width)
    for name in ("t", "count", "min", "max"):
        assert zoomed.buckets[name].tolist() == right[name].tolist()
    assert np.allclose(zoomed.avg, right["sum"] / right["count"])
    raw = survey.raw(connection, span, new, texts, go_on)
    assert plain(raw, texts) == {ts: (float, v) for ts, v in everything if ts >= span.frm}


def test_wide_buckets_open_no_chunk() -> None:
    """Roll-ups and statistics answer: the readings themselves are gone, and nobody notices."""
    connection, texts = database(), Texts()
    weave(connection, packed(DAY, texts), texts)
    connection.execute("DELETE FROM chunk_data")
    nothing = extents.Unsealed(NONE, np.empty(0, dtype=np.int64))
    zoomed = survey.zoomed(connection, Span(1, T0 // HOUR * HOUR, T0 // HOUR * HOUR + 9 * HOUR), nothing, HOUR, go_on)
    assert zoomed.buckets["count"].sum() == len(DAY)


def test_a_long_read_asks_whether_anyone_waits() -> None:
    connection, texts = database(), Texts()
    weave(connection, packed(DAY, texts), texts)
    nothing = extents.Unsealed(NONE, np.empty(0, dtype=np.int64))

    def gone() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        survey.raw(connection, Span(1, -EVER, EVER), nothing, texts, gone)
    with pytest.raises(TimeoutError):
        survey.zoomed(connection, Span(1, -EVER, EVER), nothing, MINUTE, gone)
