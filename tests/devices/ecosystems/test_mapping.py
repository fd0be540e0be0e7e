"""The user's mapping: what a line means, what a wrong one is answered, and that it goes before every ecosystem."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from devices.ecosystems import mapping
from devices.ecosystems.catalogue import Catalogue
from devices.ecosystems.mapping import Mapping, parse
from telemetry.decoded import Decoded
from telemetry.setting_loading import load
from tests.devices.ecosystems.asking import NOW, nothing, publish, readings, refused, units
from tests.support import run_server_py

TS = 1_741_172_500_292


def decoder(*lines: str) -> Mapping:
    return Mapping(rules=parse(lines))


@pytest.mark.parametrize(
    ("line", "topic", "said", "expected"),
    [
        ("a/{device}/{metric}", "a/shed/temp", "21.5", [("shed", "temp", 21.5, None)]),
        ("a/{device}/{metric}", "a/shed/temp", " 21.5\n", [("shed", "temp", 21.5, None)]),
        ("a/{device}/{metric}", "a/shed/door", "ON", [("shed", "door", True, None)]),
        ("a/{device}/{metric}", "a/shed/door", "false", [("shed", "door", False, None)]),
        ("a/{device}/{metric}", "a/shed/temp", "55,3", []),
        ("a/{device}/{metric}", "a/shed/temp", "null", []),
        ("a/{device}/{metric}", "a/shed/temp", "NaN", []),
        ("a/{device}", "a/shed", "7", [("shed", "value", 7.0, None)]),
        (
            "a/{device}",
            "a/shed",
            {"t": 1, "in": {"h": True}, "n": "5"},
            [("shed", "t", 1.0, None), ("shed", "in.h", True, None)],
        ),
        ("a/{device}/{metric}", "a/shed/bme", {"t": 1}, [("shed", "bme.t", 1.0, None)]),
        ("a/{device}/+/{metric} | value=data.v", "a/shed/x/temp", {"data": {"v": 3}}, [("shed", "temp", 3.0, None)]),
        ("a/{device} | value=data.v", "a/shed", {"data": {"v": "3.5"}}, [("shed", "v", 3.5, None)]),
        (
            "a/{device} | value=data",
            "a/shed",
            {"data": {"v": 3, "w": [1, 2]}},
            [("shed", "v", 3.0, None), ("shed", "w.0", 1.0, None), ("shed", "w.1", 2.0, None)],
        ),
        (
            "a/{device} | value=list.1.v | metric=temp",
            "a/shed",
            {"list": [{}, {"v": 5}]},
            [("shed", "temp", 5.0, None)],
        ),
        ("a/{device} | value=a.b | metric=m", "a/shed", {"a.b": 5}, [("shed", "m", 5.0, None)]),
        ("a/{device} | value=a.b.c | metric=m", "a/shed", {"a": {"x": 1}, "a.b": {"c": 5}}, [("shed", "m", 5.0, None)]),
        ("a/{device} | value=x", "a/shed", {"y": 5}, []),
        ("a/{device} | value=x.9", "a/shed", {"x": [1]}, []),
        ("a/{device} | value=t | time=ts s", "a/shed", {"t": 1, "ts": 1741172500.2926}, [("shed", "t", 1.0, TS)]),
        ("a/{device} | value=t | time=ts ms", "a/shed", {"t": 1, "ts": TS}, [("shed", "t", 1.0, TS)]),
        ("a/{device} | value=t | time=ts us", "a/shed", {"t": 1, "ts": TS * 1000}, [("shed", "t", 1.0, TS)]),
        ("a/{device} | value=t | time=ts ns", "a/shed", {"t": 1, "ts": TS * 10**6}, [("shed", "t", 1.0, TS)]),
        ("a/{device} | value=t | time=ts ms", "a/shed", {"t": 1, "ts": str(TS)}, [("shed", "t", 1.0, TS)]),
        (
            "a/{device} | value=t | time=x.at iso",
            "a/shed",
            {"t": 1, "x": {"at": "2025-03-05T12:01:40.292+01:00"}},
            [("shed", "t", 1.0, TS)],
        ),
        (
            "a/{device} | value=t | time=ts iso",
            "a/shed",
            {"t": 1, "ts": "2025-03-05 11:01"},
            [("shed", "t", 1.0, None)],
        ),
        ("a/{device} | value=t | time=ts ms", "a/shed", {"t": 1, "ts": True}, [("shed", "t", 1.0, None)]),
        ("a/{device} | value=t | time=ts ms", "a/shed", {"t": 1}, [("shed", "t", 1.0, None)]),
        ("a/b | device=shed", "a/b", "1", [("shed", "value", 1.0, None)]),
        (
            "a/b | device=car-{id} | metric={kind}.x | value=v",
            "a/b",
            {"id": 7, "kind": "k", "v": 1},
            [("car-7", "k.x", 1.0, None)],
        ),
        ("a/b | device={x.y}", "a/b", {"x": {"y": "d"}, "t": 1}, [("d", "t", 1.0, None)]),
        ("a/b | device={x}", "a/b", {"t": 1}, []),
        ("a/b | device={x}", "a/b", {"x": True, "t": 1}, []),
        ("{device}/{device}/v/{metric}/{metric}", "site/shed/v/a/b", "1", [("site/shed", "a.b", 1.0, None)]),
        ("a/node_{device}.x/{metric}", "a/node_7.x/t", "1", [("7", "t", 1.0, None)]),
        ("a/{device}/#", "a/shed/any/thing", "1", [("shed", "value", 1.0, None)]),
        ("a/{device}/#", "a/shed", "1", [("shed", "value", 1.0, None)]),
        ("a b/{device}", "a b/shed 2", "1", [("shed 2", "value", 1.0, None)]),
        ("a/{device} | metric=a | b", "a/shed", "1", None),
    ],
    ids=str,
)
def test_line_means(line: str, topic: str, said: Any, expected: list[Any] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="known are device="):
            decoder(line)
    else:
        assert readings(publish(decoder(line), topic, said)) == expected


def test_unit_is_that_of_the_line() -> None:
    assert units(publish(decoder("a/{device}/{metric} | unit=µg/m³"), "a/b/pm", "5")) == {"pm": "µg/m³"}


def test_all_lines_that_match_are_used() -> None:
    one = decoder(
        "a/{device} | value=t | metric=temp | unit=°C", "a/{device} | value=h | metric=hum | unit=%", "b/{device}"
    )
    found = publish(one, "a/shed", {"t": 1, "h": 2})
    assert units(found) == {"temp": "°C", "hum": "%"}


@pytest.mark.parametrize("topic", ["a", "a/b", "a/b/c/d", "x/b/c", "/a/b/c", "a/b/c/", "a//c", "A/b/c"])
def test_other_topics_are_left_to_others(topic: str) -> None:
    assert publish(decoder("a/{device}/{metric}"), topic, "5") is None


def test_pattern_is_no_regular_expression() -> None:
    assert publish(decoder("a.(b)*/{device}"), "axbb/c", "5") is None
    assert publish(decoder("a.(b)*/{device}"), "a.(b)*/c", "5") is not None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a/{device}", b"\xff"),
        ("a/{device}", '{"t": 5'),
        ("a/{device} | value=t", "plain"),
        ("a/{device} | value=t", "{"),
    ],
)
def test_broken_message_is_refused(line: str, said: Any) -> None:
    assert refused(publish(decoder(line), "a/shed", said))


def test_cleared_topic_holds_nothing() -> None:
    assert nothing(publish(decoder("a/{device}"), "a/shed", b""))


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("a/b", "no device"),
        ("a/{metric}", "no device"),
        ("| device=x", "begin with a topic"),
        ("a/{device} |value=t", "begin with a topic"),
        ("a/{device} | valu=t", "known are"),
        ("a/{device} | value", "without a value"),
        ("a/{device} | value=", "without a value"),
        ("a/{device} | value=a | value=b", "twice"),
        ("a/{device} | device=x", "twice"),
        ("a/{device}/{metric} | metric=x", "twice"),
        ("a/{device} | time=ts", "write time=PATH"),
        ("a/{device} | time=ms", "write time=PATH"),
        ("a/{device} | time=ts min", "write time=PATH"),
        ("a/{id}", "{device} and {metric}"),
        ("a/{}", "{device} and {metric}"),
        ("a/{device", "brace"),
        ("a/device}", "brace"),
        ("a/{device}-{metric}", "two places"),
        ("a/b+/{device}", "whole level"),
        ("a/#/{device}", "whole level"),
        ("a/b# | device=x", "whole level"),
        ("a | device={}", "empty braces"),
    ],
)
def test_wrong_line_is_named_with_what_would_be_right(line: str, word: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(["ok/{device}", line])
    message = str(caught.value)
    assert re.search(word.replace("{", r"\{"), message)
    assert line in message or line.startswith("|")
    assert "\n" not in message


def test_lines_have_a_bound() -> None:
    with pytest.raises(ValueError, match="more than"):
        parse(["a/{device}"] * (mapping.RULES_MAX + 1))


def test_examples_of_the_docstring_hold() -> None:
    lines = [line.strip() for line in str(mapping.__doc__).splitlines() if " | " in line and line.startswith("    ")]
    one = decoder(*lines)
    assert readings(publish(one, "plant/press/x/temp", {"data": {"v": 5, "ts": TS}})) == [("press", "temp", 5.0, TS)]
    found = publish(one, "garage/report", {"car": {"id": 3}, "battery": {"soc": 80}})
    assert readings(found) == [("car-3", "charge", 80.0, None)]


def test_mapping_is_asked_before_every_ecosystem() -> None:
    from devices.ecosystems.base import Message

    message = Message("sensors/shed/temp", b"5", NOW)
    name, found = Catalogue(first=[decoder("sensors/{device}/{metric} | unit=K")]).message(message) or ("", None)
    assert name == "mapping"
    assert isinstance(found, Decoded)
    assert found.samples[0].unit == "K"
    assert (Catalogue().message(message) or ("", None))[0] == "generic"


def test_lines_come_from_the_config_file(tmp_path: Path) -> None:
    config = tmp_path / "config.ini"
    config.write_text(
        "[mqtt]\nmap = a/{device}/{metric} | unit=%\n  # the second hall\n  b/{device} | value=t\n\n[log]\n"
    )
    assert load([], {}, config).mqtt.map == ("a/{device}/{metric} | unit=%", "b/{device} | value=t")


def test_wrong_line_stops_the_start_with_status_2_and_one_line(tmp_path: Path) -> None:
    done = run_server_py("--mqtt.map=a/{device} | vlaue=t", f"--storage.path={tmp_path / 'x.db'}", "--server.port=0")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "setting mqtt.map has 'vlaue=t' in the line 'a/{device} | vlaue=t'" in done.stderr
    assert not done.stdout
