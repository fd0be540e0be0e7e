"""Where credentials stand in a request, and that none reaches the log."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from handlers.credentials import arguments, cookie_name, redacted, tokens, without_token


def request(uri: str = "/", *authorization: str) -> HTTPServerRequest:
    headers = HTTPHeaders({"Host": "localhost"})
    for value in authorization:
        headers.add("Authorization", value)
    return HTTPServerRequest(start_line=RequestStartLine("GET", uri, "HTTP/1.1"), headers=headers)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (request(), []),
        (request("/?token=a"), ["a"]),
        (request("/", "Bearer a"), ["a"]),
        (request("/", "bearer  a"), ["a"]),
        (request("/", "Bearer"), [""]),
        (request("/?token="), [""]),
        (request("/?token"), [""]),
        (request("/?token=a", "Bearer a"), ["a"]),
        (request("/?token=a", "Bearer b"), ["a", "b"]),
        (request("/?token=a&token=b"), ["a", "b"]),
        (request("/", "Bearer a", "Bearer b"), ["a", "b"]),
        (request("/", "Basic YTpi"), []),
        (request("/?token=%20a"), [" a"]),
        (request("/?token=%ff"), ["\udcff"]),
    ],
)
def test_every_token_that_is_presented_is_seen(made: HTTPServerRequest, found: list[str]) -> None:
    """Also an empty one: it was presented, and it is wrong."""
    assert tokens(made) == found


def test_query_parameters_come_as_they_were_sent() -> None:
    """Nothing stripped: an id with a space at its end is no id."""
    assert arguments(request("/?device=%20x%01&device=K%C3%BCche"), "device") == [" x\x01", "Küche"]


def test_the_cookie_of_https_cannot_be_set_from_elsewhere() -> None:
    assert cookie_name(secure=True) == "__Host-telltale_session"
    assert cookie_name(secure=False) == "telltale_session"


@pytest.mark.parametrize(
    ("uri", "rest"),
    [
        ("/", "/"),
        ("/?token=a", "/"),
        ("/x?a=1&token=b&c=%C3%BC", "/x?a=1&c=%C3%BC"),
    ],
)
def test_the_way_back_after_login_carries_no_token(uri: str, rest: str) -> None:
    assert without_token(request(uri)) == rest


@pytest.mark.parametrize(
    "uri",
    ["/?token=CANARY", "/x?a=1&token=CANARY&b=2", "/?TOKEN=CANARY", "/?a=1;token=CANARY", "/?token=x&token=CANARY"],
)
def test_no_token_is_in_a_log_line(uri: str) -> None:
    line = redacted(request(uri))
    assert "CANARY" not in line
    assert line.startswith("GET /")


@pytest.mark.parametrize("uri", ["/\x1b[31mred", "/a\r\nb", "/\u202eevil", "/\x00"])
def test_a_log_line_is_one_line_of_plain_text(uri: str) -> None:
    line = redacted(request(uri))
    assert line.isascii()
    assert line.isprintable()
