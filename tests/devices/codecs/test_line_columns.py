"""The short way says what the long way says, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.line_columns import several, together
from devices.codecs.line_names import Known, Names
from devices.codecs.line_protocol import LineProtocol
from telemetry.decoded import Sample

T = 1_741_167_000_000
MS = (1, 1)


def known() -> Known:
    """What is known after lines of ``m,host=a`` with the fields v and w."""
    found = Known()
    found.heads["m,host=a"] = names = Names("m,host=a", None, found)
    assert [names[field] for field in "vw"] == [("a", "m.v"), ("a", "m.w")]
    return found


@pytest.mark.parametrize(
    ("line", "one", "many"),
    [
        (f"m,host=a v=1.5 {T}", True, True),
        (f"m,host=a v=1,w=-2e3 {T}", False, True),
        (f"m,host=a x=1 {T}", False, True),
        (f"m,host=b v=1 {T}", False, False),
        (f"m,host=a v=1,v=t {T}", False, False),
        (f"m,host=a v=1i {T}", False, False),
        (f"m,host=a v=+1 {T}", False, False),
        (f"m,host=a v=1e999 {T}", False, False),
        (f"m,host=a v=1_0 {T}", False, False),
        (f"m,host=a v= {T}", False, False),
        (f"m,host=a v=1=2 {T}", False, False),
        (f"m,host=a =1 {T}", False, False),
        (f"m,host=a v=1, {T}", False, False),
        ("m,host=a v=1", False, False),
        ("m,host=a v=1 ", False, False),
        ("m,host=a v=1 5", False, False),
        (f"m,host=a v=1 -{T}", False, False),
        (f"m,host=a v=1 {T}.5", False, False),
        (f"m,host=a v=1  {T}", False, False),
        (f"m,host=a v=1 {T} ", False, False),
        (f"m,host=a v=1 {T}\t", False, False),
        (f"m,host=a v=1 {T}0000000000", False, False),
        (f"m,host=a v=١ {T}", False, False),
        ("", False, False),
        (f"# v=1 {T}", False, False),
        ("m,host=a " + ",".join(f"f{n}=1" for n in range(1_001)) + f" {T}", False, False),
    ],
)
def test_only_the_plainest_lines_are_taken(line: str, one: bool, many: bool) -> None:
    good = f"m,host=a v=1 {T}"
    for lines in ([line], [good, line], [line, good]):
        assert (together(lines, MS, known().single) is not None) is one
        assert (several(lines, MS, known().heads) is not None) is many


@pytest.mark.parametrize(("scale", "stamp"), [((1, 1), T), ((1, 1_000), T * 1_000 + 999), ((1_000, 1), T // 1_000)])
def test_times_are_cut_to_ms(scale: tuple[int, int], stamp: int) -> None:
    found = together([f"m,host=a v=1 {stamp}"], scale, known().single)
    assert found is not None
    assert found[0].times == [T]


def test_columns_are_samples() -> None:
    found = several([f"m,host=a v=1,w=2 {T}", f"m,host=a w=3 {T + 1}"], MS, known().heads)
    assert found is not None
    assert found[0].samples() == [
        Sample("a", "m.v", 1.0, T),
        Sample("a", "m.w", 2.0, T),
        Sample("a", "m.w", 3.0, T + 1),
    ]
    assert list(found[1]) == [2, 1]


@given(
    st.lists(
        st.text(alphabet="vw=1, .e-+", max_size=12).map(lambda text: f"m,host=a v={text} {T}")
        | st.just(f"m,host=a v=1 {T}")
        | st.just(f"m,host=a v=1,w=2 {T}"),
        min_size=1,
        max_size=4,
    )
)
def test_the_short_way_never_takes_what_the_long_way_refuses(lines: list[str]) -> None:
    """Line by line with a text in it, which sends everything the long way."""
    text = "\n".join(lines)
    reader = LineProtocol()
    reader.decode(f"m,host=a v=1,w=1 {T}", "ms")
    short = reader.decode(text, "ms")
    long = LineProtocol().decode(f'{text}\nm,host=a s="" {T}', "ms")
    assert (short.samples, short.lines, short.bad) == (long.samples, long.lines, long.bad)
