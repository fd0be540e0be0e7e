"""What someone asks for with a new API token, checked: its name, its role, what it reaches, and until when."""

from __future__ import annotations

import re
from typing import NamedTuple

from telemetry import names, scope
from telemetry.identity import ROLES, Role
from telemetry.model import Reason, Refusal
from telemetry.timespec import moment

FIELDS = frozenset({"name", "role", "series", "write", "board", "expires"})
MAX_BOARD = 2**53
_LENGTH = re.compile(r"[0-9]{1,12}[smhdw]")


class Limits(NamedTuple):
    """What a token reaches: some series (None: all) to read or also to write, or one board; ``expires`` in ms."""

    series: tuple[str, ...] | None = None
    write: bool = True
    board: int | None = None
    expires: int | None = None

    def said(self) -> dict[str, object]:
        """For the audit log: what limits it."""
        limited = {"series": self.series, "write": self.write} if self.series is not None else {}
        return limited | {key: at for key, at in (("board", self.board), ("expires", self.expires)) if at is not None}


UNLIMITED = Limits()


class Draft(NamedTuple):
    """A token to be made."""

    name: str
    role: Role
    limits: Limits


def draft_of(body: object, now: int) -> Draft | Refusal:
    """The token that a JSON body describes; a length of time such as 90d begins at ``now`` (ms).

    ``series`` limits it: then ``write`` says whether it may change anything, which it may not unless that is true.
    """
    if not isinstance(body, dict) or not body.keys() <= FIELDS:
        return Refusal(Reason.BAD_MESSAGE, 'expected {"name", "role"?, "series"?, "write"?, "board"?, "expires"?}')
    given: dict[str, object] = body
    text, word, board = given.get("name"), given.get("role") or "viewer", given.get("board")
    name = names.device_id(text) if isinstance(text, str) else None
    role = ROLES.get(word) if isinstance(word, str) else None
    if name is None:
        return Refusal(Reason.BAD_VALUE, "a name has 1 to 128 printable characters without + # *", "name")
    if role is None:
        return Refusal(Reason.BAD_VALUE, f"the role is one of {', '.join(ROLES)}", "role")
    reach = _reach(given)
    if isinstance(reach, Refusal):
        return reach
    expires = _expires(given.get("expires"), now)
    if isinstance(expires, Refusal):
        return expires
    if board is None:
        return Draft(name, role, reach._replace(expires=expires))
    if type(board) is not int or not 0 < board < MAX_BOARD:
        return Refusal(Reason.BAD_VALUE, "a board is given by its number", "board")
    if role is not Role.VIEWER or reach.series is not None or given.get("write"):
        return Refusal(Reason.BAD_VALUE, "a screen shows its board, as a viewer, and nothing else", "board")
    return Draft(name, role, Limits(None, write=False, board=board, expires=expires))


def _reach(given: dict[str, object]) -> Limits | Refusal:
    series, write = given.get("series"), given.get("write")
    if write is not None and type(write) is not bool:
        return Refusal(Reason.BAD_VALUE, "write is true or false", "write")
    if series is None:
        if write is not None and given.get("board") is None:
            return Refusal(Reason.BAD_VALUE, "say to which series this applies: * is all", "write")
        return UNLIMITED
    if not isinstance(series, list) or not 1 <= len(series) <= scope.MAX_PATTERNS:
        return Refusal(Reason.BAD_VALUE, f"give 1 to {scope.MAX_PATTERNS} names or patterns of series", "series")
    for at, pattern in enumerate(series):
        if not isinstance(pattern, str) or (wrong := scope.problem(pattern)):
            why = wrong if isinstance(pattern, str) else "a pattern is a text"
            return Refusal(Reason.BAD_VALUE, str(why), f"series[{at}]")
    return Limits(tuple(dict.fromkeys(series)), write=bool(write))


def _expires(value: object, now: int) -> int | Refusal | None:
    if value is None or value == "never":
        return None
    if not isinstance(value, str) and type(value) is not int:
        return Refusal(Reason.BAD_VALUE, "an end is ms since 1970, ISO 8601, or a length such as 90d", "expires")
    text = str(value)[:64]
    at = moment(f"+{text}" if _LENGTH.fullmatch(text) else text, now, "expires")
    if isinstance(at, int) and at <= now:
        return Refusal(Reason.BAD_VALUE, "this end is in the past", "expires")
    return at
