"""``GET /api/poll`` of a real server: snapshots and waiting, by position."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.fed import T0, Fed, at, feed
from tests.support import Server, wait_until


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    return feed(module_server)


def poll(fed: Fed, *patterns: str, **query: Any) -> Any:
    return fed.get("/api/poll", series=list(patterns), **query)


def readings(answer: Any) -> list[Any]:
    return [one for push in answer["pushes"] for one in push.get("readings", ())]


def position_after(answer: Any) -> int:
    """The seq for the next call: presence and the like have none."""
    return int([push["seq"] for push in [answer, *answer["pushes"]] if "seq" in push][-1])


def test_without_a_position_it_answers_at_once(fed: Fed) -> None:
    fed.send(at(0, t=1))
    started = time.monotonic()
    answer = poll(fed, "boiler/t", wait=60)
    assert time.monotonic() - started < 20
    assert set(answer) == {"epoch", "seq", "time", "recovered", "latest", "pushes"}
    assert answer["latest"] == [["boiler/t", T0, 1]]
    assert (answer["recovered"], answer["pushes"]) == (False, [])


def test_what_came_since_the_position_is_there_at_once(fed: Fed) -> None:
    start = poll(fed, "boiler/p")
    fed.send(*(at(n, p=n, other=n) for n in range(20)))
    answer = poll(fed, "boiler/p", epoch=start["epoch"], seq=start["seq"], wait=20)
    assert (answer["recovered"], answer["seq"]) == (True, start["seq"])
    assert readings(answer) == [["boiler/p", T0 + n, n] for n in range(20)]


def test_it_waits_for_the_first_push(fed: Fed) -> None:
    start = poll(fed, "boiler/w")
    answers: list[Any] = []
    query = {"epoch": start["epoch"], "seq": start["seq"], "wait": 30}
    waiting = threading.Thread(target=lambda: answers.append(poll(fed, "boiler/w", **query)))
    waiting.start()
    wait_until(lambda: fed.server.metrics(fed.viewer).get('telltale_sockets{channel="poll"}', 0) == 1)
    fed.send(at(0, not_this=1))
    fed.send(at(0, w=1))
    waiting.join(20)
    assert readings(answers[0]) == [["boiler/w", T0, 1]]


def test_chain_of_calls_has_no_gap_and_no_repetition(fed: Fed) -> None:
    """The seq of the last push is the next position, while a device keeps sending."""
    position = poll(fed, "boiler/c")
    epoch, seq = position["epoch"], position["seq"]
    sender = threading.Thread(target=lambda: [fed.send(at(n, c=n, noise=n)) for n in range(60)])
    sender.start()
    got: list[Any] = []
    while len(got) < 60:
        answer = poll(fed, "boiler/c", epoch=epoch, seq=seq, wait=10)
        assert answer["recovered"]
        got += readings(answer)
        seq = position_after(answer)
    sender.join()
    assert got == [["boiler/c", T0 + n, n] for n in range(60)]


def test_when_nothing_comes_a_sign_of_life_moves_the_position(fed: Fed) -> None:
    """So that a silent series does not fall out of what can be resumed."""
    start = poll(fed, "nothing")
    fed.send(at(0, elsewhere=1))

    def next_answer() -> Any:
        return poll(fed, "nothing", epoch=start["epoch"], seq=start["seq"], wait=2)

    answer = wait_until(lambda: next((one for one in [next_answer()] if position_after(one) > start["seq"]), None))
    assert readings(answer) == []
    assert set(answer["pushes"][-1]) == {"seq", "time"}


def test_no_time_to_wait_is_allowed(fed: Fed) -> None:
    start = poll(fed, "boiler/*")
    answer = poll(fed, "boiler/*", epoch=start["epoch"], seq=start["seq"], wait=0)
    assert answer["recovered"]
    assert readings(answer) == []


@pytest.mark.parametrize("query", [{"epoch": "other", "seq": 0}, {"epoch": None, "seq": 10**12}])
def test_position_that_cannot_be_served_gets_the_snapshot(fed: Fed, query: dict[str, Any]) -> None:
    now = poll(fed, "*")
    query = query | {"epoch": query["epoch"] or now["epoch"]}
    answer = poll(fed, "*", wait=30, **query)
    assert (answer["recovered"], answer["pushes"], answer["seq"]) == (False, [], now["seq"])


@pytest.mark.parametrize(
    "query",
    [
        "wait=61", "wait=-1", "wait=nan", "wait=inf", "wait=x", "wait=", "epoch=x", "seq=1", "epoch=x&seq=-1",
        "epoch=x&seq=1.5", "epoch=x&seq=%C2%B2", "epoch=x&seq=" + "9" * 5000, "series=", "series=" + "x" * 600,
    ],
)  # fmt: skip
def test_bad_queries_are_refused(fed: Fed, query: str) -> None:
    reply = fed.server.request("GET", f"/api/poll?{query}", token=fed.viewer)
    assert reply.status == 400
    assert reply.error["code"] in ("bad_value", "bad_message", "too_large")


def test_caller_that_leaves_is_forgotten(fed: Fed) -> None:
    start = poll(fed, "nothing")
    with pytest.raises(TimeoutError):
        fed.server.request(
            "GET",
            f"/api/poll?series=nothing&epoch={start['epoch']}&seq={start['seq']}&wait=60",
            token=fed.viewer,
            timeout=0.5,
        )
    wait_until(lambda: fed.server.metrics(fed.viewer).get('telltale_sockets{channel="poll"}', 0) == 0)


def test_revoked_token_ends_the_wait_within_a_second(fed: Fed) -> None:
    token = fed.server.api_token("viewer", name="poller")
    start = poll(fed, "nothing")
    ended: list[float] = []

    def wait() -> None:
        path = f"/api/poll?series=nothing&epoch={start['epoch']}&seq={start['seq']}&wait=60"
        assert fed.server.request("GET", path, token=token, timeout=70).status == 200
        ended.append(time.monotonic())

    waiting = threading.Thread(target=wait)
    waiting.start()
    wait_until(lambda: fed.server.metrics(fed.viewer).get('telltale_sockets{channel="poll"}', 0) == 1)
    fed.server.cli("token", "revoke", "poller")
    revoked = time.monotonic()
    waiting.join(30)
    assert ended[0] < revoked + 1
    assert fed.server.request("GET", "/api/poll", token=token).status == 401
