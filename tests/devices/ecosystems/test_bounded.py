from __future__ import annotations

from devices.ecosystems.bounded import Bounded


def test_what_was_set_longest_ago_goes_first() -> None:
    held: Bounded[str, int] = Bounded(3)
    for index, key in enumerate("abca"):
        held[key] = index
    held["d"] = 9
    assert dict(held) == {"c": 2, "a": 3, "d": 9}
    assert held.get("b") is None
