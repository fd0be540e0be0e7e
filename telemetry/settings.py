"""Settings: one table with defaults, ranges and help. ``telemetry.setting_loading`` reads them.

The dataclasses below are the table: a field is a key, its metadata says how it is read and what it means.
``SETTINGS`` lists them for docs and checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from telemetry import setting_values as values

PREFIX = "TELLTALE_"
Ages = tuple[tuple[str, int | None], ...]
"""(pattern, age in ms), the first that matches counts; None is for ever."""


class SettingsError(Exception):
    """The settings cannot be used; the message is the one line to print."""


def _key(default: str, read: Callable[[str], object], explanation: str, unit: str = "") -> Any:
    """A key: its default as config.ini shows it, its parser, what it means, and the unit of its value."""
    metadata = {"text": default, "read": read, "help": explanation, "unit": unit}
    return field(default=read(default), metadata=metadata)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where and for whom the server listens."""

    address: str = _key(
        "", values.text, "Address to listen on; empty: all interfaces. Login and tokens are always required."
    )
    port: int = _key(
        "8080", values.whole(0, 65535), "Port to listen on; 0 picks a free one, and the URL line tells which."
    )
    tls_cert: Path | None = _key(
        "", values.optional_path, "PEM file with the certificate chain, for https. Relative to config.ini."
    )
    tls_key: Path | None = _key(
        "", values.optional_path, "PEM file with the private key of tls_cert. Relative to config.ini."
    )
    mdns: bool = _key(
        "true",
        values.switch,
        "Announce the server on the local network, so that it is found as http://NAME.local and in lists of services"
        " (_telltale._tcp, _http._tcp). A server for this machine only is not announced.",
    )
    mdns_name: str = _key("", values.host_label, "NAME in http://NAME.local; empty: the machine's own name.")
    allowed_hosts: tuple[str, ...] = _key(
        "",
        values.hosts,
        "Further names, comma separated, by which the server may be reached. IP addresses, localhost, names that end"
        " in .local and the machine's own name always work.",
    )
    allowed_origins: tuple[str, ...] = _key(
        "",
        values.origins,
        "Origins, comma separated, other than the server's own, whose pages may use it: https://home.example. A proxy"
        " that adds https and is not among the trusted_proxies needs its own origin here.",
    )
    trusted_proxies: tuple[values.Network, ...] = _key(
        "",
        values.networks,
        "Addresses or networks, comma separated, of proxies in front of this server: 127.0.0.1, 10.0.0.0/29. Only from"
        " them X-Forwarded-For, -Proto and -Host are believed; empty: from none.",
    )
    hsts: str = _key(
        "auto",
        values.choice("auto", "on", "off"),
        "Whether browsers are told over https to come by https only (for a year, and for every port of the name). auto:"
        " only under names of the public DNS; a name of the local network may have other servers, without TLS.",
    )
    max_connections: int = _key(
        "16384",
        values.whole(16, 1_000_000),
        "Open connections in all; one more is answered 503. Fewer where the system allows fewer open files.",
        "connections",
    )
    max_connections_per_address: int = _key(
        "10000",
        values.whole(1, 1_000_000),
        "Open connections from one address, or from one IPv6 network of 64 bits; one more is answered 429. Trusted"
        " proxies may have as many as there are.",
        "connections",
    )
    session_idle: float = _key(
        "7d",
        values.duration(1, 366 * 86_400),
        "A login ends when it was not used for so long; a page that is open uses it. In s, min, h or d.",
        "seconds",
    )
    session_lifetime: float = _key(
        "30d",
        values.duration(1, 366 * 86_400),
        "A login ends after so long at the latest. In s, min, h or d.",
        "seconds",
    )
    sso_header: str = _key(
        "",
        values.header_name,
        "Header, such as Remote-User, in which a proxy that logs people in says who asks. It is believed from the"
        " addresses in trusted_proxies only, and lets in people who were added under that name. Empty: off.",
    )
    max_message: int = _key(
        "256 KiB",
        values.size(1 << 10, 16 << 20),
        "Largest WebSocket message; a larger one closes its socket with 1009.",
        "bytes",
    )
    max_body: int = _key(
        "4 MiB",
        values.size(1 << 10, 1 << 30),
        "Largest HTTP body, after decompression; a larger one is answered 413.",
        "bytes",
    )


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where readings are kept, and how often they are committed."""

    path: Path = _key("telltale.db", values.path, "The database file. Relative to config.ini.")
    commit_interval: float = _key(
        "1.0",
        values.number(0, 60),
        "The longest a reading waits for its durable commit; a waiting HTTP request starts one at once. 0 commits as"
        " fast as the disk allows.",
        "seconds",
    )
    max_pending: int = _key(
        "200000",
        values.whole(10_000, 10_000_000),
        "Readings that may wait for a commit. Beyond that devices are told try_later, and keep their data.",
        "readings",
    )
    quota: int | None = _key(
        "",
        values.optional_size(16 << 20, 1 << 50),
        "All files of the database together never take more. The oldest readings go first, then the finest roll-ups."
        " Backups do not count. Empty: no limit; at least 16 MiB.",
        "bytes",
    )
    audit_keep: float = _key(
        "1826d",
        values.duration(86_400, 36_525 * 86_400),
        "How long entries of the audit log are kept, such as 90d; whatever it says, the log takes 64 MiB at most.",
        "seconds",
    )


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """The copies that the server makes by itself."""

    at: tuple[int, int] | None = _key(
        "",
        values.time_of_day,
        "Time of day (local, 03:30) at which a backup is made every night; empty: never. One that was missed is made"
        " after the next start.",
    )
    folder: Path = _key(
        "backups", values.path, "Where nightly backups go, best on another disk. Relative to config.ini."
    )
    keep: int = _key("7", values.whole(1, 10_000), "Nightly backups that are kept; older ones are deleted.", "files")


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long readings and their roll-ups are kept: ages, or `PATTERN AGE`, comma separated; the first match counts.

    Empty, or no match: for ever. In a pattern `*` stands for any characters; ages are in s, min, h, d, w, y, or
    forever.
    """

    raw: Ages = _key("", values.ages, "How long the readings themselves are kept: 90d, or boiler/* 2y, 30d.")
    rollup_1m: Ages = _key("", values.ages, "How long the roll-up of a minute is kept.")
    rollup_15m: Ages = _key("", values.ages, "How long the roll-up of 15 minutes is kept.")
    rollup_1h: Ages = _key("", values.ages, "How long the roll-up of an hour is kept.")
    rollup_1d: Ages = _key("", values.ages, "How long the roll-up of a day is kept.")


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Which devices may send, and within which bounds."""

    admission: str = _key(
        "approve",
        values.choice("token", "open", "approve"),
        "What happens to a device without a token. token: it is refused; open: it is taken under the id that it"
        " gives; approve: it waits until an operator accepts it.",
    )
    rotation_grace: float = _key(
        "1d",
        values.duration(0, 90 * 86_400),
        "How long a device's old token works beside the new one after its token was replaced. In s, min, h or d.",
        "seconds",
    )
    future_tolerance: float = _key(
        "300", values.number(0, 31_536_000), "How far a reading's time may be ahead of the server's clock.", "seconds"
    )
    max_series: int = _key(
        "20000", values.whole(1, 10_000_000), "Series in all; a reading that needs one more is refused.", "series"
    )
    max_pending_devices: int = _key(
        "32", values.whole(0, 10_000), "Unknown devices that may wait for approval at the same time.", "devices"
    )
    max_rate: float = _key(
        "100000",
        values.number(1, 1_000_000),
        "Messages that one device socket may send in the long run, and five times as many at once. Beyond that they are"
        " answered rate_limited, and read more slowly.",
        "messages/s",
    )
    codecs: tuple[tuple[str, str], ...] = _key(
        "",
        values.codecs,
        "Payload codecs of LoRaWAN devices whose network decodes nothing: PATTERN CODEC, comma separated, as in"
        " field-* cayennelpp.",
    )
    offline_after: float = _key(
        "60", values.number(1, 31_536_000), "Silence after which a device without a socket is offline.", "seconds"
    )


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The bridge to MQTT brokers; without a broker it is off."""

    url: tuple[values.Broker, ...] = _key(
        "",
        values.brokers,
        "The broker: mqtt://HOST:1883, or mqtts://USER:PASSWORD@HOST:8883 with TLS; several with commas. Empty: off.",
    )
    topics: tuple[str, ...] = _key(
        "#",
        values.topics,
        "Topic filters to subscribe to, comma separated. What no decoder knows is counted and left.",
    )
    map: tuple[str, ...] = _key(
        "",
        values.lines,
        "Topics that no decoder knows, or that shall be read otherwise; one a line, further lines indented: TOPIC |"
        " KEY=VALUE | … In TOPIC, + is any level and # the rest; {device} and {metric} are taken from there. Keys:"
        " device, metric (texts; {PATH} in one is a value of the message), unit, value=PATH, time=PATH ms (or s, us,"
        " ns, iso). A PATH is the keys of the JSON, joined by dots. As in plant/{device}/+/{metric} | value=data.v |"
        " time=data.ts ms | unit=°C.",
    )
    admission: str = _key(
        "open",
        values.choice("token", "open", "approve"),
        "What happens to a device that is not known yet. open: it is taken, because the broker has checked it;"
        " approve: it waits until an operator accepts it; token: it is refused.",
    )
    version: str = _key(
        "auto", values.choice("auto", "5", "3.1.1"), "Protocol version; auto: 5, or 3.1.1 where the broker has no 5."
    )
    client_id: str = _key(
        "",
        values.text,
        "The name of the session that the broker keeps for this server; two servers must not share one. Empty: made"
        " from the machine's name and the path of the database.",
    )
    tls_ca: Path | None = _key(
        "",
        values.optional_path,
        "PEM file with the authority that signed the broker's certificate. Empty: those of the system.",
    )
    tls_cert: Path | None = _key("", values.optional_path, "PEM file with the certificate to log in to the broker.")
    tls_key: Path | None = _key("", values.optional_path, "PEM file with the private key of tls_cert.")
    publish: tuple[str, ...] = _key(
        "",
        values.patterns,
        "Series, as comma-separated patterns, of which every reading is published to the broker under"
        " telltale-live/DEVICE/METRIC: * for all, boiler/*. Empty: none.",
    )
    discovery: str = _key(
        "homeassistant",
        values.topic_prefix,
        "Prefix under which published series are announced, so that Home Assistant shows them by itself. Empty: not.",
    )
    embedded: bool = _key(
        "false",
        values.switch,
        "Run a small broker inside this server, for networks that have none; needs the package amqtt"
        " (pip install 'amqtt>=0.12.1'). Devices log in with their tokens.",
    )
    embedded_address: str = _key(
        "127.0.0.1",
        values.text,
        "Address that the embedded broker listens on; 0.0.0.0 or :: for all. Tokens travel in plain text beyond this"
        " machine.",
    )
    embedded_port: int = _key(
        "1883", values.whole(0, 65535), "Port of the embedded broker; 0 picks a free one, and the log tells which."
    )


@dataclass(frozen=True, slots=True)
class PollSettings:
    """Devices that do not send by themselves: they are asked, or listened to."""

    targets: tuple[str, ...] = _key(
        "",
        values.targets,
        "Devices, comma separated: awair://HOST and airgradient://HOST are asked over HTTP, deconz://HOST:PORT is a"
        " gateway's WebSocket. Empty: none.",
    )
    interval: float = _key("30", values.number(5, 86_400), "Time between two questions to the same device.", "seconds")


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How readings are delivered to browsers."""

    tick: float = _key(
        "0.1", values.number(0, 60), "Time between two pushes to one browser; 0 pushes at once.", "seconds"
    )
    resume: float = _key(
        "900",
        values.number(0, 31_536_000),
        "How long ago a browser may have been cut off and still be sent all it missed, unless that is more than"
        " 100,000 readings; otherwise it loads history again.",
        "seconds",
    )
    ping_timeout: float = _key(
        "30", values.number(1, 3600), "A socket whose peer answers no ping for that long is closed.", "seconds"
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written to standard error."""

    level: str = _key(
        "info", values.choice("debug", "info", "warning", "error"), "The least severe messages that are logged."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, read and checked; ``config`` is the file whose folder relative paths start from."""

    server: ServerSettings = field(default_factory=ServerSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    devices: DeviceSettings = field(default_factory=DeviceSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    poll: PollSettings = field(default_factory=PollSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    log: LogSettings = field(default_factory=LogSettings)
    config: Path = Path("config.ini")


SECTIONS: Mapping[str, type[Any]] = {
    "server": ServerSettings,
    "storage": StorageSettings,
    "retention": RetentionSettings,
    "backup": BackupSettings,
    "devices": DeviceSettings,
    "mqtt": MqttSettings,
    "poll": PollSettings,
    "live": LiveSettings,
    "log": LogSettings,
}


class Setting(NamedTuple):
    """One row of the table."""

    section: str
    key: str
    default: str
    help: str
    unit: str
    read: Callable[[str], object]

    @property
    def name(self) -> str:
        """``section.key``, as the command line has it."""
        return f"{self.section}.{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{PREFIX}{self.section}_{self.key}".upper()


def _table() -> Iterator[Setting]:
    for section, holder in SECTIONS.items():
        for one in fields(holder):
            about = one.metadata
            yield Setting(section, one.name, about["text"], about["help"], about["unit"], about["read"])


SETTINGS: Mapping[str, Setting] = {one.name: one for one in _table()}
"""Every setting by its name ``section.key``, in the order of config.ini."""


def for_demo(settings: Settings, folder: Path) -> Settings:
    """The settings of demo mode: a temporary database, devices without tokens, loopback only, no TLS."""
    return replace(
        settings,
        server=replace(settings.server, address="127.0.0.1", tls_cert=None, tls_key=None),
        storage=replace(settings.storage, path=folder / "demo.db"),
        devices=replace(settings.devices, admission="open"),
    )


def on_port(settings: Settings, port: int) -> Settings:
    """The settings of a server that goes on where it listened before."""
    return replace(settings, server=replace(settings.server, port=port))
