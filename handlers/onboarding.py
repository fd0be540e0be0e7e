"""``/devices`` and its API: devices are added and get tokens, which are replaced, revoked, and removed with their data.

All for operators. A token stands in one answer, once: nothing here shows it again.
"""

from __future__ import annotations

import contextlib
import json
import socket

from handlers.base import Access, Guard
from handlers.bodies import json_of
from handlers.places import trustworthy
from handlers.reading import ReadHandler
from handlers.rendering import render
from telemetry import names
from telemetry.identity import Actor
from telemetry.model import Reason, Refusal
from telemetry.onboarding import Body, Onboarding, device_of, gateway_of, name_of

ELSEWHERE = ("192.0.2.1", 9)
"""An address that no one has (RFC 5737): how this machine would reach it says which address is its own."""
NO_TOKEN = Refusal(Reason.UNKNOWN_DEVICE, "this device has no token", "device")


class DevicesPage(Guard):
    """``/devices``: who may send, who waits, who is blocked; and how to add one."""

    access = Access.OPERATOR
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "devices.html", user=self.principal.name)


class Credentials(ReadHandler):
    """Every device with its token, and who waits or is blocked."""

    access = Access.OPERATOR

    async def answer(self) -> None:
        """From memory."""
        core = self.core
        onboarding = Onboarding(core.accounts, core.registry, core.clock)
        known = [
            core.roster.one(device.id) | onboarding.credentials(device) | {"address": core.roster.address(device.id)}
            for device in core.registry.devices.values()
        ]
        self.give(
            {
                "devices": known,
                "waiting": core.admission.list(),
                "blocked": [row._asdict() for row in core.admission.blocking.every],
                "admission": core.admission.policy,
                "rotation_grace": core.settings.devices.rotation_grace,
                "time": core.clock.arrival(),
            }
        )


class Arrivals(ReadHandler):
    """Where devices reach this server, and what a device has sent so far."""

    access = Access.OPERATOR

    async def answer(self) -> None:
        """From memory."""
        core = self.core
        wanted = names.device_id(self.get_query_argument("device", "", strip=False)) or ""
        device = core.registry.devices.get(wanted)
        series = [] if device is None else device.series.values()
        readings = [[one.metric, *one.latest, one.unit] for one in series if one.latest is not None]
        held = core.accounts.devices.held(wanted)
        self.give(
            {
                "urls": self._urls(),
                "mqtt": self._mqtt(),
                "readings": readings,
                "used": held is not None and held.used,
                "time": core.clock.arrival(),
            }
        )

    def _urls(self) -> list[str]:
        """Addresses of this server, that by which it was asked first unless it means this machine only."""
        request, server = self.request, self.core.settings.server
        port = request.host.rpartition(":")[2]
        end = f":{port}" if port.isdecimal() else ""
        hosts = [] if trustworthy(request.host_name) else [request.host]
        if server.address in ("", "0.0.0.0", "::"):
            own = own_address()
            hosts += [f"{own}{end}"] if own is not None and trustworthy(request.host_name) else []
            name = (server.mdns and server.mdns_name) or socket.gethostname().partition(".")[0]
            hosts.append(f"{name}.local{end}")
        return [f"{request.protocol}://{host}" for host in dict.fromkeys([*hosts, request.host])]

    def _mqtt(self) -> Body | None:
        mqtt = self.core.settings.mqtt
        if mqtt.embedded:
            return {"host": None, "port": mqtt.embedded_port, "embedded": True}
        return {"host": mqtt.url[0].host, "port": mqtt.url[0].port, "embedded": False} if mqtt.url else None


class Held(ReadHandler):
    """What would go with a device: its series, and how many readings."""

    access = Access.OPERATOR

    async def answer(self) -> None:
        """Count what is stored."""
        device = names.device_id(self.get_query_argument("device", "", strip=False))
        found = await self.core.removals.held(device or "")
        self.give(found._asdict())


class _Change(Guard):
    """``POST {"device": ID, …}``; the answer has the device again."""

    access = Access.OPERATOR
    more: tuple[str, ...] = ()

    async def post(self) -> None:
        found = device_of(json_of(self), *self.more)
        done = found if isinstance(found, Refusal) else await self.change(self.actor, *found)
        if isinstance(done, Refusal):
            status = {"has_token": 409}.get(done.at or "")
            if status is None:
                self.refuse_with(done)
            else:
                self.refuse(status, "conflict", done.message)
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(done, ensure_ascii=False))

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        """Do it. Raises StoreError."""
        raise NotImplementedError

    @property
    def onboarding(self) -> Onboarding:
        core = self.core
        return Onboarding(core.accounts, core.registry, core.clock, core.admission)


class Add(_Change):
    """Gives a device that has none a token, which is shown this once."""

    more = ("name", "gateway")

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        name, gateway = name_of(rest.get("name")), gateway_of(rest.get("gateway"))
        if isinstance(name, Refusal):
            return name
        if isinstance(gateway, Refusal):
            return gateway
        token = await self.onboarding.add(by, device, name, gateway)
        if token is None:
            return Refusal(Reason.FORBIDDEN, "this device has a token already: replace that instead", "has_token")
        return {"device": device, "token": token}


class Rotate(_Change):
    """Gives a device another token, shown this once; the old one works for ``grace`` seconds more."""

    more = ("grace",)

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        grace = rest.get("grace", self.core.settings.devices.rotation_grace)
        if type(grace) not in (int, float) or not isinstance(grace, int | float) or not 0 <= grace <= 90 * 86_400:
            return Refusal(Reason.BAD_VALUE, "the grace is 0 to 7776000 seconds", "grace")
        token = await self.core.accounts.devices.rotate(by, device, float(grace))
        if token is None:
            return NO_TOKEN
        held = self.core.accounts.devices.held(device)
        return {"device": device, "token": token, "old_until": held.until if held is not None and held.old else None}


class RotateEnd(_Change):
    """Ends the token before the present one now."""

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        if not await self.core.accounts.devices.end_old(by, device):
            return Refusal(Reason.UNKNOWN_DEVICE, "this device has no old token", "device")
        return {"device": device}


class Revoke(_Change):
    """Ends a device's tokens and closes its sockets; its data stays."""

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        return {"device": device} if await self.core.accounts.devices.revoke(by, device) else NO_TOKEN


class Gateway(_Change):
    """Says for which devices a token may speak: a list of patterns, empty for all, null for its own only."""

    more = ("gateway",)

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        gateway = gateway_of(rest.get("gateway"))
        if isinstance(gateway, Refusal):
            return gateway
        if not await self.onboarding.set_gateway(by, device, gateway):
            return NO_TOKEN
        return {"device": device, "gateway": gateway}


class Remove(_Change):
    """Removes a device with its token and all its data, also from the files; what it sends later is a new device's."""

    async def change(self, by: Actor, device: str, rest: Body) -> Body | Refusal:
        state = await self.core.removals.remove(by, device)
        if state is None:
            return Refusal(Reason.UNKNOWN_DEVICE, "there is no such device", "device")
        return {"device": device, "state": state}


def own_address() -> str | None:
    """The address of this machine that others on its network see; None without a network. Nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ELSEWHERE)
        return str(probe.getsockname()[0])
    return None
