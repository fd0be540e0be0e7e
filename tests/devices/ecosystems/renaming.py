"""The corpus under other names and at other times: what a decoder must not have learnt by heart.

``NAMES`` lists what in the corpus is somebody's own choice or a serial number, and of what kind. Each is replaced
wherever it stands: topic, path, payload, earlier messages, credentials, expectation.
"""

from __future__ import annotations

import base64
import copy
import json
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote, quote_plus

from tests.devices.ecosystems.corpus import Case

FREE = [
    "Küche Süd",
    "日本 3",
    "a.b-c_9",
    "Shed (north)",
    "Ω",
    "x:1",
    "déjà vu",
    "4711",
    "ÄÖÜ ß",
    "UPPER",
    "%20",
    "it's",
]
"""Names as people give them, where any text is one."""
WORDS = ["hut-{n}", "pi{n}", "zone-{n}-b", "a{n}", "north-{n}", "x{n}y", "unit{n}"]

NAMES: dict[str, dict[str, list[str]]] = {
    "tasmota": {"path": ["home/cellar/pump"], "hex": ["1C7E", "DC4F22112233"],
                "deep": ["greenhouse_1", "washer", "cellar_probes", "hall_plug", "zbbridge"],
                "free": ["Kitchen", "Hall plug"]},
    "zigbee2mqtt": {"path": ["kitchen/floor light"], "deep": ["workshop_climate", "office_button", "old_name"],
                    "hex": ["0x00158d0001a2b3c4"]},
    "esphome": {"deep": ["boiler-room"], "path": ["site/north/tank"],
                "slug": ["flow_temperature", "burner_on", "status_led", "level", "outside_temperature", "pump"]},
    "shelly-gen1": {"free": ["shelly1pm-8CAAB5012345", "shellyht-F3A1B2"], "hex": ["ECFABCF3A1B2"]},
    "shelly-gen2": {"deep": ["shellyplus1pm-a8032ab12345", "shellyplusht-b8d61a0c4410", "shellyplusi4-a8032a770155"],
                    "path": ["house/meter"]},
    "ttn-v3": {"slug": ["farm", "soil-4", "raw-7", "tracker-1", "valve-2", "air-9"],
               "hex": ["70B3D57ED0051234", "260B1234", "70B3D57ED0059999"]},
    "chirpstack-v4": {"hex": ["e5b1c7a0-93f4-47a6-8a53-6d0a2f4b8c02", "0004a30b001c0530", "0a0b0c0d0e0f1011",
                              "7d1f0a52-6b1e-4c0e-8c35-0f5e5b7a9a10"], "free": ["Room 12", "Works", "Sensors"]},
    "rtl_433": {"slug": ["pi-radio"], "plain": ["Acurite-Tower", "Fineoffset-WS90", "Acurite-606TX", "Generic-Remote"],
                "digits": ["11524", "52127", "-35", "52183"], "hex": ["fb26ac5a"]},
    "openmqttgateway": {"slug": ["home"], "free": ["OpenMQTTGateway", "ATC_112233"], "plain": ["Acurite-Tower"],
                        "mac": ["A4C138112233", "58D3A1F20C44", "3B91C0574D0A"], "digits": ["11524"]},
    "ha-discovery": {"slug": ["bath_t", "bath_h", "bath1", "pump7", "gate1", "door1", "kn", "x1", "p7f"],
                     "hex": ["a1f0c2d3e4b5"], "path": ["home/bath", "gate/1"],
                     "free": ["Bath", "Gate 1", "Kitchen node"]},
    "homie": {"slug": ["still-1", "boiler", "pump-house", "pump"]},
    "sparkplug-b": {"free": ["Plant1", "press-4", "press-9", "flow-meter", "scada1"]},
    "senml": {"hex": ["28aa64c15216", "28bb0177e21601"], "slug": ["press4", "pump2", "meter1", "vessel", "lab"]},
    "influx-lp": {"free": ["roof", "pi4", "boiler", "shed, north", "t1", "t2", "t3", "r1", "d7"], "slug": ["mq1"]},
    "thingsboard": {"slug": ["TOKEN_BOILER-1", "TOKEN_GW-1"], "free": ["boiler-1", "gw-1", "Lathe", "Saw 2"]},
    "adafruit-io": {"slug": ["maker9", "garden"]},
    "prometheus": {"slug": ["solar", "pi-roof", "backup", "oven", "lat", "pi"], "free": ["oven/north"]},
    "opensense": {"hex": ["5f0c11ab2d9e4a001b7c1e01", "5f0c11ab2d9e4a001b7c1e02", "5f0c11ab2d9e4a001b7c1e03"],
                  "digits": ["10183344"]},
    "cayenne-lpp": {"slug": ["n1", "n2", "n3", "n4", "n5", "lpp"]},
    "ruuvi": {"mac": ["C4107A3B5502", "F09A127B4401", "E877210C9D13", "AABBCCDDEE01"]},
    "victron": {"hex": ["c0619ab12345"], "digits": ["23", "279", "261"]},
    "deconz": {"mac": ["00158d0002aabbcc", "90fd9ffffe0a1b2c", "0017880108010203"], "slug": ["gateway"]},
    "awair": {"slug": ["awair-elem-1a2b3c", "awair-omni-0042"]},
    "airgradient": {"hex": ["ecda3b1e0b21", "84fce612eff4"], "digits": ["123456789012"]},
    "ecowitt": {"hex": ["0F3A5C7E91B2D4F60718293A4B5C6D7E", "11223344556677889900AABBCCDDEEFF"],
                "slug": ["KXXSTATION7", "secret"]},
    "owntracks": {"free": ["anna", "phone"]},
    "generic": {"free": ["greenhouse-1"], "hex": ["b8:27:eb:01:02:03"]},
}  # fmt: skip
ONLY_IN_PATHS = {"prometheus"}
"""Ecosystems whose payloads hold none of these names, but words that look like them."""
_SECONDS = re.compile(r"(?<![\w.])(174[01]\d{6})(\d{3}|\d{6}|\d{9})?(?![\dA-Za-z_])")
_ISO = re.compile(r"(2025-03-05)([T +]|%20)(\d\d)(:|%3A)(\d\d)")


class Names:
    """New names for those of one message. ``changed`` says what became what."""

    def __init__(self, one: Case, rng: random.Random) -> None:
        whole = json.dumps(one, ensure_ascii=False)
        self.changed: dict[str, str] = {}
        for kind, words in NAMES[one["ecosystem"]].items():
            for word in words:
                for old, new in _pairs(kind, word, rng):
                    if old in whole or old.replace(", ", "\\\\,\\\\ ") in whole:
                        self.changed[old] = new
        self._ecosystem = one["ecosystem"]

    def apply(self, text: str, write: Callable[[str], str] = str) -> str:
        """A text with the new names, each as ``write`` puts it there."""
        spelled = {write(old): write(new) for old, new in self.changed.items()}
        return _replaced(text, spelled | {old: write(new) for old, new in self.changed.items()})

    def payload(self, text: str, one: Case) -> str:
        """A payload with the new names, written as its format does."""
        if self._ecosystem in ONLY_IN_PATHS:
            return text
        if self._ecosystem == "influx-lp":
            return self.apply(text, lambda name: re.sub(r"([,= ])", r"\\\1", name))
        if "form" in one.get("content_type", ""):
            return self.apply(text, quote_plus)
        return self.apply(text, lambda name: json.dumps(name, ensure_ascii=False)[1:-1])

    def path(self, text: str) -> str:
        """A path or URL with the new names."""
        coded = {_base64(old): _base64(new) for old, new in self.changed.items()}
        return _replaced(self.apply(text, lambda name: quote(name, safe="")), coded)


def renamed(one: Case, rng: random.Random) -> tuple[Case, Names]:
    """A copy under other names and, but for bytes, at another time."""
    names, shift = Names(one, rng), timedelta(minutes=rng.randint(-8_000_000, 400_000))
    new = copy.deepcopy(one)
    for message in (new, *new.get("before", ())):
        if "topic" in message:
            message["topic"] = names.apply(message["topic"])
        for key in ("path", "url"):
            if key in message:
                message[key] = later(names.path(message[key]), shift)
        if "payload" in message:
            message["payload"] = later(names.payload(message["payload"], one), shift)
    if "auth" in new:
        new["auth"] = {key: names.apply(text) for key, text in new["auth"].items()}
    for want in (*new["expected"], *new.get("optional", ())):
        want["device"] = names.apply(want["device"])
        if "metric" in want and one["ecosystem"] not in ONLY_IN_PATHS:
            want["metric"] = names.apply(want["metric"])
        if want.get("ts") is not None and "payload_b64" not in one:
            want["ts"] += shift // timedelta(milliseconds=1)
        if isinstance(want.get("value"), int) and 1_741_000_000 < want["value"] < 1_742_000_000:
            want["value"] += int(shift.total_seconds())  # a time that is taken as a value
    return new, names


def later(text: str, shift: timedelta) -> str:
    """The text with all its times of the corpus' day moved."""

    def epoch(found: re.Match[str]) -> str:
        return f"{int(found[1]) + int(shift.total_seconds())}{found[2] or ''}"

    def iso(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(f"{found[1]}T{found[3]}:{found[5]}") + shift
        return f"{at:%Y-%m-%d}{found[2]}{at:%H}{found[4]}{at:%M}"

    return _SECONDS.sub(epoch, _ISO.sub(iso, text))


def _replaced(text: str, words: dict[str, str]) -> str:
    if not words:
        return text
    longest = sorted(words, key=len, reverse=True)
    pattern = "|".join(re.escape(word) for word in longest)
    return re.sub(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", lambda found: words[found[0]], text)


def _pairs(kind: str, word: str, rng: random.Random) -> list[tuple[str, str]]:
    """(old, new) of a name, in each way that it may be written."""
    number = rng.randint(1, 999_999)
    match kind:
        case "free":
            return [(word, f"{rng.choice(FREE)} {number}")]
        case "deep" if rng.random() < 0.5:
            return [(word, f"{rng.choice(FREE)} {number}")]
        case "path" | "deep":
            return [(word, f"{rng.choice(FREE)}/{number}/{rng.choice(FREE)}")]
        case "slug":
            return [(word, rng.choice(WORDS).format(n=number))]
        case "plain":
            return [(word, f"{rng.choice(['LaCrosse', 'Oregon', 'Prologue', 'S3318P'])}-{number}")]
        case "digits":
            return [(word, ("-" if word[0] == "-" else "") + str(rng.randint(10 ** (len(word) - 1), 10 ** len(word))))]
        case "hex":
            return [(word, _digits(word, rng))]
        case _:
            new = _digits(word.upper(), rng)
            return [
                (write(word), write(new)) for write in (str.upper, str.lower, _colons, lambda t: _colons(t.lower()))
            ]


def _digits(text: str, rng: random.Random) -> str:
    """Other hexadecimal digits in the same case; what is none stays."""
    upper = text.upper() == text
    digits = [rng.choice("0123456789abcdef") if c in "0123456789abcdefABCDEF" else c for c in text.removeprefix("0x")]
    digits[0] = rng.choice("abcdef")  # never a number
    new = "".join(digits)
    return ("0x" if text.startswith("0x") else "") + (new.upper() if upper else new)


def _colons(text: str) -> str:
    upper = text if text.lower() == text else text.upper()
    return ":".join(upper[at : at + 2] for at in range(0, len(upper), 2))


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
