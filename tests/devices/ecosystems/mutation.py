"""Changed copies of real messages: bytes and topics as a broken or hostile sender would make them."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

WORDS = [
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"NaN",
    b'""',
    b"{}",
    b"[]",
    b'"x"',
    b"99999999999999999999999",
    b"\xff",
    b"\0",
]
ODD: list[Any] = [
    None, True, False, 0, -1, 2**64, -(2**63), 10**400, 1e308, -0.0, float("nan"), float("inf"), "", " ", "NaN",
    "1e999", "-12.5", "ON", "offline", "\ud800", "a" * 600, "*+#/ ", "../x", "{{ 7*7 }}", [], {}, [[]], [1, True, 2.5],
    [None], {"": 1}, {"a.b": {"c": 1}}, {"*": 1, "\n": 2}, {"value": 1}, {"ts": 1, "values": {"x": 1}},
]  # fmt: skip
"""What may stand anywhere in JSON, and seldom does."""
MAX_TOPIC = 200


def mutated(rng: random.Random, payload: bytes) -> bytes:
    """The payload with a few pieces cut out, doubled, overwritten or swapped for a word."""
    data = bytearray(payload)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.randint(0, 12))
        kind = rng.randint(0, 4)
        if kind == 0:
            del data[at:end]
        elif kind == 1:
            data[at:at] = data[at:end]
        elif kind == 2 and data:
            data[at % len(data)] = rng.randint(0, 255)
        elif kind == 3:
            data[at:end] = rng.choice(WORDS)
        else:
            del data[at:]
    return bytes(data[:4096])


def mutated_topic(rng: random.Random, topic: str) -> str:
    """The topic with a level changed, dropped or added, or left as it is; one that MQTT can carry."""
    levels = topic.split("/")
    at = rng.randrange(len(levels))
    kind = rng.randint(0, 5)
    if kind == 0:
        del levels[at]
    elif kind == 1:
        levels.insert(at, rng.choice(["", "x", "state", "SENSOR", "42", "ä b", "*", "telltale"]))
    elif kind == 2:
        levels[at] = levels[at][::-1]
    text = "/".join(levels)[:MAX_TOPIC].replace("+", "_").replace("#", "_").replace("\0", "")
    return text or "x"


def mutated_json(rng: random.Random, payload: bytes) -> bytes:
    """JSON in which a few members became something else, went, or came twice; other payloads as ``mutated``."""
    try:
        body = json.loads(payload)
    except ValueError:
        return mutated(rng, payload)
    if not isinstance(body, dict | list):
        return json.dumps(rng.choice(ODD)).encode()
    for _ in range(rng.randint(1, 3)):
        _change(rng, body)
    return json.dumps(body).encode()[:65_536]


def _change(rng: random.Random, body: Any) -> None:
    """Change one place, however deep."""
    while True:
        keys = list(body) if isinstance(body, dict) else list(range(len(body)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(body[key], dict | list) and body[key] and rng.random() < 0.8:
            body = body[key]
            continue
        kind = rng.randint(0, 4)
        if kind == 0:
            del body[key]
        elif kind == 1 and isinstance(body, dict):
            body[str(rng.choice(["", "x", "name", "id", "*", "a" * 300, "ts", "values", "state"]))] = body.pop(key)
        else:
            body[key] = copy.deepcopy(rng.choice(ODD))
        return
