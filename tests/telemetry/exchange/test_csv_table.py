"""CSV: our own columns in any order, recordings, and each bad line alone refused."""

from __future__ import annotations

import pytest

from telemetry.exchange.block import Block, NotReadable
from telemetry.exchange.csv_table import Csv
from telemetry.model import Value

OWN = ["device", "metric", "ts", "time", "value", "unit"]


def parse(header: list[str], *lines: str) -> Block:
    return Csv(header).parse(list(lines), 2, last=True)[0]


def readings(block: Block) -> list[tuple[str, str, int, Value]]:
    return [(*key, ts, value) for key, ts, value in zip(block.keys, block.ts, block.values, strict=True)]


def test_our_own_columns() -> None:
    block = parse(OWN, "a,t,1700000000000,2023-11-14T22:13:20.000Z,21.5,°C", "'=b,t,1700000000001,,-4,")
    assert readings(block) == [("a", "t", 1_700_000_000_000, 21.5), ("=b", "t", 1_700_000_000_001, -4.0)]
    assert block.units == {("a", "t"): "°C"}
    assert block.plain


def test_columns_stand_in_any_order_and_the_unit_is_optional() -> None:
    block = parse(["value", "ts", "note", "metric", "device"], "1,5,x,t,a")
    assert readings(block) == [("a", "t", 5, 1.0)]


def test_a_time_alone_will_do() -> None:
    block = parse(["device", "metric", "time", "value"], "a,t,2023-11-14T22:13:20.5Z,1", "a,t,,2")
    assert readings(block) == [("a", "t", 1_700_000_000_500, 1.0)]
    assert [line for line, _ in block.refused] == [3]


def test_an_empty_ts_leaves_it_to_the_time() -> None:
    assert parse(OWN, "a,t,,2023-11-14T22:13:20Z,1,").ts == [1_700_000_000_000]


@pytest.mark.parametrize(
    ("line", "value"),
    [("a,t,5,,true,", True), ("a,t,5,,on,", "on"), ("a,t,5,,'true,", "true"), ('a,t,5,,"x,""y""",', 'x,"y"')],
)
def test_other_values_take_the_exact_way(line: str, value: Value) -> None:
    block = parse(OWN, line, "a,t,6,,7,")
    assert [one[3] for one in readings(block)] == [value, 7.0]
    assert not block.plain


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a,t,5,,nan,", "finite"),
        ("a,t,5,,1e999,", "finite"),
        ("a,t,x,,1,", "not a time"),
        ("a,t,1_0,,1,", "not a time"),
        ("a,t,5,,1", "6 cells are expected, not 5"),
        ("a,t,5,,1,,", "not 7"),
        ("x", "not 1"),
        ("a,t,5,," + "y" * 256 + ",", "255"),
    ],
)
def test_a_bad_line_is_refused_alone(line: str, why: str) -> None:
    block = parse(OWN, "a,t,1,,1,", line, "a,t,2,,2,")
    assert block.ts == [1, 2]
    ((number, message),) = block.refused
    assert number == 3
    assert why in message


def test_a_number_with_underscores_is_a_text() -> None:
    """``float`` would take it."""
    assert list(parse(OWN, "a,t,1,,1_0,").values) == ["1_0"]


def test_empty_values_and_blank_lines_are_no_readings() -> None:
    block = parse(OWN, "", "a,t,1,,,", "a,t,2,,2,")
    assert block.ts == [2]
    assert block.refused == []


def test_recorded_messages_are_a_line_each() -> None:
    block = parse(["ts", "device", "device_id", "temp", "motion"], "1594598424.5023336,x,0e:9c,18.9,false", "1,x,y,,")
    assert readings(block) == [("x", "temp", 1_594_598_424_502, 18.9), ("x", "motion", 1_594_598_424_502, False)]


def test_recorded_series_are_devices() -> None:
    block = parse(["series", "timestamp", "value"], "ambient,2013-07-04 00:00:00,69.88")
    assert readings(block) == [("ambient", "value", 1_372_896_000_000, 69.88)]


@pytest.mark.parametrize("ts", ["x", "", "true", "1e13"])
def test_a_recorded_message_without_a_time_is_refused(ts: str) -> None:
    assert [line for line, _ in parse(["ts", "device", "temp"], f"{ts},x,1").refused] == [2]


@pytest.mark.parametrize("header", [["foo"], ["device", "metric", "value"], ["ts", "device"], ["timestamp", "value"]])
def test_columns_that_are_not_known_are_no_file_of_ours(header: list[str]) -> None:
    with pytest.raises(NotReadable, match="not known"):
        Csv(header)


def test_remembered_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.exchange.csv_table.KNOWN_KEYS", 2)
    some = Csv(OWN)
    for n in range(10):
        assert some.parse([f"d{n},t,1,,1,"], 2, last=True)[0].keys == [(f"d{n}", "t")]
        assert len(some._keys) <= 4
