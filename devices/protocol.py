"""One device's session, without its socket: frames in, frames out, nothing else.

An envelope is acknowledged when its commit is durable; all ids of one commit share frames of at most 64. After
``try_later`` or ``rate_limited`` every later envelope is put off until that id comes again, so order is kept.
``last_id`` is the last id, in sending order, up to which all is durable or refused for good. An envelope is answered in
the form (JSON or CBOR) that it came in, anything else in the form of the device's last frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from devices.codecs import cbor_codec, json_codec, native
from telemetry.model import Batch, Entry, MessageId, Reason, Refusal

ACKS = 64
"""Ids that one ack may carry."""
PATIENCE = 5_000
"""When (ms) a device that waits for approval may try again."""

Future = asyncio.Future[None]


class Port(Protocol):
    """What a session needs from the server, and the socket it writes to."""

    device: str
    """Whose socket it is."""
    pending: bool
    """Whether the device still waits for approval."""

    @property
    def last_id(self) -> MessageId | None:
        """The contract's ``last_id``, as of the last commit."""

    def accept(self, entries: Sequence[Entry], form: str) -> Batch | Refusal:
        """Judge entries; see ``telemetry.accept``."""

    def submit(self, batch: Batch) -> Future | Refusal:
        """Take a batch; the future is shared by all batches of one commit. See ``telemetry.ingest``."""

    def refused(self, reason: Reason, readings: int) -> None:
        """Count a refusal."""

    def note(self, note: native.Note) -> None:
        """Hear a reply or a report."""

    def values(self, values: Mapping[str, object]) -> None:
        """Hear what a device says that still waits."""

    def keep(self, frame: str | bytes, outcome: Batch | Refusal | str, commit: Future | None) -> None:
        """Keep a frame and what became of it; a text says why there is nothing in it to store."""

    def send(self, frame: str | bytes) -> None:
        """Write a text or binary frame."""


class DeviceSession:
    """What a device and the server owe each other on one socket. Owned by the loop thread."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._binary = False
        self._blocked: MessageId | None = None
        self._failed = False
        self._waiting: dict[Future, list[tuple[MessageId, bool]]] = {}

    def hello(self, time: int, max_message: int) -> None:
        """The first frame: ``time`` in ms, ``max_message`` in bytes."""
        port = self._port
        body = {"device": port.device, "time": time, "last_id": port.last_id, "max_message": max_message}
        self.write({"hello": body | ({"pending": True} if port.pending else {})})

    def write(self, body: Mapping[str, object]) -> None:
        """Send one message, as JSON or CBOR."""
        self._port.send(cbor_codec.encode(body) if self._binary else json_codec.encode(body))

    def receive(self, frame: str | bytes) -> None:
        """One frame from the device."""
        self._binary = isinstance(frame, bytes)
        value = cbor_codec.decode(frame) if isinstance(frame, bytes) else json_codec.decode(frame)
        message = native.Bad(value) if isinstance(value, Refusal) else native.parse(value)
        if isinstance(message, native.Readings):
            if self._port.pending:
                self._unknown(frame, message)
            elif message.id is None:
                self._bare(frame, message)
            else:
                self._envelope(frame, message, message.id)
        elif isinstance(message, native.Note):
            if not self._port.pending:
                self._port.note(message)
                self._port.keep(frame, f"{message.kind}: this is not a reading", None)
        elif not self._put_off(frame, message.id, 1):
            self._refuse(frame, message.refusal, 1, message.id)

    def _bare(self, frame: str | bytes, message: native.Readings) -> None:
        batch = self._port.accept(message.entries, message.form)
        if isinstance(batch, Refusal):
            self._refuse(frame, batch, _count(message), None)
            return
        future = self._port.submit(batch)
        if isinstance(future, Refusal):
            self._refuse(frame, future, _count(message), None)
        else:
            self._port.keep(frame, batch, future)

    def _envelope(self, frame: str | bytes, message: native.Readings, id_: MessageId) -> None:
        if self._blocked is not None and self._put_off(frame, id_, _count(message)):
            return
        batch = self._port.accept(message.entries, message.form)
        if isinstance(batch, Refusal):
            self._refuse(frame, batch, _count(message), id_)
            return
        batch.mark = (self._port.device, id_)
        future = self._port.submit(batch)
        if isinstance(future, Refusal):
            self._refuse(frame, future, len(batch.readings), id_)
            return
        self._port.keep(frame, batch, future)
        self._blocked, self._failed = None, False
        ids = self._waiting.get(future)
        if ids is None:
            self._waiting[future] = [(id_, self._binary)]
            future.add_done_callback(self._settled)
        else:
            ids.append((id_, self._binary))

    def _put_off(self, frame: str | bytes, id_: MessageId | None, readings: int) -> bool:
        """Refuse an envelope that must wait for an earlier one; whether it must."""
        if id_ is None or self._blocked is None or self._blocked == id_:
            return False
        refusal = Refusal(Reason.TRY_LATER, f"send {self._blocked!r} again first", retry_after=100)
        self._refuse(frame, refusal, readings, id_)
        return True

    def _unknown(self, frame: str | bytes, message: native.Readings) -> None:
        latest: dict[str, object] = {}
        for entry in message.entries:
            latest |= entry.values
        self._port.values(latest)
        refusal = Refusal(Reason.UNKNOWN_DEVICE, "an operator has to accept this device", retry_after=PATIENCE)
        self._port.refused(refusal.code, _count(message))
        self._port.keep(frame, refusal, None)
        if message.id is not None:
            self._error(refusal, message.id)

    def _refuse(self, frame: str | bytes, refusal: Refusal, readings: int, id_: MessageId | None) -> None:
        self._port.refused(refusal.code, readings)
        self._port.keep(frame, refusal, None)
        if id_ is not None:
            self._note_refusal(refusal, id_)
        self._error(refusal, id_)

    def _note_refusal(self, refusal: Refusal, id_: MessageId) -> None:
        """Keep order and ``last_id``: what may be sent again blocks, what may not is settled in its turn."""
        if refusal.code in (Reason.TRY_LATER, Reason.RATE_LIMITED):
            if self._blocked is None:
                self._blocked = id_
            return
        if self._blocked == id_:
            self._blocked, self._failed = None, False
        if self._blocked is None:
            self._port.submit(Batch([], self._port.device, mark=(self._port.device, id_)))

    def _settled(self, future: Future) -> None:
        waited = self._waiting.pop(future)
        failed = future.cancelled() or future.exception() is not None
        if failed and not self._failed:  # what was in flight came before whatever else was put off
            self._blocked, self._failed = waited[0][0], True
        last = self._binary
        for self._binary in (False, True):
            self._answer([id_ for id_, binary in waited if binary is self._binary], failed=failed)
        self._binary = last

    def _answer(self, ids: list[MessageId], *, failed: bool) -> None:
        """Tell envelopes that came in one form what became of them."""
        if failed:
            for id_ in ids:
                self._error(Refusal(Reason.TRY_LATER, "the disk did not take it", retry_after=1000), id_)
            return
        for at in range(0, len(ids), ACKS):
            part = ids[at : at + ACKS]
            self.write({"ack": part if len(part) > 1 else part[0]})

    def _error(self, refusal: Refusal, id_: MessageId | None) -> None:
        body = refusal.body()
        if id_ is not None:
            body["id"] = id_
        self.write({"error": body})


def _count(message: native.Readings) -> int:
    return sum(len(entry.values) for entry in message.entries)
