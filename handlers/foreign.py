"""What the routes for other ecosystems share: who sends, the plain body, the decoders, the answer.

A sender is known by its token, in whatever place it can put one (``credentials.presented``). A single device's token
speaks for that device: formats that name devices by a serial number store under it, and one that names another device
is ``forbidden``, sample by sample; a gateway's token may name others, by its patterns. Without a token ``[devices]
admission`` decides: under ``open`` an id without a token is taken at its word, under ``approve`` operators see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import unquote

from devices.ecosystems.base import Request, codec_of
from devices.ecosystems.catalogue import Catalogue
from handlers import credentials
from handlers.base import STATUS, Access, Guard
from handlers.ingest import gunzip, keep_packed
from telemetry import names
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.identity import DeviceIdentity
from telemetry.intake import Taken
from telemetry.model import Reason, Refusal
from telemetry.store.db import StoreError

TOLD_MAX = 100
"""Refused parts that an answer names."""
NAMED_MAX = 10
"""Refused parts that its message names."""
SEVERAL = 32
"""Credentials of one request that are looked at."""
UNKNOWN = Refusal(Reason.UNKNOWN_DEVICE, "a valid device token is needed")

FORBIDDEN = Refusal(Reason.FORBIDDEN, "this token may not speak for that device")


class Foreign(Guard):
    """A message of another ecosystem over HTTP; ``decoded`` says what is in it, ``answer`` what its sender reads.

    ``fields`` are query parameters that may hold the token. ``own``: the format names no device, so that also a
    gateway's messages are its own. ``line_by_line``: a part that is refused is worth a 400 though others were taken.
    """

    access = Access.DEVICE
    own: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = ()
    line_by_line: ClassVar[bool] = False
    sender: DeviceIdentity | None
    plain: bytes

    def initialize(self) -> None:
        """Before the body is looked at."""
        keep_packed(self.request)

    # who sends

    def _admit_device(self) -> None:
        """Find out who sends, by its token; without one the message itself has to say it."""
        self.sender = None
        given = credentials.presented(self.request, self.fields, self.path_tokens())
        if given:
            found = {self._owner(words) for words in given[:SEVERAL]}
            self.sender = found.pop() if len(found) == 1 else None
        policy = self.core.admission.policy
        if self.sender is None and (given or policy == "token" or (policy == "approve" and self._large())):
            self.unauthorized()
        elif self.sender is not None:
            self.identity = self.sender
            self.core.roster.heard(self.sender.id, self.request.remote_ip or "")
            self._tests = [names.matcher(pattern) for pattern in self.sender.gateway or ()]

    def path_tokens(self) -> list[str]:
        """The tokens that stand in the path."""
        token = self.path_kwargs.get("token")
        return [unquote(token)] if token else []

    def _owner(self, words: Iterable[str]) -> DeviceIdentity | None:
        return next((found for word in words if (found := self.core.accounts.devices.identity(word))), None)

    def _large(self) -> bool:
        """Whether a stranger's message is too large to be looked at."""
        return len(self.request.body) > self.core.settings.server.max_message

    def unauthorized(self) -> None:
        """Answer 401; browsers, programs and firmware may then come with a password."""
        self.refuse(401, "unauthorized", UNKNOWN.message)

    def admit(self, device: str, sample: Sample) -> Refusal | None:
        """Whether a sample of this device is taken from this sender."""
        if self.sender is not None:
            return None if self._may(device) else FORBIDDEN
        found = self.core.admission.identify(device, self.request.remote_ip or "")
        if not isinstance(found, DeviceIdentity):
            return found or UNKNOWN
        if not found.pending:
            return None
        if self.core.admission.knock(device, self.request.remote_ip or "", None):
            self.core.admission.note(device, {sample.metric: sample.value})
        return Refusal(Reason.UNKNOWN_DEVICE, "an operator has to accept this device")

    def limit(self, decoded: Decoded) -> None:
        """Leave out what is said of devices for which this sender may not speak; samples are judged one by one."""
        decoded.presence = {device: online for device, online in decoded.presence.items() if self._may(device)}
        decoded.names = {device: name for device, name in decoded.names.items() if self._may(device)}

    def _may(self, device: str) -> bool:
        if self.sender is not None:
            return device == self.sender.id or any(test(device) for test in self._tests)
        found = self.core.admission.identify(device, self.request.remote_ip or "")
        return isinstance(found, DeviceIdentity) and not found.pending

    # what it says

    async def post(self, **_path: str) -> None:
        await self.take()

    async def take(self) -> None:
        """Decode, store, answer."""
        found = self.read()
        if isinstance(found, Refusal):
            self._broken(found)
            return
        decoder, decoded = found
        self.limit(decoded)
        taken = self.core.intake.take(decoded, "http", self.admit, urgent=True)
        devices = self.core.intake.devices(decoded) or ([self.sender.id] if self.sender else [])
        self.keep(devices, decoder, taken)
        if await self.durable(taken.put_off, [taken.future]):
            self.answer(taken.readings, taken.refused)

    def read(self) -> tuple[str, Decoded] | Refusal:
        """The decoder's name and what it found; sets ``plain``."""
        plain = self.body()
        if isinstance(plain, Refusal):
            return plain
        found = catalogue(self).request(self.as_request(plain))
        if found is None:
            return Refusal(Reason.BAD_MESSAGE, "no decoder knows this message")
        decoder, decoded = found
        return decoded if isinstance(decoded, Refusal) else (decoder, decoded)

    def body(self) -> bytes | Refusal:
        """The body, unpacked."""
        self.plain = self.request.body
        encoding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            plain = gunzip(self.plain, self.core.settings.server.max_body)
            if isinstance(plain, Refusal):
                return plain
            self.plain = plain
        elif encoding not in ("identity", "", "snappy"):
            return Refusal(Reason.BAD_MESSAGE, "Content-Encoding is gzip or nothing")
        return self.plain

    def as_request(self, plain: bytes) -> Request:
        """The request as the decoders see it, without what identifies the sender."""
        query = {name: values[-1].decode("utf-8", "replace") for name, values in self.request.query_arguments.items()}
        return Request(
            method=self.request.method or "",
            path=unquote(self.request.path),
            body=plain,
            received=self.core.clock.arrival(),
            query={name: value for name, value in query.items() if name != "token"},
            headers={name.lower(): value for name, value in self.request.headers.items()},
            owner=None if self.sender is None or (self.sender.gateway is not None and not self.own) else self.sender.id,
        )

    # what became of it

    async def durable(self, put_off: Refusal | None, futures: Iterable[asyncio.Future[None] | None]) -> bool:
        """Wait for the disk; False if it was answered that all of it may be sent again."""
        if put_off is not None:
            self.refuse_with(put_off)
            return False
        try:
            for future in dict.fromkeys(futures):
                if future is not None:
                    await future
        except StoreError as error:
            self.refuse_with(Refusal(Reason.TRY_LATER, error.advice, retry_after=1000))
            return False
        return True

    def answer(self, accepted: int, refused: list[BadPart]) -> None:
        """Say how much was taken, and what was not."""
        if refused and (self.line_by_line or not accepted):
            self.refuse_parts(accepted, refused)
        elif refused:
            self.finish({"accepted": accepted, "errors": [_part(one) for one in refused[:TOLD_MAX]]})
        else:
            self.accepted(accepted)

    def accepted(self, accepted: int) -> None:
        """All of it was taken."""
        self.finish({"accepted": accepted})

    def refuse_parts(self, accepted: int, refused: list[BadPart]) -> None:
        """Name the parts that were not taken; the first says why."""
        first = refused[0]
        status = 400 if accepted else 401 if first.code is Reason.UNKNOWN_DEVICE else STATUS.get(first.code, 400)
        told = "; ".join(f"{part.line}: {part.message}" for part in refused[:NAMED_MAX])
        self.refuse(
            status,
            "unauthorized" if status == 401 else first.code.value,
            f"{len(refused)} not taken, {accepted} taken; {told}",
            accepted=accepted,
            lines=[_part(one) for one in refused[:TOLD_MAX]],
        )

    def _broken(self, refusal: Refusal) -> None:
        self.core.metrics.refuse(refusal.code, 1)
        self.keep([self.sender.id] if self.sender else [], "http", refusal)
        self.refuse_with(refusal)

    def keep(self, devices: list[str], decoder: str, outcome: Taken | Refusal) -> None:
        """Keep the message for who looks at these devices, without its secrets."""
        where = credentials.hidden_path(self.request.path)
        self.core.frames.note_all(devices, "http", where, self.shown(), decoder, outcome)

    def shown(self) -> bytes:
        """The message as it may be shown."""
        return self.plain or credentials.without_secrets(self.request.query).encode()


def catalogue(handler: Guard) -> Catalogue:
    """The decoders of all that comes over HTTP, made when first needed: few servers hear of them at all."""
    settings: dict[str, Any] = handler.application.settings
    found: Catalogue | None = settings.get("catalogue")
    if found is None:
        found = settings["catalogue"] = Catalogue(codec_of(handler.core.settings.devices.codecs))
    return found


def _part(one: BadPart) -> dict[str, object]:
    return {"line": one.line, "code": one.code.value, "message": one.message}
