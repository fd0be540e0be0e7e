"""Uploads of weather stations."""

from __future__ import annotations

import pytest

from devices.ecosystems.base import Request
from devices.ecosystems.ecowitt import FIELDS_MAX, Ecowitt
from telemetry.decoded import Decoded
from telemetry.model import Refusal

NOW = 1_792_000_000_123
T = 1_741_171_814_000
WHO = "PASSKEY=ABC&"


def report(form: str, owner: str | None = None, path: str = "/data/report/") -> object:
    return Ecowitt().request(Request("POST", path, form.encode(), NOW, owner=owner))


def update(owner: str | None = None, **query: str) -> object:
    return Ecowitt().request(Request("GET", "/weatherstation/updateweatherstation.php", b"", NOW, query, owner=owner))


def found(answer: object) -> dict[str, float | bool | str]:
    assert isinstance(answer, Decoded), answer
    return {one.metric: one.value for one in answer.samples}


@pytest.mark.parametrize("value", ["", "--", "-9999", "-9999.0", "868M", "1.2.3", "55,3", "NaN", "null"])
def test_a_sensor_that_is_not_there_is_no_reading(value: str) -> None:
    assert found(report(f"{WHO}tempf={value}&humidity=50")) == {"humidity": 50.0}


@pytest.mark.parametrize(
    ("text", "ts"),
    [
        ("2025-03-05+10%3A50%3A14", T),
        ("2025-03-05%2010:50:14", T),
        ("2025-3-5+10:50:14", T),
        ("2025-03-05T10:50:14Z", T),
        ("now", None),
        ("", None),
        ("1999-01-01+00:00:00", None),
        ("2025-13-05+10:50:14", None),
        ("yesterday", None),
    ],
)
def test_times_are_utc(text: str, ts: int | None) -> None:
    answer = report(f"{WHO}dateutc={text}&tempf=50")
    assert isinstance(answer, Decoded)
    assert [one.ts for one in answer.samples] == [ts]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("tempf", "°F"),
        ("temp8f", "°F"),
        ("tf_ch1", "°F"),
        ("tempinc", "°C"),
        ("humidity", "%"),
        ("humidity3", "%"),
        ("soilmoisture16", "%"),
        ("leafwetness_ch2", "%"),
        ("baromabsin", "inHg"),
        ("winddir", "°"),
        ("winddir_avg10m", "°"),
        ("windspdmph_avg10m", "mph"),
        ("windspeedkmh", "km/h"),
        ("rainratein", "in/h"),
        ("yearlyrainin", "in"),
        ("rainin", "in"),
        ("erain_piezo", "in"),
        ("rrain_piezo", "in/h"),
        ("solarradiation", "W/m²"),
        ("pm25_avg_24h_ch1", "µg/m³"),
        ("co2_24h", "ppm"),
        ("ws90cap_volt", "V"),
        ("UV", None),
        ("wh65batt", None),
        ("lightning_num", None),
    ],
)
def test_names_say_their_units(name: str, unit: str | None) -> None:
    answer = report(f"{WHO}{name}=5")
    assert isinstance(answer, Decoded)
    assert [(one.metric, one.unit) for one in answer.samples] == [(name, unit)]


def test_who_sends_is_no_reading_and_no_name() -> None:
    answer = update(ID="7", PASSWORD="1234", action="5", softwaretype="6", tempf="50", realtime="1", rtfreq="5")
    assert found(answer) == {"tempf": 50.0}
    answer = report("PASSKEY=1234567&stationtype=GW1100A&model=2&freq=868&ws90_ver=119&tempf=50")
    assert found(answer) == {"tempf": 50.0}
    assert isinstance(answer, Decoded)
    assert answer.names == {"1234567": "2"}


def test_ambient_stations_send_a_query() -> None:
    answer = Ecowitt().request(Request("GET", "/data/report/", b"", NOW, {"PASSKEY": "AA:BB", "tempf": "50"}))
    assert found(answer) == {"tempf": 50.0}


def test_the_token_says_which_station_it_is() -> None:
    for answer in (
        report(f"{WHO}tempf=50", "roof", "/data/report/x"),
        update("roof", ID="K", tempf="50"),
        update("roof", tempf="1"),
    ):
        assert isinstance(answer, Decoded)
        assert [one.device for one in answer.samples] == ["roof"]


@pytest.mark.parametrize("form", ["tempf=5", "PASSKEY=&tempf=5", "ID=K&tempf=5", "&".join(["a=1"] * (FIELDS_MAX + 1))])
def test_a_report_that_does_not_say_who_sends_is_refused(form: str) -> None:
    assert isinstance(report(form), Refusal)


def test_a_form_that_is_no_text_is_refused_and_other_addresses_are_not_its_own() -> None:
    assert isinstance(Ecowitt().request(Request("POST", "/data/report/", b"\xff", NOW)), Refusal)
    assert report(f"{WHO}tempf=5", path="/data/reports") is None
