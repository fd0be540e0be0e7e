"""The codec: every reading comes back bit for bit; what is not its own is refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pcodec import ChunkConfig, standalone

from telemetry.model import Value
from telemetry.store import codec
from telemetry.store.journal import NUMBER, UNTRUSTED_CLOCK
from telemetry.store.records import LAYOUT, Records, Texts
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


def measured(count: int, noise: float = 0.05) -> Records:
    """Readings a second apart with some ms of jitter: a walk, measured with noise, two decimals."""
    random = np.random.default_rng(count)
    records = np.zeros(count, dtype=LAYOUT)
    records["series"] = 1
    records["ts"] = T0 + 1_000 * np.arange(count) + random.integers(-20, 21, count)
    records["value"] = np.round(20 + np.cumsum(random.normal(0, 0.01, count)) + random.normal(0, noise, count), 2)
    return records


def test_regular_readings_cost_little() -> None:
    """4,096 noisy readings: under 1.5 bytes each."""
    _, data = codec.encode(measured(4_096), [])
    assert len(data) < 1.5 * 4_096


@pytest.mark.parametrize("count", [*range(1_020, 1_034), *range(4_090, 4_106), 8_192])
def test_chunks_of_any_length_come_back(count: int) -> None:
    """Around the lengths at which pcodec begins another batch, where its predictions panic."""
    records = measured(count)
    id_, data = codec.encode(records, [])
    assert (codec.decode(id_, data, 1, Texts()) == records).all()


def test_codec_1_is_still_read() -> None:
    """Written by the first version: 64 bits a column, times as their distance from first + i * step."""
    times, values = T0 + 1_000 * np.arange(50) + np.arange(50) % 7, np.arange(50) * 3 - 20
    columns = [
        bytes(standalone.simple_compress(one, ChunkConfig())) for one in (times - T0 - 999 * np.arange(50), values)
    ]
    head = codec.HEAD.pack(NUMBER, 100, T0, 999, len(columns[0]), len(columns[1]), 0)
    back = codec.decode(1, head + b"".join(columns), 7, Texts())
    assert (back["ts"] == times).all()
    assert (back["value"] == values / 100).all()
    assert set(back["series"].tolist()) == {7}


@given(st.sampled_from([codec.STEPS, codec.PCODEC]), st.binary(max_size=80))
def test_anything_else_is_refused(id_: int, data: bytes) -> None:
    with pytest.raises(codec.Undecodable):
        codec.decode(id_, data, 1, Texts())


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
