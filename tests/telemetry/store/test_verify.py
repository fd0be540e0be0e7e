"""Rows against their checksums, as they come from the database and after any of their bytes has changed."""

from __future__ import annotations

import asyncio

import pytest

from telemetry.store import copying, verify
from telemetry.store.copying import Pages, Row
from tests.telemetry.kit import core

TABLES = ("journal", "chunk_data", "chunks", "rollup_1m")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[tuple[str, ...], list[Row]]]:
    """By table: its columns and rows, of a small real database."""
    path = tmp_path_factory.mktemp("verify") / "x.db"

    async def body() -> None:
        async with core(path) as kit:
            for part in range(3):
                await kit.send([(n * 1_000, n / 4) for n in range(part * 400, part * 400 + 400)])
            await kit.maintenance.seal(everything=True)
            await kit.send([(2_000_000, "a text")])

    asyncio.run(body())
    source = copying.open_ro(path)
    found = {}
    for table in copying.tables(source):
        if table.name in TABLES:
            page = Pages(table, strict=True).next(source)
            assert page
            found[table.name] = table.columns, page
    source.close()
    assert found.keys() == {*TABLES}
    return found


@pytest.mark.parametrize("table", TABLES)
def test_rows_as_written_are_sound(rows: dict[str, tuple[tuple[str, ...], list[Row]]], table: str) -> None:
    columns, page = rows[table]
    assert verify.sound(table, columns, page) == [True] * len(page)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", [lambda v: v + 1, lambda v: -v - 1, lambda _: "x", lambda _: None, lambda _: b"y"])
def test_a_row_with_another_value_anywhere_is_not(
    rows: dict[str, tuple[tuple[str, ...], list[Row]]], table: str, change: object
) -> None:
    columns, page = rows[table]
    for at, name in enumerate(columns):
        if (table, name) == ("chunk_data", "id"):
            continue  # its own place: the header says where the data is
        value = page[-1][at]
        if isinstance(value, str | bytes | None):
            changed = None if name != "crc" and value is not None else b"z"
        else:
            changed = change(value)  # type: ignore[operator]
        if (table, name, changed) == ("journal", "crc", None) or (changed is None and value == 0.0):
            continue  # a row of a version without checksums; no statistics count as 0
        row = (*page[-1][:at], changed, *page[-1][at + 1 :])
        found = verify.sound(table, columns, [*page[:-1], row])
        assert found == [*[True] * (len(page) - 1), False], f"{name} was {value}, is {changed}"


def test_tables_without_checksums_pass() -> None:
    assert verify.sound("users", ("name",), [("a",), (None,)]) == [True, True]
