"""Acknowledgements against a line that only writes down what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devices import mqtt_receipts
from devices.mqtt_link import Arrived
from devices.mqtt_receipts import DOUBLING_MAX, IMPATIENT, UNACKED_MAX, Receipts


class Line:
    """The connection: what was said to it, and the confirmation that it owes."""

    def __init__(self) -> None:
        self.acked: list[tuple[int, int]] = []
        self.flushed = 0
        self.restarts: list[str] = []
        self.owed: Callable[[], None] | None = None
        self.connected = True

    def ack(self, generation: int, mid: int) -> None:
        self.acked.append((generation, mid))

    def flush(self) -> None:
        self.flushed = len(self.acked)

    def confirm(self, confirmed: Callable[[], None]) -> bool:
        assert self.owed is None, "one question at a time"
        self.owed = confirmed if self.connected else None
        return self.connected

    def restart(self, problem: str) -> None:
        self.restarts.append(problem)

    def confirmed(self) -> None:
        """The broker has read everything so far."""
        owed, self.owed = self.owed, None
        assert owed is not None
        owed()


class Rig:
    """Receipts on a loop of their own, whose callbacks run when the test says so."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.line = Line()
        self.hurried = self.moved = 0
        self.receipts = Receipts(self.line, self._hurry, self._move)
        self._mids = count(1)

    def _hurry(self) -> None:
        self.hurried += 1

    def _move(self) -> None:
        self.moved += 1

    def message(self, text: str = "", mid: int | None = None, *, again: bool = False, generation: int = 1) -> Arrived:
        number = next(self._mids) if mid is None else mid
        return Arrived("a/b", text.encode(), False, again, generation, number)

    def commit(self) -> asyncio.Future[None]:
        return self.loop.create_future()

    def wait(self, messages: int, *, doubling: bool = False) -> asyncio.Future[None]:
        """So many messages in one commit."""
        commit = self.commit()
        for _ in range(messages):
            self.receipts.wait(self.message(), commit, doubling=doubling)
        return commit

    def settle(self, commit: asyncio.Future[None], error: Exception | None = None) -> None:
        if error is None:
            commit.set_result(None)
        else:
            commit.set_exception(error)
        self.turn()

    def turn(self) -> None:
        self.loop.run_until_complete(_nothing())


async def _nothing() -> None:
    await asyncio.sleep(0)


@pytest.fixture
def rig() -> Iterator[Rig]:
    one = Rig()
    yield one
    one.loop.close()


def test_message_is_acknowledged_after_its_commit_and_not_before(rig: Rig) -> None:
    message, commit = rig.message(), rig.commit()
    rig.receipts.wait(message, commit, doubling=False)
    rig.turn()
    assert rig.line.acked == []
    assert rig.receipts.unacked == 1
    rig.settle(commit)
    assert rig.line.acked == [(1, message.mid)]
    assert rig.line.flushed == 1
    assert rig.receipts.unacked == 0
    assert rig.moved == 1


def test_messages_of_one_commit_are_acknowledged_in_the_order_they_came(rig: Rig) -> None:
    rig.settle(rig.wait(5))
    assert rig.line.acked == [(1, mid) for mid in range(1, 6)]


def test_message_from_which_nothing_is_stored_is_acknowledged_at_once(rig: Rig) -> None:
    rig.receipts.done(rig.message())
    assert rig.line.acked == [(1, 1)]


def test_message_at_qos_0_is_not_waited_for(rig: Rig) -> None:
    rig.receipts.wait(rig.message(mid=0), rig.commit(), doubling=True)
    assert (rig.receipts.unacked, rig.receipts.doubtful) == (0, False)


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_commit_that_fails_acknowledges_nothing_and_begins_the_connection_again(rig: Rig, how: str) -> None:
    commit = rig.wait(3, doubling=True)
    if how == "fails":
        rig.settle(commit, OSError("no space left on device"))
    else:
        commit.cancel()
        rig.turn()
    assert rig.line.acked == []
    assert len(rig.line.restarts) == 1
    assert rig.receipts.unacked == 0
    assert rig.moved == 1, "what waits behind it must not wait for another commit"
    again = rig.message(mid=1, again=True, generation=2)
    assert not rig.receipts.redelivered(again), "it has to be stored now"


def test_ten_waiting_messages_hurry_the_commit(rig: Rig) -> None:
    rig.wait(IMPATIENT - 1)
    assert rig.hurried == 0
    rig.wait(1)
    assert rig.hurried == 1


def test_what_still_waits_after_a_commit_is_hurried_too(rig: Rig) -> None:
    first, _second = rig.wait(1), rig.wait(IMPATIENT)
    before = rig.hurried
    rig.settle(first)
    assert rig.hurried == before + 1


def test_so_many_may_wait_and_no_more(rig: Rig) -> None:
    commit = rig.wait(UNACKED_MAX - 1)
    assert not rig.receipts.full
    rig.wait(1)
    assert rig.receipts.full
    rig.settle(commit)
    assert not rig.receipts.full


def test_window_of_messages_without_a_time_opens_when_the_broker_has_read_the_acknowledgements(rig: Rig) -> None:
    rig.wait(1000)
    assert not rig.receipts.doubtful, "messages with a time are never doubled"
    commit = rig.wait(DOUBLING_MAX, doubling=True)
    assert rig.receipts.doubtful
    rig.settle(commit)
    assert rig.receipts.doubtful, "a crash now would double them: the broker may not have read the acknowledgement"
    rig.line.confirmed()
    assert not rig.receipts.doubtful
    assert rig.moved == 2


def test_acknowledgements_during_a_question_are_asked_for_by_the_next_one(rig: Rig) -> None:
    first, second = rig.wait(DOUBLING_MAX - 1, doubling=True), rig.wait(1, doubling=True)
    rig.settle(first)
    rig.settle(second)
    assert rig.receipts.doubtful
    rig.line.confirmed()
    assert not rig.receipts.doubtful
    rig.wait(DOUBLING_MAX - 1, doubling=True)
    assert rig.receipts.doubtful, "the second one is in doubt until its own question is answered"
    rig.line.confirmed()
    assert not rig.receipts.doubtful


def test_broker_that_cannot_be_asked_is_not_waited_for(rig: Rig) -> None:
    rig.line.connected = False
    rig.settle(rig.wait(DOUBLING_MAX, doubling=True))
    assert not rig.receipts.doubtful


@pytest.mark.parametrize("how", ["lost", "trust"])
def test_lost_connection_answers_no_question(rig: Rig, how: str) -> None:
    waiting = rig.wait(DOUBLING_MAX - 1, doubling=True)
    rig.settle(rig.wait(1, doubling=True))
    assert rig.receipts.doubtful
    getattr(rig.receipts, how)()
    assert not rig.receipts.doubtful
    rig.line.confirmed()  # it was on its way
    rig.wait(1, doubling=True)
    assert rig.receipts.doubtful, "those that wait for the disk are counted as before"
    rig.settle(waiting)


def test_redelivery_of_what_was_committed_is_acknowledged_at_once(rig: Rig) -> None:
    message, commit = rig.message("21.5"), rig.commit()
    rig.receipts.wait(message, commit, doubling=True)
    rig.settle(commit)
    for generation in (1, 2, 2):
        assert rig.receipts.redelivered(rig.message("21.5", message.mid, again=True, generation=generation))
    assert rig.line.acked == [(1, 1), (1, 1), (2, 1), (2, 1)]


def test_redelivery_of_what_still_waits_is_acknowledged_by_the_same_commit(rig: Rig) -> None:
    """The connection was lost and made again within the commit interval."""
    message, commit = rig.message("21.5"), rig.commit()
    rig.receipts.wait(message, commit, doubling=True)
    rig.receipts.lost()
    assert rig.receipts.redelivered(rig.message("21.5", message.mid, again=True, generation=2))
    assert rig.line.acked == []
    assert rig.receipts.unacked == 2
    rig.settle(commit)
    assert rig.line.acked == [(1, message.mid), (2, message.mid)]
    assert rig.receipts.unacked == 0
    assert rig.receipts.redelivered(rig.message("21.5", message.mid, again=True, generation=2))


def test_redelivery_of_what_waited_and_was_not_stored_is_stored(rig: Rig) -> None:
    message, commit = rig.message("21.5"), rig.commit()
    rig.receipts.wait(message, commit, doubling=True)
    again = rig.message("21.5", message.mid, again=True, generation=2)
    assert rig.receipts.redelivered(again)
    rig.settle(commit, OSError("disk"))
    assert rig.line.acked == []
    assert not rig.receipts.redelivered(again)


@pytest.mark.parametrize(
    "other",
    [
        Arrived("a/b", b"22.0", False, True, 2, 1),
        Arrived("a/c", b"21.5", False, True, 2, 1),
        Arrived("a/b", b"21.5", False, True, 2, 2),
        Arrived("a/b", b"21.5", False, False, 2, 1),
    ],
    ids=["payload", "topic", "id", "not a redelivery"],
)
@pytest.mark.parametrize("settled", [True, False])
def test_other_message_is_no_redelivery(rig: Rig, other: Arrived, settled: bool) -> None:
    commit = rig.commit()
    rig.receipts.wait(rig.message("21.5"), commit, doubling=True)
    if settled:
        rig.settle(commit)
    assert not rig.receipts.redelivered(other)


def test_topics_are_told_apart_beyond_their_first_letters(rig: Rig) -> None:
    """Long prefixes are common: site, building, floor, room."""
    commit, prefix = rig.commit(), "x" * 200
    rig.receipts.wait(Arrived(f"{prefix}/1", b"21.5", False, False, 1, 1), commit, doubling=True)
    rig.settle(commit)
    assert not rig.receipts.redelivered(Arrived(f"{prefix}/2", b"21.5", False, True, 2, 1))
    assert rig.receipts.redelivered(Arrived(f"{prefix}/1", b"21.5", False, True, 2, 1))


def test_id_that_is_in_use_again_names_another_message(rig: Rig) -> None:
    """Same content, same id; its redelivery is not that of the first one, which the broker has forgotten."""
    first, commit = rig.message("21.5"), rig.commit()
    rig.receipts.wait(first, commit, doubling=True)
    rig.settle(commit)
    second = rig.message("21.5", first.mid)
    assert not rig.receipts.redelivered(second)
    # the connection is lost before anything was done with it
    assert not rig.receipts.redelivered(second._replace(duplicate=True, generation=2))


def test_commit_of_an_older_message_says_nothing_of_a_newer_one_with_its_id(rig: Rig) -> None:
    old, new = rig.commit(), rig.commit()
    rig.receipts.wait(rig.message("21.5", 7), old, doubling=True)
    rig.receipts.wait(rig.message("22.0", 7, generation=2), new, doubling=True)
    rig.settle(old)
    assert rig.receipts.redelivered(rig.message("22.0", 7, again=True, generation=3)), "it waits for its own commit"
    assert (3, 7) not in rig.line.acked
    rig.settle(new)
    assert (3, 7) in rig.line.acked


def test_memory_of_committed_messages_has_a_bound(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_receipts, "REMEMBERED", 10)
    rig.settle(rig.wait(25))
    assert [mid for mid in range(1, 26) if rig.receipts.redelivered(rig.message("", mid, again=True))] == list(
        range(16, 26)
    )


class Exchange(RuleBasedStateMachine):
    """A broker with a persistent session, the receipts, and a disk that may fail: nothing is lost, nothing doubled.

    The broker keeps a message until it is acknowledged on the connection that stands, and redelivers it on the next.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig()
        self.line = self.rig.line
        self.generation = 1
        self.read = 0
        self.sent: dict[int, tuple[str, bool]] = {}
        self.commits: list[tuple[asyncio.Future[None], list[tuple[str, bool]]]] = []
        self.stored: dict[str, int] = {}
        self.numbers = count(1)

    def teardown(self) -> None:
        self.rig.loop.close()

    @initialize()
    def begin(self) -> None:
        self.commits.append((self.rig.commit(), []))

    def _deliver(self, mid: int, *, again: bool) -> None:
        text, doubling = self.sent[mid]
        message = self.rig.message(text, mid, again=again, generation=self.generation)
        if self.rig.receipts.redelivered(message):
            return
        commit, batch = self.commits[-1]
        batch.append((text, doubling))
        self.rig.receipts.wait(message, commit, doubling=doubling)

    @precondition(lambda self: not self.rig.receipts.doubtful and len(self.sent) < 40)
    @rule(doubling=st.booleans(), same=st.booleans())
    def publish(self, doubling: bool, same: bool) -> None:
        """Ids are used again as soon as they are free; contents may be equal."""
        mid = next(mid for mid in count(1) if mid not in self.sent)
        text = f"{mid}" if same else f"{next(self.numbers)} once"
        self.sent[mid] = text, doubling
        self.published = getattr(self, "published", {})
        self.published[text] = self.published.get(text, 0) + 1
        self._deliver(mid, again=False)

    @rule()
    def begin_a_commit(self) -> None:
        self.commits.append((self.rig.commit(), []))

    @precondition(lambda self: len(self.commits) > 1)
    @rule(good=st.booleans())
    def settle(self, good: bool) -> None:
        """The oldest commit ends: they do so in order."""
        commit, batch = self.commits.pop(0)
        if good:
            for text, _ in batch:
                self.stored[text] = self.stored.get(text, 0) + 1
        self.rig.settle(commit, None if good else OSError("disk"))
        if self.line.restarts:
            self.line.restarts.clear()
            self._reconnect()

    @rule()
    def broker_reads(self) -> None:
        """What was written so far, of this connection."""
        self._read_acks()
        if self.line.owed is not None:
            self.line.confirmed()

    def _read_acks(self) -> None:
        for generation, mid in self.line.acked[self.read :]:
            if generation == self.generation:
                self.sent.pop(mid, None)
        self.read = len(self.line.acked)

    @rule(heard=st.booleans())
    def connection_is_lost(self, heard: bool) -> None:
        if heard:
            self._read_acks()
        self._reconnect()

    def _reconnect(self) -> None:
        self.read = len(self.line.acked)
        self.line.owed = None
        self.rig.receipts.lost()
        self.generation += 1
        for mid in list(self.sent):
            self._deliver(mid, again=True)

    @invariant()
    def nothing_is_stored_more_often_than_it_was_published(self) -> None:
        published = getattr(self, "published", {})
        assert all(times <= published[text] for text, times in self.stored.items())

    @invariant()
    def what_the_broker_has_forgotten_is_stored(self) -> None:
        held: dict[str, int] = {}
        for text, _ in self.sent.values():
            held[text] = held.get(text, 0) + 1
        for text, times in getattr(self, "published", {}).items():
            assert self.stored.get(text, 0) + held.get(text, 0) >= times, text

    @invariant()
    def counts_are_those_of_what_waits(self) -> None:
        receipts = self.rig.receipts
        waiting = [one for batch in receipts._commits.values() for one in batch]
        assert receipts.unacked == len(waiting)
        assert receipts._doubling == sum(one.doubling for one in waiting) + receipts._acked + receipts._asked
        assert receipts._doubling <= DOUBLING_MAX + 40
        assert len(receipts._pending) <= len(waiting)


TestExchange = Exchange.TestCase
