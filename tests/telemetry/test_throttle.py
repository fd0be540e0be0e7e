"""The login throttle: guessing is slow from anywhere, and the owner still gets in."""

from __future__ import annotations

import pytest

from telemetry.throttle import (
    ACCOUNT_BURST,
    ADDRESS_BURST,
    ADDRESS_REFILL,
    CODE_BURST,
    CODE_REFILL,
    MAX_KEYS,
    Throttle,
)


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_address_may_fail_a_few_times_and_then_slowly() -> None:
    time = Time()
    throttle = Throttle(time)
    assert [throttle.attempt("10.0.0.1", "me") for _ in range(ADDRESS_BURST)] == [0] * ADDRESS_BURST
    assert throttle.attempt("10.0.0.1", "me") == ADDRESS_REFILL
    time.now += ADDRESS_REFILL / 2
    assert throttle.attempt("10.0.0.1", "me") == ADDRESS_REFILL / 2
    time.now += ADDRESS_REFILL / 2
    assert throttle.attempt("10.0.0.1", "me") == 0
    assert throttle.attempt("10.0.0.1", "me") > 0


def test_ten_thousand_tries_from_one_address_do_not_lock_the_owner_out() -> None:
    throttle = Throttle(Time())
    tried = sum(throttle.attempt("10.0.0.1", "me") == 0 for _ in range(10_000))
    assert tried == ADDRESS_BURST
    assert throttle.attempt("10.0.0.2", "me") == 0


def test_many_addresses_together_are_slowed_down_at_one_account() -> None:
    throttle = Throttle(Time())
    tried = sum(throttle.attempt(f"10.0.{n % 250}.{n // 250}", "me") == 0 for n in range(2_000))
    assert tried == ACCOUNT_BURST
    assert throttle.attempt("10.9.9.9", "another") == 0


def test_the_right_password_costs_nothing() -> None:
    throttle = Throttle(Time())
    for _ in range(200):
        assert throttle.attempt("10.0.0.1", "me") == 0
        throttle.take_back("10.0.0.1", "me")


def test_addresses_of_one_ipv6_subscriber_count_as_one() -> None:
    throttle = Throttle(Time())
    tried = sum(throttle.attempt(f"2001:db8::{n:x}", f"user{n}") == 0 for n in range(100))
    assert tried == ADDRESS_BURST
    assert throttle.attempt("2001:db8:0:1::1", "me") == 0


def test_an_ipv4_address_is_the_same_in_its_ipv6_form() -> None:
    throttle = Throttle(Time())
    for _ in range(ADDRESS_BURST):
        throttle.attempt("10.0.0.1", "me")
    assert throttle.attempt("::ffff:10.0.0.1", "me") > 0
    assert throttle.attempt("::ffff:10.0.0.2", "me") == 0


def test_memory_is_bounded() -> None:
    throttle = Throttle(Time())
    for n in range(3 * MAX_KEYS):
        throttle.attempt(f"strange address {n}", f"user {n}")
    assert len(throttle._addresses._used) == len(throttle._accounts._used) == MAX_KEYS


def test_who_was_here_before_does_not_wait_for_the_account() -> None:
    """But for the address: a stolen network does not guess faster."""
    throttle = Throttle(Time())
    throttle.know("10.9.0.1", "me")
    for n in range(ACCOUNT_BURST):
        assert not throttle.attempt(f"10.1.{n}.1", "me")
    assert throttle.attempt("10.2.0.1", "me")
    assert not throttle.attempt("10.9.0.1", "me")
    throttle.take_back("10.9.0.1", "me")
    assert throttle.attempt("10.9.0.1", "you") == 0
    assert throttle.attempt("10.2.0.1", "me")  # what was known is not given back to everyone
    waits = [throttle.attempt("10.9.0.1", "me") for _ in range(ADDRESS_BURST + 1)]
    assert waits[-1]


def test_codes_have_a_bucket_of_their_own() -> None:
    throttle = Throttle(Time())
    for n in range(CODE_BURST):
        assert not throttle.attempt_code(f"10.1.{n}.1", "me")
    assert throttle.attempt_code("10.2.0.1", "me") == pytest.approx(CODE_REFILL)
    assert not throttle.attempt("10.2.0.1", "me")
    throttle.take_back_code("10.1.0.1", "me")
    assert not throttle.attempt_code("10.2.0.1", "me")


def test_addresses_that_are_known_are_bounded() -> None:
    throttle = Throttle(Time())
    for n in range(MAX_KEYS + 10):
        throttle.know(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "me")
    assert len(throttle._known) == MAX_KEYS
