"""The readings that all contenders get."""

import numpy as np
import pytest

from bench.storage.contender import commits
from bench.storage.data import START, Feed, by_series, joined

FEEDS = [Feed(20_003), Feed(20_000, series=20, cadence=60), Feed(7_000, series=1, first=7), Feed(9_999, recorded=True)]


@pytest.mark.parametrize("feed", FEEDS, ids=str)
def test_a_feed_is_as_long_as_it_says_in_order_of_time_and_the_same_each_time(feed: Feed) -> None:
    whole = joined(list(feed.blocks(3_000)))
    assert len(whole) == feed.readings == feed.count
    assert (np.diff(whole.ts) >= 0).all()
    assert set(whole.series.tolist()) <= set(feed.names)
    for _, some in by_series(whole):
        assert (np.diff(some.ts) > 0).all(), "times of one series rise"
    again = joined(list(feed.blocks(3_000)))
    assert all((one == other).all() for one, other in zip(_columns(whole), _columns(again), strict=True))


def _columns(block):
    return block.series, block.ts, block.value


def test_values_have_two_decimals_and_times_jitter() -> None:
    feed = Feed(200_000)
    whole = joined(list(feed.blocks()))
    hundredths = whole.value * 100
    assert np.abs(hundredths - np.rint(hundredths)).max() < 1e-6
    spread = {number: np.diff(some.ts).std() for number, some in by_series(whole)}
    assert 0.5 < min(spread.values()) < 5 < max(spread.values()) < 50
    assert all(abs(np.diff(some.ts).mean() - 1_000) < 10 for _, some in by_series(whole))
    assert whole.ts.min() >= START - 100


def test_each_kind_stays_where_such_sensors_are() -> None:
    feed = Feed(40_000, series=20, cadence=60)
    limits = {
        "temperature": (-10, 45),
        "humidity": (5, 95),
        "pressure": (950, 1070),
        "power": (0, 2100),
        "battery": (2.8, 4.5),
    }
    for number, some in by_series(joined(list(feed.blocks()))):
        low, high = limits[feed.names[number][1]]
        assert low <= some.value.min() <= some.value.max() <= high
        assert len(np.unique(some.value)) > 10


@pytest.mark.parametrize("feed", FEEDS, ids=str)
def test_commits_hold_everything_once_and_never_more_than_a_period(feed: Feed) -> None:
    cut = list(commits(feed, 1_000))
    whole = joined(list(feed.blocks()))
    assert all((a == b).all() for a, b in zip(_columns(joined(cut)), _columns(whole), strict=True))
    assert all(block.ts.max() // 1_000 == block.ts.min() // 1_000 for block in cut)
    assert len(cut) == len(np.unique(whole.ts // 1_000))
