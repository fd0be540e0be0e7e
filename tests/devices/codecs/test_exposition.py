"""Prometheus' text format, line by line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.exposition import Point, read, unit_of
from telemetry.decoded import BadPart
from telemetry.model import Reason

T = 1_741_169_000_123


def points(text: str, *, openmetrics: bool = False) -> list[tuple[str, dict[str, str], float, int | None]]:
    return [one[:4] for _, one in read(text, openmetrics=openmetrics) if isinstance(one, Point)]


def bad(text: str, *, openmetrics: bool = False) -> list[int]:
    return [line for line, one in read(text, openmetrics=openmetrics) if isinstance(one, BadPart)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a 1", ("a", {}, 1.0, None)),
        ("  a\t 1.5e3 \r", ("a", {}, 1500.0, None)),
        (f"a 1 {T}", ("a", {}, 1.0, T)),
        ("a{} -.5", ("a", {}, -0.5, None)),
        ("a:b_c2 +1", ("a:b_c2", {}, 1.0, None)),
        ('a{b="c"} 1', ("a", {"b": "c"}, 1.0, None)),
        ('a { b = "c" , d="" , } 1', ("a", {"b": "c", "d": ""}, 1.0, None)),
        (r'a{b="x\"y\\z\nw\q"} 1', ("a", {"b": 'x"y\\z\nw\\q'}, 1.0, None)),
        ('a{b="} 1"} 2', ("a", {"b": "} 1"}, 2.0, None)),
        ('{"my.metric",b="c"} 1', ("my.metric", {"b": "c"}, 1.0, None)),
        ('a{"label.dot"="c"} 1', ("a", {"label.dot": "c"}, 1.0, None)),
        ('temp{raum="Küche"} 1', ("temp", {"raum": "Küche"}, 1.0, None)),
    ],
)
def test_samples_are_read(line: str, found: Point) -> None:
    assert points(line) == [found]


@pytest.mark.parametrize("value", ["NaN", "nan", "+Inf", "-Inf", "Inf", "inf", "1e999"])
def test_what_is_no_number_is_no_reading_and_no_error(value: str) -> None:
    assert list(read(f"a {value}")) == []


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a ",
        "1 2",
        "a one",
        "a 1 2 3",
        "a 1 x",
        "a 1 1.5",
        "a{ 1",
        "a{b} 1",
        'a{b="c} 1',
        'a{b="c" d="e"} 1',
        'a{b="c",b="d"} 1',
        '{b="c"} 1',
        '{"x","y"} 1',
        "a 1 # {} 1",
        "ä 1",
        "a 55,3",
        "a 0x10",
        "a 1_0",
        'a{1b="c"} 1',
        "a{" + ",".join(f'l{n}="x"' for n in range(200)) + "} 1",
    ],
)
def test_a_bad_line_leaves_its_neighbours(line: str) -> None:
    text = f"# HELP x\nb 1\n{line}\nb 2\n"
    assert bad(text) == [3]
    assert [value for _, _, value, _ in points(text)] == [1.0, 2.0]


def test_a_time_before_2000_is_refused() -> None:
    [(line, part)] = read("a 1 5")
    assert (line, part.code) == (1, Reason.BAD_TIME)


def test_openmetrics_has_seconds_exemplars_units_and_an_end() -> None:
    text = (
        "# TYPE flow counter\n# UNIT flow litres\n"
        'flow_total{a="b"} 1.5 1741169000.123 # {trace_id="x"} 0.5 1741169000\n# EOF\nafter 1\n'
    )
    [(_, one)] = read(text, openmetrics=True)
    assert isinstance(one, Point)
    assert one == ("flow_total", {"a": "b"}, 1.5, T, "litres")


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("room_celsius", "°C"),
        ("io_bytes_total", "B"),
        ("rtt_seconds_sum", "s"),
        ("rtt_seconds_count", None),
        ("up", None),
        ("seconds", None),
        ("battery_volts", "V"),
    ],
)
def test_names_end_in_their_units(name: str, unit: str | None) -> None:
    assert unit_of(name) == unit


@given(st.text(alphabet='a_{}="\\,# 1.eN\n', max_size=50), st.booleans())
def test_no_text_breaks_the_reader(text: str, openmetrics: bool) -> None:
    assert all(math.isfinite(value) for _, _, value, _ in points(text, openmetrics=openmetrics))


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), st.text(max_size=6), max_size=4))
def test_labels_are_read_back_whatever_they_hold(labels: dict[str, str]) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    inside = ",".join(f'{key}="{escaped(value)}"' for key, value in labels.items())
    assert points(f"a{{{inside}}} 1") == [("a", labels, 1.0, None)]
