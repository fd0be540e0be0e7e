"""WebSocket frames as bytes, for sockets that write to their stream themselves.

Tornado's ``write_message`` makes a task for each message; a frame that many sockets share, and an acknowledgement that
nobody awaits, need none.
"""

from __future__ import annotations

import struct

TEXT, BINARY = 0x81, 0x82
"""First byte of an unfragmented frame (RFC 6455, section 5.2)."""


def websocket_frame(payload: str | bytes) -> bytes:
    """An unmasked, unfragmented frame: text for str, binary for bytes."""
    kind, data = (TEXT, payload.encode()) if isinstance(payload, str) else (BINARY, payload)
    size = len(data)
    if size < 126:
        return struct.pack("!BB", kind, size) + data
    if size < 1 << 16:
        return struct.pack("!BBH", kind, 126, size) + data
    return struct.pack("!BBQ", kind, 127, size) + data
