"""What a database holds, as of one read: pages, accounts, and from when to when."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from telemetry.store import ledger, space
from telemetry.store.ledger import Accounts
from telemetry.store.space import Pages


class Holdings(NamedTuple):
    """Times in ms, sizes in bytes.

    ``sealed_until``: all that was received up to then is sealed; None if nothing is. ``oldest``: the first reading that
    is kept.
    """

    pages: Pages
    accounts: Accounts
    sealed_until: int | None
    oldest: int | None
    journal_bytes: int

    @property
    def sealed_bytes(self) -> int:
        """What is in use without the journal: sealed readings, and everything that belongs to them."""
        return self.pages.used - self.journal_bytes


def look(connection: sqlite3.Connection) -> Holdings:
    """What there is."""
    (size,) = connection.execute("SELECT ifnull(sum(length(data)), 0) FROM journal").fetchone()
    times = [one for one in (_oldest_sealed(connection), _oldest_unsealed(connection)) if one is not None]
    accounts = ledger.accounts(connection)
    return Holdings(space.pages(connection), accounts, _sealed_until(connection), min(times, default=None), int(size))


def _oldest_sealed(connection: sqlite3.Connection) -> int | None:
    (oldest,) = connection.execute("SELECT min(first_ts) FROM sealed").fetchone()
    return None if oldest is None else int(oldest)


UNSEALED = "first_seq > (SELECT value FROM meta WHERE key = 'sealed_seq')"


def _oldest_unsealed(connection: sqlite3.Connection) -> int | None:
    query = f"SELECT min(min_ts) FROM journal WHERE count > 0 AND {UNSEALED}"  # noqa: S608 - our own words
    (oldest,) = connection.execute(query).fetchone()
    return None if oldest is None else int(oldest)


def _sealed_until(connection: sqlite3.Connection) -> int | None:
    """Just before the first row that is not sealed was received; with none of them, when the last one was."""
    (sealed,) = connection.execute("SELECT value FROM meta WHERE key = 'sealed_seq'").fetchone()
    if not sealed:
        return None
    row = connection.execute(
        "SELECT received - 1 FROM journal WHERE first_seq > ? ORDER BY first_seq LIMIT 1", (sealed,)
    )
    found = row.fetchone() or connection.execute("SELECT max(received) FROM journal").fetchone()
    return None if found[0] is None else int(found[0])
