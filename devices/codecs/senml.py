"""SenML packs (RFC 8428), JSON or CBOR, as entries of a message.

Layout: a list of records. Base fields bn, bt, bu, bv, bs, bver hold from their record on; name = bn + n,
value = bv + v, sum = bs + s, time = bt + t (s; below 2^28 relative to now). CBOR has integer labels, see ``LABELS``.
The device is bn without trailing ``: / . _ -``, the metric n ("value" without one); without bn the metrics are the
sender's own. A sum is a metric of its own, ``METRIC.sum`` in ``UNITs``. vs and vd are no readings. Refused: bver above
10, a record without a name, a key that ends in ``_`` (it would have to be understood, and none is).

    [{"bn": "lab/", "n": "t", "u": "Cel", "v": 20.5, "t": 1741166200}]  ->  lab, t, 20.5 Cel at 1741166200000
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import inf
from typing import Any

from telemetry.model import Entry, Reason, Refusal

LABELS = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
KEYS = frozenset(LABELS.values())
NAMING = frozenset({"bn", "n", -2, 0})
"""Keys of which a pack's first record has at least one."""
BASE = frozenset({"bn", "bt", "bu", "bv", "bs"})
DEFAULT_METRIC = "value"
NUMBERS = ("bt", "bv", "bs", "bver", "v", "s", "t", "ut")
TEXTS = ("bn", "bu", "n", "u")
VERSION = 10
RELATIVE = 2**28
"""Times below are seconds from now (section 4.5.3)."""


def is_pack(items: Sequence[object]) -> bool:
    """Whether a list is SenML: its first object has bn or n, and nothing but SenML's keys."""
    first = items[0] if items else None
    if not isinstance(first, dict) or first.keys().isdisjoint(NAMING):
        return False
    return all(key in KEYS or key in LABELS or (isinstance(key, str) and key.endswith("_")) for key in first)


def parse(items: Sequence[object]) -> list[Entry] | Refusal:
    """The entries of a pack, one a record; ``at`` of a refusal begins with the record's index. All or nothing."""
    base: dict[str, object] = {}
    entries: list[Entry] = []
    for index, item in enumerate(items):
        record = _record(item)
        if isinstance(record, str):
            return Refusal(Reason.BAD_MESSAGE, f"SenML: {record}", at=f"[{index}]")
        base |= {key: value for key, value in record.items() if key in BASE}
        device = str(base.get("bn", "")).rstrip(":/._-") or None
        metric = record.get("n") or (DEFAULT_METRIC if device else None)
        if metric is None:
            return Refusal(Reason.BAD_MESSAGE, "SenML: a record has no name", at=f"[{index}]")
        time = _time(base, record)
        if isinstance(time, str):
            return Refusal(Reason.BAD_TIME, f"SenML: {time}", at=f"[{index}].t")
        values, units = _values(str(metric), base, record)
        entries.append(Entry(values, time[0], time[1], device, bare=True, units=units))
    return entries


def _record(item: object) -> dict[str, object] | str:
    """A record with its labels as names, checked; what is wrong with it as text."""
    if not isinstance(item, dict):
        return "a record is an object"
    record: dict[Any, Any] = {LABELS.get(key, key): value for key, value in item.items()}
    if len(record) != len(item):
        return "a key comes twice, as text and as label"
    for key, value in record.items():
        if not isinstance(key, str):
            return "a key is neither text nor a known label"
        if key in NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"{key} is a number"
        if key in TEXTS and not isinstance(value, str):
            return f"{key} is a text"
        if key == "vb" and not isinstance(value, bool):
            return "vb is true or false"
        if key.endswith("_"):
            return f"{key[:80]} must be understood, and is not"
    if record.get("bver", VERSION) > VERSION:
        return f"versions up to {VERSION} are known"
    return record


def _values(
    metric: str, base: Mapping[str, object], record: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, str] | None]:
    values: dict[str, object] = {}
    if "v" in record:
        values[metric] = _sum(base.get("bv"), record["v"])
    elif "vb" in record:
        values[metric] = record["vb"]
    elif "bv" in base and record.keys().isdisjoint(("vs", "vd", "s")):
        values[metric] = base["bv"]
    unit = record.get("u", base.get("bu"))
    units = dict.fromkeys(values, str(unit))
    if "s" in record:
        values[f"{metric}.sum"] = _sum(base.get("bs"), record["s"])
        units[f"{metric}.sum"] = f"{unit}s"
    return values, units if unit else None


def _time(base: Mapping[str, object], record: Mapping[str, object]) -> tuple[int | None, int | None] | str:
    """(ts, age) in ms, at most one of them not None; what is wrong as text."""
    try:
        seconds = Decimal(repr(base.get("bt", 0))) + Decimal(repr(record.get("t", 0)))
        milliseconds = int((seconds * 1000).to_integral_value())
    except (ArithmeticError, ValueError):
        return "the time is not a number"
    if not milliseconds:
        return None, None
    if seconds >= RELATIVE:
        return milliseconds, None
    return (None, -milliseconds) if milliseconds < 0 else "a relative time in the future"


def _sum(base: object, value: object) -> object:
    """``base + value``; infinite, which is refused later, where it is beyond a float."""
    if not isinstance(base, int | float) or not isinstance(value, int | float):
        return value
    try:
        return base + value
    except OverflowError:
        return inf
