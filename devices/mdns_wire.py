"""DNS messages as multicast DNS sends them (RFC 1035 section 4, RFC 6762 section 18); no I/O.

A name is a tuple of labels as they came, compared without regard to ASCII case by ``fold``. A record's ``data`` is its
RDATA with names written out. Messages come from strangers: sizes, counts and compression pointers are bounded, and what
breaks a bound or is cut short raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Name = tuple[bytes, ...]

A, PTR, TXT, AAAA, SRV, NSEC, ANY = 1, 12, 16, 28, 33, 47, 255
IN = 1
TOP = 0x8000
"""Of a record's class: the record replaces what caches hold. Of a question's class: an answer by unicast will do."""
RESPONSE = 0x8400
"""Flags of an answer: QR and AA."""

MESSAGE_MAX = 9_000
"""Bytes (RFC 6762 section 17)."""
ENTRIES_MAX = 200
"""Questions and records in one message."""
NAME_MAX = 255
POINTERS_MAX = 16

HEADER = struct.Struct("!6H")
FIXED = struct.Struct("!HHIH")


class Question(NamedTuple):
    """What is asked for; ``unicast``: an answer need not go to everyone."""

    name: Name
    type: int
    unicast: bool = False


class Record(NamedTuple):
    """One resource record; ``ttl`` in seconds, ``flush``: it is the only holder of its name and type."""

    name: Name
    type: int
    flush: bool
    ttl: int
    data: bytes

    @property
    def key(self) -> tuple[Name, int, bytes]:
        """Two records with the same key say the same thing."""
        if self.type == SRV:  # priority, weight and port are no letters
            return fold(self.name), self.type, self.data[:6] + self.data[6:].lower()
        return fold(self.name), self.type, self.data.lower() if self.type == PTR else self.data


class Packet(NamedTuple):
    """A message; ``id`` counts only for answers to one client. ``authorities`` are what a probe wants to be."""

    response: bool
    questions: Sequence[Question] = ()
    answers: Sequence[Record] = ()
    authorities: Sequence[Record] = ()
    additionals: Sequence[Record] = ()
    id: int = 0


def fold(name: Name) -> Name:
    """The form of a name in which it is compared."""
    return tuple(label.lower() for label in name)


def plain(name: Name) -> bytes:
    """A name without compression, as RDATA holds it. Raises ValueError."""
    if not all(0 < len(label) <= 63 for label in name) or sum(len(label) + 1 for label in name) >= NAME_MAX:
        raise ValueError("a label or a name is too long")
    return b"".join(bytes((len(label),)) + label for label in name) + b"\0"


def encode(packet: Packet) -> bytes:
    """The bytes of a message; the names of its records are compressed. Raises ValueError."""
    records = (packet.answers, packet.authorities, packet.additionals)
    counts = (len(packet.questions), *(len(section) for section in records))
    out = bytearray(HEADER.pack(packet.id, RESPONSE if packet.response else 0, *counts))
    places: dict[Name, int] = {}
    for question in packet.questions:
        _put(out, question.name, places)
        out += struct.pack("!HH", question.type, IN | (TOP if question.unicast else 0))
    for section in records:
        for record in section:
            _put(out, record.name, places)
            out += FIXED.pack(record.type, IN | (TOP if record.flush else 0), record.ttl, len(record.data))
            out += record.data
    return bytes(out)


def _put(out: bytearray, name: Name, places: dict[Name, int]) -> None:
    plain(name)  # checks its lengths
    for n, label in enumerate(name):
        if (place := places.get(name[n:])) is not None:
            out += struct.pack("!H", 0xC000 | place)
            return
        if len(out) < 0x4000:
            places[name[n:]] = len(out)
        out += bytes((len(label),)) + label
    out += b"\0"


def decode(data: bytes) -> Packet:
    """The message in a datagram. Raises ValueError."""
    if not HEADER.size <= len(data) <= MESSAGE_MAX:
        raise ValueError("no DNS message has this size")
    number, flags, *counts = HEADER.unpack_from(data)
    if sum(counts) > ENTRIES_MAX:
        raise ValueError(f"more than {ENTRIES_MAX} entries")
    at = HEADER.size
    questions = []
    try:
        for _ in range(counts[0]):
            name, at = _name(data, at)
            kind, klass = struct.unpack_from("!HH", data, at)
            at += 4
            if klass & ~TOP in (IN, ANY):
                questions.append(Question(name, kind, bool(klass & TOP)))
        answers, at = _records(data, at, counts[1])
        authorities, at = _records(data, at, counts[2])
        additionals, at = _records(data, at, counts[3])
    except (struct.error, IndexError) as error:
        raise ValueError("cut short") from error
    return Packet(bool(flags & 0x8000), questions, answers, authorities, additionals, number)


def _records(data: bytes, at: int, count: int) -> tuple[list[Record], int]:
    found = []
    for _ in range(count):
        name, at = _name(data, at)
        kind, klass, ttl, length = FIXED.unpack_from(data, at)
        at += FIXED.size
        end = at + length
        if end > len(data):
            raise ValueError("cut short")
        if klass & ~TOP == IN:
            found.append(Record(name, kind, bool(klass & TOP), ttl, _rdata(data, kind, at, end)))
        at = end
    return found, at


def _rdata(data: bytes, kind: int, at: int, end: int) -> bytes:
    if kind not in (PTR, SRV):
        return data[at:end]
    start = at + (6 if kind == SRV else 0)
    name, after = _name(data, start)
    if after != end:
        raise ValueError("a name ends elsewhere than its record")
    return data[at:start] + plain(name)


def _name(data: bytes, at: int) -> tuple[Name, int]:
    """The name at an offset, and the offset behind it."""
    labels: list[bytes] = []
    size, pointers, after = 1, 0, None
    while (length := data[at]) != 0:
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | data[at + 1]
            after = at + 2 if after is None else after
            pointers += 1
            if target >= at or pointers > POINTERS_MAX:
                raise ValueError("a pointer that leads nowhere")
            at = target
            continue
        if length > 63:
            raise ValueError("no such kind of label")
        label = data[at + 1 : at + 1 + length]
        size += length + 1
        at += 1 + length
        if size > NAME_MAX or at >= len(data):
            raise ValueError("a name is too long, or cut short")
        labels.append(label)
    return tuple(labels), at + 1 if after is None else after


def bitmap(types: Iterable[int]) -> bytes:
    """The type bitmap of an NSEC record (RFC 4034 section 4.1.2) for types below 256; at least one."""
    bits = bytearray(max(types := list(types)) // 8 + 1)
    for kind in types:
        bits[kind // 8] |= 0x80 >> kind % 8
    return bytes((0, len(bits))) + bytes(bits)
