"""Believable means: the right range, the right shape over the day, and the same again from the same seed."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from devices.frames import count_readings
from devices.scenario import DAY, BoilerRoom, Greenhouse, Outdoor, fleet, noise, site

START = 1_795_200_000_000 // DAY * DAY
RANGES = {
    "temperature": (-15, 45),
    "humidity": (20, 100),
    "soil_moisture": (28, 50),
    "light": (0, 80_000),
    "co2": (350, 900),
    "flow_temperature": (45, 75),
    "return_temperature": (30, 70),
    "flue_temperature": (20, 160),
    "pressure": (1, 1060),
    "power": (0, 22),
    "tank_level": (5, 100),
    "wind": (0, 20),
}


def day_of(source, step=60_000):
    return [(ts, values) for ts in range(START, START + DAY, step) if (values := source.at(ts)) is not None]


@pytest.mark.parametrize("seed", ["0", "1", "winter"])
@pytest.mark.parametrize("name", ["greenhouse", "boiler", "outdoor"])
def test_values_stay_where_a_gardener_expects_them(name, seed):
    for ts, values in day_of(site(seed)[name]):
        assert count_readings(values) == len(values)
        for metric, value in values.items():
            if not isinstance(value, (bool, str)):
                low, high = RANGES[metric]
                assert low <= value <= high, (metric, value, ts)


@pytest.mark.parametrize("name", ["greenhouse", "boiler", "outdoor"])
def test_the_same_seed_tells_the_same_story_at_any_cadence(name):
    fine = dict(day_of(site("7")[name], 30_000))
    coarse = dict(day_of(site("7")[name], 600_000))
    assert coarse.items() <= fine.items()
    assert dict(day_of(site("8")[name], 600_000)) != coarse


def test_noon_is_bright_and_warm_and_night_is_dark():
    house = dict(day_of(Greenhouse("0")))
    noon, night = house[START + 12 * 3_600_000], house[START + 2 * 3_600_000]
    assert night["light"] == 0
    assert noon["light"] > 20_000
    assert night["temperature"] < noon["temperature"]
    assert night["co2"] > noon["co2"]


def switches(values):
    return sum(a != b for a, b in pairwise(values))


def test_the_thermostat_has_hysteresis():
    """The heater runs for minutes at a time, between two temperatures, not for every flicker of the sensor."""
    house = [values for _, values in day_of(Greenhouse("0"), 10_000)]
    heater = [values["heater"] for values in house]
    assert 4 <= switches(heater) <= 200
    assert all(values["temperature"] < 19 for values in house if values["heater"])


def test_the_vent_moves_one_position_at_a_time():
    positions = [values["vent"] for _, values in day_of(Greenhouse("0"), 10_000)]
    order = ["closed", "half", "open"]
    assert set(positions) == set(order)
    assert all(abs(order.index(a) - order.index(b)) <= 1 for a, b in pairwise(positions))


def test_the_boiler_burns_in_bouts_and_empties_its_tank():
    room = [values for _, values in day_of(BoilerRoom("0"), 10_000)]
    burner = [values["burner"] for values in room]
    assert 20 <= switches(burner) <= 600
    assert all(values["power"] > 15 if values["burner"] else values["power"] == 0 for values in room)
    assert room[-1]["tank_level"] < room[0]["tank_level"]


def test_an_empty_tank_is_filled():
    room = BoilerRoom("0")
    room.tank = 12.01
    levels = [values["tank_level"] for _, values in day_of(room)]
    assert max(levels) > 90


def test_the_station_outdoors_drops_out_now_and_then():
    station = Outdoor("0")
    missing = [ts for ts in range(START, START + DAY, 10_000) if station.at(ts) is None]
    assert 0.05 < len(missing) * 10_000 / DAY < 0.25
    outages = 1 + sum(b - a > 10_000 for a, b in pairwise(missing))
    assert outages == DAY // Outdoor.SLOT


def test_noise_is_smooth():
    values = [noise("x", ts, 600_000) for ts in range(0, 6_000_000, 1_000)]
    assert all(-1 <= value <= 1 for value in values)
    assert max(abs(b - a) for a, b in pairwise(values)) < 0.01
    assert not math.isclose(min(values), max(values))


def test_a_fleet_has_names_and_weather_of_its_own():
    devices = fleet(5)
    assert list(devices) == ["greenhouse-1", "boiler-2", "outdoor-3", "greenhouse-4", "boiler-5"]
    assert devices["greenhouse-1"].at(START) != devices["greenhouse-4"].at(START)
