"""Bodies, ids and answers of the small writes, on a real server: annotations, corrections and roles share them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from handlers.bodies import MAX_BODY, key_of
from tests.handlers.fed import at, feed
from tests.support import Server

ADDRESSES = ("/api/annotations", "/api/corrections", "/api/series/rename", "/api/series/merge")


@pytest.mark.parametrize(
    ("text", "key"),
    [("7", 7), ("0", 0), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("", None), ("-1", None), ("\u0663", None)],
)
def test_an_id_is_a_short_decimal_number(text: str, key: int | None) -> None:
    assert key_of(text) == key


def test_what_is_no_json_or_too_long_is_bad_message_everywhere(server: Callable[..., Server]) -> None:
    fed = feed(server)
    operator = fed.server.api_token("operator")
    long = json.dumps({"text": "x" * MAX_BODY}).encode()
    for address in ADDRESSES:
        for body in (b"", b"{", b"[" * 20_000, long):
            reply = fed.server.request("POST", address, body=body, token=operator)
            assert (reply.status, reply.error["code"]) == (400, "bad_message"), (address, body[:9])


def test_what_is_not_there_is_called_by_its_kind(server: Callable[..., Server]) -> None:
    fed = feed(server)
    operator = fed.server.api_token("operator")
    for address, kind in (("annotations/7/restore", "annotation"), ("corrections/7/undo", "correction")):
        reply = fed.server.request("POST", f"/api/{address}", token=operator)
        assert (reply.status, reply.error["message"]) == (404, f"there is no such {kind}")


def test_the_status_says_whether_something_was_made(server: Callable[..., Server]) -> None:
    fed = feed(server)
    operator = fed.server.api_token("operator")
    fed.send(at(0, t=1))

    def post(address: str, **body: object) -> int:
        return fed.server.request("POST", f"/api/{address}", json_body=body, token=operator).status

    span = {"series": "boiler/t", "from": "-1h", "to": "now"}
    assert post("annotations", text="seen") == 201
    assert post("corrections?preview=1", **span, action="mask", why="a test") == 200
    assert post("corrections", **span, action="mask", why="a test") == 201
    assert post("corrections/1/undo") == 200
    assert post("series/rename", series="boiler/t", name="kitchen/t") == 200
