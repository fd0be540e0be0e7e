from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.owntracks import OwnTracks
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused, units, values

TST = 1_741_171_990
FIX = {"_type": "location", "lat": -33.9, "lon": 18.4, "tst": TST}


def test_location_has_units_and_the_time_of_the_fix() -> None:
    said = FIX | {
        "alt": -4,
        "batt": 7,
        "vel": 50,
        "cog": 359,
        "p": 101.3,
        "acc": 5,
        "vac": 2,
        "bs": 1,
        "m": 2,
        "tid": "x",
    }
    found = publish(OwnTracks(), "owntracks/jo/bike", said)
    assert {(device, ts) for device, _, _, ts in readings(found)} == {("jo/bike", TST * 1000)}
    assert values(found) == {
        "lat": -33.9,
        "lon": 18.4,
        "alt": -4,
        "batt": 7,
        "vel": 50,
        "cog": 359,
        "p": 101.3,
        "acc": 5,
        "vac": 2,
    }
    assert units(found)["p"] == "kPa"


@pytest.mark.parametrize("tst", [None, 0, "1741171990", True, -5, 1e300])
def test_fix_without_a_usable_time_is_of_its_arrival(tst: Any) -> None:
    found = publish(OwnTracks(), "owntracks/jo/bike", FIX | {"tst": tst})
    assert readings(found) == [("jo/bike", "lat", -33.9, None), ("jo/bike", "lon", 18.4, None)]


def test_texts_nulls_and_truths_are_no_readings() -> None:
    assert values(publish(OwnTracks(), "owntracks/jo/bike", FIX | {"batt": "81", "acc": None, "vel": True})) == {
        "lat": -33.9,
        "lon": 18.4,
    }


@pytest.mark.parametrize(
    "kind",
    [
        "transition",
        "waypoint",
        "waypoints",
        "cmd",
        "encrypted",
        "beacon",
        "configuration",
        "dump",
        "status",
        "",
        5,
        None,
        ["location"],
    ],
)
def test_other_messages_hold_nothing(kind: Any) -> None:
    assert nothing(publish(OwnTracks(), "owntracks/jo/bike/event", FIX | {"_type": kind}))


def test_will_is_presence_and_a_card_a_name() -> None:
    assert publish(OwnTracks(), "owntracks/jo/bike", {"_type": "lwt", "tst": TST}) == Decoded(
        presence={"jo/bike": False}
    )
    assert publish(OwnTracks(), "owntracks/jo/bike/info", {"_type": "card", "name": "Jo"}) == Decoded(
        names={"jo/bike": "Jo"}
    )


def test_steps_are_counted() -> None:
    found = publish(
        OwnTracks(), "owntracks/jo/bike/step", {"_type": "step", "steps": 12, "from": 1, "to": 2, "tst": TST}
    )
    assert readings(found) == [("jo/bike", "steps", 12.0, TST * 1000)]


@pytest.mark.parametrize("topic", ["family/jo/bike", "a/family/jo/bike"])
def test_another_root_is_known_by_the_shape_of_the_message(topic: str) -> None:
    assert {one[0] for one in readings(publish(OwnTracks(), topic, FIX))} == {"jo/bike"}
    assert {
        one[0] for one in readings(publish(OwnTracks(), f"{topic}/step", {"_type": "steps", "steps": 1, "tst": 1}))
    } == {"jo/bike"}


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("owntracks", FIX),
        ("owntracks/jo", FIX),
        ("a/b/c", "{"),
        ("a/b/c", {"_type": "location"}),
        ("a/b/c", FIX | {"_type": "x"}),
        ("a/b/c", '"_type"'),
        ("a/b/c", {"lat": 1, "lon": 2, "tst": 3}),
    ],
)
def test_other_topics_are_left_to_others(topic: str, said: Any) -> None:
    assert publish(OwnTracks(), topic, said) is None


def test_broken_message_is_refused_and_a_cleared_topic_is_nothing() -> None:
    assert refused(publish(OwnTracks(), "owntracks/jo/bike", '{"_type":'))
    assert refused(publish(OwnTracks(), "owntracks/jo/bike", b"\xff\xfe"))
    assert nothing(publish(OwnTracks(), "owntracks/jo/bike", b""))
    assert nothing(publish(OwnTracks(), "owntracks/jo/bike", b"[1]"))


@pytest.mark.parametrize(
    ("more", "device"),
    [
        ({"query": {"u": "jo", "d": "bike"}}, "jo/bike"),
        ({"headers": {"x-limit-u": "jo", "x-limit-d": "bike"}}, "jo/bike"),
        ({"headers": {"x-limit-u": "jo"}, "query": {"d": "car"}}, "jo/car"),
        ({"owner": "phone-7"}, "phone-7"),
        ({"query": {"d": "bike"}}, "bike"),
    ],
    ids=["query", "headers", "both", "owner", "device"],
)
def test_http_names_user_and_device(more: dict[str, Any], device: str) -> None:
    assert {one[0] for one in readings(post(OwnTracks(), "/pub", FIX, **more))} == {device}


def test_http_path_is_free_where_user_and_device_are_named() -> None:
    who = {"u": "jo", "d": "bike"}
    assert {one[0] for one in readings(post(OwnTracks(), "/any/where", FIX, query=who))} == {"jo/bike"}
    assert post(OwnTracks(), "/any/where", '{"_type"', query=who) is None


def test_http_takes_the_topic_of_the_message_and_refuses_a_stranger() -> None:
    assert {one[0] for one in readings(post(OwnTracks(), "/owntracks", FIX | {"topic": "owntracks/jo/bike"}))} == {
        "jo/bike"
    }
    assert refused(post(OwnTracks(), "/pub", FIX))
    assert refused(post(OwnTracks(), "/pub", "{", query={"u": "a", "d": "b"}))


@pytest.mark.parametrize(
    ("path", "said", "method"),
    [("/pub", FIX, "GET"), ("/api/x", {"lat": 1}, "POST"), ("/pub", {"a": 1}, "POST"), ("/pub", [1], "POST")],
)
def test_other_requests_are_left_to_others(path: str, said: Any, method: str) -> None:
    assert post(OwnTracks(), path, said, method=method, query={"u": "a", "d": "b"}) is None
