from __future__ import annotations

import pytest

from devices.ecosystems.lorawan import uplink
from tests.devices.ecosystems.asking import readings, refused, units, values

FRAME = "A2cA6Q=="  # 03 67 00 e9
GATEWAYS = [{"rssi": -111, "snr": -3.2}, {"rssi": -97, "snr": 6.5}, {"snr": 20}, "noise", {"rssi": None}]


def test_what_the_network_decoded_goes_before_the_codec() -> None:
    found = uplink("d", 5, {"t": 1, "deep": {"x": [1, 2]}, "s": "text"}, FRAME, None, "cayennelpp")
    assert readings(found) == [("d", "t", 1.0, 5), ("d", "deep.x.0", 1.0, 5), ("d", "deep.x.1", 2.0, 5)]


@pytest.mark.parametrize("decoded", [None, {}, "text", [1]])
def test_codec_unpacks_the_frame_if_the_network_did_not(decoded: object) -> None:
    found = uplink("d", 5, decoded, FRAME, [], "cayennelpp")
    assert readings(found) == [("d", "temperature_3", 23.3, 5)]
    assert units(found) == {"temperature_3": "°C"}


def test_without_a_codec_nothing_is_guessed() -> None:
    assert readings(uplink("d", 5, None, FRAME, None, None)) == []
    assert readings(uplink("d", 5, None, FRAME, None, "another")) == []


@pytest.mark.parametrize("frame", ["A2cA6", "%%%%", "A2c=", "ünicode"])
def test_frame_that_is_no_base64_or_ends_early_is_refused(frame: str) -> None:
    assert refused(uplink("d", 5, None, frame, None, "cayennelpp"))


def test_signal_is_that_of_the_gateway_that_heard_best() -> None:
    found = uplink("d", 5, {}, None, GATEWAYS, None)
    assert values(found) == {"rssi": -97.0, "snr": 6.5}
    assert units(found) == {"rssi": "dBm", "snr": "dB"}


def test_metric_of_the_device_is_not_replaced_by_the_gateways() -> None:
    assert values(uplink("d", 5, {"rssi": -1, "t": 2}, None, GATEWAYS, None)) == {"rssi": -1.0, "t": 2.0, "snr": 6.5}
