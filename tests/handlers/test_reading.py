"""What the GETs of the read API do when disk, queue or client fail them; on real servers."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tests.clients import SCALE
from tests.faults.changed import changed
from tests.handlers.fed import Fed, at, feed
from tests.support import Reply, Server, wait_until


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


T0 = 1_700_000_000_000
FILES = ("/api/export.csv", "/api/audit.csv", "/api/annotations.csv")
NOTES = "INSERT INTO annotations (from_ts, text, author, created, changed) SELECT 1700000000000 + n, ?, 'me', 1, 1 FROM"
ENTRIES = (
    "INSERT INTO audit (at, who, kind, address, action, subject, after) SELECT ?, 'me', 'user', '', 'x', 'y', ? FROM"
)
MANY = "(WITH RECURSIVE all_n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_n WHERE n < 20000) SELECT n FROM all_n)"


def filled(server: Server) -> Server:
    """More than fits into the buffers of two sockets, of everything that is given as a file."""
    server.cli("import", stdin="device,metric,ts,value\n" + "".join(f"a,t,{T0 + n},{n}\n" for n in range(300_000)))
    server.stop()
    with closing(sqlite3.connect(server.database)) as database, database:
        database.execute(f"{NOTES} {MANY}", ("x" * 500,))
        database.execute(f"{ENTRIES} {MANY}", (int(time.time() * 1000), f'"{"x" * 500}"'))
    return server.start()


def stalled(server: Server, token: str, path: str) -> socket.socket:
    """A client that asks for a file and reads no more than the first bytes."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(30 * SCALE)
    client.connect(("127.0.0.1", server.port))
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    client.sendall(request.encode())
    assert client.recv(15) == b"HTTP/1.1 200 OK"
    return client


def cut_off(client: socket.socket) -> bool:
    """Read to the end, and see that the last chunk does not come: half a file must not look like a whole one."""
    last = b""
    while piece := client.recv(1 << 16):
        last = (last + piece)[-5:]
    client.close()
    return last != b"0\r\n\r\n"


def test_a_revoked_token_ends_every_download_within_a_second_and_it_shows(server: Callable[..., Server]) -> None:
    one = filled(server())
    for number, path in enumerate(FILES):
        token = one.api_token("admin", f"short-{number}")
        whole = one.request("GET", path, token=token)
        assert whole.status == 200
        assert len(whole.body) > 7 << 20, "more than the buffers of both sides hold"
        client = stalled(one, token, path)
        one.cli("token", "revoke", f"short-{number}")
        began = time.monotonic()
        assert cut_off(client), path
        assert time.monotonic() - began < 2 * SCALE


def test_a_download_that_nobody_takes_is_cut_off(server: Callable[..., Server], tmp_path: Path) -> None:
    short = changed(tmp_path / "copy", {"handlers/reading.py": {"STALLED = 600": "STALLED = 2"}})
    one = filled(server(source=short))
    token = one.api_token("admin")
    for path in FILES:
        client = stalled(one, token, path)
        wait_until(lambda path=path: f"{path} was cut off: its client takes nothing" in one.log(), 20)
        assert cut_off(client), path
