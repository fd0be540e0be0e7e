"""What all routes for other ecosystems share: the decoders, and what the server does with what they find."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients import Reply, wait_until
from tests.support import Server

LOCATION = '{"_type":"lwt","tst":1741171814}'


def device(server: Server, operator: str, name: str) -> dict[str, object]:
    found: list[dict[str, object]] = [
        one for one in server.get("/api/devices", operator)["devices"] if one["device"] == name
    ]
    return found[0]


def post(server: Server, path: str, body: str | bytes, token: str | None = None, **headers: str) -> Reply:
    return server.request("POST", path, body=body, token=token, headers=headers)


def test_a_device_says_nothing_of_another_one(server: Callable[..., Server]) -> None:
    """Neither that it is gone nor how it is called; a gateway may."""
    one = server({"storage.commit_interval": "0"})
    operator, phone, site = (
        one.api_token("operator"),
        one.device_token("a/phone"),
        one.device_token("site", "--gateway"),
    )
    thief = one.device_token("thief")
    assert post(one, "/api/ingest", '{"x": 1}', phone).status == 200
    wait_until(lambda: device(one, operator, "a/phone")["state"] == "online")
    assert post(one, "/pub?u=a&d=phone", LOCATION, thief).status == 200
    assert device(one, operator, "a/phone")["state"] == "online"
    assert post(one, "/pub?u=a&d=phone", LOCATION, site).status == 200
    wait_until(lambda: device(one, operator, "a/phone")["state"] == "offline")


def test_a_station_is_called_by_its_model(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    operator, token = one.api_token("operator"), one.device_token("roof")
    for _ in range(2):  # a name is for a device that is known
        assert post(one, f"/data/report/{token}", "PASSKEY=X&model=GW2000A&tempf=5").status == 200
    assert device(one, operator, "roof")["name"] == "GW2000A"


def test_refusals_are_counted_by_their_reason(server: Callable[..., Server]) -> None:
    one = server()
    viewer, token = one.api_token("viewer"), one.device_token("pi")
    post(one, "/write", "m,host=other v=1\nbad", token)
    post(one, "/senml", "{", token)
    counted = {name: value for name, value in one.metrics(viewer).items() if "refused" in name and value}
    assert sum(counted.values()) == 3
    assert {name.split('"')[1] for name in counted} == {"forbidden", "bad_value", "bad_message"}


def test_a_body_above_the_limit_is_too_large(server: Callable[..., Server]) -> None:
    one = server({"server.max_body": "64 KiB"})
    token = one.device_token("pi")
    assert post(one, "/data.php", b" " * 70_000, token).status == 413


def test_a_full_queue_says_try_later(server: Callable[..., Server]) -> None:
    """Nothing is answered as taken that is not durable."""
    one = server({"storage.commit_interval": "60", "storage.max_pending": "10000", "server.max_body": "16 MiB"})
    token = one.device_token("pi")
    lines = "\n".join(f"m v={n} {1_741_171_814_000 + n}" for n in range(20_001))
    reply = post(one, "/write?precision=ms", lines, token)
    assert (reply.status, reply.error["code"]) == (503, "try_later")
    assert int(reply.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("path", ["/write", "/data/report/", "/senml", "/api/v1/x/telemetry", "/metrics/job/x"])
def test_a_page_of_another_origin_cannot_write(server: Callable[..., Server], path: str) -> None:
    one = server({"devices.admission": "open"})
    assert post(one, path, "x", Origin="http://evil.example").status == 403
