"""The command line: settings, then a command. Commands run inside the server that serves the database, if one does.

``main`` returns the exit status: 0 done, 1 failed, 2 wrong usage or settings; failures are one line on standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from telemetry import passwords, settings
from telemetry.settings import Settings, SettingsError

Serve = Callable[[Settings, bool], int]
"""Serves until told to stop; the flag is for demo mode. Returns the exit status."""

ROLES = ("viewer", "operator", "admin")


_Verbs: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no public name


class UsageError(Exception):
    """The command line makes no sense; the message is the one line to print."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str], serve: Serve, config: Path) -> int:
    """Run a command line (without the program's name); ``config`` is the config file unless one is named."""
    try:
        options, words = split(argv)
        given = parser().parse_args(words)
        named = given.config is not None
        read = settings.load(options, os.environ, Path(given.config) if named else config, required=named)
        command = " ".join(filter(None, (given.command or "serve", getattr(given, "verb", None))))
        if command in ("serve", "demo"):
            return serve(read, command == "demo")
        return _administer(read, command, given)
    except (UsageError, SettingsError) as error:
        return _fail(2, error)
    except KeyboardInterrupt:
        return 130


def split(argv: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Take ``--SECTION.KEY=VALUE`` and ``--SECTION.KEY VALUE`` out of a command line; returns (settings, rest)."""
    options: list[tuple[str, str]] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            return options, [*rest, word, *words]
        if not name.startswith("--") or "." not in name:
            rest.append(word)
            continue
        if not equals:
            following = next(words, None)
            if following is None:
                raise UsageError(f"setting {name[2:]} (command line): its value is missing")
            value = following
        options.append((name[2:], value))
    return options, rest


def parser() -> _Parser:
    """The grammar of the command line, settings aside; also the source of its help."""
    top = _Parser(
        prog="server.py",
        description="Keeps the readings of sensors and shows them live.",
        epilog="Any setting of config.ini can be given as --SECTION.KEY=VALUE or as TELLTALE_SECTION_KEY.",
    )
    top.add_argument("--config", metavar="FILE", help="config file (default: config.ini beside server.py)")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("serve", help="serve (the default)")
    commands.add_parser("demo", help="serve a temporary database with simulated devices, on loopback, without login")
    verbs = _group(commands, "device", "devices and their tokens")
    add = verbs.add_parser("add", help="give a device a token, and print it")
    add.add_argument("id", metavar="ID")
    add.add_argument("--name", help="what the pages call it")
    add.add_argument(
        "--gateway",
        nargs="*",
        metavar="PATTERN",
        help="let its token speak for other devices: those that match a PATTERN (default: all)",
    )
    verbs.add_parser("list", help="list devices")
    verbs.add_parser("revoke", help="end a device's token; its data stays").add_argument("id", metavar="ID")
    verbs = _group(commands, "user", "people who log in")
    _named(verbs, "add", "create a user; asks for the password, or reads it from standard input", role=True)
    verbs.add_parser("list", help="list users")
    _named(verbs, "remove", "delete a user and log them out")
    verbs = _group(commands, "token", "API tokens for programs and kiosks")
    _named(verbs, "add", "create a token, and print it", role=True)
    verbs.add_parser("list", help="list tokens")
    _named(verbs, "revoke", "end a token")
    return top


def _group(commands: _Verbs, name: str, explanation: str) -> _Verbs:
    return commands.add_parser(name, help=explanation).add_subparsers(dest="verb", metavar="VERB", required=True)


def _named(verbs: _Verbs, verb: str, explanation: str, *, role: bool = False) -> None:
    one = verbs.add_parser(verb, help=explanation)
    one.add_argument("name", metavar="NAME")
    if role:
        one.add_argument("--role", required=True, choices=ROLES)


def _administer(read: Settings, command: str, given: argparse.Namespace) -> int:
    from telemetry import local  # brings in the store: not needed to serve

    request = {key: value for key, value in vars(given).items() if key not in ("config", "command", "verb")}
    request["command"] = command
    if command == "user add":
        request["password"] = _password()
    try:
        answer = asyncio.run(local.carry_out(read, request))
    except local.Unreachable as error:
        return _fail(1, error)
    if "error" in answer:
        return _fail(1, answer["error"])
    lines = answer["lines"]
    for line in lines if isinstance(lines, list) else []:
        print(json.dumps(line, ensure_ascii=False))
    return 0


def _password() -> str:
    """The password of a new user, from the terminal (twice) or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if wrong := passwords.problem(password):
        raise UsageError(wrong)
    if getpass.getpass("Again: ") != password:
        raise UsageError("the two passwords differ")
    return password


def _fail(status: int, message: object) -> int:
    print(f"server.py: {message}", file=sys.stderr)
    return status
