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
from typing import Any, NamedTuple, NoReturn, TypeAlias

from telemetry import passwords, setting_loading
from telemetry.memory import share_arenas
from telemetry.setting_values import duration
from telemetry.settings import Settings, SettingsError

Serve = Callable[[Settings, bool], int]
"""Serves until told to stop; the flag is for demo mode. Returns the exit status."""

ROLES = ("viewer", "operator", "admin")
FORMATS = ("csv", "ndjson")
LONGEST_GRACE = 90 * 86_400
"""Seconds for which an old token of a device may go on working."""


_Verbs: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no public name


class Outside(NamedTuple):
    """A group of commands of another package, handed in: ``grammar`` adds its verbs, ``run`` gets "NAME VERB"."""

    name: str
    help: str
    grammar: Callable[[Any], None]
    run: Callable[[Settings, str, argparse.Namespace], int]


class UsageError(Exception):
    """The command line makes no sense; the message is the one line to print."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str], serve: Serve, config: Path, outside: Sequence[Outside] = ()) -> int:
    """Run a command line (without the program's name); ``config`` is the config file unless one is named."""
    share_arenas()
    try:
        options, words = split(argv)
        given = parser(outside).parse_args(words)
        named = given.config is not None
        read = setting_loading.load(options, os.environ, Path(given.config) if named else config, required=named)
        command = " ".join(filter(None, (given.command or "serve", getattr(given, "verb", None))))
        if command in ("serve", "demo"):
            return serve(read, command == "demo")
        if command in ("export", "import", "audit"):
            return _transfer(read, command, given)
        if command in ("backup", "restore", "check"):
            return _upkeep(read, command, given)
        if command == "cert":
            return _certify(read, given)
        for group in outside:
            if given.command == group.name:
                return group.run(read, command, given)
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


def parser(outside: Sequence[Outside] = ()) -> _Parser:
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
    rotate = verbs.add_parser("rotate", help="give a device another token, and print it; the old one works for a while")
    rotate.add_argument("id", metavar="ID")
    rotate.add_argument(
        "--grace", metavar="TIME", help="how long: 30 min, 12h, 7d; 0: not at all (default: [devices] rotation_grace)"
    )
    verbs = _group(commands, "user", "people who log in")
    _named(verbs, "add", "create a user; asks for the password, or reads it from standard input", role=True)
    verbs.add_parser("list", help="list users")
    _named(verbs, "remove", "delete a user and log them out")
    _named(verbs, "password", "set a user's password, and log them out; asks for it, or reads it from standard input")
    verb = verbs.add_parser("role", help="give a user another role, and log them out")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("role", metavar="ROLE", choices=ROLES)
    _named(verbs, "codes-off", "let a user in without one-time codes, when the phone is lost")
    verbs = _group(commands, "token", "API tokens for programs and kiosks")
    _limited(_named(verbs, "add", "create a token, and print it"))
    verbs.add_parser("list", help="list tokens")
    _named(verbs, "revoke", "end a token")
    _transfers(commands)
    _keeping(commands)
    for group in outside:
        group.grammar(_group(commands, group.name, group.help))
    return top


def _transfers(commands: _Verbs) -> None:
    out = commands.add_parser("export", help="write readings as CSV or NDJSON")
    out.add_argument(
        "--series", metavar="PATTERN", action="append", help="only series that match; may be repeated (default: all)"
    )
    out.add_argument("--from", metavar="T", help="from this time on: ms since 1970, ISO 8601, or such as -7d")
    out.add_argument("--to", metavar="T", help="up to this time, exclusive")
    out.add_argument("--format", choices=FORMATS, help="default: by the name of FILE, else csv")
    out.add_argument("file", metavar="FILE", nargs="?", help="default: standard output; .gz is compressed")
    log = commands.add_parser("audit", help="write who changed what, as CSV or NDJSON, the newest first")
    for key, what in (("who", "by whom"), ("action", "which, such as 'user *'"), ("subject", "of what")):
        log.add_argument(f"--{key}", metavar="PATTERN", help=f"only changes {what}")
    log.add_argument("--from", metavar="T", help="from this time on: ms since 1970, ISO 8601, or such as -7d")
    log.add_argument("--to", metavar="T", help="up to this time, exclusive")
    log.add_argument("--format", choices=FORMATS, help="default: by the name of FILE, else csv")
    log.add_argument("file", metavar="FILE", nargs="?", help="default: standard output")
    take = commands.add_parser(
        "import", help="take in readings: CSV, NDJSON, recordings, or a recorder database of Home Assistant"
    )
    take.add_argument("file", metavar="FILE", nargs="?", help="default: standard input; may be compressed with gzip")


def _keeping(commands: _Verbs) -> None:
    copy = commands.add_parser("backup", help="copy the database to a file, also while it is served")
    copy.add_argument("file", metavar="FILE", help="must not exist yet")
    put = commands.add_parser("restore", help="put a backup into the place of the database; the server is stopped")
    put.add_argument("file", metavar="FILE")
    put.add_argument("--force", action="store_true", help="move a database that is there aside")
    commands.add_parser("check", help="look through the database; exit status 1 if it is damaged")
    cert = commands.add_parser("cert", help="make or renew a certificate for this machine, for https without a domain")
    cert.add_argument("--new-ca", action="store_true", help="sign it by a new authority, which all have to trust anew")


def _group(commands: _Verbs, name: str, explanation: str) -> _Verbs:
    return commands.add_parser(name, help=explanation).add_subparsers(dest="verb", metavar="VERB", required=True)


def _limited(add: argparse.ArgumentParser) -> None:
    add.add_argument("--role", choices=ROLES, help="what it may do; needed, but for a link to a board")
    add.add_argument(
        "--series",
        metavar="PATTERN",
        action="append",
        help="only this series, or DEVICE/METRIC with * in it; may be repeated (default: all)",
    )
    add.add_argument("--write", action="store_true", help="with --series: it may also change them")
    add.add_argument("--board", metavar="N", type=int, help="a link for a screen that shows this board and no more")
    add.add_argument("--expires", metavar="T", help="when it ends: 90d, or a time (default: when it is revoked)")


def _named(verbs: _Verbs, verb: str, explanation: str, *, role: bool = False) -> argparse.ArgumentParser:
    one = verbs.add_parser(verb, help=explanation)
    one.add_argument("name", metavar="NAME")
    if role:
        one.add_argument("--role", required=True, choices=ROLES)
    return one


def _administer(read: Settings, command: str, given: argparse.Namespace) -> int:
    from telemetry import local

    request = {key: value for key, value in vars(given).items() if key not in ("config", "command", "verb")}
    request["command"] = command
    if command == "token add" and given.role is None and given.board is None:
        raise UsageError("token add: give it a --role, or a --board to show")
    if command == "device rotate":
        request["grace"] = _grace(given.grace, read)
    if command in ("user add", "user password"):
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


def _grace(given: str | None, read: Settings) -> float:
    """Seconds for which an old token works. Raises UsageError."""
    if given is None:
        return read.devices.rotation_grace
    try:
        return duration(0, LONGEST_GRACE)(given)
    except ValueError as error:
        raise UsageError(f"--grace: {given!r} {error}") from None


def _transfer(read: Settings, command: str, given: argparse.Namespace) -> int:
    from telemetry import transfer  # brings in the core: not needed to serve

    try:
        run = {"export": transfer.export, "import": transfer.import_, "audit": transfer.audit}[command]
        return run(read, vars(given))
    except transfer.Failed as error:
        return _fail(1, error)


def _upkeep(read: Settings, command: str, given: argparse.Namespace) -> int:
    from telemetry import upkeep  # brings in the core: not needed to serve

    run = {"backup": upkeep.backup, "restore": upkeep.restore, "check": upkeep.check}[command]
    try:
        return run(read, vars(given))
    except upkeep.Failed as error:
        return _fail(1, error)


def _certify(read: Settings, given: argparse.Namespace) -> int:
    from telemetry import certificates, certify

    try:
        for line in certify.run(read, new_authority=given.new_ca):
            print(line)
    except certificates.Failed as error:
        return _fail(1, error)
    return 0


def _password() -> str:
    """A new password, from the terminal (twice) or the first line of standard input."""
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
