"""Questions about the past are bounded: a hundred years of everything cost neither time nor memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.handlers.fed import T0
from tests.support import Server

YEARS = "from=0&to=4102444800000"
"""1970 to 2100."""
MIB = 1 << 20


def seconds(server: Server) -> float:
    """Processor time that a server has used: what others use meanwhile does not count."""
    fields = Path(f"/proc/{server.proc.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_hundred_years_cost_neither_time_nor_memory(server: Callable[..., Server]) -> None:
    """Of 50 series, by every number of points, as buckets and raw, also for many who ask."""
    one = server({"storage.commit_interval": "0"})
    token, viewer = one.device_token("d"), one.api_token("viewer")
    for hour in range(100):
        values = {f"m{n}": n + hour for n in range(50)}
        readings = [{"ts": T0 + hour * 3_600_000 + at * 1000, "values": values} for at in range(10)]
        assert one.request("POST", "/api/ingest", json_body=readings, token=token).status == 200
    asked = "&".join(f"series=d%2Fm{n}" for n in range(50))
    one.request("GET", f"/api/history?{asked}&{YEARS}&points=10", token=viewer)  # what is imported when first needed
    memory, begun = one.rss(), seconds(one)
    for points in (1, 1000, 1_000_000):
        reply = one.request("GET", f"/api/history?{asked}&{YEARS}&points={points}", token=viewer)
        assert reply.status == 200
        assert len(reply.body) < 4 * MIB
    assert seconds(one) - begun < 3, "a second each"
    assert one.rss() - memory < 64 * MIB


def test_more_series_or_points_than_that_are_refused(server: Callable[..., Server]) -> None:
    one = server()
    viewer = one.api_token("viewer")
    many = "&".join(f"series=d%2Fm{n}" for n in range(1001))
    assert one.request("GET", f"/api/history?{many}&{YEARS}", token=viewer).status == 400
    for points in ("1000001", "1e9", "-1"):
        reply = one.request("GET", f"/api/history?series=d%2Fm&{YEARS}&points={points}", token=viewer)
        assert (reply.status, reply.error["at"]) == (400, "points")
