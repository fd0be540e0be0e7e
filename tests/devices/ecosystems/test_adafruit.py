from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.adafruit import AdafruitIO
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused

TS = 1_741_168_200_000


@pytest.mark.parametrize(
    ("topic", "said", "expected"),
    [
        ("me/feeds/garden.temp", "22.5", [("garden", "temp", 22.5, None)]),
        ("me/f/hum", " -4e1 ", [("me", "hum", -40.0, None)]),
        ("me/feeds/a.b.c", "1", [("a", "b.c", 1.0, None)]),
        ("me/feeds/.x", "1", [("me", ".x", 1.0, None)]),
        ("me/feeds/k", "OFF", [("me", "k", False, None)]),
        ("me/feeds/k", "off", []),
        ("me/feeds/k", "55,3", []),
        ("me/feeds/k", "nan", []),
        ("me/feeds/k", "12:30", []),
        ("me/feeds/k", '{"value": "7", "lat": 1}', [("me", "k", 7.0, None)]),
        ("me/feeds/k/json", {"value": True, "created_at": "2025-03-05T09:50:00Z"}, [("me", "k", True, TS)]),
        ("me/feeds/k/json", {"value": 5, "created_epoch": TS // 1000}, [("me", "k", 5.0, TS)]),
        ("me/feeds/k/json", {"value": 5, "created_at": "2025-03-05 09:50:00"}, [("me", "k", 5.0, None)]),
        (
            "me/feeds/k/json",
            {"key": "k", "data": {"value": "3", "created_at": "2025-03-05T09:50:00Z"}},
            [("me", "k", 3.0, TS)],
        ),
        ("me/f/k/json", {"value": None}, []),
        ("me/f/k/csv", "21.25,52.1,4.9,3", [("me", "k", 21.25, None)]),
        ("me/f/k/csv", "21.25", [("me", "k", 21.25, None)]),
        ("me/groups/g", {"feeds": {"t": "20.5", "g.h": 3, "n": "ok"}}, [("g", "t", 20.5, None), ("g", "h", 3.0, None)]),
        ("me/g/g/json", {"feeds": {"t": 1}, "created_at": "2025-03-05T09:50:00Z"}, [("g", "t", 1.0, TS)]),
        (
            "me/groups/g/csv",
            "t,20.5\nh,40,52.1,4.9\nlocation,52.1,4.9,3\n",
            [("g", "t", 20.5, None), ("g", "h", 40.0, None)],
        ),
        ("me/groups/g/pump", "ON", [("g", "pump", True, None)]),
        ("me/feeds/k", "", []),
        ("me/feeds/k/get", "\x00", []),
        ("me/f/k/get", "5", []),
    ],
    ids=str,
)
def test_values_in_each_form(topic: str, said: Any, expected: list[Any]) -> None:
    assert readings(publish(AdafruitIO(), topic, said)) == expected


@pytest.mark.parametrize("topic", ["me/feeds/k/json", "me/groups/g"])
@pytest.mark.parametrize("said", ["{", b"\xff", "[1]"])
def test_broken_message_is_refused(topic: str, said: Any) -> None:
    assert refused(publish(AdafruitIO(), topic, said))


def test_line_without_a_value_is_reported_and_its_neighbours_kept() -> None:
    found = publish(AdafruitIO(), "me/groups/g/csv", "t,1\nodd\n\nh,2")
    assert isinstance(found, Decoded)
    assert [part.line for part in found.bad] == [2]
    assert [one.metric for one in found.samples] == ["t", "h"]


@pytest.mark.parametrize("leaf", ["throttle", "errors"])
def test_what_the_service_says_is_nothing_even_with_numbers_in_it(leaf: str) -> None:
    assert nothing(publish(AdafruitIO(), f"me/{leaf}", "31 requests in 60 seconds"))
    assert publish(AdafruitIO(), f"house/{leaf}", "31") is None


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("zigbee2mqtt/f/lamp", {"state": "ON"}),
        ("x/f/k", "{broken"),
        ("x/f/k", b"\xff"),
        ("x/f/k", b""),
        ("x/g/k", {"temperature": 1}),
        ("x/g/k/pump", "1"),
        ("x/f/k/state", "1"),
        ("me/feeds", "1"),
        ("a/me/feeds/k", "1"),
    ],
)
def test_what_only_looks_alike_is_someone_elses(topic: str, said: Any) -> None:
    assert publish(AdafruitIO(), topic, said) is None


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        (
            "/api/v2/me/feeds/garden.t/data",
            {"value": 22.1, "created_at": "2025-03-05T09:50:00Z"},
            [("garden", "t", 22.1, TS)],
        ),
        ("/api/v2/me/feeds/t/data", {"datum": {"value": "5"}}, [("me", "t", 5.0, None)]),
        ("/api/v2/me/feeds/t/data", {"value": "ON"}, [("me", "t", True, None)]),
        ("/api/v2/me/feeds/t/data", {"value": "text"}, []),
        (
            "/api/v2/me/feeds/t/data/batch",
            {"data": [{"value": 1}, {"value": "2"}, 3]},
            [("me", "t", 1.0, None), ("me", "t", 2.0, None), ("me", "t", 3.0, None)],
        ),
        ("/api/v2/me/feeds/t/data/batch", [{"value": 1, "created_at": "2025-03-05T09:50:00Z"}], [("me", "t", 1.0, TS)]),
        (
            "/api/v2/me/groups/g/data",
            {"feeds": [{"key": "t", "value": "1"}, {"key": "g.h", "value": 2}, {"value": 3}, 4]},
            [("g", "t", 1.0, None), ("g", "h", 2.0, None)],
        ),
        ("/api/v2/me/groups/g/feeds/t/data", {"value": 1}, [("g", "t", 1.0, None)]),
        ("/api/v2/me/groups/g/feeds/g.t/data", {"value": 1}, [("g", "t", 1.0, None)]),
    ],
    ids=str,
)
def test_posts_in_each_form(path: str, said: Any, expected: list[Any]) -> None:
    assert readings(post(AdafruitIO(), path, said)) == expected


def test_broken_post_is_refused_and_other_paths_are_someone_elses() -> None:
    assert refused(post(AdafruitIO(), "/api/v2/me/feeds/t/data", "{"))
    assert refused(post(AdafruitIO(), "/api/v2/me/groups/g/data", [1]))
    assert post(AdafruitIO(), "/api/v2/write", "cpu value=1") is None
    assert post(AdafruitIO(), "/api/v2/me/feeds/t/data", b"", method="GET") is None
