"""Login, logout, and the one-time pages that create the first user and set a forgotten password."""

from __future__ import annotations

import math

from handlers import credentials, words
from handlers.base import Access, Guard
from handlers.rendering import language, render
from telemetry import passwords
from telemetry.auth import Busy, CodeNeeded, Throttled
from telemetry.logins import Result
from telemetry.names import device_id

HOME = "/"


def local_path(target: str) -> str:
    """Where to go after login: a path of this server, or its first page for anything that might lead elsewhere."""
    # Browsers read a backslash as a slash and drop tabs and newlines, so /\evil, //evil and /<tab>/evil all leave
    plain = target.isprintable() and "\\" not in target and target.startswith("/") and not target.startswith("//")
    return target if plain else HOME


class _Entrance(Guard):
    """What the pages in front of the login share."""

    access = Access.OPEN

    def field(self, name: str) -> str:
        """A field of the form, as typed."""
        return self.request.body_arguments.get(name, [b""])[-1].decode("utf-8", "replace")

    def refused(self, status: int, code: str, message: str, **extra: object) -> bool:
        """Set the status of a page that tells a person what is wrong; a program gets the answer of every refusal."""
        if "text/html" in self.request.headers.get("Accept", ""):
            self.set_status(status)
            return False
        self.refuse(status, code, message, **extra)
        return True

    def said(self, text: str, **values: object) -> str:
        """A text in the language of who asks."""
        return words.translate(language(self), text, **values)

    @property
    def address(self) -> str:
        """Who asks."""
        return self.request.remote_ip or ""

    @property
    def agent(self) -> str:
        """What the browser says it is."""
        return self.request.headers.get("User-Agent", "")

    def enter(self, cookie: str) -> None:
        """Give the browser its session and send it on its way."""
        give_session(self, cookie)
        self.redirect(local_path(self.field("next")), status=303)


def give_session(handler: Guard, cookie: str) -> None:
    """Have the browser keep the session."""
    handler.set_cookie(
        credentials.cookie_name(secure=handler.secure),
        cookie,
        path="/",
        max_age=int(handler.core.settings.server.session_lifetime),
        httponly=True,
        samesite="Lax",
        secure=handler.secure,
    )


class Login(_Entrance):
    """``GET`` shows the form, ``POST`` takes name, password and next.

    Where the account has one-time codes, ``code`` comes along, or in a second form with the ``ticket`` of the first.
    """

    def get(self) -> None:
        self._show("", local_path("".join(credentials.arguments(self.request, "next"))))

    async def post(self) -> None:
        name, ticket = self.field("name"), self.field("ticket")
        result = await self._tried(name, ticket)
        if isinstance(result, str):
            self.enter(result)
            return
        if isinstance(result, Throttled):  # the others are counted where they are tried
            self.core.failed_logins.failed(name, self.address)
        status, text = 401, "Name or password is wrong."
        extra: dict[str, object] = {}
        problem = self.said("Name or password is wrong.")
        if isinstance(result, Throttled):
            wait = math.ceil(result.wait)
            status, text, extra = 429, f"Too many attempts. Try again in {wait} s.", {"retry_after": wait * 1000}
            problem = self.said("Too many attempts. Try again in {wait} s.", wait=wait)
        elif isinstance(result, CodeNeeded):
            ticket, text, extra = result.ticket, "A one-time code is needed.", {"ticket": result.ticket}
            problem = self.said("This code does not fit, or was used.") if result.wrong else ""
        elif ticket:
            ticket, text = "", "This login has taken too long."
            problem = self.said("This login has taken too long. Begin again.")
        if self.refused(status, "rate_limited" if status == 429 else "unauthorized", text, **extra):
            return
        if status == 429:
            self.set_header("Retry-After", str(wait))
        elif isinstance(result, CodeNeeded) and not result.wrong:
            self.set_status(200)  # nothing went wrong: the second of two pages
        self._show(problem, local_path(self.field("next")), name, ticket)

    async def _tried(self, name: str, ticket: str) -> Result:
        logins, code = self.core.accounts.people.logins, self.field("code")
        if ticket:
            return await logins.second_step(ticket, code, self.address, self.agent)
        return await logins.log_in(name, self.field("password"), self.address, code, self.agent)

    def _show(self, problem: str, target: str, name: str = "", ticket: str = "") -> None:
        has_users = self.core.accounts.people.setup_token is None
        shown = {"problem": problem, "next": target, "name": name, "ticket": ticket, "has_users": has_users}
        render(self, "login.html", **shown)


class Logout(_Entrance):
    """``POST`` ends the session on the server and closes its sockets."""

    async def post(self) -> None:
        cookie = credentials.session_cookie(self, secure=self.secure)
        self.clear_cookie(credentials.cookie_name(secure=self.secure), path="/", secure=self.secure)
        if cookie is not None:
            await self.core.accounts.people.log_out(cookie, self.address)
        self.redirect("/login", status=303)


class Setup(_Entrance):
    """``/setup?token=…``, printed at the first start: creates the first user, an admin, once."""

    def get(self) -> None:
        self._show("".join(credentials.arguments(self.request, "token")))

    async def post(self) -> None:
        token, name, password = self.field("token"), self.field("name"), self.field("password")
        people = self.core.accounts.people
        if not people.setup_fits(token):
            self._show(token)
            return
        if wrong := user_name_problem(name) or passwords.problem(password):
            if not self.refused(400, "bad_value", wrong):
                self._show(token, self.said(f"{wrong[0].upper()}{wrong[1:]}."), name)
            return
        try:
            cookie = (
                await people.open_session(name, self.address, self.agent)
                if await people.set_up(token, name, password, self.address)
                else None
            )
        except Busy:
            cookie = None
        if cookie is None:
            self._show(token)
        else:
            self.enter(cookie)

    def _show(self, token: str, problem: str = "", name: str = "") -> None:
        valid = self.core.accounts.people.setup_fits(token)
        if not valid and self.refused(410, "gone", "this link is used up, or not complete"):
            return
        render(self, "setup.html", valid=valid, token=token if valid else "", problem=problem, name=name)


class NewPassword(_Entrance):
    """``/password?token=…``, made by an admin: sets the password of a user, once."""

    def get(self) -> None:
        self._show("".join(credentials.arguments(self.request, "token")))

    async def post(self) -> None:
        token, password = self.field("token"), self.field("password")
        people = self.core.accounts.people
        if people.link_of(token) is None:
            self._show(token)
            return
        if wrong := passwords.problem(password):
            if not self.refused(400, "bad_value", wrong):
                self._show(token, self.said(f"{wrong[0].upper()}{wrong[1:]}."))
            return
        try:
            user = await people.use_link(token, password, self.address)
        except Busy:
            if not self.refused(503, "try_later", "too many passwords are being checked right now", retry_after=2000):
                self._show(token, self.said("Too many attempts. Try again in {wait} s.", wait=2))
            return
        if user is None:
            self._show(token)
        elif user.totp is not None:
            self.redirect("/login", status=303)  # the link stands in for the password only
        elif (cookie := await people.open_session(user.name, self.address, self.agent)) is not None:
            self.enter(cookie)
        else:
            self.redirect("/login", status=303)

    def _show(self, token: str, problem: str = "") -> None:
        user = self.core.accounts.people.link_of(token)
        if user is None and self.refused(410, "gone", "this link is used up, or not complete"):
            return
        render(self, "password.html", name=user.name if user else "", token=token if user else "", problem=problem)


def user_name_problem(name: str) -> str | None:
    """What is wrong with a new user's name, or None: names follow the rules of device ids."""
    return None if device_id(name) == name else "the name must have 1 to 128 printable characters"
