"""The corpus with other values: negative and huge ones, whole numbers where there were fractions, booleans turned.

A number of a payload that is expected as a value becomes another wherever it stands; the expectation follows. Members
that name a sender or a time stay. Objects are written with members in another order, new members and other blanks.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from typing import Any

from tests.devices.ecosystems.corpus import Case

KEEPS = {"id", "channel", "protocol", "ts", "time", "timestamp", "Epoch", "Time", "last_seen", "tst", "f_port", "ver",
         "homie", "version", "Endpoint", "gwts", "uniqueid", "serialno", "esp8266id", "Id", "rl",
         "_type", "Device", "fPort", "qos", "created_at", "devEui", "rssi", "snr", "channel_rssi"}  # fmt: skip
"""Members that are no value, whatever number they hold."""
KEEPS_OF = {"senml": {"t", "bt", "n", "bn", "u", "bver"}}
HUNDREDTHS = {"deconz": {"temperature", "humidity"}}
"""Ecosystem -> metrics that its messages carry times 100."""
DIGITS = {"ha-discovery": 1}
"""Ecosystem -> digits behind the point that its messages let pass."""
NEWS: list[tuple[str, object]] = [("newInFirmware", None), ("vendor text", "12 V, 3 A"), ("empty", {}), ("l", ["a", 1])]
"""Members that the next firmware may bring, and that hold no reading."""
_FIELD = re.compile(r"([ ,]\w+=)(t|f|T|F|TRUE|FALSE|true|false|True|False)(?=[,\s])")
TURNED = {"t": "f", "f": "T", "T": "false", "F": "true", "True": "False", "False": "True", "FALSE": "t",
          "ON": "OFF", "OFF": "ON", "on": "off", "off": "on", "true": "false", "false": "true",
          "TRUE": "FALSE"}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.:+\-/])[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=(?P<suffix>[iu]?)(?![\w.:%+]|-\d))")
LIMIT = 2**48


class Values:
    """New values for those of one message. ``changed`` says what became what, ``turned`` which metrics were turned."""

    def __init__(self, one: Case, rng: random.Random) -> None:
        self._rng = rng
        self._keeps = KEEPS | KEEPS_OF.get(one["ecosystem"], set())
        self._digits = DIGITS.get(one["ecosystem"], 6)
        self.changed: dict[float, float] = {}
        self.turned: set[str] = set()
        self._scale: dict[float, int] = {}
        self._booleans: dict[str, bool] = {}
        hundredths = HUNDREDTHS.get(one["ecosystem"], set())
        for want in (*one["expected"], *one.get("optional", ())):
            value = want.get("value")
            if isinstance(value, bool):
                self._booleans[want["metric"]] = value
            elif value is not None:
                scale = 100 if want["metric"] in hundredths else 1
                self._scale[float(round(value * scale) if scale > 1 else value)] = scale

    def number(self, old: float, *, text: str = "") -> float:
        """The new value of a number; of a text's number one that is written in the same way."""
        key = float(old)
        if key not in self._scale:
            return old
        if key not in self.changed:
            whole = isinstance(old, int)
            if self._scale[key] > 1 or (text and whole):
                new: float = self._rng.randint(0 if text.endswith("u") else -LIMIT, LIMIT)
            else:
                new = self._any()
            self.changed[key] = new
        return self.changed[key]

    def _any(self) -> float:
        rng = self._rng
        kind = rng.randint(0, 6)
        if kind < 3:
            return round(rng.uniform(-500, 500), rng.randint(1, self._digits))
        anything = rng.random() * 10.0 ** rng.randint(-9, 15)
        return [rng.randint(-LIMIT, LIMIT), 0, -rng.randint(1, 99), round(anything, 3 * self._digits - 2)][kind - 3]

    def _turn(self, start: str) -> str:
        """Note that a field of line protocol is turned."""
        name = start.rstrip("=").split(",")[-1].split(" ")[-1]
        self.turned |= {metric for metric in self._booleans if re.split(r"[.]", metric)[-1] == name}
        return start

    def expectation(self, wants: Iterable[dict[str, Any]]) -> None:
        """Write the new values into what is expected."""
        for want in wants:
            value = want.get("value")
            if isinstance(value, bool):
                want["value"] = value is not (want["metric"] in self.turned)
            elif value is not None:
                for scale in (1, 100):
                    key = float(round(value * scale) if scale > 1 else value)
                    if key in self.changed and self._scale[key] == scale:
                        want["value"] = self.changed[key] / scale if scale > 1 else self.changed[key]
                        break

    def tree(self, value: Any, key: str = "") -> Any:
        """A decoded JSON value with the new numbers, its members shuffled."""
        if isinstance(value, dict):
            members = [(name, self.tree(inner, name)) for name, inner in value.items()]
            if members and key != "tags" and self._rng.random() < 0.3:
                members += self._rng.sample(NEWS, 1)
            self._rng.shuffle(members)
            return dict(members)
        if isinstance(value, list):
            return [self.tree(inner, key) for inner in value]
        metric = next((one for one in self._booleans if one.rpartition(".")[2] == key), None)
        if metric is not None and (value is self._booleans[metric] or value in ("ON", "OFF")):
            self.turned |= {one for one in self._booleans if one.rpartition(".")[2] == key}
            return TURNED[value] if isinstance(value, str) else not value
        if key in self._keeps or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self.number(value)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return _spelled(self.number(_parsed(value), text=value)) if float(value) in self._scale else value
        return value

    def text(self, text: str) -> str:
        """A text of another format with the new numbers; a bare word that is a boolean is turned."""
        if text in TURNED and len(self._booleans) == 1:
            self.turned |= set(self._booleans)
            return TURNED[text]

        if self._booleans:
            text = _FIELD.sub(lambda found: self._turn(found[1]) + TURNED[found[2]], text)

        def new(found: re.Match[str]) -> str:
            old = found[0]
            if float(old) not in self._scale:
                return old
            return _spelled(self.number(_parsed(old), text=old + found["suffix"]), whole=bool(found["suffix"]))

        return _NUMBER.sub(new, text)


def revalued(one: Case, rng: random.Random) -> Values:
    """Give a (renamed) message other values, in place."""
    values = Values(one, rng)
    if "payload" in one:
        one["payload"] = _payload(one, values, rng)
    path, mark, query = one.get("path", "").partition("?")
    if mark:
        one["path"] = f"{path}?{values.text(query)}"
    values.expectation((*one["expected"], *one.get("optional", ())))
    return values


def _payload(one: Case, values: Values, rng: random.Random) -> str:
    text = one["payload"]
    try:
        body = json.loads(text)
    except ValueError:
        return values.text(text)
    if not isinstance(body, dict | list):
        return values.text(text)
    blanks = rng.choice([None, (",", ":"), (" ,  ", " : ")])
    indent = rng.choice([None, None, 2])
    return json.dumps(values.tree(body), ensure_ascii=rng.random() < 0.5, separators=blanks, indent=indent)


def _parsed(text: str) -> float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _spelled(value: float, *, whole: bool = False) -> str:
    return str(int(value)) if whole else repr(value)
