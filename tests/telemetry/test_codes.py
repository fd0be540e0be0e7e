"""One-time codes set up: only a code that was typed in switches them on, and they can be switched off."""

from __future__ import annotations

from pathlib import Path

from telemetry.auth import Accounts, CodeNeeded, Role
from telemetry.codes import MAX_BEGUN, NOT_BEGUN, SECONDS, WRONG, Codes
from telemetry.identity import TERMINAL
from telemetry.model import Refusal
from telemetry.people import GONE
from telemetry.store import audit
from tests.telemetry.kit import FailingStore, with_accounts
from tests.telemetry.test_logins import HERE, RIGHT, code_of


def test_codes_are_asked_for_only_when_one_was_typed_in(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        people, codes = accounts.people, accounts.codes
        await people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        assert await codes.confirm(TERMINAL, "me", "000000") == NOT_BEGUN
        first = codes.begin("me")
        assert first.secret in first.uri
        second = codes.begin("me")
        assert await codes.confirm(TERMINAL, "me", code_of(first.secret)) == WRONG
        assert isinstance(await people.log_in("me", RIGHT, HERE), str)
        recovery = await codes.confirm(TERMINAL, "me", code_of(second.secret))
        assert isinstance(recovery, list)
        assert isinstance(await people.log_in("me", RIGHT, HERE), CodeNeeded)
        assert await codes.confirm(TERMINAL, "me", code_of(second.secret, 1)) == NOT_BEGUN
        rows = await store.read(lambda c: audit.newest(c, None, 100))
        assert "codes on" in [row.action for row in rows]
        told = "".join(f"{row.before}{row.after}" for row in rows)
        assert second.secret not in told

    with_accounts(tmp_path / "x.db", body)


def test_an_offer_ends_and_is_one_of_few(tmp_path: Path) -> None:
    now = [0.0]

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        codes = Codes(accounts.people, lambda: now[0])
        late = codes.begin("me")
        now[0] += SECONDS
        assert await codes.confirm(TERMINAL, "me", code_of(late.secret)) == NOT_BEGUN
        pushed = codes.begin("me")
        for n in range(MAX_BEGUN):
            codes.begin(f"user{n}")
        assert await codes.confirm(TERMINAL, "me", code_of(pushed.secret)) == NOT_BEGUN
        assert await codes.confirm(TERMINAL, "nobody", "000000") == GONE

    with_accounts(tmp_path / "x.db", body)


def test_new_recovery_codes_end_the_old_ones(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        assert isinstance(await accounts.codes.renew(TERMINAL, "me"), Refusal)
        offer = accounts.codes.begin("me")
        old = await accounts.codes.confirm(TERMINAL, "me", code_of(offer.secret))
        new = await accounts.codes.renew(TERMINAL, "me")
        assert isinstance(old, list)
        assert isinstance(new, list)
        assert isinstance(await accounts.people.log_in("me", RIGHT, HERE, old[0]), CodeNeeded)
        assert isinstance(await accounts.people.log_in("me", RIGHT, HERE, new[0]), str)

    with_accounts(tmp_path / "x.db", body)


def test_switched_off_the_password_is_enough(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        people = accounts.people
        await people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        assert await people.codes_off(TERMINAL, "me") is True
        assert await people.codes_off(TERMINAL, "nobody") is False
        offer = accounts.codes.begin("me")
        assert isinstance(await accounts.codes.confirm(TERMINAL, "me", code_of(offer.secret)), list)
        assert await people.codes_off(TERMINAL, "me") is True
        assert isinstance(await people.log_in("me", RIGHT, HERE), str)

    with_accounts(tmp_path / "x.db", body)
