"""A quota is divided so that all files together stay below it."""

from __future__ import annotations

import pytest

from telemetry.store.limits import MIB, PAGE, SMALL_FILES, UNLIMITED, limits

SIZES = [16 * MIB, 17 * MIB + 3, 24 * MIB, 64 * MIB, 256 * MIB, 1 << 30, 1 << 40]


@pytest.mark.parametrize("quota", SIZES)
def test_parts_fit_into_the_quota(quota: int) -> None:
    found = limits(quota)
    assert found.database is not None
    assert found.log_most is not None
    largest = found.database + found.reserve + found.log_most + SMALL_FILES
    assert largest + (found.commit or 0) <= quota
    assert found.database % PAGE == 0
    assert found.log < found.log_most
    assert found.checkpoint_pages * PAGE <= found.log


@pytest.mark.parametrize("quota", SIZES)
def test_deleting_begins_before_it_is_needed(quota: int) -> None:
    """And leaves room for a part that is sealed, for the journal meanwhile, and most of the quota for readings."""
    found = limits(quota)
    assert found.low is not None
    assert found.full is not None
    assert found.database is not None
    assert found.database - found.full >= 2 * found.seal
    assert 0 < found.target < found.low < found.full
    assert (found.backlog or 0) + (found.resume or 0) < found.target * 0.6
    assert found.target > quota * 0.38
    assert (found.pending or 0) * 21 <= (found.commit or 0)


def test_without_a_quota_only_the_log_is_bounded() -> None:
    assert limits(None) is UNLIMITED
    assert UNLIMITED.database is UNLIMITED.low is UNLIMITED.pending is None
    assert UNLIMITED.log == 32 * MIB
