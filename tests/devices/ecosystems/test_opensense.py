"""senseBoxes and airRohr sensors."""

from __future__ import annotations

import json
import struct

import pytest

from devices.ecosystems.base import Request
from devices.ecosystems.opensense import OpenSense
from telemetry.decoded import Decoded
from telemetry.model import Refusal

NOW = 1_792_000_000_123
T = 1_741_168_800_000
BOX, SENSOR = "5f0c11ab2d9e4a001b7c1e01", "5f0c11ab2d9e4a001b7c1e02"


def post(body: object, path: str = f"/boxes/{BOX}/data", kind: str = "application/json", **headers: str) -> object:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    owner = headers.pop("owner", None)
    return OpenSense().request(Request("POST", path, data, NOW, {}, {"content-type": kind, **headers}, owner))


def found(answer: object) -> list[tuple[str, str, float | bool | str, int | None]]:
    assert isinstance(answer, Decoded), answer
    return [one[:4] for one in answer.samples]


@pytest.mark.parametrize(
    ("body", "ts"),
    [({"value": 5}, None), ({"value": "5.0", "createdAt": "2025-03-05T10:00:00.000Z"}, T),
     ({"value": 5, "createdAt": "2025-03-05T10:00:00"}, None), ({"value": 5, "location": [7, 51]}, None)],
)  # fmt: skip
def test_one_sensor(body: object, ts: int | None) -> None:
    assert found(post(body, f"/boxes/{BOX}/{SENSOR}")) == [(BOX, SENSOR, 5.0, ts)]


def test_bytes_with_times() -> None:
    body = struct.pack("<12sfI", bytes.fromhex(SENSOR), 1.5, T // 1000) * 2
    assert found(post(body, kind="application/sbx-bytes-ts")) == [(BOX, SENSOR, 1.5, T)] * 2


def test_bytes_that_are_no_number_are_no_reading() -> None:
    assert found(post(struct.pack("<12sf", bytes.fromhex(SENSOR), float("nan")), kind="application/sbx-bytes")) == []


def test_rows_keep_their_neighbours() -> None:
    answer = post(b"a,1\n\nbroken\nb,two\nc, 3 ,2025-03-05T10:00:00Z\r\n", kind="text/csv")
    assert found(answer) == [(BOX, "a", 1.0, None), (BOX, "c", 3.0, T)]
    assert isinstance(answer, Decoded)
    assert [part.line for part in answer.bad] == [3, 4]


def test_lists_and_objects_keep_their_neighbours() -> None:
    answer = post(
        [{"sensor": "a", "value": "1"}, 5, {"value": 2}, {"sensor": "b", "value": None}, {"sensor": "c", "value": True}]
    )
    assert found(answer) == [(BOX, "a", 1.0, None), (BOX, "c", True, None)]
    assert isinstance(answer, Decoded)
    assert [part.line for part in answer.bad] == [2, 3]
    assert found(post({"a": [], "b": [7], "c": {"x": 1}, "d": "NaN"})) == [(BOX, "b", 7.0, None)]


def test_airrohr_names_its_board_in_the_body_or_in_a_header() -> None:
    body = {"sensordatavalues": [{"value_type": "BME280_pressure", "value": "100213.19"}, {"value": "5"}]}
    expected = [("esp8266-17", "BME280_pressure", 100213.19, None)]
    assert found(post(body | {"esp8266id": "17"}, "/data.php")) == expected
    assert found(post(body | {"esp8266id": 17}, "/data.php")) == expected
    assert found(post(body, "/v1/push-sensor-data/", **{"x-sensor": "esp8266-17"})) == expected
    assert found(post(body, "/data.php", owner="balcony"))[0][0] == "balcony"
    assert isinstance(post(body, "/data.php"), Refusal)


def test_airrohr_may_post_to_a_box() -> None:
    body = {"esp8266id": "17", "sensordatavalues": [{"value_type": "SDS_P1", "value": "5"}]}
    answer = post(body)
    assert isinstance(answer, Decoded)
    assert [tuple(one) for one in answer.samples] == [(BOX, "SDS_P1", 5.0, None, "µg/m³")]


def test_the_token_says_which_device_it_is() -> None:
    assert found(post({"a": 1}, owner="garden")) == [("garden", "a", 1.0, None)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{", "application/json"), (b"5", "application/json"), (b"\xff", "text/csv"), (b"", "application/sbx-bytes"),
     (b"x" * 17, "application/sbx-bytes"), (b"x" * 16, "application/sbx-bytes-ts")],
)  # fmt: skip
def test_a_broken_body_is_refused(body: bytes, kind: str) -> None:
    assert isinstance(post(body, kind=kind), Refusal)


def test_a_single_sensor_needs_its_value() -> None:
    assert isinstance(post([1], f"/boxes/{BOX}/{SENSOR}"), Refusal)


def test_other_messages_are_not_its_own() -> None:
    assert post({"value": 1}, "/x/y") is None
    assert post({"a": '"sensordatavalues"'}, "/x") is None
    assert OpenSense().request(Request("GET", f"/boxes/{BOX}/data", b"", NOW)) is None
