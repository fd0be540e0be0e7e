"""Devices without a token: refused, taken, or shown to the operators until one of them decides.

Under ``approve`` an unknown id waits here, in memory and bounded, with its latest values; nothing of it is stored.
Approval makes a token and hands it to the open socket. A device that is not connected at that moment (it sleeps) gets
its token when it knocks again. ``block`` refuses an id for good, until it is unblocked.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from telemetry.auth import Accounts, DeviceIdentity, open_key
from telemetry.blocking import Blocking
from telemetry.clock import Clock
from telemetry.identity import SERVER, Actor
from telemetry.model import Entry, Reason, Refusal, Value
from telemetry.registry import Registry
from telemetry.tasks import Tasks

MAX_METRICS = 64
"""Metrics whose latest values are kept of one waiting device."""
TELL_EVERY = 1.0
"""Seconds between two pushes about one waiting device."""

Told = Callable[[str], None]


@dataclass(slots=True)
class _Knock:
    device: str
    address: str
    since: int
    last_seen: int
    told: Told | None
    latest: dict[str, Value] = field(default_factory=dict)
    approved: Actor | None = None
    by_broker: bool = False
    telling: asyncio.TimerHandle | None = None


class Admission:
    """Who waits, and who was decided on. Owned by the loop thread.

    ``on_change`` gets ``{"device": {…}}``, for operators' dashboards, whenever a waiting device changes.
    """

    def __init__(
        self, policy: str, accounts: Accounts, registry: Registry, blocking: Blocking, clock: Clock, tasks: Tasks,
        *, max_pending: int,
    ) -> None:  # fmt: skip
        self.policy = policy
        self.on_change: list[Callable[[dict[str, object]], None]] = []
        self._accounts = accounts
        self._registry = registry
        self.blocking = blocking
        self._clock = clock
        self._tasks = tasks
        self._max_pending = max_pending
        self._waiting: dict[str, _Knock] = {}

    def identify(self, device_id: str, address: str) -> DeviceIdentity | Refusal | None:
        """Who an id without a token is: taken, waiting, or (a value) refused; None if only a token would do."""
        if self.policy == "token" or self._accounts.devices.has_token(device_id):
            return None
        if device_id in self.blocking:
            return Refusal(Reason.FORBIDDEN, "an operator has blocked this device")
        if self.policy == "open":
            return DeviceIdentity(device_id, by_token=False)
        if device_id not in self._waiting and not self._room(address):
            return Refusal(
                Reason.RATE_LIMITED,
                f"{self._max_pending} devices wait for approval already ([devices] max_pending_devices)",
                retry_after=60_000,
            )
        return DeviceIdentity(device_id, pending=True, by_token=False)

    def vouched(self, device_id: str, policy: str) -> bool:
        """Whether what a broker says of a device, besides readings, is taken: it is known, or need not be."""
        if device_id in self.blocking:
            return False
        return policy == "open" or device_id in self._registry.devices or self._accounts.devices.has_token(device_id)

    def admit(self, device_id: str, policy: str, address: str) -> Refusal | None:
        """Whether a device that a broker vouches for is taken; an unknown one may have to wait, as ``policy`` says."""
        if self.vouched(device_id, policy):
            return None
        if device_id in self.blocking:
            return Refusal(Reason.FORBIDDEN, "an operator has blocked this device")
        if policy == "token":
            return Refusal(Reason.FORBIDDEN, "only devices that are known are taken ([mqtt] admission)")
        now = self._clock.arrival()
        one = self._waiting.get(device_id)
        if one is None:
            if not self._room(address):
                text = f"{self._max_pending} devices wait for approval already ([devices] max_pending_devices)"
                return Refusal(Reason.UNKNOWN_DEVICE, text)
            self._make_room(address)
            one = self._waiting[device_id] = _Knock(device_id, address, now, now, None, by_broker=True)
        one.last_seen = now
        return Refusal(Reason.UNKNOWN_DEVICE, "an operator has to accept this device")

    def note_entries(self, device_id: str, entries: Sequence[Entry]) -> None:
        """What a native message of a waiting device says: its plain values."""
        if device_id not in self._waiting:
            return
        for entry in entries:
            self.note(device_id, {name: value for name, value in entry.values.items() if plain(value)})

    def knock(self, device_id: str, address: str, told: Told | None) -> bool:
        """An unknown device asks; ``told`` gets its token on approval, None: it has no socket. False: send it away."""
        identity = self.identify(device_id, address)
        if not isinstance(identity, DeviceIdentity) or not identity.pending:
            return False
        now = self._clock.arrival()
        one = self._waiting.get(device_id)
        if one is None:
            self._make_room(address)
            one = self._waiting[device_id] = _Knock(device_id, address, now, now, told)
        if one.approved is not None and address != one.address:
            one.approved = None  # what an operator accepted came from elsewhere
        one.address, one.last_seen = address, now
        if told is None:
            return True  # ``note`` tells, in its time
        one.told = told
        self._tell(one, "pending")
        if one.approved is not None:
            self._tasks.start(self._welcome(one, one.approved), f"approve {device_id}")
        return True

    def note(self, device_id: str, latest: Mapping[str, Value]) -> None:
        """What a waiting device just said; the newest value of each metric is kept."""
        one = self._waiting.get(device_id)
        if one is None:
            return
        one.last_seen = self._clock.arrival()
        for metric, value in latest.items():
            if metric in one.latest or len(one.latest) < MAX_METRICS:
                one.latest[metric] = value
        if one.telling is None:
            one.telling = asyncio.get_running_loop().call_later(TELL_EVERY, self._tell, one, "pending")

    def leave(self, device_id: str, told: Told | None = None) -> None:
        """The socket that knocked (with ``told``) is gone; the device stays listed while there is room."""
        one = self._waiting.get(device_id)
        if one is not None and told in (None, one.told):
            one.told = None
            self._tell(one, "pending")

    async def approve(self, by: Actor, device_id: str) -> str | None:
        """Accept a waiting device: "approved" if it got its token, "approved later" when it comes again.

        None if no such device waits. Raises StoreError.
        """
        one = self._waiting.get(device_id)
        if one is None:
            return None
        if one.by_broker:
            await self.blocking.accepted(by, device_id)
            if self._waiting.get(device_id) is not one:
                return None
            del self._waiting[device_id]
            if device_id not in self._registry.devices:
                self._registry.add_device(device_id, self._clock.arrival())
            self._tell(one, "approved")
            return "approved"
        one.approved = by
        if one.told is None:
            self._tell(one, "pending")
            return "approved later"
        return "approved" if await self._welcome(one, by) else None

    async def block(self, by: Actor, device_id: str) -> bool | Refusal:
        """Refuse an id from now on and close its socket; False if it has a token (revoke that instead).

        Raises StoreError.
        """
        if self._accounts.devices.has_token(device_id):
            return False
        if (refusal := self.blocking.room(device_id)) is not None:
            return refusal
        one = self._waiting.get(device_id)
        deciding = self.blocking.add(by, device_id, "" if one is None else one.address)
        self.forget(device_id, "blocked")
        await deciding
        return True

    def forget(self, device_id: str, state: str) -> None:
        """An id waits no longer, and must not speak without a token: its sockets are closed."""
        one = self._waiting.pop(device_id, None)
        if one is not None:
            self._tell(one, state)
        self._accounts.end(open_key(device_id))

    def list(self) -> list[dict[str, object]]:
        """The waiting devices, oldest first, as the API shows them."""
        return [_body(one, "pending") for one in self._waiting.values()]

    async def _welcome(self, one: _Knock, by: Actor) -> bool:
        token = await self._accounts.devices.give(by, one.device, action="device accept")
        if token is None:
            self.forget(one.device, "approved")
            return False
        if self._waiting.get(one.device) is not one or one.told is None:
            # blocked, or gone, while the disk worked: a token that no one has would lock the device out
            await self._accounts.devices.revoke(SERVER, one.device)
            return False
        del self._waiting[one.device]
        if one.device not in self._registry.devices:
            self._registry.add_device(one.device, self._clock.arrival(), saved=True)
        one.told(token)
        self._tell(one, "approved")
        return True

    def _room(self, address: str) -> bool:
        return len(self._waiting) < self._max_pending or self._gives_way(address) is not None

    def _gives_way(self, address: str) -> _Knock | None:
        """Who makes room: one without a socket, else the newest of another address that has most of the places."""
        idle = next((one for one in self._waiting.values() if one.told is None), None)
        if idle is not None or not self._waiting:
            return idle
        crowded, held = Counter(one.address for one in self._waiting.values()).most_common(1)[0]
        crowd = (one for one in reversed(self._waiting.values()) if one.address == crowded)
        return next(crowd) if 2 * held > self._max_pending and crowded != address else None

    def _make_room(self, address: str) -> None:
        if len(self._waiting) >= self._max_pending and (gone := self._gives_way(address)) is not None:
            self.forget(gone.device, "gone")

    def _tell(self, one: _Knock, state: str) -> None:
        if one.telling is not None:
            one.telling.cancel()
            one.telling = None
        for told in self.on_change:
            told({"device": _body(one, state)})


def plain(value: object) -> TypeGuard[Value]:
    """Whether a value can be shown as it is: nothing that nests, no NaN."""
    return isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value))


def _body(one: _Knock, state: str) -> dict[str, object]:
    return {
        "device": one.device,
        "name": None,
        "state": state,
        "last_seen": one.last_seen,
        "address": one.address,
        "connected": one.told is not None,
        "approved": one.approved is not None,
        "latest": dict(one.latest),
    }
