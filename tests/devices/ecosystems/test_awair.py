from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.awair import Awair
from tests.devices.ecosystems.asking import post, readings, refused, units


def answered(said: Any, **more: Any) -> Any:
    return post(Awair(), "/air-data/latest", said, **{"method": "GET", "host": "awair-1"} | more)


def test_device_is_the_host_and_the_time_its_own() -> None:
    found = answered({"timestamp": "2025-03-05T10:40:11.431Z", "temp": 21.35, "co2": None, "spl_a": 48})
    assert readings(found) == [
        ("awair-1", "temp", 21.35, 1_741_171_211_431),
        ("awair-1", "spl_a", 48.0, 1_741_171_211_431),
    ]
    assert units(found) == {"temp": "°C", "spl_a": "dB"}


@pytest.mark.parametrize("stamp", ["1970-01-01T00:00:09Z", "2025-03-05T10:40:11", "now", 5, None])
def test_clock_that_is_not_set_is_no_time(stamp: Any) -> None:
    assert readings(answered({"timestamp": stamp, "score": 91})) == [("awair-1", "score", 91.0, None)]


@pytest.mark.parametrize("said", ["<html>404</html>", "[]", b"\xff", ""])
def test_page_with_an_error_is_refused(said: Any) -> None:
    assert refused(answered(said, headers={"content-type": "text/html"}))


def test_only_the_answer_to_a_poll_is_taken() -> None:
    said = {"temp": 1}
    assert answered(said, method="POST") is None
    assert answered(said, host="") is None
    assert post(Awair(), "/other", said, method="GET", host="h") is None
