"""SenML packs (RFC 8428), JSON or CBOR, as entries of a message.

Layout: a list of records. Base fields bn, bt, bu, bv, bs, bver hold from their record on; name = bn + n,
value = bv + v, sum = bs + s, time = bt + t (s; below 2^28 relative to now). CBOR has integer labels, see ``LABELS``.
The device is bn without trailing ``: / . _ -``, the metric n ("value" without one); without bn the metrics are the
sender's own. A sum is a metric of its own, ``METRIC.sum`` in ``UNITs``. vs and vd are no readings. Refused: bver above
10, a record without a name, a key that ends in ``_`` (it would have to be understood, and none is).

    [{"bn": "lab/", "n": "t", "u": "Cel", "v": 20.5, "t": 1741166200}]  ->  lab, t, 20.5 Cel at 1741166200000
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import inf
from typing import Any, NamedTuple

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
SEPARATORS = ":/._-"
"""Characters between a base name and a name."""
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


class Record(NamedTuple):
    """One record with the base fields applied: ``base`` is bn without trailing separators, ``name`` is n; "" if absent.

    ``values`` are (what follows the metric's name: "" or ".sum", value of any type, unit). ``ts`` and ``age`` are in
    ms, at most one of them is not None; an age below 0 is a time to come. ``bad_time`` is what is wrong with the time.
    """

    base: str
    name: str
    values: list[tuple[str, object, str | None]]
    ts: int | None = None
    age: int | None = None
    bad_time: str | None = None


def records(items: Sequence[object]) -> Iterator[Record | Refusal]:
    """The records of a pack, up to the first that cannot be understood: that is a refusal, and the last item."""
    base: dict[str, object] = {}
    for index, item in enumerate(items):
        record = _record(item)
        if isinstance(record, str):
            yield Refusal(Reason.BAD_MESSAGE, f"SenML: {record}", at=f"[{index}]")
            return
        base |= {key: value for key, value in record.items() if key in BASE}
        device = str(base.get("bn", "")).rstrip(SEPARATORS)
        name = str(record.get("n", ""))
        if not device and not name:
            yield Refusal(Reason.BAD_MESSAGE, "SenML: a record has no name", at=f"[{index}]")
            return
        values = list(_values(base, record))
        time = _time(base, record)
        if isinstance(time, str):
            yield Record(device, name, values, bad_time=time)
        else:
            yield Record(device, name, values, *time)


def parse(items: Sequence[object]) -> list[Entry] | Refusal:
    """The entries of a pack, one a record; ``at`` of a refusal begins with the record's index. All or nothing."""
    entries: list[Entry] = []
    for index, one in enumerate(records(items)):
        if isinstance(one, Refusal):
            return one
        wrong = one.bad_time or ("a relative time in the future" if one.age is not None and one.age < 0 else None)
        if wrong is not None:
            return Refusal(Reason.BAD_TIME, f"SenML: {wrong}", at=f"[{index}].t")
        metric = one.name or DEFAULT_METRIC
        values = {f"{metric}{suffix}": value for suffix, value, _ in one.values}
        units = {f"{metric}{suffix}": unit for suffix, _, unit in one.values if unit}
        entries.append(Entry(values, one.ts, one.age, one.base or None, bare=True, units=units or None))
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


def _values(base: Mapping[str, object], record: Mapping[str, object]) -> Iterator[tuple[str, object, str | None]]:
    unit = record.get("u", base.get("bu"))
    sign = str(unit) if unit else None
    if "v" in record:
        yield "", _sum(base.get("bv"), record["v"]), sign
    elif "vb" in record:
        yield "", record["vb"], sign
    elif "bv" in base and record.keys().isdisjoint(("vs", "vd", "s")):
        yield "", base["bv"], sign
    if "s" in record:
        yield ".sum", _sum(base.get("bs"), record["s"]), f"{sign}s" if sign else None


def _time(base: Mapping[str, object], record: Mapping[str, object]) -> tuple[int | None, int | None] | str:
    """(ts, age) in ms, at most one of them not None; what is wrong as text."""
    try:
        seconds = Decimal(repr(base.get("bt", 0))) + Decimal(repr(record.get("t", 0)))
        milliseconds = int((seconds * 1000).to_integral_value())
    except (ArithmeticError, ValueError):
        return "the time is not a number"
    if not milliseconds:
        return None, None
    return (milliseconds, None) if seconds >= RELATIVE else (None, -milliseconds)


def _sum(base: object, value: object) -> object:
    """``base + value``; infinite, which is refused later, where it is beyond a float."""
    if not isinstance(base, int | float) or not isinstance(value, int | float):
        return value
    try:
        return base + value
    except OverflowError:
        return inf
