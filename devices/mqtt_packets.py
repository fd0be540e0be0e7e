"""The packets of MQTT 3.1.1 that the embedded broker looks into: CONNECT and PUBLISH, and answers to them.

Layout (OASIS MQTT 3.1.1, chapters 2 and 3): a byte of type and flags, the length of the rest in 1-4 bytes of 7 bits,
low ones first, then fields; texts and payloads of CONNECT have 2 bytes of length in front. ``Malformed`` is raised for
what is none. Pure: bytes in, values out.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 3, 4, 5, 6, 7
ACCEPTED, WRONG_VERSION, BAD_ID, UNAVAILABLE, NOT_AUTHORISED = 0, 1, 2, 3, 5


class Malformed(ValueError):
    """These bytes are no such packet."""


class WrongVersion(Malformed):
    """A CONNECT of another version; ``level`` is 3 for MQTT 3.1, 5 for MQTT 5."""

    def __init__(self, level: int) -> None:
        super().__init__(f"MQTT protocol level {level}")
        self.level = level


class Connect(NamedTuple):
    """Who connects, and what is to be said when he is lost; ``keepalive`` in seconds, 0: none."""

    client_id: str
    clean: bool
    keepalive: int
    user: str | None = None
    password: str | None = None
    will: tuple[str, bytes] | None = None
    will_qos: int = 0
    will_retained: bool = False


class Publish(NamedTuple):
    """A message; ``mid`` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    duplicate: bool
    mid: int


def split(packet: bytes) -> tuple[int, int, bytes]:
    """(type, flags, the rest) of one whole packet."""
    at = 1
    while at < len(packet) and packet[at] & 0x80:
        at += 1
    return packet[0] >> 4, packet[0] & 0x0F, packet[at + 1 :]


def connect(body: bytes) -> Connect:
    """What a CONNECT says. Raises WrongVersion and Malformed."""
    fields = _Fields(body)
    protocol, level = fields.text(), fields.byte()
    if (protocol, level) != ("MQTT", 4):
        raise WrongVersion(level)
    flags, keepalive = fields.byte(), fields.number()
    will_qos = (flags >> 3) & 3
    if flags & 1 or will_qos == 3 or (not flags & 4 and flags & 0x38) or (flags & 0x40 and not flags & 0x80):
        raise Malformed("flags of CONNECT")
    client_id = fields.text()
    will = (fields.text(), fields.blob()) if flags & 4 else None
    user = fields.text() if flags & 0x80 else None
    try:
        password = fields.blob().decode() if flags & 0x40 else None
    except UnicodeDecodeError:
        password = ""  # no token of ours
    return Connect(client_id, bool(flags & 2), keepalive, user, password, will, will_qos, bool(flags & 0x20))


def connect_packet(one: Connect) -> bytes:
    """The packet of a CONNECT, for the broker behind."""
    flags = 2 * one.clean
    tail = _text(one.client_id)
    if one.will is not None:
        flags |= 4 | one.will_qos << 3 | 0x20 * one.will_retained
        tail += _text(one.will[0]) + _blob(one.will[1])
    if one.user is not None:
        flags |= 0x80
        tail += _text(one.user)
    if one.password is not None:
        flags |= 0x40
        tail += _text(one.password)
    return _packet(CONNECT << 4, _text("MQTT") + struct.pack("!BBH", 4, flags, one.keepalive) + tail)


def publish(flags: int, body: bytes) -> Publish:
    """What a PUBLISH says. Raises Malformed."""
    fields, qos = _Fields(body), (flags >> 1) & 3
    topic = fields.text()
    if qos == 3 or not topic or any(c in topic for c in "+#\0"):
        raise Malformed("PUBLISH")
    mid = fields.number() if qos else 0
    if qos and not mid:
        raise Malformed("packet id 0")
    return Publish(topic, fields.rest(), qos, bool(flags & 1), bool(flags & 8), mid)


def publish_packet(one: Publish) -> bytes:
    """The bytes of a PUBLISH."""
    flags = PUBLISH << 4 | one.duplicate << 3 | one.qos << 1 | one.retained
    mid = struct.pack("!H", one.mid) if one.qos else b""
    return _packet(flags, _text(one.topic) + mid + one.payload)


def connack(code: int, level: int = 4) -> bytes:
    """The answer to a CONNECT; MQTT 5 has codes of its own for a version that is not spoken, and for no right."""
    if level >= 5:
        return bytes((0x20, 3, 0, {WRONG_VERSION: 0x84, NOT_AUTHORISED: 0x87}.get(code, 0x80), 0))
    return bytes((0x20, 2, 0, code))


def acknowledge(qos: int, mid: int) -> bytes:
    """PUBACK for QoS 1, PUBREC for QoS 2."""
    return struct.pack("!BBH", (PUBACK if qos == 1 else PUBREC) << 4, 2, mid)


def complete(mid: int) -> bytes:
    """PUBCOMP: the end of a message at QoS 2."""
    return struct.pack("!BBH", PUBCOMP << 4, 2, mid)


def _packet(head: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, low = rest >> 7, rest & 0x7F
        length.append(low | (0x80 if rest else 0))
        if not rest:
            return bytes((head,)) + bytes(length) + body


def _text(text: str) -> bytes:
    return _blob(text.encode())


def _blob(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


class _Fields:
    """Reads a packet field by field. Raises Malformed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise Malformed("a packet that is cut off")
        self._at += count
        return taken

    def byte(self) -> int:
        return self._take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self._take(2))

    def blob(self) -> bytes:
        return self._take(self.number())

    def text(self) -> str:
        try:
            return self.blob().decode()
        except UnicodeDecodeError:
            raise Malformed("a text that is not UTF-8") from None

    def rest(self) -> bytes:
        return self._data[self._at :]
