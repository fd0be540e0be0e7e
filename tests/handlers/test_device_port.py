"""What a device's session has of the core, seen from outside: admission, counters, replies, presence."""

from __future__ import annotations

from collections.abc import Callable

from tests.support import Server, wait_until


def test_waiting_device_shows_plain_values_only(server: Callable[..., Server]) -> None:
    """Numbers, booleans and texts, the newest of each; whatever else it says breaks nothing."""
    one = server()
    operator = one.api_token("operator")
    device = one.device(device="new")
    device.recv_key("hello")
    for values in (
        '{"t": 1, "gone": null, "list": [1], "deep": {"x": 1}}',
        '[{"t": 2.5}, {"on": false, "s": "idle"}]',
        '{"t": 1e999}',
        '{"": "", "a*": 1}',
        '{"reply": {"id": "c1", "ok": true}}',
        '{"config": {}}',
    ):
        device.send_text(values)
    device.send({"id": 1, "readings": []})
    assert device.recv_key("error")["code"] == "unknown_device"
    (listed,) = one.get("/api/devices", operator)["devices"]
    latest = listed["latest"]
    assert (latest["t"], latest["on"], latest["s"]) == (2.5, False, "idle")
    assert all(isinstance(value, int | float | str) for value in latest.values())


def test_what_is_refused_is_counted_by_its_reason(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    viewer, device = one.api_token("viewer"), one.device(one.device_token("d"))
    device.recv_key("hello")
    device.send({"id": 1, "readings": [{"a": 1, "b": 2, "c": []}]})
    device.send({"ts": 1, "values": {"a": 1, "b": 1}})
    device.send_text("nonsense")
    device.send({"id": 2, "readings": [{"a": 1}]})
    device.ack_of(2)
    metrics = one.metrics(viewer)
    refused = {name: value for name, value in metrics.items() if "refused" in name and value}
    assert sorted(refused.values()) == [1, 2, 3]
    assert {"bad_message", "bad_time", "bad_value"} == {name.split('"')[1] for name in refused}


def test_device_with_a_socket_is_online(server: Callable[..., Server]) -> None:
    """Also one that never sends a reading; it goes offline with its socket."""
    one = server({"devices.offline_after": "1"})
    viewer, token = one.api_token("viewer"), one.device_token("d")

    def state() -> str:
        return str(one.get("/api/devices", viewer)["devices"][0]["state"])

    live = one.live(viewer)
    live.send({"id": 1, "subscribe": ["*"]})
    assert state() == "offline"
    device = one.device(token)
    device.recv_key("hello")
    wait_until(lambda: state() == "online")
    assert live.recv_key("presence")[0][:2] == ["d", "online"]
    device.close()
    wait_until(lambda: state() == "offline")
    assert live.recv_key("presence")[0][:2] == ["d", "offline"]
