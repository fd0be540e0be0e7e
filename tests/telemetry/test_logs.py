"""The log: one line an event, whatever it says, and a traceback that cannot be taken for events."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest

from telemetry.logs import FORMAT, Lines

EVENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")
FORGED = "2026-01-01 00:00:00,000 CRITICAL telltale: all is lost"
WILD = [
    f"a\n{FORGED}",
    f"a\r\n{FORGED}",
    f"a\u2028{FORGED}",
    f"a\x85{FORGED}",
    "\x1b[2J\x1b[31mred",
    "\u202egnp.exe",
    "\u2066left\u2069",
    "nul\x00bell\x07",
    "lone \ud800 surrogate",
]


def _fail(text: str) -> None:
    raise ValueError(text)


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    sink = io.StringIO()
    handler = logging.StreamHandler(sink)
    handler.setFormatter(Lines(FORMAT))
    # one that pytest does not know: a report of its own could not carry a lone surrogate to the main process
    logger = logging.Logger("telltale.test.logs")  # noqa: LOG001 - not of the one tree
    logger.addHandler(handler)
    yield logger, sink
    logger.removeHandler(handler)


@pytest.mark.parametrize("text", WILD, ids=range(len(WILD)))
def test_an_event_is_one_line_of_printable_characters(log: tuple[logging.Logger, io.StringIO], text: str) -> None:
    logger, sink = log
    logger.warning("device %s", text)
    line = sink.getvalue().removesuffix("\n")
    assert line.isprintable()
    assert len(EVENT.findall(line)) <= 2, "the forged one stands inside of the line"
    assert EVENT.match(line)


@pytest.mark.parametrize("text", WILD, ids=range(len(WILD)))
def test_an_error_cannot_look_like_an_event(log: tuple[logging.Logger, io.StringIO], text: str) -> None:
    logger, sink = log
    try:
        _fail(text)
    except ValueError:
        logger.exception("request %s failed", text)
    first, *below = sink.getvalue().removesuffix("\n").split("\n")
    assert EVENT.match(first)
    assert below[0].strip() == "Traceback (most recent call last):"
    assert all(line.isprintable() and line.startswith("    ") for line in below)


def test_what_people_write_stays_as_it_is(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, sink = log
    logger.warning("Küche/温度 at 21\u00a0°C: ok 👍")
    assert sink.getvalue().endswith(": Küche/温度 at 21\u00a0°C: ok 👍\n")
