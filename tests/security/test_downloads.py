"""Names of downloads are made by the server: no name of a thing reaches a header."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from tests.support import Server

PLAIN = re.compile(r'attachment; filename="[A-Za-z0-9_-]+(?:\.[A-Za-z0-9]+)+"')
NAMES = [
    'a"; filename="evil.html',
    "..\\..\\evil.exe",
    "../../../../etc/cron.d/evil",
    "a\r\nSet-Cookie: evil=1",
    "evil.html\u2028\u202egnp.csv",
    "%0d%0aSet-Cookie:%20evil=1",
    "ü€𝄞",
]


def test_names_of_files_hold_nothing_that_others_chose(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    admin, hub = one.api_token("admin"), one.device_token("hub", "--gateway")
    downloads = ["/api/annotations.csv", "/api/annotations.ndjson", "/api/audit.csv"]
    for number, name in enumerate(NAMES, 1):
        one.request("POST", "/api/ingest", json_body={"device": name, "values": {name: 1}}, token=hub)
        board = {"name": name, "parts": [{"id": "a", "kind": "text", "w": 1, "h": 1, "text": name}]}
        one.request("POST", "/api/boards", json_body=board, token=admin)
        one.request("POST", "/api/annotations", json_body={"text": name, "from": 1_700_000_000_000}, token=admin)
        word = quote(name, safe="")
        downloads += [f"/api/export.{kind}?series={word}&from={word}&to={word}" for kind in ("csv", "ndjson")]
        downloads += [
            f"/api/export.csv?series={word}%2F*",
            f"/api/boards/{number}/export",
            f"/api/boards/{word}/export",
        ]
    sent = 0
    for path in downloads:
        reply = one.request("GET", path, token=admin)
        assert "Set-Cookie" not in reply.headers, path
        if reply.status == 200:
            sent += 1
            assert PLAIN.fullmatch(reply.headers["Content-Disposition"]), (path, reply.headers["Content-Disposition"])
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert not reply.headers["Content-Type"].startswith("text/html")
    assert sent >= 3 + len(NAMES)
