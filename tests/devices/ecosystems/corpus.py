"""The corpus of real-shaped messages: how one is handed to the decoders, and how its result is judged."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from devices.ecosystems.base import Message, Request
from devices.ecosystems.catalogue import Catalogue
from telemetry.decoded import Decoded
from telemetry.model import Refusal

FILE = Path(__file__).resolve().parents[2] / "data" / "payloads" / "public.jsonl"
RECEIVED = 1_792_000_000_123
"""When the messages of the tests arrive (ms)."""
LORA = ("ttn-v3", "chirpstack-v4", "cayenne-lpp")
Case = dict[str, Any]


def cases() -> list[Case]:
    """Every message of the corpus."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def body_of(one: Case) -> bytes:
    """The payload as bytes, as it is on the wire."""
    if "payload_b64" in one:
        return base64.b64decode(one["payload_b64"])
    return str(one["payload"]).encode()


def owner_of(one: Case) -> str | None:
    """The device whose credential sends it."""
    owner: str | None = one.get("auth", {}).get("device")
    return owner


def decode(one: Case, catalogue: Catalogue, received: int = RECEIVED) -> tuple[str, Decoded | Refusal] | None:
    """Hand one message to the decoders as its transport would."""
    body = body_of(one)
    if one["transport"] == "mqtt":
        return catalogue.message(Message(one["topic"], body, received, bool(one.get("retained")), owner_of(one)))
    if one.get("content_encoding") == "gzip":
        body = gzip.decompress(body)
    where = urlsplit(one.get("path") or one["url"])
    headers = {"content-type": one.get("content_type", "")} | {k.lower(): v for k, v in one.get("headers", {}).items()}
    method = "WS" if one["transport"] == "ws" else one["method"]
    query = dict(parse_qsl(where.query, keep_blank_values=True))
    host = where.hostname or ""
    return catalogue.request(Request(method, unquote(where.path), body, received, query, headers, owner_of(one), host))


def run(one: Case, catalogue: Catalogue | None = None) -> tuple[Decoded | Refusal | None, str | None]:
    """What the decoders (new ones, if none are given) make of a message after all that came before it; and which."""
    codec = one.get("hint", {}).get("codec")
    catalogue = catalogue or Catalogue(lambda _: codec)
    for before in one.get("before", ()):
        decode({"transport": one["transport"]} | before, catalogue)
    found = decode(one, catalogue)
    return (None, None) if found is None else (found[1], found[0])


def complaints(one: Case, catalogue: Catalogue | None = None) -> list[str]:
    """Where the result differs from ``expected`` and ``optional``; empty if it passes."""
    found, _ = run(one, catalogue)
    decoded = found if isinstance(found, Decoded) else Decoded()
    slack = 2_000 if one["ecosystem"] in LORA else 0
    got = [(s.device, s.metric, s.value, s.ts, s.unit) for s in decoded.samples]
    expected, optional = one["expected"], one.get("optional", [])
    lines = [f"missing {want}" for want in _readings(expected) if not any(_same(want, have, slack) for have in got)]
    allowed = [*_readings(expected), *_readings(optional)]
    lines += [f"unwanted {have}" for have in got if not any(_same(want, have, slack) for want in allowed)]
    for want in expected:
        if "presence" in want and decoded.presence.get(want["device"]) is not want["presence"]:
            lines.append(f"missing {want}")
    known = [want for want in [*expected, *optional] if "presence" in want]
    for device, online in decoded.presence.items():
        if {"device": device, "presence": online} not in [{k: w[k] for k in ("device", "presence")} for w in known]:
            lines.append(f"unwanted presence {device} {online}")
    bad = {part.line for part in decoded.bad}
    if len(bad) != one.get("bad_lines", len(bad)):
        lines.append(f"bad lines {sorted(bad)}")
    return lines


def _readings(wanted: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (one for one in wanted if "presence" not in one)


def _same(want: dict[str, Any], have: tuple[str, str, Any, int | None, str | None], slack: int) -> bool:
    device, metric, value, ts, unit = have
    if (want["device"], want["metric"]) != (device, metric):
        return False
    if isinstance(want["value"], bool) or isinstance(value, bool):
        if want["value"] is not value:
            return False
    elif not math.isclose(float(want["value"]), float(value), rel_tol=1e-9):
        return False
    due = want.get("ts")
    if "ts_offset_ms" in want:
        due = RECEIVED + int(want["ts_offset_ms"])
    if (due is None) is not (ts is None) or (due is not None and ts is not None and abs(due - ts) > slack):
        return False
    return "unit" not in want or unit == want["unit"]
