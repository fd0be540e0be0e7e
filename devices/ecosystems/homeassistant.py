"""Home Assistant's MQTT discovery, read: one decoder for everything that announces itself to Home Assistant.

Layout: a retained configuration (see ``ha_config``) says which topic holds the state of an entity, by which template
(see ``templates``), in which unit, by which words. The configuration is no reading; the states on the topics it names
are, unless the decoder of another ecosystem knows those: then only the units are of use. Any prefix in place of
``homeassistant`` is taken where the message is a configuration. An empty configuration removes its entities.
``homeassistant/status`` is Home Assistant's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, no_codec, number, text_of
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.ha_config import COMPONENTS, Announced, Entity, Source, Watch, announced
from devices.ecosystems.templates import template
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

PREFIX = "homeassistant"
CONFIGS = 10_000
"""Configurations that are kept; beyond that the oldest are forgotten."""
ENTITIES = 50_000
"""Entities, availabilities and topics that they may announce together."""
TOPIC_MAX = 1_000
"""Entities of one topic that a message is decoded for."""
WORK_MAX = 65_536
"""Characters of templates that one message is worth."""
MARKS = {"state_topic", "stat_t", "command_topic", "cmd_t", "components", "cmps", "device", "dev"}
"""Keys of which a configuration has at least one."""
Thing = TypeVar("Thing")


class _Place(NamedTuple):
    """What the topic of a configuration says."""

    prefix: str
    component: str
    node: str | None
    name: str


class _Index(Generic[Thing]):
    """What was announced about each topic, and by which configurations."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[Thing, set[str]]] = {}

    def get(self, topic: str) -> list[Thing]:
        return list(islice(self._topics.get(topic, ()), TOPIC_MAX))

    def __contains__(self, topic: str) -> bool:
        return topic in self._topics

    def add(self, topic: str, thing: Thing, config: str) -> None:
        self._topics.setdefault(topic, {}).setdefault(thing, set()).add(config)

    def drop(self, topic: str, thing: Thing, config: str) -> None:
        things = self._topics.get(topic, {})
        if config in (configs := things.get(thing, set())):
            configs.discard(config)
            if not configs:
                del things[thing]
            if not things:
                del self._topics[topic]


class _Content:
    """A payload as text and, when a template asks for it, as JSON; ``work`` is left for templates."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.broken: Refusal | None = None
        self.work = WORK_MAX
        self._json: list[object] = []

    def render(self, source: str | None) -> str | None:
        """What a template makes of it, or the payload itself."""
        if source is None:
            return self.text.strip()
        self.work -= len(source)
        if self.work < 0:
            return None
        found = template(source)  # was read once before, so that it can be
        if not found.wants_json:
            return found.render(self.text)
        if not self._json:
            body = json_codec.decode(self.text)
            if isinstance(body, Refusal):
                self.broken = body
            self._json.append(body)
        return found.render(self.text) if self.broken else found.render(self.text, self._json[0])


class HomeAssistant(Ecosystem):
    """Readings of announced entities; remembers what was announced. Asked after those that know a topic's format."""

    name: ClassVar[str] = "ha-discovery"
    rank: ClassVar[int] = 90

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._configs: dict[str, Announced] = {}
        self._held = 0
        self._entities: _Index[Entity] = _Index()
        self._watches: _Index[Watch] = _Index()
        self._attributes: _Index[None] = _Index()
        self._said: Bounded[Source, bool] = Bounded(CONFIGS)

    def message(self, message: Message) -> Outcome:
        """Take a configuration, or decode what was announced."""
        place = _place(message.topic)
        if place is not None and (taken := self._configure(place, message)) is not None:
            return taken
        if message.topic in self._entities or message.topic in self._watches:
            return self._decode(message)
        if message.topic in self._attributes or message.topic == f"{PREFIX}/status":
            return Decoded()
        return None

    def units(self, topic: str) -> Mapping[str, str]:
        """The units that were announced for a topic: path of the value in the message (``a.b``, ``""``: all) -> unit.

        Of use where the decoder of another ecosystem takes the topic. A path that two entities give different units
        is left out, and so is a value that its template converts.
        """
        found: dict[str, str | None] = {}
        for entity in self._entities.get(topic):
            path = "" if entity.template is None else template(entity.template).path
            if path is not None and entity.unit:
                found[path] = entity.unit if found.get(path, entity.unit) == entity.unit else None
        return {path: unit for path, unit in found.items() if unit is not None}

    def _configure(self, place: _Place, message: Message) -> Outcome:
        """Take a configuration in place of an older one; None where the message is none."""
        own = place.prefix == PREFIX
        if not message.payload.strip():
            known = message.topic in self._configs
            self._forget(message.topic)
            return Decoded() if own or known else None
        body = json_codec.decode(message.payload)
        if isinstance(body, Refusal):
            return body if own else None
        if not isinstance(body, dict):
            return Refusal(Reason.BAD_MESSAGE, "a configuration is a JSON object") if own else None
        if not own and MARKS.isdisjoint(body):
            return None
        self._forget(message.topic)
        if place.component in COMPONENTS:
            self._remember(message.topic, announced(place.component, place.node, place.name, body))
        return Decoded()

    def _remember(self, config: str, found: Announced) -> None:
        self._configs[config] = found
        self._held += _size(found)
        for index, topic, thing in self._places(found):
            index.add(topic, thing, config)
        while self._held > ENTITIES or len(self._configs) > CONFIGS:
            self._forget(next(iter(self._configs)))

    def _forget(self, config: str) -> None:
        found = self._configs.pop(config, None)
        if found is not None:
            self._held -= _size(found)
            for index, topic, thing in self._places(found):
                index.drop(topic, thing, config)

    def _places(self, found: Announced) -> list[tuple[_Index[Any], str, Any]]:
        """(index, topic, thing) of all that a configuration announces."""
        places: list[tuple[_Index[Any], str, Any]] = [(self._entities, one.topic, one) for one in found.entities]
        places += [(self._watches, source.topic, one) for one in found.watches for source in one.sources]
        places += [(self._attributes, topic, None) for topic in found.attributes]
        return places

    def _decode(self, message: Message) -> Outcome:
        text = text_of(message.payload)
        if text is None:
            return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8")
        found = Decoded()
        if not text.strip():
            return found
        content = _Content(text)
        for entity in self._entities.get(message.topic):
            value = _value(entity, content.render(entity.template))
            if value is not None:
                found.samples.append(Sample(entity.device, entity.metric, value, None, entity.unit))
        for watch in self._watches.get(message.topic):
            online = self._online(watch, message.topic, content)
            if online is not None:
                found.presence[watch.device] = online
        if content.broken is not None and not found.samples and not found.presence:
            return content.broken
        return found

    def _online(self, watch: Watch, topic: str, content: _Content) -> bool | None:
        """Whether a device is there after this message; None if that says nothing of it."""
        latest: bool | None = None
        for source in watch.sources:
            if source.topic == topic:
                word = content.render(source.template)
                if word in (source.on, source.off):
                    latest = self._said[source] = word == source.on
        if latest is None or watch.mode == "latest":
            return latest
        known = [self._said[source] for source in watch.sources if source in self._said]
        return all(known) if watch.mode == "all" else any(known)


def _place(topic: str) -> _Place | None:
    """What the topic of a configuration says; None if it is none."""
    levels = topic.split("/")
    if len(levels) < 4 or levels[-1] != "config" or "" in levels[-3:-1]:
        return None
    if levels[0] == PREFIX and len(levels) <= 5:
        return _Place(PREFIX, levels[1], levels[2] if len(levels) == 5 else None, levels[-2])
    if len(levels) > 4 and levels[-4] in COMPONENTS:
        return _Place("/".join(levels[:-4]), levels[-4], levels[-3], levels[-2])
    if levels[-3] in COMPONENTS:
        return _Place("/".join(levels[:-3]), levels[-3], None, levels[-2])
    return None


def _size(found: Announced) -> int:
    return 1 + len(found.entities) + sum(len(one.sources) for one in found.watches) + len(found.attributes)


def _value(entity: Entity, text: str | None) -> float | bool | None:
    if text is None:
        return None
    if entity.on is not None:
        return {entity.off: False, entity.on: True}.get(text)
    return number(text)
