"""``GET /api/storage`` of a real server."""

from __future__ import annotations

from collections.abc import Callable

from tests.handlers.fed import at, feed
from tests.support import Server

DAY = 86_400_000


def test_report_of_a_fresh_server(server: Callable[..., Server]) -> None:
    fed = feed(server)
    fed.send(at(5, t=1), at(6, t=2))
    found = fed.get("/api/storage")
    assert set(found) == {
        "files", "quota", "disk_free", "live", "readings", "sealed_until", "oldest", "rates", "full_on", "retention",
        "backup", "damage", "busy",
    }  # fmt: skip
    files = found["files"]
    assert set(files) == {"database", "wal", "reserve", "total"}
    on_disk = sum(
        one.stat().st_size for one in fed.server.directory.iterdir() if one.name.startswith(fed.server.database.name)
    )
    assert files["total"] == on_disk
    assert files["database"] + files["wal"] + files["reserve"] <= files["total"]
    assert 0 < found["live"] <= files["database"] + files["wal"]
    readings = found["readings"]
    assert readings["journalled"] == sum(readings[one] for one in readings if one != "journalled") == 2
    assert (found["quota"], found["sealed_until"], found["full_on"], found["damage"]) == (None, None, None, None)
    assert found["oldest"] == 1_700_000_000_005
    assert found["rates"] == dict.fromkeys(("readings_per_day", "stored_bytes_per_day", "written_bytes_per_day"))
    keys = ("raw", "rollup_1m", "rollup_15m", "rollup_1h", "rollup_1d")
    assert found["retention"] == [{"pattern": "*", **dict.fromkeys(keys)}]


def test_report_shows_the_settings(server: Callable[..., Server]) -> None:
    settings = {"storage.quota": "64 MiB", "retention.raw": "boiler/* 30d, 1y", "retention.rollup_1h": "forever"}
    fed = feed(server, settings)
    found = fed.get("/api/storage")
    assert found["quota"] == 64 << 20
    kept = [(one["pattern"], one["raw"], one["rollup_1h"]) for one in found["retention"]]
    assert kept == [("boiler/*", 30 * DAY, None), ("*", int(365.25 * DAY), None)]
    assert fed.server.metrics(fed.viewer)["telltale_storage_quota_bytes"] == 64 << 20


def test_old_readings_are_sealed_first_and_deleted_then(server: Callable[..., Server]) -> None:
    """They stay in the journal until they are sealed, whatever their age."""
    fed = feed(server, {"retention.raw": "1h"})
    fed.send(at(0, t=1))
    assert fed.get("/api/storage")["readings"]["unsealed"] == 1
    assert fed.history("boiler/t")["v"] == [1]


def test_it_needs_a_viewer(server: Callable[..., Server]) -> None:
    fed = feed(server)
    assert fed.server.request("GET", "/api/storage").status == 401
    assert fed.server.request("GET", "/api/storage", token=fed.device).status == 401
