"""What the GETs of the read API do when the disk or the queue cannot serve them; on real servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.handlers.fed import Fed, at, feed
from tests.support import Reply, Server


def history(fed: Fed, points: int = 1_000) -> Reply:
    return fed.server.request("GET", f"/api/history?series=boiler/t&from=0&points={points}", token=fed.viewer)


def test_database_that_cannot_be_read_is_try_later(server: Callable[..., Server]) -> None:
    """And it is said in the log, without a traceback."""
    fed = feed(server)
    fed.send(at(0, t=1))
    with closing(sqlite3.connect(fed.server.database)) as other:
        other.execute("ALTER TABLE journal RENAME TO elsewhere")
        reply = history(fed)
        other.execute("ALTER TABLE elsewhere RENAME TO journal")
    assert (reply.status, reply.error["code"], reply.headers["Retry-After"]) == (503, "try_later", "1")
    assert "the database could not be read" in fed.server.log()
    assert history(fed).status == 200


def test_more_queries_than_may_wait_are_try_later(server: Callable[..., Server]) -> None:
    """Invariant 7: the queue of queries has a bound; who is told comes again and is served."""
    fed = feed(server)
    for start in range(0, 60_000, 10_000):
        fed.send(*(at(i, t=i / 7) for i in range(start, start + 10_000)))
    with ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: history(fed, 1_000_000), range(200)))
    refused = [reply for reply in replies if reply.status == 503]
    assert {reply.status for reply in replies} == {200, 503}
    assert all(reply.error["code"] == "try_later" for reply in refused)
    assert len({reply.body for reply in replies if reply.status == 200}) == 1
    assert history(fed).status == 200
