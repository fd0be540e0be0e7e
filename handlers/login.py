"""Login, logout, and the one-time page that creates the first user."""

from __future__ import annotations

import math

from handlers import credentials, words
from handlers.base import Access, Guard
from handlers.rendering import language, render
from telemetry import passwords
from telemetry.auth import Busy, Throttled
from telemetry.names import device_id
from telemetry.sessions import LIFETIME

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

    def enter(self, cookie: str) -> None:
        """Give the browser its session and send it on its way."""
        self.set_cookie(
            credentials.cookie_name(secure=self.secure),
            cookie,
            path="/",
            max_age=LIFETIME,
            httponly=True,
            samesite="Lax",
            secure=self.secure,
        )
        self.redirect(local_path(self.field("next")), status=303)


class Login(_Entrance):
    """``GET`` shows the form, ``POST`` takes name, password and next."""

    def get(self) -> None:
        self._show("", local_path("".join(credentials.arguments(self.request, "next"))))

    async def post(self) -> None:
        name = self.field("name")
        result = await self.core.accounts.people.log_in(name, self.field("password"), self.request.remote_ip or "")
        if isinstance(result, str):
            self.enter(result)
            return
        if isinstance(result, Throttled):
            wait = math.ceil(result.wait)
            problem = self.said("Too many attempts. Try again in {wait} s.", wait=wait)
            if self.refused(429, "rate_limited", f"Too many attempts. Try again in {wait} s.", retry_after=wait * 1000):
                return
            self.set_header("Retry-After", str(wait))
        else:
            problem = self.said("Name or password is wrong.")
            if self.refused(401, "unauthorized", "Name or password is wrong."):
                return
        self._show(problem, local_path(self.field("next")), name)

    def _show(self, problem: str, target: str, name: str = "") -> None:
        has_users = self.core.accounts.people.setup_token is None
        render(self, "login.html", problem=problem, next=target, name=name, has_users=has_users)


class Logout(_Entrance):
    """``POST`` ends the session on the server and closes its sockets."""

    async def post(self) -> None:
        cookie = credentials.session_cookie(self, secure=self.secure)
        self.clear_cookie(credentials.cookie_name(secure=self.secure), path="/", secure=self.secure)
        if cookie is not None:
            await self.core.accounts.people.log_out(cookie)
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
                await people.open_session(name)
                if await people.set_up(token, name, password, self.request.remote_ip or "")
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


def user_name_problem(name: str) -> str | None:
    """What is wrong with a new user's name, or None: names follow the rules of device ids."""
    return None if device_id(name) == name else "the name must have 1 to 128 printable characters"
