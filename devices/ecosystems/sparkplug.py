"""Sparkplug B, the MQTT convention of plants: births that name everything, data by alias, deaths.

Layout: ``spBv1.0/<group>/<NBIRTH|NDATA|NDEATH|DBIRTH|DDATA|DDEATH|NCMD|DCMD>/<node>[/<device>]``, payload as
``devices.codecs.sparkplug_b`` reads it. Device = group/node[/device]; metric = its name, for which data may have the
birth's alias; ts = that of the metric, else of the payload. bdSeq, Node Control/* and Device Control/* are no readings,
nor is what the sender calls transient. Births and deaths are presence; an NDEATH counts only with the bdSeq of the
birth, because the will of an older session may come late. ``spBv1.0/STATE/<host>`` is a host's, not a device's. Source:
eclipse-sparkplug/sparkplug, specification 3.0, chapters 4 and 6.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from devices.codecs import sparkplug_b
from devices.codecs.sparkplug_b import Metric, Payload
from devices.ecosystems.base import Ecosystem, Message, Outcome, finite, no_codec
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import EARLIEST_TS, Reason, Refusal

ROOT = "spBv1.0"
KINDS = {"NBIRTH": 1, "NDATA": 1, "NDEATH": 1, "DBIRTH": 2, "DDATA": 2, "DDEATH": 2}
"""Kind of message -> levels behind it."""
SESSION = "bdSeq"
CONTROLS = ("Node Control/", "Device Control/")
REMEMBERED = 100_000
"""Devices and metrics of births that are remembered in all; beyond that the oldest births are forgotten."""


class _Known(NamedTuple):
    name: str
    datatype: int
    unit: str | None


@dataclass(slots=True)
class _Birth:
    """What a birth said; ``devices`` of a node are those born since."""

    session: object = None
    aliases: dict[int, _Known] = field(default_factory=dict)
    names: dict[str, _Known] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)


class Sparkplug(Ecosystem):
    """Readings of Sparkplug nodes and devices; remembers their births."""

    name: ClassVar[str] = "sparkplug-b"
    rank: ClassVar[int] = 10

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._births: OrderedDict[str, _Birth] = OrderedDict()
        self._held = 0

    def message(self, message: Message) -> Outcome:
        """Decode a birth, a death or data."""
        root, _, rest = message.topic.partition("/")
        if root != ROOT:
            return None
        group, *levels = rest.split("/")
        if len(levels) < 2 or KINDS.get(levels[0]) != len(levels) - 1 or "" in (group, *levels):
            return Decoded()
        if not message.payload and message.retained:  # a cleared topic; an empty payload is valid protobuf, too
            return Decoded()
        payload = sparkplug_b.decode(message.payload)
        if isinstance(payload, Refusal):
            return payload
        kind, node = levels[0], f"{group}/{levels[1]}"
        device = "/".join((group, *levels[1:]))
        if kind == "NDEATH":
            return self._node_died(node, payload)
        if kind == "DDEATH":
            self._forget(device)
            return Decoded(presence={device: False})
        if kind.endswith("BIRTH"):
            self._born(node, device, payload)
        found = Decoded(presence={device: True} if kind.endswith("BIRTH") else {}, strict=True)
        for part in self._readings(self._births.get(device), device, payload):
            if isinstance(part, Sample):
                found.samples.append(part)
            else:
                found.bad.append(part)
        return found

    def _born(self, node: str, device: str, payload: Payload) -> None:
        """Forget what was known of the device, and with a node of all its devices: they are born again."""
        birth = _Birth(_session(payload))
        for metric in payload.metrics[:REMEMBERED]:
            if metric.name:
                known = _Known(metric.name, metric.datatype, metric.unit)
                birth.names[metric.name] = known
                if metric.alias is not None:
                    birth.aliases[metric.alias] = known
        self._forget(device)
        if device != node and node not in self._births:
            self._remember(node, _Birth())
        self._remember(device, birth)
        while self._held > REMEMBERED and len(self._births) > 1:
            self._forget(next(iter(self._births)))
        if device != node and node in self._births:
            self._births[node].devices.add(device)

    def _remember(self, device: str, birth: _Birth) -> None:
        self._births[device] = birth
        self._held += 1 + len(birth.names)

    def _forget(self, device: str) -> list[str]:
        """Drop a birth, and those of a node's devices; which devices these were."""
        birth = self._births.pop(device, None)
        if birth is None:
            return []
        self._held -= 1 + len(birth.names)
        node = self._births.get("/".join(device.split("/")[:2]))
        if node is not None:
            node.devices.discard(device)
        for one in birth.devices:
            self._forget(one)
        return sorted(birth.devices)

    def _node_died(self, node: str, payload: Payload) -> Decoded:
        birth = self._births.get(node)
        if birth is not None and birth.names and birth.session != _session(payload):
            return Decoded()
        return Decoded(presence=dict.fromkeys([node, *self._forget(node)], False))

    def _readings(self, birth: _Birth | None, device: str, payload: Payload) -> Iterator[Sample | BadPart]:
        for index, metric in enumerate(payload.metrics, 1):
            known = _known(birth, metric)
            if known is None or known.name == SESSION or known.name.startswith(CONTROLS) or metric.transient:
                continue
            value = finite(metric.reading(known.datatype))
            if value is None:
                continue
            ts = payload.timestamp if metric.timestamp is None else metric.timestamp
            if ts is not None and not EARLIEST_TS <= ts < 2**53:
                yield BadPart(index, f"{known.name}: the time {ts} is no time in ms since 1970", Reason.BAD_TIME)
            else:
                yield Sample(device, known.name, value, ts, known.unit)


def _known(birth: _Birth | None, metric: Metric) -> _Known | None:
    """Name, type and unit of a metric, from itself and from the birth; None where its alias tells nothing."""
    if metric.name:
        known = birth.names.get(metric.name) if birth else None
    else:
        known = birth.aliases.get(metric.alias) if birth and metric.alias is not None else None
        if known is None:
            return None
    name = metric.name or (known.name if known else "")
    datatype = metric.datatype or (known.datatype if known else 0)
    return _Known(name, datatype, metric.unit or (known.unit if known else None))


def _session(payload: Payload) -> object:
    """The bdSeq, which pairs a birth and its death; None without one."""
    return next((metric.value for metric in payload.metrics if metric.name == SESSION), None)
