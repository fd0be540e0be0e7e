"""Onboarding: devices get their tokens, and operators see which have one.

The same for the command line and the API. Owned by the loop thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry import names
from telemetry.admission import Admission
from telemetry.auth import Accounts
from telemetry.clock import Clock
from telemetry.identity import Actor
from telemetry.model import Reason, Refusal
from telemetry.registry import Device, Registry

Body = dict[str, object]
MAX_PATTERNS = 100
"""Patterns of one gateway."""
MAX_NAME = 200
"""Characters of what the pages call a device."""


@dataclass(slots=True)
class Onboarding:
    """What it works on. ``admission`` is None without a server: then no device waits."""

    accounts: Accounts
    registry: Registry
    clock: Clock
    admission: Admission | None = None

    async def add(self, by: Actor, device_id: str, name: str | None, gateway: tuple[str, ...] | None) -> str | None:
        """Give a device a token, creating it if need be; None if it has one. Raises StoreError."""
        token = await self.accounts.devices.give(by, device_id, name, gateway)
        if token is None:
            return None
        now = self.clock.arrival()
        known = self.registry.devices.get(device_id) or self.registry.add_device(device_id, now, saved=True)
        known.gateway = gateway
        known.name = known.name if name is None else name
        if self.admission is not None:
            self.admission.forget(device_id, "approved")
        return token

    async def set_gateway(self, by: Actor, device_id: str, gateway: tuple[str, ...] | None) -> bool:
        """Say for which devices one may speak; False if it has no token. Raises StoreError."""
        if not await self.accounts.devices.set_gateway(by, device_id, gateway):
            return False
        if (known := self.registry.devices.get(device_id)) is not None:
            known.gateway = gateway
        return True

    def credentials(self, device: Device) -> Body:
        """What operators see of a device's token."""
        held = self.accounts.devices.held(device.id)
        body: Body = {
            "token": held is not None,
            "created": device.created,
            "gateway": None if held is None or held.gateway is None else list(held.gateway),
            "series": len(device.series),
        }
        if held is not None and held.old is not None:
            body["rotating"] = {"until": held.until, "new_used": held.used, "old_used": held.old_used}
        return body


def gateway_of(patterns: object) -> tuple[str, ...] | Refusal | None:
    """The patterns of ids that a gateway may speak for; an empty list means all, None no gateway."""
    if patterns is None:
        return None
    if not isinstance(patterns, list) or len(patterns) > MAX_PATTERNS:
        return Refusal(Reason.BAD_VALUE, f"a gateway has a list of at most {MAX_PATTERNS} patterns", "gateway")
    for at, pattern in enumerate(patterns):
        if not isinstance(pattern, str) or not 1 <= len(pattern) <= names.MAX_PATTERN:
            text = f"a gateway's pattern has 1 to {names.MAX_PATTERN} characters"
            return Refusal(Reason.BAD_VALUE, text, f"gateway[{at}]")
    return tuple(patterns) or ("*",)


def device_of(body: object, *more: str) -> tuple[str, Body] | Refusal:
    """The device that a JSON body names, and the rest of it, which has no keys but ``more``."""
    if not isinstance(body, dict) or not body.keys() <= {"device", *more} or not isinstance(body.get("device"), str):
        wanted = ", ".join(['"device": ID', *(f'"{one}"?' for one in more)])
        return Refusal(Reason.BAD_MESSAGE, f"expected {{{wanted}}}")
    device_id = names.device_id(body["device"])
    if device_id is None:
        text = "1 to 128 printable characters without + # *, no space or / at either end"
        return Refusal(Reason.BAD_VALUE, f"this is not a device id: {text}", "device")
    return device_id, {key: value for key, value in body.items() if key != "device"}


def name_of(name: object) -> str | Refusal | None:
    """What the pages are to call a device; None for its id."""
    if name is None or name == "":
        return None
    if not isinstance(name, str) or len(name) > MAX_NAME or not name.isprintable():
        return Refusal(Reason.BAD_VALUE, f"a name has at most {MAX_NAME} printable characters", "name")
    return name
