"""``broker config`` and ``broker check``: commands that need devices, handed to ``telemetry.cli`` by server.py.

``run`` returns the exit status: 0 done, 1 failed or, for ``check``, something was found that loses messages or lets
strangers in; failures are one line on standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry.cli import Outside, UsageError
from telemetry.settings import Settings

if TYPE_CHECKING:
    from devices.broker_config import User
    from telemetry.setting_values import Broker


def grammar(verbs: Any) -> None:
    """The verbs of ``broker``."""
    config = verbs.add_parser("config", help="write users, passwords and rules for Mosquitto, from the devices' tokens")
    config.add_argument("folder", metavar="FOLDER", help="where the broker looks for them")
    check = verbs.add_parser("check", help="try out a broker; exit status 1 if it loses messages or lets strangers in")
    check.add_argument("--url", metavar="URL", help="mqtt[s]://USER:PASSWORD@HOST:PORT (default: [mqtt] url)")


def run(settings: Settings, command: str, given: argparse.Namespace) -> int:
    """Carry out ``broker config`` or ``broker check``."""
    return _config(settings, Path(given.folder)) if command == "broker config" else _check(settings, given.url)


BROKER = Outside("broker", "the MQTT broker: files for Mosquitto, and a check", grammar, run)


def _config(settings: Settings, folder: Path) -> int:
    from devices import broker_config
    from telemetry.local import Unreachable
    from telemetry.mosquitto import password_hash

    try:
        users = asyncio.run(_users(settings))
        report = broker_config.write(folder, users, settings.mqtt.discovery, password_hash)
    except (Unreachable, OSError, ValueError) as error:
        return _fail(error)
    written, kept = ([str(path) for path in paths] for paths in (report.written, report.kept))
    _print({"written": written, "kept": kept, "users": report.users})
    for ids, problem in (
        (report.rotate, "its token is older than the broker's passwords: revoke it and add it again"),
        (report.reserved, "its id is no user name of the broker: give the device another"),
    ):
        for device in ids:
            _print({"device": device, "problem": problem})
    print(
        "the server's own address and password: bridge.env; to let the broker read the files again: "
        "systemctl reload mosquitto, or kill -HUP of its process",
        file=sys.stderr,
    )
    return 0


async def _users(settings: Settings) -> list[User]:
    """All devices, from the server that runs or from the database. Raises Unreachable and ValueError."""
    from devices.broker_config import User
    from telemetry import local

    users: list[User] = []
    while True:
        after = users[-1].id if users else ""
        answer: Any = await local.carry_out(settings, {"command": "broker list", "after": after})
        if "error" in answer:
            raise ValueError(answer["error"])
        if not answer["lines"]:
            return users
        users += [User(one["id"], one["gateway"], one["has_token"], one["mqtt_hash"]) for one in answer["lines"]]


def _check(settings: Settings, url: str | None) -> int:
    from devices import broker_check

    brokers = _brokers(settings, url)
    failed = False
    for broker in brokers:
        print(f"{broker.name}")
        target = broker_check.Target(
            broker.host,
            broker.port,
            broker.tls,
            broker.user,
            broker.password,
            settings.mqtt.tls_ca,
            settings.mqtt.tls_cert,
            settings.mqtt.tls_key,
            settings.server.max_message,
        )
        for finding in broker_check.check(target):
            failed = failed or finding.failed
            print(f"  {finding.level:8} {finding.text}", flush=True)
            if finding.remedy:
                print(f"  {'':8} -> {finding.remedy}", flush=True)
    return 1 if failed else 0


def _brokers(settings: Settings, url: str | None) -> tuple[Broker, ...]:
    from telemetry import setting_values

    if url is None:
        if not settings.mqtt.url:
            raise UsageError("there is no broker to check: set [mqtt] url, or give --url mqtt://HOST:1883")
        return settings.mqtt.url
    try:
        return setting_values.brokers(url)
    except ValueError as error:
        raise UsageError(f"--url {error}") from None


def _print(line: dict[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False))


def _fail(error: object) -> int:
    print(f"server.py: {error}", file=sys.stderr)
    return 1
