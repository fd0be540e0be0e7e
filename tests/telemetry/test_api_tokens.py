"""API tokens: a role each, until they are revoked."""

from __future__ import annotations

from pathlib import Path

from telemetry.auth import Accounts, Role
from telemetry.identity import TERMINAL
from tests.telemetry.kit import FailingStore, with_accounts


def test_api_tokens_have_a_role_and_end(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        tokens.append(await accounts.tokens.add(TERMINAL, "kiosk", Role.OPERATOR))
        assert await accounts.tokens.add(TERMINAL, "kiosk", Role.ADMIN) is None

    async def then(accounts: Accounts, _: FailingStore) -> None:
        found = accounts.tokens.principal(tokens[0])
        assert found is not None
        assert (found.kind, found.name, found.role) == ("token", "kiosk", Role.OPERATOR)
        closed = []
        accounts.watch(found.key, lambda: closed.append(1))
        assert await accounts.tokens.revoke(TERMINAL, "kiosk")
        assert not await accounts.tokens.revoke(TERMINAL, "kiosk")
        assert closed == [1]
        assert accounts.tokens.principal(tokens[0]) is None

    with_accounts(path, first)
    with_accounts(path, then)
    assert tokens[0].startswith("tt_a_")
