"""Devices and series in memory: looked up by name, numbered once, announced once."""

from __future__ import annotations

from telemetry.model import Kind, Reading, Series
from telemetry.registry import Device, Registry


def series(device: str, metric: str, number: int = 0) -> Series:
    return Series(number, device, metric, f"{device}/{metric}", Kind.NUMBER)


def test_new_series_is_found_by_name_number_and_device() -> None:
    registry = Registry()
    device = registry.add_device("boiler", 1)
    one = registry.add_series(series("boiler", "temperature"))
    assert registry.series["boiler/temperature"] is registry.by_id[one.id] is device.series["temperature"] is one


def test_what_is_new_waits_to_be_saved() -> None:
    registry = Registry()
    device = registry.add_device("boiler", 1)
    registry.add_device("known", 1, saved=True)
    one = registry.add_series(series("boiler", "temperature"))
    assert registry.unsaved_devices == [device]
    assert registry.unsaved_series == [one]


def test_numbers_go_on_after_those_that_were_loaded() -> None:
    """A series number is written into the journal, so it is never given twice."""
    registry = Registry()
    registry.load([Device("boiler")], [series("boiler", "a", 41)])
    assert registry.unsaved_series == []
    assert registry.add_series(series("boiler", "b")).id == 42


def test_listeners_hear_of_each_new_device_and_series_once() -> None:
    registry = Registry()
    heard: list[str] = []
    registry.on_device.append(lambda device: heard.append(device.id))
    registry.on_series.append(lambda one: heard.append(one.name))
    registry.load([Device("old")], [series("old", "x", 1)])
    registry.add_device("new", 1)
    registry.add_series(series("new", "x"))
    assert heard == ["new", "new/x"]


def test_devices_that_spoke_were_seen() -> None:
    registry = Registry()
    registry.load([Device("a"), Device("b")], [series("a", "x", 1), series("b", "x", 2)])
    registry.seen([Reading(registry.by_id[1], 5, 1.0), Reading(registry.by_id[1], 6, 1.0)], 77)
    assert (registry.devices["a"].last_seen, registry.devices["b"].last_seen) == (77, None)


def test_matching_goes_in_order_of_creation() -> None:
    registry = Registry()
    registry.add_device("d", 1)
    for metric in ("z", "a", "m"):
        registry.add_series(series("d", metric))
    assert [one.metric for one in registry.matching(lambda name: name != "d/a")] == ["z", "m"]
