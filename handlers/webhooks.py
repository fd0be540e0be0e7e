"""Messages of other ecosystems that come by HTTP; each answers with what its sender expects to read.

The formats are read by ``devices.ecosystems``. ThingsBoard's devices have their token in the path, Ecowitt's may
(``/data/report/TOKEN``), stations that upload as to Weather Underground send it as PASSWORD.
"""

from __future__ import annotations

import json
import re
from typing import ClassVar

from handlers.foreign import Foreign

_SECRET_FIELD = re.compile(rb"((?:^|[&?])(?:PASSKEY|PASSWORD|token)=)[^&\s]*", re.IGNORECASE)


class Webhook(Foreign):
    """The Things Stack, ChirpStack, Ruuvi gateways, SenML, airRohr: ``{"accepted": N}``."""


class ThingsBoard(Foreign):
    """ThingsBoard's device API; the token in the path says which device it is."""

    own: ClassVar[bool] = True

    def accepted(self, accepted: int) -> None:
        self.finish()


class Pushed(Foreign):
    """What is pushed as to Prometheus' Pushgateway."""

    line_by_line: ClassVar[bool] = True

    async def put(self, **_path: str) -> None:
        await self.take()

    async def delete(self, **_path: str) -> None:
        await self.take()

    def accepted(self, accepted: int) -> None:
        self.set_status(202 if self.request.method == "DELETE" else 200)
        self.finish()


class RemoteWrite(Foreign):
    """Prometheus' remote write 1.0."""

    line_by_line: ClassVar[bool] = True

    def accepted(self, accepted: int) -> None:
        self.set_status(204)
        self.finish()


class Station(Foreign):
    """Weather stations. They hold one address and no more, and read nothing but ``success``."""

    fields: ClassVar[tuple[str, ...]] = ("PASSWORD",)
    writes_by_get = True

    async def get(self, **_path: str) -> None:
        """Store an upload: the protocol of Weather Underground writes by GET."""
        await self.take()

    def accepted(self, accepted: int) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("success\n")

    def shown(self) -> bytes:
        return _SECRET_FIELD.sub(rb"\1***", super().shown())


class SenseBox(Foreign):
    """openSenseMap's boxes, whose libraries wait for 201."""

    def accepted(self, accepted: int) -> None:
        self.set_status(201)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps("Measurements saved in box"))


class Adafruit(Foreign):
    """Adafruit IO's feeds and groups; its clients read back what they sent."""

    def accepted(self, accepted: int) -> None:
        batch = self.request.path.endswith("/batch")
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps([] if batch else {"accepted": accepted}))


class OwnTracks(Foreign):
    """The app's HTTP mode, which takes a list of what its friends did."""

    def accepted(self, accepted: int) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish("[]")
