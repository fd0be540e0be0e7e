"""What is known without a reading: bounded, the newest kept, and fresh until someone has told it."""

from __future__ import annotations

from telemetry.last_known import DEVICES_MAX, METRICS_MAX, Known, LastKnown


def test_the_newest_value_of_a_metric_stands() -> None:
    known = LastKnown()
    known.note("d", "t", Known(1.0, None, None, 10))
    known.note("d", "u", Known(True, None, 5, 10))
    known.note("d", "t", Known(2.0, "°C", 7, 20))
    assert known.values("d") == {"t": Known(2.0, "°C", 7, 20), "u": Known(True, None, 5, 10)}
    assert known.devices() == ["d"]
    assert known.values("other") == {}


def test_of_too_many_devices_the_one_heard_of_longest_ago_goes() -> None:
    known = LastKnown()
    for number in range(DEVICES_MAX):
        known.note(f"d{number}", "t", Known(1.0, None, None, number))
    known.note("d0", "t", Known(2.0, None, None, 0))
    known.note("one more", "t", Known(1.0, None, None, 0))
    assert len(known.devices()) == DEVICES_MAX
    assert known.values("d0")
    assert not known.values("d1")


def test_of_too_many_metrics_the_first_stay_and_go_on() -> None:
    known = LastKnown()
    for number in range(METRICS_MAX + 1):
        known.note("d", f"m{number}", Known(1.0, None, None, 0))
    known.note("d", "m0", Known(2.0, None, None, 0))
    assert len(known.values("d")) == METRICS_MAX
    assert f"m{METRICS_MAX}" not in known.values("d")
    assert known.values("d")["m0"].value == 2.0


def test_a_wrong_clock_is_remembered_until_it_is_right() -> None:
    known = LastKnown()
    known.clock_wrong("d", 5, 1_000)
    known.clock_wrong("d", 6, 2_000)
    assert known.clock("d") == (6, 2_000)
    assert known.clocks() == ["d"]
    known.clock_right("d")
    assert known.clock("d") is None
    assert known.clocks() == []


def test_clocks_and_names_are_bounded() -> None:
    known = LastKnown()
    for number in range(DEVICES_MAX + 1):
        known.clock_wrong(f"d{number}", 5, 1)
        known.call(f"d{number}", "name")
    assert known.clock("d0") is None
    assert known.name("d0") is None
    assert known.clock("d1") == (5, 1)
    assert known.name(f"d{DEVICES_MAX}") == "name"


def test_what_changed_is_fresh() -> None:
    """A clock that was right all the time is no news."""
    known = LastKnown()
    known.clock_right("quiet")
    known.note("a", "t", Known(1.0, None, None, 0))
    known.clock_wrong("b", 5, 1)
    known.call("c", "name")
    assert known.fresh == {"a", "b", "c"}
    known.fresh = set()
    known.clock_right("b")
    assert known.fresh == {"b"}
