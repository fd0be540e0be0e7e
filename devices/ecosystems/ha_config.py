"""A configuration of Home Assistant's MQTT discovery, as the entities that it announces.

Layout: JSON on ``<prefix>/<component>/[<node>/]<object>/config``, or ``<prefix>/device/[<node>/]<object>/config`` with
the components under ``components``, each with its ``platform``; those share the topics and the availability that stand
at the top. Keys may be abbreviated, ``~`` at either end of a topic is the base topic. Device = device.name, else its
first identifier; metric = object, or the key under components. Sources: home-assistant.io, "MQTT"; homeassistant
2026.2.3, components/mqtt/abbreviations.py and discovery.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from devices.ecosystems.templates import TemplateError, template

NUMERIC: Final = {"sensor", "number"}
SWITCHING: Final = {"binary_sensor", "switch", "light", "fan", "siren", "humidifier"}
"""Components whose state is on or off."""
COMPONENTS: Final = NUMERIC | SWITCHING | {
    "alarm_control_panel", "button", "camera", "climate", "cover", "date", "datetime", "device", "device_automation",
    "device_tracker", "event", "image", "lawn_mower", "lock", "notify", "scene", "select", "tag", "text", "time",
    "update", "vacuum", "valve", "water_heater",
}  # fmt: skip
TEXTUAL: Final = {"enum", "timestamp", "date"}
"""Device classes whose state is a text, whatever it looks like."""
ABBREVIATIONS: Final = {
    "avty": "availability", "avty_mode": "availability_mode", "avty_t": "availability_topic",
    "avty_tpl": "availability_template", "cmps": "components", "curr_hum_t": "current_humidity_topic",
    "curr_hum_tpl": "current_humidity_template", "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template", "dev": "device", "dev_cla": "device_class",
    "json_attr_t": "json_attributes_topic", "ops": "options", "p": "platform", "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on", "pos_t": "position_topic",
    "pos_tpl": "position_template", "stat_off": "state_off", "stat_on": "state_on", "stat_t": "state_topic",
    "stat_val_tpl": "state_value_template", "t": "topic", "temp_unit": "temperature_unit",
    "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
"""Those of the keys that are read here."""
DEVICE_ABBREVIATIONS: Final = {"cns": "connections", "ids": "identifiers"}
SHARED: Final = (
    "~", "availability", "availability_mode", "availability_template", "availability_topic", "payload_available",
    "payload_not_available", "state_topic",
)  # fmt: skip
"""Keys at the top that hold for every component without its own."""
FURTHER: Final = {
    "current_temperature": "temperature_unit", "current_humidity": "%", "position": "%",
}  # fmt: skip
"""Further states of climates, covers and valves -> their unit, or the key that names it."""
ENTITIES_MAX: Final = 1_000
"""Entities that one configuration may announce."""


@dataclass(slots=True, frozen=True)
class Entity:
    """Where a value stands: on ``topic``, by ``template`` (None: the payload). ``on`` and ``off`` make it a boolean."""

    topic: str
    device: str
    metric: str
    template: str | None = None
    unit: str | None = None
    on: str | None = None
    off: str | None = None


@dataclass(slots=True, frozen=True)
class Source:
    """A topic that says whether something is there, and its words for it."""

    topic: str
    template: str | None = None
    on: str = "online"
    off: str = "offline"


@dataclass(slots=True, frozen=True)
class Watch:
    """The sources by which a device is known to be there; ``mode``: latest, all or any of them."""

    device: str
    sources: tuple[Source, ...]
    mode: str = "latest"


@dataclass(slots=True, frozen=True)
class Announced:
    """All that one configuration announces; ``attributes`` are topics of attributes, which are no readings."""

    entities: tuple[Entity, ...]
    watches: tuple[Watch, ...]
    attributes: tuple[str, ...]


def announced(component: str, node: str | None, name: str, body: Mapping[str, Any]) -> Announced:
    """The entities of a configuration; parts that cannot be read are left out."""
    config = _long(body, ABBREVIATIONS)
    parts = _components(config) if component == "device" else [(component, name, config)]
    entities: dict[Entity, None] = {}
    watches: dict[Watch, None] = {}
    attributes = []
    device = _device(config) or node or name
    for kind, metric, part in parts:
        owner = _device(part) or device
        part = _based(part)
        for entity in (*_state(kind, owner, metric, part), *_further(owner, metric, part)):
            entities[entity] = None
        for watch in _availability(owner, part):
            watches[watch] = None
        if isinstance(topic := part.get("json_attributes_topic"), str):
            attributes.append(topic)
    return Announced(tuple(entities), tuple(watches), tuple(attributes))


def _long(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in body.items()}


def _components(config: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(platform, key, configuration) of a device's components; one with nothing but its platform is removed."""
    shared = {key: config[key] for key in SHARED if key in config}
    components = config.get("components")
    if not isinstance(components, dict):
        return
    for key, body in list(components.items())[:ENTITIES_MAX]:
        if isinstance(body, dict):
            part = _long(body, ABBREVIATIONS)
            platform = part.pop("platform", None)
            if part and isinstance(platform, str):
                yield platform, key, shared | part


def _device(config: Mapping[str, Any]) -> str | None:
    """The name of the device: its own, else the first identifier, else the first connection's."""
    about = config.get("device")
    if not isinstance(about, dict):
        return None
    about = _long(about, DEVICE_ABBREVIATIONS)
    identifiers, connections = about.get("identifiers"), about.get("connections")
    found = [about.get("name"), *(identifiers if isinstance(identifiers, list) else [identifiers])]
    if isinstance(connections, list):
        found += [one[1] for one in connections if isinstance(one, list) and len(one) == 2]
    return next((name for one in found if (name := _word(one))), None)


def _word(value: object) -> str | None:
    """A text as Home Assistant takes it: numbers and booleans are written out, nothing else is one."""
    if isinstance(value, str | int | float):
        return str(value).strip() or None
    return None


def _based(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its base topic in place of ``~``."""
    found = dict(config)
    base = found.pop("~", None)
    if isinstance(base, str):
        for key, value in found.items():
            if key.endswith("topic"):
                found[key] = _topic(value, base)
        entries = found.get("availability")
        entries = entries if isinstance(entries, list) else [entries]
        found["availability"] = [
            {key: _topic(value, base) if key in ("t", "topic") else value for key, value in one.items()}
            for one in entries
            if isinstance(one, dict)
        ]
    return found


def _topic(value: object, base: str) -> object:
    if not isinstance(value, str):
        return value
    if value.startswith("~"):
        return base + value[1:]
    return value[:-1] + base if value.endswith("~") else value


def _template(value: object) -> str | None:
    """A template that can be read, None where there is none. Raises TemplateError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise TemplateError("a template is a text")
    template(value)
    return value


def _state(kind: str, device: str, metric: str, config: Mapping[str, Any]) -> Iterator[Entity]:
    """The main state of an entity."""
    topic = config.get("state_topic")
    if not isinstance(topic, str) or not topic or kind not in NUMERIC | SWITCHING:
        return
    try:
        source = _template(config.get("state_value_template") or config.get("value_template"))
    except TemplateError:
        return
    if kind in NUMERIC:
        if str(config.get("device_class")) not in TEXTUAL and not config.get("options"):
            yield Entity(topic, device, metric, source, _word(config.get("unit_of_measurement")))
        return
    if kind == "light" and config.get("schema") == "json":
        source = "{{ value_json.state }}"
    on = _word(config.get("state_on", config.get("payload_on"))) or "ON"
    off = _word(config.get("state_off", config.get("payload_off"))) or "OFF"
    yield Entity(topic, device, metric, source, None, on, off)


def _further(device: str, metric: str, config: Mapping[str, Any]) -> Iterator[Entity]:
    """What else an entity measures."""
    for name, unit in FURTHER.items():
        topic = config.get(f"{name}_topic")
        if not isinstance(topic, str) or not topic:
            continue
        try:
            source = _template(config.get(f"{name}_template"))
        except TemplateError:
            continue
        if unit == "temperature_unit":
            unit = {"C": "°C", "F": "°F"}.get(str(config.get(unit)), "")
        yield Entity(topic, device, f"{metric}.{name}", source, unit or None)


def _availability(device: str, config: Mapping[str, Any]) -> Iterator[Watch]:
    """What says whether the entity is there: one topic, or a list of them."""
    entries = config.get("availability")
    entries = list(entries) if isinstance(entries, list) else [entries]
    entries = [_long(one, ABBREVIATIONS) for one in entries if isinstance(one, dict)]
    if "availability_topic" in config:
        entries.append(
            {
                "topic": config["availability_topic"],
                "value_template": config.get("availability_template"),
                "payload_available": config.get("payload_available"),
                "payload_not_available": config.get("payload_not_available"),
            }
        )
    sources = []
    for one in entries[:ENTITIES_MAX]:
        topic = one.get("topic")
        on, off = _word(one.get("payload_available")), _word(one.get("payload_not_available"))
        try:
            source = _template(one.get("value_template"))
        except TemplateError:
            continue
        if isinstance(topic, str) and topic:
            sources.append(Source(topic, source, on or "online", off or "offline"))
    mode = config.get("availability_mode")
    if sources:
        yield Watch(device, tuple(dict.fromkeys(sources)), mode if mode in ("all", "any") else "latest")
