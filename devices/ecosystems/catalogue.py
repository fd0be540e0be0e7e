"""Who decodes a message: the first ecosystem, by rank, that calls it its own. A new one is a new file of this package.

Decoders are code of ours that reads what strangers wrote: one that fails on a message is a bug, and that message is
refused like a broken one.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence

from devices import ecosystems
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, no_codec
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal

log = logging.getLogger(__name__)


def every() -> Iterator[type[Ecosystem]]:
    """The class of each ecosystem, by rank and name."""
    for module in pkgutil.iter_modules(ecosystems.__path__):
        importlib.import_module(f"{ecosystems.__name__}.{module.name}")
    found = [one for one in Ecosystem.__subclasses__() if one.__module__.startswith(f"{ecosystems.__name__}.")]
    yield from sorted(found, key=lambda one: (one.rank, one.name))


class Catalogue:
    """The decoders of one broker connection, or of HTTP; ``first`` are asked before all others."""

    def __init__(self, codec: Callable[[str], str | None] = no_codec, first: Sequence[Ecosystem] = ()) -> None:
        self._decoders = [*first, *(one(codec) for one in every())]
        self._announcing = [one for one in self._decoders if type(one).units is not Ecosystem.units]

    def message(self, message: Message) -> tuple[str, Decoded | Refusal] | None:
        """The name of the ecosystem and what it makes of an MQTT message; None if no one knows it.

        Readings without a unit get the one that was announced for their topic, whoever decodes it.
        """
        answer = self._ask(lambda one: one.message(message))
        if answer is not None and isinstance(answer[1], Decoded):
            for one in self._announcing:
                if units := one.units(message.topic):
                    _complete(answer[1], units)
        return answer

    def request(self, request: Request) -> tuple[str, Decoded | Refusal] | None:
        """The name of the ecosystem and what it makes of an HTTP request; None if no one knows it."""
        return self._ask(lambda one: one.request(request))

    def _ask(self, ask: Callable[[Ecosystem], Outcome]) -> tuple[str, Decoded | Refusal] | None:
        for one in self._decoders:
            try:
                found = ask(one)
            except Exception:  # the message is a stranger's; the thread must live
                log.exception("the decoder of %s failed", one.name)
                return one.name, Refusal(Reason.BAD_MESSAGE, f"the decoder of {one.name} failed on this message")
            if found is not None:
                return one.name, found
        return None


def _complete(decoded: Decoded, units: Mapping[str, str]) -> None:
    """Add units by the path inside the payload; ``""`` is a payload that is one value."""
    alone = units.get("") if len(decoded.samples) == 1 else None
    decoded.samples = [
        sample if sample.unit is not None else sample._replace(unit=units.get(sample.metric, alone))
        for sample in decoded.samples
    ]
