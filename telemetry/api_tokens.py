"""API tokens: the credentials of programs and screens, each with a role, what it reaches, and perhaps an end.

What is added is durable before it works; what is revoked stops working first, whatever the disk says. A token that
expires ends by the monotonic clock, so that no step of the wall clock keeps it or kills it; only at a start its time
is taken from the store. A screen is a token that shows one board: when what that shows changes, its sockets are ended
and come back with the new scope.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.identity import ROLES, Actor, Principal, Role, digest
from telemetry.scope import BoardScope, Scope, SeriesScope
from telemetry.store import api_tokens as rows
from telemetry.store import audit as log_rows
from telemetry.store import boards
from telemetry.store.accounts import administer
from telemetry.store.api_tokens import TokenRow
from telemetry.store.db import Connection, Store, StoreError
from telemetry.token_drafts import UNLIMITED, Limits

log = logging.getLogger(__name__)

LONGEST_SLEEP = 60.0
"""Seconds between two looks at what has expired or was used."""
MAX_TOKENS = 1_000
"""Tokens and links of one server, those that have expired included."""
USED_EVERY = 3_600_000
"""Ms after which it is written again that a token is in use: a card is not for every request."""

Line = dict[str, object]


class NoBoardError(Exception):
    """There is no such board to show."""


class TooManyError(Exception):
    """There are as many tokens as may be."""


@dataclass(frozen=True, slots=True)
class _Held:
    principal: Principal
    row: TokenRow
    deadline: float


class ApiTokens:
    """The API tokens of one server, looked up in memory. Owned by the loop thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        audit: Audit,
        end: Callable[[str], None],
        mono: Callable[[], float] = monotonic,
        *,
        most: int = MAX_TOKENS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._end = end
        self._mono = mono
        self._most = most
        self._tokens: dict[bytes, _Held] = {}
        self._used: dict[bytes, int] = {}
        self._woken = asyncio.Event()

    async def load(self) -> None:
        """Read them. Raises StoreError."""
        found = await self._store.read(rows.tokens)
        shown = {one.board for one in found if one.board is not None}
        contents = await self._store.read(lambda connection: {board: _content(connection, board) for board in shown})
        self._tokens = {}
        for row in found:
            self._place(row, contents)

    def principal(self, token: str) -> Principal | None:
        """Who owns this token."""
        key = digest(token)
        held = self._tokens.get(key)
        if held is None or held.deadline <= self._mono():
            return None
        self._used[key] = self._clock.arrival()
        return held.principal

    async def listed(self) -> list[Line]:
        """What is known of each, without its secret; ``used`` is None where it never was. Raises StoreError."""
        now = self._clock.arrival()
        return [self._line(row, now) for row in await self._store.read(rows.tokens)]

    async def add(self, by: Actor, name: str, role: Role, limits: Limits = UNLIMITED) -> str | None:
        """A new token, or None if the name is taken. Raises NoBoardError, TooManyError and StoreError."""
        board = limits.board
        if len(await self._store.read(rows.tokens)) >= self._most:
            raise TooManyError
        content = None if board is None else await self._content(board)
        if board is not None and content is None:
            raise NoBoardError
        token = f"tt_{'a' if board is None else 'k'}_{secrets.token_urlsafe(32)}"
        series = None if limits.series is None else json.dumps(limits.series, ensure_ascii=False)
        now = self._clock.arrival()
        row = TokenRow(
            name, role.name.lower(), digest(token), now, series, int(limits.write), board, limits.expires
        )  # fmt: skip
        entry = self._audit.entry(by, "token add", name, None, {"role": row.role, **limits.said()})
        if not await administer(self._store, lambda db: rows.add_token(db, row) and log_rows.note(db, entry)):
            return None
        self._place(row, {} if board is None else {board: content})
        self._woken.set()
        if board is not None:  # it may have been changed meanwhile
            self.board_changed(board, await self._content(board))
        return token

    async def revoke(self, by: Actor, name: str) -> bool:
        """End a token and its sockets; False if there is none of that name. Raises StoreError."""
        before = next((held.row for held in self._tokens.values() if held.row.name == name), None)
        self._forget(name)
        state = None if before is None else {"role": before.role, **_limits(before).said()}
        entry = self._audit.entry(by, "token revoke", name, state)
        try:
            return await administer(self._store, lambda db: rows.remove_token(db, name) and log_rows.note(db, entry))
        finally:
            self._forget(name)  # one that was being added meanwhile was removed too

    def board_changed(self, board: int, content: Mapping[str, object] | None) -> None:
        """A board is another than it was, or (None) no more: its screens reach what it shows now."""
        scope = BoardScope(board, content)
        for key, held in list(self._tokens.items()):
            old = held.principal.scope
            if isinstance(old, BoardScope) and old.board == board and not old.same(scope):
                self._tokens[key] = replace(held, principal=replace(held.principal, scope=scope))
                self._end(held.principal.key)

    async def expire(self) -> None:
        """Run for ever: end tokens and their sockets when their time is over; note now and then which are used."""
        while True:
            self._woken.clear()
            now = self._mono()
            for key, held in list(self._tokens.items()):
                if held.deadline <= now:
                    del self._tokens[key]
                    self._end(held.principal.key)
            await self._note_use()
            first = min((held.deadline for held in self._tokens.values()), default=float("inf"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LONGEST_SLEEP, max(0.0, first - self._mono()))):
                    await self._woken.wait()

    async def _note_use(self) -> None:
        due = {
            key: at
            for key, at in self._used.items()
            if (held := self._tokens.get(key)) is not None and at - (held.row.used or 0) >= USED_EVERY
        }
        if not due:
            return
        try:
            await self._store.write(lambda connection: rows.note_use(connection, due))
        except StoreError as error:
            log.warning("could not note which API tokens are used: %s", error)
            return
        for key, at in due.items():
            if (held := self._tokens.get(key)) is not None:
                self._tokens[key] = replace(held, row=held.row._replace(used=at))

    async def _content(self, board: int) -> Mapping[str, object] | None:
        return await self._store.read(lambda connection: _content(connection, board))

    def _place(self, row: TokenRow, contents: Mapping[int, Mapping[str, object] | None]) -> None:
        left = float("inf") if row.expires is None else (row.expires - self._clock.arrival()) / 1000
        if left > 0:
            kind = "token" if row.board is None else "screen"
            scope = _scope(row, contents)
            principal = Principal(kind, row.name, ROLES[row.role], f"token:{row.name}", scope)
            self._tokens[row.hash] = _Held(principal, row, self._mono() + left)

    def _forget(self, name: str) -> None:
        for key in [key for key, held in self._tokens.items() if held.row.name == name]:
            del self._tokens[key]
            self._used.pop(key, None)
        self._end(f"token:{name}")

    def _line(self, row: TokenRow, now: int) -> Line:
        limits = _limits(row)
        ended = row.hash not in self._tokens or (row.expires is not None and row.expires <= now)
        return {
            "name": row.name,
            "role": row.role,
            "created": row.created,
            "series": None if limits.series is None else list(limits.series),
            "write": limits.write,
            "board": row.board,
            "expires": row.expires,
            "expired": ended,
            "used": self._used.get(row.hash, row.used),
        }


def _limits(row: TokenRow) -> Limits:
    series = None if row.series is None else tuple(json.loads(row.series))
    return Limits(series, bool(row.write), row.board, row.expires)


def _scope(row: TokenRow, contents: Mapping[int, Mapping[str, object] | None]) -> Scope | None:
    if row.board is not None:
        return BoardScope(row.board, contents.get(row.board))
    limits = _limits(row)
    return None if limits.series is None else SeriesScope(limits.series, write=limits.write)


def _content(connection: Connection, board: int) -> Mapping[str, object] | None:
    found = boards.find(connection, board)
    if found is None or found.deleted is not None:
        return None
    content: Mapping[str, object] = json.loads(found.content)
    return content
