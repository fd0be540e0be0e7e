"""``/api/layouts`` of a real server: everyone has one of their own, operators change the shared one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support import Server

LARGE = {"series": {"d/t": {"size": "L"}}}


def test_everyone_has_a_layout_of_their_own_above_the_shared_one(server: Callable[..., Server]) -> None:
    one = server()
    viewer, other, operator = one.api_token("viewer"), one.api_token("viewer"), one.api_token("operator")

    def ask(method: str, path: str, token: str | None, body: Any = None) -> tuple[int, Any]:
        reply = one.request(method, f"/api/layouts{path}", json_body=body, token=token)
        return reply.status, reply.json()

    assert ask("PATCH", "/own", viewer, LARGE)[1]["layout"] == LARGE
    assert ask("GET", "", other)[1]["own"]["layout"] == {}
    assert ask("PATCH", "/shared", viewer, LARGE)[0] == 403
    assert ask("DELETE", "/shared", viewer)[0] == 403
    assert ask("POST", "/shared/undo", viewer)[0] == 403
    assert ask("PATCH", "/own", None, LARGE)[0] == 401
    assert ask("PATCH", "/shared", operator, {"units": {"°C": "°F"}})[0] == 200
    one.restart(kill=True)
    status, both = ask("GET", "", viewer)
    assert (status, both["own"]["layout"], both["shared"]["layout"]) == (200, LARGE, {"units": {"°C": "°F"}})
    assert ask("DELETE", "/own", viewer)[1]["layout"] == {}
    assert ask("POST", "/own/undo", viewer)[1]["layout"] == LARGE
    assert ask("POST", "/own/undo", viewer)[1]["layout"] == {}
    assert ask("POST", "/own/undo", viewer)[0] == 404
    assert ask("POST", "/shared/undo", operator)[1]["layout"] == {}


def test_a_patch_that_is_refused_says_why(server: Callable[..., Server]) -> None:
    one = server()
    token = one.api_token("viewer")
    for body, code in (
        (b"", "bad_message"),
        (b"[" * 20_000, "bad_message"),
        (b'{"series": {"d/t": {"low": NaN}}}', "bad_value"),
        (b'{"series": {"d/t": {"title": "\\ud800"}}}', "bad_value"),
        (b'{"order": {"groups": ["' + b"x" * 200_000 + b'"]}}', "bad_message"),
    ):
        reply = one.request("PATCH", "/api/layouts/own", body=body, token=token)
        assert (reply.status, reply.error["code"]) == (400, code)
