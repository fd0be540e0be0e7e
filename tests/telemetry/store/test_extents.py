"""What there is of a series in a span: exact counts and ends, sealed or not, gone or not."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.model import Mask
from telemetry.store import extents, retention, survey
from telemetry.store.extents import Span
from telemetry.store.levels import DAY as ONE_DAY
from telemetry.store.levels import HOUR, MINUTE, QUARTER
from telemetry.store.records import LAYOUT, Records, Texts
from telemetry.store.weave import weave
from tests.telemetry.store.kit import EVER, T0, database, packed

NONE: Records = np.empty(0, dtype=LAYOUT)
DAY = [(T0 + 1_000 * i, float(i % 100)) for i in range(20_000)]
NOTHING = extents.Unsealed(NONE, np.empty(0, dtype=np.int64))


@pytest.mark.parametrize(
    ("tail", "left", "replaced"),
    [
        ([(T0 + 99_999_999, 1.0)], 1, []),  # later than everything
        ([(T0 + 500, 1.0)], 1, []),  # late, between two sealed ones
        ([(T0 + 1_000, 1.0)], 0, []),  # the same once more
        ([(T0 + 1_000, 7.0)], 1, [T0 + 1_000]),  # another value
        ([(T0 + 1_000, True)], 1, [T0 + 1_000]),  # the same number, but a boolean
        ([(T0 - 5, 1.0), (T0, 9.0), (T0 + 3_000, 3.0), (T0 + 99_999_999, 1.0)], 3, [T0]),
    ],
)
def test_repeats_are_told_from_what_is_new(tail: list[tuple[int, float]], left: int, replaced: list[int]) -> None:
    connection, texts = database(), Texts()
    weave(connection, packed(DAY, texts), texts)
    new = extents.unsealed(connection, Span(1, -EVER, EVER), packed(tail, texts), texts)
    assert len(new.records) == left
    assert new.replaced.tolist() == replaced
    extent = extents.extent(connection, Span(1, -EVER, EVER), new)
    assert extent.count == len({ts for ts, _ in DAY + tail})


@pytest.mark.parametrize(
    ("frm", "to"), [(T0, T0 + 1), (T0 + 1, T0 + 1_000), (T0 - 9, T0 + 5_000_500), (0, T0), (T0 + 9, T0)]
)
def test_extent_is_exact_for_any_span(frm: int, to: int) -> None:
    connection, texts = database(), Texts()
    weave(connection, packed(DAY, texts), texts)
    nothing = extents.Unsealed(NONE, np.empty(0, dtype=np.int64))
    times = [ts for ts, _ in DAY if frm <= ts < to]
    expected = extents.Extent(len(times), times[0], times[-1]) if times else extents.Extent(0)
    assert extents.extent(connection, Span(1, frm, to), nothing) == expected


def test_reading_that_a_mask_hides_takes_the_sealed_one_with_it() -> None:
    """It came later, so the sealed value does not stand; hidden, nothing stands at that time."""
    connection, texts = database(), Texts()
    weave(connection, packed(DAY, texts), texts)
    span, mask = Span(1, -EVER, EVER), Mask(1, 0, EVER, above=1_000.0, below=None)
    tail = packed([(DAY[5][0], 5_000.0), (DAY[5][0] + 1, 6_000.0)], texts)
    new = extents.unsealed(connection, span, tail, texts, [mask])
    assert len(new.records) == 0
    assert extents.extent(connection, span, new).count == len(DAY) - 1
    assert DAY[5][0] not in survey.raw(connection, span, new, texts, lambda: None)["ts"]


def test_what_outlived_its_readings_is_the_finest_level_that_is_complete() -> None:
    connection, texts = database(), Texts()
    for at in range(0, 200_000, 5_000):
        weave(connection, packed([(T0 + 1_000 * i, 1.0) for i in range(at, at + 5_000)], texts), texts)
    assert extents.outlived(connection, Span(1, -EVER, EVER)) is None
    half = T0 + 100_000_000
    while retention.purge(
        connection, retention.Cut(1, half, {MINUTE: T0 + 50_000_000, QUARTER: 0, HOUR: 0, ONE_DAY: 0})
    ).more:
        pass
    everything = extents.outlived(connection, Span(1, -EVER, EVER))
    assert everything is not None
    assert (everything.width, everything.first) == (QUARTER, T0)
    later = extents.outlived(connection, Span(1, T0 + 60_000_000, EVER))
    assert later is not None
    assert later.width == MINUTE
    assert extents.outlived(connection, Span(1, half, EVER)) is None
    zoomed = survey.zoomed(connection, Span(1, T0, EVER), NOTHING, HOUR, lambda: None)
    assert zoomed.buckets["count"].sum() == 200_000
