"""Guard: what every route and socket has in common, denied by default.

In this order: the Host must be a name of this server (421, against DNS rebinding), a browser's Origin must be its own
or listed (403, for sockets and unsafe methods), a credential must fit (401) and suffice (403). A class without
``access`` cannot be defined. Every error is ``{"error": {"code", "message"}}`` and carries the security headers.
Codes besides those of ``telemetry.model.Reason``: bad_request, unauthorized, not_found, method_not_allowed, conflict,
gone, bad_host, internal; any other status has the code ``http_NNN``.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
from enum import Enum, auto
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import urlencode

from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from handlers import credentials
from handlers.headers import security_headers
from handlers.places import known_host, known_origin
from telemetry import names
from telemetry.auth import DeviceIdentity, Principal, Role
from telemetry.core import Core
from telemetry.identity import Actor
from telemetry.model import Reason, Refusal, Series
from telemetry.scope import Scope
from telemetry.store.db import StoreError

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READ = frozenset({"GET", "HEAD"})
ERRORS = {
    400: ("bad_request", "the request could not be understood"),
    401: ("unauthorized", "a valid credential is needed"),
    403: ("forbidden", "not allowed"),
    404: ("not_found", "there is nothing here"),
    405: ("method_not_allowed", "this method is not for this address"),
    413: ("too_large", "the body is too large"),
    415: ("bad_message", "this content type is not understood"),
    500: ("internal", "the server failed; its log says why"),
    503: ("try_later", "the server cannot do this now"),
}
STATUS = {
    Reason.FORBIDDEN: 403,
    Reason.UNKNOWN_DEVICE: 404,
    Reason.TOO_LARGE: 413,
    Reason.RATE_LIMITED: 429,
    Reason.TRY_LATER: 503,
}
"""The HTTP status of a refusal; 400 for all others."""


class Access(Enum):
    """Who may use a route."""

    OPEN = auto()
    DEVICE = auto()
    VIEWER = auto()
    OPERATOR = auto()
    ADMIN = auto()


ROLE = {Access.VIEWER: Role.VIEWER, Access.OPERATOR: Role.OPERATOR, Access.ADMIN: Role.ADMIN}
DEMO = Principal("demo", "demo", Role.ADMIN, "demo")


class Guard(RequestHandler):
    """Base of every handler: ``class X(Guard)`` and ``class Y(Guard, WebSocketHandler)``.

    ``principal`` is set on routes for people and programs, ``identity`` on those for devices. ``page`` sends a
    browser without a login to /login instead of answering 401. ``write_access`` says who may use the unsafe methods,
    where that is not ``access``. A credential that is limited to a scope comes only as far as the methods in
    ``scoped``: a class that names one keeps to ``scope`` in it.
    """

    access: ClassVar[Access]
    write_access: ClassVar[Access | None] = None
    scoped: ClassVar[frozenset[str]] = frozenset()
    page: ClassVar[bool] = False
    writes_by_get: ClassVar[bool] = False
    """Whether a protocol that is not ours changes something by GET: no page of another origin may ask for that."""
    principal: Principal
    identity: DeviceIdentity
    csp_nonce: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(getattr(cls, "access", None), Access):
            raise TypeError(f"{cls.__qualname__} does not say who may use it: set access = Access.…")

    @property
    def core(self) -> Core:
        """The running core."""
        core: Core = self.application.settings["core"]
        return core

    @property
    def secure(self) -> bool:
        """Whether the browser speaks https, with this server or with a trusted proxy."""
        return self.request.protocol == "https"

    @property
    def scope(self) -> Scope | None:
        """What the credential of this request reaches; None is everything that its role may."""
        return self.principal.scope

    def sees(self, series: Series) -> bool:
        """Whether it reaches a series."""
        scope = self.principal.scope
        return scope is None or scope.sees(series)

    @property
    def actor(self) -> Actor:
        """Who makes this request, for the audit log."""
        return Actor(self.principal.name, self.principal.kind, self.request.remote_ip or "")

    def set_default_headers(self) -> None:
        self.csp_nonce = secrets.token_urlsafe(16)
        hsts = self.core.settings.server.hsts
        for name, value in security_headers(self.csp_nonce, self.request.host_name, secure=self.secure, hsts=hsts):
            self.set_header(name, value)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")  # a page, or JSON, says that it is one
        self.clear_header("Server")

    def prepare(self) -> None:
        """Decide whether the request may go on; a subclass that overrides this calls it first."""
        if not known_host(self.request, self.core.settings.server.allowed_hosts):
            message = "this server does not go by that name; list it in [server] allowed_hosts"
            self.refuse(421, "bad_host", message)
        elif self._needs_origin() and not self.check_origin(""):
            self.refuse(403, "forbidden", "this origin is not listed in [server] allowed_origins")
        elif self._needed is Access.DEVICE:
            self._admit_device()
        elif self._needed is not Access.OPEN:
            self._admit_principal(ROLE[self._needed])
        if isinstance(self, WebSocketHandler) and not self._finished:
            self._check_upgrade()

    def check_origin(self, origin: str) -> bool:
        """Whether the request's Origin headers are absent, this server's own, or listed; Tornado asks it too."""
        return known_origin(self.request, self.core.settings.server.allowed_origins)

    def refuse(self, status: int, code: str, message: str, **extra: object) -> None:
        """Answer with the one shape of errors, and finish. ``retry_after`` (ms) also sets the header.

        A person whose browser asked for a page that is not there, or not for him, is shown one that says so.
        """
        self.set_status(status)
        if status in (403, 404) and self._by_browser():
            self.application.settings["sorry"](self, status)
            return
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        if status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if isinstance(wait := extra.get("retry_after"), int):
            self.set_header("Retry-After", str(math.ceil(wait / 1000)))
        self.finish(json.dumps({"error": {"code": code, "message": message, **extra}}, ensure_ascii=False))

    def refuse_with(self, refusal: Refusal) -> None:
        """Answer with a refusal of the core."""
        extra = {key: value for key, value in refusal.body().items() if key not in ("code", "message")}
        self.refuse(STATUS.get(refusal.code, 400), refusal.code.value, refusal.message, **extra)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error that Tornado answers, in the same shape; what an exception says stays in the log."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, StoreError):
            self.refuse(503, "try_later", error.advice, retry_after=1000)
            return
        if status_code == 405:
            ours, none = type(self), RequestHandler
            known = [
                one for one in none.SUPPORTED_METHODS if getattr(ours, one.lower()) is not getattr(none, one.lower())
            ]
            self.set_header("Allow", ", ".join(known))
        code, message = ERRORS.get(status_code, (f"http_{status_code}", self._reason.lower()))
        self.refuse(status_code, code, message)

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Bugs with their traceback, outages without, refusals at debug; addresses without their tokens."""
        if isinstance(value, HTTPError):
            log.debug("%s: %s", credentials.redacted(self.request), value.log_message or value.reason)
        elif isinstance(value, StoreError):
            log.error("%s failed: %s", credentials.redacted(self.request), value)
        elif value is not None:
            log.error("%s failed", credentials.redacted(self.request), exc_info=value)

    @property
    def _needed(self) -> Access:
        if self.write_access is None or self.request.method in SAFE_METHODS:
            return self.access
        return self.write_access

    def _needs_origin(self) -> bool:
        unsafe = self.request.method not in SAFE_METHODS or self.writes_by_get or isinstance(self, WebSocketHandler)
        return unsafe or "Origin" in self.request.headers

    def _check_upgrade(self) -> None:
        """Refuse what is no upgrade to a WebSocket in the one shape of errors; Tornado would answer in HTML."""
        headers = self.request.headers
        words = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
        if headers.get("Upgrade", "").lower() != "websocket" or "upgrade" not in words:
            self.refuse(400, "bad_request", "this address speaks WebSocket: send an upgrade")
        elif headers.get("Sec-WebSocket-Version") != "13":
            self.set_header("Sec-WebSocket-Version", "13")
            self.refuse(426, "bad_request", "this server speaks version 13 of WebSocket")
        elif not headers.get("Sec-WebSocket-Key"):
            self.refuse(400, "bad_request", "Sec-WebSocket-Key is missing")

    def _admit_principal(self, needed: Role) -> None:
        principal = self._find_principal()
        if principal is None:
            self._ask_to_log_in()
        elif principal.role < needed:
            self.refuse(403, "forbidden", f"this needs the role {needed.name.lower()}")
        elif principal.scope is not None and not self._reached(principal.scope):
            self.refuse(403, "forbidden", "this credential is limited, and does not reach this")
        else:
            self.principal = principal

    def _reached(self, scope: Scope) -> bool:
        method = self.request.method
        return method in self.scoped and (scope.write or method in SAFE_METHODS)

    def _find_principal(self) -> Principal | None:
        tokens = credentials.tokens(self.request)
        if len(tokens) > 1:
            return None
        if tokens:
            return self.core.accounts.tokens.principal(tokens[0])
        if self.core.demo:
            return DEMO
        if (screen := credentials.screen_cookie(self, secure=self.secure)) is not None:
            found = self.core.accounts.tokens.principal(screen)
            return found if found is not None and found.kind == "screen" else None
        server, people = self.core.settings.server, self.core.accounts.people
        if (name := credentials.signed_on(self.request, server.sso_header, server.trusted_proxies)) is not None:
            return people.signed_on(name)
        cookie = credentials.session_cookie(self, secure=self.secure)
        return None if cookie is None else people.principal(cookie)

    def _by_browser(self) -> bool:
        asks = self.request.method in SAFE_METHODS and not credentials.tokens(self.request)
        return self.page and asks and "text/html" in self.request.headers.get("Accept", "")

    def _ask_to_log_in(self) -> None:
        server = self.core.settings.server
        name = credentials.signed_on(self.request, server.sso_header, server.trusted_proxies)
        if name is not None and not credentials.tokens(self.request):
            message = f"{name!r} is logged in at the proxy, but is no user here: an admin can add that name"
            self.refuse(403, "forbidden", message)
        elif self._by_browser():
            self.redirect("/login?" + urlencode({"next": credentials.without_token(self.request)}))
        else:
            self.refuse(401, *ERRORS[401])

    def _admit_device(self) -> None:
        identity = self._find_device()
        if isinstance(identity, Refusal):
            self.refuse_with(identity)
        elif identity is None or (identity.pending and not isinstance(self, WebSocketHandler)):
            if identity is not None:
                self.knocked(identity)
            self.refuse(401, "unauthorized", "a valid device token is needed")
        else:
            self.identity = identity
            self.core.roster.heard(identity.id, self.request.remote_ip or "")

    def knocked(self, identity: DeviceIdentity) -> None:
        """An unknown device asked over HTTP; it will be answered 401."""

    def _find_device(self) -> DeviceIdentity | Refusal | None:
        tokens = credentials.tokens(self.request)
        wanted = credentials.arguments(self.request, "device")
        if tokens:
            found = self.core.accounts.devices.identity(tokens[0]) if len(tokens) == 1 else None
            if found is not None and any(names.device_id(one) != found.id for one in wanted):
                return Refusal(Reason.FORBIDDEN, "this token belongs to another device")
            return found
        if len(wanted) != 1:
            return None
        device_id = names.device_id(wanted[0])
        if device_id is None:
            return Refusal(Reason.BAD_VALUE, "this is not a device id", "device")
        return self.core.admission.identify(device_id, self.request.remote_ip or "")
