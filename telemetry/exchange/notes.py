"""Annotations as files: CSV and NDJSON, a note a line.

CSV has the columns of ``COLUMNS``: ``from`` and ``to`` in ISO 8601 (UTC), ``from_ts`` and ``to_ts`` the same in ms
since 1970; ``to`` is exclusive and empty for a point in time, ``series`` is empty for a note on all. NDJSON has the
objects of the API. Both in UTF-8 with LF.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from telemetry.exchange.cells import guarded, iso_of, quoted
from telemetry.exchange.writing import Form

COLUMNS = "from,to,series,text,author,from_ts,to_ts"

Note = Mapping[str, object]


def head(form: Form) -> bytes:
    """What stands before the first note."""
    return f"{COLUMNS}\n".encode() if form is Form.CSV else b""


def rows(form: Form, notes: Sequence[Note]) -> bytes:
    """The lines of some notes, as ``Annotations`` gives them out."""
    line = _csv if form is Form.CSV else _ndjson
    return "".join(map(line, notes)).encode()


def _csv(note: Note) -> str:
    times = _iso(note["from"]), _iso(note["to"])
    texts = (quoted(guarded(str(note[key]))) if note[key] else "" for key in ("series", "text", "author"))
    ends = (str(note[key]) if note[key] is not None else "" for key in ("from", "to"))
    return ",".join([*times, *texts, *ends]) + "\n"


def _iso(ts: object) -> str:
    if not isinstance(ts, int):
        return ""
    second, ms = divmod(ts, 1000)
    text = iso_of(second)
    return f"{text}.{ms:03d}Z" if text else ""


def _ndjson(note: Note) -> str:
    return json.dumps(note, ensure_ascii=False, separators=(",", ":")) + "\n"
