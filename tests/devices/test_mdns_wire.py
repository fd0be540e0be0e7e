"""DNS messages as bytes: an example that was written by hand from RFC 1035, and what strangers may send."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.mdns_wire import (
    AAAA,
    ANY,
    ENTRIES_MAX,
    MESSAGE_MAX,
    NSEC,
    POINTERS_MAX,
    PTR,
    SRV,
    TXT,
    A,
    Packet,
    Question,
    Record,
    bitmap,
    decode,
    encode,
    fold,
    plain,
)

HOST = (b"pi", b"local")
labels = st.binary(min_size=1, max_size=63)
names = st.lists(labels, max_size=6).map(tuple).filter(lambda name: sum(len(one) + 1 for one in name) < 255)
records = st.builds(
    Record,
    names,
    st.sampled_from([A, AAAA, TXT, NSEC, 99]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=300),
) | st.builds(Record, names, st.just(PTR), st.booleans(), st.integers(0, 2**31), names.map(plain))
packets = st.builds(
    Packet,
    st.booleans(),
    st.lists(st.builds(Question, names, st.integers(0, 65535), st.booleans()), max_size=4),
    st.lists(records, max_size=4),
    st.lists(records, max_size=4),
    st.lists(records, max_size=4),
    st.integers(0, 65535),
)


def test_a_query_has_the_bytes_of_the_standard() -> None:
    packet = Packet(response=False, questions=[Question(HOST, A, unicast=True)])
    assert encode(packet) == bytes.fromhex("0000 0000 0001 0000 0000 0000 02 7069 05 6c6f63616c 00 0001 8001")


def test_an_answer_points_back_to_a_name_that_is_there_already() -> None:
    packet = Packet(True, [], [Record(HOST, A, flush=True, ttl=120, data=b"\xc0\0\2\2")] * 2)
    assert encode(packet).count(b"local") == 1
    assert encode(packet).endswith(bytes.fromhex("c00c 0001 8001 00000078 0004 c0000202"))


@given(packets)
def test_what_was_written_is_what_is_read(packet: Packet) -> None:
    assert decode(encode(packet)) == packet


@given(st.binary(max_size=600) | packets.map(encode), st.integers(0, 600), st.binary(min_size=1, max_size=8))
def test_anything_is_read_or_refused(data: bytes, at: int, noise: bytes) -> None:
    for broken in (data, data[:at], data[:at] + noise + data[at + len(noise) :]):
        try:
            decode(broken)
        except ValueError:
            continue


def test_names_in_data_are_written_out() -> None:
    """A pointer means nothing outside its message."""
    srv = struct.pack("!3H", 0, 0, 80) + b"\x03box\xc0\x0f"
    data = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + b"\x02pi\x05local\0" + struct.pack("!HHIH", SRV, 1, 9, len(srv))
    assert decode(data + srv).answers[0].data == srv[:6] + plain((b"box", b"local"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xc0\x0c", id="to itself"),
        pytest.param(b"\xc0\x20", id="forwards"),
        pytest.param(b"\x80", id="no such label"),
        pytest.param(b"\x05ab", id="cut short"),
        pytest.param((b"\x3f" + b"a" * 63) * 4 + b"\0", id="too long"),
    ],
)
def test_a_broken_name_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"pointer|label|short|long"):
        decode(struct.pack("!6H", 0, 0, 1, 0, 0, 0) + body + b"\0\1\0\1")


def test_a_chain_of_pointers_is_not_followed_for_long() -> None:
    """Each points one back: cheap to send, and it must not be dear to read."""
    start = 12 + 1 + 10  # behind the header, a root name, and the fixed part of a record that hides the chain
    chain = b"\0\0" + b"".join(struct.pack("!H", 0xC000 | start + 2 * n) for n in range(4_000))
    hidden = struct.pack("!6H", 0, 0x8400, 0, 2, 0, 0) + b"\0" + struct.pack("!HHIH", 99, 1, 0, len(chain)) + chain

    def naming(links: int) -> bytes:
        return hidden + struct.pack("!HHHIH", 0xC000 | start + 2 * links, A, 1, 0, 0)

    assert len(naming(4_000)) <= MESSAGE_MAX
    assert decode(naming(POINTERS_MAX - 1)).answers[1].name == ()
    for links in (POINTERS_MAX, 4_000):
        with pytest.raises(ValueError, match="pointer"):
            decode(naming(links))


@pytest.mark.parametrize("size", [0, 11, MESSAGE_MAX + 1])
def test_a_size_that_no_message_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        decode(bytes(size))


def test_too_many_entries_are_refused_unread() -> None:
    with pytest.raises(ValueError, match="entries"):
        decode(struct.pack("!6H", 0, 0, ENTRIES_MAX, 1, 0, 0) + bytes(6_000))


def test_other_classes_are_left_out() -> None:
    packet = encode(Packet(False, [Question(HOST, ANY)]))
    assert decode(packet[:-2] + b"\0\3").questions == []


@pytest.mark.parametrize("name", [(b"a" * 64,), (b"",), (b"a" * 63,) * 4])
def test_a_name_that_cannot_be_written_is_refused(name: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="too long"):
        encode(Packet(False, [Question(name, A)]))


def test_records_are_compared_without_regard_to_case_where_they_hold_names() -> None:
    """The port of an SRV record is no letter: 0x41 is not 0x61."""
    one = Record((b"PI", b"local"), PTR, flush=False, ttl=1, data=plain((b"X",)))
    assert one.key == one._replace(name=(b"pi", b"LOCAL"), data=plain((b"x",)), ttl=9).key
    srv = Record(HOST, SRV, True, 1, b"\0\0\0\0\0\x41" + plain((b"X",)))
    assert srv.key == srv._replace(data=b"\0\0\0\0\0\x41" + plain((b"x",))).key
    assert srv.key != srv._replace(data=b"\0\0\0\0\0\x61" + plain((b"X",))).key
    text = Record(HOST, TXT, True, 1, b"\1A")
    assert text.key != text._replace(data=b"\1a").key
    assert fold((b"A\xc3",)) == (b"a\xc3",)


def test_the_bitmap_is_that_of_the_standard() -> None:
    """A is the second bit of the first byte, AAAA the fifth of the fourth."""
    assert bitmap([A, AAAA]) == bytes.fromhex("00 04 40 00 00 08")
    assert bitmap({A}) == bytes.fromhex("00 01 40")
