from __future__ import annotations

import pytest

from devices.options import device_url


@pytest.mark.parametrize(
    ("url", "device", "expected"),
    [
        ("http://pi.local:8080", None, "ws://pi.local:8080/ws/device"),
        ("https://pi.local/", "boiler", "wss://pi.local/ws/device?device=boiler"),
        ("ws://h/ws/device", "Büro 1/a+b", "ws://h/ws/device?device=B%C3%BCro%201%2Fa%2Bb"),
        ("pi.local:8080", None, "ws://pi.local:8080/ws/device"),
        ("http://h/behind/proxy?x=1", "d", "ws://h/behind/proxy?x=1&device=d"),
    ],
)
def test_any_address_of_the_server_leads_to_the_device_socket(url, device, expected):
    assert device_url(url, device) == expected
