"""What the LoRaWAN networks have in common: frames that a codec of ours unpacks, and how well a gateway heard them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from devices.codecs import cayenne_lpp
from devices.ecosystems.base import finite, leaves
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

HEARD = (("rssi", "dBm"), ("snr", "dB"))


def uplink(
    device: str, ts: int | None, values: object, frame: object, gateways: object, codec: str | None
) -> Decoded | Refusal:
    """The readings of one uplink: what the network decoded, else what the device's codec makes of the raw frame.

    ``values`` is the network's decoded object, ``frame`` base64 text, ``gateways`` the list of who heard it. Signal
    strength goes along as ``rssi`` and ``snr`` of the gateway that heard best, unless the device has such metrics.
    """
    samples: list[Sample] = []
    if isinstance(values, dict) and values:
        samples = [Sample(device, metric, value, ts) for metric, value in leaves(values)]
    elif codec == cayenne_lpp.NAME and isinstance(frame, str):
        found = _unpacked(frame)
        if isinstance(found, Refusal):
            return found
        samples = [Sample(device, one.metric, one.value, ts, one.unit) for one in found]
    taken = {one.metric for one in samples}
    samples += [Sample(device, name, value, ts, unit) for name, value, unit in _heard(gateways) if name not in taken]
    return Decoded(samples)


def _unpacked(frame: str) -> list[cayenne_lpp.Value] | Refusal:
    try:
        return cayenne_lpp.decode(base64.b64decode(frame, validate=True))
    except (binascii.Error, ValueError):
        return Refusal(Reason.BAD_MESSAGE, "the frame is not base64")


def _heard(gateways: object) -> Iterator[tuple[str, float, str]]:
    """(metric, value, unit) of the gateway with the strongest signal."""
    heard = [
        (strength, one)
        for one in (gateways if isinstance(gateways, list) else ())
        if isinstance(one, dict) and (strength := finite(one.get("rssi"))) is not None
    ]
    if heard:
        _, best = max(heard, key=lambda pair: pair[0])
        for metric, unit in HEARD:
            if (value := finite(best.get(metric))) is not None:
                yield metric, value, unit
