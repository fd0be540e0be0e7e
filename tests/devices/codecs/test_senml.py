"""SenML packs (RFC 8428): names, times, values, sums; the same from JSON and from CBOR's labels."""

from __future__ import annotations

import base64
import json
import re
from itertools import count
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import cbor_codec, json_codec, senml
from telemetry.model import Entry, Reason, Refusal
from tests.devices.codecs.vectors import vectors

NUMBERED = {name: label for label, name in senml.LABELS.items()}


def read(pack: list[dict[str, Any]]) -> list[tuple[str | None, str, object, str | None, object]]:
    """(device, metric, value, unit, ts or minus age) of a pack; the same by way of CBOR's labels."""
    found = senml.parse(pack)
    assert not isinstance(found, Refusal), found
    labelled = [{NUMBERED.get(key, key): value for key, value in record.items()} for record in pack]
    assert senml.is_pack(pack) == senml.is_pack(labelled)
    assert senml.parse(labelled) == found
    return flat(found)


def flat(entries: list[Entry]) -> list[tuple[str | None, str, object, str | None, object]]:
    return [
        (entry.device, metric, value, (entry.units or {}).get(metric), entry.ts if entry.age is None else -entry.age)
        for entry in entries
        for metric, value in entry.values.items()
    ]


def refusal(pack: list[Any]) -> Refusal:
    found = senml.parse(pack)
    assert isinstance(found, Refusal), found
    return found


def test_example_of_the_docstring_holds() -> None:
    ((text, result),) = vectors(senml)
    ((device, metric, value, unit, ts),) = read(json.loads(text))
    assert f"{device}, {metric}, {value} {unit} at {ts}" == result


# From the set of example payloads for the ecosystems, rows senml-p01 to senml-p08: what a device itself may send.
# Its row p02 (no base name) differs on purpose: the metrics of a device's own message are its own.
PACKS = [
    (
        [
            {
                "bn": "urn:dev:ow:28aa64c15216:", "bt": 1741166000.001, "bu": "A", "bver": 5,
                "n": "voltage", "u": "V", "v": 229.75,
            },
            {"n": "current", "t": -8, "v": 3.1},
            {"n": "current", "t": -4, "v": 3.25},
            {"n": "current", "v": 2.875},
        ],
        [
            ("urn:dev:ow:28aa64c15216", "voltage", 229.75, "V", 1741166000001),
            ("urn:dev:ow:28aa64c15216", "current", 3.1, "A", 1741165992001),
            ("urn:dev:ow:28aa64c15216", "current", 3.25, "A", 1741165996001),
            ("urn:dev:ow:28aa64c15216", "current", 2.875, "A", 1741166000001),
        ],
    ),
    (
        [
            {"bn": "press4/", "n": "hot", "vb": True},
            {"n": "state", "vs": "idle"},
            {"n": "img", "vd": "aGkgCg"},
            {"n": "temp", "u": "Cel", "v": 61.5},
        ],
        [("press4", "hot", True, None, None), ("press4", "temp", 61.5, "Cel", None)],
    ),
    (
        [{"bn": "pump2/", "bu": "l", "bv": 1000, "n": "volume", "v": 12.5, "t": -60}, {"n": "volume", "v": 13}],
        [("pump2", "volume", 1012.5, "l", -60000), ("pump2", "volume", 1013, "l", None)],
    ),
    (
        [{"bn": "meter1/", "bs": 100, "n": "power", "u": "W", "v": 40, "s": 20.5}],
        [("meter1", "power", 40, "W", None), ("meter1", "power.sum", 120.5, "Ws", None)],
    ),
    (
        [{"bn": "lab/", "n": "t", "u": "Cel", "v": 20.5, "t": 1741166200}],
        [("lab", "t", 20.5, "Cel", 1741166200000)],
    ),
    # not from that set
    ([{"n": "t", "v": 1}], [(None, "t", 1, None, None)]),
    ([{"bn": "d/", "v": 1}], [("d", "value", 1, None, None)]),
    ([{"bn": "a/", "n": "t", "v": 1}, {"bn": "b/"}], [("a", "t", 1, None, None)]),
    ([{"bn": "d/", "bt": 1741166000, "bv": 5, "n": "t"}], [("d", "t", 5, None, 1741166000000)]),
    ([{"n": "t", "v": 1, "ut": 30, "x": "an extension"}], [(None, "t", 1, None, None)]),
    ([{"n": "e", "s": 7, "u": "W"}], [(None, "e.sum", 7, "Ws", None)]),
    ([{"n": "t", "v": 1, "t": 2**28 - 1, "bt": -(2**28)}], [(None, "t", 1, None, -1000)]),
    ([{"n": "t", "v": 1, "t": 2**28}], [(None, "t", 1, None, 2**28 * 1000)]),
    ([{"n": "t", "v": 1, "t": 1741166000.0005}], [(None, "t", 1, None, 1741166000000)]),
    ([{"bn": "d/"}, {"n": "t", "v": 0}], [("d", "t", 0, None, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("pack", "expected"), PACKS, ids=count())
def test_packs_say_what_the_rfc_says(pack: list[dict[str, Any]], expected: list[Any]) -> None:
    assert read(pack) == expected


def test_cbor_pack_from_the_set_of_examples() -> None:
    """Its row senml-p07; row p06 is a map, no pack."""
    data = base64.b64decode("g6UhZ3Zlc3NlbC8iGmfIFhQAZWxldmVsAWFtAvtABgAAAAAAAKIAZG9wZW4E9KIAZG5hbWUDZFYtMTI=")
    pack = cbor_codec.decode(data)
    assert isinstance(pack, list)
    assert senml.is_pack(pack)
    entries = senml.parse(pack)
    assert not isinstance(entries, Refusal)
    assert flat(entries) == [
        ("vessel", "level", 2.75, "m", 1741166100000),
        ("vessel", "open", False, None, 1741166100000),
    ]
    assert isinstance(cbor_codec.decode(base64.b64decode("pSFndmVzc2VsLyIaZ8gWFABlbGV2ZWwBYW0C+0AGAAAAAAAA")), Refusal)


@pytest.mark.parametrize(
    ("items", "taken"),
    [
        ([{"n": "t", "v": 1}], True),
        ([{"bn": "d/"}], True),
        ([{0: "t", 2: 1}], True),
        ([{-2: "d/"}, {"anything": 1}], True),
        ([], False),
        ([1], False),
        ([{}], False),
        ([{"t": 21.5}], False),
        ([{"v": 1}], False),
        ([{"n": 1, "humidity": 2}], False),
        ([{0: "t", 9: 1}], False),
        ([{"ts": 1, "values": {"n": 1}}], False),
    ],
)
def test_a_list_is_senml_by_its_first_object(items: list[object], *, taken: bool) -> None:
    """By bn or n, and nothing but SenML's keys."""
    assert senml.is_pack(items) is taken


@pytest.mark.parametrize(
    ("pack", "code", "at"),
    [
        ([{"n": "t", "v": 1}, 5], Reason.BAD_MESSAGE, "[1]"),
        ([{"n": "t", "v": "1"}], Reason.BAD_MESSAGE, "[0]"),
        ([{"n": "t", "v": True}], Reason.BAD_MESSAGE, "[0]"),
        ([{"n": 5, "v": 1}], Reason.BAD_MESSAGE, "[0]"),
        ([{"bn": None}], Reason.BAD_MESSAGE, "[0]"),
        ([{"bver": 11, "n": "t", "v": 1}], Reason.BAD_MESSAGE, "[0]"),
        ([{"n": "t", "v": 1, "must_": 1}], Reason.BAD_MESSAGE, "[0]"),
        ([{"n": "t", "v": 1, "t": 60}], Reason.BAD_TIME, "[0].t"),
        ([{"n": "t", "v": 1, "t": float("inf")}], Reason.BAD_TIME, "[0].t"),
        ([{"n": "t", "v": 1, "t": float("nan")}], Reason.BAD_TIME, "[0].t"),
    ],
    ids=count(),
)
def test_what_is_refused_says_where(pack: list[Any], code: Reason, at: str) -> None:
    found = refusal(pack)
    assert (found.code, found.at) == (code, at)


KEYS = st.sampled_from([*senml.KEYS, *senml.LABELS, "x", "x_", 99])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
RECORDS = st.dictionaries(KEYS, SCALARS, max_size=5)


@given(st.lists(RECORDS | SCALARS | st.dictionaries(st.text(max_size=3), SCALARS, max_size=3), max_size=5))
def test_any_list_is_read_or_refused(items: list[object]) -> None:
    """Never an exception, and every refusal names a record."""
    senml.is_pack(items)
    found = senml.parse(items)
    if isinstance(found, Refusal):
        assert found.code in (Reason.BAD_MESSAGE, Reason.BAD_TIME)
        assert re.match(r"\[\d+\]", found.at or "")
    else:
        assert len(found) == len(items)
        assert all(entry.ts is None or entry.age is None for entry in found)


GOOD = st.lists(
    st.fixed_dictionaries(
        {"n": st.text("abc", min_size=1, max_size=3), "v": st.floats(-1e9, 1e9)},
        optional={"bt": st.integers(2**29, 2**31), "t": st.integers(-100, 0), "u": st.sampled_from(["Cel", "V"])},
    ),
    min_size=1,
    max_size=5,
)


@given(GOOD)
def test_json_and_cbor_say_the_same(pack: list[dict[str, Any]]) -> None:
    labelled = [{NUMBERED[key]: value for key, value in record.items()} for record in pack]
    by_json, by_cbor = json_codec.decode(json.dumps(pack)), cbor_codec.decode(cbor2.dumps(labelled))
    assert isinstance(by_json, list)
    assert isinstance(by_cbor, list)
    assert senml.parse(by_json) == senml.parse(by_cbor)
