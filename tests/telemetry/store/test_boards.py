"""Rows of boards: versions, their bound, room for boards and for images."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from telemetry.store import boards
from telemetry.store.boards import BoardRow, ImageRow
from telemetry.store.db import Store
from tests.telemetry.store.test_accounts import with_store


def image(key: str, size: int = 10, created: int = 1) -> ImageRow:
    return ImageRow(key, "image/png", 2, 3, bytes(size), "me", created)


def test_a_board_keeps_its_versions_up_to_a_bound(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        first = await store.write(lambda c: boards.add(c, "one", "me", 5))
        assert first == BoardRow(1, 1, "one", "me", 5, 5)
        for version in range(2, 6):
            row = first._replace(version=version, content=f"c{version}", author="you", changed=version * 10)
            await store.write(partial(boards.put, row=row, keep=3))
        assert await store.read(lambda c: boards.find(c, 1)) == BoardRow(1, 5, "c5", "you", 5, 50)
        assert await store.read(lambda c: boards.find(c, 1, 3)) == BoardRow(1, 3, "c3", "you", 5, 30)
        assert await store.read(lambda c: boards.find(c, 1, 2)) is None
        assert await store.read(lambda c: boards.find(c, 2)) is None
        assert [one.version for one in await store.read(lambda c: boards.versions(c, 1))] == [5, 4, 3]
        assert [one.content for one in await store.read(boards.every)] == ["c5"]

    with_store(tmp_path / "x.db", body)


def test_the_longest_deleted_board_makes_room_with_all_its_versions(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        for name in ("a", "b", "c"):
            await store.write(partial(boards.add, content=name, author="me", now=1))
        assert await store.write(lambda c: boards.make_room(c, 4))
        assert not await store.write(lambda c: boards.make_room(c, 3))
        await store.write(lambda c: boards.mark(c, 2, 20))
        await store.write(lambda c: boards.mark(c, 3, 10))
        assert await store.write(lambda c: boards.make_room(c, 3))
        assert [(one.id, one.deleted) for one in await store.read(boards.every)] == [(1, None), (2, 20)]
        assert await store.read(lambda c: boards.versions(c, 3)) == []
        await store.write(lambda c: boards.mark(c, 2, None))
        assert not await store.write(lambda c: boards.make_room(c, 2))

    with_store(tmp_path / "x.db", body)


def test_images_that_no_version_names_make_room_and_others_never_do(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        used, old, new, more = "a" * 32, "b" * 32, "c" * 32, "d" * 32
        for row in (image(used), image(old, created=2), image(new, created=3)):
            assert await store.write(partial(boards.add_image, row=row, most=30))
        await store.write(lambda c: boards.add(c, f'{{"image":"{used}"}}', "me", 1))
        assert await store.write(lambda c: boards.add_image(c, image(used), 30)), "the same one again is no more"
        assert await store.write(lambda c: boards.add_image(c, image(more, 12), 30))
        assert await store.read(lambda c: boards.image(c, used)) == image(used)
        left = [await store.read(partial(boards.has_image, key=key)) for key in (used, old, new, more)]
        assert left == [True, False, False, True]
        assert not await store.write(lambda c: boards.add_image(c, image("e" * 32, 25), 30))

    with_store(tmp_path / "x.db", body)
