"""``POST /api/ingest``: the messages of ``/ws/device`` over HTTP; answered when durable."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest

from devices.codecs import cbor_codec, json_codec, native
from devices.protocol import Future
from handlers.base import Access, Guard
from handlers.device_port import NATIVE, DevicePort
from telemetry.accept import Sender
from telemetry.identity import DeviceIdentity
from telemetry.model import Batch, Reason, Refusal
from telemetry.store.db import StoreError

Decoder = Callable[[bytes], object | Refusal]

DECODERS: dict[str, Decoder] = {
    "": json_codec.decode,
    "application/json": json_codec.decode,
    "application/senml+json": json_codec.decode,
    "text/plain": json_codec.decode,
    "application/x-www-form-urlencoded": json_codec.decode,  # what curl -d says unless told otherwise
    "application/cbor": cbor_codec.decode,
    "application/senml+cbor": cbor_codec.decode,
}
"""How a body is read, by its content type."""
MEMBERS_MAX = 64
"""Members that a gzip body may have: each costs a copy of what follows it."""


class Ingest(Guard):
    """One message in the body, JSON unless its type says CBOR; gzip is taken."""

    access = Access.DEVICE

    def initialize(self) -> None:
        """Before the body is looked at."""
        keep_packed(self.request)

    async def post(self) -> None:
        """Take the readings; ``{"accepted": N}`` once they are on the disk."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._plain = self.request.body
        if kind not in DECODERS:
            self._unread("the body is application/json or application/cbor")
            return
        encoding = self.request.headers.get("Content-Encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            self._unread("Content-Encoding is gzip or nothing")
            return
        body = self._body(zipped=encoding == "gzip")
        message = body if isinstance(body, Refusal) else _message(body, DECODERS[kind])
        if isinstance(message, Refusal):
            self._refuse(message, 1)
            return
        sender = Sender.of(self.identity.id, self.identity.gateway)
        batch = self.core.gate.accept(message.entries, sender, message.form)
        count = sum(len(entry.values) for entry in message.entries)
        if isinstance(batch, Refusal):
            self._refuse(batch, count)
            return
        future = self.core.pipeline.submit(batch, urgent=True)
        if isinstance(future, Refusal):
            self._refuse(future, count)
            return
        self._keep(batch, future)
        try:
            await future
        except StoreError as error:
            self.refuse_with(Refusal(Reason.TRY_LATER, error.advice, retry_after=1000))
            return
        self.finish({"accepted": len(batch.readings)})

    def knocked(self, identity: DeviceIdentity) -> None:
        """Show operators what a device says that no one knows yet; nothing of it is stored."""
        if not self.core.admission.knock(identity.id, self.request.remote_ip or "", None):
            return
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        waits = Refusal(Reason.UNKNOWN_DEVICE, "an operator has to accept this device")
        self.core.frames.note(identity.id, "http", self.request.path, self.request.body, NATIVE, waits)
        message = _message(self.request.body, DECODERS.get(kind, json_codec.decode))
        if isinstance(message, native.Readings):
            port = DevicePort(self.core, identity, lambda _: None)
            for entry in message.entries:
                port.values(entry.values)

    def _body(self, *, zipped: bool) -> bytes | Refusal:
        if not zipped:
            return self._plain
        plain = gunzip(self._plain, self.core.settings.server.max_body)
        if not isinstance(plain, Refusal):
            self._plain = plain
        return plain

    def _unread(self, message: str) -> None:
        """Refuse a body of a type that is not understood."""
        self.core.metrics.refuse(Reason.BAD_MESSAGE, 1)
        self._keep(Refusal(Reason.BAD_MESSAGE, message))
        self.refuse(415, "bad_message", message)

    def _keep(self, outcome: Batch | Refusal, commit: Future | None = None) -> None:
        """Keep the message for who looks at this device; that of a gateway also for those that it spoke for."""
        devices = {self.identity.id: None}
        if isinstance(outcome, Batch):
            devices |= dict.fromkeys(reading.series.device for reading in outcome.readings)
        self.core.frames.note_all(devices, "http", self.request.path, self._plain, NATIVE, outcome, commit)

    def _refuse(self, refusal: Refusal, readings: int) -> None:
        self.core.metrics.refuse(refusal.code, readings)
        self._keep(refusal)
        self.refuse_with(refusal)


def _message(body: bytes, decode: Decoder) -> native.Readings | Refusal:
    value = decode(body)
    if isinstance(value, Refusal):
        return value
    message = native.parse(value)
    if isinstance(message, native.Readings):
        return message
    if isinstance(message, native.Bad):
        return message.refusal
    return Refusal(Reason.BAD_MESSAGE, f"{message.kind} belongs on a socket")


def keep_packed(request: HTTPServerRequest) -> None:
    """Keep Tornado from reading a packed body as a form, which curl says of all that it sends."""
    kind = request.headers.get("Content-Type", "").lower()
    if "Content-Encoding" in request.headers and kind.startswith("application/x-www-form-urlencoded"):
        del request.headers["Content-Type"]


def gunzip(body: bytes, limit: int) -> bytes | Refusal:
    """The content of a gzip file, of at most ``limit`` bytes."""
    plain = b""
    for _ in range(MEMBERS_MAX):
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            plain += member.decompress(body, limit + 1 - len(plain))
        except zlib.error:
            return Refusal(Reason.BAD_MESSAGE, "the body is not gzip")
        if len(plain) > limit:
            return Refusal(Reason.TOO_LARGE, f"more than {limit} bytes after gunzip ([server] max_body)")
        if not member.eof:
            return Refusal(Reason.BAD_MESSAGE, "the gzip body is cut off")
        body = member.unused_data
        if not body:
            return plain
    return Refusal(Reason.BAD_MESSAGE, f"more than {MEMBERS_MAX} gzip members in one body")
