"""Answers are gathered, not repeated, and bounded."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from random import Random

from devices import mdns_zone as zone
from devices.mdns_speaker import QUERIES_MAX, Speaker
from devices.mdns_wire import PTR, A, Packet, Question, decode
from devices.mdns_zone import Service

PI = Service("pi", 80, ("_telltale._tcp", "_http._tcp"))
HOST = (b"pi", b"local")


def found(*names: tuple[bytes, ...], kind: int = PTR) -> zone.Reply:
    packet = Packet(False, [Question(name, kind) for name in names])
    answer = zone.reply(PI, packet, [ip_address("192.0.2.7")], hosted=True)
    assert answer is not None
    return answer


async def until(condition, patience: float = 10) -> None:
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.005)


def test_questions_that_come_together_get_one_answer() -> None:
    async def run() -> list[bytes]:
        sent: list[bytes] = []
        speaker = Speaker(sent.append, Random(1))
        for _ in range(10):
            speaker.answer(found(PI.kinds()[0]), defend=False)
            speaker.answer(found(PI.kinds()[1]), defend=False)
        await until(lambda: sent)
        speaker.answer(found(*PI.kinds()), defend=False)  # said just now
        assert speaker._timer is None
        return sent

    (message,) = asyncio.run(run())
    answers = [one.name for one in decode(message).answers]
    assert sorted(answers) == sorted(PI.kinds())
    keys = [one.key for one in decode(message).additionals]
    assert len(keys) == len(set(keys))


def test_who_wants_our_name_hears_of_it_though_it_was_just_said() -> None:
    async def run() -> int:
        sent: list[bytes] = []
        speaker = Speaker(sent.append, Random(1))
        for n in range(3):
            speaker.answer(found(HOST, kind=A), defend=True)
            await until(lambda n=n: len(sent) == n + 1)
        return len(sent)

    assert asyncio.run(run()) == 3


def test_what_waits_is_dropped_when_it_is_not_true_any_more() -> None:
    async def run() -> list[bytes]:
        sent: list[bytes] = []
        speaker = Speaker(sent.append, Random(1))
        speaker.answer(found(PI.kinds()[0]), defend=False)
        timer = speaker._timer
        assert timer is not None
        speaker.close()
        assert timer.cancelled()
        return sent

    assert asyncio.run(run()) == []


def test_a_flood_is_seen_and_ends() -> None:
    speaker = Speaker(lambda _: None, Random(1))
    seen = [speaker.flooded() for _ in range(QUERIES_MAX * 3)]
    assert not any(seen[:QUERIES_MAX])
    assert any(seen)
    speaker._second = (speaker._second[0] - 1, QUERIES_MAX * 3)
    assert not speaker.flooded()
