"""The line that moves: only where someone looks."""

from __future__ import annotations

import io

import pytest

from telemetry import terminal
from telemetry.terminal import CLEAR, Meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "EVERY", 0)


def test_a_file_gets_only_lines_that_stay() -> None:
    out = io.StringIO()
    meter = Meter(10, out)
    meter.show(5, "half")
    meter.say("line 3: no")
    meter.end()
    assert out.getvalue() == "line 3: no\n"


def test_a_terminal_gets_a_bar_that_is_taken_away() -> None:
    out = Terminal()
    meter = Meter(10, out)
    meter.show(5, "half")
    assert out.getvalue() == f"{CLEAR}[############............]  50%  half"
    meter.say("line 3: no")
    meter.show(99, "more")
    meter.end()
    meter.end()
    assert out.getvalue().endswith(f"{CLEAR}line 3: no\n{CLEAR}[########################] 100%  more{CLEAR}")


def test_without_a_total_there_is_no_bar() -> None:
    out = Terminal()
    meter = Meter(None, out)
    meter.show(5, "5 readings")
    assert out.getvalue() == f"{CLEAR}5 readings"
    meter.total(10)
    meter.show(5, "x")
    assert "50%" in out.getvalue()
