"""Other values and names for the messages of the corpus that are bytes: each format taken apart and put together again.

The layouts stand here a second time, apart from the decoders: what these get wrong must not be right here as well.
"""

from __future__ import annotations

import base64
import json
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

import cbor2

from devices.codecs import snappy, sparkplug_b
from devices.codecs.protobuf import varint
from devices.codecs.sparkplug_b import Metric, Payload, Type
from tests.devices.ecosystems.corpus import Case, body_of
from tests.devices.ecosystems.renaming import Names

Wants = list[dict[str, Any]]

CAYENNE = {0: [(1, 0, 1)], 1: [(1, 0, 1)], 2: [(2, 1, 100)], 3: [(2, 1, 100)], 101: [(2, 0, 1)], 102: [(1, 0, 1)],
           103: [(2, 1, 10)], 104: [(1, 0, 2)], 113: [(2, 1, 1000)] * 3, 115: [(2, 0, 10)],
           136: [(3, 1, 10_000), (3, 1, 10_000), (3, 1, 100)]}  # fmt: skip
"""Type -> (bytes, signed, divided by) of its numbers."""
RUUVI = [("temperature", 1, 2, 1, 200, 0), ("humidity", 3, 2, 0, 400, 0), ("pressure", 5, 2, 0, 1, 50_000),
         ("acceleration_x", 7, 2, 1, 1000, 0), ("acceleration_y", 9, 2, 1, 1000, 0),
         ("acceleration_z", 11, 2, 1, 1000, 0), ("movement_counter", 15, 1, 0, 1, 0),
         ("measurement_sequence", 16, 2, 0, 1, 0)]  # fmt: skip
"""Of format 5: metric, offset, bytes, signed, divided by, added; "not available" is the lowest or highest number."""
WIDTHS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64, Type.UINT8: 8, Type.UINT16: 16,
          Type.UINT32: 32, Type.UINT64: 64}  # fmt: skip


def rebuilt(one: Case, names: Names, rng: random.Random) -> None:
    """Give the bytes of a (renamed) message other values, in place; its expectation follows."""
    rebuild = REBUILT.get((one["ecosystem"], "payload_b64" in one))
    if rebuild is not None:
        rebuild(one, [*one["expected"], *one.get("optional", ())], names, rng)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _give(wants: Wants, old: float, new: float, metric: str = "", device: str = "") -> bool:
    """Expect another value; whether this one was expected at all."""
    found = [w for w in wants if "value" in w and w["value"] == old and not isinstance(w["value"], bool)
             and "done" not in w and metric in ("", w["metric"]) and device in ("", w["device"])]  # fmt: skip
    for want in found:
        want["value"], want["done"] = new, True
    return bool(found)


def _senml(one: Case, wants: Wants, names: Names, rng: random.Random) -> None:
    def new(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: new(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [new(inner) for inner in value]
        if isinstance(value, str):
            return names.apply(value)
        other = rng.choice([rng.uniform(-1e6, 1e6), rng.randint(-(2**40), 2**40), 0, 1e-9])
        return other if isinstance(value, float) and _give(wants, value, other) else value

    one["payload_b64"] = _b64(cbor2.dumps(new(cbor2.loads(body_of(one)))))


def _sparkplug(one: Case, wants: Wants, names: Names, rng: random.Random) -> None:
    changed: dict[tuple[str, int, object], float] = {}
    for message in (*one.get("before", ()), one):
        if "payload_b64" not in message:
            continue
        payload = sparkplug_b.decode(body_of(message))
        assert isinstance(payload, Payload)
        device = "/".join(message["topic"].split("/")[1::2]) if message["topic"].count("/") < 4 else ""
        for metric in payload.metrics:
            old = metric.reading(metric.datatype)
            if metric.name == "bdSeq" or (metric.name or "").startswith("Node Control") or old is None:
                continue
            if isinstance(old, bool):
                metric.value = not old if _turn(message is one, wants, metric) else old
                continue
            new = changed.setdefault((device, metric.datatype, old), _of_type(metric.datatype, rng))
            if metric.datatype in WIDTHS or metric.datatype in (Type.FLOAT, Type.DOUBLE):
                metric.value = new
                if message is one:
                    _give(wants, old, new)
        message["payload_b64"] = _b64(sparkplug_b.encode(payload))


def _turn(told: bool, wants: Wants, metric: Metric) -> bool:
    found = [want for want in wants if told and want.get("metric") == metric.name and isinstance(want["value"], bool)]
    for want in found:
        want["value"] = not want["value"]
    return bool(found)


def _of_type(datatype: int, rng: random.Random) -> float:
    if datatype == Type.FLOAT:
        return float(struct.unpack("<f", struct.pack("<f", rng.uniform(-1e6, 1e6)))[0])
    if datatype not in WIDTHS:
        return rng.uniform(-1e12, 1e12)
    bits = WIDTHS[Type(datatype)]
    if "UINT" in Type(datatype).name:
        return rng.randint(0, (1 << min(bits, 53)) - 1)
    return rng.randint(-(1 << min(bits - 1, 53)), (1 << min(bits - 1, 53)) - 1)


def _boxes(one: Case, wants: Wants, names: Names, rng: random.Random) -> None:
    records = []
    for sensor, old in struct.iter_unpack("<12sf", body_of(one)):
        new = struct.unpack("<f", struct.pack("<f", rng.uniform(-1000, 1000)))[0]
        assert _give(wants, old, new)
        records.append(struct.pack("<12sf", bytes.fromhex(names.apply(sensor.hex())), new))
    one["payload_b64"] = _b64(b"".join(records))


def _remote_write(one: Case, wants: Wants, names: Names, rng: random.Random) -> None:
    plain, port = snappy.unpack(body_of(one), 1 << 20), str(rng.randint(1000, 9999))
    assert isinstance(plain, bytes)
    for want in wants:
        new = rng.uniform(-1e9, 1e9)
        plain = plain.replace(struct.pack("<d", want["value"]), struct.pack("<d", new))
        want["value"], want["device"] = new, f"pi:{port}"
    plain = plain.replace(b"pi:9100", f"pi:{port}".encode())
    literal = bytes([61 << 2, *(len(plain) - 1).to_bytes(2, "little")]) + plain
    one["payload_b64"] = _b64(varint(len(plain)) + literal)


def _cayenne(one: Case, wants: Wants, names: Names, rng: random.Random) -> None:
    body = json.loads(one["payload"])
    data = bytearray(base64.b64decode(body["uplink_message"]["frm_payload"]))
    numbers = iter([want for want in wants if "_" in want["metric"] and not want["metric"].startswith("f_")])
    for at, size, signed, scale in _cayenne_parts(data):
        raw = rng.randint(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if signed else rng.randrange(1 << 8 * size)
        data[at : at + size] = raw.to_bytes(size, signed=bool(signed))
        next(numbers)["value"] = raw / scale
    body["uplink_message"]["frm_payload"] = _b64(bytes(data))
    one["payload"] = json.dumps(body)


def _cayenne_parts(data: bytearray) -> Iterator[tuple[int, int, int, int]]:
    at = 0
    while at < len(data):
        parts = CAYENNE[data[at + 1]]
        at += 2
        if at + sum(size for size, _, _ in parts) > len(data):
            return
        for size, signed, scale in parts:
            yield at, size, signed, scale
            at += size


def _ruuvi(one: Case, wants: Wants, names: Names, rng: random.Random) -> None:
    body = json.loads(one["payload"])
    if "tags" in body.get("data", ()):
        for tag, said in body["data"]["tags"].items():
            said["data"] = _advertisement(said["data"], tag, wants, rng)
    elif "data" in body:
        body["data"] = _advertisement(body["data"], one["topic"].rpartition("/")[2], wants, rng)
    one["payload"] = json.dumps(body)


def _advertisement(text: str, tag: str, wants: Wants, rng: random.Random) -> str:
    """The advertisement with other values, where it is one of format 5."""
    head, mark, rest = text.partition("FF990405")
    if not mark or len(rest) % 2:
        return text
    data = bytearray.fromhex("05" + rest)
    for metric, at, size, signed, scale, added in RUUVI:
        missing = 1 << 8 * size - 1 if signed else (1 << 8 * size) - 1
        if int.from_bytes(data[at : at + size]) == missing:
            continue
        highest = (1 << 8 * size - 1) - 1 if signed else (1 << 8 * size) - 2
        raw = rng.randint(-highest if signed else 0, highest)
        old = (int.from_bytes(data[at : at + size], signed=bool(signed)) + added) / scale
        data[at : at + size] = raw.to_bytes(size, signed=bool(signed))
        expected = [w for w in wants if (w["device"], w.get("metric")) == (tag, metric)]
        for want in expected:
            assert abs(want["value"] - old) < 1e-9
            want["value"] = (raw + added) / scale
    data[18:24] = bytes.fromhex(tag.replace(":", ""))
    return head + mark + data[1:].hex().upper()


REBUILT: dict[tuple[str, bool], Callable[[Case, Wants, Names, random.Random], None]] = {
    ("senml", True): _senml,
    ("sparkplug-b", True): _sparkplug,
    ("opensense", True): _boxes,
    ("prometheus", True): _remote_write,
    ("cayenne-lpp", False): _cayenne,
    ("ruuvi", False): _ruuvi,
}
"""(ecosystem, whether the payload is bytes) -> what rebuilds its messages."""
