"""Damage as people and programs see it: the health page, the metrics, the report, and its acknowledgement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from tests.support import Server, wait_until


def test_damage_is_shown_everywhere_until_an_operator_acknowledges_it(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    viewer, operator, token = one.api_token("viewer"), one.api_token("operator"), one.device_token("d")
    body = [{"ts": 1_700_000_000_000 + n, "values": {"n": n}} for n in range(5)]
    assert one.request("POST", "/api/ingest", token=token, json_body=body).status == 200
    assert one.request("GET", "/healthz").json()["status"] == "ok"
    assert one.metrics(viewer)["telltale_damage"] == 0
    one.stop()
    with closing(sqlite3.connect(one.database)) as connection, connection:
        connection.execute("UPDATE journal SET max_ts = max_ts + 1")
    one.expect_log("ERROR telemetry.damage")
    one.start()
    wait_until(lambda: one.request("GET", "/healthz").json()["status"] == "damaged", 20)
    assert one.metrics(viewer)["telltale_damage"] == 1
    report = one.get("/api/storage/damage", viewer)
    assert report["damaged"] is True
    assert report["found"][0]["place"] == "journal"
    live = one.live(viewer)
    refused = one.request("POST", "/api/storage/damage/acknowledge", token=viewer)
    assert refused.status == 403
    done = one.request("POST", "/api/storage/damage/acknowledge", token=operator)
    assert (done.status, done.json()) == (200, {"acknowledged": 1})
    event = live.recv_until(lambda message: "storage" in message)
    assert event["storage"]["damaged"] is False
    assert one.request("GET", "/healthz").json()["status"] == "ok"
    one.restart()
    assert one.get("/api/storage/damage", viewer)["damaged"] is False
