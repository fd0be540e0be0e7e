"""Logins in two steps: tickets, codes that work once, recovery codes, and what slows down who guesses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from telemetry import totp
from telemetry.auth import Accounts, CodeNeeded, Role, Throttled
from telemetry.clock import wall_ms
from telemetry.identity import TERMINAL
from telemetry.logins import MAX_TICKETS, Logins
from telemetry.store import audit
from telemetry.throttle import ACCOUNT_BURST, ADDRESS_BURST, CODE_BURST
from tests.telemetry.kit import FailingStore, with_accounts

RIGHT = "correct horse"
HERE = "10.0.0.1"


def code_of(secret: str, drift: int = 0) -> str:
    return totp.code_at(secret, wall_ms() // totp.STEP_MS + drift)


async def with_codes(accounts: Accounts) -> tuple[str, list[str]]:
    """A user "me" with one-time codes: the secret, and the recovery codes."""
    await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
    offer = accounts.codes.begin("me")
    recovery = await accounts.codes.confirm(TERMINAL, "me", code_of(offer.secret, -1))
    assert isinstance(recovery, list)
    return offer.secret, recovery


def run(path: Path, body: Callable[[Accounts, Logins, str, list[str]], Awaitable[None]]) -> None:
    async def main(accounts: Accounts, _: FailingStore) -> None:
        secret, recovery = await with_codes(accounts)
        await body(accounts, accounts.people.logins, secret, recovery)

    with_accounts(path, main)


async def ticket_of(logins: Logins) -> str:
    first = await logins.log_in("me", RIGHT, HERE)
    assert isinstance(first, CodeNeeded)
    return first.ticket


def test_the_password_alone_opens_nothing_and_with_the_code_it_does(tmp_path: Path) -> None:
    async def body(accounts: Accounts, logins: Logins, secret: str, _: list[str]) -> None:
        ticket = await ticket_of(logins)
        assert accounts.people.principal(ticket) is None
        assert await logins.second_step(ticket, "000000", HERE) == CodeNeeded(ticket, wrong=True)
        cookie = await logins.second_step(ticket, code_of(secret), HERE)
        assert isinstance(cookie, str)
        assert accounts.people.principal(cookie) is not None
        assert await logins.second_step(ticket, code_of(secret, 1), HERE) is None  # a ticket works once

    run(tmp_path / "x.db", body)


def test_a_program_may_send_the_code_along(tmp_path: Path) -> None:
    async def body(accounts: Accounts, logins: Logins, secret: str, _: list[str]) -> None:
        assert await logins.log_in("me", "wrong horse", HERE, code_of(secret)) is None
        assert isinstance(await logins.log_in("me", RIGHT, HERE, "000000"), CodeNeeded)
        cookie = await logins.log_in("me", RIGHT, HERE, code_of(secret))
        assert accounts.people.principal(str(cookie)) is not None

    run(tmp_path / "x.db", body)


def test_a_code_works_once_also_that_of_the_set_up(tmp_path: Path) -> None:
    async def body(_: Accounts, logins: Logins, secret: str, __: list[str]) -> None:
        code = code_of(secret)
        assert isinstance(await logins.log_in("me", RIGHT, HERE, code), str)
        for used in (code, code_of(secret, -1)):
            assert isinstance(await logins.log_in("me", RIGHT, HERE, used), CodeNeeded)
        assert isinstance(await logins.log_in("me", RIGHT, HERE, code_of(secret, 1)), str)

    run(tmp_path / "x.db", body)


def test_a_recovery_code_stands_in_once_for_ever(tmp_path: Path) -> None:
    """It is noted, and stays spent over a restart."""
    path, spent = tmp_path / "x.db", []

    async def body(accounts: Accounts, logins: Logins, _: str, recovery: list[str]) -> None:
        assert isinstance(await logins.log_in("me", RIGHT, HERE, recovery[3].upper()), str)
        spent.append(recovery)
        user = accounts.people.find("me")
        assert user is not None
        assert len(user.recovery.split()) == totp.RECOVERY_CODES - 1
        assert isinstance(await logins.log_in("me", RIGHT, HERE, recovery[3]), CodeNeeded)

    async def then(accounts: Accounts, store: FailingStore) -> None:
        logins = accounts.people.logins
        assert isinstance(await logins.log_in("me", RIGHT, HERE, spent[0][3]), CodeNeeded)
        assert isinstance(await logins.log_in("me", RIGHT, HERE, spent[0][4]), str)
        rows = await store.read(lambda c: audit.newest(c, None, 100))
        assert [row.action for row in rows].count("recovery code used") == 2

    run(path, body)
    with_accounts(path, then)
    on_disk = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert not [code for code in spent[0] if code.encode() in on_disk]


def test_a_ticket_dies_with_any_change_of_the_user(tmp_path: Path) -> None:
    async def body(accounts: Accounts, logins: Logins, secret: str, _: list[str]) -> None:
        ticket = await ticket_of(logins)
        assert await accounts.people.set_password(TERMINAL, "me", "another horse") is True
        assert await logins.second_step(ticket, code_of(secret), HERE) is None
        assert await logins.second_step("made up", code_of(secret), HERE) is None

    run(tmp_path / "x.db", body)


def test_tickets_are_few(tmp_path: Path) -> None:
    async def body(_: Accounts, logins: Logins, secret: str, __: list[str]) -> None:
        ticket = await ticket_of(logins)
        user = logins._tickets[ticket].user
        newer = [logins._ticket(user) for _ in range(MAX_TICKETS)]
        assert await logins.second_step(ticket, code_of(secret), HERE) is None
        assert isinstance(await logins.second_step(newer[0], code_of(secret), HERE), str)

    run(tmp_path / "x.db", body)


def test_guessing_codes_is_throttled_from_one_address_and_from_many(tmp_path: Path) -> None:
    async def body(_: Accounts, logins: Logins, __: str, ___: list[str]) -> None:
        ticket = await ticket_of(logins)
        here = [await logins.second_step(ticket, "000000", HERE) for _ in range(ADDRESS_BURST + 1)]
        assert [isinstance(one, Throttled) for one in here] == [False] * ADDRESS_BURST + [True]
        many = [await logins.second_step(ticket, "000000", f"10.1.0.{n}") for n in range(CODE_BURST)]
        assert sum(isinstance(one, Throttled) for one in many) == ADDRESS_BURST
        assert isinstance(await logins.second_step(ticket, "000000", "10.2.0.1"), Throttled)

    run(tmp_path / "x.db", body)


def test_guessing_from_many_addresses_does_not_lock_the_owner_out(tmp_path: Path) -> None:
    """Who has logged in from an address before does not wait for the guesses of others; a restart knows it too."""
    path = tmp_path / "x.db"

    async def exhaust(accounts: Accounts) -> None:
        for n in range(ACCOUNT_BURST + 1):
            accounts.people.logins.throttle.attempt(f"10.3.{n}.1", "me")
        assert isinstance(await accounts.people.log_in("me", RIGHT, "10.4.0.1"), Throttled)

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        assert isinstance(await accounts.people.log_in("me", RIGHT, HERE), str)
        await exhaust(accounts)
        assert isinstance(await accounts.people.log_in("me", RIGHT, HERE), str)
        wrong = [await accounts.people.log_in("me", "wrong horse", HERE) for _ in range(ADDRESS_BURST + 1)]
        assert isinstance(wrong[-1], Throttled)

    async def then(accounts: Accounts, _: FailingStore) -> None:
        await exhaust(accounts)
        assert isinstance(await accounts.people.log_in("me", RIGHT, HERE), str)

    with_accounts(path, body)
    with_accounts(path, then)


def test_names_of_any_length_fill_no_memory(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        throttle = accounts.people.logins.throttle
        await accounts.people.log_in("x" * 1_000_000, "wrong horse", HERE)
        assert max(map(len, throttle._accounts._used)) <= 128

    with_accounts(tmp_path / "x.db", body)
