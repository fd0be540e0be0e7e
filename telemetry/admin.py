"""What the commands do: the same functions inside a running server and without one.

A request is ``{"command": "device add", …}`` with the command's arguments; an answer is ``{"lines": […]}``, objects to
print, or ``{"error": "…"}``, a line for people. Raises nothing: failures are answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telemetry import names, passwords
from telemetry.admission import Admission
from telemetry.api_tokens import NoBoardError, TooManyError
from telemetry.auth import ROLES, Accounts, Busy, Role
from telemetry.clock import Clock
from telemetry.identity import TERMINAL
from telemetry.model import Refusal
from telemetry.onboarding import Onboarding, gateway_of
from telemetry.registry import Registry
from telemetry.store import accounts as account_rows
from telemetry.store import devices as device_rows
from telemetry.store.db import Store, StoreError
from telemetry.token_drafts import draft_of

Line = dict[str, object]
USERS_AT_ONCE = 1_000
"""Users of the broker in one answer, which is one line of bounded length."""


class CommandError(Exception):
    """A command that cannot be carried out; the message is for people."""


@dataclass(slots=True)
class Admin:
    """What commands work on. ``admission`` is None without a server: then no device waits."""

    store: Store
    accounts: Accounts
    registry: Registry
    clock: Clock
    admission: Admission | None = None

    async def run(self, request: Line) -> Line:
        """Carry out a request."""
        command = COMMANDS.get(str(request.get("command")))
        if command is None:
            return {"error": "unknown command"}
        try:
            return {"lines": await command(self, {key: value for key, value in request.items() if key != "command"})}
        except (CommandError, StoreError) as error:
            return {"error": str(error)}
        except Busy:
            return {"error": "too many passwords are being checked right now: try again"}


async def device_add(admin: Admin, given: Line) -> list[Line]:
    """Give a device a token; create the device if it is not known."""
    device = _name(given, "id", "device id")
    label = given.get("name")
    gateway = _gateway(given.get("gateway"))
    onboarding = Onboarding(admin.accounts, admin.registry, admin.clock, admin.admission)
    token = await onboarding.add(TERMINAL, device, None if label is None else str(label), gateway)
    if token is None:
        raise CommandError(f"device {device} has a token already: replace it (device rotate) or revoke it first")
    return [{"device": device, "token": token}]


async def device_list(admin: Admin, _: Line) -> list[Line]:
    """All devices."""
    rows = await admin.store.read(device_rows.rows)
    return [
        {
            "device": row.id,
            "name": row.name,
            "token": row.has_token,
            "gateway": row.gateway,
            "created": row.created,
            "last_seen": _seen(admin, row),
        }
        for row in rows
    ]


async def device_revoke(admin: Admin, given: Line) -> list[Line]:
    """End a device's token and its sockets; the device and its data stay."""
    device = _name(given, "id", "device id")
    if not await admin.accounts.devices.revoke(TERMINAL, device):
        raise CommandError(f"device {device} has no token")
    return []


async def device_rotate(admin: Admin, given: Line) -> list[Line]:
    """Give a device another token; the old one works for the seconds of ``grace`` more."""
    device = _name(given, "id", "device id")
    grace = given.get("grace")
    seconds = float(grace) if isinstance(grace, int | float) else 0.0
    token = await admin.accounts.devices.rotate(TERMINAL, device, seconds)
    if token is None:
        raise CommandError(f"device {device} has no token")
    return [{"device": device, "token": token}]


async def broker_list(admin: Admin, given: Line) -> list[Line]:
    """Devices as users of a broker, with the hashes of their passwords: a page, from the id after ``after`` on."""
    after = str(given.get("after", ""))
    rows = await admin.store.read(lambda connection: device_rows.broker_users(connection, after, USERS_AT_ONCE))
    return [row._asdict() for row in rows]


async def user_add(admin: Admin, given: Line) -> list[Line]:
    """Create a user."""
    name, role, password = _name(given, "name", "name"), _role(given), str(given.get("password"))
    if wrong := passwords.problem(password):
        raise CommandError(wrong)
    if not await admin.accounts.people.add(TERMINAL, name, role, password):
        raise CommandError(f"user {name} exists already: remove it first")
    return [{"user": name, "role": role.name.lower()}]


async def user_list(admin: Admin, _: Line) -> list[Line]:
    """All users."""
    rows = await admin.store.read(account_rows.users)
    return [{"user": row.name, "role": row.role, "created": row.created} for row in rows]


async def user_remove(admin: Admin, given: Line) -> list[Line]:
    """Delete a user, the user's sessions and their sockets."""
    return _done(await admin.accounts.people.remove(TERMINAL, str(given.get("name"))), given)


async def user_password(admin: Admin, given: Line) -> list[Line]:
    """Set a user's password, and end the user's sessions and their sockets."""
    password = str(given.get("password"))
    if wrong := passwords.problem(password):
        raise CommandError(wrong)
    return _done(await admin.accounts.people.set_password(TERMINAL, str(given.get("name")), password), given)


async def user_role(admin: Admin, given: Line) -> list[Line]:
    """Give a user another role, and end the user's sessions and their sockets."""
    return _done(await admin.accounts.people.set_role(TERMINAL, str(given.get("name")), _role(given)), given)


async def user_codes_off(admin: Admin, given: Line) -> list[Line]:
    """Let a user in without one-time codes."""
    return _done(await admin.accounts.people.codes_off(TERMINAL, str(given.get("name"))), given)


async def token_add(admin: Admin, given: Line) -> list[Line]:
    """Create an API token, or with ``board`` a link for a screen."""
    name = _name(given, "name", "name")
    wanted = {key: value for key, value in given.items() if value not in (None, False)}
    draft = draft_of({**wanted, "name": name}, admin.clock.arrival())
    if isinstance(draft, Refusal):
        raise CommandError(f"{draft.at}: {draft.message}" if draft.at else draft.message)
    try:
        token = await admin.accounts.tokens.add(TERMINAL, *draft)
    except NoBoardError:
        raise CommandError(f"there is no board {draft.limits.board}") from None
    except TooManyError:
        raise CommandError("there are too many tokens: revoke some first") from None
    if token is None:
        raise CommandError(f"token {name} exists already: revoke it first")
    made: Line = {"name": name, "token": token}
    if draft.limits.board is not None:
        made["link"] = f"/boards/{draft.limits.board}?kiosk&token={token}"
    return [made]


async def token_list(admin: Admin, _: Line) -> list[Line]:
    """All API tokens, without their secret."""
    return await admin.accounts.tokens.listed()


async def token_revoke(admin: Admin, given: Line) -> list[Line]:
    """End an API token and its sockets."""
    name = str(given.get("name"))
    if not await admin.accounts.tokens.revoke(TERMINAL, name):
        raise CommandError(f"there is no token {name}")
    return []


COMMANDS: dict[str, Callable[[Admin, Line], Awaitable[list[Line]]]] = {
    "device add": device_add,
    "device list": device_list,
    "device revoke": device_revoke,
    "device rotate": device_rotate,
    "broker list": broker_list,
    "user add": user_add,
    "user list": user_list,
    "user remove": user_remove,
    "user password": user_password,
    "user role": user_role,
    "user codes-off": user_codes_off,
    "token add": token_add,
    "token list": token_list,
    "token revoke": token_revoke,
}


def _name(given: Line, key: str, what: str) -> str:
    text = str(given.get(key))
    name = names.device_id(text)
    if name is None:
        raise CommandError(
            f"{text!r} is not a {what}: 1 to 128 printable characters without + # *, no space or / at either end"
        )
    return name


def _done(done: bool | Refusal, given: Line) -> list[Line]:  # noqa: FBT001 - what a change of a user answers
    """Nothing, or why a change of a user was not made."""
    if isinstance(done, Refusal):
        raise CommandError(done.message)
    if not done:
        raise CommandError(f"there is no user {given.get('name')}")
    return []


def _role(given: Line) -> Role:
    role = ROLES.get(str(given.get("role")))
    if role is None:
        raise CommandError(f"the role is one of {', '.join(ROLES)}")
    return role


def _gateway(patterns: object) -> tuple[str, ...] | None:
    """The patterns of ids that a gateway may speak for; an empty list means all."""
    if not isinstance(patterns, list):
        return None
    found = gateway_of([str(pattern) for pattern in patterns])
    if isinstance(found, Refusal):
        raise CommandError(found.message)
    return found


def _seen(admin: Admin, row: device_rows.DeviceRow) -> int | None:
    """When it was last heard: the table is only brought up to date now and then."""
    known = admin.registry.devices.get(row.id)
    return row.last_seen if known is None else known.last_seen
