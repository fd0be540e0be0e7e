"""Homie, versions 2 to 5: self-describing devices whose topics are ``homie/<device>/<node>/<property>``.

Layout: a property's payload is plain text, its type and unit are described. Up to version 4 on topics of their own,
``…/<property>/$datatype`` and ``$unit``; version 5 has ``homie/5/<device>/…`` and one JSON per device, ``$description``
(nodes -> properties -> datatype, unit). Readings are integer, float, percent and boolean (``true``/``false``);
the other types are texts even where they look like numbers. ``$state`` is presence: init, ready, alert, sleeping or
disconnected, lost. Attributes (``$…``) and ``/set`` are no readings. Another root than ``homie`` is learnt from
``$homie`` and ``$description``. Sources: homieiot/convention, tags v3.0.1 and v4.0.0, and version 5 (2024).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, no_codec, number, text_of
from devices.ecosystems.bounded import Bounded
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

ROOT = "homie"
FIVE = "5"
STATES = {
    "init": True, "ready": True, "alert": True, "sleeping": True, "disconnected": False, "lost": False,
}  # fmt: skip
NUMBERS = {"integer", "float", "percent"}
BOOLEANS = {"true": True, "false": False}
PROPERTIES = 20_000
"""Properties and devices whose description is remembered; beyond that the oldest are forgotten."""
_ARRAY = re.compile(r"_\d+$", re.ASCII)
_VERSION = re.compile(r"[2-5]\.\d+(\.\d+)?", re.ASCII)


class _Property(NamedTuple):
    """What a property is; ``description`` numbers the $description that said so, 0 for those of version 4."""

    datatype: str | None = None
    unit: str | None = None
    description: int = 0


_UNKNOWN = _Property()


class Homie(Ecosystem):
    """Readings of Homie devices; remembers what they say of themselves."""

    name: ClassVar[str] = "homie"
    rank: ClassVar[int] = 40

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._properties: Bounded[tuple[str, ...], _Property] = Bounded(PROPERTIES)
        self._described: Bounded[tuple[str, str], int] = Bounded(PROPERTIES)
        self._descriptions = 0
        self._roots: Bounded[str, str] = Bounded(PROPERTIES)

    def message(self, message: Message) -> Outcome:
        """Decode an attribute, a state or a property."""
        found = self._place(message)
        if found is None:
            return None
        base, version, levels = found
        if len(levels) < 2 or "" in levels or levels[0].startswith("$"):  # a broadcast
            return Decoded()
        text = text_of(message.payload)
        if text is None:
            return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8")
        if any(level.startswith("$") for level in levels):
            return self._attribute(base, version, levels, text)
        if len(levels) != 3:
            return Decoded()  # /set, or nothing of the convention
        return self._reading(base, version, levels, message, text)

    def _place(self, message: Message) -> tuple[str, int, list[str]] | None:
        """(root, version, levels from the device on) of a topic; None if it is none of Homie's."""
        levels = message.topic.split("/")
        if levels[0] == ROOT and len(levels) > 1:
            return (ROOT, 5, levels[2:]) if levels[1] == FIVE else (ROOT, 4, levels[1:])
        if levels[-1] in ("$homie", "$description") and len(levels) > 2:
            self._learn(levels, message.payload)
        for length in range(2, min(len(levels), 6)):
            root = self._roots.get("/".join(levels[:length]))
            if root is not None:
                return root, 5 if levels[length - 2] == FIVE else 4, levels[length - 1 :]
        return None

    def _learn(self, levels: list[str], payload: bytes) -> None:
        """Remember the root of a device that says that it speaks Homie."""
        if levels[-1] == "$homie":
            known = bool(_VERSION.fullmatch(text_of(payload[:20]) or ""))
        else:
            known = levels[-3] == FIVE and b'"homie"' in payload
        if known:
            self._roots["/".join(levels[:-1])] = "/".join(levels[:-2])

    def _attribute(self, base: str, version: int, levels: list[str], text: str) -> Outcome:
        device, attribute = levels[0], levels[-1]
        if len(levels) == 2 and attribute == "$state":
            state = STATES.get(text.strip())
            return Decoded() if state is None else Decoded(presence={device: state})
        if len(levels) == 2 and attribute == "$description" and version == 5:
            return self._describe(base, device, text)
        if version == 5:
            return Decoded()
        if len(levels) == 2 and attribute == "$name" and text.strip():
            return Decoded(names={device: text.strip()})
        if len(levels) == 4 and attribute in ("$datatype", "$unit"):
            key = (base, *levels[:3])
            word = _word(text)
            held = self._properties.get(key, _UNKNOWN)
            kept = _Property(word, held.unit) if attribute == "$datatype" else _Property(held.datatype, word)
            self._properties[key] = kept
        return Decoded()

    def _describe(self, base: str, device: str, text: str) -> Outcome:
        """Take a version 5 description in place of what was known; an empty one removes the device."""
        body = json_codec.decode(text) if text.strip() else {}
        if isinstance(body, Refusal):
            return body
        if not isinstance(body, dict):
            return Refusal(Reason.BAD_MESSAGE, "a $description is a JSON object")
        self._descriptions += 1
        self._described[base, device] = self._descriptions
        for node, about in _objects(body.get("nodes")):
            for name, one in _objects(about.get("properties")):
                self._properties[base, FIVE, device, node, name] = _Property(
                    _word(one.get("datatype")), _word(one.get("unit")), self._descriptions
                )
        title = _word(body.get("name"))
        return Decoded(names={device: title} if title else {})

    def _reading(self, base: str, version: int, levels: list[str], message: Message, text: str) -> Decoded:
        device, node, name = levels
        if version == 5:
            about = self._properties.get((base, FIVE, *levels))
            if about is not None and about.description != self._described.get((base, device)):
                about = None  # of an older description, which named it
        else:  # lights_1 is described as lights
            about = self._properties.get((base, *levels)) or self._properties.get(
                (base, device, _ARRAY.sub("", node), name)
            )
        datatype, unit, _ = about or _UNKNOWN
        # Older firmware announces no types, and sends numbers all the same. A retained value may only have come before
        # its type, which is retained too.
        guess = datatype is None and version < 5 and not message.retained
        value: float | bool | None = None
        if datatype == "boolean" or guess:
            value = BOOLEANS.get(text.strip())
        if value is None and (datatype in NUMBERS or guess):
            value = number(text)
        return Decoded() if value is None else Decoded([Sample(device, f"{node}.{name}", value, None, unit)])


def _word(value: object) -> str | None:
    """A text that says something."""
    return (value.strip() or None) if isinstance(value, str) else None


def _objects(value: object) -> list[tuple[str, dict[str, object]]]:
    """The members of an object that are objects themselves."""
    return [(key, one) for key, one in value.items() if isinstance(one, dict)] if isinstance(value, dict) else []
