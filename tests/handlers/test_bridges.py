"""The states of brokers and of devices that are asked, from a server that has none that answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.mosquitto import free_port
from tests.support import Server, wait_until

Start = Callable[..., Server]


def test_server_without_a_broker_and_without_targets_says_so(server: Start) -> None:
    one = server()
    token = one.api_token()
    assert one.get("/api/bridges", token=token) == {"bridges": []}
    assert one.get("/api/pollers", token=token) == {"pollers": []}


@pytest.mark.parametrize("path", ["/api/bridges", "/api/pollers"])
def test_states_are_for_those_who_may_look(server: Start, path: str) -> None:
    assert server().request("GET", path).status == 401


def test_broker_and_device_that_are_not_there_are_named_with_the_reason(server: Start) -> None:
    port = free_port()
    url = f"airgradient://127.0.0.1:{port}"
    one = server({"mqtt.url": f"mqtt://127.0.0.1:{port}", "poll.targets": url})
    token = one.api_token()
    wait_until(lambda: one.get("/api/bridges", token=token)["bridges"][0]["problem"], 30, "the reason")
    (bridge,) = one.get("/api/bridges", token=token)["bridges"]
    assert (bridge["broker"], bridge["connections"], bridge["unacknowledged"]) == (f"127.0.0.1:{port}", 0, 0)
    assert set(bridge["messages"].values()) == {0}
    wait_until(lambda: one.get("/api/pollers", token=token)["pollers"][0]["failures"], 30, "the first question")
    (target,) = one.get("/api/pollers", token=token)["pollers"]
    assert (target["target"], target["answers"]) == (url, 0)
    assert "refused" in target["problem"]
