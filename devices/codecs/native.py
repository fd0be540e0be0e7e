"""The native message of ``/ws/device``, ``/api/ingest`` and MQTT: what a decoded JSON or CBOR value says.

    {"temperature": 21.5}                             readings taken at arrival
    {"ts": 1700000000000, "values": {"t": 21.5}}      with the device's own time (ms)
    {"age": 1500, "values": {"t": 21.5}}              taken 1500 ms before the frame was received
    {"device": "node-7", "values": {...}}             a gateway speaks for another device
    [ ...any of these... ]                            a batch, oldest first; or a SenML pack
    {"id": 17, "readings": [ ... ]}                   an envelope, to be acknowledged
    {"reply": {...}}  {"config": {...}}               an answer to a command; the configuration in force

The reserved words are refused beside anything else. Judging names, times and values is the gate's work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import NamedTuple, cast

from devices.codecs import senml
from telemetry.model import MAX_READINGS, Entry, MessageId, Reason, Refusal

RESERVED = frozenset({"ts", "age", "device", "values", "id", "readings", "reply", "config", "controls", "error"})
ENTRY = frozenset({"ts", "age", "device", "values"})
MAX_ID = 2**53 - 1
MAX_ID_TEXT = 64
NOTE_DEPTH = 32
"""Levels of objects and lists in a reply or report."""


class Readings(NamedTuple):
    """Entries and where they stood: ``form`` turns an index into the path of an entry."""

    entries: list[Entry]
    form: str = "[{}]."
    id: MessageId | None = None


@dataclass(slots=True, frozen=True)
class Note:
    """A message that is not readings: ``kind`` is reply, config, controls or error."""

    kind: str
    body: dict[str, object]


@dataclass(slots=True, frozen=True)
class Bad:
    """A refusal, and the envelope's id where it had a good one."""

    refusal: Refusal
    id: MessageId | None = None


def parse(value: object) -> Readings | Note | Bad:
    """What a message says, or why it says nothing."""
    if isinstance(value, dict):
        if "readings" in value or "id" in value:
            return _envelope(value)
        if len(value) == 1:
            ((kind, body),) = value.items()
            if kind in ("reply", "config", "controls", "error"):
                return _note(kind, body)
        entry = _entry(value)
        return Bad(entry) if isinstance(entry, Refusal) else Readings([entry], "")
    if isinstance(value, list):
        return _list(value, "[{}].", None)
    return Bad(Refusal(Reason.BAD_MESSAGE, "a message is an object or a list"))


def _envelope(value: dict[str, object]) -> Readings | Bad:
    id_ = value.get("id")
    good = 0 <= id_ <= MAX_ID if type(id_) is int else isinstance(id_, str) and len(id_) <= MAX_ID_TEXT
    if not good:
        return Bad(Refusal(Reason.BAD_MESSAGE, "id is an integer from 0 to 2^53-1 or a text of at most 64", "id"))
    message_id = cast("MessageId", id_)
    if len(value) != 2 or not isinstance(value.get("readings"), list):
        return Bad(Refusal(Reason.BAD_MESSAGE, 'an envelope is {"id": …, "readings": […]}, no more'), message_id)
    return _list(cast("list[object]", value["readings"]), "readings[{}].", message_id)


def _note(kind: str, body: object) -> Note | Bad:
    if not isinstance(body, dict):
        return Bad(Refusal(Reason.BAD_MESSAGE, f"{kind} is an object", kind))
    if not _is_json(body, NOTE_DEPTH):
        return Bad(Refusal(Reason.BAD_MESSAGE, f"{kind} holds what JSON has not, or nests too deeply", kind))
    return Note(kind, body)


def _is_json(value: object, depth: int) -> bool:
    """Whether a value can be handed on as JSON: a reply goes out again, unlike readings, as it is."""
    if isinstance(value, dict):
        return depth > 0 and all(isinstance(key, str) and _is_json(one, depth - 1) for key, one in value.items())
    if isinstance(value, list):
        return depth > 0 and all(_is_json(one, depth - 1) for one in value)
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, str | int)


def _list(items: list[object], form: str, id_: MessageId | None) -> Readings | Bad:
    if len(items) > MAX_READINGS:
        return Bad(Refusal(Reason.TOO_LARGE, f"more than {MAX_READINGS} readings in one message"), id_)
    if senml.is_pack(items):
        pack = senml.parse(items)
        if isinstance(pack, Refusal):
            return Bad(replace(pack, at=f"{form.partition('[')[0]}{pack.at}"), id_)
        return Readings(pack, form, id_)
    entries: list[Entry] = []
    for item in items:
        entry = _entry(item)
        if isinstance(entry, Refusal):
            prefix = form.format(len(entries))
            at = prefix + entry.at if entry.at else prefix[:-1]
            return Bad(replace(entry, at=at), id_)
        entries.append(entry)
    return Readings(entries, form, id_)


def _entry(item: object) -> Entry | Refusal:
    if not isinstance(item, dict):
        return Refusal(Reason.BAD_MESSAGE, "readings are objects")
    values = item.get("values")
    if values is None:
        if not RESERVED.isdisjoint(item):
            return Refusal(Reason.BAD_MESSAGE, "a reserved word stands beside readings")
        return Entry(item, bare=True)
    if not isinstance(values, dict):
        return Refusal(Reason.BAD_MESSAGE, "values is an object", "values")
    ts = item.get("ts")
    if len(item) == 2 and ts is not None:  # what most devices send
        return Entry(values, ts)
    if not item.keys() <= ENTRY:
        return Refusal(Reason.BAD_MESSAGE, "only ts, age and device stand beside values")
    age = item.get("age")
    if ts is not None and age is not None:
        return Refusal(Reason.BAD_MESSAGE, "a reading has ts or age, not both")
    return Entry(values, ts, age, item.get("device"))
