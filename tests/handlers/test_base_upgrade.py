"""What is no upgrade to a WebSocket, at an address of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import Server

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Upgrade": ""}, 400),
        ({"Connection": "keep-alive"}, 400),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": ""}, 400),
    ],
)
def test_what_is_no_upgrade_is_refused_in_the_one_shape(running: Server, changed: dict[str, str], status: int) -> None:
    """Tornado's own answer would be HTML, or nothing."""
    headers = {name: value for name, value in (UPGRADE | changed).items() if value}
    device = "-".join(changed)
    tokens = {"/ws/live": running.api_token(), "/ws/device": running.device_token(device)}
    for path, token in tokens.items():
        reply = running.request("GET", path, token=token, headers=headers)
        assert (reply.status, reply.error["code"]) == (status, "bad_request")
