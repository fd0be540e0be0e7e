"""``/write`` and what goes with it, by the clients that people use, against a real server."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
from collections.abc import Callable

import pytest
from influxdb_client import InfluxDBClient, Point, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from tests.clients import Reply
from tests.handlers.fed import T0, Fed
from tests.support import Server

MAX_BODY = 256 * 1024
S0 = T0 // 1000


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    """``fed.device`` is a gateway's token."""
    server = module_server({"storage.commit_interval": "0", "server.max_body": str(MAX_BODY)})
    return Fed(server, server.device_token("site", "--gateway"), server.api_token("viewer"))


@pytest.fixture(scope="module")
def boiler(fed: Fed) -> str:
    """A single device's token."""
    return fed.server.device_token("boiler")


def write(
    fed: Fed, body: str | bytes, token: str | None = None, path: str = "/write?precision=s", **headers: str
) -> Reply:
    if token is not None:
        headers["Authorization"] = f"Token {token}"
    return fed.server.request("POST", path, body=body, headers=headers)


def test_lines_are_stored_and_answered_by_nothing(fed: Fed) -> None:
    reply = write(fed, f'air,device=a,room=x co2=612i,open=t,note="x" {S0}\nair,device=b co2=1 {S0}\n', fed.device)
    assert (reply.status, reply.body) == (204, b"")
    assert fed.history("a/air.co2{room=x}")["v"] == [612]
    assert fed.history("a/air.open{room=x}")["v"] == [1]
    assert fed.history("b/air.co2")["t"] == [S0 * 1000]


def test_a_line_that_was_answered_survives_a_kill(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "60"})
    token, viewer = one.device_token("pi"), one.api_token("viewer")
    reply = one.request("POST", "/write?precision=s", body=f"cpu v=1 {S0}", token=token, timeout=20)
    assert reply.status == 204
    one.kill()
    one.restart()
    assert one.get("/api/history", viewer, series="pi/cpu.v", from_=0, to=T0 + 10)["series"]["pi/cpu.v"]["v"] == [1]


def test_good_lines_are_kept_and_bad_ones_named(fed: Fed) -> None:
    lines = [f"p,device=part v={n} {S0 + n}" for n in range(6)]
    lines[1], lines[3], lines[4] = "broken", "p,device=part v=x", "p,device=part v=4 5"
    reply = write(fed, "\n".join(lines), fed.device)
    assert reply.status == 400
    error = reply.error
    assert [(part["line"], part["code"]) for part in error["lines"]] == [
        (2, "bad_value"),
        (4, "bad_value"),
        (5, "bad_time"),
    ]
    assert error["accepted"] == 3
    assert "partial write" in error["message"]
    assert "line 4" in reply.headers["X-Influxdb-Error"]
    assert fed.history("part/p.v")["v"] == [0, 2, 5]


def test_a_time_that_is_far_ahead_is_refused_by_its_line(fed: Fed) -> None:
    reply = write(fed, f"f,device=far v=1 {S0}\n\n# x\nf,device=far v=1,w=2 {S0 + 10**9}", fed.device)
    assert [(part["line"], part["code"]) for part in reply.error["lines"]] == [(4, "bad_time"), (4, "bad_time")]
    assert fed.history("far/f.v")["v"] == [1]


@pytest.mark.parametrize(
    ("precision", "stamp"), [("ns", T0 * 10**6), ("us", T0 * 1000), ("ms", T0), ("m", S0 // 60), ("h", S0 // 3600)]
)
def test_precisions(fed: Fed, precision: str, stamp: int) -> None:
    assert (
        write(fed, f"x,device=p-{precision} v=1 {stamp}", fed.device, f"/api/v2/write?precision={precision}").status
        == 204
    )
    step = {"m": 60_000, "h": 3_600_000}.get(precision, 1)
    assert fed.history(f"p-{precision}/x.v", from_=T0 - 3_600_000)["t"] == [T0 // step * step]


def test_an_unknown_precision_broken_gzip_and_what_is_no_text_are_refused(fed: Fed) -> None:
    assert write(fed, "m v=1", fed.device, "/write?precision=d").error["at"] == "precision"
    assert write(fed, b"no gzip", fed.device, **{"Content-Encoding": "gzip"}).error["code"] == "bad_message"
    assert write(fed, b"m v=\xff", fed.device).error["code"] == "bad_message"
    assert write(fed, b"m v=1", fed.device, **{"Content-Encoding": "br"}).error["code"] == "bad_message"


def test_gzip_counts_when_it_is_unpacked(fed: Fed) -> None:
    packed = gzip.compress(f"z,device=zip v=1 {S0}\n".encode())
    assert write(fed, packed, fed.device, **{"Content-Encoding": "gzip"}).status == 204
    assert fed.history("zip/z.v")["v"] == [1]
    as_curl = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    again = gzip.compress(f"z,device=zip v=2 {S0 + 1}\n".encode())
    assert write(fed, again, fed.device, **as_curl).status == 204
    assert fed.history("zip/z.v")["v"] == [1, 2]
    bomb = gzip.compress(b"#" * (MAX_BODY + 1))
    assert write(fed, bomb, fed.device, **{"Content-Encoding": "gzip"}).error["code"] == "too_large"


def ways(token: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Path and headers by which clients of InfluxDB say who they are."""

    def basic(text: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    return {
        "token": ("/write", {"Authorization": f"Token {token}"}),
        "bearer": ("/write", {"Authorization": f"Bearer {token}"}),
        "basic, password": ("/write", basic(f"user:{token}")),
        "basic, user": ("/write", basic(f"{token}:")),
        "query": (f"/write?u=user&p={token}", {}),
        "query, user": (f"/write?u={token}&p=", {}),
        "query, token": (f"/write?token={token}", {}),
    }


@pytest.mark.parametrize("way", ways(""))
def test_every_way_to_say_who_one_is(fed: Fed, boiler: str, way: str) -> None:
    path, headers = ways(boiler)[way]
    assert write(fed, "w v=1", None, path, **headers).status == 204
    path, headers = ways(boiler[:-1])[way]
    assert write(fed, "w v=1", None, path, **headers).status == 401
    path, headers = ways(fed.viewer)[way]
    assert write(fed, "w v=1", None, path, **headers).status == 401


def test_two_credentials_must_be_of_one_device(fed: Fed, boiler: str) -> None:
    assert write(fed, "w v=1", boiler, f"/write?token={boiler}").status == 204
    assert write(fed, "w v=1", boiler, f"/write?token={fed.device}").status == 401
    assert write(fed, "w v=1", boiler, "/write?token=x").status == 401


def test_a_single_device_speaks_for_itself(fed: Fed, boiler: str) -> None:
    reply = write(fed, f"own,host=boiler v=1 {S0}\nown v=2 {S0}\nown,room=x v=3 {S0}", boiler)
    assert reply.status == 204
    assert fed.history("boiler/own.v")["v"] == [2]
    assert fed.history("boiler/own.v{room=x}")["v"] == [3]
    reply = write(fed, f"own,host=other v=1 {S0}", boiler)
    assert (reply.status, reply.error["code"]) == (403, "forbidden")
    reply = write(fed, f"own,host=other v=1 {S0}\nown w=1 {S0}", boiler)
    assert (reply.status, reply.error["lines"][0]["code"], reply.error["accepted"]) == (400, "forbidden", 1)
    assert not [one for one in fed.get("/api/series")["series"] if one["device"] == "other"]


def test_a_gateway_speaks_by_its_patterns(fed: Fed) -> None:
    token = fed.server.device_token("hall", "--gateway", "hall/*")
    reply = write(fed, f"g,host=hall/1 v=1 {S0}\ng,host=yard v=1 {S0}\ng,host=hall v=1 {S0}", token)
    assert (reply.status, reply.error["accepted"], [part["line"] for part in reply.error["lines"]]) == (400, 2, [2])


def test_ping_and_health_are_open(fed: Fed) -> None:
    for method in ("GET", "HEAD"):
        reply = fed.server.request(method, "/ping")
        assert (reply.status, reply.body) == (204, b"")
        assert reply.headers["X-Influxdb-Version"]
    assert fed.server.request("GET", "/ping?verbose=true").json()["version"]
    assert fed.server.request("GET", "/health").json()["status"] == "pass"


def test_a_database_may_be_created_and_nothing_asked(fed: Fed, boiler: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    created = fed.server.request("POST", "/query", body='q=CREATE+DATABASE+"telegraf"', token=boiler, headers=form)
    assert (created.status, created.json()) == (200, {"results": [{"statement_id": 0}]})
    assert fed.server.request("GET", "/query?q=SELECT+1", token=boiler).status == 400
    assert fed.server.request("GET", "/query?q=CREATE+DATABASE+x").status == 401


def test_the_official_client_of_2_writes(fed: Fed) -> None:
    points = [
        Point("lab").tag("device", "bench, 1").field("t", 20.5 + n).time(S0 + n, WritePrecision.S) for n in range(3)
    ]
    with InfluxDBClient(fed.server.url.rstrip("/"), token=fed.device, org="o", enable_gzip=True) as client:
        assert client.ping()
        with pytest.warns(DeprecationWarning, match="ping"):
            assert client.health().status == "pass"
        with client.write_api(write_options=SYNCHRONOUS) as api:
            api.write("b", "o", points, WritePrecision.S)
            with pytest.raises(ApiException, match="partial write") as caught:
                api.write("b", "o", "broken")
    assert caught.value.status == 400
    assert fed.history("bench, 1/lab.t")["v"] == [20.5, 21.5, 22.5]


def test_the_official_client_of_2_writes_in_the_background(fed: Fed) -> None:
    """As by default: batches of lines, sent by its own thread."""
    with InfluxDBClient(fed.server.url.rstrip("/"), token=fed.device, org="o") as client, client.write_api() as api:
        api.write("b", "o", [f"bg,device=many v={n} {S0 + n}" for n in range(2_500)], WritePrecision.S)
    assert fed.history("many/bg.v", points=5_000)["v"] == list(range(2_500))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_writes(fed: Fed, boiler: str) -> None:
    url = fed.server.url.rstrip("/") + "/write?precision=s"
    words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-u", f"any:{boiler}", url]
    done = subprocess.run([*words, "--data-binary", f"curl v=1 {S0}"], capture_output=True, text=True, check=True)
    assert done.stdout == "204"
    assert fed.history("boiler/curl.v")["v"] == [1]


def test_a_large_write_is_one_write(fed: Fed) -> None:
    """More lines than are read at once, and more readings than a message of ours may hold."""
    lines = [f"l v={n} {S0 + n}" for n in range(12_000)]
    lines[11_000] = "bad"
    token = fed.server.device_token("large")
    reply = write(fed, "\n".join(lines), token)
    assert [part["line"] for part in reply.error["lines"]] == [11_001]
    assert reply.error["accepted"] == 11_999
    assert len(fed.history("large/l.v", points=20_000, to=T0 + 10**10)["v"]) == 11_999


def test_what_was_sent_is_shown_to_who_looks_for_a_fault(fed: Fed, boiler: str) -> None:
    write(fed, "shown v=1\nbroken", None, f"/write?u=x&p={boiler}")
    [frame, *_] = fed.server.get("/api/devices/boiler/frames", fed.server.api_token("operator"))["frames"]
    assert (frame["channel"], frame["where"], frame["decoder"]) == ("http", "/write", "influx-lp")
    assert "shown v=1" in frame["text"]
    assert frame["errors"][0]["line"] == 2
    assert boiler not in json.dumps(frame)
