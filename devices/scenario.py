"""A greenhouse, a boiler room and a weather station outdoors, believable enough to look at.

Small physical models driven by the time of day: sun, weather, thermostats with hysteresis, people who want warm water.
The same seed and the same times give the same values. ``at(ts)`` (ms) must not go back; it returns None while the
device is out of reach. Nothing here reads a clock or sends anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Protocol

DAY = 86_400_000
STEP = 10_000
"""The models advance in steps of 10 s."""
WARM_UP = 6 * 3_600_000
"""A model runs this long before its first value, so that it starts in the middle of life."""

Values = Mapping[str, float | bool | str]


class Source(Protocol):
    """Something that has values at a time."""

    def at(self, ts: int) -> Values | None:
        """The values at ``ts`` (ms), or None while the device is out of reach."""


@lru_cache(maxsize=4096)
def _knot(seed: str, index: int) -> float:
    return Random(f"{seed}:{index}").uniform(-1.0, 1.0)  # noqa: S311  weather, not a secret


def noise(seed: str, ts: int, span: int) -> float:
    """Smooth noise in -1…1 that changes over ``span`` ms."""
    index, rest = divmod(ts, span)
    part = rest / span
    blend = part * part * (3 - 2 * part)
    return _knot(seed, index) * (1 - blend) + _knot(seed, index + 1) * blend


def jitter(seed: str, ts: int) -> float:
    """The noise of a sensor, in -1…1, new in every second."""
    # not cached: it would push the knots of the weather out
    return Random(f"{seed}:{ts // 1000}").gauss(0.0, 0.4)  # noqa: S311  as above


def day(ts: int, peak: float = 14.0) -> float:
    """A cosine over the day, 1 at the hour ``peak`` UTC."""
    return math.cos((ts % DAY / DAY - peak / 24) * 2 * math.pi)


def sun(ts: int, seed: str) -> float:
    """Daylight in 0…1: the height of the sun through passing clouds."""
    height = max(0.0, day(ts, 12.5) + 0.15) / 1.15
    clouds = 0.62 + 0.25 * noise(f"{seed}:sky", ts, 3 * 3_600_000) + 0.13 * noise(f"{seed}:cloud", ts, 8 * 60_000)
    return height * min(1.0, max(0.05, clouds))


def outdoors(ts: int, seed: str) -> float:
    """Air temperature outside in °C."""
    weather = noise(f"{seed}:front", ts, DAY) * 4 + noise(f"{seed}:gust", ts, 20 * 60_000) * 0.6
    return 9.0 + 5.5 * day(ts, 15.0) + weather


def _toward(value: float, goal: float, minutes: float) -> float:
    """One step of a first-order lag with a time constant in minutes."""
    return value + (goal - value) * (1 - math.exp(-STEP / 60_000 / minutes))


class _Model:
    """Advances in fixed steps, whatever the times asked for, so that these do not change the course."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._now: int | None = None

    def advance(self, ts: int) -> None:
        """Step up to ``ts`` (ms)."""
        if self._now is None:
            self._now = (ts - WARM_UP) // STEP * STEP
        while self._now + STEP <= ts:
            self._now += STEP
            self.step(self._now)

    def step(self, ts: int) -> None:
        """Advance by one step, to ``ts``."""
        raise NotImplementedError

    def jitter(self, name: str, ts: int) -> float:
        """Sensor noise of one metric."""
        return jitter(f"{self.seed}:{name}", ts)


class Greenhouse(_Model):
    """Tomatoes: a heater with a thermostat, vents in three positions, irrigation by soil moisture."""

    def __init__(self, seed: str = "0") -> None:
        super().__init__(seed)
        self.temperature, self.humidity, self.soil, self.co2 = 18.0, 72.0, 38.0, 520.0
        self.heater = self.watering = False
        self.vent = "closed"

    def step(self, ts: int) -> None:
        """Advance by one step, to ``ts``."""
        light, outside = sun(ts, self.seed), outdoors(ts, self.seed)
        self.heater = self.temperature < (18.2 if self.heater else 16.4)
        self._turn_vent()
        draught = {"closed": 0.0, "half": 0.5, "open": 1.0}[self.vent]
        goal = outside + 2.0 + 26.0 * light + 15.0 * self.heater
        self.temperature = _toward(self.temperature, goal - draught * (goal - outside) * 0.7, 45 - 25 * draught)
        self.humidity = _toward(self.humidity, 88 - 26 * light - 18 * draught + 6 * self.watering, 12)
        self.watering = self.soil < (44.0 if self.watering else 31.0)
        self.soil += (1.6 if self.watering else -0.006 - 0.05 * light) * STEP / 60_000
        self.co2 = _toward(self.co2, (760 - 420 * light) * (1 - draught) + 425 * draught, 30)

    def _turn_vent(self) -> None:
        positions = ["closed", "half", "open"]
        now = positions.index(self.vent)
        if now < 2 and self.temperature > (23.0, 26.5)[now]:
            self.vent = positions[now + 1]
        elif now > 0 and self.temperature < (21.5, 25.0)[now - 1]:
            self.vent = positions[now - 1]

    def at(self, ts: int) -> Values | None:
        """The values at ``ts`` (ms)."""
        self.advance(ts)
        light = 62_000 * sun(ts, self.seed)
        return {
            "temperature": round(self.temperature + 0.06 * self.jitter("t", ts), 2),
            "humidity": round(min(99.0, self.humidity + 0.4 * self.jitter("h", ts)), 1),
            "soil_moisture": round(self.soil + 0.1 * self.jitter("s", ts), 1),
            "light": round(max(0.0, light * (1 + 0.01 * self.jitter("l", ts))), 0),
            "co2": round(self.co2 + 4 * self.jitter("c", ts), 0),
            "heater": self.heater,
            "vent": self.vent,
        }


class BoilerRoom(_Model):
    """An oil boiler under a two-point controller; the demand has a morning and an evening."""

    def __init__(self, seed: str = "0") -> None:
        super().__init__(seed)
        self.flow, self.flue, self.tank = 60.0, 60.0, 71.0
        self.burner = False

    def demand(self, ts: int) -> float:
        """Heat asked for, in kW."""
        hour = ts % DAY / 3_600_000
        people = sum(math.exp(-(((hour - peak) / 1.4) ** 2)) for peak in (6.5, 19.0))
        cold = max(0.0, 16.0 - outdoors(ts, self.seed)) * 0.35
        return 2.5 + cold + 6 * people + 1.2 * noise(f"{self.seed}:taps", ts, 7 * 60_000)

    def step(self, ts: int) -> None:
        """Advance by one step, to ``ts``."""
        self.burner = self.flow < (68.0 if self.burner else 56.0)
        self.flow += ((20.0 if self.burner else 0.0) - max(0.5, self.demand(ts))) * STEP / 60_000 * 0.24
        self.flue = _toward(self.flue, 148.0 if self.burner else self.flow * 0.7, 1.2 if self.burner else 6)
        self.tank -= 0.0012 * self.burner * STEP / 10_000
        if self.tank < 12.0:
            self.tank = 96.0

    def at(self, ts: int) -> Values | None:
        """The values at ``ts`` (ms)."""
        self.advance(ts)
        spread = 6 + 0.8 * self.demand(ts)
        return {
            "flow_temperature": round(self.flow + 0.1 * self.jitter("f", ts), 1),
            "return_temperature": round(self.flow - spread + 0.1 * self.jitter("r", ts), 1),
            "flue_temperature": round(self.flue + 0.8 * self.jitter("g", ts), 1),
            "pressure": round(1.35 + 0.006 * (self.flow - 55) + 0.004 * self.jitter("p", ts), 3),
            "power": round(max(0.0, 20.0 + 0.3 * self.jitter("k", ts)), 1) if self.burner else 0.0,
            "tank_level": round(self.tank + 0.02 * self.jitter("o", ts), 2),
            "burner": self.burner,
        }


class Outdoor:
    """A weather station at the edge of the radio's reach: it drops out now and then."""

    SLOT = 15 * 60_000

    def __init__(self, seed: str = "0") -> None:
        self.seed = seed

    def reachable(self, ts: int) -> bool:
        """False for one to three minutes in every quarter of an hour."""
        slot, inside = divmod(ts, self.SLOT)
        draw = Random(f"{self.seed}:reach:{slot}")  # noqa: S311  as above
        start = draw.uniform(60_000, self.SLOT - 180_000)
        return not start <= inside < start + draw.uniform(60_000, 180_000)

    def at(self, ts: int) -> Values | None:
        """The values at ``ts`` (ms), or None while it is out of reach."""
        if not self.reachable(ts):
            return None
        wind = 3.4 + 2.2 * noise(f"{self.seed}:wind", ts, 3_600_000) + 1.4 * noise(f"{self.seed}:squall", ts, 45_000)
        return {
            "temperature": round(outdoors(ts, self.seed) + 0.05 * jitter(f"{self.seed}:t", ts), 2),
            "humidity": round(74 - 14 * day(ts, 15.0) + 8 * noise(f"{self.seed}:h", ts, 4 * 3_600_000), 1),
            "pressure": round(1013 + 9 * noise(f"{self.seed}:p", ts, DAY) + 0.03 * jitter(f"{self.seed}:p", ts), 1),
            "wind": round(max(0.0, wind + 0.2 * jitter(f"{self.seed}:w", ts)), 1),
            "light": round(68_000 * sun(ts, self.seed)),
        }


def site(seed: str = "0") -> dict[str, Source]:
    """The demo's devices by id."""
    return {"greenhouse": Greenhouse(seed), "boiler": BoilerRoom(seed), "outdoor": Outdoor(seed)}


UNITS: Mapping[str, Mapping[str, str]] = {
    "greenhouse": {"temperature": "Cel", "humidity": "%RH", "soil_moisture": "%", "light": "lx", "co2": "ppm"},
    "boiler": {
        "flow_temperature": "Cel",
        "return_temperature": "Cel",
        "flue_temperature": "Cel",
        "pressure": "bar",
        "power": "kW",
        "tank_level": "%",
    },
    "outdoor": {"temperature": "Cel", "humidity": "%RH", "pressure": "hPa", "wind": "m/s", "light": "lx"},
}
"""The units of the site's metrics, by device, in the words of SenML (RFC 8428, section 12.1, and RFC 8798)."""


def fleet(count: int, seed: str = "0") -> dict[str, Source]:
    """Any number of devices (``greenhouse-1``, ``boiler-2``, ``outdoor-3``, …), each with its own weather."""
    kinds = (("greenhouse", Greenhouse), ("boiler", BoilerRoom), ("outdoor", Outdoor))
    named = ((index, *kinds[index % len(kinds)]) for index in range(count))
    return {f"{name}-{index + 1}": kind(f"{seed}.{index}") for index, name, kind in named}
