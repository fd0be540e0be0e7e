"""The gate: what is taken, what is refused and where, and that a refusal leaves no trace."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.accept import MAX_AT, Gate, Sender
from telemetry.clock import RELEASED, Clock
from telemetry.model import AHEAD, EARLIEST_TS, MAX_READINGS, Batch, Entry, Kind, Reason, Refusal
from telemetry.registry import Registry

NOW = RELEASED + 1_000_000_000
TOLERANCE = 300_000
TS = NOW - 5_000
BOILER = Sender.of("boiler", None)


class House:
    """A gate with a clock that stands still, and the registry behind it."""

    def __init__(self, wall: int = NOW, newest: int = 0, max_series: int = 100) -> None:
        self.wall = wall
        self.registry = Registry()
        clock = Clock(newest, lambda: self.wall, lambda: 0.0)
        self.gate = Gate(self.registry, clock, future_tolerance_ms=TOLERANCE, max_series=max_series)

    def take(self, *entries: Entry, sender: Sender = BOILER) -> list[tuple[str, int, object]]:
        """The (series, ts, value) of a message that must be accepted."""
        batch = self.gate.accept(entries, sender)
        assert isinstance(batch, Batch), batch
        return [(reading.series.name, reading.ts, reading.value) for reading in batch.readings]

    def refuse(self, *entries: Entry, sender: Sender = BOILER, form: str = "[{}].") -> Refusal:
        """The refusal of a message that must leave no trace."""
        before = self.state()
        refusal = self.gate.accept(entries, sender, form)
        assert isinstance(refusal, Refusal), refusal
        assert self.state() == before
        return refusal

    def state(self) -> object:
        registry = self.registry
        return (
            [(one.name, one.kind, one.unit, one.stamp, one.latest) for one in registry.series.values()],
            {device.id: list(device.series) for device in registry.devices.values()},
            list(registry.unsaved_devices),
            list(registry.unsaved_series),
        )


def timed(values: dict[str, Any], ts: object = TS, **more: Any) -> Entry:
    return Entry(values, ts, **more)


@pytest.fixture
def house() -> House:
    return House()


def test_reading_is_taken_with_its_series_and_its_own_time(house: House) -> None:
    assert house.take(timed({"temperature": 21.5, "heater": True, "mode": "eco", "count": 3})) == [
        ("boiler/temperature", TS, 21.5),
        ("boiler/heater", TS, True),
        ("boiler/mode", TS, "eco"),
        ("boiler/count", TS, 3.0),
    ]
    kinds = {one.metric: one.kind for one in house.registry.series.values()}
    assert kinds == {"temperature": "number", "heater": "boolean", "mode": "text", "count": "number"}
    assert [one.id for one in house.registry.unsaved_series] == [1, 2, 3, 4]
    assert [one.id for one in house.registry.unsaved_devices] == ["boiler"]


def test_second_message_meets_the_same_series(house: House) -> None:
    """What is known is found, not made again, and integers stay floats."""
    first = house.take(timed({"a": 1, "b": {"c": 2}}))
    again = house.take(timed({"a": 1, "b": {"c": 2}}))
    assert first == again == [("boiler/a", TS, 1.0), ("boiler/b.c", TS, 2.0)]
    assert all(type(value) is float for _, _, value in again)
    assert len(house.registry.unsaved_series) == 2


def test_device_is_known_even_if_it_says_nothing(house: House) -> None:
    assert house.take() == []
    assert house.take(Entry({}, bare=True), timed({"t": None})) == []
    assert list(house.registry.devices) == ["boiler"]
    assert house.registry.series == {}


def test_nested_objects_become_dotted_metrics_and_null_is_no_reading(house: House) -> None:
    nested = {"a": {"b": {"c": 1, "d": None}, "e": {}}, "f": None, "a.b": {"x": True}}
    assert house.take(timed(nested)) == [("boiler/a.b.c", TS, 1.0), ("boiler/a.b.x", TS, True)]


def test_names_are_brought_to_nfc(house: House) -> None:
    """Both spellings are one series."""
    assert house.take(timed({"wa\u0308rme": 1}), timed({"w\u00e4rme": 2})) == [
        ("boiler/w\u00e4rme", TS, 1.0),
        ("boiler/w\u00e4rme", TS, 2.0),
    ]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (float("inf"), "x"),
        (float("-inf"), "x"),
        (float("nan"), "x"),
        (10**400, "x"),
        ("y" * 256, "x"),
        ([], "x"),
        ([1, 2], "x"),
        (b"bytes", "x"),
        (object(), "x"),
        ({"a": {"b": []}}, "x.a.b"),
    ],
)
def test_what_is_no_value_is_bad_value_and_says_where(house: House, value: object, path: str) -> None:
    house.take(timed({"known": 1}))
    for name in ("x", "known"):
        at = path.replace("x", name, 1)
        assert house.refuse(Entry({name: value}, bare=True), form="").at == at
        refusal = house.refuse(timed({"ok": 1}), timed({name: value}), form="readings[{}].")
        assert (refusal.code, refusal.at) == (Reason.BAD_VALUE, f"readings[1].values.{at}")


@pytest.mark.parametrize(
    "value", [0, -0.0, 1.7976931348623157e308, 5e-324, 2**64, -(2**1023), "", "y" * 255, "\0", False]
)
def test_values_at_the_edge_are_taken(house: House, value: float | str) -> None:
    (reading,) = house.take(timed({"x": value}))
    assert reading[2] == value


@pytest.mark.parametrize(
    "name",
    ["", " ", "a/", "/a", "a*", "a\nb", "a\u202eb", "x" * 129, "x" * 100_000, "\u0316" * 9999],
    ids=count(),
)
def test_what_is_no_metric_is_bad_value(house: House, name: str) -> None:
    for values in ({name: 1}, {"a": 1, name: 2}):
        refusal = house.refuse(timed(values))
        assert refusal.code is Reason.BAD_VALUE
        assert len(refusal.at or "") <= MAX_AT


def test_dotted_name_is_bounded_as_a_whole_and_deep_nesting_costs_nothing(house: House) -> None:
    assert house.refuse(timed({"a" * 100: {"b" * 28: 1}})).code is Reason.BAD_VALUE
    assert len(house.take(timed({"a" * 100: {"b" * 27: 1}}))) == 1
    deep: Any = 1
    for _ in range(900):
        deep = {"": deep}
    assert house.refuse(timed({"a": deep})).code is Reason.BAD_VALUE


def test_names_that_are_no_text_are_bad_message(house: House) -> None:
    for values in ({5: 1}, {b"a": 1}, {"a": {5: 1}}):
        assert house.refuse(timed(values)).code is Reason.BAD_MESSAGE  # type: ignore[arg-type]


# time


@pytest.mark.parametrize("ts", [EARLIEST_TS, TS, NOW, NOW + TOLERANCE])
def test_ts_is_taken_from_2000_to_a_little_ahead(house: House, ts: int) -> None:
    assert house.take(timed({"t": 1.5}, ts)) == [("boiler/t", ts, 1.5)]


@pytest.mark.parametrize(
    "ts",
    [
        EARLIEST_TS - 1,
        NOW + TOLERANCE + 1,
        0,
        -1,
        1_700_000_000,
        2**63,
        pytest.param(10**5000, id="huge"),
        1.5,
        1.7e12,
        True,
        "1",
        [],
        {},
    ],
)
def test_other_ts_are_bad_time_with_the_servers_time(house: House, ts: object) -> None:
    refusal = house.refuse(timed({"t": 1}), timed({"t": 1}, ts))
    assert (refusal.code, refusal.at) == (Reason.BAD_TIME, "[1].ts")
    assert type(ts) is not int or str(NOW) in refusal.message


@pytest.mark.parametrize("age", [0, 1500, NOW - EARLIEST_TS])
def test_age_counts_back_from_arrival(house: House, age: int) -> None:
    assert house.take(Entry({"t": 1}, age=age)) == [("boiler/t", NOW - age, 1.0)]


@pytest.mark.parametrize("age", [-1, NOW - EARLIEST_TS + 1, pytest.param(10**5000, id="huge"), 1.0, False, "5"])
def test_other_ages_are_bad_time(house: House, age: object) -> None:
    refusal = house.refuse(Entry({"t": 1}, age=age), form="")
    assert (refusal.code, refusal.at) == (Reason.BAD_TIME, "age")


@pytest.mark.parametrize(("wall", "newest"), [(0, 0), (RELEASED - 1, 0), (NOW, NOW + 2_000)])
def test_while_the_clock_is_wrong_any_ts_is_taken_and_flagged(wall: int, newest: int) -> None:
    house = House(wall, newest)
    for ts in (0, EARLIEST_TS - 1, NOW + 10**12):
        batch = house.gate.accept([timed({"t": 1}, ts)], BOILER)
        assert isinstance(batch, Batch)
        assert (batch.flagged, batch.readings[0].ts) == (True, ts)
    for ts in (-1, 2**63, "1"):
        assert house.refuse(timed({"t": 1}, ts)).code is Reason.BAD_TIME


def test_arrival_stamps_go_on_from_the_newest_while_the_clock_is_wrong() -> None:
    assert House(0, NOW).take(Entry({"t": 1})) == [("boiler/t", NOW, 1.0)]


def test_trusted_clock_flags_nothing(house: House) -> None:
    batch = house.gate.accept([timed({"t": 1})], BOILER)
    assert isinstance(batch, Batch)
    assert (batch.flagged, batch.sender, batch.mark) == (False, "boiler", None)


def test_arrival_stamps_of_one_series_grow_until_a_second_ahead(house: House) -> None:
    """The next free millisecond, then ``rate_limited``; another series has its own; time heals it."""
    stamps = [house.take(Entry({"t": n}))[0][1] for n in range(AHEAD + 1)]
    assert stamps == list(range(NOW, NOW + AHEAD + 1))
    refusal = house.refuse(Entry({"t": 1}, bare=True))
    assert (refusal.code, refusal.at) == (Reason.RATE_LIMITED, "[0].t")
    assert refusal.retry_after == AHEAD
    assert house.take(Entry({"u": 1}))[0][1] == NOW
    house.wall += 1
    assert house.take(Entry({"t": 1}))[0][1] == NOW + AHEAD + 1


def test_second_reading_of_a_series_without_its_own_time_is_bad_time(house: House) -> None:
    refusal = house.refuse(Entry({"t": 1}, bare=True), Entry({"u": 1, "t": 2}, bare=True))
    assert (refusal.code, refusal.at) == (Reason.BAD_TIME, "[1].t")
    assert house.refuse(Entry({"a": {"b": 1}, "a.b": 2})).code is Reason.BAD_TIME
    assert len(house.take(Entry({"t": 1}), timed({"t": 2}), Entry({"t": 3}, age=5))) == 3


# devices


def test_device_speaks_for_itself_only(house: House) -> None:
    assert house.take(timed({"t": 1}, device="boiler")) == [("boiler/t", TS, 1.0)]
    refusal = house.refuse(timed({"t": 1}), timed({"t": 1}, device="other"))
    assert (refusal.code, refusal.at) == (Reason.FORBIDDEN, "[1].device")


@pytest.mark.parametrize("device", [5, True, [], {}, b"x", "", "a*", "a+", "a#", " a", "a/", "x" * 129, "a\n"])
def test_what_is_no_device_id_is_bad_value(house: House, device: object) -> None:
    refusal = house.refuse(timed({"t": 1}, device=device), sender=Sender.of("gw", ("*",)))
    assert (refusal.code, refusal.at) == (Reason.BAD_VALUE, "[0].device")


def test_gateway_speaks_for_what_its_patterns_match_and_makes_it_known(house: House) -> None:
    gateway = Sender.of("gw", ("node-*", "tank"))
    taken = house.take(
        timed({"t": 1}, device="node-7"), timed({"t": 2}, device="tank"), timed({"t": 3}), sender=gateway
    )
    assert [name for name, _, _ in taken] == ["node-7/t", "tank/t", "gw/t"]
    assert set(house.registry.devices) == {"gw", "node-7", "tank"}
    assert house.refuse(timed({"t": 1}, device="tank-2"), sender=gateway).code is Reason.FORBIDDEN
    assert house.take(timed({"u": 1}, device="nodé-7".replace("é", "e")), sender=gateway) == [("node-7/u", TS, 1.0)]


def test_identity_comes_before_time_and_time_before_values(house: House) -> None:
    assert house.refuse(timed({"*": []}, -1, device="other")).code is Reason.FORBIDDEN
    assert house.refuse(timed({"*": []}, -1)).code is Reason.BAD_TIME


def test_first_owner_keeps_the_name_of_a_series(house: House) -> None:
    """``a`` with ``b/c`` and ``a/b`` with ``c`` would both be called ``a/b/c``."""
    gateway = Sender.of("gw", ("*",))
    house.take(timed({"b/c": 1}, device="a"), sender=gateway)
    assert house.refuse(timed({"c": 1}, device="a/b"), sender=gateway).code is Reason.BAD_VALUE
    both = (timed({"y/z": 1}, device="x"), timed({"z": 1}, device="x/y"))
    assert house.refuse(*both, sender=gateway).at == "[1].values.z"


def test_series_are_bounded_and_the_error_names_the_setting() -> None:
    house = House(max_series=3)
    house.take(timed({"a": 1, "b": 2}))
    refusal = house.refuse(timed({"a": 1, "c": 1, "d": 2}))
    assert (refusal.code, refusal.at) == (Reason.BAD_VALUE, "[0].values.d")
    assert "[devices] max_series" in refusal.message
    assert len(house.take(timed({"a": 1, "b": 1, "c": 2}))) == 3


def test_readings_of_a_message_are_bounded(house: House) -> None:
    values = {f"m{n}": n for n in range(100)}
    assert len(house.take(*[timed(values, TS + n) for n in range(MAX_READINGS // 100)])) == MAX_READINGS
    refusal = house.refuse(*[timed(values, TS + n) for n in range(MAX_READINGS // 100 + 1)])
    assert refusal.code is Reason.TOO_LARGE


def test_listeners_hear_of_a_series_with_its_kind_and_unit() -> None:
    house, heard = House(), []
    house.registry.on_series.append(lambda one: heard.append((one.name, one.id, one.kind, one.unit)))
    house.take(timed({"t": True}, units={"t": "on/off"}))
    assert heard == [("boiler/t", 1, Kind.BOOLEAN, "on/off")]


def test_kind_and_unit_follow_the_latest_reading(house: House) -> None:
    (name,) = {name for name, _, _ in house.take(timed({"t": 1.5}, units={"t": "Cel"}))}
    series = house.registry.series[name]
    assert (series.kind, series.unit) == (Kind.NUMBER, "Cel")
    house.take(timed({"t": "off"}))
    assert (series.kind, series.unit) == (Kind.TEXT, "Cel")
    house.take(timed({"t": 2.5}, units={"t": "K"}))
    assert (series.kind, series.unit) == (Kind.NUMBER, "K")
    assert series.latest is None


# laws

NAMES = st.sampled_from(["a", "b", "a.b", "", "x/y", "bad*", "n\u0303", "\u00f1"])
LEAVES = (
    st.none() | st.booleans() | st.floats() | st.integers(-(10**400), 10**400) | st.text(max_size=300) | st.just([])
)
VALUES = st.dictionaries(NAMES, LEAVES | st.dictionaries(NAMES, LEAVES, max_size=2), max_size=3)
ENTRIES = st.builds(
    Entry,
    VALUES,
    ts=st.none() | st.integers(NOW - 9, NOW + TOLERANCE + 9) | st.just("x"),
    age=st.none() | st.integers(-1, 9),
    device=st.none() | st.sampled_from(["gw", "n1", "n1/x", "other"]),
    bare=st.booleans(),
)
SENDER = Sender.of("gw", ("n*",))


@given(st.lists(st.lists(ENTRIES, max_size=3), max_size=6))
def test_message_is_taken_whole_or_leaves_no_trace(messages: list[list[Entry]]) -> None:
    """Refused: nothing changed. Taken: finite values, times in bounds, every series registered under its name."""
    house = House(max_series=6)
    registry = house.registry
    for entries in messages:
        before = house.state()
        answer = house.gate.accept(entries, SENDER)
        if isinstance(answer, Refusal):
            assert house.state() == before
            continue
        for series, ts, value in answer.readings:
            assert registry.series[series.name] is registry.by_id[series.id] is series
            assert registry.devices[series.device].series[series.metric] is series
            assert EARLIEST_TS <= ts <= NOW + TOLERANCE
            assert type(value) in (bool, str) or (type(value) is float and value - value == 0)
    assert len(registry.series) <= 6


@given(st.lists(st.sampled_from(["t", "u"]), max_size=30), st.lists(st.integers(0, 3), min_size=30, max_size=30))
def test_arrival_stamps_strictly_grow(metrics: list[str], steps: list[int]) -> None:
    house, last = House(), {"t": 0, "u": 0}
    for metric, step in zip(metrics, steps, strict=False):
        house.wall += step
        ((_, ts, _),) = house.take(Entry({metric: 1}))
        assert last[metric] < ts
        assert ts >= house.wall
        last[metric] = ts
