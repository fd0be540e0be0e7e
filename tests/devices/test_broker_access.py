"""Who gets in, and which topics are whose."""

from __future__ import annotations

import pytest

from devices.broker_access import SERVER, Access
from devices.broker_config import BRIDGE
from telemetry.identity import DeviceIdentity

TOKENS = {
    "tt_a": DeviceIdentity("a"),
    "tt_ab": DeviceIdentity("a/b"),
    "tt_hub": DeviceIdentity("hub", ("node-*", "küche")),
    "tt_all": DeviceIdentity("all", ("*",)),
}
ACCESS = Access(TOKENS.get, "the secret")


@pytest.mark.parametrize(
    ("user", "password", "device"),
    [
        ("a", "tt_a", "a"),
        ("", "tt_a", "a"),
        ("anything", "tt_a", "a"),
        (None, "tt_a", "a"),
        ("tt_a", None, "a"),  # as ThingsBoard's clients do
        ("tt_a", "", "a"),
        (BRIDGE, "the secret", BRIDGE),
        (BRIDGE, "tt_a", "a"),
        ("a", "wrong", None),
        ("a", None, None),
        ("tt_a", "wrong", None),
        (None, None, None),
        ("", "", None),
        (BRIDGE, "", None),
        (BRIDGE, None, None),
        (BRIDGE, "the secre", None),
        ("a", "the secret", None),
        ("the secret", None, None),
    ],
)
def test_tokens_are_passwords(user: str | None, password: str | None, device: str | None) -> None:
    identity = ACCESS.authenticate(user, password, "client")
    assert (identity.id if identity else None) == device


@pytest.mark.parametrize(
    ("token", "topic", "write", "read"),
    [
        ("tt_a", "telltale/a/readings", True, False),
        ("tt_a", "telltale/a/reply", True, False),
        ("tt_a", "telltale/a/status", True, False),
        ("tt_a", "telltale/a/command", False, True),
        ("tt_a", "telltale/a/presence", False, True),
        ("tt_a", "telltale/a/state/t", False, False),
        ("tt_a", "telltale-live/a/deep/er", False, True),
        ("tt_a", "telltale/a/readings/x", False, False),
        ("tt_a", "telltale/a/b/readings", False, False),
        ("tt_a", "telltale/a/b/command", False, False),
        ("tt_a", "telltale/a/b/state/t", False, False),
        ("tt_ab", "telltale/a/b/readings", True, False),
        ("tt_ab", "telltale/a/readings", False, False),
        ("tt_a", "telltale/A/readings", False, False),
        ("tt_a", "telltale/readings", False, False),
        ("tt_a", "telltale//readings", False, False),
        ("tt_a", "telltale/", False, False),
        ("tt_hub", "telltale/hub/readings", True, False),
        ("tt_hub", "telltale/node-7/readings", True, False),
        ("tt_hub", "telltale/node-7/command", False, True),
        ("tt_hub", "telltale/ku\u0308che/readings", True, False),  # decomposed: the same name
        ("tt_hub", "telltale/other/readings", False, False),
        ("tt_all", "telltale/other/readings", True, False),
        ("tt_all", "telltale/other/command", False, True),
        ("tt_all", "telltale-live/other/t", False, True),
        ("tt_a", "tele/x/SENSOR", True, True),
        ("tt_a", "homeassistant/sensor/x/config", True, True),
        ("tt_a", "telltalex/a/readings", True, True),
        ("tt_a", "telltale", True, True),
        ("tt_a", "v1/devices/me/telemetry", True, False),
        ("tt_a", "$SYS/broker/version", False, False),
        ("tt_a", "$telltale-check/x", False, False),
    ],
)
def test_topics(token: str, topic: str, write: bool, read: bool) -> None:
    identity = TOKENS[token]
    assert (ACCESS.may(identity, topic, True), ACCESS.may(identity, topic, False)) == (write, read)


def test_the_server_may_do_everything_and_no_device_is_the_server() -> None:
    for topic in ("telltale/a/command", "telltale/a/readings", "x"):
        assert ACCESS.may(SERVER, topic, True)
        assert ACCESS.may(SERVER, topic, False)
    assert not ACCESS.may(DeviceIdentity(BRIDGE), "telltale/a/command", True)
