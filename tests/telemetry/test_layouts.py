"""Layouts: what a patch may say, what it makes of a layout, and that changes are kept and can be undone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.identity import Principal, Role
from telemetry.layouts import MAX_BODY, SHARED, Layouts, checked, merged, owner_of
from telemetry.model import Reason, Refusal
from tests.telemetry.kit import actor, core


@pytest.mark.parametrize(
    ("patch", "where"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ({"colours": {}}, None),
        ({"series": []}, "series"),
        ({"series": {"d/t": 1}}, "series"),
        ({"series": {"d/t": {"shape": "S"}}}, "series"),
        ({"series": {"d/t": {"size": "XL"}}}, "series"),
        ({"series": {"d/t": {"size": ["S"]}}}, "series"),
        ({"series": {"d/t": {"hidden": 1}}}, "series"),
        ({"series": {"d/t": {"colour": True}}}, "series"),
        ({"series": {"d/t": {"colour": 99}}}, "series"),
        ({"series": {"d/t": {"low": float("nan")}}}, "series"),
        ({"series": {"d/t": {"high": float("inf")}}}, "series"),
        ({"series": {"d/t": {"high": 10**400}}}, "series"),
        ({"series": {"d/t": {"range": 5}}}, "series"),
        ({"series": {"d/t": {"title": ""}}}, "series"),
        ({"series": {"d/t": {"title": "a\u202eb"}}}, "series"),
        ({"series": {"d/t": {"unit": "x" * 33}}}, "series"),
        ({"series": {"x" * 301: {"size": "S"}}}, "series"),
        ({"series": {"a\nb": {"size": "S"}}}, "series"),
        ({"devices": {"d": {"tags": "one"}}}, "devices"),
        ({"devices": {"d": {"tags": ["x"] * 17}}}, "devices"),
        ({"devices": {"d": {"group": "\ud800"}}}, "devices"),
        ({"order": {"groups": "x"}}, "order"),
        ({"order": {"groups": [1]}}, "order"),
        ({"units": {"°C": 1}}, "units"),
    ],
    ids=str,
)
def test_a_patch_that_cannot_be_part_of_a_layout_is_refused(patch: Any, where: str | None) -> None:
    refused = checked(patch)
    assert isinstance(refused, Refusal)
    assert refused.code is (Reason.BAD_MESSAGE if where is None else Reason.BAD_VALUE)
    assert refused.at == where


FULL: dict[str, Any] = {
    "series": {
        "d/t": {"size": "L", "hidden": True, "pinned": True, "title": "Flow", "colour": 3, "unit": "°F"}
        | {"range": 3_600_000, "low": -5, "high": 40.5}
    },
    "devices": {"d": {"hidden": False, "title": "Boiler", "group": "Heating", "tags": ["cellar", "öl"]}},
    "order": {"groups": ["Heating"], "device:d": ["d/t", "d/u"], "pinned": []},
    "units": {"°C": "°F"},
}


def test_everything_that_a_layout_can_say_is_taken() -> None:
    assert checked(FULL) == FULL
    assert merged({}, FULL) == FULL


def test_null_takes_away_and_what_is_empty_is_left_out() -> None:
    patch = {"series": {"d/t": dict.fromkeys(FULL["series"]["d/t"])}, "devices": {"d": None}, "units": {"°C": None}}
    assert checked(patch) == patch
    assert merged(FULL, patch) == {"order": FULL["order"]}
    assert merged({}, patch) == {}


def test_a_patch_leaves_what_it_does_not_name() -> None:
    after = merged(FULL, {"series": {"d/t": {"size": "S"}, "d/u": {"pinned": True}}})
    assert after["series"]["d/t"] == FULL["series"]["d/t"] | {"size": "S"}  # type: ignore[index]
    assert FULL["series"]["d/t"]["size"] == "L"
    assert after["devices"] == FULL["devices"]


def test_owners_of_different_kinds_are_different_people() -> None:
    user, token = (owner_of(Principal(kind, "anna", Role.VIEWER, "")) for kind in ("user", "token"))
    assert len({user, token, SHARED}) == 3


def test_changes_are_kept_over_a_restart_and_undone_one_by_one(tmp_path: Path) -> None:
    async def run() -> None:
        async with core(tmp_path / "x.db") as kit:
            layouts = Layouts(kit.store, Clock(), Audit(Clock()))
            first = await layouts.change(actor("me"), "user:a", {"series": {"d/t": {"size": "L"}}})
            again = await layouts.change(actor("me"), "user:a", {"series": {"d/t": {"size": "L"}}})
            assert first == again, "what changes nothing is no version"
            await layouts.change(actor("op"), SHARED, {"units": {"°C": "°F"}})
        async with core(tmp_path / "x.db") as kit:
            layouts = Layouts(kit.store, Clock(), Audit(Clock()))
            both: Any = await layouts.both("user:a")
            assert both["own"]["layout"] == {"series": {"d/t": {"size": "L"}}}
            assert both["shared"]["layout"] == {"units": {"°C": "°F"}}
            assert both["shared"]["who"] == "op"
            reset = await layouts.reset(actor("me"), "user:a")
            assert (reset["layout"], reset["undo"]) == ({}, True)
            assert await layouts.reset(actor("me"), "user:a") == reset
            undone: Any = await layouts.undo(actor("me"), "user:a")
            assert undone["layout"] == both["own"]["layout"]
            undone = await layouts.undo(actor("me"), "user:a")
            assert (undone["layout"], undone["undo"]) == ({}, False)
            assert await layouts.undo(actor("me"), "user:a") is None

    asyncio.run(run())


def test_a_layout_has_a_bound(tmp_path: Path) -> None:
    async def run() -> None:
        async with core(tmp_path / "x.db") as kit:
            layouts = Layouts(kit.store, Clock(), Audit(Clock()))
            for n in range(100):
                done = await layouts.change(actor("me"), "user:a", {"order": {f"device:{n}": ["x" * 300] * 20}})
                if isinstance(done, Refusal):
                    assert done.code is Reason.TOO_LARGE
                    assert n > MAX_BODY // 10_000
                    return
            raise AssertionError("never refused")

    asyncio.run(run())
