"""Exports over HTTP: streamed, compressed, held back by slow clients, and never half a file that looks whole."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from handlers.export import RUNNING
from tests.handlers.test_reading import stalled
from tests.support import Server, wait_until

T0 = 1_700_000_000_000


@pytest.fixture(scope="module")
def filled(module_server: Callable[..., Server]) -> Server:
    """A server with 400,000 readings of a series, and a device whose name is a formula."""
    one = module_server()
    rows = "".join(f"a,t,{T0 + n},{n},\n" for n in range(400_000))
    one.cli("import", stdin=f"device,metric,ts,value,unit\n{rows}'=b,u,{T0},-1.5,°C\n'=b,u,{T0 + 1},'-1,°C\n")
    return one


def test_csv_is_a_file_to_keep(filled: Server) -> None:
    reply = filled.request("GET", f"/api/export.csv?series=%3Db/*&to={T0 + 2}", token=filled.api_token())
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="telltale-')
    assert reply.text == (
        "device,metric,ts,time,value,unit\n"
        f"'=b,u,{T0},2023-11-14T22:13:20.000Z,-1.5,°C\n"
        f"'=b,u,{T0 + 1},2023-11-14T22:13:20.001Z,'-1,°C\n"
    )


def test_ndjson_too(filled: Server) -> None:
    reply = filled.request("GET", f"/api/export.ndjson?series=a/t&from={T0 + 399_999}", token=filled.api_token())
    assert reply.headers["Content-Type"] == "application/x-ndjson"
    assert reply.text == f'{{"device":"a","metric":"t","ts":{T0 + 399_999},"value":399999.0}}\n'


def test_gzip_where_it_is_accepted(filled: Server) -> None:
    token = filled.api_token()
    plain = filled.request("GET", "/api/export.csv", token=token)
    packed = filled.request("GET", "/api/export.csv", token=token, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 3
    assert plain.body.count(b"\n") == 400_003


@pytest.mark.parametrize(
    ("query", "code", "at"),
    [
        ("from=x", "bad_value", "from"),
        ("to=x", "bad_value", "to"),
        ("from=2&to=1", "bad_value", "from"),
        ("series=", "bad_message", "series"),
    ],
)
def test_what_makes_no_sense_is_refused(filled: Server, query: str, code: str, at: str) -> None:
    reply = filled.request("GET", f"/api/export.csv?{query}", token=filled.api_token())
    assert (reply.status, reply.error["code"], reply.error["at"]) == (400, code, at)


def test_clients_that_do_not_read_hold_no_memory_and_only_so_many_may(filled: Server) -> None:
    token = filled.api_token()
    before = filled.rss()
    clients = [stalled(filled, token, "/api/export.csv") for _ in range(RUNNING)]
    reply = filled.request("GET", "/api/export.csv", token=token)
    assert (reply.status, reply.error["code"]) == (503, "try_later")
    assert filled.rss() - before < 60 << 20
    for client in clients:
        client.close()
    wait_until(lambda: filled.request("GET", "/api/export.csv?to=1", token=token).status == 200, 30, "their places")
