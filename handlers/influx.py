"""What clients of InfluxDB 1.x and 2.x need to write here: ``/write``, ``/api/v2/write``, ``/ping``, ``/health``.

Good lines are kept and bad ones reported by number. Large bodies are read piece by piece, so that others get their
turn. ``/query`` knows only CREATE DATABASE, which Telegraf and the 1.x clients send before they write.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
from collections.abc import Iterator
from typing import ClassVar

from devices.codecs.line_protocol import PRECISIONS, LineProtocol
from handlers.base import Access, Guard
from handlers.foreign import TOLD_MAX, Foreign
from telemetry.decoded import BadPart
from telemetry.intake import Taken
from telemetry.model import Reason, Refusal

VERSION = "1.8-telltale"
"""What clients are told: the version of the write protocol, and who speaks it."""
LINES = 5_000
"""Lines that are read before others get their turn."""
_CREATE = re.compile(r"\s*CREATE\s+DATABASE\s[^;]*;?\s*", re.IGNORECASE)
_PLAIN = re.compile(r"[^\x20-\x7e]")


class InfluxWrite(Foreign):
    """Line protocol: 204 when all of it is on the disk, else 400 with the bad lines."""

    line_by_line: ClassVar[bool] = True
    fields: ClassVar[tuple[str, ...]] = ("p", "u")

    async def take(self) -> None:
        text, precision = self._text(), self.get_query_argument("precision", "ns")
        if isinstance(text, str) and precision not in PRECISIONS:
            text = Refusal(Reason.BAD_MESSAGE, "precision is one of ns, us, ms, s, m, h", "precision")
        if isinstance(text, Refusal):
            self._broken(text)
            return
        settings = self.application.settings
        reader: LineProtocol = settings.setdefault("line_protocol", LineProtocol())
        owner = self.sender.id if self.sender is not None and self.sender.gateway is None else None
        whole, futures = Taken(), []
        devices: dict[str, None] = {}
        pieces = reader.pieces(text, precision, owner, LINES)
        while True:
            with _uncollected():
                piece = next(pieces, None)
                if piece is None:
                    break
                taken = self.core.intake.take(piece, "http", self.admit)
                devices |= dict.fromkeys(self.core.intake.devices(piece))
                del piece
            futures.append(taken.future)
            whole.readings += taken.readings
            whole.shown = whole.shown or taken.shown
            whole.refused += taken.refused
            whole.future, whole.put_off = taken.future or whole.future, taken.put_off
            if taken.put_off is not None:
                break
            await asyncio.sleep(0)
        self.core.pipeline.hurry()
        self.keep(list(devices), "influx-lp", whole)
        if await self.durable(whole.put_off, futures):
            self.answer(whole.readings, sorted(whole.refused))

    def _text(self) -> str | Refusal:
        plain = self.body()
        if isinstance(plain, Refusal):
            return plain
        try:
            return plain.decode()
        except UnicodeDecodeError:
            return Refusal(Reason.BAD_MESSAGE, "the body is not UTF-8")

    def accepted(self, accepted: int) -> None:
        self.set_header("X-Influxdb-Version", VERSION)
        self.set_status(204)
        self.finish()

    def refuse_parts(self, accepted: int, refused: list[BadPart]) -> None:
        """Older Telegraf looks for "partial write" in the status line, and drops what it would send for ever."""
        told = "; ".join(f"line {part.line}: {part.message}" for part in refused[:TOLD_MAX])
        self.set_header("X-Influxdb-Error", _PLAIN.sub("?", f"partial write: {told}")[:1000])
        super().refuse_parts(accepted, refused)

    def refuse(self, status: int, code: str, message: str, **extra: object) -> None:
        super().refuse(status, code, f"partial write: {message}" if "lines" in extra else message, **extra)

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        super().set_status(status_code, reason or ("Bad Request: partial write" if status_code == 400 else None))


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: thousands of readings that come at once make it look at everything in memory."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class InfluxPing(Guard):
    """Whether someone is there: 204, or 200 with the version where ``verbose`` asks for it."""

    access = Access.OPEN

    async def get(self) -> None:
        self.set_header("X-Influxdb-Version", VERSION)
        self.set_header("X-Influxdb-Build", "OSS")
        if self.get_query_argument("verbose", "") in ("", "false"):
            self.set_status(204)
            self.finish()
        else:
            self.finish({"version": VERSION})

    async def head(self) -> None:
        await self.get()


class InfluxHealth(Guard):
    """What clients of 2.x ask for: ``pass`` while readings are taken."""

    access = Access.OPEN

    async def get(self) -> None:
        healthy = self.core.pipeline.healthy
        self.set_status(200 if healthy else 503)
        state = ("pass", "ready for writes") if healthy else ("fail", "the disk does not take writes now")
        self.finish({"name": "influxdb", "status": state[0], "message": state[1], "checks": [], "version": VERSION})


class InfluxQuery(Foreign):
    """Answers CREATE DATABASE as if there were databases, and understands nothing else."""

    fields: ClassVar[tuple[str, ...]] = ("p", "u")

    async def get(self) -> None:
        await self.take()

    async def take(self) -> None:
        if self.sender is None and self.core.admission.policy != "open":
            self.unauthorized()
            return
        statement = self.get_argument("q", "")
        if _CREATE.fullmatch(statement):
            self.finish({"results": [{"statement_id": 0}]})
        else:
            self.refuse(400, "bad_request", "InfluxQL is not spoken here: /api/history has the readings")
