"""Copies of the corpus under other names, at other times and with other values pass as the messages themselves do."""

from __future__ import annotations

import random

import pytest

from devices.codecs import cayenne_lpp
from devices.ecosystems.catalogue import Catalogue
from tests.devices.ecosystems.binary import rebuilt
from tests.devices.ecosystems.corpus import Case, cases, complaints
from tests.devices.ecosystems.renaming import renamed
from tests.devices.ecosystems.revaluing import revalued

SEEDS = 12


def copy_of(one: Case, seed: int) -> Case:
    """A copy that differs in all that is not format; the same one for the same seed."""
    rng = random.Random(f"{one['id']} {seed}")
    new, names = renamed(one, rng)
    revalued(new, rng)
    rebuilt(new, names, rng)
    return new


@pytest.mark.parametrize("one", [pytest.param(one, id=one["id"]) for one in cases()])
def test_copy_under_other_names_and_values_passes(one: Case) -> None:
    for seed in range(SEEDS):
        new = copy_of(one, seed)
        assert complaints(new) == [], new


@pytest.mark.parametrize("seed", range(5))
def test_one_broker_carries_all_of_them_in_any_order(seed: int) -> None:
    """No decoder takes what is another's, whatever it has learnt from the topics before."""
    rng = random.Random(seed)
    copies = [copy_of(one, 1_000 + 2 * seed + n) for n in range(2) for one in cases()]
    rng.shuffle(copies)
    packed = {want["device"] for one in copies if "hint" in one for want in (*one["expected"], *one["optional"])}
    catalogue = Catalogue(lambda device: cayenne_lpp.NAME if device in packed else None)
    assert [(one["id"], wrong) for one in copies for wrong in complaints(one, catalogue)] == []


def test_copies_differ_in_nearly_all_that_they_expect() -> None:
    """Else they would show nothing."""
    same_devices, same_values, devices, values = set(), set(), 0, 0
    for one in cases():
        copies = [copy_of(one, seed) for seed in range(SEEDS)]
        for at, want in enumerate(one["expected"]):
            devices += 1
            values += "value" in want
            if any(new["expected"][at]["device"] == want["device"] for new in copies):
                same_devices.add(want["device"])
            if "value" in want and all(new["expected"][at]["value"] == want["value"] for new in copies):
                same_values.add(f"{one['id']} {want['metric']} {want['value']}")
    assert same_devices <= {"zigbee2mqtt", "y"}, "the base topic, and a name of one letter"
    assert len(same_values) < values / 20, sorted(same_values)
