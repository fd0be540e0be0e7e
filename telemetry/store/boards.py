"""Boards: what people composed by hand, every version of it, and the images that stand on them.

A board's newest version is its content; older ones stay for undo, up to a bound. What was deleted stays until its room
is needed. Each function runs inside ``Store.read`` or ``Store.write``. Times in ms, contents as JSON text.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

SCHEMA = (
    (
        "CREATE TABLE boards (id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, created INTEGER NOT NULL,"
        " deleted INTEGER) STRICT"
    ),
    (
        "CREATE TABLE board_versions (board INTEGER NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,"
        " author TEXT NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (board, version)) STRICT, WITHOUT ROWID"
    ),
    (
        "CREATE TABLE images (id TEXT PRIMARY KEY, media TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER"
        " NOT NULL, body BLOB NOT NULL, author TEXT NOT NULL, created INTEGER NOT NULL) STRICT"
    ),
)
COLUMNS = "id, boards.version, content, author, created, changed, deleted"
JOINED = "boards JOIN board_versions ON board = id AND board_versions.version = boards.version"


class BoardRow(NamedTuple):
    """One board as one of its versions has it; ``author`` wrote that version, ``deleted`` is None while it stands."""

    id: int
    version: int
    content: str
    author: str
    created: int
    changed: int
    deleted: int | None = None


class VersionRow(NamedTuple):
    """Who wrote a version, and when."""

    version: int
    author: str
    changed: int


class ImageRow(NamedTuple):
    """An image, named after its content: ``width`` and ``height`` in pixels."""

    id: str
    media: str
    width: int
    height: int
    body: bytes
    author: str
    created: int


def every(connection: sqlite3.Connection) -> list[BoardRow]:
    """All boards, those that were deleted too, in the order of their making."""
    return [BoardRow(*row) for row in connection.execute(f"SELECT {COLUMNS} FROM {JOINED} ORDER BY id")]  # noqa: S608


def find(connection: sqlite3.Connection, board: int, version: int | None = None) -> BoardRow | None:
    """One board, deleted or not, as ``version`` has it (None: the newest)."""
    found = connection.execute(f"SELECT {COLUMNS} FROM {JOINED} WHERE id = ?", (board,)).fetchone()  # noqa: S608
    if found is None or version is None:
        return None if found is None else BoardRow(*found)
    old = connection.execute(
        "SELECT content, author, changed FROM board_versions WHERE board = ? AND version = ?", (board, version)
    ).fetchone()
    if old is None:
        return None
    content, author, changed = old
    return BoardRow(*found)._replace(version=version, content=content, author=author, changed=changed)


def versions(connection: sqlite3.Connection, board: int) -> list[VersionRow]:
    """The versions that are kept of a board, newest first."""
    found = connection.execute(
        "SELECT version, author, changed FROM board_versions WHERE board = ? ORDER BY version DESC", (board,)
    )
    return [VersionRow(*row) for row in found]


def make_room(connection: sqlite3.Connection, most: int) -> bool:
    """Whether one more than now fits into ``most`` boards; the longest deleted ones make room if they have to."""
    (total,) = connection.execute("SELECT count(*) FROM boards").fetchone()
    over = int(total) + 1 - most
    if over <= 0:
        return True
    gone = connection.execute(
        "SELECT id FROM boards WHERE deleted IS NOT NULL ORDER BY deleted, id LIMIT ?", (over,)
    ).fetchall()
    for (board,) in gone:
        connection.execute("DELETE FROM board_versions WHERE board = ?", (board,))
        connection.execute("DELETE FROM boards WHERE id = ?", (board,))
    return len(gone) == over


def add(connection: sqlite3.Connection, content: str, author: str, now: int) -> BoardRow:
    """Store a board under a new id, as its version 1."""
    done = connection.execute("INSERT INTO boards (version, created) VALUES (1, ?)", (now,))
    board = int(done.lastrowid or 0)
    connection.execute("INSERT INTO board_versions VALUES (?, 1, ?, ?, ?)", (board, content, author, now))
    return BoardRow(board, 1, content, author, now, now)


def put(connection: sqlite3.Connection, row: BoardRow, keep: int) -> None:
    """Add ``row.version``, newer than all, to its board; only the newest ``keep`` versions stay."""
    new = (row.id, row.version, row.content, row.author, row.changed)
    connection.execute("INSERT INTO board_versions VALUES (?, ?, ?, ?, ?)", new)
    connection.execute("UPDATE boards SET version = ?, deleted = ? WHERE id = ?", (row.version, row.deleted, row.id))
    connection.execute("DELETE FROM board_versions WHERE board = ? AND version <= ?", (row.id, row.version - keep))


def mark(connection: sqlite3.Connection, board: int, deleted: int | None) -> None:
    """Delete a board at ``deleted`` ms, or bring it back (None)."""
    connection.execute("UPDATE boards SET deleted = ? WHERE id = ?", (deleted, board))


def image(connection: sqlite3.Connection, key: str) -> ImageRow | None:
    """One image, with its bytes."""
    columns = "id, media, width, height, body, author, created"
    row = connection.execute(f"SELECT {columns} FROM images WHERE id = ?", (key,)).fetchone()  # noqa: S608
    return None if row is None else ImageRow(*row)


def has_image(connection: sqlite3.Connection, key: str) -> bool:
    """Whether an image is stored."""
    return connection.execute("SELECT 1 FROM images WHERE id = ?", (key,)).fetchone() is not None


def add_image(connection: sqlite3.Connection, row: ImageRow, most: int) -> bool:
    """Store an image, the same one once; whether it fits with the others into ``most`` bytes.

    Where it would not, those go first that no kept version of any board names, the oldest first.
    """
    if has_image(connection, row.id):
        return True
    (total,) = connection.execute("SELECT ifnull(sum(length(body)), 0) FROM images").fetchone()
    over = int(total) + len(row.body) - most
    if over > 0:
        over -= _drop_unused(connection, over)
    if over > 0:
        return False
    connection.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return True


def _drop_unused(connection: sqlite3.Connection, over: int) -> int:
    """Delete unused images until ``over`` bytes are free, or none is left; how many bytes that was."""
    unused = connection.execute(
        "SELECT id, length(body) FROM images WHERE NOT EXISTS"
        " (SELECT 1 FROM board_versions WHERE instr(content, images.id)) ORDER BY created, id"
    ).fetchall()
    freed = 0
    for key, size in unused:
        if freed >= over:
            break
        connection.execute("DELETE FROM images WHERE id = ?", (key,))
        freed += int(size)
    return freed
