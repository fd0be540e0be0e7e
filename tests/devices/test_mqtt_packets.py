"""CONNECT and PUBLISH: vectors from the specification, round trips, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices import mqtt_packets as packets
from devices.mqtt_packets import Connect, Malformed, Publish, WrongVersion

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
HEADS = st.tuples(TEXT, st.booleans(), st.integers(0, 65_535), TEXT, st.none() | TEXT)
WILLS = st.tuples(st.tuples(TEXT, st.binary(max_size=300)), st.integers(0, 2), st.booleans())
CONNECTS = st.builds(lambda head, will: Connect(*head, *will), HEADS, st.just((None, 0, False)) | WILLS)


def test_connect_of_the_specification() -> None:
    """Figure 3.6 of MQTT 3.1.1: user name, password, will retained at QoS 1, clean session, keep-alive 10 s."""
    body = bytes.fromhex("00044d515454 04 ee 000a 0001 63 0001 77 0002 6d6d 0001 75 0001 70".replace(" ", ""))
    assert packets.connect(body) == Connect("c", True, 10, "u", "p", ("w", b"mm"), 1, True)


@given(CONNECTS)
@example(Connect("x" * 128, False, 0, "u", None, ("t", b"y" * 300), 2, True))
def test_connect_comes_back_as_it_was(one: Connect) -> None:
    kind, flags, body = packets.split(packets.connect_packet(one))
    assert (kind, flags) == (packets.CONNECT, 0)
    assert packets.connect(body) == one


@pytest.mark.parametrize(
    ("body", "level"),
    [("00044d51545405 02 0000 00 0000", 5), ("00064d51497364703 02 003c 0001 61".replace("703 ", "7003 "), 3)],
)
def test_other_versions_are_named(body: str, level: int) -> None:
    with pytest.raises(WrongVersion) as refused:
        packets.connect(bytes.fromhex(body.replace(" ", "")))
    assert refused.value.level == level


@pytest.mark.parametrize(
    "flags",
    [
        0x01,  # reserved
        0x08,  # a QoS of no will
        0x20,  # a retained will without a will
        0x1C,  # will at QoS 3
        0x40,  # a password without a user name
    ],
)
def test_flags_that_contradict_each_other_are_refused(flags: int) -> None:
    body = bytes.fromhex("00044d51545404") + bytes([flags]) + bytes.fromhex("0000 0001 61 0001 62 0001 63")
    with pytest.raises(Malformed):
        packets.connect(body)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_connect_or_malformed(body: bytes) -> None:
    for data in (body, bytes.fromhex("00044d51545404") + body):
        try:
            packets.connect(data)
        except Malformed:
            continue


def test_a_password_that_is_no_text_is_no_token() -> None:
    packet = packets.connect_packet(Connect("c", True, 0, "u", "pp"))
    assert packets.connect(packets.split(packet.replace(b"pp", b"\xff\xfe"))[2]).password == ""


@pytest.mark.parametrize(
    ("flags", "body", "expected"),
    [
        (0x0, "0003 612f62 01ff", Publish("a/b", b"\x01\xff", 0, False, False, 0)),
        (0x3, "0003 612f62 000a 31", Publish("a/b", b"1", 1, True, False, 10)),
        (0xC, "0002 c3a4 ffff", Publish("ä", b"", 2, False, True, 65_535)),
    ],
)
def test_publish(flags: int, body: str, expected: Publish) -> None:
    assert packets.publish(flags, bytes.fromhex(body)) == expected


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        (0x6, "0001 61 0001"),  # QoS 3
        (0x0, "0000"),  # no topic
        (0x0, "0001 23"),  # '#'
        (0x0, "0001 2b"),  # '+'
        (0x0, "0001 00"),  # NUL
        (0x0, "0002 c328"),  # no UTF-8
        (0x2, "0001 61 0000"),  # packet id 0
        (0x2, "0001 61 00"),  # cut off
        (0x0, "00ff 61"),
        (0x0, ""),
    ],
)
def test_what_is_no_publish(flags: int, body: str) -> None:
    with pytest.raises(Malformed):
        packets.publish(flags, bytes.fromhex(body))


def test_answers() -> None:
    assert packets.connack(packets.NOT_AUTHORISED) == bytes.fromhex("20020005")
    assert packets.connack(packets.WRONG_VERSION, 5) == bytes.fromhex("2003008400")
    assert packets.acknowledge(1, 258) == bytes.fromhex("40020102")
    assert packets.acknowledge(2, 1) == bytes.fromhex("50020001")
    assert packets.complete(3) == bytes.fromhex("70020003")
