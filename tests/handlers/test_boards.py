"""Boards of a real server: who may do what, conflicts, files, and images as nothing but images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.fed import Fed, at, feed
from tests.telemetry.test_board_content import board, part
from tests.telemetry.test_images import png

PATH = "/api/boards"


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Any]) -> Fed:
    one = feed(module_server)
    one.send(at(0, t=1))
    return one


@pytest.fixture(scope="module")
def operator(fed: Fed) -> str:
    return fed.server.api_token("operator", name="anna")


def ask(fed: Fed, token: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    reply = fed.server.request(method, path, json_body=body, token=token)
    assert reply.status == status, reply.text
    return reply.json()


def upload(fed: Fed, token: str, body: bytes) -> Any:
    return fed.server.request("POST", "/api/images", body=body, token=token)


def test_an_operator_composes_and_a_viewer_looks(fed: Fed, operator: str) -> None:
    """Each step of its life, told to open pages."""
    live = fed.server.live(fed.viewer)
    made = ask(fed, operator, "POST", PATH, board(part()), 201)
    one = f"{PATH}/{made['id']}"
    assert (made["version"], made["author"], made["deleted"]) == (1, "anna", None)
    assert live.recv_key("board")["version"] == 1
    assert fed.get(one) == made
    assert made["id"] in [each["id"] for each in fed.get(PATH)["boards"]]

    changed = ask(fed, operator, "PUT", one, {"version": 1, "board": board(part(w=6))})
    assert (changed["version"], live.recv_key("board")["version"]) == (2, 2)
    conflict = ask(fed, operator, "PUT", one, {"version": 1, "board": board()}, 409)
    assert (conflict["error"]["code"], conflict["error"]["at"]) == ("conflict", "version")
    assert fed.get(one) == changed
    assert fed.get(one, version=1)["board"] == board(part())
    assert [each["version"] for each in fed.get(f"{one}/versions")["versions"]] == [2, 1]

    back = ask(fed, operator, "POST", f"{one}/restore", {"version": 1})
    assert (back["version"], back["board"]) == (3, board(part()))
    assert ask(fed, operator, "DELETE", one)["deleted"] is not None
    assert ask(fed, operator, "POST", f"{one}/restore") == back


def test_boards_are_there_after_a_kill(server: Callable[..., Any]) -> None:
    one = feed(server)
    token = one.server.api_token("operator")
    made = ask(one, token, "POST", PATH, board(part()), 201)
    one.server.restart(kill=True)
    assert one.get(f"{PATH}/{made['id']}") == made


def test_viewers_and_strangers_change_nothing(fed: Fed, operator: str) -> None:
    made = ask(fed, operator, "POST", PATH, board(), 201)
    one = f"{PATH}/{made['id']}"
    for token, status in ((None, 401), (fed.viewer, 403), (fed.device, 401)):
        for method, path in (
            ("POST", PATH),
            ("PUT", one),
            ("DELETE", one),
            ("POST", f"{one}/restore"),
            ("POST", f"{PATH}/import"),
            ("POST", "/api/images"),
        ):
            assert fed.server.request(method, path, json_body=board(), token=token).status == status, (method, path)
    assert fed.get(one) == made


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "", [], 400, "bad_value"),
        ("POST", "", None, 400, "bad_value"),
        ("POST", "", {"name": "x", "parts": [{"id": "a", "kind": "script", "w": 1, "h": 1}]}, 400, "bad_value"),
        ("PUT", "/1", {"name": "x"}, 400, "bad_message"),
        ("PUT", "/999", {"version": 1, "board": {"name": "x", "parts": []}}, 404, "not_found"),
        ("PUT", "/x", {"version": 1, "board": {"name": "x", "parts": []}}, 404, "not_found"),
        ("GET", "/999", None, 404, "not_found"),
        ("GET", "/x", None, 404, "not_found"),
        ("GET", "/1?version=x", None, 404, "not_found"),
        ("GET", "/999/versions", None, 404, "not_found"),
        ("GET", "/999/export", None, 404, "not_found"),
        ("DELETE", "/999", None, 404, "not_found"),
        ("POST", "/999/restore", None, 404, "not_found"),
        ("POST", "/1/restore", {"version": "x"}, 400, "bad_value"),
        ("POST", "/import", {"telltale": "x"}, 400, "bad_message"),
    ],
    ids=range(15),
)
def test_refusals(fed: Fed, operator: str, method: str, path: str, body: Any, status: int, code: str) -> None:
    assert ask(fed, operator, method, PATH + path, body, status)["error"]["code"] == code


def test_an_image_is_served_as_nothing_but_an_image(fed: Fed, operator: str) -> None:
    body = png(6, 4)
    reply = upload(fed, operator, body)
    assert reply.status == 201, reply.text
    image = fed.server.request("GET", f"/api/images/{reply.json()['id']}", token=fed.viewer)
    assert (image.status, image.body) == (200, body)
    assert image.headers["Content-Type"] == "image/png"
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert image.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert "immutable" in image.headers["Cache-Control"]
    assert image.headers["Cache-Control"].startswith("private")
    assert fed.server.request("GET", "/api/images/none", token=fed.viewer).status == 404
    for wrong in (b"", b"<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>", b"<html><script>"):
        assert upload(fed, operator, wrong).status == 400
    assert upload(fed, operator, png(6, 4) + bytes(1 << 20)).status == 413


def test_a_file_with_its_image_makes_the_same_board_again(fed: Fed, operator: str) -> None:
    key = upload(fed, operator, png(7, 7)).json()["id"]
    content = board(part(kind="plan", image=key, pins=[{"series": "boiler/t", "x": 0.5, "y": 0.25}]))
    made = ask(fed, operator, "POST", PATH, content, 201)
    file = fed.server.request("GET", f"{PATH}/{made['id']}/export", token=fed.viewer)
    assert file.headers["Content-Disposition"] == f'attachment; filename="board-{made["id"]}.json"'
    assert list(file.json()["images"]) == [key]
    again = ask(fed, operator, "POST", f"{PATH}/import", file.json(), 201)
    assert (again["board"], again["version"]) == (content, 1)
    assert again["id"] != made["id"]


def test_the_build_is_told_to_who_may_look(fed: Fed) -> None:
    build = fed.get("/api/build")["build"]
    page = fed.server.request("GET", "/?kiosk", token=fed.viewer)
    assert f'data-build="{build}"' in page.text
