"""The table of malformed messages, ``tests/data/malformed.jsonl``: what they are, and how each is refused.

A row has ``name``, ``code``, where it can be known ``at``, and the message: ``text``, ``cbor`` (hex), or ``repeat``
(before, unit, times, after).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "data" / "malformed.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in PATH.read_text().splitlines()]


def message(row: dict[str, Any]) -> str | bytes:
    """The frame of a row: text frames are str, binary ones bytes."""
    if "cbor" in row:
        return bytes.fromhex(row["cbor"])
    if "repeat" in row:
        before, unit, times, after = row["repeat"]
        return str(before + unit * times + after)
    return str(row["text"])
