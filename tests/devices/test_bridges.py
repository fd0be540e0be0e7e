"""All bridges of a server: on a whole core, each with a broker of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from devices import bridges as module
from devices.bridges import Bridges, Limits
from devices.ecosystems import mapping
from devices.ecosystems.base import Ecosystem
from telemetry.bridging import BridgePort
from telemetry.core import Core
from telemetry.live_feed import LiveFeed
from tests.devices.mqtt_peer import CONNECT, PUBLISH, SUBSCRIBE, Peer, story
from tests.telemetry.kit import until
from tests.telemetry.whole import whole

MAX = 1000


def made(core: Core, first: Callable[[], list[Ecosystem]] = list) -> Bridges:
    """As server.py makes them, and running."""
    mqtt = core.settings.mqtt
    limits = Limits(core.settings.storage.path, MAX, core.settings.devices.codecs)
    found = Bridges(mqtt, limits, BridgePort(core), partial(LiveFeed, core, mqtt.publish), first)
    for job, name in found.jobs():
        core.tasks.start(job, name)
    return found


def url(*peers: Peer) -> str:
    return ", ".join(f"mqtt://127.0.0.1:{peer.port}" for peer in peers)


@story
async def test_every_broker_has_its_own_connection_and_all_feed_one_log(tmp_path: Path) -> None:
    async with Peer() as one, Peer() as two, whole(tmp_path, mqtt_url=url(one, two)) as core:
        bridges = made(core)
        for peer, device in ((one, "a"), (two, "b")):
            await peer.subscribed()
            peer.send(peer.publish(f"telltale/{device}/readings", b'{"t": 1}'))
        await until(lambda: {"a/t", "b/t"} <= core.registry.series.keys())
        assert [bridge.report()["broker"] for bridge in bridges.all] == [
            f"127.0.0.1:{peer.port}" for peer in (one, two)
        ]
        assert len({bridge.source for bridge in bridges.all}) == 2
        core.pipeline.hurry()
        await until(lambda: one.acks() == two.acks() == [(1, 1)])


@story
async def test_broker_is_told_who_we_are_what_we_read_and_what_to_say_when_we_are_lost(tmp_path: Path) -> None:
    async with (
        Peer() as peer,
        whole(tmp_path, mqtt_url=url(peer), mqtt_client_id="our/id", mqtt_topics="a/#, b/+") as core,
    ):
        made(core)
        await peer.subscribed()
        (connect,), (subscribe,) = peer.of(CONNECT), peer.of(SUBSCRIBE)
        assert b"\0\6our/id" in connect.body
        assert b"telltale-live//server/our_id/availability" in connect.body
        assert connect.body.endswith(b"offline")
        assert b"\0\3a/#" in subscribe.body
        assert b"\0\3b/+" in subscribe.body


@story
async def test_other_clients_see_us_come(tmp_path: Path) -> None:
    async with Peer() as peer, whole(tmp_path, mqtt_url=url(peer)) as core:
        core.tasks.start(core.hub.run(), "hub")
        made(core)
        await until(lambda: peer.of(PUBLISH))
        (said,) = peer.of(PUBLISH)
        assert b"telltale-live//server/telltale-" in said.body
        assert said.body.endswith(b"online")


@story
async def test_users_mapping_is_asked_before_the_ecosystems(tmp_path: Path) -> None:
    rules = mapping.parse(["sensors/+/{metric} | device=mine"])
    async with Peer() as peer, whole(tmp_path, mqtt_url=url(peer)) as core:
        made(core, lambda: [mapping.Mapping(rules=rules)])
        await peer.subscribed()
        peer.send(peer.publish("sensors/shed/t", b"1"))
        await until(lambda: core.registry.series)
        assert list(core.registry.series) == ["mine/t"]


@story
async def test_decoders_of_one_broker_know_nothing_of_another(tmp_path: Path) -> None:
    async with Peer() as one, Peer() as two, whole(tmp_path, mqtt_url=url(one, two)) as core:
        first, second = (bridge._catalogue._decoders for bridge in made(core).all)
        assert not {id(decoder) for decoder in first} & {id(decoder) for decoder in second}


@story
async def test_message_above_the_limit_is_refused(tmp_path: Path) -> None:
    async with Peer() as peer, whole(tmp_path, mqtt_url=url(peer)) as core:
        limits = Limits(core.settings.storage.path, 8, ())
        (bridge,) = Bridges(core.settings.mqtt, limits, BridgePort(core), partial(LiveFeed, core, ())).all
        core.tasks.start(bridge.run(), "bridge")
        await peer.subscribed()
        peer.send(
            peer.publish("telltale/a/readings", b'{"long": 1}', 1) + peer.publish("telltale/a/readings", b'{"t":1}', 2)
        )
        await until(lambda: core.registry.series.keys() == {"a/t"})
        assert bridge.counts.refused == 1


@pytest.mark.parametrize("client_id", ["house/+#", "häuschen 1"])
@story
async def test_any_client_id_gives_topics_that_home_assistant_takes(tmp_path: Path, client_id: str) -> None:
    """The id stands in the topics of announcements: ``+`` would end the publisher."""
    settings = {"mqtt_client_id": client_id, "mqtt_publish": "*"}
    async with Peer() as peer, whole(tmp_path, mqtt_url=url(peer), **settings) as core:
        core.tasks.start(core.hub.run(), "hub")
        (bridge,) = made(core).all
        await peer.subscribed()
        assert bridge.publisher is not None
        assert set(bridge.publisher._instance) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
        )
        assert bridge.connection.client_id == client_id


def test_client_id_is_that_of_the_database(tmp_path: Path) -> None:
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    assert module.client_id(one) == module.client_id(tmp_path / "x" / ".." / "one.db")
    assert module.client_id(one) != module.client_id(two)
    assert len(module.client_id(one)) <= 23, "what every broker of MQTT 3.1.1 has to take"


@story
async def test_without_brokers_there_is_nothing_to_run(tmp_path: Path) -> None:
    async with whole(tmp_path) as core:
        bridges = made(core)
        await bridges.open()
        assert (bridges.all, list(bridges.jobs())) == ([], [])


@story
async def test_series_without_free_milliseconds_holds_up_no_one_else(tmp_path: Path) -> None:
    """Who sends more readings without a time than there are milliseconds waits, and nobody with him."""
    async with Peer() as peer, whole(tmp_path, mqtt_url=url(peer), storage_commit_interval="0") as core:
        bridge = made(core).all[0]
        await peer.subscribed()
        peer.send(peer.publish("telltale/flood/readings", b'{"t": 0}'))
        await until(lambda: "flood/t" in core.registry.series)
        flood = core.registry.series["flood/t"]
        flood.stamp = core.clock.arrival() + 3_600_000
        for n in range(1, 50):
            peer.send(peer.publish("telltale/flood/readings", b'{"t": %d}' % n))
        peer.send(peer.publish("telltale/calm/readings", b'{"t": 1}'))
        await until(lambda: "calm/t" in core.registry.series)
        assert bridge.unacknowledged >= 49
        assert flood.latest is not None
        assert flood.latest[1] == 0.0
        flood.stamp = 0
        await until(lambda: flood.latest is not None and flood.latest[1] == 49.0)
        await until(lambda: bridge.unacknowledged == 0)
