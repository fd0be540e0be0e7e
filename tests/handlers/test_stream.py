"""``GET /api/stream`` of a real server: Server-Sent Events with resume."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from handlers import stream
from handlers.stream import since_of_event_id
from tests.handlers.fed import T0, Fed, at, feed
from tests.handlers.sse import Events
from tests.support import Server, wait_until


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    return feed(module_server)


@pytest.fixture
def listen(fed: Fed) -> Iterator[Callable[..., Events]]:
    """Open listeners as the viewer; all are closed at the end."""
    opened: list[Events] = []

    def start(*patterns: str, **headers: str) -> Events:
        opened.append(Events(fed.server, fed.viewer, *patterns, **headers))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("abc:12", ("abc", 12)),
        ("a:b:0", ("a:b", 0)),
        (f"e:{2**53 - 1}", ("e", 2**53 - 1)),
        (f"e:{2**53}", None),
        ("", None),
        ("12", None),
        ("e:", None),
        ("e:-1", None),
        ("e:1.5", None),
        ("e:x", None),
        ("e:²", None),
        ("e:" + "9" * 5000, None),
    ],
)
def test_event_ids_are_epoch_and_seq(text: str, since: object) -> None:
    assert since_of_event_id(text) == since


def test_first_event_is_the_answer_then_pushes(fed: Fed, listen: Callable[..., Events]) -> None:
    fed.send(at(0, t=1))
    events = listen("boiler/t", "boiler/on")
    assert events.answer.status == 200
    assert events.answer.headers["Content-Type"] == "text/event-stream"
    assert events.answer.headers["Cache-Control"] == "no-store"
    first = events.next()
    assert first.kind == "subscribed"
    assert set(first.data) == {"epoch", "seq", "time", "recovered", "latest"}
    assert first.data["latest"] == [["boiler/t", T0, 1]]
    assert first.id == f"{first.data['epoch']}:{first.data['seq']}"
    fed.send(at(1, t=2, hidden=5, on=True))
    push = events.until("readings")
    assert push.kind == "message"
    assert push.data["readings"] == [["boiler/t", T0 + 1, 2], ["boiler/on", T0 + 1, True]]
    assert push.id == f"{first.data['epoch']}:{push.data['seq']}"
    assert push.data["seq"] == first.data["seq"] + 3


def test_signs_of_life_move_the_position(fed: Fed, listen: Callable[..., Events]) -> None:
    """Also for a listener whose series are silent."""
    events = listen("nothing")
    first = events.next()
    fed.send(at(0, other=1))
    wait_until(lambda: events.until("time").data["seq"] > first.data["seq"])


def test_last_event_id_resumes(fed: Fed, listen: Callable[..., Events]) -> None:
    """Everything after it, once; the id of any event will do."""
    events = listen("boiler/r")
    events.next()
    fed.send(at(0, r=0))
    position = events.until("readings").id
    events.close()
    fed.send(*(at(n, r=n) for n in range(1, 30)))
    again = listen("boiler/r", Last_Event_ID=position)
    first = again.next()
    assert (first.kind, first.data["recovered"], first.id) == ("subscribed", True, position)
    fed.send(at(30, r=30))
    got: list[Any] = []
    while len(got) < 30:
        got += again.until("readings").data["readings"]
    assert got == [["boiler/r", T0 + n, n] for n in range(1, 31)]


def test_position_that_is_not_ours_starts_anew(listen: Callable[..., Events]) -> None:
    for position in ("nonsense", "other:5"):
        first = listen("*", Last_Event_ID=position).next()
        assert (first.kind, first.data["recovered"]) == ("subscribed", False)


def test_without_patterns_everything_comes(fed: Fed, listen: Callable[..., Events]) -> None:
    events = listen()
    assert events.next().kind == "subscribed"
    fed.send(at(0, anything=1))
    assert events.until("readings").data["readings"] == [["boiler/anything", T0, 1]]


def test_gzip_holds_nothing_back(fed: Fed, listen: Callable[..., Events]) -> None:
    events = listen("boiler/z", Accept_Encoding="gzip")
    assert events.answer.headers["Content-Encoding"] == "gzip"
    assert events.next().kind == "subscribed"
    for n in range(3):
        fed.send(at(n, z=n))
        assert events.until("readings").data["readings"] == [["boiler/z", T0 + n, n]]


def test_comment_keeps_the_connection_open(listen: Callable[..., Events]) -> None:
    """Every 15 s, besides the signs of life."""
    assert stream.COMMENT_EVERY == 15
    events = listen("nothing")
    wait_until(lambda: events.next().comment == "still here", 40)


@pytest.mark.parametrize("query", ["series=", "series=" + "x" * 600])
def test_bad_patterns_are_refused(fed: Fed, query: str) -> None:
    reply = fed.server.request("GET", f"/api/stream?{query}", token=fed.viewer)
    assert (reply.status, reply.error["at"]) == (400, "series")


def test_who_may_listen(fed: Fed) -> None:
    assert fed.server.request("GET", "/api/stream").status == 401
    assert fed.server.request("GET", "/api/stream", token=fed.device).status == 401


def test_revoked_token_ends_the_stream_within_a_second(fed: Fed) -> None:
    token = fed.server.api_token("viewer", name="kiosk")
    with closing(Events(fed.server, token, "*")) as events:
        events.next()
        events.connection.sock.settimeout(1)
        fed.server.cli("token", "revoke", "kiosk")
        assert events.ended()


def test_listeners_that_leave_are_forgotten(fed: Fed, listen: Callable[..., Events]) -> None:
    def listening() -> float:
        return fed.server.metrics(fed.viewer).get('telltale_sockets{channel="stream"}', 0)

    wait_until(lambda: listening() == 0)
    events = [listen("*") for _ in range(3)]
    wait_until(lambda: listening() == 3)
    for one in events:
        one.close()
    wait_until(lambda: listening() == 0)


def test_stream_ends_with_the_server(server: Callable[..., Server]) -> None:
    fed = feed(server)
    with closing(Events(fed.server, fed.viewer, "*")) as events:
        events.next()
        assert fed.server.stop() == 0
        assert events.ended()


def test_listener_that_reads_nothing_is_closed(server: Callable[..., Server]) -> None:
    """A full connection that takes nothing for twice ``ping_timeout`` is given up, and its memory with it."""
    fed = feed(server, {"live.ping_timeout": "1"})
    files = Path(f"/proc/{fed.server.proc.pid}/fd")

    def listening() -> float:
        return fed.server.metrics(fed.viewer).get('telltale_sockets{channel="stream"}', 0)

    wait_until(lambda: listening() == 0)
    before = len(list(files.iterdir()))
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", fed.server.port))
        deaf.sendall(f"GET /api/stream?token={fed.viewer} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(lambda: listening() == 1)
        sent = 0

        def given_up() -> bool:
            nonlocal sent
            fed.send(*(at(sent * 4000 + n, t="x" * 250) for n in range(4000)))
            sent += 1
            return listening() == 0

        wait_until(given_up, 30)
        wait_until(lambda: len(list(files.iterdir())) <= before, 10)
