"""``/people`` and ``/api/people``: who may log in, for admins. Names stand in the body: one may hold anything."""

from __future__ import annotations

from typing import ClassVar

from handlers.base import Access, Guard
from handlers.bodies import json_of
from handlers.login import user_name_problem
from handlers.rendering import render
from telemetry.auth import ROLES, Link
from telemetry.identity import Role
from telemetry.model import Reason, Refusal
from telemetry.people import GONE, People
from telemetry.store.accounts import UserRow

BAD_ROLE = Refusal(Reason.BAD_VALUE, f"the role is one of {', '.join(ROLES)}", "role")


class PeoplePage(Guard):
    """``/people``: who may log in."""

    access = Access.ADMIN
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the API."""
        render(self, "people.html", user=self.principal.name)


class PeopleList(Guard):
    """Everyone; POST adds someone, who sets the first password by the link that it answers."""

    access = Access.ADMIN

    def get(self) -> None:
        """List them."""
        people = self.core.accounts.people
        shown = [self.shown(people, user) for user in people.every()]
        self.finish({"time": self.core.clock.arrival(), "people": shown})

    async def post(self) -> None:
        """Add someone."""
        match json_of(self):
            case {"name": str(name), "role": str(word), **rest} if not rest:
                pass
            case _:
                self.refuse(400, "bad_message", 'expected {"name": text, "role": text}')
                return
        role = ROLES.get(word)
        if wrong := user_name_problem(name):
            self.refuse(400, "bad_value", wrong, at="name")
        elif role is None:
            self.refuse_with(BAD_ROLE)
        else:
            give_link(self, await self.core.accounts.people.invite(self.actor, name, role), status=201)

    def shown(self, people: People, user: UserRow) -> dict[str, object]:
        """What an admin sees of someone; times in ms."""
        sessions = people.sessions.of(user.name)
        return {
            "name": user.name,
            "role": user.role,
            "created": user.created,
            "password": bool(user.password),
            "codes": user.totp is not None,
            "link": people.link_until(user),
            "sessions": len(sessions),
            "seen": max((one.seen for one in sessions), default=None),
            "oneself": self.principal.kind == "user" and self.principal.name == user.name,
        }


class _Change(Guard):
    """``POST {"name": text}``, and ``role`` where that is ``wanted``."""

    access = Access.ADMIN
    wanted: ClassVar[bool] = False

    async def post(self) -> None:
        """Do it, or say why not."""
        match json_of(self):
            case {"name": str(name), "role": str(word), **rest} if self.wanted and not rest:
                role = ROLES.get(word)
            case {"name": str(name), **rest} if not self.wanted and not rest:
                role = Role.VIEWER
            case _:
                shape = '{"name": text, "role": text}' if self.wanted else '{"name": text}'
                self.refuse(400, "bad_message", f"expected {shape}")
                return
        if role is None:
            self.refuse_with(BAD_ROLE)
            return
        done = await self.change(self.core.accounts.people, name, role)
        if isinstance(done, Refusal):
            self.refuse_with(done)
        elif not done:
            self.refuse_with(GONE)
        else:
            self.finish({"name": name})

    async def change(self, people: People, name: str, role: Role) -> bool | Refusal:
        """What it is; False if there is no such user."""
        raise NotImplementedError


class PersonRole(_Change):
    """Another role; it ends the user's logins."""

    wanted = True

    async def change(self, people: People, name: str, role: Role) -> bool | Refusal:
        return await people.set_role(self.actor, name, role)


class PersonRemove(_Change):
    """Gone, with all logins; what the user has made stays."""

    async def change(self, people: People, name: str, role: Role) -> bool | Refusal:
        return await people.remove(self.actor, name)


class PersonCodesOff(_Change):
    """No one-time codes any more: the phone is lost."""

    async def change(self, people: People, name: str, role: Role) -> bool | Refusal:
        return await people.codes_off(self.actor, name)


class PersonLink(Guard):
    """``POST {"name": text}``: a link by which a user sets another password, once."""

    access = Access.ADMIN

    async def post(self) -> None:
        """Make it; an earlier one no longer works."""
        match json_of(self):
            case {"name": str(name), **rest} if not rest:
                give_link(self, await self.core.accounts.people.new_link(self.actor, name))
            case _:
                self.refuse(400, "bad_message", 'expected {"name": text}')


def give_link(handler: Guard, link: Link | Refusal, status: int = 200) -> None:
    """Answer a link, which is shown once, or why there is none."""
    if isinstance(link, Refusal):
        handler.refuse_with(link)
    else:
        handler.set_status(status)
        handler.finish({"link": f"/password?token={link.token}", "until": link.until})
