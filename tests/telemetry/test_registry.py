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


def loaded(*devices: str) -> Registry:
    """A registry in which each device has the metric t."""
    registry = Registry()
    registry.load(map(Device, devices), [series(device, "t", number) for number, device in enumerate(devices, 1)])
    return registry


def test_a_renamed_series_keeps_its_place_and_its_former_name() -> None:
    registry = loaded("a", "b", "c")
    one = registry.series["b/t"]
    registry.rename(one, "kitchen")
    registry.rename(one, "hall")
    assert list(registry.series) == ["a/t", "hall", "c/t"]
    assert registry.find("b/t") is registry.find("kitchen") is registry.find("hall") is one
    assert (one.label, one.former, registry.find("nobody")) == ('"hall"', ("b/t", "kitchen"), None)
    registry.rename(one, "b/t")
    assert (one.former, registry.find("hall")) == (("kitchen", "hall"), one)
    assert registry.devices["b"].series == {"t": one}


def test_a_series_that_takes_over_stands_where_the_other_device_sends() -> None:
    registry = loaded("old", "new")
    old, new = registry.series["old/t"], registry.series["new/t"]
    new.stamp = 7
    registry.take_over(new, old)
    assert registry.devices["old"].series == {}
    assert registry.devices["new"].series == {"t": old}
    assert (old.device, old.metric, old.stamp, old.bound, new.bound) == ("new", "t", 7, True, False)
    registry.merge(new, old)
    assert list(registry.series) == ["old/t"]
    assert registry.find("new/t") is registry.by_id[2] is old
    assert old.former == ("new/t",)


def test_former_names_are_loaded_and_series_that_were_merged_mean_the_other() -> None:
    registry = Registry()
    registry.load([Device("a"), Device("b")], [series("a", "t", 1), series("b", "t", 2)], {"x": 1, "b/t": 1, "gone": 9})
    assert list(registry.series) == ["a/t"]
    assert registry.by_id[2] is registry.find("b/t") is registry.find("x") is registry.series["a/t"]
    assert registry.find("gone") is None
    assert registry.add_series(series("b", "u")).id == 3


def test_a_name_that_comes_while_its_device_is_saved_is_saved_once_more() -> None:
    """The commit that is under way may have written the device without it; the first name stays."""
    registry = Registry()
    device = registry.add_device("boiler", 1)
    saving = list(registry.unsaved_devices)
    registry.call(device, "Boiler")
    registry.call(device, "Another")
    del registry.unsaved_devices[: len(saving)]
    assert registry.unsaved_devices == [device]
    assert device.name == "Boiler"


def test_a_device_that_is_forgotten_takes_its_series_along_and_can_be_taken_back() -> None:
    registry = Registry()
    boiler, tank = registry.add_device("boiler", 1), registry.add_device("tank", 1)
    mine = registry.add_series(series("boiler", "t"))
    other = registry.add_series(series("tank", "t"))
    registry.rename(mine, "heating")
    gone, take_back = registry.forget(boiler)
    assert gone == [mine]
    assert registry.devices == {"tank": tank}
    assert registry.series == {"tank/t": other}
    assert (registry.find("heating"), registry.find("boiler/t")) == (None, None)
    assert mine.id not in registry.by_id
    assert (registry.unsaved_devices, registry.unsaved_series) == ([tank], [other])
    registry.seen([Reading(mine, 1, 1.0)], 5)  # one that was on its way
    assert boiler.last_seen is None
    again = registry.add_device("boiler", 2)
    new = registry.add_series(series("boiler", "t"))
    assert new.id > max(mine.id, other.id)
    assert again.series == {"t": new}
    take_back()
    assert registry.find("heating") is mine


def test_ids_that_are_spared_are_given_to_no_one() -> None:
    registry = Registry()
    registry.add_device("boiler", 1)
    registry.spare([7, 3])
    assert registry.add_series(series("boiler", "t")).id == 8
