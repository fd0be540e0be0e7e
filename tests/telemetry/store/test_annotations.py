"""Rows of annotations: found by overlap, paged, and with a bound that deleted ones give way to."""

from __future__ import annotations

from pathlib import Path

from telemetry.store import annotations
from telemetry.store.annotations import AnnotationRow
from telemetry.store.db import Store
from tests.telemetry.store.test_accounts import with_store


def row(frm: int, to: int | None = None, series: int | None = None, deleted: int | None = None) -> AnnotationRow:
    return AnnotationRow(0, series, frm, to, f"at {frm}", "me", 1, 2, deleted)


def test_what_was_stored_comes_back_and_can_be_replaced(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        first = await store.write(lambda c: annotations.add(c, row(100, 200, 7)))
        assert first == row(100, 200, 7)._replace(id=1)
        other = first._replace(series=None, from_ts=5, to_ts=None, text="ö\n👩‍🔧", author="you", changed=9, deleted=10)
        await store.write(lambda c: annotations.put(c, other))
        assert await store.read(lambda c: annotations.find(c, 1)) == other
        assert await store.read(lambda c: annotations.find(c, 2)) is None

    with_store(tmp_path / "x.db", body)


def test_a_point_and_a_span_overlap_a_window_as_its_bounds_say(tmp_path: Path) -> None:
    """``from`` inside, ``to`` outside, of the window as of the span; what is deleted is not found."""

    async def body(store: Store) -> None:
        rows = [
            row(100),
            row(100, 200),
            row(50, 100),
            row(50, 101),
            row(199),
            row(200),
            row(1, 999),
            row(150, None, None, 3),
        ]
        await store.write(lambda c: [annotations.add(c, one) for one in rows])
        found = await store.read(lambda c: annotations.between(c, 100, 200, series=None, limit=99))
        assert [(one.from_ts, one.to_ts) for one in found] == [
            (199, None),
            (100, 200),
            (100, None),
            (50, 101),
            (1, 999),
        ]

    with_store(tmp_path / "x.db", body)


def test_global_ones_come_with_every_choice_of_series(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        await store.write(lambda c: [annotations.add(c, row(n, None, series)) for n, series in enumerate((None, 1, 2))])

        async def chosen(series: list[int] | None) -> list[int | None]:
            found = await store.read(lambda c: annotations.between(c, 0, 9, series=series, limit=99))
            return [one.series for one in found]

        assert await chosen(None) == [2, 1, None]
        assert await chosen([1, 3]) == [1, None]
        assert await chosen([]) == [None]

    with_store(tmp_path / "x.db", body)


def test_pages_join_without_gap_or_repetition(tmp_path: Path) -> None:
    """Also where many stand at the same time."""

    async def body(store: Store) -> None:
        await store.write(lambda c: [annotations.add(c, row(n // 4)) for n in range(23)])
        seen: list[int] = []
        before = annotations.LAST
        while True:
            page = await store.read(lambda c, b=before: annotations.between(c, 0, 99, series=None, before=b, limit=3))
            if not page:
                break
            seen += [one.id for one in page]
            before = page[-1].from_ts, page[-1].id
        assert seen == list(range(23, 0, -1))

    with_store(tmp_path / "x.db", body)


def test_the_longest_deleted_make_room_and_their_ids_are_not_used_again(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        deleted = {1: 30, 3: 10}
        await store.write(lambda c: [annotations.add(c, row(n, deleted=deleted.get(n))) for n in range(1, 5)])

        def ids(connection: object) -> list[int]:
            return [n for n in range(1, 9) if annotations.find(connection, n)]  # type: ignore[arg-type]

        assert await store.write(lambda c: annotations.make_room(c, 5))
        assert await store.read(ids) == [1, 2, 3, 4]
        assert await store.write(lambda c: annotations.make_room(c, 4))
        assert await store.read(ids) == [1, 2, 4]
        assert await store.write(lambda c: annotations.make_room(c, 3))
        assert await store.read(ids) == [2, 4]
        assert not await store.write(lambda c: annotations.make_room(c, 2))
        assert await store.read(ids) == [2, 4]
        assert (await store.write(lambda c: annotations.add(c, row(9)))).id == 5

    with_store(tmp_path / "x.db", body)


def test_a_series_counts_once_it_is_on_the_disk(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        assert not await store.read(lambda c: annotations.has_series(c, 3))
        await store.write(
            lambda c: c.execute(
                "INSERT INTO series (id, device, metric, name, kind) VALUES (3, 'd', 'm', 'd/m', 'number')"
            )
        )
        assert await store.read(lambda c: annotations.has_series(c, 3))

    with_store(tmp_path / "x.db", body)
