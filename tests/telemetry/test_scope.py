"""Scopes: what a limited credential reaches, by the registry and not by how names look."""

from __future__ import annotations

import itertools

import pytest

from telemetry.model import Kind, Series
from telemetry.registry import Device
from telemetry.scope import BoardScope, Scope, SeriesScope, problem

IDS = itertools.count(1)


def series(device: str, metric: str, name: str = "", former: tuple[str, ...] = ()) -> Series:
    return Series(next(IDS), device, metric, name or f"{device}/{metric}", Kind.NUMBER, former=former)


def board(*parts: dict[str, object], devices: str | None = None) -> BoardScope:
    return BoardScope(7, {"name": "B", "parts": list(parts)} | ({} if devices is None else {"devices": devices}))


def only(*patterns: str) -> Scope:
    return SeriesScope(patterns, write=False)


@pytest.mark.parametrize(
    ("pattern", "device", "metric", "seen"),
    [
        ("boiler/*", "boiler", "t", True),
        ("boiler/*", "boiler", "x/t", True),
        ("boiler/*", "boiler/x", "t", False),
        ("boiler/*", "boiler 2", "t", False),
        ("boiler/x/*", "boiler/x", "t", True),
        ("boiler/x/*", "boiler", "x/t", False),
        ("boiler/t*", "boiler", "t.max", True),
        ("boiler/t*", "boiler/t", "x", False),
        ("*/t", "boiler", "t", True),
        ("*/t", "boiler/x", "t", True),
        ("*/t", "boiler", "x/t", False),
        ("boil*/t", "boiler", "t", True),
        ("boil*/t", "a boiler", "t", False),
        ("*", "boiler/x", "y/z", True),
        ("boiler/t", "boiler", "t", True),
        ("boiler/t", "boiler", "t2", False),
        ("boiler/t", "Boiler", "t", False),
        ("a/b/c", "a", "b/c", True),  # a name is looked up, however it was put together
        ("a/b/c", "a/b", "c", True),
    ],
)
def test_a_pattern_means_device_and_metric(pattern: str, device: str, metric: str, seen: bool) -> None:
    assert only(pattern).sees(series(device, metric)) is seen


def test_a_name_reaches_a_role_of_today_and_before() -> None:
    renamed = series("esp-9", "t", "kitchen", former=("esp-9/t", "esp-1/t"))
    assert only("kitchen").sees(renamed)
    assert only("esp-1/t").sees(renamed)
    assert only("esp-9/*").sees(renamed), "the device that sends it"
    assert not only("esp-1/*").sees(renamed), "a device that no longer sends it"
    assert not only("kitchen/*").sees(renamed)


def test_a_decision_follows_a_series_that_becomes_another() -> None:
    scope, one = only("boiler/*"), series("boiler", "t")
    assert scope.sees(one)
    one.device = "tank"
    assert not scope.sees(one)


def test_patterns_are_brought_to_nfc_as_names_are() -> None:
    assert only("Ku\u0308che/*").sees(series("K\u00fcche", "t"))


def test_a_device_is_reached_by_all_of_it_or_by_a_series() -> None:
    boiler = Device("boiler", series={"t": series("boiler", "t"), "p": series("boiler", "p")})
    assert only("boiler/*").sees_device(boiler)
    assert only("boiler/*").covers("boiler")
    assert only("boiler/t").sees_device(boiler)
    assert not only("boiler/t").covers("boiler")
    assert not only("*/t").covers("boiler")
    assert not only("boiler/x*").sees_device(boiler)
    assert only("boiler/*").sees_device(Device("boiler")), "before its first reading"
    assert not only("*/t").sees_device(Device("boiler"))


def test_series_scopes_reach_no_board_and_no_image() -> None:
    assert not only("*").sees_board(7)
    assert not only("*").sees_image("0" * 32)


def test_a_screen_reaches_its_board_and_what_that_shows() -> None:
    scope = board(
        {"kind": "chart", "series": ["boiler/t", "tank/*"]},
        {"kind": "plan", "image": "ab", "pins": [{"series": "hall/t"}]},
        {"kind": "text", "text": "boiler/p"},
    )
    seen = [("boiler", "t"), ("tank", "level"), ("tank/x", "level"), ("hall", "t")]  # names, as the page matches them
    assert all(scope.sees(series(*one)) for one in seen)
    assert not any(scope.sees(series(*one)) for one in [("boiler", "p"), ("hall", "p"), ("boiler/t", "x")])
    assert (scope.sees_board(7), scope.sees_board(8)) == (True, False)
    assert (scope.sees_image("ab"), scope.sees_image("cd")) == (True, False)
    assert not scope.write
    assert not scope.covers("tank")


def test_a_board_for_every_device_reaches_what_it_shows_of_each() -> None:
    scope = board({"kind": "tile", "series": ["{device}/t", "{device}/m.*"]}, devices="boiler *")
    assert scope.sees(series("boiler 1", "t"))
    assert scope.sees(series("boiler 1", "m.x"))
    assert scope.sees(series("esp", "t", "boiler 2/t")), "a role that another device plays now"
    assert not scope.sees(series("boiler 1", "p"))
    assert not scope.sees(series("tank", "t"))


def test_a_board_that_is_gone_shows_nothing() -> None:
    scope = BoardScope(7, None)
    assert not scope.sees(series("boiler", "t"))
    assert scope.sees_board(7), "so that its screen can say so"


def test_scopes_are_the_same_by_what_they_reach() -> None:
    first = board({"kind": "tile", "series": ["a/t"], "title": "one"})
    assert first.same(board({"kind": "gauge", "series": ["a/t"]}))
    assert not first.same(board({"kind": "tile", "series": ["a/t", "b/t"]}))
    assert not first.same(board({"kind": "tile", "series": ["a/t"]}, devices="b"))


@pytest.mark.parametrize("pattern", ["boiler/*", "*/t", "*", "kitchen", "a/b/*", "b*/t*"])
def test_patterns_that_will_do(pattern: str) -> None:
    assert problem(pattern) is None


@pytest.mark.parametrize("pattern", ["", "boiler*", "/*", "*/", "x" * 513, "a\n/*"])
def test_patterns_that_will_not(pattern: str) -> None:
    assert problem(pattern)
