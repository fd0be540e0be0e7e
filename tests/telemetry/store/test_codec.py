"""The codec: every reading comes back bit for bit; what is not its own is refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.model import Value
from telemetry.store import codec
from telemetry.store.journal import UNTRUSTED_CLOCK
from telemetry.store.records import LAYOUT, Texts
from tests.telemetry.store.kit import T0, packed

VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-500, 5_000).map(lambda n: n / 100),
    st.booleans(),
    st.text(max_size=6),
)
POINTS = st.dictionaries(st.integers(-(1 << 50), 1 << 50), VALUES, min_size=1, max_size=60)


@given(POINTS, st.booleans())
def test_what_goes_in_comes_out(points: dict[int, Value], flagged: bool) -> None:
    texts = Texts()
    texts.index("known before")
    records = packed(sorted(points.items()), texts)
    if flagged:
        records["kind"][::2] |= UNTRUSTED_CLOCK
    id_, data = codec.encode(records, texts.known)
    others = Texts()
    others.index("another list")
    back = codec.decode(id_, data, 1, others)
    assert (back["kind"] == records["kind"]).all()
    assert (back["ts"] == records["ts"]).all()
    for one, other in zip(records.tolist(), back.tolist(), strict=True):
        if one[1] & 3 == 2:
            assert texts.known[int(one[3])] == others.known[int(other[3])]
        else:
            assert struct.pack("<d", one[3]) == struct.pack("<d", other[3])


def test_regular_readings_cost_little() -> None:
    """4,096 readings a second apart with some ms of jitter and two decimals: under 1.6 bytes each."""
    random = np.random.default_rng(1)
    records = np.zeros(4_096, dtype=LAYOUT)
    records["ts"] = T0 + 1_000 * np.arange(4_096) + random.integers(-20, 21, 4_096)
    records["value"] = np.round(20 + np.cumsum(random.normal(0, 0.05, 4_096)), 2)
    _, data = codec.encode(records, [])
    assert len(data) < 1.6 * 4_096


@given(st.binary(max_size=80))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(codec.Undecodable):
        codec.decode(codec.PCODEC, data, 1, Texts())


@given(POINTS, st.data())
def test_a_chunk_cut_off_is_refused(points: dict[int, Value], data: st.DataObject) -> None:
    texts = Texts()
    id_, whole = codec.encode(packed(sorted(points.items()), texts), texts.known)
    cut = whole[: data.draw(st.integers(0, codec.HEAD.size - 1))]
    with pytest.raises(codec.Undecodable):
        codec.decode(id_, cut, 1, Texts())


def test_codec_of_another_version_is_named() -> None:
    with pytest.raises(codec.Undecodable, match="codec 99"):
        codec.decode(99, b"", 1, Texts())
