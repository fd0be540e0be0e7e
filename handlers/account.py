"""``/account`` and ``/api/account``: one's own password, one-time codes and logins. Only for people who log in."""

from __future__ import annotations

from handlers import credentials
from handlers.base import Access, Guard
from handlers.bodies import json_of
from handlers.login import give_session
from handlers.rendering import render
from telemetry import passwords
from telemetry.auth import Busy, Throttled
from telemetry.model import Reason, Refusal
from telemetry.people import GONE, MEANWHILE
from telemetry.store.accounts import UserRow

NOT_YOURS = "this is for people who log in, not for programs"
WRONG = Refusal(Reason.FORBIDDEN, "the password is wrong", "password")
BUSY = Refusal(Reason.TRY_LATER, "too many passwords are being checked right now", retry_after=2000)


class _Own(Guard):
    """What is one's own: the user that ``user`` is."""

    access = Access.VIEWER
    user: UserRow

    def prepare(self) -> None:
        super().prepare()
        if self._finished:
            return
        user = self.core.accounts.people.find(self.principal.name) if self.principal.kind == "user" else None
        if user is None:
            self.refuse(403, "forbidden", NOT_YOURS)
        else:
            self.user = user

    @property
    def session(self) -> str | None:
        """The id of the session that asks; None for who is logged in by a proxy."""
        if not self.principal.key.startswith("session:"):
            return None
        return self.core.accounts.people.sessions.id_of(credentials.session_cookie(self, secure=self.secure))

    async def confirmed(self, password: str) -> bool:
        """Whether this is the user's password; if not, it is refused."""
        logins = self.core.accounts.people.logins
        checked = await logins.check_password(self.user.name, password, self.request.remote_ip or "")
        if isinstance(checked, Throttled):
            wait = int(checked.wait * 1000) + 1
            self.refuse_with(Refusal(Reason.RATE_LIMITED, "too many attempts", retry_after=wait))
        elif checked is None:
            self.refuse_with(WRONG)
        else:
            self.user = checked
        return isinstance(checked, UserRow)


class AccountPage(_Own):
    """``/account``: one's own password, one-time codes and logins."""

    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the API."""
        render(self, "account.html", user=self.principal.name)


class Account(_Own):
    """Who asks, and where that is logged in."""

    def get(self) -> None:
        """Say it."""
        user, here = self.user, self.session
        views = self.core.accounts.people.sessions.of(user.name)
        self.finish(
            {
                "name": user.name,
                "role": user.role,
                "created": user.created,
                "password": bool(user.password),
                "codes": user.totp is not None,
                "recovery": len(user.recovery.split()),
                "time": self.core.clock.arrival(),
                "sessions": [view._asdict() | {"current": view.id == here} for view in views],
            }
        )


class OwnPassword(_Own):
    """Another password: every login ends, and this browser gets a new one."""

    async def post(self) -> None:
        """Change it."""
        match json_of(self):
            case {"password": str(password), "new": str(new), **rest} if not rest:
                pass
            case _:
                self.refuse(400, "bad_message", 'expected {"password": text, "new": text}')
                return
        if wrong := passwords.problem(new):
            self.refuse(400, "bad_value", wrong, at="new")
            return
        people, browser = self.core.accounts.people, self.session is not None
        if not await self.confirmed(password):
            return
        try:
            done = await people.set_password_of(self.user, new, self.actor)
        except Busy:
            self.refuse_with(BUSY)
            return
        if not done:
            self.refuse_with(MEANWHILE)
            return
        if browser:
            agent = self.request.headers.get("User-Agent", "")
            cookie = await people.open_session(self.user.name, self.request.remote_ip or "", agent)
            if cookie is not None:
                give_session(self, cookie)
        self.finish({})


class OwnSession(_Own):
    """One of one's own logins: DELETE ends it and its sockets."""

    async def delete(self, number: str) -> None:
        """End it."""
        if await self.core.accounts.people.sessions.end_one(self.actor, self.user.name, number):
            self.finish({})
        else:
            self.refuse(404, "not_found", "there is no such login")


class OwnSessions(_Own):
    """One's own logins: DELETE ends all but the one that asks."""

    async def delete(self) -> None:
        """End them."""
        ended = await self.core.accounts.people.sessions.end_others(self.actor, self.user.name, self.session)
        self.finish({"ended": ended})


class _WithPassword(_Own):
    """``POST {"password": text}``: what is asked for again, because a browser may be left alone."""

    async def post(self) -> None:
        """Do it, if the password is right."""
        match json_of(self):
            case {"password": str(password), **rest} if not rest:
                if await self.confirmed(password):
                    await self.do()
            case _:
                self.refuse(400, "bad_message", 'expected {"password": text}')

    async def do(self) -> None:
        """What it is."""
        raise NotImplementedError


class CodesBegin(_WithPassword):
    """A secret for an app that shows one-time codes; it counts when a code of it was sent."""

    async def do(self) -> None:
        """Make it."""
        self.finish(self.core.accounts.codes.begin(self.user.name)._asdict())


class CodesRenew(_WithPassword):
    """New recovery codes; the old ones no longer work."""

    async def do(self) -> None:
        """Make them."""
        give_codes(self, await self.core.accounts.codes.renew(self.actor, self.user.name))


class CodesOff(_WithPassword):
    """No one-time codes any more."""

    async def do(self) -> None:
        """Switch them off."""
        done = await self.core.accounts.people.codes_off(self.actor, self.user.name)
        if done is True:
            self.finish({})
        else:
            self.refuse_with(done or GONE)


class CodesConfirm(_Own):
    """``POST {"code": text}``: one-time codes are asked for from now on; answers the recovery codes, once."""

    async def post(self) -> None:
        """Switch them on."""
        match json_of(self):
            case {"code": str(code), **rest} if not rest:
                pass
            case _:
                self.refuse(400, "bad_message", 'expected {"code": text}')
                return
        throttle, address = self.core.accounts.people.logins.throttle, self.request.remote_ip or ""
        if wait := throttle.attempt_code(address, self.user.name):
            self.refuse_with(Refusal(Reason.RATE_LIMITED, "too many attempts", retry_after=int(wait * 1000) + 1))
            return
        done = await self.core.accounts.codes.confirm(self.actor, self.user.name, code)
        if not isinstance(done, Refusal):
            throttle.take_back_code(address, self.user.name)
        give_codes(self, done)


def give_codes(handler: Guard, codes: list[str] | Refusal) -> None:
    """Answer recovery codes, or why there are none."""
    if isinstance(codes, Refusal):
        handler.refuse_with(codes)
    else:
        handler.finish({"recovery": codes})
