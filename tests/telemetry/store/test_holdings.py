"""What a database holds: sizes, accounts and times that belong together."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry.store import holdings
from tests.telemetry.kit import T0, core


def test_times_and_sizes_follow_the_readings(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db", resume_ms=0) as kit:
            empty = await kit.store.read(holdings.look)
            assert (empty.sealed_until, empty.oldest, empty.journal_bytes) == (None, None, 0)
            await kit.send([(5_000, 1.0), (1_000, 2.0)])
            waiting = await kit.store.read(holdings.look)
            assert (waiting.sealed_until, waiting.oldest) == (None, T0 + 1_000)
            assert 0 < waiting.journal_bytes <= 42
            await kit.maintenance.seal(everything=True)
            sealed = await kit.store.read(holdings.look)
            assert sealed.oldest == T0 + 1_000
            assert sealed.accounts.stored == 2
            assert sealed.sealed_bytes == sealed.pages.used - sealed.journal_bytes
            await kit.send([(500, 2.0)])
            both = await kit.store.read(holdings.look)
            assert both.oldest == T0 + 500
            assert both.sealed_until is not None
            assert both.accounts.unsealed == 1
            row = "SELECT received FROM journal ORDER BY first_seq DESC LIMIT 1"
            assert await kit.store.read(lambda c: c.execute(row).fetchone()) == (both.sealed_until + 1,)

    asyncio.run(body())
