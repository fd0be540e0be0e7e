"""Frames in JSON: what was made of a message, in every way that one can end, and no secret."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from telemetry.clock import Clock
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.frame_bodies import body, pending
from telemetry.frames import Frames, Outcome
from telemetry.intake import Taken
from telemetry.model import Batch, Kind, Reading, Reason, Refusal, Series
from telemetry.store.db import StoreError

NOW = 1_800_000_000_000
SERIES = Series(1, "d", "t", "d/t", Kind.NUMBER, "°C")
READINGS = [Reading(SERIES, NOW - 5, 21.5)]
VALUES = [{"series": "d/t", "ts": NOW - 5, "value": 21.5, "unit": "°C"}]


def shown(payload: str | bytes = "{}", outcome: Outcome = "nothing", where: str = "/p", commit: Any = None) -> Any:
    """The body of one frame, after a way through JSON."""
    frames = Frames(Clock(0, lambda: NOW))
    frames.note("d", "mqtt", where, payload, "tasmota", outcome, commit)
    return json.loads(json.dumps(body(frames.newest("d")[0]), allow_nan=False))


def test_what_every_frame_says() -> None:
    found = shown('{"t": 1}')
    del found["number"]
    assert found == {
        "time": NOW,
        "channel": "mqtt",
        "where": "/p",
        "decoder": "tasmota",
        "size": 8,
        "text": '{"t": 1}',
        "state": "ignored",
        "reason": "nothing",
    }


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"t": 1}', {"size": 8, "text": '{"t": 1}'}),
        (b"\xa1at\x01", {"size": 4, "hex": "a1617401"}),
        (b"a\x00b", {"size": 3, "hex": "610062"}),
        (b"\x01\x02", {"size": 2, "hex": "0102"}),
        (b"", {"size": 0, "text": ""}),
        ("€", {"size": 3, "text": "€"}),
        ("\ud800", {"size": 3, "text": "?"}),
        ("é" + "€" * 2_000, {"size": 6_002, "text": "é" + "€" * 682, "cut": True}),
        ("é".encode() + "€".encode() * 2_000, {"size": 6_002, "text": "é" + "€" * 682, "cut": True}),
        (b"x\xff" * 2_000, {"size": 4_000, "hex": "78ff" * 1_024, "cut": True}),
    ],
    ids=["json", "cbor", "nul", "control", "empty", "text", "surrogate", "cut-text", "cut-utf8", "cut-binary"],
)
def test_payloads(payload: str | bytes, expected: dict[str, object]) -> None:
    found = shown(payload)
    assert {key: found[key] for key in ("size", "text", "hex", "cut") if key in found} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PASSKEY=AB&PASSWORD=hunter2&t=1", "PASSKEY=AB&PASSWORD=***&t=1"),
        ('{"password": "hun ter, a\\"b&c", "t": 1}', '{"password": "***", "t": 1}'),
        (
            '{"wifi_password":"h","accessToken":"x","Password1":"y"}',
            '{"wifi_password":"***","accessToken":"***","Password1":"***"}',
        ),
        (r'{"set": "{\"mqtt_pass\":\"hun,ter\",\"t\":1}"}', r'{"set": "{\"mqtt_pass\":\"***\",\"t\":1}"}'),
        ('{"bypass": true, "compass": 12}', '{"bypass": true, "compass": 12}'),
        ('{"token":"hunter2"}', '{"token":"***"}'),
        ("api_key: hunter2\nx", "api_key: ***\nx"),
        ("/write?u=me&p=x&token=hunter2", "/write?u=me&p=x&token=***"),
        ('{"temperature": 21.5}', '{"temperature": 21.5}'),
        ('{"password": ""}', '{"password": ""}'),
    ],
    ids=[
        "form",
        "json",
        "prefixed",
        "json-in-json",
        "words-that-end-so",
        "json-tight",
        "header",
        "path",
        "nothing-secret",
        "empty",
    ],
)
def test_secrets_are_left_out_of_payload_and_place(text: str, expected: str) -> None:
    assert shown(text)["text"] == expected
    assert shown(text.encode())["text"] == expected
    assert shown(where=text)["where"] == expected


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_readings_are_pending_until_the_disk_has_them(*, large: bool) -> None:
    async def run() -> None:
        count = 100 if large else 1
        commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        frames = Frames(Clock(0, lambda: NOW))
        frames.note("d", "ws", "/p", "{}", "native", Batch(READINGS * count, "d"), commit)
        (frame,) = frames.newest("d")
        found = body(frame)
        assert pending(frame)
        assert (found["state"], found["readings"], found["values"]) == ("pending", count, VALUES * min(count, 20))
        commit.set_result(None)
        assert not pending(frame)
        assert body(frame)["state"] == "stored"

    asyncio.run(run())


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_what_the_disk_did_not_take_is_refused(how: str) -> None:
    async def run() -> None:
        commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if how == "fails":
            commit.set_exception(StoreError("broken"))
        else:
            commit.cancel()
        found = shown(outcome=Taken(1, READINGS, [BadPart(2, "no")], commit))
        assert (found["state"], found["readings"]) == ("refused", 0)
        assert [error["code"] for error in found["errors"]] == ["try_later", "bad_value"]
        assert "values" not in found

    asyncio.run(run())


def test_a_message_that_was_taken_in_part_says_both() -> None:
    found = shown(outcome=Taken(5, READINGS, [BadPart(n, "no", Reason.BAD_TIME) for n in range(30)]))
    assert (found["state"], found["readings"], found["values"]) == ("stored", 5, VALUES)
    assert found["errors"][1] == {"code": "bad_time", "message": "no", "line": 1}
    assert (len(found["errors"]), found["more_errors"]) == (20, 10)


@pytest.mark.parametrize(
    ("outcome", "state", "more"),
    [
        (Refusal(Reason.BAD_TIME, "no", "ts"), "refused", {"code": "bad_time", "message": "no", "at": "ts"}),
        (Taken(refused=[BadPart(1, "no")]), "refused", {"code": "bad_value", "message": "no", "line": 1}),
        (
            Taken(put_off=Refusal(Reason.TRY_LATER, "full", retry_after=100)),
            "refused",
            {"code": "try_later", "message": "full", "retry_after": 100},
        ),
    ],
    ids=["refusal", "every-part", "put-off"],
)
def test_refusals(outcome: Outcome, state: str, more: dict[str, object]) -> None:
    found = shown(outcome=outcome)
    assert found["state"] == state
    assert found["errors"] == [more]


def test_retained_values_are_last_known() -> None:
    found = shown(outcome=Decoded([Sample("d", "t", 1.5, None, "°C"), Sample("d", "on", True, 7)]))
    assert found["state"] == "last_known"
    assert found["values"] == [
        {"series": "d/t", "ts": None, "value": 1.5, "unit": "°C"},
        {"series": "d/on", "ts": 7, "value": True, "unit": None},
    ]


def test_what_is_understood_and_holds_nothing_says_so() -> None:
    assert shown(outcome=Taken())["reason"] == "understood; there is no reading in it"


def test_a_long_place_is_cut() -> None:
    assert shown(where="t" * 10_000)["where"] == "t" * 256
