"""Reads the settings from command line, environment and config.ini.

An unknown key, section or TELLTALE_ variable and a bad value are a SettingsError, one line that names source and
setting: a misspelt setting must never be silently ignored.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from telemetry.settings import PREFIX, SECTIONS, SETTINGS, MqttSettings, Setting, Settings, SettingsError

_PASSWORD = re.compile(r"(:)[^,\s]*@")


class _Given(NamedTuple):
    """A value and where it was found, for the error line."""

    value: str
    source: str


def load(
    options: Sequence[tuple[str, str]], environment: Mapping[str, str], config: Path, *, required: bool = False
) -> Settings:
    """The settings from ``--name=value`` options, environment, config file and defaults, in this precedence.

    ``required`` says that the user named the config file, so that it must exist. Raises SettingsError.
    """
    given = _from_file(config, required=required) | _from_environment(environment) | _from_options(options)
    folder = config.absolute().parent
    read: dict[str, dict[str, object]] = {section: {} for section in SECTIONS}
    for name, found in given.items():
        setting = SETTINGS[name]
        read[setting.section][setting.key] = _value(setting, found)
    sections = {section: _placed(holder(**read[section]), folder) for section, holder in SECTIONS.items()}
    settings = Settings(**sections, config=config.absolute())
    if (settings.server.tls_cert is None) != (settings.server.tls_key is None):
        raise SettingsError("settings server.tls_cert and server.tls_key: https needs both, or neither for http")
    _check_mqtt(settings.mqtt)
    if (settings.mqtt.tls_cert is None) != (settings.mqtt.tls_key is None):
        raise SettingsError("settings mqtt.tls_cert and mqtt.tls_key: a certificate needs its key")
    return settings


def _check_mqtt(mqtt: MqttSettings) -> None:
    """What can only be judged together, or on this machine. Raises SettingsError."""
    names = [one.name for one in mqtt.url]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"setting mqtt.url: the broker {twice} is listed twice")
    if mqtt.url and not mqtt.topics:
        raise SettingsError("setting mqtt.topics: a bridge needs a topic filter (write # for everything)")
    for key in ("tls_ca", "tls_cert", "tls_key"):
        file = getattr(mqtt, key)
        if file is not None and not file.is_file():
            raise SettingsError(f"setting mqtt.{key}: there is no file {file}")


def _value(setting: Setting, found: _Given) -> object:
    try:
        return setting.read(found.value.strip())
    except ValueError as error:
        shown = _PASSWORD.sub(r"\1***@", found.value)
        raise SettingsError(f"setting {setting.name} ({found.source}): {shown!r} {error}") from None


def _placed(section: Any, folder: Path) -> Any:
    """The section with its relative paths made absolute."""
    changed = {
        one.name: folder / getattr(section, one.name)
        for one in fields(section)
        if isinstance(getattr(section, one.name), Path)
    }
    return type(section)(**{one.name: getattr(section, one.name) for one in fields(section)} | changed)


def _from_options(options: Sequence[tuple[str, str]]) -> dict[str, _Given]:
    given = {}
    for name, value in options:
        if name not in SETTINGS:
            raise SettingsError(_unknown(f"setting {name} (command line)", name, SETTINGS))
        given[name] = _Given(value, f"command line --{name}")
    return given


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Given]:
    variables = {one.variable: one.name for one in SETTINGS.values()}
    given = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        if variable not in variables:
            raise SettingsError(_unknown(f"environment variable {variable}", variable, variables))
        given[variables[variable]] = _Given(value, f"environment {variable}")
    return given


def _from_file(config: Path, *, required: bool) -> dict[str, _Given]:
    # DEFAULT would quietly hand its keys to every section: no section may be it
    parser = configparser.ConfigParser(interpolation=None, default_section="\0")
    try:
        parser.read_string(config.read_text(encoding="utf-8-sig"), source=str(config))
    except FileNotFoundError:
        if required:
            raise SettingsError(f"config file {config}: there is no such file") from None
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise SettingsError(f"config file {config}: {' '.join(str(error).split())}") from None
    given = {}
    for section in parser.sections():
        if section not in SECTIONS:
            raise SettingsError(_unknown(f"section [{section}] in {config}", section, SECTIONS))
        for key, value in parser[section].items():
            name = f"{section}.{key}"
            if name not in SETTINGS:
                raise SettingsError(_unknown(f"setting {name} in {config}", name, SETTINGS))
            given[name] = _Given(value, str(config))
    return given


def _unknown(what: str, word: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches  # only needed to fail well

    near = get_close_matches(word, known, 1, cutoff=0.75)
    return f"{what}: unknown" + (f"; did you mean {near[0]}?" if near else "")
