"""InfluxDB line protocol: posted to ``/write`` (1.x) or ``/api/v2/write`` (2.x), or as an MQTT payload (Telegraf).

Source: docs.influxdata.com, "Line protocol" and "/api/v2/write". Names: ``devices.codecs.line_names``; the sender is
the device of the credential. ``?precision=`` is the unit of the times, ns without one. Over MQTT any topic may carry
it, so a payload is taken for it only if most of its lines are.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.codecs.line_protocol import PRECISIONS, LineProtocol
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, no_codec, text_of
from telemetry.model import Reason, Refusal

PATHS = frozenset({"/write", "/api/v2/write"})


class Influx(Ecosystem):
    """Line protocol, kept line by line."""

    name = "influx-lp"
    rank = 90

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self.reader = LineProtocol()

    def message(self, message: Message) -> Outcome:
        """Lines in ns, whatever the topic."""
        payload = message.payload
        if b"=" not in payload or b" " not in payload or payload[:1] in b'{["':
            return None
        text = text_of(payload)
        if text is None:
            return None
        found = self.reader.decode(text, owner=message.owner)
        good = len(set(found.lines))
        return found if good > len(found.bad) else None

    def request(self, request: Request) -> Outcome:
        """The body of a write."""
        if request.path not in PATHS or request.method != "POST":
            return None
        text, precision = text_of(request.body), request.query.get("precision", "ns")
        if text is None:
            return Refusal(Reason.BAD_MESSAGE, "the body is not UTF-8")
        if precision not in PRECISIONS:
            return Refusal(Reason.BAD_MESSAGE, "precision is one of ns, us, ms, s, m, h", "precision")
        return self.reader.decode(text, precision, request.owner)
