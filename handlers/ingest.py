"""``POST /api/ingest``: the messages of ``/ws/device`` over HTTP; answered when durable."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from devices.codecs import cbor_codec, json_codec, native
from handlers.base import Access, Guard
from handlers.device_port import DevicePort
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

    async def post(self) -> None:
        """Take the readings; ``{"accepted": N}`` once they are on the disk."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in DECODERS:
            self.core.metrics.refuse(Reason.BAD_MESSAGE, 1)
            self.refuse(415, "bad_message", "the body is application/json or application/cbor")
            return
        encoding = self.request.headers.get("Content-Encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            self.core.metrics.refuse(Reason.BAD_MESSAGE, 1)
            self.refuse(415, "bad_message", "Content-Encoding is gzip or nothing")
            return
        message = self._message(DECODERS[kind], zipped=encoding == "gzip")
        if isinstance(message, Refusal):
            self._refuse(message, 1)
            return
        sender = Sender.of(self.identity.id, self.identity.gateway)
        batch = self.core.gate.accept(message.entries, sender, message.form)
        count = sum(len(entry.values) for entry in message.entries)
        taken = batch if isinstance(batch, Refusal) else self.core.pipeline.submit(batch, urgent=True)
        if isinstance(taken, Refusal):
            self._refuse(taken, count)
            return
        try:
            await taken
        except StoreError:
            self.refuse_with(Refusal(Reason.TRY_LATER, "the disk did not take it", retry_after=1000))
            return
        accepted = len(batch.readings) if isinstance(batch, Batch) else 0
        self.finish({"accepted": accepted})

    def knocked(self, identity: DeviceIdentity) -> None:
        """Show operators what a device says that no one knows yet; nothing of it is stored."""
        if not self.core.admission.knock(identity.id, self.request.remote_ip or "", None):
            return
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        message = self._message(DECODERS.get(kind, json_codec.decode), zipped=False)
        if isinstance(message, native.Readings):
            port = DevicePort(self.core, identity, lambda _: None)
            for entry in message.entries:
                port.values(entry.values)

    def _message(self, decode: Decoder, *, zipped: bool) -> native.Readings | Refusal:
        body = gunzip(self.request.body, self.core.settings.server.max_body) if zipped else self.request.body
        if isinstance(body, Refusal):
            return body
        value = decode(body)
        if isinstance(value, Refusal):
            return value
        message = native.parse(value)
        if isinstance(message, native.Readings):
            return message
        if isinstance(message, native.Bad):
            return message.refusal
        return Refusal(Reason.BAD_MESSAGE, f"{message.kind} belongs on a socket")

    def _refuse(self, refusal: Refusal, readings: int) -> None:
        self.core.metrics.refuse(refusal.code, readings)
        self.refuse_with(refusal)


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
