"""Fuzzed topics, payloads and requests on their way to the log: nothing fails, and nothing wrong comes out."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from devices import mqtt_topics, native_mqtt
from devices.codecs import cayenne_lpp
from devices.ecosystems import mapping
from devices.ecosystems.base import Message, Request
from devices.ecosystems.catalogue import Catalogue
from telemetry import names
from telemetry.bridging import BridgePort
from telemetry.core import Core
from telemetry.decoded import Decoded, Raw
from telemetry.model import EARLIEST_TS, Batch, Reading, Refusal
from tests.clients import SCALE
from tests.devices.ecosystems.corpus import body_of, cases
from tests.devices.ecosystems.mutation import mutated, mutated_json, mutated_topic
from tests.telemetry.whole import whole

MESSAGES = int(os.environ.get("TELLTALE_TEST_FUZZED", "20000"))
"""How many; the long form is 100,000."""
SLOWEST = 1.0
"""Seconds that one message of 64 KiB may take."""
NATIVE = [b'{"t": 21.5, "on": true}', b'{"ts": 1700000000000, "values": {"a": {"b": 1}}}', b"[1, 2]",
          b'[{"bn": "lab/", "n": "t", "v": 1}]', bytes.fromhex("a16474656d70f94d60")]  # fmt: skip
RULES = ["plant/{device}/+/{metric} | value=data.v | time=data.ts ms", "+/+/x | device=m-{id} | metric={name}"]


@dataclass
class Seen:
    """What came out. ``outcomes`` counts decoders and reasons; ``texts``: they are taken now."""

    outcomes: Counter[str] = field(default_factory=Counter)
    readings: int = 0
    texts: bool = False
    wrong: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def batch(self, readings: list[Reading], latest: int) -> None:
        """Judge what is on its way to the log."""
        self.readings += len(readings)
        for series, ts, value in readings:
            if not isinstance(value, str | bool) and not (isinstance(value, float) and math.isfinite(value)):
                self.wrong.append(f"{series.name} = {value!r}")
            if isinstance(value, str) and not self.texts:
                self.wrong.append(f"{series.name} is a text: {value!r}")
            if not EARLIEST_TS <= ts <= latest:
                self.wrong.append(f"{series.name} at {ts}")
            if names.device_id(series.device) != series.device or names.metric_name(series.metric) != series.metric:
                self.wrong.append(f"the name {series.device!r} {series.metric!r}")


class Way:
    """From a message to the pipeline, as the bridge and the HTTP routes go it."""

    def __init__(self, core: Core, seen: Seen) -> None:
        self.core, self.seen, self.port = core, seen, BridgePort(core)
        self.broker = Catalogue(lambda _: cayenne_lpp.NAME, [mapping.Mapping(rules=mapping.parse(RULES))])
        self.http = Catalogue()
        submit = core.pipeline.submit

        def watched(batch: Batch, *, urgent: bool = False) -> asyncio.Future[None] | Refusal:
            seen.batch(batch.readings, self.port.latest())
            return submit(batch, urgent=urgent)

        core.pipeline.submit = watched

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """One message of a broker."""
        address = mqtt_topics.native(topic)
        if address is not None and address[1] == "readings":
            self._native(address[0], topic, payload)
            return
        owner = "owner" if topic.startswith(("v1/", "v2/")) else None
        found = self.broker.message(Message(topic, payload, self.port.now(), retained, owner))
        self._take(found, topic, payload, retained=retained)

    def request(self, method: str, where: str, kind: str, body: bytes) -> None:
        """One request, or the answer to a poll."""
        parts = urlsplit(where)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, errors="replace"))
        asked = Request(
            method, parts.path, body, self.port.now(), query, {"content-type": kind}, host=parts.hostname or ""
        )
        self._take(self.http.request(asked), where, body, retained=False)

    def _take(self, found: tuple[str, Decoded | Refusal] | None, where: str, payload: bytes, *, retained: bool) -> None:
        if found is None:
            self.seen.outcomes["unknown"] += 1
            return
        name, decoded = found
        if isinstance(decoded, Refusal):
            self.seen.outcomes[f"{name} {decoded.code.value}"] += 1
        elif retained:
            self.seen.outcomes["retained"] += 1
            self.port.retained(decoded, Raw("mqtt x", where, payload, name), None)
        else:
            self.seen.outcomes[name] += 1
            self.port.take(decoded, Raw("mqtt x", where, payload, name))

    def _native(self, device: str, topic: str, payload: bytes) -> None:
        found = native_mqtt.parse(payload)
        if not isinstance(found, Refusal):
            entries, _ = native_mqtt.in_time(found.entries, self.port.now(), self.port.latest())
            self.seen.texts = True
            taken = self.port.native(device, entries, found.form, Raw("mqtt x", topic, payload, "native"))
            self.seen.texts = False
            self.seen.outcomes["native refused" if isinstance(taken, Refusal) else "native"] += 1


def fuzzed(count: int, seed: int) -> Iterator[tuple[str, str, str, bytes, bool]]:
    """(topic or method, where, content type, payload, retained) of real messages that were changed; the same again."""
    rng = random.Random(seed)
    real = [(one, body_of(one)) for one in cases()]
    real += [({"transport": "mqtt"} | early, body_of(early)) for one in cases() for early in one.get("before", ())]
    real += [({"transport": "mqtt", "topic": f"telltale/native-{n}/readings"}, body) for n, body in enumerate(NATIVE)]
    for _ in range(count):
        one, payload = rng.choice(real)
        if rng.random() < 0.05:
            payload = rng.choice(real)[1]
        change = rng.choice([mutated, mutated_json, mutated_json, lambda _, same: same])
        payload = change(rng, payload)
        if one["transport"] == "mqtt":
            topic = mutated_topic(rng, one["topic"]) if rng.random() < 0.6 else one["topic"]
            yield "", topic, "", payload, rng.random() < 0.1
        else:
            where = one.get("path") or one["url"]
            if rng.random() < 0.5:
                where = mutated(rng, where.encode()).decode("latin-1").replace("[", "(").replace("]", ")")
            method = "WS" if one["transport"] == "ws" else one["method"]
            yield method, where, one.get("content_type", ""), payload, False


def test_fuzzed_messages_fail_nothing_and_leave_nothing_wrong(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen()

    async def story() -> None:
        async with whole(
            tmp_path, devices_max_series="1000000", storage_commit_interval="0", mqtt_admission="open"
        ) as core:
            way = Way(core, seen)
            for at, (method, where, kind, payload, retained) in enumerate(fuzzed(MESSAGES, 1)):
                began = time.perf_counter()
                if method:
                    way.request(method, where, kind, payload)
                else:
                    way.message(where, payload, retained=retained)
                seen.slowest = max(seen.slowest, (time.perf_counter() - began, f"{where!r} {payload[:2000]!r}"))
                if at % 500 == 0:
                    await core.pipeline.flush()
            await core.pipeline.flush()
            known = core.intake.known
            devices = [*core.registry.devices, *known.devices(), *core.presence.reports()]
            assert not [one for one in devices if names.device_id(one) != one]
            last = [found for one in known.devices() for found in known.values(one).items()]
            assert not [metric for metric, _ in last if names.metric_name(metric) != metric]
            assert not [one for _, one in last if isinstance(one.value, str) or not math.isfinite(one.value)]

    caplog.set_level(logging.WARNING)
    asyncio.run(story())
    assert not [one.getMessage() for one in caplog.records if one.exc_info or one.levelno >= logging.ERROR]
    assert seen.wrong == []
    assert seen.slowest[0] < SLOWEST * SCALE, seen.slowest
    assert seen.readings > MESSAGES / 4, "most messages still hold something"
    assert len(seen.outcomes) > 40, seen.outcomes
