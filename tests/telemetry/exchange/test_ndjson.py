"""NDJSON: our own lines and recorded messages, each bad line alone refused."""

from __future__ import annotations

import pytest

from telemetry.exchange.block import Block
from telemetry.exchange.ndjson import Ndjson
from telemetry.model import Value

GOOD = '{"device":"a","metric":"t","ts":1,"value":1}'


def parse(*lines: str) -> Block:
    return Ndjson().parse(list(lines), 1, last=True)[0]


def readings(block: Block) -> list[tuple[str, str, int, Value]]:
    return [(*key, ts, value) for key, ts, value in zip(block.keys, block.ts, block.values, strict=True)]


def test_our_own_lines() -> None:
    block = parse(GOOD, '{"value":-2.5,"unit":"V","ts":2,"x":[],"metric":"t","device":"b"}')
    assert readings(block) == [("a", "t", 1, 1.0), ("b", "t", 2, -2.5)]
    assert block.units == {("b", "t"): "V"}
    assert block.plain
    assert [type(value) for value in block.values] == [float, float]


@pytest.mark.parametrize(("json", "value"), [("true", True), ('"on"', "on"), ('""', ""), ("2", 2.0)])
def test_other_values_take_the_exact_way(json: str, value: Value) -> None:
    block = parse(
        f'{{"device":"a","metric":"t","ts":1,"value":{json}}}',
        GOOD,
        "",
        '{"device":"a","metric":"t","ts":3,"value":null}',
    )
    assert [one[3] for one in readings(block)] == [value, 1.0]
    assert type(block.values[0]) is type(value)
    assert list(block.lines) == [1, 2]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1]",
        "{}",
        GOOD + GOOD,
        '{"device":"a","metric":"t","ts":1}',
        '{"device":"a","metric":"t","ts":1.5,"value":1}',
        '{"device":"a","metric":"t","ts":true,"value":1}',
        '{"device":"a","metric":"t","ts":"1","value":1}',
        '{"device":1,"metric":"t","ts":1,"value":1}',
        '{"device":"a","metric":null,"ts":1,"value":1}',
        '{"device":"a","metric":"t","ts":1,"value":NaN}',
        '{"device":"a","metric":"t","ts":1,"value":1e999}',
        '{"device":"a","metric":"t","ts":1,"value":' + "9" * 400 + "}",
        '{"device":"a","metric":"t","ts":1,"value":[1]}',
        '{"device":"a","metric":"t","ts":1,"value":{}}',
        '{"device":"a","metric":"t","ts":1,"value":"' + "x" * 256 + '"}',
        '{"device":"a","metric":"t","ts":1,"value":"\\ud800"}',
        '{"device":"a","metric":"t","ts":1,"value":1,"unit":5}',
        "[" * 100_000,
        '{"data":{"t":1},"ts":"x","device":"a"}',
        '{"data":{"t":1},"ts":1e300,"device":"a"}',
        '{"data":[1],"ts":1,"device":"a"}',
        '{"data":{"t":1},"ts":1}',
        '{"data":{"t":[1]},"ts":1,"device":"a"}',
    ],
)
def test_a_bad_line_is_refused_alone(line: str) -> None:
    block = parse(GOOD, line, GOOD)
    assert readings(block) == [("a", "t", 1, 1.0)] * 2
    assert [number for number, _ in block.refused] == [2]


def test_recorded_messages_hold_several_readings() -> None:
    block = parse(
        '{"data":{"temp":18.9,"motion":false,"gone":null,"gas":{"co":1}},"device_id":"0e","ts":1594598424.5023336,"device":"x"}'
    )
    ts = 1_594_598_424_502
    assert readings(block) == [("x", "temp", ts, 18.9), ("x", "motion", ts, False), ("x", "gas.co", ts, 1.0)]
    assert list(block.lines) == [1, 1, 1]


def test_a_device_id_stands_in_for_a_device() -> None:
    assert parse('{"data":{"t":1},"device_id":"0e","ts":1}').keys == [("0e", "t")]
