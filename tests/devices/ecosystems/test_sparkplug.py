from __future__ import annotations

import math

import pytest

from devices.codecs.sparkplug_b import Metric, Payload, Type, encode
from devices.ecosystems import sparkplug
from devices.ecosystems.sparkplug import Sparkplug
from telemetry.decoded import Decoded
from telemetry.model import Reason
from tests.devices.ecosystems.asking import nothing, publish, readings, refused

TS = 1_741_165_200_000
ROOT = "spBv1.0/G"


def send(one: Sparkplug, kind: str, *metrics: Metric, where: str = "n", ts: int | None = TS) -> Decoded:
    found = publish(one, f"{ROOT}/{kind}/{where}", encode(Payload(ts, metrics)))
    assert isinstance(found, Decoded), found
    return found


def session(number: int) -> Metric:
    return Metric("bdSeq", datatype=Type.UINT64, value=number)


def number(alias: int, value: float, **more: object) -> Metric:
    return Metric(alias=alias, datatype=Type.DOUBLE, value=value, **more)  # type: ignore[arg-type]


def born(*metrics: Metric, bdseq: int = 1) -> Sparkplug:
    one = Sparkplug()
    send(one, "NBIRTH", session(bdseq), *metrics)
    return one


def test_birth_gives_presence_readings_and_names_for_aliases() -> None:
    one = Sparkplug()
    found = send(one, "NBIRTH", session(0), Metric("a/b", 5, None, Type.FLOAT, value=1.5, unit="bar"))
    assert found.presence == {"G/n": True}
    assert [(s.device, s.metric, s.value, s.ts, s.unit) for s in found.samples] == [("G/n", "a/b", 1.5, TS, "bar")]
    data = send(one, "NDATA", Metric(alias=5, timestamp=TS + 5, value=2.5, datatype=Type.FLOAT))
    assert [(s.metric, s.value, s.ts, s.unit) for s in data.samples] == [("a/b", 2.5, TS + 5, "bar")]
    assert not data.presence


def test_data_without_a_type_has_that_of_the_birth() -> None:
    one = born(Metric("i", 1, None, Type.INT16, value=0))
    (sample,) = send(one, "NDATA", Metric(alias=1, value=0xFFFE)).samples
    assert sample.value == -2
    (sample,) = send(one, "NDATA", Metric("i", value=0xFFFF)).samples
    assert sample.value == -1


def test_data_by_name_needs_no_birth() -> None:
    assert readings(send(Sparkplug(), "NDATA", Metric("t", datatype=Type.DOUBLE, value=4.0))) == [("G/n", "t", 4.0, TS)]


@pytest.mark.parametrize("name", ["bdSeq", "Node Control/Rebirth", "Node Control/Scan Rate", "Device Control/Reboot"])
def test_controls_are_no_readings(name: str) -> None:
    assert readings(send(Sparkplug(), "NDATA", Metric(name, datatype=Type.INT64, value=1))) == []


@pytest.mark.parametrize(
    "metric",
    [
        Metric("m", datatype=Type.STRING, value="5"),
        Metric("m", datatype=Type.DATE_TIME, value=TS),
        Metric("m", datatype=Type.DOUBLE, value=None),
        Metric("m", datatype=Type.DOUBLE, value=math.nan),
        Metric("m", datatype=Type.FLOAT, value=math.inf),
        Metric("m", datatype=Type.DOUBLE, value=1.0, transient=True),
        Metric(alias=9, datatype=Type.DOUBLE, value=1.0),
        Metric(datatype=Type.DOUBLE, value=1.0),
        Metric("m", datatype=31, value=1),
    ],
    ids=["text", "time", "null", "nan", "inf", "transient", "alias", "nameless", "array"],
)
def test_what_is_no_number_is_no_reading(metric: Metric) -> None:
    assert readings(send(born(), "NDATA", metric)) == []


def test_alias_belongs_to_its_node_and_device() -> None:
    one = born(Metric("mine", 1, None, Type.DOUBLE, value=1.0))
    send(one, "NBIRTH", session(1), Metric("other", 1, None, Type.DOUBLE, value=1.0), where="n2")
    send(one, "DBIRTH", Metric("below", 1, None, Type.DOUBLE, value=1.0), where="n/d")
    for where, kind, metric in (("n", "NDATA", "mine"), ("n2", "NDATA", "other"), ("n/d", "DDATA", "below")):
        assert readings(send(one, kind, number(1, 7.0), where=where)) == [(f"G/{where}", metric, 7.0, TS)]


def test_new_birth_of_a_node_makes_its_devices_be_born_again() -> None:
    one = born()
    send(one, "DBIRTH", Metric("m", 1, None, Type.DOUBLE, value=1.0), where="n/d")
    send(one, "NBIRTH", session(2))
    assert readings(send(one, "DDATA", number(1, 7.0), where="n/d")) == []


def test_death_takes_the_devices_along_and_counts_once() -> None:
    one = born(Metric("m", 1, None, Type.DOUBLE, value=1.0), bdseq=4)
    send(one, "DBIRTH", where="n/d1")
    send(one, "DBIRTH", where="n/d2")
    assert send(one, "DDEATH", where="n/d1").presence == {"G/n/d1": False}
    assert nothing(publish(one, f"{ROOT}/NDEATH/n", encode(Payload(None, [session(3)]))))
    assert send(one, "NDEATH", session(4)).presence == {"G/n": False, "G/n/d2": False}
    assert readings(send(one, "NDATA", number(1, 2.0))) == []


def test_death_of_a_node_that_was_not_seen_born_counts() -> None:
    assert send(Sparkplug(), "NDEATH", session(9)).presence == {"G/n": False}


def test_reading_before_2000_is_refused_and_its_neighbour_kept() -> None:
    found = send(
        Sparkplug(),
        "NDATA",
        number(0, 1.0),
        Metric("a", None, 17, Type.DOUBLE, value=1.0),
        Metric("b", None, TS, Type.DOUBLE, value=2.0),
    )
    assert [(part.line, part.code) for part in found.bad] == [(2, Reason.BAD_TIME)]
    assert [one.metric for one in found.samples] == ["b"]
    assert found.strict


def test_without_any_time_it_is_that_of_arrival() -> None:
    assert readings(send(Sparkplug(), "NDATA", Metric("a", datatype=Type.DOUBLE, value=1.0), ts=None)) == [
        ("G/n", "a", 1.0, None)
    ]


@pytest.mark.parametrize(
    "rest",
    [
        "G/NCMD/n",
        "G/DCMD/n/d",
        "STATE/host",
        "G/NDATA",
        "G/NDATA/n/d",
        "G/DDATA/n",
        "G/XDATA/n",
        "G",
        "",
        "/NDATA/n",
        "G/NDATA/",
    ],
)
def test_other_topics_of_the_root_hold_nothing(rest: str) -> None:
    assert nothing(publish(Sparkplug(), f"spBv1.0/{rest}", b'{"online":true}'))


@pytest.mark.parametrize("topic", ["spBv1.0", "SPBV1.0/G/NDATA/n", "spAv1.0/G/NDATA/n", "a/spBv1.0/G/NDATA/n"])
def test_other_topics_are_left_to_others(topic: str) -> None:
    found = publish(Sparkplug(), topic, b"")
    assert found is None or nothing(found)


@pytest.mark.parametrize("kind", ["NBIRTH", "NDATA", "NDEATH"])
def test_broken_payload_is_refused(kind: str) -> None:
    assert refused(publish(Sparkplug(), f"{ROOT}/{kind}/n", b"\x12\x05abc"))


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug, "REMEMBERED", 50)
    one = Sparkplug()
    for index in range(200):
        send(one, "NBIRTH", session(1), Metric("m", 1, None, Type.DOUBLE, value=1.0), where=f"n{index}")
        send(one, "DBIRTH", Metric("m", 1, None, Type.DOUBLE, value=1.0), where=f"n{index}/d")
    assert one._held <= 50
    assert one._held == sum(1 + len(birth.names) for birth in one._births.values())
    assert readings(send(one, "DDATA", number(1, 7.0), where="n199/d")) == [("G/n199/d", "m", 7.0, TS)]
    assert readings(send(one, "NDATA", number(1, 7.0), where="n0")) == []
