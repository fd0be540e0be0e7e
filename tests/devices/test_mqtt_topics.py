from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from devices import mqtt_topics
from telemetry import names

LETTERS = st.text(alphabet="aZ1/ äß:.-_readingscommand", min_size=1, max_size=20)
DEVICES = LETTERS.map(names.device_id).filter(lambda name: name is not None)
METRICS = (LETTERS | st.text(alphabet="a+#/", min_size=1)).map(names.metric_name).filter(lambda name: name is not None)


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("telltale/boiler/readings", ("boiler", "readings")),
        ("telltale/house/hall/status", ("house/hall", "status")),
        ("telltale/readings/reply", ("readings", "reply")),
        ("telltale/Küche 1/readings", ("Küche 1", "readings")),
        ("telltale/boiler/command", None),
        ("telltale/boiler/presence", None),
        ("telltale/readings", None),
        ("telltale//readings", None),
        ("telltale/a*/readings", None),
        ("telltale/ a/readings", None),
        ("Telltale/boiler/readings", None),
        ("telltale-live/boiler/readings", None),
        ("", None),
    ],
    ids=str,
)
def test_native_topic(topic: str, expected: tuple[str, str] | None) -> None:
    assert mqtt_topics.native(topic) == expected


@given(device=DEVICES, leaf=st.sampled_from(mqtt_topics.READ))
def test_what_a_device_writes_is_never_taken_for_ours(device: str, leaf: str) -> None:
    topic = f"{mqtt_topics.ROOT}{device}/{leaf}"
    assert mqtt_topics.native(topic) == (device, leaf)
    assert not mqtt_topics.own(topic)


@given(device=DEVICES, metric=METRICS)
def test_what_we_write_is_never_taken_for_a_device(device: str, metric: str) -> None:
    """Whatever they are called: ``readings`` is a name that a device or a metric may have."""
    for topic in (
        mqtt_topics.command(device),
        mqtt_topics.presence(device),
        mqtt_topics.live(device, metric),
        mqtt_topics.availability("ours"),
    ):
        assert mqtt_topics.native(topic) is None
        assert mqtt_topics.own(topic)


@given(device=DEVICES, metric=METRICS)
def test_published_topic_holds_no_wildcard_of_mqtt(device: str, metric: str) -> None:
    topic = mqtt_topics.live(device, metric)
    assert not set(topic) & set("+#\0")
    assert topic_matches_sub("telltale-live/#", topic)


def test_topics_of_others_are_not_ours() -> None:
    assert not mqtt_topics.own("homeassistant/status")
    assert not mqtt_topics.own("telltales/boiler/presence")
