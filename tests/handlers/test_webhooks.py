"""Messages of other ecosystems over HTTP, each with what its sender reads as success."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest

from tests.clients import wait_until
from tests.devices.ecosystems.corpus import Case, body_of, cases
from tests.handlers.fed import T0, Fed
from tests.support import Server

POSTED = [one for one in cases() if one["transport"] == "http" and "path" in one]


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    """``fed.device`` is a gateway's token."""
    server = module_server({"storage.commit_interval": "0", "log.level": "debug"})
    return Fed(server, server.device_token("site", "--gateway"), server.api_token("viewer"))


@pytest.mark.parametrize("one", [pytest.param(one, id=one["id"]) for one in POSTED])
def test_every_message_of_the_corpus_is_stored_end_to_end(fed: Fed, one: Case) -> None:
    """With a token where its sender can put one; expected ⊆ stored ⊆ expected + optional."""
    server, token = fed.server, fed.device
    path, headers = one["path"], {"Content-Type": one.get("content_type", "")}
    before = {series["series"]: series["count"] for series in fed.get("/api/series")["series"]}
    if one["ecosystem"] == "thingsboard":
        path = f"/api/v1/{server.device_token(one['auth']['device'])}/telemetry"
    elif "/data/report" in path:
        path = f"/data/report/{token}"
    elif "PASSWORD=" in path:
        path = path.replace("PASSWORD=secret", f"PASSWORD={token}")
    else:
        headers["Authorization"] = f"Bearer {token}"
    if "content_encoding" in one:
        headers["Content-Encoding"] = one["content_encoding"]
    reply = server.request(one["method"], path, body=body_of(one), headers=headers)
    if one["expected"] and not one.get("bad_lines"):
        assert reply.status < 300, reply.text
    after = {series["series"]: series["count"] for series in fed.get("/api/series")["series"]}
    grown = {name for name, count in after.items() if count != before.get(name, 0)}
    expected = {f"{want['device']}/{want['metric']}" for want in one["expected"] if "metric" in want}
    allowed = expected | {f"{want['device']}/{want['metric']}" for want in one.get("optional", ()) if "metric" in want}
    # what stands at the same time in two messages of the corpus is one reading: it does not grow
    assert expected <= set(after)
    assert grown <= allowed
    for want in one["expected"]:
        name = f"{want['device']}/{want['metric']}"
        frm, to = (want["ts"], want["ts"] + 1) if want.get("ts") else (T0, "now")
        values = fed.history(name, from_=frm, to=to)["v"]
        assert any(value == pytest.approx(float(want["value"]), rel=1e-9) for value in values)


def test_no_secret_of_the_corpus_reaches_the_log(fed: Fed) -> None:
    for path in (
        f"/data/report/{fed.device}?a=1",
        f"/api/v1/{fed.device}/telemetry",
        f"/x?PASSWORD={fed.device}&p={fed.device}",
    ):
        fed.server.request("POST", path, body=b"PASSKEY=hidden-key&tempf=5")
    log = wait_until(lambda: (text := fed.server.log()).count("telemetry") and text, what="requests in the log")
    assert fed.device not in log
    assert "hidden-key" not in log


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status", "text"),
    [
        ("POST", "/data/report/", "PASSKEY=A&tempf=50", "", 200, "success\n"),
        ("GET", "/weatherstation/updateweatherstation.php?ID=K&tempf=50&dateutc=now", "", "", 200, "success\n"),
        ("POST", "/pub?u=a&d=b", '{"_type":"location","lat":1,"lon":2,"tst":1741171814}', "", 200, "[]"),
        ("POST", "/boxes/b1/s1", '{"value":1}', "application/json", 201, '"Measurements saved in box"'),
        ("PUT", "/metrics/job/j", "up 1\n", "text/plain", 200, ""),
        ("POST", "/metrics/job/j", "up 1\n", "text/plain", 200, ""),
        ("DELETE", "/metrics/job/j", "", "", 202, ""),
        ("POST", "/senml", '[{"bn":"lab/","n":"t","v":1}]', "application/senml+json", 200, '{"accepted": 1}'),
    ],
    ids=range(8),
)
def test_a_sender_reads_what_it_expects(
    fed: Fed, method: str, path: str, body: str, kind: str, status: int, text: str
) -> None:
    reply = fed.server.request(method, path, body=body, token=fed.device, headers={"Content-Type": kind})
    assert (reply.status, reply.text) == (status, text)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "{}"),
        ("Authorization", "Token {}"),
        ("X-Api-Key", "{}"),
        ("X-AIO-Key", "{}"),
        ("X-Auth-Token", "{}"),
    ],
)
def test_a_token_may_stand_in_any_of_these_headers(fed: Fed, header: str, value: str) -> None:
    body = b'{"value": 1}'
    path = "/api/v2/user/feeds/room.t/data"
    assert fed.server.request("POST", path, body=body, headers={header: value.format(fed.device)}).status == 200
    assert fed.server.request("POST", path, body=body, headers={header: value.format("x")}).status == 401


def test_a_single_device_is_what_its_token_says(fed: Fed) -> None:
    """A serial number that nobody chose is stored under the token's device; another device's name is forbidden."""
    tower = fed.server.device_token("tower")
    assert fed.server.request("POST", f"/data/report/{tower}", body="PASSKEY=S3CRET&tempf=51").status == 200
    assert fed.server.request("POST", "/boxes/b9/s9", body='{"value": 2}', token=tower).status == 201
    assert fed.server.request("POST", f"/api/v1/{tower}/telemetry", body='{"level": 3}').status == 200
    latest = {series: value for series, _, value in fed.get("/api/latest", series="tower/*")["latest"]}
    assert latest == {"tower/tempf": 51, "tower/s9": 2, "tower/level": 3}
    reply = fed.server.request("POST", "/metrics/job/x/instance/other", body="up 1\n", token=tower)
    assert (reply.status, reply.error["code"]) == (403, "forbidden")
    frames = json.dumps(fed.server.get("/api/devices/tower/frames", fed.server.api_token("operator")))
    assert tower not in frames
    assert "S3CRET" not in frames


def test_parts_that_are_refused_leave_the_others(fed: Fed) -> None:
    reply = fed.server.request("POST", "/metrics/job/j/instance/i", body="up 1\nup one\n", token=fed.device)
    assert (reply.status, reply.error["lines"][0]["line"], reply.error["accepted"]) == (400, 2, 1)
    pack = '[{"bn":"a/","n":"t","v":1},{"bn":"a/","n":"u","v":2,"t":5e8}]'
    reply = fed.server.request(
        "POST", "/senml", body=pack, token=fed.device, headers={"Content-Type": "application/senml+json"}
    )
    assert (reply.status, reply.json()["accepted"], [one["line"] for one in reply.json()["errors"]]) == (200, 1, [2])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/webhook/ttn", "{"),
        ("/hooks/chirpstack?event=up", "[]"),
        ("/ruuvi", "\\"),
        ("/senml", "{}"),
        ("/data.php", "{}"),
        ("/api/v1/write", "x"),
        ("/pub", "{}"),
        ("/data/report/", "tempf=1"),
    ],
)
def test_a_broken_message_is_refused_in_the_one_shape(fed: Fed, path: str, body: str) -> None:
    reply = fed.server.request("POST", path, body=body, token=fed.device)
    assert (reply.status, reply.error["code"]) == (400, "bad_message")


def test_thingsboards_own_client_is_taken_at_its_word(fed: Fed) -> None:
    """Its HTTP API by the library that people use for it."""
    requests = pytest.importorskip("requests")
    token = fed.server.device_token("board")
    url = f"{fed.server.url.rstrip('/')}/api/v1/{quote(token)}/telemetry"
    said = [{"ts": T0, "values": {"t": 1.5}}, {"ts": T0 + 1000, "values": {"t": 2.5, "on": True}}]
    answer = requests.post(url, json=said, timeout=20)
    assert answer.status_code == 200
    assert fed.history("board/t")["v"] == [1.5, 2.5]
    assert requests.post(url.replace(token, "x" * 40), json=said, timeout=20).status_code == 401


class TestWithoutToken:
    """``[devices] admission`` decides."""

    def test_approve_shows_it_to_operators_and_stores_nothing(self, server: Callable[..., Server]) -> None:
        one = server()
        operator = one.api_token("operator")
        reply = one.request("POST", "/data/report/", body="PASSKEY=NEW1&tempf=50")
        assert reply.status == 401
        waiting = [device for device in one.get("/api/devices", operator)["devices"] if device["state"] == "pending"]
        assert [(device["device"], device["latest"]) for device in waiting] == [("NEW1", {"tempf": 50})]
        assert one.get("/api/series", operator)["series"] == []
        large = "PASSKEY=NEW2&" + "&".join(f"x{n}=1" for n in range(100_000))
        assert one.request("POST", "/data/report/", body=large).status == 401
        assert len([d for d in one.get("/api/devices", operator)["devices"] if d["state"] == "pending"]) == 1

    def test_open_takes_an_id_without_a_token_at_its_word(self, server: Callable[..., Server]) -> None:
        one = server({"devices.admission": "open"})
        viewer, token = one.api_token("viewer"), one.device_token("mine")
        assert one.request("POST", "/write", body="m,host=theirs v=1\nm,host=mine v=1").error["accepted"] == 1
        assert {series["device"] for series in one.get("/api/series", viewer)["series"]} == {"theirs"}
        assert one.request("POST", "/write", body="m,host=mine v=1").status == 401
        assert one.request("POST", "/write", body="m,host=mine v=1", token=token).status == 204

    def test_token_takes_nobody(self, server: Callable[..., Server]) -> None:
        one = server({"devices.admission": "token"})
        for case in POSTED:
            path = urlsplit(case["path"]).path
            assert one.request(case["method"], path, body=body_of(case)).status == 401


def test_no_page_of_another_site_sends_a_reading_by_an_image(fed: Fed) -> None:
    """These protocols write by GET; where a browser says that the request comes from elsewhere, nothing is taken."""
    path = f"/weatherstation/updateweatherstation.php?ID=image&PASSWORD={fed.device}&tempf=50&dateutc=now"
    reply = fed.server.request("GET", path, headers={"Sec-Fetch-Site": "cross-site"})
    assert (reply.status, reply.error["code"]) == (403, "forbidden")
    assert not [one for one in fed.get("/api/series")["series"] if one["device"] == "image"]
