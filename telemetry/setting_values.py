"""Parsers of single settings: text in, typed and checked value out; ValueError says what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit

_SIZE = re.compile(r"([0-9]{1,15})\s*(|B|KiB|MiB|GiB)", re.ASCII)
_SCALE = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_AGE = re.compile(r"([0-9]{1,9})\s*(s|m|min|h|d|w|y)", re.ASCII)
_AGE_SCALE = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}
_LONGEST = 1_000 * 31_557_600
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}

Network: TypeAlias = IPv4Network | IPv6Network


def text(value: str) -> str:
    """Any text."""
    return value


def choice(*words: str) -> Callable[[str], str]:
    """One of the words."""

    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"is not one of {', '.join(words)}")
        return value

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from ``low`` to ``high``."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII) or not low <= int(value) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(value)

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """A finite number from ``low`` to ``high``."""

    def parse(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not low <= found <= high:
            raise ValueError(f"is not a number from {low:g} to {high:g}")
        return found

    return parse


def size(low: int, high: int) -> Callable[[str], int]:
    """Bytes, as ``262144`` or ``256 KiB``."""

    def parse(value: str) -> int:
        found = _SIZE.fullmatch(value)
        count = int(found[1]) * _SCALE[found[2]] if found else -1
        if not low <= count <= high:
            raise ValueError(f"is not a size from {low} to {high} bytes (write 262144 or 256 KiB)")
        return count

    return parse


def optional_size(low: int, high: int) -> Callable[[str], int | None]:
    """Bytes as ``size`` has them, or nothing."""
    parse = size(low, high)
    return lambda value: parse(value) if value else None


def ages(value: str) -> tuple[tuple[str, int | None], ...]:
    """(pattern, age in ms) for each part of ``boiler/* 30d, 2y``; None is for ever. Without a pattern: for all."""
    return tuple(_aged(part.strip()) for part in value.split(",")) if value else ()


def _aged(part: str) -> tuple[str, int | None]:
    *before, word = part.split() or [""]
    if word == "forever":
        return " ".join(before) or "*", None
    if before and before[-1].isdecimal() and word.isalpha():  # 90 d
        word = before.pop() + word
    found = _AGE.fullmatch(word)
    seconds = int(found[1]) * _AGE_SCALE[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"has {part!r}, which does not end in an age (write 30d, 12h, 2y, PATTERN 90d, or forever)")
    return " ".join(before) or "*", seconds * 1_000


def duration(low: float, high: float) -> Callable[[str], float]:
    """Seconds, from a text such as ``30d``, ``12 h`` or ``90 s``; a bare number is seconds."""

    def read(value: str) -> float:
        found = _AGE.fullmatch(f"{value} s" if value.isdecimal() else value)
        seconds = float(int(found[1]) * _AGE_SCALE[found[2]]) if found else -1.0
        if not low <= seconds <= high:
            raise ValueError(f"is not a duration of {low:g} s to {high / 86_400:g} d (write 30d, 12h or 90s)")
        return seconds

    return read


def path(value: str) -> Path:
    """The path of a file."""
    if not value or "\0" in value:
        raise ValueError("is not the path of a file")
    return Path(value)


def optional_path(value: str) -> Path | None:
    """The path of a file, or nothing."""
    return path(value) if value else None


def time_of_day(value: str) -> tuple[int, int] | None:
    """A time of day as (hour, minute), or nothing."""
    if not value:
        return None
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", value, re.ASCII)
    if found is None:
        raise ValueError("is not a time of day (write 03:30)")
    return int(found[1]), int(found[2])


def _words(value: str) -> list[str]:
    return value.replace(",", " ").split()


def hosts(value: str) -> tuple[str, ...]:
    """Host names without port, in lower case."""
    names = tuple(word.lower().rstrip(".") for word in _words(value))
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(f"is not a list of host names: {name!r} (write a name without scheme and port)")
    return names


def origin(value: str) -> str | None:
    """An http(s) origin in one spelling (lower case, with its port), or None for anything else.

    ``file://`` stands for itself: no browser sends it, but WebSocket libraries of microcontrollers do.
    """
    if value.lower() == "file://":
        return "file://"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    known = parts.scheme in _DEFAULT_PORTS and parts.hostname
    if not known or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{name}:{_DEFAULT_PORTS[parts.scheme] if port is None else port}"


def origins(value: str) -> tuple[str, ...]:
    """Origins, each in the spelling of ``origin``."""
    found = []
    for word in _words(value):
        one = origin(word)
        if one is None:
            raise ValueError(f"is not a list of origins: {word!r} (write https://home.example or http://10.0.0.5:8080)")
        found.append(one)
    return tuple(found)


def networks(value: str) -> tuple[Network, ...]:
    """IP addresses and networks; an address is the network that holds nothing else."""
    found = []
    for word in _words(value):
        try:
            found.append(ip_network(word))
        except ValueError:
            raise ValueError(
                f"is not a list of addresses: {word!r} (write 127.0.0.1, 10.0.0.0/24 or fd00::/64, no names)"
            ) from None
    return tuple(found)


def switch(value: str) -> bool:
    """True or false, as a word."""
    if value.lower() not in ("true", "false"):
        raise ValueError("is not true or false")
    return value.lower() == "true"


def header_name(value: str) -> str:
    """The name of an HTTP header (RFC 9110, section 5.1), or nothing; never one that carries something else."""
    if value and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", value, re.ASCII):
        raise ValueError("is not the name of a header (write Remote-User)")
    if value.lower() in ("authorization", "cookie", "host", "origin"):
        raise ValueError("is a header that carries something else (write Remote-User)")
    return value


def host_label(value: str) -> str:
    """A host name of one label, or nothing. Raises ValueError."""
    if value and not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,60}(?<!-)", value):
        raise ValueError("is not a host name of one word: letters, digits and hyphens, at most 60")
    return value


def patterns(value: str) -> tuple[str, ...]:
    """Patterns of series, comma separated; they may hold blanks."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


class Broker(NamedTuple):
    """An MQTT broker. ``name`` is how pages and logs call it: without the password."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None

    @property
    def name(self) -> str:
        """``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def brokers(value: str) -> tuple[Broker, ...]:
    """``mqtt[s]://[user[:password]@]host[:port]``, several with commas; a comma inside one is written %2C."""
    return tuple(_broker(word) for word in _words(value))


def _broker(word: str) -> Broker:
    try:
        parts = urlsplit(word)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    known = parts.scheme in ("mqtt", "mqtts") and parts.hostname and port != 0
    if not known or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("is not the address of a broker (write mqtt://HOST:1883 or mqtts://USER:PASSWORD@HOST:8883)")
    tls = parts.scheme == "mqtts"
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Broker(str(parts.hostname), port or (8883 if tls else 1883), tls, user, password)


def topics(value: str) -> tuple[str, ...]:
    """MQTT topic filters, comma separated; they may hold blanks."""
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    for one in found:
        levels = one.split("/")
        if len(one.encode()) > 65_535 or "#" in one[:-1] or (one.endswith("#") and levels[-1] != "#"):
            raise ValueError(f"is not a list of topic filters: {one!r} (write # or tele/#, zigbee2mqtt/#)")
        if any("+" in level and level != "+" for level in levels):
            raise ValueError(f"is not a list of topic filters: {one!r} (+ stands for a whole level)")
    return found


def lines(value: str) -> tuple[str, ...]:
    """The lines of a value, without the empty ones."""
    return tuple(line.strip() for line in value.splitlines() if line.strip())


def codecs(value: str) -> tuple[tuple[str, str], ...]:
    """(pattern of device ids, payload codec) for each part of ``field-* cayennelpp``."""
    found = []
    for part in value.split(","):
        if not part.strip():
            continue
        pattern, _, codec = part.strip().rpartition(" ")
        if not pattern or codec != "cayennelpp":
            raise ValueError(f"has {part.strip()!r}, which is not PATTERN CODEC (the codec is cayennelpp)")
        found.append((pattern.strip(), codec))
    return tuple(found)


def targets(value: str) -> tuple[str, ...]:
    """``awair://HOST``, ``airgradient://HOST`` or ``deconz://HOST:PORT`` for each word, as they stand."""
    found = _words(value)
    for word in found:
        try:
            parts = urlsplit(word)
            known = parts.scheme in ("awair", "airgradient", "deconz") and parts.hostname and parts.port != 0
        except ValueError:
            known = False
        if not known or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(
                f"is not a list of devices: {word!r} (write awair://HOST, airgradient://HOST or deconz://HOST:PORT)"
            )
    return tuple(dict.fromkeys(found))


def topic_prefix(value: str) -> str:
    """The beginning of topics that are published, or nothing."""
    if any(c in value for c in "+#\0") or value.startswith("/") or value.endswith("/"):
        raise ValueError("is not the beginning of a topic (write homeassistant, without wildcards)")
    if value.partition("/")[0] in ("telltale", "telltale-live"):
        raise ValueError("is a root of the server's own topics")
    return value
