from __future__ import annotations

from typing import Any

import cbor2
import pytest

from devices.ecosystems.senml import SenML
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal
from tests.devices.ecosystems.asking import NOW, nothing, post, publish, readings, refused, units

JSON = "application/senml+json"
CBOR = "application/senml+cbor"


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        ([{"bn": "pump/", "n": "t", "v": 1}], [("pump", "t", 1.0, None)]),
        ([{"bn": "pump/", "v": 1}], [("pump", "value", 1.0, None)]),
        ([{"n": "pump.", "v": 1, "s": 2}], [("pump", "value", 1.0, None), ("pump", "value.sum", 2.0, None)]),
        ([{"n": "pump", "s": 2}], [("pump", "value.sum", 2.0, None)]),
        ([{"n": "x.sum", "v": 2}], [("x.sum", "value", 2.0, None)]),
        (
            [{"bn": "a:", "n": "x", "v": 1}, {"bn": "b:", "n": "x", "v": 2}],
            [("a", "x", 1.0, None), ("b", "x", 2.0, None)],
        ),
        ([{"bn": "a/", "bv": 5}, {"n": "x", "v": 1}], [("a", "value", 5.0, None), ("a", "x", 6.0, None)]),
        ([{"bn": "a/"}, {"n": "x", "vb": False}, {"n": "y", "vs": "text"}], [("a", "x", False, None)]),
        ([{"bn": "a/", "n": "x", "v": 1, "unknown": 5, "ut": 60}], [("a", "x", 1.0, None)]),
        ([{"bn": "a/", "n": "x", "v": 1, "t": -8}], [("a", "x", 1.0, NOW - 8000)]),
        ([{"bn": "a/", "n": "x", "v": 1, "t": 2.5}], [("a", "x", 1.0, NOW + 2500)]),
        ([{"bn": "a/", "bt": 1741166000, "n": "x", "v": 1, "t": -0.25}], [("a", "x", 1.0, 1_741_165_999_750)]),
        ([{"bn": "a/", "n": "x", "v": 2**63}], [("a", "x", float(2**63), None)]),
        ([{"bn": "a/", "n": "x", "v": float("nan")}, {"n": "y", "v": 1}], [("a", "y", 1.0, None)]),
    ],
    ids=str,
)
def test_records_are_readings(pack: list[dict[str, Any]], expected: list[Any]) -> None:
    assert readings(publish(SenML(), "any/topic", pack)) == expected
    assert readings(post(SenML(), "/any", cbor2.dumps(pack), media=CBOR)) == expected


def test_units_come_along() -> None:
    found = publish(SenML(), "x", [{"bn": "a/", "bu": "W", "n": "p", "v": 1, "s": 2}, {"n": "t", "u": "Cel", "v": 1}])
    assert units(found) == {"p": "W", "p.sum": "Ws", "t": "Cel"}


@pytest.mark.parametrize("when", [2**28, 900_000_000, 1e300, 10**400, -1e12, float("inf"), float("nan")])
def test_time_that_cannot_be_is_refused_with_its_reading_only(when: float) -> None:
    pack = [{"bn": "a/", "n": "x", "v": 1}, {"n": "x", "v": 2, "t": when}, {"n": "x", "v": 3}]
    found = publish(SenML(), "x", pack)
    assert isinstance(found, Decoded)
    assert [(part.line, part.code) for part in found.bad] == [(2, Reason.BAD_TIME)]
    assert [one.value for one in found.samples] == [1.0, 3.0]
    assert found.lines == [1, 3]
    assert found.strict


@pytest.mark.parametrize(
    "wrong",
    [{"bver": 11}, {"must_": 1}, {"v": "1"}, {"u": 5}, {"vb": 1}, {"t": "now"}],
    ids=str,
)
def test_record_that_cannot_be_understood_refuses_the_pack(wrong: dict[str, Any]) -> None:
    assert refused(publish(SenML(), "x", [{"bn": "a/", "n": "x", "v": 1}, {"n": "y", "v": 1} | wrong]))


def test_name_that_is_missing_refuses_the_pack() -> None:
    assert refused(publish(SenML(), "x", [{"n": "a", "v": 1}, {"v": 2}]))


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        "[1, 2]",
        '[{"a": 1}]',
        '[{"n": 5, "v": 1}]',
        '[{"n": "a", "color": 1}]',
        '[{"n": "a", "v": 1},]',
        '{"bn": "a", "v": 1}',
        "21.5",
        b"",
        b"\x82\x01\x02",
        b"\x80",
        b"\x9f\xff",
        b"\x08\x96\x01",
        cbor2.dumps({-2: "vessel", 0: "level", 2: 2.75}),
    ],
    ids=str,
)
def test_what_is_no_pack_is_someone_elses_unless_the_topic_says_so(said: Any) -> None:
    assert publish(SenML(), "any/topic", said) is None
    found = publish(SenML(), "senml/in", said)
    assert nothing(found) if said == b"" else refused(found)


def test_http_is_told_by_content_type_or_path() -> None:
    pack = [{"bn": "a/", "n": "x", "v": 1}]
    expected = [("a", "x", 1.0, None)]
    assert readings(post(SenML(), "/any", pack, media=f"{JSON}; charset=utf-8")) == expected
    assert readings(post(SenML(), "/senml", pack)) == expected
    assert readings(post(SenML(), "/senml", cbor2.dumps(pack), media="application/octet-stream")) == expected
    assert post(SenML(), "/any", pack) is None
    assert refused(post(SenML(), "/senml", b""))
    assert refused(post(SenML(), "/any", {"n": "x", "v": 1}, media=JSON))


@pytest.mark.parametrize("media", ["application/senml+xml", "application/senml-exi"])
def test_xml_is_refused_with_what_to_send(media: str) -> None:
    found = post(SenML(), "/any", "<sensml/>", media=media)
    assert isinstance(found, Refusal)
    assert "JSON or CBOR" in found.message


def test_name_alone_is_a_metric_of_whoever_sends_it_by_http() -> None:
    pack = [{"n": "level", "v": 1}, {"n": "urn:dev:ow:28bb", "v": 2}, {"bn": "other/", "n": "x", "v": 3}]
    assert readings(post(SenML(), "/senml", pack, owner="tank")) == [
        ("tank", "level", 1.0, None),
        ("urn:dev:ow:28bb", "value", 2.0, None),
        ("other", "x", 3.0, None),
    ]
