"""``/tokens``, ``/api/tokens`` and ``/api/boards/ID/links``: the credentials of programs and screens.

Admins see and make all of them; operators make links to boards, and revoke them.
"""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of, key_of, reply
from handlers.reading import ReadHandler
from handlers.rendering import render
from telemetry.api_tokens import Line, NoBoardError, TooManyError
from telemetry.model import Reason, Refusal
from telemetry.token_drafts import Draft, draft_of

KIND = "token"


class TokensPage(Guard):
    """``/tokens``: API tokens, and links for screens."""

    access = Access.ADMIN
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "tokens.html", user=self.principal.name)


class TokenList(ReadHandler):
    """Every API token and link, without its secret; POST makes one and gives its secret, once."""

    access = Access.ADMIN

    async def answer(self) -> None:
        """Read the list; ``open`` counts what is connected with each."""
        self.give({"time": self.core.clock.arrival(), "tokens": await listed(self)})

    async def post(self) -> None:
        """Make one; 201 when it is durable."""
        await make(self, draft_of(json_of(self), self.core.clock.arrival()))


class TokenOne(Guard):
    """One API token or link: DELETE revokes it, and ends what is connected with it."""

    access = Access.ADMIN

    async def delete(self, name: str) -> None:
        """Revoke it."""
        await revoke(self, name)


class BoardLinks(ReadHandler):
    """The links by which screens show a board; POST makes one."""

    access = Access.OPERATOR

    async def get(self, number: str) -> None:  # type: ignore[override]  # the route gives it
        """Read them."""
        self.board = key_of(number)
        await super().get()

    async def answer(self) -> None:
        """Read the list."""
        links = [one for one in await listed(self) if one["board"] == (self.board or 0)]
        self.give({"time": self.core.clock.arrival(), "links": links})

    async def post(self, number: str) -> None:
        """Make one; 201 when it is durable."""
        body = json_of(self)
        if not isinstance(body, dict) or not body.keys() <= {"name", "expires"}:
            self.refuse_with(Refusal(Reason.BAD_MESSAGE, 'expected {"name": text, "expires"?: time}'))
            return
        await make(self, draft_of({**body, "board": key_of(number) or 0}, self.core.clock.arrival()))


class BoardLink(Guard):
    """One link to a board: DELETE revokes it."""

    access = Access.OPERATOR

    async def delete(self, number: str, name: str) -> None:
        """Revoke it, if it is one to this board."""
        links = [one["name"] for one in await listed(self) if one["board"] == (key_of(number) or 0)]
        await revoke(self, name if name in links else "")


async def listed(handler: Guard) -> list[Line]:
    """All of them, with how many sockets each has open now. Raises StoreError."""
    accounts = handler.core.accounts
    return [{**one, "open": accounts.open(f"token:{one['name']}")} for one in await accounts.tokens.listed()]


async def make(handler: Guard, draft: Draft | Refusal) -> None:
    """Answer with a new token. Raises StoreError."""
    if isinstance(draft, Refusal):
        handler.refuse_with(draft)
        return
    try:
        token = await handler.core.accounts.tokens.add(handler.actor, *draft)
    except NoBoardError:
        handler.refuse_with(Refusal(Reason.BAD_VALUE, "there is no such board", "board"))
        return
    except TooManyError:
        handler.refuse_with(Refusal(Reason.TOO_LARGE, "there are too many tokens and links: revoke some first"))
        return
    if token is None:
        handler.refuse(409, "conflict", "this name is taken: revoke what has it, or choose another", at="name")
        return
    board = draft.limits.board
    made: dict[str, object] = {"name": draft.name, "token": token}
    if board is not None:
        made["link"] = f"/boards/{board}?kiosk&token={token}"
    reply(handler, made, made=True)


async def revoke(handler: Guard, name: str) -> None:
    """End a token. Raises StoreError."""
    done = bool(name) and await handler.core.accounts.tokens.revoke(handler.actor, name)
    reply(handler, {"name": name, "state": "revoked"} if done else None, kind=KIND)
