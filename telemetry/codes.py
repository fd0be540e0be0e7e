"""One-time codes of an account: set up, confirmed, switched off.

A secret counts from when a code of it was typed in, so that no one locks oneself out with a phone that did not take
it. Until then it is in memory, for minutes, one a user.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from telemetry import totp
from telemetry.clock import monotonic
from telemetry.identity import Actor
from telemetry.model import Reason, Refusal
from telemetry.people import GONE, MEANWHILE, People

SECONDS = 600.0
MAX_BEGUN = 100
NOT_BEGUN = Refusal(Reason.BAD_VALUE, "this secret is no longer offered: begin again", "code")
WRONG = Refusal(
    Reason.BAD_VALUE, "this code does not fit: is the clock of the phone, and of this server, right?", "code"
)


class Offer(NamedTuple):
    """A new secret, and the address by which an app takes it."""

    secret: str
    uri: str


class Codes:
    """Sets up one-time codes for the users of one server. Owned by the loop thread."""

    def __init__(self, people: People, mono: Callable[[], float] = monotonic) -> None:
        self._people = people
        self._mono = mono
        self._begun: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def begin(self, name: str) -> Offer:
        """A secret for a user; an earlier one that was not confirmed no longer counts."""
        secret = totp.new_secret()
        self._begun.pop(name, None)
        self._begun[name] = (secret, self._mono() + SECONDS)
        if len(self._begun) > MAX_BEGUN:
            self._begun.popitem(last=False)
        return Offer(secret, totp.uri(secret, name))

    async def confirm(self, by: Actor, name: str, code: str) -> list[str] | Refusal:
        """Ask for codes from now on, if this is one; the recovery codes, which are shown once. Raises StoreError."""
        secret, until = self._begun.get(name, ("", 0.0))
        user = self._people.find(name)
        if user is None:
            return GONE
        if until <= self._mono():
            return NOT_BEGUN
        if self._people.logins.step_of(user, secret, code) is None:
            return WRONG
        recovery = totp.new_recovery_codes()
        changed = user._replace(totp=secret, recovery=_hashes(recovery))
        if not await self._people.replace(by, user, changed, "codes on"):
            return MEANWHILE
        self._begun.pop(name, None)
        return recovery

    async def renew(self, by: Actor, name: str) -> list[str] | Refusal:
        """New recovery codes in place of the old ones. Raises StoreError."""
        user = self._people.find(name)
        if user is None or user.totp is None:
            return Refusal(Reason.BAD_VALUE, "one-time codes are off", "name")
        recovery = totp.new_recovery_codes()
        done = await self._people.replace(by, user, user._replace(recovery=_hashes(recovery)), "recovery codes")
        return recovery if done else MEANWHILE


def _hashes(codes: list[str]) -> str:
    return " ".join(map(totp.recovery_hash, codes))
