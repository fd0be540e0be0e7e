"""Frames of RFC 6455 as a client sends them, and the many ways to break them. Bytes in and out, no sockets."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from random import Random

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

READINGS = [
    {"t": 21.5, "on": True},
    {"ts": 1_700_000_000_000, "values": {"t": 1}},
    {"age": 10, "values": {"mode": "heat"}},
    {"id": 1, "readings": [{"values": {"t": 2}}]},
    [{"bn": "d/", "n": "t", "v": 3}],
    {"reply": {"id": "c1", "ok": True}},
    {"config": {"interval": 5}},
]
COMMANDS = [
    {"id": 1, "subscribe": ["*"]},
    {"id": 2, "subscribe": ["boiler/*"], "since": {"epoch": "x", "seq": 3}},
    {"id": 3, "unsubscribe": ["*"]},
    {"id": 4, "command": {"device": "boiler", "name": "reboot", "args": {}}},
]
ODD = [
    b"",
    b"null",
    b"[" * 5_000,
    b'{"a":' * 2_000,
    b'{"id":1e999}',
    b'{"t":NaN}',
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b'{"\\ud800":1}',
    b"9" * 5_000,
    b"\xa1\x61t\xfb\x7f\xf0" + b"\0" * 6,
    b"\xbf" * 300,
]


def frame(
    payload: bytes,
    opcode: int = TEXT,
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = b"\x11\x22\x33\x44",
    length: int | None = None,
    width: int | None = None,
) -> bytes:
    """A frame; ``length`` is what it says of its payload, ``width`` the bytes that say so (0, 2 or 8)."""
    said = len(payload) if length is None else length
    width = (0 if said < 126 else 2 if said < 1 << 16 else 8) if width is None else width
    first = (0x80 if fin else 0) | (rsv & 7) << 4 | (opcode & 15)
    second = (0x80 if mask is not None else 0) | (said & 127 if width == 0 else 126 if width == 2 else 127)
    head = bytes([first, second])
    if width == 2:
        head += struct.pack("!H", said & 0xFFFF)
    elif width == 8:
        head += struct.pack("!Q", said & (1 << 64) - 1)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def content(random: Random, seeds: Sequence[object]) -> bytes:
    """The payload of a message that means something, or nearly."""
    if random.random() < 0.3:
        return random.choice(ODD)
    body = bytearray(json.dumps(random.choice(seeds)).encode())
    for _ in range(random.choice((0, 0, 1, 3, 10))):
        at = random.randrange(len(body) + 1)
        body[at : at + random.choice((0, 1, 4))] = random.randbytes(random.choice((0, 1, 4)))
    return bytes(body)


Mutation = Callable[[Random, bytes], bytes]

MUTATIONS: dict[str, Mutation] = {
    "as it is": lambda _, body: frame(body),
    "binary": lambda _, body: frame(body, BINARY),
    "reserved bits": lambda random, body: frame(body, rsv=random.randint(1, 7)),
    "reserved opcode": lambda random, body: frame(body, random.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15))),
    "unmasked": lambda _, body: frame(body, mask=None),
    "length longer": lambda random, body: frame(body, length=len(body) + random.randint(1, 300)),
    "length shorter": lambda random, body: frame(body, length=max(0, len(body) - random.randint(1, 9))),
    "length beyond everything": lambda random, body: frame(
        body, length=random.choice((1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)), width=8
    ),
    "length wider than needed": lambda random, body: frame(body[:100], width=random.choice((2, 8))),
    "in pieces": lambda _, body: (
        frame(body[:3], fin=False) + frame(body[3:5], 0, fin=False) + frame(b"p", PING) + frame(body[5:], 0)
    ),
    "piece without a start": lambda _, body: frame(body, 0),
    "start within a start": lambda _, body: frame(body[:2], fin=False) + frame(body[2:]),
    "many empty pieces": lambda _, body: frame(b"", fin=False) + frame(b"", 0, fin=False) * 50 + frame(body, 0),
    "control too long": lambda random, _: frame(b"x" * random.choice((126, 300)), random.choice((CLOSE, PING, PONG))),
    "control in pieces": lambda random, _: frame(b"x", random.choice((CLOSE, PING, PONG)), fin=False),
    "ping": lambda random, _: frame(random.randbytes(random.randint(0, 125)), PING),
    "pong that no one asked for": lambda random, _: frame(random.randbytes(random.randint(0, 125)), PONG),
    "close": lambda random, _: frame(struct.pack("!H", random.randint(0, 65535)) + random.randbytes(4), CLOSE),
    "close with half a code": lambda _, __: frame(b"\x03", CLOSE),
    "noise": lambda random, _: random.randbytes(random.randint(1, 300)),
    "flipped bits": lambda random, body: flipped(random, frame(body)),
    "cut off": lambda random, body: frame(body)[: random.randint(1, 12)],
}


def flipped(random: Random, data: bytes) -> bytes:
    """Some bits of the first bytes, or of any, the other way round."""
    made = bytearray(data)
    for _ in range(random.randint(1, 5)):
        made[random.randrange(min(len(made), 14) if random.random() < 0.7 else len(made))] ^= 1 << random.randrange(8)
    return bytes(made)


def mutated(random: Random, seeds: Sequence[object]) -> bytes:
    """One frame, or a few that belong together, broken in one way or not at all."""
    return MUTATIONS[random.choice(list(MUTATIONS))](random, content(random, seeds))
