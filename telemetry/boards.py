"""Boards: screens that people compose by hand, shared by all, with every change kept so that it can be undone.

Who saves says which version they changed: a save on top of another's is a ``Conflict``, and nothing is lost. Every
change is durable before it is answered and told to open pages as ``{"board": {…}}``. Owned by the loop thread.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import NamedTuple

from telemetry.audit import Audit, showing
from telemetry.board_content import Content, content_of, images_of
from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.images import MAX_BYTES, key_of, picture_of
from telemetry.model import Reason, Refusal
from telemetry.store import audit as log
from telemetry.store import boards as stored
from telemetry.store.boards import BoardRow, ImageRow
from telemetry.store.db import Connection, Store

MAX_BOARDS = 200
"""Boards of one database; those deleted first make room."""
MAX_VERSIONS = 50
"""Versions of a board that are kept."""
MAX_CONTENT = 128 << 10
"""Bytes of a board as JSON."""
MAX_IMAGES = 64 << 20
"""Bytes of all images together."""
FORMAT = 1
"""The form of a file with a board in it."""

Body = dict[str, object]


class Conflict(NamedTuple):
    """Someone else has saved the board since: ``version`` is the newest."""

    version: int


class Boards:
    """The boards of one database, and their images."""

    def __init__(
        self, store: Store, hub: Hub, clock: Clock, audit: Audit, *, most: int = MAX_BOARDS,
        keep: int = MAX_VERSIONS, most_images: int = MAX_IMAGES,
    ) -> None:  # fmt: skip
        self._store = store
        self._hub = hub
        self._clock = clock
        self._audit = audit
        self._most = most
        self._keep = keep
        self._most_images = most_images
        self.on_change: list[Callable[[int, Content | None], None]] = []
        """Called with a board's id and what is on it now, None where it was taken away."""

    async def every(self) -> list[Body]:
        """All boards without their parts, those that can be restored too. Raises StoreError."""
        return [_summary(row) for row in await self._store.read(stored.every)]

    async def find(self, board: int, version: int | None = None) -> Body | None:
        """A board as a version has it (None: the newest); None if there is none. Raises StoreError."""
        row = await self._store.read(lambda connection: stored.find(connection, board, version))
        return None if row is None else _body(row)

    async def versions(self, board: int) -> list[Body] | None:
        """The versions that are kept, newest first; None if there is no such board. Raises StoreError."""
        rows = await self._store.read(lambda connection: stored.versions(connection, board))
        return [row._asdict() for row in rows] or None

    async def add(self, by: Actor, body: object, action: str = "board add") -> Body | Refusal:
        """Store a new board; ``action`` is what the audit log calls it. Raises StoreError."""
        content = _content(body)
        if isinstance(content, Refusal):
            return content
        text, now = _text(content), self._clock.arrival()
        entry = self._audit.entry(by, action, str(content["name"]))

        def work(connection: Connection) -> BoardRow | Refusal:
            if refusal := _missing_image(connection, content):
                return refusal
            if not stored.make_room(connection, self._most):
                return Refusal(Reason.TOO_LARGE, f"there are {self._most} boards already: delete some first")
            row = stored.add(connection, text, by.name, now)
            log.add(connection, showing(entry, None, {"board": row.id, **content}))
            return row

        done = await self._store.write(work)
        return done if isinstance(done, Refusal) else self._tell(done)

    async def replace(self, by: Actor, board: int, version: object, body: object) -> Body | Refusal | Conflict | None:
        """Save a board that was ``version`` when it was read; None if there is none. Raises StoreError."""
        content = _content(body)
        if isinstance(content, Refusal):
            return content
        if type(version) is not int:
            return Refusal(Reason.BAD_VALUE, "give the version that you have changed", "version")
        return await self._put(by, board, version, content)

    async def restore(self, by: Actor, board: int, version: int | None) -> Body | Refusal | None:
        """Undo ``delete``, or (with a version) let the board be again what that was. Raises StoreError."""
        if version is None:
            return await self._mark(by, board, None)
        old = await self._store.read(lambda connection: stored.find(connection, board, version))
        if old is None:
            return None
        done = await self._put(by, board, None, json.loads(old.content))
        return None if isinstance(done, Conflict) else done  # without a version there is none

    async def delete(self, by: Actor, board: int) -> Body | None:
        """Take it away, until ``restore``; None if there is none. Raises StoreError."""
        return await self._mark(by, board, self._clock.arrival())

    async def add_image(self, by: Actor, body: bytes) -> Body | Refusal:
        """Store an image. Raises StoreError."""
        row = self._image(body, by.name)
        if isinstance(row, Refusal):
            return row
        if not await self._add_image(by, row):
            return _no_room()
        return {"id": row.id, "media": row.media, "width": row.width, "height": row.height, "size": len(body)}

    async def image(self, key: str) -> ImageRow | None:
        """An image with its bytes. Raises StoreError."""
        return await self._store.read(lambda connection: stored.image(connection, key))

    async def file(self, board: int) -> Body | None:
        """A board with its images, to be taken elsewhere; None if there is none. Raises StoreError."""

        def work(connection: Connection) -> Body | None:
            row = stored.find(connection, board)
            if row is None:
                return None
            content: Content = json.loads(row.content)
            found = [stored.image(connection, key) for key in sorted(images_of(content))]
            images = {one.id: base64.b64encode(one.body).decode() for one in found if one is not None}
            return {"telltale": "board", "format": FORMAT, "board": content, "images": images}

        return await self._store.read(work)

    async def take(self, by: Actor, body: object) -> Body | Refusal:
        """Make a new board of a file. Raises StoreError."""
        if not isinstance(body, dict) or body.get("telltale") != "board":
            return Refusal(Reason.BAD_MESSAGE, "this is no file with a board")
        if body.get("format") != FORMAT:
            return Refusal(Reason.BAD_MESSAGE, f"this server reads files of format {FORMAT}", "format")
        content = _content(body.get("board"))
        if isinstance(content, Refusal):
            return content
        images = body.get("images") or {}
        wanted = images_of(content)
        for key in wanted & images.keys() if isinstance(images, dict) else ():
            image = self._image(_decoded(images[key]), by.name)
            if isinstance(image, Refusal) or image.id != key:
                return Refusal(Reason.BAD_VALUE, "this image is broken", f"images.{key}")
            if not await self._add_image(by, image):
                return _no_room()
        return await self.add(by, content, "board import")

    async def _put(
        self, by: Actor, board: int, version: int | None, content: Content
    ) -> Body | Refusal | Conflict | None:
        text, now = _text(content), self._clock.arrival()
        entry = self._audit.entry(by, "board change", str(content["name"]))

        def work(connection: Connection) -> BoardRow | Refusal | Conflict | None:
            found = stored.find(connection, board)
            if found is None or (found.deleted is not None and version is not None):
                return None
            if version is not None and found.version != version:
                return Conflict(found.version)
            if refusal := _missing_image(connection, content):
                return refusal
            row = BoardRow(board, found.version + 1, text, by.name, found.created, now)
            stored.put(connection, row, self._keep)
            before: Content = json.loads(found.content)
            old = {"version": found.version, "deleted": found.deleted, **before}
            log.add(connection, showing(entry, old, {"version": row.version, "deleted": None, **content}))
            return row

        done = await self._store.write(work)
        return self._tell(done) if isinstance(done, BoardRow) else done

    async def _mark(self, by: Actor, board: int, deleted: int | None) -> Body | None:
        entry = self._audit.entry(by, "board restore" if deleted is None else "board delete", "")

        def work(connection: Connection) -> BoardRow | None:
            found = stored.find(connection, board)
            if found is None or (found.deleted is None) == (deleted is None):
                return found
            stored.mark(connection, board, deleted)
            content = json.loads(found.content)
            state = {"board": board, "version": found.version}
            states = (None, state) if deleted is None else (state, None)
            log.add(connection, showing(entry._replace(subject=content["name"]), *states))
            return found._replace(deleted=deleted)

        done = await self._store.write(work)
        return None if done is None else self._tell(done)

    async def _add_image(self, by: Actor, row: ImageRow) -> bool:
        entry = self._audit.entry(by, "image add", row.id)
        state = {"media": row.media, "width": row.width, "height": row.height, "bytes": len(row.body)}

        def work(connection: Connection) -> bool:
            known = stored.has_image(connection, row.id)
            fits = stored.add_image(connection, row, self._most_images)
            if fits and not known:
                log.add(connection, showing(entry, None, state))
            return fits

        return await self._store.write(work)

    def _image(self, body: bytes, author: str) -> ImageRow | Refusal:
        if len(body) > MAX_BYTES:
            return Refusal(Reason.TOO_LARGE, f"an image has at most {MAX_BYTES >> 10} KiB")
        picture = picture_of(body)
        if picture is None:
            return Refusal(Reason.BAD_VALUE, "expected a PNG, JPEG or WebP image of at most 24 million pixels")
        return ImageRow(key_of(body), *picture, body, author, self._clock.arrival())

    def _tell(self, row: BoardRow) -> Body:
        """Tell the open pages of a change; the board's body."""
        self._hub.event(f"board {row.id}", {"board": _summary(row)}, within=lambda scope: scope.sees_board(row.id))
        body = _body(row)
        content = body["board"] if row.deleted is None else None
        for told in self.on_change:
            told(row.id, content if isinstance(content, dict) else None)
        return body


def _content(body: object) -> Content | Refusal:
    content = content_of(body)
    if isinstance(content, Refusal) or len(_text(content).encode()) <= MAX_CONTENT:
        return content
    return Refusal(Reason.TOO_LARGE, f"a board has at most {MAX_CONTENT >> 10} KiB")


def _text(content: Content) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _missing_image(connection: Connection, content: Content) -> Refusal | None:
    for key in sorted(images_of(content)):
        if not stored.has_image(connection, key):
            return Refusal(Reason.BAD_VALUE, "there is no such image: upload it first", key)
    return None


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _no_room() -> Refusal:
    return Refusal(Reason.TOO_LARGE, "there is no room for more images: delete boards that have some")


def _body(row: BoardRow) -> Body:
    return {
        "id": row.id,
        "version": row.version,
        "author": row.author,
        "created": row.created,
        "changed": row.changed,
        "deleted": row.deleted,
        "board": json.loads(row.content),
    }


def _summary(row: BoardRow) -> Body:
    body = _body(row)
    del body["board"]
    content = json.loads(row.content)
    return body | {
        "name": content["name"],
        "parts": [part["kind"] for part in content["parts"]],
        "template": "{device}" in row.content,
    }
