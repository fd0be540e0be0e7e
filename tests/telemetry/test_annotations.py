"""The rules of annotations, and how they follow a series, on a real database."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.annotations import MAX_TEXT, Annotations, Draft, draft_of, position_of, text_of
from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.model import Reason, Refusal
from telemetry.store.annotations import LAST
from telemetry.store.db import StoreError
from telemetry.timespec import LIMIT
from tests.telemetry.kit import T0, Kit, actor, core

# pure


ME = actor("me")


def refused(value: object) -> tuple[Reason, str | None]:
    assert isinstance(value, Refusal), value
    return value.code, value.at


def test_a_draft_without_a_time_is_now_and_without_a_series_is_everywhere() -> None:
    assert draft_of({"text": "swapped the filter"}, T0) == Draft(None, T0, None, "swapped the filter")
    full = {"text": "x", "from": T0, "to": T0 + 1, "series": "e\u0301/t"}
    assert draft_of(full, 0) == Draft("\u00e9/t", T0, T0 + 1, "x")
    assert draft_of(full | {"to": None, "series": None}, 0) == Draft(None, T0, None, "x")


@pytest.mark.parametrize("body", [None, [], "x", 1, {"text": "x", "other": 1}])
def test_what_is_no_annotation_is_bad_message(body: object) -> None:
    assert refused(draft_of(body, T0)) == (Reason.BAD_MESSAGE, None)


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"series": 7}, Reason.BAD_VALUE, "series"),
        ({"text": None}, Reason.BAD_VALUE, "text"),
        ({"from": None}, Reason.BAD_TIME, "from"),
        ({"from": True}, Reason.BAD_TIME, "from"),
        ({"from": 1.5}, Reason.BAD_TIME, "from"),
        ({"from": "now"}, Reason.BAD_TIME, "from"),
        ({"from": 1}, Reason.BAD_TIME, "from"),
        ({"from": LIMIT}, Reason.BAD_TIME, "from"),
        ({"to": T0}, Reason.BAD_TIME, "to"),
        ({"to": 2**70}, Reason.BAD_TIME, "to"),
        ({"to": "later"}, Reason.BAD_TIME, "to"),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, Any], code: Reason, at: str) -> None:
    assert refused(draft_of({"text": "x", "from": T0} | change, T0)) == (code, at)


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "x" * (MAX_TEXT + 1), "a\tb", "a\rb", "\0", "\x7f", "\u0085", "\ud800", "\u202eevil", "\u2066", 5],
)
def test_text_that_is_refused(text: object) -> None:
    assert refused(text_of(text)) == (Reason.BAD_VALUE, "text")


def test_text_is_kept_with_its_lines_and_signs() -> None:
    assert text_of("  two\r\nlines 👩\u200d🔧 \n") == "two\nlines 👩\u200d🔧"
    assert text_of("x" * MAX_TEXT) == "x" * MAX_TEXT


@given(st.text(max_size=50))
def test_text_that_is_taken_is_composed_and_stays_the_same(text: str) -> None:
    taken = text_of(text)
    if isinstance(taken, str):
        assert text_of(taken) == taken == unicodedata.normalize("NFC", taken)
        assert taken.encode()
        assert taken.replace("\n", " ").strip() == taken.replace("\n", " ")


@given(st.integers(-LIMIT, LIMIT), st.integers(0, LAST[1]))
def test_a_position_survives_its_text(ts: int, number: int) -> None:
    assert position_of(f"{ts}.{number}") == (ts, number)


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "x.1", "1.x", f"{10**17}.1", f"1.{2**63}", "--1.1", "1.-1", "9" * 5000]
)
def test_what_is_no_position_is_refused(text: str) -> None:
    assert refused(position_of(text)) == (Reason.BAD_VALUE, "page")


# on a database


def run(path: Path, body: Callable[[Kit, Annotations], Awaitable[None]], most: int = 100) -> None:
    async def inner() -> None:
        async with core(path) as kit:
            await kit.send([(0, 1.0)])
            await body(kit, Annotations(kit.store, kit.registry, kit.hub, Clock(), Audit(Clock()), most=most))

    asyncio.run(inner())


def note(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"text": text, "from": T0, **more}


async def listed(notes: Annotations, *patterns: str) -> list[tuple[str | None, str]]:
    page = await notes.page(patterns or ("*",), -LIMIT, LIMIT)
    return [(one["series"], one["text"]) for one in page.annotations]  # type: ignore[misc]


def test_an_annotation_follows_its_series_through_a_rename_and_a_restart(tmp_path: Path) -> None:
    async def first(kit: Kit, notes: Annotations) -> None:
        await notes.add(ME, note("on it", series="a/t"))
        await notes.add(ME, note("everywhere"))
        series = kit.registry.series.pop("a/t")
        series.name = "boiler/temperature"
        kit.registry.series[series.name] = series
        assert await listed(notes, "boiler/*") == [(None, "everywhere"), ("boiler/temperature", "on it")]
        assert await listed(notes, "a/*") == [(None, "everywhere")]

    async def second(kit: Kit, notes: Annotations) -> None:
        assert await listed(notes) == [(None, "everywhere"), ("a/t", "on it")]

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_every_change_is_told_with_the_whole_annotation(tmp_path: Path) -> None:
    async def body(kit: Kit, notes: Annotations) -> None:
        viewer = kit.viewer()
        made = await notes.add(ME, note("one", series="a/t"))
        assert isinstance(made, dict)
        number = made["id"]
        assert isinstance(number, int)
        changed = await notes.replace(actor("you"), number, note("two", to=T0 + 5))
        assert isinstance(changed, dict)
        assert (changed["series"], changed["text"], changed["to"], changed["author"]) == (None, "two", T0 + 5, "you")
        assert changed["created"] == made["created"]
        gone = await notes.delete(actor(), number)
        assert gone is not None
        assert gone["deleted"] is not None
        assert await listed(notes) == []
        back = await notes.restore(actor(), number)
        assert back == changed
        told = [frame["annotation"] for frame in viewer.frames if "annotation" in frame]
        assert told == [made, changed, gone, back]

    run(tmp_path / "x.db", body)


def test_what_is_not_there_is_none_and_tells_nobody(tmp_path: Path) -> None:
    async def body(kit: Kit, notes: Annotations) -> None:
        made = await notes.add(ME, note())
        assert isinstance(made, dict)
        await notes.delete(actor(), 1)
        viewer = kit.viewer()
        assert await notes.replace(ME, 1, note()) is None
        assert [await notes.replace(ME, 9, note()), await notes.delete(ME, 9), await notes.restore(ME, 9)] == [None] * 3
        assert [frame for frame in viewer.frames if "annotation" in frame] == []

    run(tmp_path / "x.db", body)


def test_a_series_that_is_unknown_or_not_stored_yet_is_refused(tmp_path: Path) -> None:
    """A crash could give its id to another series."""

    async def body(kit: Kit, notes: Annotations) -> None:
        await notes.add(ME, note())
        for done in (await notes.add(ME, note(series="a/x")), await notes.replace(ME, 1, note(series="a/x"))):
            assert refused(done) == (Reason.BAD_VALUE, "series")
        kit.series("new")
        for done in (await notes.add(ME, note(series="a/new")), await notes.replace(ME, 1, note(series="a/new"))):
            assert refused(done) == (Reason.TRY_LATER, "series")
        await kit.send([(0, 1.0)], "new")
        assert isinstance(await notes.add(ME, note(series="a/new")), dict)

    run(tmp_path / "x.db", body)


def test_there_is_a_most_and_deleting_makes_room(tmp_path: Path) -> None:
    async def body(kit: Kit, notes: Annotations) -> None:
        for n in range(3):
            assert isinstance(await notes.add(ME, note(str(n))), dict)
        assert refused(await notes.add(ME, note("too many"))) == (Reason.TOO_LARGE, None)
        assert isinstance(await notes.replace(ME, 1, note("still")), dict)
        await notes.delete(actor(), 2)
        assert isinstance(await notes.add(ME, note("3")), dict)
        assert await notes.restore(actor(), 2) is None
        assert await listed(notes) == [(None, "3"), (None, "2"), (None, "still")]

    run(tmp_path / "x.db", body, most=3)


def test_pages_go_on_where_the_last_ended(tmp_path: Path) -> None:
    async def body(kit: Kit, notes: Annotations) -> None:
        for n in range(5):
            await notes.add(ME, note(str(n)))
        seen, before = [], LAST
        for _ in range(3):
            page = await notes.page(["*"], 0, LIMIT, before, limit=2)
            seen.append([one["text"] for one in page.annotations])
            if page.next is not None:
                position = position_of(page.next)
                assert not isinstance(position, Refusal)
                before = position
        assert (seen, page.next) == ([["4", "3"], ["2", "1"], ["0"]], None)

    run(tmp_path / "x.db", body)


def test_a_disk_that_refuses_leaves_nothing_and_tells_nobody(tmp_path: Path) -> None:
    async def body(kit: Kit, notes: Annotations) -> None:
        viewer = kit.viewer()
        kit.store.failing = True
        with pytest.raises(StoreError):
            await notes.add(ME, note())
        kit.store.failing = False
        assert await listed(notes) == []
        assert [frame for frame in viewer.frames if "annotation" in frame] == []

    run(tmp_path / "x.db", body)
