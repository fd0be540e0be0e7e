"""Whether a user exists is told by no answer's text, status or time."""

from __future__ import annotations

import time
from pathlib import Path

from telemetry.auth import Accounts, Role
from telemetry.identity import TERMINAL
from tests.telemetry.kit import FailingStore, with_accounts

ACCOUNTS, TRIES = 4, 50
"""Accounts that there are, as many that there are not, and tries at each: fewer than are slowed down."""


def test_two_hundred_logins_each_do_not_tell_a_user_from_a_stranger(tmp_path: Path) -> None:
    """The rank-sum test (Mann-Whitney) on interleaved tries; z beyond 6 is no chance, and a skipped hash is beyond."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        for n in range(ACCOUNTS):
            await accounts.people.add(TERMINAL, f"user{n}", Role.ADMIN, "correct horse")
        taken: dict[str, list[float]] = {"user": [], "none": []}
        for n in range(ACCOUNTS * TRIES):
            for name, times in taken.items():
                before = time.process_time()
                answer = await accounts.people.log_in(f"{name}{n % ACCOUNTS}", "wrong horse", f"10.{n}.{len(times)}.1")
                times.append(time.process_time() - before)
                assert answer is None
        assert abs(rank_z(taken["user"], taken["none"])) < 6

    with_accounts(tmp_path / "x.db", body)


def rank_z(first: list[float], second: list[float]) -> float:
    """How far the ranks of two samples are apart, in standard deviations."""
    order = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = sum(rank for rank, (_, which) in enumerate(order, 1) if which == 0)
    n, m = len(first), len(second)
    mean = n * (n + m + 1) / 2
    return (ranks - mean) / (n * m * (n + m + 1) / 12) ** 0.5


def test_the_rank_test_tells_what_differs() -> None:
    assert abs(rank_z([1.0 + n / 1000 for n in range(200)], [1.0005 + n / 1000 for n in range(200)])) < 1
    assert rank_z([1.0 + n / 1000 for n in range(200)], [0.0] * 200) > 15
