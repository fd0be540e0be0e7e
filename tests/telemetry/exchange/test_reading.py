"""Files as they come: in any pieces, compressed or not, with every bad line told by its number."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from devices import replay
from telemetry.exchange.block import START, Block, NotReadable, Position, Refused
from telemetry.exchange.reading import BLOCK, LINE_MAX, Reader
from telemetry.model import Value

DATA = Path(__file__).parent.parent.parent / "data"
HEAD = b"device,metric,ts,value\n"


def read(data: bytes, piece: int = 1 << 16, skip: Position = START) -> list[Block]:
    reader = Reader(skip)
    blocks = [block for at in range(0, len(data), piece) for block in reader.feed(data[at : at + piece])]
    return [*blocks, *reader.finish()]


def readings(blocks: list[Block]) -> list[tuple[str, str, int, Value]]:
    return [(*one[0], *one[1:]) for block in blocks for one in zip(block.keys, block.ts, block.values, strict=True)]


def refused(blocks: list[Block]) -> list[Refused]:
    return [one for block in blocks for one in block.refused]


@pytest.mark.parametrize("piece", [1, 5, 1 << 16])
@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"a,t,1,2\n",
        HEAD + b"a,t,1,2",
        b"\xef\xbb\xbf" + HEAD + b"a,t,1,2\r\n",
        b"\r\n\n" + HEAD.replace(b"\n", b"\r\n") + b"a,t,1,2\r\n\r\n",
        b'\xef\xbb\xbf{"device":"a","metric":"t","ts":1,"value":2}\r\n',
        b'\n {"device":"a","metric":"t","ts":1,"value":2}',
        gzip.compress(HEAD, mtime=0) + gzip.compress(b"a,t,1,2\n", mtime=0),
    ],
)
def test_the_same_reading_in_many_guises(data: bytes, piece: int) -> None:
    blocks = read(data, piece)
    assert readings(blocks) == [("a", "t", 1, 2.0)]
    assert refused(blocks) == []


@pytest.mark.parametrize("name", ["stafford_excerpt.csv", "nab_excerpt.csv", "stafford_iot_telemetry_24h.ndjson.gz"])
def test_recordings_say_what_the_replay_sends(name: str) -> None:
    """The same files, read by another reader."""
    blocks = read((DATA / name).read_bytes())
    sent = [
        (record.device, metric, record.ts, value)
        for record in replay.read(DATA / name)
        for metric, value in record.values.items()
    ]
    assert readings(blocks) == sent
    assert refused(blocks) == []


def test_bad_lines_are_told_by_number_and_the_others_kept() -> None:
    data = HEAD + b'a,t,1,1\nnonsense\na,t,2,\xff\n"a\nb",t,3,3\na,t,4,nan\na,t,5,5\n'
    blocks = read(data)
    assert [one[2] for one in readings(blocks)] == [1, 3, 5]
    assert [line for line, _ in refused(blocks)] == [3, 4, 7]


@pytest.mark.parametrize("piece", [1000, 1 << 20])
def test_many_blocks_keep_their_line_numbers(piece: int) -> None:
    """Also where a quoted cell goes over the end of a block."""
    lines = [f'"d\n{n}",t,{n},1\nbad{n}\n' for n in range(60_000)]
    blocks = read(HEAD + "".join(lines).encode(), piece)
    assert len(blocks) > 1
    assert [one[2] for one in readings(blocks)] == list(range(60_000))
    assert [line for line, _ in refused(blocks)] == list(range(4, 180_003, 3))


@pytest.mark.parametrize("middle", [b"x" * (3 * LINE_MAX) + b"\n", b"x" * (2 * BLOCK) + b"\n"])
def test_an_endless_line_is_dropped_and_told(middle: bytes) -> None:
    blocks = read(HEAD + b"a,t,1,1\n" + middle + b"a,t,2,2\n")
    assert [one[2] for one in readings(blocks)] == [1, 2]
    assert [line for line, _ in refused(blocks)] == [3]


def test_an_endless_line_without_end_is_told_too() -> None:
    assert [line for line, _ in refused(read(HEAD + b"x" * (2 * LINE_MAX)))] == [2]


def test_a_quote_that_fills_a_block_does_not_stop_it() -> None:
    cell = b'"' + b"x" * (LINE_MAX - 100)
    blocks = read(HEAD + cell + b"\n" + cell + b"\n" + b"a,t,1,1\n" * 1000)
    assert len(readings(blocks)) == 1000


@pytest.mark.parametrize("data", [b"", b"\n\n", HEAD])
def test_a_file_without_readings_has_none(data: bytes) -> None:
    assert readings(read(data)) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"foo,bar\n1,2\n", "not known"),
        (b"SQLite format 3\0" + bytes(100), "command line"),
        (gzip.compress(HEAD + b"a,t,1,1\n" * 999, mtime=0)[:-10], "cut off"),
        (b"\x1f\x8bnonsense-nonsense", "damaged"),
        (b'a\rb"\n', "header|not known"),
    ],
)
def test_what_is_no_file_of_readings_is_told(data: bytes, why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        read(data)


FILES = [
    HEAD + b"".join(b"a,t,%d,%d\n" % (n, n) for n in range(200_000)),
    b"\xef\xbb\xbf" + b"".join(b'{"device":"a","metric":"t","ts":%d,"value":%d}\n' % (n, n) for n in range(50_000)),
]


@pytest.mark.parametrize("data", [*FILES, gzip.compress(FILES[0], 1, mtime=0)])
def test_a_file_can_be_taken_up_where_a_block_ended(data: bytes) -> None:
    blocks = read(data)
    assert len(blocks) > 3
    for at, block in enumerate(blocks[1:], 1):
        again = read(data, 1 << 18, block.end)
        assert readings(again) == readings(blocks[at + 1 :])
        assert again[-1].end == blocks[-1].end
        assert [line for one in again for line in one.lines] == [line for one in blocks[at + 1 :] for line in one.lines]


def test_a_file_that_has_changed_is_not_taken_up() -> None:
    data = FILES[0]
    end = read(data)[2].end
    with pytest.raises(NotReadable, match="has changed"):
        read(data.replace(b"a,t,7,7", b"a,t,7,8"), skip=end)
    with pytest.raises(NotReadable, match="shorter"):
        read(data[:1000], skip=end)


def test_memory_does_not_hold_more_than_a_block() -> None:
    """A whole file in one piece, unpacked a thousandfold."""
    reader = Reader()
    for block in reader.feed(gzip.compress(HEAD + b"a,t,1700000000000,1\n" * 500_000, mtime=0)):
        assert len(block.ts) <= BLOCK // 20 + 1
        assert len(reader._rest) <= 2 * BLOCK
