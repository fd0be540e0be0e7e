from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.victron import Victron
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import nothing, publish, readings, refused

ROOT = "N/48e7da89c5e3"
DEVICE = "48e7da89c5e3/vebus/276"


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        ("Ac/ActiveIn/L1/V", {"value": 231.4}, [("Ac.ActiveIn.L1.V", 231.4)]),
        ("Mode", {"value": 3}, [("Mode", 3.0)]),
        ("Leds/Mains", {"value": True}, [("Leds.Mains", True)]),
        ("Mode", {"value": "3"}, []),
        ("Mode", {"value": None}, []),
        ("Mode", {"value": []}, []),
        ("Mode", {"value": [1, 2]}, [("Mode.0", 1.0), ("Mode.1", 2.0)]),
        ("Mode", '{"value": NaN}', []),
        ("Mode", {"value": 18446744073709551615, "min": 0}, [("Mode", 2.0**64)]),
    ],
    ids=str,
)
def test_value_of_a_path(path: str, said: Any, expected: list[Any]) -> None:
    found = publish(Victron(), f"{ROOT}/vebus/276/{path}", said)
    assert readings(found) == [(DEVICE, metric, value, None) for metric, value in expected]


def test_zero_bytes_say_that_the_service_is_gone() -> None:
    assert publish(Victron(), f"{ROOT}/vebus/276/Mode", b"") == Decoded(presence={DEVICE: False})


@pytest.mark.parametrize(
    "topic",
    [
        f"{ROOT}/heartbeat",
        f"{ROOT}/full_publish_completed",
        "R/48e7da89c5e3/keepalive",
        "R/48e7da89c5e3/system/0/Serial",
        "W/48e7da89c5e3/settings/0/Settings/Mode",
    ],
)
def test_requests_and_the_bridge_itself_hold_nothing(topic: str) -> None:
    assert nothing(publish(Victron(), topic, {"value": 1}))


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("N", "1"),
        ("N/a", "1"),
        ("N/a/b/c/d", {"value": 1}),
        ("N/a/b/1", {"value": 1}),
        ("N/a/b/1/", {"value": 1}),
        ("N/a/b/²/d", {"value": 1}),
        ("n/a/b/1/d", {"value": 1}),
        ("X/a/b/1/d", {"value": 1}),
        ("N/a/b/1/d", {"other": 1}),
        ("N/a/b/1/d", "21.5"),
    ],
)
def test_other_topics_are_left_to_others(topic: str, said: Any) -> None:
    assert publish(Victron(), topic, said) is None


@pytest.mark.parametrize("said", ["{", b"\xff", '{"value": 1'])
def test_broken_message_is_refused(said: Any) -> None:
    assert refused(publish(Victron(), f"{ROOT}/vebus/276/Mode", said))
