"""The write-ahead log as a file: whether it is whole, torn at its end, or changed in its middle.

SQLite reads a log up to the first frame whose checksum does not fit and drops the rest without a word. That is right
for a tail that a power cut tore, and wrong for a frame that went bad later: then acknowledged commits follow it. The
two are told apart here before SQLite opens the file. Layout (SQLite file format, section 4), big-endian:

    header, 32 bytes   magic, version, page size, checkpoint number, salt 1, salt 2, checksum 1, checksum 2
    frame, 24 bytes    page number, pages in the database after a commit (else 0), salt 1, salt 2, checksums 1 and 2;
                       followed by one page

A checksum covers everything before it, but each frame holds the sum up to itself: a frame can be verified from the
sum that its predecessor holds, although something before that went bad. Runs on any thread; imports numpy.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, Literal, NamedTuple, TypeAlias

from telemetry.store import wal_index

HEADER = struct.Struct(">8I")
FRAME = struct.Struct(">6I")
LITTLE, BIG = 0x377F0682, 0x377F0683
"""The magic number also tells in which byte order the checksums read their words."""
VERSION = 3_007_000
BLOCK = 256
"""Frames that are read and summed at a time."""
MASK = 0xFFFFFFFF

Order: TypeAlias = "Literal['<', '>']"
Sum = tuple[int, int]
Matrix = tuple[int, int, int, int]


class Verdict(Enum):
    """What a log is: ``TORN`` and the two before it are for SQLite to open as they are."""

    EMPTY = "empty"
    SOUND = "sound"
    TORN = "torn"
    CORRUPT = "corrupt"


class Frame(NamedTuple):
    """One slot of the log.

    ``sound``: its content is what was written; ``ours``: it belongs to this log, not to an older one whose place this
    one takes; ``readable``: SQLite reads on behind it.
    """

    page: int
    commit: int
    sound: bool
    ours: bool
    readable: bool


@dataclass(slots=True)
class Scan:
    """A log that was looked through. ``stops`` is the slot at which SQLite would stop reading."""

    verdict: Verdict
    page_size: int = 0
    frames: list[Frame] = field(default_factory=list)
    stops: int = 0


def scan(path: Path, page_size: int = 4096, *, rebooted: bool = True) -> Scan:
    """Look through the log at ``path``; a missing one is empty. Raises OSError.

    ``page_size`` (bytes) stands in if the log's header is unreadable. Unless the machine was ``rebooted`` since the
    log was written, nothing can be torn except the very end: what a killed process wrote, the system kept, in order.
    Then the index beside it tells how much of the log was committed, and what follows is left out.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return Scan(Verdict.EMPTY)
    with file:
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return Scan(Verdict.EMPTY)
        magic, version, size, _, *_ = fields = HEADER.unpack(head)
        order: Order = ">" if magic == BIG else "<"
        seed = _add((0, 0), _words(head[:24], order))
        intact = magic in (LITTLE, BIG) and version == VERSION and seed == fields[6:]
        if intact:
            page_size = size
        frames, ends_inside = _frames(
            file, page_size, order, [seed, (fields[6], fields[7])], fields[4:6], intact=intact
        )
    if not intact:
        # A header is replaced only when all before it is in the database. Frames that fit this one, damaged: not so.
        found = any(one.sound for one in frames[:1])
        return Scan(Verdict.CORRUPT if found else Verdict.EMPTY, page_size, frames, 0)
    index = path.with_name(path.name.removesuffix("-wal") + "-shm")
    kept = None if rebooted else wal_index.committed(index, (fields[4], fields[5]))
    if kept is not None and kept <= len(frames):
        frames, ends_inside = frames[:kept], False
    stops = next((at for at, one in enumerate(frames) if not one.readable), len(frames))
    return Scan(_judge(frames, stops, rebooted=rebooted, whole=not ends_inside), page_size, frames, stops)


def repair(path: Path, found: Scan, to: Path) -> int:
    """Write a log of the sound frames of ``path`` up to the last commit; how many there are. Raises OSError."""
    last = max((at for at, one in enumerate(found.frames) if one.commit and one.ours), default=-1)
    kept = [at for at in range(last + 1) if found.frames[at].sound]
    if not kept:
        to.write_bytes(b"")
        return 0
    size = found.page_size
    step = FRAME.size + size
    carry = _power(1 + size // 8)
    with path.open("rb") as source, to.open("wb") as target:
        head = HEADER.pack(LITTLE, VERSION, size, 0, 1, 2, 0, 0)[:24]
        total = _add((0, 0), _words(head, "<"))
        target.write(head + struct.pack(">2I", *total))
        for at in kept:
            source.seek(HEADER.size + at * step + FRAME.size)
            page = source.read(size)
            # the last one commits, also where the frame that did went bad
            commit = found.frames[last].commit if at == kept[-1] else found.frames[at].commit
            start = struct.pack(">2I", found.frames[at].page, commit)
            own = _add((0, 0), _words(start + page, "<"))
            total = _plus(_times(carry, total), own)
            target.write(start + struct.pack(">4I", 1, 2, *total) + page)
    return len(kept)


def _judge(frames: list[Frame], stops: int, *, rebooted: bool, whole: bool) -> Verdict:
    later = [at for at in range(stops + 1, len(frames)) if frames[at].sound]
    if not later:
        if stops == len(frames):
            return Verdict.SOUND
        if not rebooted and frames[stops].ours and whole and stops == len(frames) - 1:
            return Verdict.CORRUPT  # a killed process leaves a frame short, never whole and wrong
        return Verdict.TORN if frames[stops].ours else Verdict.SOUND
    if not rebooted:
        return Verdict.CORRUPT
    # What follows a commit was written after that commit had reached the disk, and so had all before it. A frame that
    # is not sound may say anything: it can be half of an older one
    commits = (at for at in range(stops, len(frames)) if frames[at].sound and frames[at].ours and frames[at].commit)
    first = next(commits, None)
    return Verdict.CORRUPT if first is not None and later[-1] > first else Verdict.TORN


def _frames(
    file: IO[bytes], size: int, order: Order, seeds: list[Sum], salts: tuple[int, ...], *, intact: bool
) -> tuple[list[Frame], bool]:
    """Every whole slot, and whether the file ends inside one."""
    carry = _power(1 + size // 8)
    frames: list[Frame] = []
    before, follows = seeds, True
    for page, commit, salt, held, own in _slots(file, size, order):
        if not intact and not frames:
            salts = salt
        sums = [_plus(_times(carry, one), own) for one in before]
        # other salts went bad only if all before is sound; else this is a frame of an older log, behind half a new one
        mine = salt == salts or (follows and (not frames or frames[-1].sound))
        sound = held in sums and mine
        if sound and salt == salts and frames and not frames[-1].sound and follows and held not in sums[:1]:
            frames[-1] = frames[-1]._replace(sound=True)  # only its checksum went bad
        follows = salt == salts or (sound and follows)
        readable = sound and salt == salts and held == sums[0]
        frames.append(Frame(page, commit, sound and page > 0, follows, readable))
        before = [held] if sound else [held, *sums[:3]]
    rest = (file.seek(0, 2) - HEADER.size) % (FRAME.size + size)
    return frames, rest != 0


def _slots(file: IO[bytes], size: int, order: Order) -> Iterator[tuple[int, int, tuple[int, ...], Sum, Sum]]:
    """(page, commit, salts, checksum held, checksum of this slot alone) of every whole slot."""
    import numpy as np

    step = FRAME.size + size
    weights = np.array(_weights(1 + size // 8), dtype=np.uint32)
    while len(data := file.read(step * BLOCK)) >= step:
        count = len(data) // step
        slots = np.frombuffer(data[: count * step], dtype=np.uint8).reshape(count, step)
        covered = np.ascontiguousarray(np.concatenate([slots[:, :8], slots[:, FRAME.size :]], axis=1))
        words = covered.view(np.dtype(np.uint32).newbyteorder(order)).astype(np.uint32)
        sums = np.stack([(words * one).sum(axis=1, dtype=np.uint32) for one in weights], axis=1).tolist()
        for at in range(count):
            page, commit, salt1, salt2, held1, held2 = FRAME.unpack_from(data, at * step)
            yield page, commit, (salt1, salt2), (held1, held2), (sums[at][0], sums[at][1])


def _words(data: bytes, order: str) -> tuple[int, ...]:
    return struct.unpack(f"{order}{len(data) // 4}I", data)


def _add(total: Sum, words: tuple[int, ...]) -> Sum:
    """The checksum after these words: s0 += x0 + s1, s1 += x1 + s0, modulo 2^32."""
    s0, s1 = total
    for at in range(0, len(words), 2):
        s0 = (s0 + words[at] + s1) & MASK
        s1 = (s1 + words[at + 1] + s0) & MASK
    return s0, s1


# The step above is linear: n steps are one matrix for the sum before, and one weight for each word, all mod 2^32.


def _power(steps: int) -> Matrix:
    a, b, c, d = 1, 0, 0, 1
    for _ in range(steps):
        a, b, c, d = (a + c) & MASK, (b + d) & MASK, (a + 2 * c) & MASK, (b + 2 * d) & MASK
    return a, b, c, d


def _weights(steps: int) -> tuple[list[int], list[int]]:
    """For both sums: the weight of every word of ``steps`` pairs."""
    first: list[int] = []
    second: list[int] = []
    a, b, c, d = 1, 0, 0, 1
    for _ in range(steps):  # from the last pair to the first
        first += [b, (a + b) & MASK]
        second += [d, (c + d) & MASK]
        a, b, c, d = (a + b) & MASK, (a + 2 * b) & MASK, (c + d) & MASK, (c + 2 * d) & MASK
    return first[::-1], second[::-1]


def _times(carry: Matrix, total: Sum) -> Sum:
    a, b, c, d = carry
    return (a * total[0] + b * total[1]) & MASK, (c * total[0] + d * total[1]) & MASK


def _plus(one: Sum, other: Sum) -> Sum:
    return (one[0] + other[0]) & MASK, (one[1] + other[1]) & MASK
