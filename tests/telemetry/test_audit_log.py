"""The audit log as people read it, and the bounds that the server keeps."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from telemetry import audit_log
from telemetry.audit import Audit
from telemetry.audit_log import AuditLog, Form, body, csv_line, json_line
from telemetry.clock import RELEASED, Clock
from telemetry.store import audit
from telemetry.store.audit import ALL, AuditRow, Wanted
from tests.telemetry.kit import FailingStore, noted

DAY = 86_400_000
NOW = RELEASED + 400 * DAY


def row(n: int, at: int = NOW, action: str = "user add", text: str = "{}") -> AuditRow:
    return AuditRow(0, at, "anna", "user", "::1", action, f"user {n}", None, text)


def with_log(
    path: Path, rows: list[AuditRow], work: Callable[[AuditLog, FailingStore], Awaitable[None]], most: int = 1 << 20
) -> None:
    """Run ``work`` on a log of ``rows`` that keeps 30 days."""

    async def main() -> None:
        store = FailingStore(path)
        await store.start()
        try:
            await store.write(lambda connection: [audit.add(connection, one) for one in rows])
            await work(AuditLog(store, Audit(Clock(0, wall=lambda: NOW)), 30 * 86_400, most), store)
        finally:
            await store.close()

    asyncio.run(main())


def test_pages_follow_each_other_without_gap_or_repetition(tmp_path: Path) -> None:
    async def work(log: AuditLog, _: FailingStore) -> None:
        seen, wanted = [], ALL
        while True:
            page = await log.page(wanted, 3)
            seen += [one["subject"] for one in page.entries]
            if page.next is None:
                break
            wanted = wanted._replace(before=page.next)
        assert seen == [f"user {n}" for n in reversed(range(9))]
        assert (await log.page(Wanted(subject="*4"))).entries[0]["subject"] == "user 4"
        assert await log.actions() == ["user add"]

    with_log(tmp_path / "x.db", [row(n) for n in range(9)], work)


def test_a_file_has_every_entry_in_bounded_pieces(tmp_path: Path) -> None:
    async def work(log: AuditLog, _: FailingStore) -> None:
        pieces = [piece async for piece in log.pieces(ALL, Form.CSV)]
        assert len(pieces) == 4, "the head, two full pieces and the rest"
        found = list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))
        assert [one["subject"] for one in found] == [f"user {n}" for n in reversed(range(2_100))]
        lines = b"".join([piece async for piece in log.pieces(Wanted(subject="user 7"), Form.NDJSON)]).splitlines()
        assert [json.loads(line)["subject"] for line in lines] == ["user 7"]

    with_log(tmp_path / "x.db", [row(n) for n in range(2_100)], work)


def test_no_cell_is_a_formula_and_what_is_no_json_is_shown_as_it_is() -> None:
    wild = AuditRow(1, NOW, "=1+1", "user", "@x", "+a", "-2\r\n=3", '{"a":1}', "not json")
    (cells,) = csv.reader(io.StringIO(csv_line(wild)))
    assert cells[3:] == ["'=1+1", "user", "'@x", "'+a", "'-2\r\n=3", '{"a":1}', "not json"]
    assert cells[2].endswith(".000Z")
    assert (body(wild)["before"], body(wild)["after"]) == ({"a": 1}, "not json")
    assert json_line(wild).count("\n") == 1


def test_what_is_too_old_goes_and_the_log_says_so(tmp_path: Path) -> None:
    async def work(log: AuditLog, store: FailingStore) -> None:
        await log.trim()
        found = await noted(store)
        assert [(one.who, one.action) for one in found] == [("anna", "user add"), ("server", "audit trim")]
        assert json.loads(found[1].before or "") == {"entries": 2, "first": 1, "last": 2}
        await log.trim()
        assert len(await noted(store)) == 2, "one look a day"

    with_log(tmp_path / "x.db", [row(1, NOW - 40 * DAY), row(2, NOW - 31 * DAY), row(3, NOW - 29 * DAY)], work)


def test_a_log_that_is_too_large_loses_logins_first_and_never_the_newest(tmp_path: Path) -> None:
    """A stranger who fails to log in all day long pushes no change out."""
    rows = [row(0), *(row(n, action="login failed", text="x" * 1_000) for n in range(1, 200)), row(200)]

    async def work(log: AuditLog, store: FailingStore) -> None:
        await log.trim()
        found = await noted(store)
        assert [one.subject for one in found if one.action == "user add"] == ["user 0", "user 200"]
        left = [one.subject for one in found if one.action == "login failed"]
        assert 0 < len(left) < 100
        assert left[-1] == "user 199"

    with_log(tmp_path / "x.db", rows, work, most=100_000)


def test_a_clock_that_is_not_trusted_empties_nothing(tmp_path: Path) -> None:
    async def work(_: AuditLog, store: FailingStore) -> None:
        wrong = Clock(NOW, wall=lambda: 0)
        assert not wrong.trusted()
        await AuditLog(store, Audit(wrong), 86_400).trim()
        assert len(await noted(store)) == 1

    with_log(tmp_path / "x.db", [row(1, NOW - 99 * DAY)], work)


def test_trimming_is_cut_into_transactions(tmp_path: Path) -> None:
    async def work(log: AuditLog, store: FailingStore) -> None:
        await log.trim()
        trims = await noted(store)
        assert [json.loads(one.before or "")["entries"] for one in trims] == [audit_log.AT_ONCE, 10]

    with_log(tmp_path / "x.db", [row(n, NOW - 99 * DAY) for n in range(audit_log.AT_ONCE + 10)], work)
