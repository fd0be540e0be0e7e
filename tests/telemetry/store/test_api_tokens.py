"""Rows of API tokens."""

from __future__ import annotations

from pathlib import Path

from telemetry.store import api_tokens, migrations
from telemetry.store.accounts import administer
from telemetry.store.api_tokens import TokenRow
from telemetry.store.db import Store
from tests.telemetry.store.test_accounts import with_store


def test_tokens_come_and_go_by_name(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        row = TokenRow("kiosk", "viewer", b"hash", 1, '["a/*"]', 0, None, 99)
        assert await administer(store, lambda db: api_tokens.add_token(db, row))
        assert not await administer(store, lambda db: api_tokens.add_token(db, row._replace(hash=b"other")))
        assert await store.read(api_tokens.tokens) == [row]
        await store.write(lambda connection: api_tokens.note_use(connection, {b"hash": 5, b"gone": 6}))
        assert await store.read(api_tokens.tokens) == [row._replace(used=5)]
        assert await administer(store, lambda db: api_tokens.remove_token(db, "kiosk"))
        assert not await administer(store, lambda db: api_tokens.remove_token(db, "kiosk"))

    with_store(tmp_path / "x.db", body)


def test_a_token_of_before_reaches_everything_that_its_role_may() -> None:
    """What older versions stored has no limits after the upgrade."""
    connection = migrations.model()
    connection.execute("INSERT INTO tokens (name, role, hash, created) VALUES ('old', 'operator', x'00', 1)")
    assert api_tokens.tokens(connection) == [TokenRow("old", "operator", b"\0", 1, None, 1, None, None, None)]
