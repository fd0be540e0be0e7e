"""The device session without a socket: acknowledgements, order, ``last_id``, refusals."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.native import Note
from devices.protocol import ACKS, DeviceSession, Future
from telemetry.accept import Gate, Sender
from telemetry.clock import Clock
from telemetry.metrics import Metrics
from telemetry.model import Batch, Entry, MessageId, Reason, Refusal
from telemetry.registry import Registry
from telemetry.store.db import StoreError
from tests.malformed import ROWS, message

NOW = 1_800_000_000_000


class Server:
    """The server's side of a session: a real gate, and a pipeline whose commits the test decides."""

    def __init__(self, *, pending: bool = False) -> None:
        self.device = "d"
        self.pending = pending
        self.last_id: MessageId | None = None
        self.frames: list[str | bytes] = []
        self.notes: list[Note] = []
        self.heard: dict[str, object] = {}
        self.kept: list[tuple[str | bytes, Batch | Refusal | str, Future | None]] = []
        self.full = False
        self.metrics = Metrics()
        self.registry = Registry()
        self.committed: list[Batch] = []
        self._gate = Gate(self.registry, Clock(0, lambda: NOW), future_tolerance_ms=300_000, max_series=1000)
        self._open: tuple[Future, list[Batch]] | None = None
        self.session = DeviceSession(self)

    def accept(self, entries: Sequence[Entry], form: str) -> Batch | Refusal:
        return self._gate.accept(entries, Sender.of(self.device, None), form)

    def submit(self, batch: Batch) -> Future | Refusal:
        if self.full:
            return Refusal(Reason.TRY_LATER, "full", retry_after=1)
        if self._open is None:
            self._open = (asyncio.get_running_loop().create_future(), [])
        self._open[1].append(batch)
        return self._open[0]

    async def commit(self, *, fails: bool = False) -> None:
        if self._open is None:
            return
        (future, batches), self._open = self._open, None
        if fails:
            future.set_exception(StoreError("broken"))
        else:
            self.committed += [batch for batch in batches if batch.readings]
            self.last_id = next((batch.mark[1] for batch in reversed(batches) if batch.mark), self.last_id)
            future.set_result(None)
        await asyncio.sleep(0)

    def refused(self, reason: Reason, readings: int) -> None:
        self.metrics.refuse(reason, readings)

    def note(self, note: Note) -> None:
        self.notes.append(note)

    def values(self, values: Mapping[str, object]) -> None:
        self.heard |= values

    def keep(self, frame: str | bytes, outcome: Batch | Refusal | str, commit: Future | None) -> None:
        self.kept.append((frame, outcome, commit))

    def send(self, frame: str | bytes) -> None:
        self.frames.append(frame)

    # what tests say and read

    def say(self, body: Any) -> None:
        self.session.receive(json.dumps(body))

    def envelope(self, id_: MessageId, value: Any = 1) -> None:
        self.say({"id": id_, "readings": [{"ts": NOW - 1000, "values": {"t": value}}]})

    def heard_back(self) -> list[Any]:
        frames = [cbor2.loads(one) if isinstance(one, bytes) else json.loads(one) for one in self.frames]
        self.frames.clear()
        return frames

    def acks(self) -> list[MessageId]:
        ids: list[MessageId] = []
        for frame in self.heard_back():
            ack = frame["ack"]
            ids += ack if isinstance(ack, list) else [ack]
        return ids


def errors(frames: list[Any]) -> list[tuple[str, Any]]:
    return [(frame["error"]["code"], frame["error"].get("id")) for frame in frames if "error" in frame]


def test_envelopes_of_one_commit_share_acks_of_at_most_64_ids() -> None:
    """No ack before the commit; then all of them, merged and bounded."""

    async def body() -> None:
        server = Server()
        for id_ in range(ACKS + 2):
            server.envelope(id_)
        assert server.heard_back() == []
        await server.commit()
        assert server.heard_back() == [{"ack": list(range(ACKS))}, {"ack": [ACKS, ACKS + 1]}]
        server.envelope("one")
        await server.commit()
        assert server.heard_back() == [{"ack": "one"}]

    asyncio.run(body())


def test_answers_come_in_the_form_of_the_last_frame() -> None:
    """A device that speaks CBOR is answered in CBOR."""

    async def body() -> None:
        server = Server()
        server.session.receive(cbor2.dumps({"id": 1, "readings": [{"t": 1.5}]}))
        await server.commit()
        assert isinstance(server.frames[0], bytes)
        server.say({"id": 2, "readings": []})
        await server.commit()
        assert isinstance(server.frames[1], str)
        assert server.acks() == [1, 2]

    asyncio.run(body())


def test_envelopes_of_one_commit_are_answered_each_in_its_own_form() -> None:
    """Acks merge within a form, never over it."""

    async def body() -> None:
        server = Server()
        for id_ in (1, 3):
            server.session.receive(cbor2.dumps({"id": id_, "readings": [{"ts": NOW, "values": {"t": id_}}]}))
        server.envelope(2)
        await server.commit()
        text, binary = sorted(server.frames, key=lambda frame: isinstance(frame, bytes))
        assert json.loads(text) == {"ack": 2}
        assert isinstance(binary, bytes)
        assert cbor2.loads(binary) == {"ack": [1, 3]}

    asyncio.run(body())


def test_everything_after_try_later_waits_for_that_envelope() -> None:
    """Order is kept: while 2 was put off, 3 is too, and 3 is taken after 2 came again."""

    async def body() -> None:
        server = Server()
        server.envelope(1)
        server.full = True
        server.envelope(2)
        server.full = False
        server.envelope(3)
        server.envelope(3, value=[])
        assert errors(server.heard_back()) == [("try_later", 2), ("try_later", 3), ("try_later", 3)]
        server.envelope(2)
        server.envelope(3)
        await server.commit()
        assert server.acks() == [1, 2, 3]

    asyncio.run(body())


def test_failed_commit_puts_off_everything_in_flight() -> None:
    """Each envelope hears ``try_later``; the first of them must come again first."""

    async def body() -> None:
        server = Server()
        server.envelope(1)
        server.envelope(2)
        await server.commit(fails=True)
        assert errors(server.heard_back()) == [("try_later", 1), ("try_later", 2)]
        server.envelope(2)
        assert errors(server.heard_back()) == [("try_later", 2)]
        server.envelope(1)
        server.envelope(2)
        await server.commit()
        assert server.acks() == [1, 2]
        assert server.last_id == 2

    asyncio.run(body())


def test_failed_commit_comes_before_what_was_put_off_after_it() -> None:
    """2 was put off while 1 was in flight; when 1 fails, 1 must come again first, or ``last_id`` would cover a hole."""

    async def body() -> None:
        server = Server()
        server.envelope(1)
        server.full = True
        server.envelope(2)
        server.full = False
        await server.commit(fails=True)
        assert errors(server.heard_back()) == [("try_later", 2), ("try_later", 1)]
        server.envelope(2)
        assert errors(server.heard_back()) == [("try_later", 2)]
        server.envelope(1)
        server.envelope(2)
        await server.commit()
        assert server.acks() == [1, 2]

    asyncio.run(body())


def test_last_id_counts_refusals_only_when_what_came_before_is_durable() -> None:
    """``last_id`` is in sending order: durable or refused for good, without a hole."""

    async def body() -> None:
        server = Server()
        server.envelope(1)
        server.envelope(2, value=[])
        assert server.last_id is None
        await server.commit()
        assert server.last_id == 2
        server.envelope(3, value=[])
        await server.commit()
        assert server.last_id == 3
        server.envelope(4)
        server.envelope(5, value=[])
        server.envelope(6)
        await server.commit()
        assert server.last_id == 6

    asyncio.run(body())


def test_envelope_is_all_or_nothing_and_says_where() -> None:
    """One bad reading refuses all, with its place and the envelope's id."""

    async def body() -> None:
        server = Server()
        server.say({"id": 7, "readings": [{"a": 1}, {"ts": NOW, "values": {"b": 1, "c": []}}]})
        assert server.heard_back() == [
            {
                "error": {
                    "code": "bad_value",
                    "message": "a value is a number, true, false or a text",
                    "at": "readings[1].values.c",
                    "id": 7,
                }
            }
        ]
        await server.commit()
        assert server.committed == []
        assert server.registry.series == {}
        assert server.metrics.refused == {Reason.BAD_VALUE: 3}

    asyncio.run(body())


def test_pending_device_is_heard_and_nothing_is_taken() -> None:
    """Its envelopes hear ``unknown_device`` with a time; operators see its values; then it is let in."""

    async def body() -> None:
        server = Server(pending=True)
        server.session.hello(NOW, 5)
        server.say({"t": 21.5})
        server.envelope(1)
        hello, error = server.heard_back()
        assert hello == {"hello": {"device": "d", "time": NOW, "last_id": None, "max_message": 5, "pending": True}}
        assert error["error"]["code"] == "unknown_device"
        assert error["error"]["retry_after"] > 0
        assert server.heard == {"t": 1}
        server.say({"reply": {"id": "c1", "ok": True}})
        assert server.notes == []
        server.pending = False
        server.envelope(1)
        await server.commit()
        assert server.acks() == [1]

    asyncio.run(body())


def test_replies_and_reports_are_handed_on() -> None:
    """What is no reading goes to who waits for it."""

    async def body() -> None:
        server = Server()
        server.say({"reply": {"id": "c1", "ok": True}})
        server.say({"config": {"interval": 5}})
        assert [(note.kind, note.body) for note in server.notes] == [
            ("reply", {"id": "c1", "ok": True}),
            ("config", {"interval": 5}),
        ]

    asyncio.run(body())


FRAMES = st.lists(
    st.tuples(
        st.sampled_from(["send", "bare", "bad", "noise", "commit", "fail", "full", "room"]),
        st.integers(0, 5),
        st.binary(max_size=9),
    ),
    max_size=40,
)


@given(FRAMES)
def test_careless_device_is_acknowledged_only_what_is_durable(frames: list[tuple[str, int, bytes]]) -> None:
    """It uses ids again, ignores order and sends noise: still one answer to each envelope, acks after commits."""

    async def body() -> None:
        server = Server()
        sent: Counter[int] = Counter()
        answered: Counter[int] = Counter()
        for step, id_, noise in [*frames, ("commit", 0, b"")]:
            if step in ("send", "bad"):
                server.envelope(id_, 1 if step == "send" else [])
                sent[id_] += 1
            elif step == "bare":
                server.say({"t": 1})
            elif step == "noise":
                server.session.receive(noise)
            elif step in ("full", "room"):
                server.full = step == "full"
            else:
                await server.commit(fails=step == "fail")
            durable = Counter(batch.mark[1] for batch in server.committed if batch.mark)
            for frame in server.heard_back():
                ack = frame.get("ack", [])
                for one in ack if isinstance(ack, list) else [ack]:
                    acked[one] += 1
                    answered[one] += 1
                if "id" in frame.get("error", {}):
                    answered[frame["error"]["id"]] += 1
            assert acked == durable
            assert answered <= sent
        assert answered == sent

    acked: Counter[Any] = Counter()
    asyncio.run(body())


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_malformed_message_is_refused_with_its_code_and_the_next_one_works(row: dict[str, Any]) -> None:
    """The whole table: code and place, nothing taken, nothing registered."""

    async def body() -> None:
        server = Server()
        server.session.receive(message(row))
        (frame,) = server.heard_back()
        assert frame["error"]["code"] == row["code"], frame
        if "at" in row:
            assert frame["error"].get("at") == row["at"]
        assert server.registry.series == {}
        server.envelope(1)
        await server.commit()
        assert server.acks() == [1]

    asyncio.run(body())


STEPS = st.lists(
    st.sampled_from(["send", "bad", "commit", "fail", "full", "room"]),
    min_size=1,
    max_size=40,
)


def settled(server: Server) -> set[Any]:
    """The ids of what is durable."""
    return {batch.mark[1] for batch in server.committed if batch.mark}


@given(STEPS)
def test_faithful_device_loses_nothing_and_doubles_nothing(steps: list[str]) -> None:
    """Whatever fails: a device that sends again what was put off gets each envelope committed once, in order.

    And ``last_id`` never covers what is neither durable nor refused for good.
    """

    async def body() -> None:
        server = Server()
        queue: list[tuple[int, Any]] = []
        sent = 0
        done: list[int] = []
        refused: set[int] = set()

        def place(frame: Any) -> int:
            return next(at for at, one in enumerate(queue) if one[0] == frame["error"]["id"])

        def listen() -> bool:
            """Take the answers in; whether to stop sending for now."""
            nonlocal queue, sent
            put_off = False
            for frame in server.heard_back():
                if "ack" in frame:
                    ids = frame["ack"] if isinstance(frame["ack"], list) else [frame["ack"]]
                    done.extend(ids)
                    queue = [one for one in queue if one[0] not in ids]
                    sent -= len(ids)
                elif frame["error"]["code"] == "try_later":
                    sent = min(sent, place(frame))
                    put_off = True
                else:
                    index = place(frame)
                    refused.add(queue.pop(index)[0])
                    sent -= index < sent
            return put_off

        total = 0
        for step in [*steps, "room", *["send", "commit"] * 3]:
            if step in ("send", "bad"):
                queue.append((total, 1 if step == "send" else []))
                total += 1
                while sent < len(queue):
                    sent += 1
                    server.envelope(*queue[sent - 1])
                    if listen():
                        break
            elif step == "commit":
                await server.commit()
                listen()
            elif step == "fail":
                await server.commit(fails=True)
                listen()
            else:
                server.full = step == "full"
            covered = range(-1 if server.last_id is None else int(server.last_id) + 1)
            assert settled(server) | refused >= set(covered)
        ids = [batch.mark[1] for batch in server.committed if batch.mark]
        assert server.last_id == total - 1
        kinds = [step for step in [*steps, *["send"] * 3] if step in ("send", "bad")]
        assert done == ids == [at for at, step in enumerate(kinds) if step == "send"]

    asyncio.run(body())


@pytest.mark.parametrize("pending", [False, True])
def test_every_frame_is_kept_once_with_what_became_of_it(*, pending: bool) -> None:
    """Also those that are put off behind an earlier one, and those of a device that waits."""

    async def body() -> None:
        server = Server(pending=pending)
        frames = [
            '{"t": 1}',
            '{"id": 1, "readings": [{"t": 2}]}',
            '{"id": 2, "readings": [{"ts": 5, "values": {"t": 1}}]}',
            "{broken",
            cbor2.dumps({"t": 1.5}),
        ]
        for frame in frames:
            server.session.receive(frame)
        server.full = True
        late = ['{"id": 3, "readings": [{"t": 3}]}', '{"id": 4, "readings": [{"t": 4}]}', '{"t": 5}']
        for frame in late:
            server.session.receive(frame)
        assert [frame for frame, _, _ in server.kept] == frames + late
        kinds = [one.code.value if isinstance(one, Refusal) else type(one).__name__ for _, one, _ in server.kept]
        if pending:
            assert kinds == ["unknown_device"] * 3 + ["bad_message"] + ["unknown_device"] * 4
        else:
            assert kinds == ["Batch", "Batch", "bad_time", "bad_message", "Batch"] + ["try_later"] * 3
            assert [commit is not None for _, _, commit in server.kept] == [kind == "Batch" for kind in kinds]

    asyncio.run(body())
