"""A device is who its token says, whatever its messages say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from tests.support import Server


def test_a_device_that_writes_as_another_stores_nothing(server: Callable[..., Server]) -> None:
    """By socket, by HTTP, by the address and by every way to say it: not one series is made."""
    one = server({"storage.commit_interval": "0"})
    mine, _ = one.device_token("a"), one.device_token("b")
    viewer = one.api_token("viewer")
    said = [
        {"device": "b", "values": {"t": 1}},
        [{"device": "b", "ts": 1_700_000_000_000, "values": {"t": 1}}],
        [{"values": {"mine": 1}}, {"device": "b", "values": {"t": 1}}],
        [{"bn": "b/", "n": "t", "v": 1}],
    ]
    with one.device(mine) as socket:
        socket.recv_key("hello")
        for number, message in enumerate(said):
            readings = message if isinstance(message, list) else [message]
            socket.send({"id": number, "readings": readings})
            assert socket.recv_key("error")["code"] in ("forbidden", "bad_message"), message
    for message in said:
        reply = one.request("POST", "/api/ingest", json_body=message, token=mine)
        assert reply.status in (400, 403), message
    assert one.request("POST", "/api/ingest?device=b", json_body={"t": 1}, token=mine).status == 403
    line = one.request("POST", "/write?precision=ms", body="weather,device=b t=1 1700000000000", token=mine)
    assert line.status in (400, 403)
    assert one.get("/api/latest", viewer)["latest"] == []
    with closing(sqlite3.connect(one.database)) as database:
        assert database.execute("SELECT count(*) FROM series").fetchone() == (0,)
