"""Rates from looks at counters, and what the machine says of its memory and processor."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.load import LOOKS, STEP, Load, memory, processor, resident
from telemetry.metrics import Metrics
from telemetry.model import Reason


class Machine:
    """Counters, a monotonic clock and a processor that the test turns."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.now = self.cpu = 0.0
        self.load = Load(self.metrics, lambda: self.now, lambda: self.cpu)

    def run(self, seconds: int, *, each: int = 0, refused: int = 0, cpu: float = 0.0) -> None:
        """Let time go by, with so many readings a second; the sweep comes every second."""
        for _ in range(seconds):
            self.now += 1.0
            self.cpu += cpu
            self.metrics.received += each
            self.metrics.journalled += each
            if refused:
                self.metrics.refuse(Reason.BAD_TIME, refused)
            self.load.step()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_rates_are_over_the_last_minute(machine: Machine) -> None:
    machine.run(120, each=100, refused=2, cpu=0.5)
    machine.run(60, each=10, cpu=0.1)
    rates = machine.load.rates()
    assert rates["seconds"] == 60
    assert (rates["received"], rates["journalled"]) == (10, 10)
    assert rates["cpu"] == pytest.approx(0.1)
    assert rates["refused"] == {"bad_time": 0}


def test_rates_of_a_young_server_are_over_its_life(machine: Machine) -> None:
    machine.run(8, each=3, refused=1)
    rates = machine.load.rates()
    assert (rates["seconds"], rates["received"], rates["refused"]) == (8, 4, {"bad_time": 1})


def test_rates_in_the_first_moment_are_none_at_all(machine: Machine) -> None:
    assert machine.load.rates()["received"] == 0


def test_history_has_a_figure_for_each_step(machine: Machine) -> None:
    machine.run(5, each=10)
    machine.run(5, each=20, refused=3)
    machine.run(4, each=99)
    assert machine.load.history() == {"step": 5000, "received": [10, 23], "refused": [0, 3]}


def test_history_is_bounded(machine: Machine) -> None:
    machine.run(int(STEP) * (LOOKS + 50), each=1)
    received = machine.load.history()["received"]
    assert received == [1] * (LOOKS - 1)


def test_memory_of_this_machine() -> None:
    found = memory()
    assert (found["process"] or 0) > 5_000_000
    assert (found["total"] or 0) > (found["available"] or 0) > 0


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    nothing = tmp_path / "none"
    assert memory(nothing, nothing) == {"process": None, "total": None, "available": None}
    assert resident(nothing) is None
    assert processor(nothing)["temperature"] is None


def test_temperature_is_in_degrees(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("48312\n")
    found = processor(tmp_path / "temp")
    assert found["temperature"] == 48.3
    assert isinstance(found["cores"], int)
