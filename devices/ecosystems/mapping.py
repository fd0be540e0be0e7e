"""The mapping that a user writes in config.ini, for topics that no ecosystem knows or whose readings have other names.

Layout, one line each: ``TOPIC | KEY=VALUE | …``. In the topic ``+`` is any level, ``#`` at the end any further ones,
``{device}`` and ``{metric}`` are taken from there; several are joined by ``/`` and ``.``. Keys: ``device`` and
``metric`` (a text, in which ``{PATH}`` stands for a value of the message's JSON), ``value`` (PATH of the value, or of
an object whose values are all taken; default: the whole message), ``time`` (PATH and s, ms, us, ns or iso), ``unit``.
A PATH is keys and indexes joined by dots. All lines that match a topic are used, and no ecosystem is asked then.

    plant/{device}/+/{metric} | value=data.v | time=data.ts ms | unit=°C
    garage/report | device=car-{car.id} | metric=charge | value=battery.soc | unit=%
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from devices.codecs import json_codec
from devices.ecosystems.base import (
    Ecosystem,
    Message,
    Outcome,
    finite,
    iso,
    leaves,
    milliseconds,
    no_codec,
    number,
    seconds,
    text_of,
)
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

KEYS: Final = ("device", "metric", "value", "time", "unit")
WORDS: Final = {"true": True, "false": False, "on": True, "off": False}
"""Texts, in any case, that are a boolean where a value is expected."""
UNITS: Final[dict[str, Callable[[Any], int | None]]] = {
    "s": seconds,
    "ms": milliseconds,
    "us": lambda value: milliseconds(value / 1_000),
    "ns": lambda value: milliseconds(value / 1_000_000),
    "iso": iso,
}
"""How a time is written -> its ms."""
RULES_MAX: Final = 1_000
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(slots=True, frozen=True)
class Rule:
    """One line. ``device`` and ``metric`` are texts with places, ``value`` and ``time`` paths."""

    topic: re.Pattern[str]
    device: str | None = None
    metric: str | None = None
    value: str | None = None
    time: tuple[str, str] | None = None
    unit: str | None = None

    @property
    def wants_json(self) -> bool:
        """Whether it cannot do without JSON."""
        places = _PLACE.search(f"{self.device or ''}{self.metric or ''}")
        return self.value is not None or self.time is not None or places is not None


def parse(lines: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of the setting's lines. Raises ValueError, whose text names the line and says what would be right."""
    found = tuple(_rule(text) for line in lines if (text := line.strip()))
    if len(found) > RULES_MAX:
        raise ValueError(f"has more than {RULES_MAX} lines")
    return found


def made(lines: Sequence[str]) -> Callable[[], Sequence[Mapping]]:
    """What makes the decoder of these rules anew; none without rules. Raises ValueError."""
    rules = parse(lines)
    return lambda: [Mapping(rules=rules)] if rules else []


def _rule(line: str) -> Rule:
    topic, *options = (part.strip() for part in re.split(r"(?:^|\s)\|(?:\s|$)", line))
    if not topic or "|" in topic:
        raise ValueError(f"has the line {line!r}, which does not begin with a topic and a blank in front of each |")
    pattern = _pattern(topic, line)
    given: dict[str, str] = {}
    for option in options:
        key, equals, text = (part.strip() for part in option.partition("="))
        if key not in KEYS:
            raise ValueError(f"has {option!r} in the line {line!r}: known are {', '.join(f'{one}=' for one in KEYS)}")
        if not equals or not text or key in given:
            raise ValueError(f"has {key}= twice or without a value in the line {line!r}")
        given[key] = text
    for key in ("device", "metric"):
        if key in given and "{}" in given[key]:
            raise ValueError(f"has empty braces in the line {line!r}: {{PATH}} names a value of the message")
        if key in given and f"{{{key}}}" in topic:
            raise ValueError(f"has the {key} twice in the line {line!r}: in the topic and as {key}=")
    if "device" not in given and "{device}" not in topic:
        raise ValueError(f"has no device in the line {line!r}: put {{device}} into the topic, or add device=NAME")
    time = tuple(given["time"].rsplit(None, 1)) if "time" in given else None
    if time is not None and (len(time) != 2 or time[1] not in UNITS):
        raise ValueError(
            f"has {'time=' + given['time']!r} in the line {line!r}: write time=PATH and s, ms, us, ns or iso"
        )
    return Rule(
        pattern,
        given.get("device"),
        given.get("metric"),
        given.get("value"),
        time and (time[0], time[1]),
        given.get("unit"),
    )


def _pattern(topic: str, line: str) -> re.Pattern[str]:
    """The topics of a line, as an expression whose groups d0, d1 … and m0, m1 … are the places."""
    levels, parts, count = topic.split("/"), [], 0
    for index, level in enumerate(levels):
        if level == "+":
            parts.append("[^/]*")
        elif level == "#" and 0 < index == len(levels) - 1:
            parts.append(".*")
        elif "+" in level or "#" in level:
            raise ValueError(f"has {level!r} in the topic of the line {line!r}: + is a whole level, # the last one")
        else:
            text = ""
            for place, between in enumerate(_PLACE.split(level)):
                if place % 2 == 0:
                    if "{" in between or "}" in between:
                        raise ValueError(f"has a brace without its other in the topic of the line {line!r}")
                    text += re.escape(between)
                elif between in ("device", "metric"):
                    text += f"(?P<{between[0]}{count}>[^/]+)"
                    count += 1
                else:
                    raise ValueError(
                        f"has {{{between}}} in the topic of the line {line!r}: {{device}} and {{metric}} are"
                    )
            if len(_PLACE.findall(level)) > 1:
                raise ValueError(f"has two places in one level of the line {line!r}: where one ends cannot be known")
            parts.append(text)
    return re.compile("/".join(parts).removesuffix("/.*") + ("(/.*)?" if parts[-1] == ".*" else ""), re.DOTALL)


class Mapping(Ecosystem):
    """The user's own decoder. The catalogue's instance has no rules and knows nothing; another one is asked first."""

    name: ClassVar[str] = "mapping"
    rank: ClassVar[int] = 0

    def __init__(self, codec: Callable[[str], str | None] = no_codec, rules: Sequence[Rule] = ()) -> None:
        super().__init__(codec)
        self._rules = tuple(rules)

    def message(self, message: Message) -> Outcome:
        """Decode a message by all lines that match its topic."""
        matches = [(rule, found) for rule in self._rules if (found := rule.topic.fullmatch(message.topic))]
        if not matches:
            return None
        if not message.payload:
            return Decoded()
        text = text_of(message.payload)
        if text is None:
            return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8")
        body = json_codec.decode(text)
        if isinstance(body, Refusal):
            if all(rule.wants_json for rule, _ in matches) or text.lstrip()[:1] in ("{", "["):
                return body
            body = text
        return Decoded([sample for rule, found in matches for sample in _samples(rule, found, body)])


def _samples(rule: Rule, found: re.Match[str], body: object) -> Iterator[Sample]:
    groups = found.groupdict()
    device = _named(rule.device, body, "/".join(text for key, text in groups.items() if key[0] == "d"))
    base = _named(rule.metric, body, ".".join(text for key, text in groups.items() if key[0] == "m"))
    if not device or base is None:
        return
    ts = _time(rule.time, body)
    value = body if rule.value is None else _at(body, rule.value)
    if isinstance(value, dict | list):
        for path, one in leaves(value, base):
            yield Sample(device, path, one, ts, rule.unit)
        return
    scalar = _scalar(value)
    if scalar is not None:
        metric = base or (rule.value or "").rpartition(".")[2] or "value"
        yield Sample(device, metric, scalar, ts, rule.unit)


def _named(text: str | None, body: object, default: str) -> str | None:
    """A name with the values of its places; None where one of them is missing."""
    if text is None:
        return default
    found = [_at(body, path) for path in _PLACE.findall(text)]
    words = [str(one) for one in found if isinstance(one, str | int) and not isinstance(one, bool)]
    if len(words) < len(found):
        return None
    return _PLACE.sub(lambda _: words.pop(0), text)


def _at(body: object, path: str) -> Any:
    """What stands at a path, None where nothing does. A key may hold dots itself."""
    if isinstance(body, list):
        first, _, rest = path.partition(".")
        if not (first.isascii() and first.isdecimal() and len(first) < 6 and int(first) < len(body)):
            return None
        return _at(body[int(first)], rest) if rest else body[int(first)]
    if not isinstance(body, dict):
        return None
    if path in body:
        return body[path]
    cut = path.find(".")
    while cut > 0:
        if path[:cut] in body and (found := _at(body[path[:cut]], path[cut + 1 :])) is not None:
            return found
        cut = path.find(".", cut + 1)
    return None


def _time(time: tuple[str, str] | None, body: object) -> int | None:
    if time is None:
        return None
    value, unit = _at(body, time[0]), time[1]
    if isinstance(value, str) and unit != "iso":
        value = number(value)
    known = isinstance(value, str) if unit == "iso" else finite(value) is not None
    return UNITS[unit](value) if known else None


def _scalar(value: object) -> float | bool | None:
    if isinstance(value, str):
        word = WORDS.get(value.strip().lower())
        return number(value) if word is None else word
    return finite(value)
