"""``/api/boards`` and ``/api/images``: boards that people compose. Who may read sees them; operators change them."""

from __future__ import annotations

import json

from handlers.base import ERRORS, READ, Access, Guard
from handlers.bodies import key_of, reply
from handlers.reading import ReadHandler
from telemetry.boards import Conflict
from telemetry.model import Reason, Refusal

KIND = "board"
FOREVER = "private, max-age=31536000, immutable"
IMAGE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def _json(handler: Guard) -> object:
    """The JSON of a body of any size that the server takes; None where it is none."""
    try:
        return json.loads(handler.request.body)
    except (ValueError, RecursionError):
        return None


class BoardList(ReadHandler):
    """Every board; POST makes one."""

    write_access = Access.OPERATOR
    scoped = READ

    async def answer(self) -> None:
        """Read the list."""
        every = await self.core.boards.every()
        scope = self.scope
        self.give({"boards": [one for one in every if scope is None or scope.sees_board(int(str(one["id"])))]})

    async def post(self) -> None:
        """Make a board; 201 when it is durable."""
        done = await self.core.boards.add(self.actor, _json(self))
        if not isinstance(done, Refusal):
            self.set_header("Location", f"/api/boards/{done['id']}")
        reply(self, done, made=True)


class BoardOne(ReadHandler):
    """One board, as it is or as it was; PUT saves it, DELETE takes it away."""

    write_access = Access.OPERATOR
    scoped = READ

    async def get(self, number: str) -> None:  # type: ignore[override]  # the route gives it
        """Read it; ``version`` asks for an older one."""
        self.number = number
        await super().get()

    async def answer(self) -> None:
        """Read it."""
        board, wanted = key_of(self.number), self.get_query_argument("version", None)
        if board is not None and self.scope is not None and not (self.scope.sees_board(board) and wanted is None):
            board = None
        version = None if wanted is None else key_of(wanted)
        known = board is not None and (wanted is None or version is not None)
        found = await self.core.boards.find(board, version) if known and board is not None else None
        if self.scope is not None and isinstance(found, dict) and found.get("deleted") is not None:
            found = None  # operators see it to bring it back; a screen has nothing more to show
        reply(self, found, kind=KIND)

    async def put(self, number: str) -> None:
        """Save it on top of the version that was read; 409 where someone else has saved since."""
        board, body = key_of(number), _json(self)
        if not isinstance(body, dict) or not body.keys() <= {"version", "board"}:
            self.refuse_with(Refusal(Reason.BAD_MESSAGE, 'expected {"version": N, "board": {…}}'))
            return
        done = None
        if board is not None:
            done = await self.core.boards.replace(self.actor, board, body.get("version"), body.get("board"))
        if isinstance(done, Conflict):
            self.refuse(409, "conflict", f"someone else has saved version {done.version} since", at="version")
        else:
            reply(self, done, kind=KIND)

    async def delete(self, number: str) -> None:
        """Take it away; /restore brings it back."""
        board = key_of(number)
        reply(self, None if board is None else await self.core.boards.delete(self.actor, board), kind=KIND)


class BoardVersions(ReadHandler):
    """The versions that are kept of a board."""

    async def get(self, number: str) -> None:  # type: ignore[override]  # the route gives it
        """Read who made which, and when."""
        self.number = number
        await super().get()

    async def answer(self) -> None:
        """Read them."""
        board = key_of(self.number)
        versions = None if board is None else await self.core.boards.versions(board)
        reply(self, None if versions is None else {"versions": versions}, kind=KIND)


class BoardRestore(Guard):
    """Undoes DELETE, or a change: ``{"version": N}`` lets the board be again what that version was."""

    access = Access.OPERATOR

    async def post(self, number: str) -> None:
        """Bring it back, as a new version where one is named."""
        board, body = key_of(number), _json(self) if self.request.body else {}
        version = body.get("version") if isinstance(body, dict) else False
        if version is not None and type(version) is not int:
            self.refuse_with(Refusal(Reason.BAD_VALUE, "a version is a whole number", "version"))
            return
        done = None if board is None else await self.core.boards.restore(self.actor, board, version)
        reply(self, done, kind=KIND)


class BoardFile(ReadHandler):
    """A board with its images as one JSON file."""

    async def get(self, number: str) -> None:  # type: ignore[override]  # the route gives it
        """Send it as a download."""
        self.number = number
        await super().get()

    async def answer(self) -> None:
        """Read it."""
        board = key_of(self.number)
        file = None if board is None else await self.core.boards.file(board)
        if file is not None:
            self.set_header("Content-Disposition", f'attachment; filename="board-{board}.json"')
        reply(self, file, kind=KIND)


class BoardTake(Guard):
    """A new board from such a file."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Take it; 201 when it is durable."""
        reply(self, await self.core.boards.take(self.actor, _json(self)), made=True)


class ImageList(Guard):
    """Where images are uploaded."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Take one image, as it is; 201 when it is durable."""
        reply(self, await self.core.boards.add_image(self.actor, self.request.body), made=True)


class ImageOne(ReadHandler):
    """An image. Its address is a hash of its content, so it never changes."""

    scoped = READ

    async def get(self, key: str) -> None:  # type: ignore[override]  # the route gives it
        """Send it, as nothing but an image."""
        self.key = key
        await super().get()

    async def answer(self) -> None:
        """Read it."""
        reached = self.scope is None or self.scope.sees_image(self.key)
        row = await self.core.boards.image(self.key) if reached else None
        if row is None:
            self.refuse(404, ERRORS[404][0], "there is no such image")
            return
        self.set_header("Content-Type", row.media)
        self.set_header("Content-Security-Policy", IMAGE_POLICY)
        self.set_header("Cache-Control", FOREVER)
        self.finish(row.body)
