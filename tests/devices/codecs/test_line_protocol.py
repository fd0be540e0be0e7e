"""Line protocol: what each line says, which lines are bad and why, and what a hostile one costs."""

from __future__ import annotations

import math
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import line_protocol
from devices.codecs.line_protocol import PRECISIONS, LineProtocol
from telemetry.decoded import Decoded
from telemetry.model import EARLIEST_TS, MAX_READINGS, Reason

T = 1_741_167_000_000
NS = T * 1_000_000


def decode(text: str, precision: str = "ns", owner: str | None = None) -> Decoded:
    return LineProtocol().decode(text, precision, owner)


def values(text: str, **options: str) -> list[tuple[str, str, float | bool, int | None]]:
    """What is found, twice: names that are new and names that are known take different ways."""
    reader = LineProtocol()
    first = reader.decode(text, **options)
    again = reader.decode(text, **options)
    assert (first.samples, first.bad, first.lines) == (again.samples, again.bad, again.lines)
    assert len(first.lines) == len(first.samples)
    return [sample[:4] for sample in first.samples]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cpu,host=a v=1", ("a", "cpu.v", 1.0)),
        ("cpu,host=a value=1", ("a", "cpu", 1.0)),
        ("cpu v=1", ("cpu", "v", 1.0)),
        ("cpu value=1", ("cpu", "value", 1.0)),
        ("cpu,room=b v=1", ("cpu", "cpu.v{room=b}", 1.0)),
        ("cpu,room=b value=1", ("cpu", "cpu{room=b}", 1.0)),
        ("cpu,host=a,device=b v=1", ("b", "cpu.v{host=a}", 1.0)),
        ("cpu,name=n,id=i v=1", ("i", "cpu.v{name=n}", 1.0)),
        ("cpu,zone=z,host=a,area=b v=1", ("a", "cpu.v{area=b,zone=z}", 1.0)),
        (r"my\ cpu\,x,host=a\ b\,c\=d f\ v\,w\=x=1", ("a b,c=d", "my cpu,x.f v,w=x", 1.0)),
        (r"m\=n v=1", (r"m\=n", "v", 1.0)),
        (r"m,host=a\b v=1", (r"a\b", "m.v", 1.0)),
        ('m,host="a" v=1', ('"a"', "m.v", 1.0)),
        ("m,host=a=b v=1", ("a=b", "m.v", 1.0)),
        ("Küche,host=Ofen größe=1", ("Ofen", "Küche.größe", 1.0)),
        (" \tm v=1", ("m", "v", 1.0)),
        ("m  v=1 ", ("m", "v", 1.0)),
        ("m v=1\r", ("m", "v", 1.0)),
    ],
)
def test_names_follow_the_tags(line: str, found: tuple[str, str, float]) -> None:
    assert values(line) == [(*found, None)]


@pytest.mark.parametrize(
    ("line", "owner", "found"),
    [
        ("cpu v=1", "pi", ("pi", "cpu.v")),
        ("cpu value=1", "pi", ("pi", "cpu")),
        ("pi v=1", "pi", ("pi", "v")),
        ("cpu,room=b v=1", "pi", ("pi", "cpu.v{room=b}")),
        ("cpu,host=other v=1", "pi", ("other", "cpu.v")),
    ],
)
def test_a_line_that_names_no_device_is_its_senders(line: str, owner: str, found: tuple[str, str]) -> None:
    assert [one[:2] for one in values(line, owner=owner)] == [found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e-3", -0.0005),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("5e-324", 5e-324),
        ("81i", 81.0),
        ("-9223372036854775808i", -(2.0**63)),
        ("18446744073709551615u", 2.0**64),
        *((word, True) for word in ("t", "T", "true", "True", "TRUE")),
        *((word, False) for word in ("f", "F", "false", "False", "FALSE")),
    ],
)
def test_values_have_the_types_of_the_format(text: str, value: float | bool) -> None:
    [(_, _, found, _)] = values(f"m v={text}")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "+1",
        "1_0",
        "0x10",
        "1-2",
        "--1",
        "1.2.3",
        "e5",
        ".",
        "-",
        "1e",
        "9223372036854775808i",
        "-1u",
        "18446744073709551616u",
        "1.5i",
        "i",
        "tRUE",
        "yes",
        "55,3",
        '"x',
        '"x"y',
        "١",
    ],
)
def test_a_bad_value_is_no_reading(text: str) -> None:
    found = decode(f"m a=1,v={text}\nm v=2")
    assert [part.line for part in found.bad] == [1]
    assert [(one.value, line) for one, line in zip(found.samples, found.lines, strict=True)] == [(2.0, 2)]


@pytest.mark.parametrize(
    "line",
    [
        "m",
        "m ",
        "m v",
        "m v=",
        "m =1",
        "m ,v=1",
        "m v=1,",
        "m v=1,,w=2",
        "m v=1 w=2",
        "m v=1 x",
        "m v=1 1.5",
        "m v=1 5 5",
        "m v=1 1e3",
        ",a=b v=1",
        "m, v=1",
        "m,a v=1",
        "m,a= v=1",
        "m,=b v=1",
        "m,a=b,a=c v=1",
        "m,a=b, v=1",
        '{"v": 1}',
        "21.5",
        "m v=1 +5",
        "m a=b=1,c=2",
        "m a=1,b=2=3",
        f"m v=1 {2**63}{0}",
        "m " + ",".join(f"f{n}=1" for n in range(1_001)),
        f"m,t={'x' * 5_000} v=1",
    ],
    ids=lambda line: line[:20],
)
def test_a_bad_line_is_reported_by_number_and_its_neighbours_are_kept(line: str) -> None:
    for known in ("", "m v=1\n"):  # also where the names are known already
        found = decode(f"{known}n v=1\n{line}\nn v=2")
        at = 2 + bool(known)
        assert [part.line for part in found.bad] == [at], line
        assert [sample.value for sample in found.samples if sample.device == "n"] == [1.0, 2.0]
        assert len(found.samples) == at


def test_comments_and_empty_lines_are_counted_and_passed_over() -> None:
    found = decode("# x\n\n  \n #y v=1\nm v=1\r\n\r\nm v=\n")
    assert (found.lines, [part.line for part in found.bad]) == ([5], [7])


@pytest.mark.parametrize(
    ("precision", "stamp"),
    [
        ("ns", NS + 999_999),
        ("n", NS),
        ("", NS),
        ("us", T * 1000 + 999),
        ("u", T * 1000),
        ("µ", T * 1000),
        ("ms", T),
        ("s", T // 1000),
        ("m", T // 60_000),
        ("h", T // 3_600_000),
    ],
)
def test_times_are_cut_to_ms(precision: str, stamp: int) -> None:
    wide = {"m": 60_000, "h": 3_600_000}.get(precision, 1)
    assert values(f"m v=1 {stamp}", precision=precision) == [("m", "v", 1.0, T // wide * wide)]


def test_every_precision_is_known_and_no_other() -> None:
    assert set(PRECISIONS) == {"ns", "n", "", "us", "u", "µ", "ms", "s", "m", "h"}
    with pytest.raises(KeyError):
        decode("m v=1", "d")


@pytest.mark.parametrize("stamp", [0, 1, -5, EARLIEST_TS - 1, 2**63 // 1_000_000 + 1, 9_999_999_999_999_999])
def test_a_time_out_of_range_is_refused_reading_by_reading(stamp: int) -> None:
    found = decode(f"m v=1 {T}\nm v=2,w=3 {stamp}\nm v=4 {EARLIEST_TS}", "ms")
    assert [(part.line, part.code) for part in found.bad] == [(2, Reason.BAD_TIME)]
    assert [sample.value for sample in found.samples] == [1.0, 4.0]
    assert found.strict


@pytest.mark.parametrize(
    "text",
    [
        r'm s="a b, c=d # \"x\" \\",v=1',
        'm v=1,s=""',
        'm s="1\n2",v=1',
        'm s="1\nm v=7\n",v=1',
        'm s="a\nb",t="c\nd",v=1',
        r'm s="ends\\",v=1',
    ],
)
def test_texts_are_no_readings_whatever_they_hold(text: str) -> None:
    lines = text.count("\n") + 1
    found = decode(f"{text}\nn v=2")
    assert [(one.device, one.value) for one in found.samples] == [("m", 1.0), ("n", 2.0)]
    assert (found.bad, found.lines) == ([], [1, 1 + lines])


def test_a_text_that_never_ends_takes_only_its_own_line() -> None:
    found = decode('m s="a,v=1\n' + "n v=2\n" * 200)
    assert [part.line for part in found.bad] == [1]
    assert len(found.samples) == 200


def test_pieces_are_the_whole() -> None:
    text = "\n".join(f'm,host=h{n % 7} v={n},s="x{n}\ny" {T + n}' if n % 5 else "bad" for n in range(500))
    reader = LineProtocol()
    pieces = list(reader.pieces(text, "ms", size=7))
    whole = reader.decode(text, "ms")
    assert len(pieces) > 50
    assert [one for piece in pieces for one in piece.samples] == whole.samples
    assert [one for piece in pieces for one in piece.bad] == whole.bad
    assert len(whole.samples) == 400


def test_a_piece_holds_no_more_than_a_message_may() -> None:
    fields = ",".join(f"f{n}=1" for n in range(1_000))
    sizes = [len(piece.samples) for piece in LineProtocol().pieces(f"m {fields}\n" * 25)]
    assert sum(sizes) == 25_000
    assert max(sizes) <= MAX_READINGS


def test_names_that_never_come_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many as are kept need no more memory than as many."""
    monkeypatch.setattr(line_protocol, "NAMES_MAX", 2_000)
    reader = LineProtocol()

    def fill(first: int) -> int:
        for start in range(first, first + 4_000, 500):
            reader.decode("\n".join(f"m,host={n} v=1 {T}" for n in range(start, start + 500)), "ms")
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    once = fill(0)
    grown = max(fill(round_ * 10_000) for round_ in range(1, 6))
    tracemalloc.stop()
    assert grown < 2 * once


@pytest.mark.parametrize(
    "text",
    [
        'a b="\n' * 40_000,
        "a b=" * 60_000,
        "\\" * 250_000,
        "a," * 120_000,
        'a b="' + '\\"' * 120_000,
        "a " * 120_000,
        "m,t=" + "x" * 4_000 + " " + ",".join(f"f{n}=1" for n in range(30_000)),
    ],
    ids=["quotes", "equals", "backslashes", "commas", "escapes", "blanks", "fields"],
)
def test_hostile_text_costs_time_in_proportion(text: str) -> None:
    """A quarter of a megabyte takes a small part of what a quadratic reader would need, which is minutes."""
    began = time.monotonic()
    assert decode(text).samples == []
    assert time.monotonic() - began < 10


@given(st.text(alphabet='mv=1, \\"\n#.ie-t', max_size=60))
def test_no_text_breaks_the_reader_or_makes_a_value_that_is_none(text: str) -> None:
    found = decode(text)
    assert all(math.isfinite(one.value) for one in found.samples)
    assert len(found.lines) == len(found.samples)
    assert {part.line for part in found.bad}.isdisjoint(found.lines)
    assert {*found.lines, *(part.line for part in found.bad)} <= set(range(1, text.count("\n") + 2))


@given(
    st.lists(
        st.tuples(st.text("ab, =\\x", min_size=1, max_size=5), st.floats(allow_nan=False, allow_infinity=False)),
        max_size=6,
    )
)
def test_what_a_client_escapes_is_read_back(points: list[tuple[str, float]]) -> None:
    def escaped(text: str) -> str:
        return "".join("\\" + c if c in ", =" else c for c in text)

    points = [(name.replace("\\", "x"), value) for name, value in points]
    text = "\n".join(f"m,host={escaped(name)} {escaped(name)}={value!r} {NS}" for name, value in points)
    assert [(one.device, one.metric, one.value) for one in decode(text).samples] == [
        (name, f"m.{name}", value) for name, value in points
    ]


def test_a_known_name_is_read_on_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long way is slow; that most lines do not take it is what makes a batch fast."""
    reader = LineProtocol()
    text = f"m,host=a v=1,n=5i,b=t {T}\nm,host=a v=1.5"
    reader.decode(text, "ms")
    monkeypatch.setattr(line_protocol.LineProtocol, "_slowly", None)
    assert [one.value for one in reader.decode(text, "ms").samples] == [1.0, 5.0, True, 1.5]
