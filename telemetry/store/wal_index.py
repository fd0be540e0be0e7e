"""How far a write-ahead log was committed, as SQLite noted it in its index, the ``-shm`` file.

The index lives in memory that outlasts a killed process and not a reboot. While it can be trusted it is exact: frames
beyond its mark were written by commits that failed, and may be half overwritten without anything being lost. Layout:
SQLite, WAL-mode file format, "The WAL-Index File Format"; two equal headers of 48 bytes in the machine's byte order.
"""

from __future__ import annotations

import struct
from pathlib import Path

VERSION = 3_007_000
SIZE = 48


def committed(index: Path, salts: tuple[int, int]) -> int | None:
    """How many frames of the log with these salts were committed; None if the index does not say. Raises OSError."""
    try:
        with index.open("rb") as file:
            head = file.read(2 * SIZE)
    except FileNotFoundError:
        return None
    if len(head) < 2 * SIZE or head[:SIZE] != head[SIZE:]:
        return None
    (version,) = struct.unpack_from("=I", head)
    (frames,) = struct.unpack_from("=I", head, 16)
    initialised = head[12]
    if version != VERSION or not initialised or head[32:40] != struct.pack(">2I", *salts):
        return None
    return int(frames)
