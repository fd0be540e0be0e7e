"""Files for a Mosquitto broker, made from the registry: users, passwords, and who may write which topic.

A device's user name is its id (``user_name``), its password its token. Rules name exact leaves, so that device ``a``
cannot write for device ``a/b``. Grammar: mosquitto.conf(5) and mosquitto_passwd(1), tried against Mosquitto 2.0.11:
the rest of a ``user`` or ``topic`` line counts, blanks included; nothing can be quoted; a user name ends at a colon.
Files are put in place by a rename, with mode 0600; under root they belong to the owner of the folder.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from devices.mqtt_topics import LIVE
from telemetry import names

TEMPLATES = Path(__file__).with_name("mosquitto")
BRIDGE = "telltale-bridge"
"""The user name of the server itself."""
RESERVED = (BRIDGE, "telltale")
"""Ids that are no user names: the second would open all topics to a rule with ``%u/#``."""
WRITTEN = ("readings", "reply", "status")
"""The leaves of ``telltale/ID/`` that a device writes."""
READ = ("command", "presence")
"""And those that it reads."""
CHECK_TOPICS = ("$telltale-check/#", "telltale-check/#")
"""Where ``broker check`` tries things out."""
_PLACE = re.compile(r"/etc/mosquitto/telltale/(?=passwd$|acl$|server\.)", re.MULTILINE)
_BRIDGE_TOKEN = re.compile(rf"://{BRIDGE}:(tt_b_[\w-]+)@")

Hash = Callable[[str], str]
"""Makes the hash of a password, as Mosquitto has it."""


class User(NamedTuple):
    """A device of the registry. ``hash`` is that of its token, None if it has none or an older one."""

    id: str
    gateway: Sequence[str] | None
    has_token: bool
    hash: str | None


@dataclass(slots=True)
class Report:
    """What was done; ``rotate``: devices whose tokens are too old to be passwords; ``reserved``: those named as we."""

    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    users: int = 0
    rotate: list[str] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)


def user_name(device: str) -> str:
    """The user name of a device: its id, but for ``%`` and ``:``, which become ``%25`` and ``%3A``."""
    return device.replace("%", "%25").replace(":", "%3A")


def passwd(users: Iterable[User], bridge: str) -> str:
    """The password file; ``bridge`` is the hash of the server's own password."""
    lines = [f"{user_name(one.id)}:{one.hash}" for one in users if one.hash and one.id not in RESERVED]
    return "".join(f"{line}\n" for line in (f"{BRIDGE}:{bridge}", *lines))


def acl(users: Sequence[User], discovery: str, own: str = "") -> str:
    """The rules; ``discovery`` is the prefix under which series are announced (empty: none), ``own`` those by hand."""
    lines = [
        "# Written by `python server.py broker config`; rules of your own belong in acl.local.",
        "",
        f"user {BRIDGE}",
        "topic read #",
        "topic read $SYS/#",
        "topic write telltale/#",
        f"topic write {LIVE}#",
        *(f"topic readwrite {one}" for one in CHECK_TOPICS),
    ]
    if discovery:
        lines.append(f"topic write {discovery}/#")
    for one in users:
        if one.hash is not None and one.id not in RESERVED:
            lines += ["", f"user {user_name(one.id)}", *_rules(one, users)]
    return "\n".join(lines) + "\n" + (f"\n# acl.local\n{own.rstrip()}\n" if own.strip() else "")


def _rules(user: User, users: Iterable[User]) -> Iterable[str]:
    tests = [names.matcher(pattern) for pattern in user.gateway or ()]
    if "*" in (user.gateway or ()):
        yield "topic read #"
    yield from _leaves(user.id)
    for one in users:
        if one.id != user.id and any(test(one.id) for test in tests):
            yield from _leaves(one.id)


def _leaves(device: str) -> Iterable[str]:
    yield from (f"topic write telltale/{device}/{leaf}" for leaf in WRITTEN)
    yield from (f"topic read telltale/{device}/{leaf}" for leaf in READ)


def write(folder: Path, users: Sequence[User], discovery: str, hashed: Hash) -> Report:
    """Write all files; what belongs to the user (mosquitto.conf, acl.local, bridge.env) only once. Raises OSError.

    Raises ValueError if ``bridge.env`` is there without the server's password.
    """
    report = Report(
        users=sum(one.hash is not None and one.id not in RESERVED for one in users),
        rotate=[one.id for one in users if one.has_token and one.hash is None and one.id not in RESERVED],
        reserved=[one.id for one in users if one.has_token and one.id in RESERVED],
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = _bridge_token(folder / "bridge.env", report)
    place = f"{folder.absolute()}/"
    conf = _PLACE.sub(lambda _: place, _template("mosquitto.conf"))
    for name, text in (("mosquitto.conf", conf), ("acl.local", _template("acl.local"))):
        if os.path.lexists(folder / name):
            report.kept.append(folder / name)
        else:
            _replace(folder / name, text, report)
    own = _read(folder / "acl.local")
    # the rules first: a user without rules may do nothing, rules without a user harm nobody
    _replace(folder / "acl", acl(users, discovery, own), report)
    _replace(folder / "passwd", passwd(users, hashed(token)), report)
    return report


def _bridge_token(path: Path, report: Report) -> str:
    """The server's own password: the one that is in use, or a new one."""
    if os.path.lexists(path):
        found = _BRIDGE_TOKEN.search(_read(path))
        if found is None:
            raise ValueError(f"{path} holds no password for {BRIDGE}: delete it, and a new one is made")
        report.kept.append(path)
        return found[1]
    token = f"tt_b_{secrets.token_urlsafe(32)}"
    # for the server and root alone: the broker has the hash
    _replace(path, f"TELLTALE_MQTT_URL=mqtt://{BRIDGE}:{token}@127.0.0.1:1883\n", report, ours=True)
    return token


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _read(path: Path) -> str:
    """A file of the folder, which may be the broker's user's: root follows no link that it laid. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        return stream.read()


def _replace(path: Path, text: str, report: Report, *, ours: bool = False) -> None:
    """Put a file in place at once, durable, readable by its owner alone."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(file, "w", encoding="utf-8") as stream:  # noqa: PTH123 - takes the descriptor
            stream.write(text)
            stream.flush()
            os.fsync(file)
            if os.geteuid() == 0 and not ours:
                owner = path.parent.stat()
                os.fchown(file, owner.st_uid, owner.st_gid)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    report.written.append(path)
