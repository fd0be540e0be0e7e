"""``GET /metrics`` of a real server: the accounting of invariant 9."""

from __future__ import annotations

from collections.abc import Callable

from tests.handlers.fed import at, feed
from tests.support import Server


def test_accounting_adds_up(server: Callable[..., Server]) -> None:
    """Per run: received = journalled + refused + pending; in the database: journalled = stored + … + unsealed."""
    fed = feed(server)
    fed.send(at(0, t=1), at(1, t=2))
    fed.send(at(0, t=1))
    refused = fed.server.request("POST", "/api/ingest", body=b'{"t": NaN}', token=fed.device)
    assert refused.status == 400
    found = fed.server.metrics(fed.viewer)
    reasons = sum(value for name, value in found.items() if name.startswith("telltale_readings_refused_total{"))
    assert found["telltale_readings_received_total"] == 4
    assert found["telltale_readings_journalled_total"] == 3
    assert (reasons, found["telltale_readings_pending"]) == (1, 0)
    database = ("stored", "duplicate", "deleted", "unsealed")
    assert found["telltale_database_journalled"] == sum(found[f"telltale_database_{one}"] for one in database) == 3
    fed.server.restart(kill=True)
    found = fed.server.metrics(fed.viewer)
    assert (found["telltale_readings_received_total"], found["telltale_database_journalled"]) == (0, 3)


def test_page_is_prometheus_text_and_needs_a_token(server: Callable[..., Server]) -> None:
    fed = feed(server)
    reply = fed.server.request("GET", "/metrics", token=fed.viewer)
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert reply.text.startswith("# HELP telltale_readings_received_total ")
    assert fed.server.request("GET", "/metrics").status == 401
