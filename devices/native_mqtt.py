"""A native message over MQTT: JSON or CBOR by its first byte; what it says, and its time made fit.

No error can be sent back by MQTT, so a message whose times are out of range is not refused: the newest of them becomes
the time of arrival and the others keep their distance to it. All else is all or nothing, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from devices.codecs import cbor_codec, json_codec, native
from devices.ecosystems.base import finite
from telemetry.decoded import Decoded, Sample
from telemetry.model import EARLIEST_TS, Entry, Reason, Refusal

JSON_STARTS = b'{["tfn-0123456789 \t\r\n'


def parse(payload: bytes) -> native.Readings | Refusal:
    """The entries of a payload, or why there are none."""
    value = _decoded(payload)
    if isinstance(value, Refusal):
        return value
    message = native.parse(value)
    if isinstance(message, native.Bad):
        return message.refusal
    if isinstance(message, native.Note):
        return Refusal(Reason.BAD_MESSAGE, f"{message.kind} does not belong on a topic of readings")
    return message


def reply(payload: bytes) -> dict[str, object] | Refusal:
    """The reply to a command: ``{"reply": {…}}``, or only what stands in it."""
    value = _decoded(payload)
    if isinstance(value, dict) and not isinstance(value.get("reply"), dict):
        value = {"reply": value}
    message = native.parse(value)
    if isinstance(message, native.Note):
        return message.body
    return value if isinstance(value, Refusal) else Refusal(Reason.BAD_MESSAGE, "this is no reply to a command")


def in_time(entries: Sequence[Entry], now: int, latest: int) -> tuple[list[Entry], int | None]:
    """The entries with times that the gate takes, and the newest time that was out of range (ms).

    ``now`` is the arrival, ``latest`` the last ms that is taken.
    """
    wrong = [e.ts for e in entries if type(e.ts) is int and not EARLIEST_TS <= e.ts <= latest]
    if not wrong:
        return list(entries), None
    newest = max(wrong)
    if len(wrong) == 1:
        return [replace_time(e, None) if e.ts == newest else e for e in entries], newest
    bad = set(wrong)
    return [replace_time(e, now - (newest - e.ts)) if type(e.ts) is int and e.ts in bad else e for e in entries], newest


def replace_time(entry: Entry, ts: int | None) -> Entry:
    """The entry with another time; one so far back that it cannot be is that of arrival."""
    return entry._replace(ts=None if ts is None or ts < EARLIEST_TS else ts)


def last_known(device: str, entries: Sequence[Entry]) -> Decoded:
    """The values of a retained message."""
    found = Decoded()
    for entry in entries:
        ts = entry.ts if type(entry.ts) is int else None
        whose = entry.device if isinstance(entry.device, str) else device
        for path, value in _leaves(entry.values):
            found.samples.append(Sample(whose, path, value, ts, (entry.units or {}).get(path)))
    return found


def _decoded(payload: bytes) -> object | Refusal:
    return json_codec.decode(payload) if payload and payload[:1] in JSON_STARTS else cbor_codec.decode(payload)


def _leaves(values: object, path: str = "", depth: int = 16) -> list[tuple[str, float | bool | str]]:
    if isinstance(values, dict) and depth:
        return [
            one
            for key, inner in values.items()
            for one in _leaves(inner, f"{path}.{key}" if path else str(key), depth - 1)
        ]
    if isinstance(values, str):
        return [(path, values[:255])]
    number = finite(values)
    return [] if number is None else [(path, number)]
