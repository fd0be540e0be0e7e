"""Store and forward against a model of the server: nothing lost, nothing twice, order kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devices.frames import Item, JsonFormat
from devices.outbox import Limits, Outbox

FORM = JsonFormat()


def item(number, at=0.0, ts=5, pad=0, readings=1):
    return Item(number, at, ts, FORM.content({"n": number} | ({"pad": "x" * pad} if pad else {})), b"", readings)


def outbox(count=0, **limits):
    box = Outbox(FORM, Limits(**({"batch": 1, "delay": 0.0} | limits)), first_id=100)
    box.hello(None, 262_144)
    for number in range(1, count + 1):
        box.put(item(number))
    return box


def frames(box, now=1.0):
    out = []
    while (frame := box.next(now)) is not None:
        message = json.loads(frame)
        out.append((message["id"], [one["values"]["n"] for one in message["readings"]]))
    return out


def drained(box, now=1.0):
    """As ``frames``, with each of them acknowledged before the next."""
    out = []
    while found := frames(box, now):
        out += found
        box.ack([number for number, _ in found])
    return out


def numbers(items):
    return [one.number for one in items]


def refusal(number, code="try_later", **more):
    return {"code": code, "message": "m", "id": number} | more


def test_nothing_is_sent_before_the_hello():
    box = Outbox(FORM, Limits(delay=0))
    box.put(item(1))
    assert box.next(9) is None
    assert box.wait(9) is None
    box.hello(None, 262_144)
    assert frames(box) == [(1, [1])]


def test_window_bounds_what_is_under_way_and_acks_open_it():
    box = outbox(5, window=2)
    assert frames(box) == [(100, [1]), (101, [2])]
    assert box.wait(1.0) is None
    assert numbers(box.ack([101, 100])) == [2, 1]
    assert frames(box) == [(102, [3]), (103, [4])]
    assert box.held == 3


def test_envelope_waits_until_it_is_full_flushed_or_old():
    box = outbox(batch=3, delay=10.0)
    box.put(item(1, at=0.0))
    box.put(item(2, at=4.0))
    assert box.next(4.0) is None
    assert box.wait(4.0) == 6.0
    assert frames(box, now=10.0) == [(100, [1, 2])]
    for number in (3, 4, 5, 6):
        box.put(item(number, at=11.0))
    assert frames(box, now=11.0) == [(101, [3, 4, 5])]
    box.flush_to = 6
    assert frames(box, now=11.0) == [(102, [6])]


def test_an_item_is_never_split_and_sizes_bound_an_envelope():
    box = outbox(batch=10)
    for number, readings in ((1, 7), (2, 7), (3, 12)):
        box.put(item(number, readings=readings))
    assert frames(box) == [(100, [1]), (101, [2]), (102, [3])]
    box.hello(None, 1000)
    assert frames(box) == [(103, [1]), (104, [2]), (105, [3])]
    for number in (4, 5, 6):
        box.put(item(number, pad=300))
    assert frames(box) == [(106, [4, 5]), (107, [6])]


def test_what_fits_no_message_is_refused_at_once():
    box = outbox()
    for bad in (item(1, pad=300_000), item(1, readings=10_001)):
        with pytest.raises(ValueError, match="do not fit"):
            box.put(bad)
    assert box.held == 0


def test_overflow_drops_the_oldest_that_is_not_under_way():
    box = outbox(4, capacity=4, window=1)
    assert frames(box) == [(100, [1])]
    assert numbers(box.put(item(5))) == [2]
    box.lost()
    assert numbers(box.put(item(6))) == [3]
    box.hello(None, 262_144)
    box.limits = Limits(batch=10, delay=0)
    assert frames(box) == [(101, [1, 4, 5, 6])]


def test_try_later_sends_that_one_first_and_the_rest_in_order():
    box = outbox(4)
    frames(box)
    box.ack(100)
    box.refuse(refusal(101, retry_after=500), now=1.0)
    box.refuse(refusal(102), now=1.0)
    box.put(item(5))
    assert frames(box, now=1.4) == []
    assert box.wait(1.4) == pytest.approx(0.1)
    assert drained(box, now=1.5) == [(101, [2]), (102, [3]), (103, [4]), (104, [5])]


def test_try_later_halves_what_is_under_way_and_acks_open_it_again():
    box = outbox(100, window=16)
    assert [first for first, _ in frames(box)] == list(range(100, 116))
    for number in range(100, 116):
        box.refuse(refusal(number, retry_after=0), now=1.0)
    assert [first for first, _ in frames(box)] == list(range(100, 108))
    box.refuse(refusal(100, retry_after=0), now=1.0)
    assert len(frames(box)) == 4
    rounds = [4]
    while rounds[-1] < 16:
        box.ack(sorted(box._sent)[: rounds[-1]])
        rounds.append(len(frames(box)))
    assert rounds == [4, 5, 6, 7, 9, 11, 14, 16]


def test_a_server_that_takes_nothing_is_asked_with_one_envelope_until_it_does():
    box = outbox(100, window=64)
    for _ in range(8):
        for number, _values in frames(box):
            box.refuse(refusal(number, retry_after=0), now=1.0)
    assert frames(box) == [(100, [1])]
    box.hello(None, 262_144)
    assert len(frames(box)) == 64


def test_an_answer_to_an_earlier_transmission_is_stale():
    """102's first refusal arrives after it was sent again: sending it a third time would be once too often."""
    box = outbox(6)
    frames(box)
    box.refuse(refusal(100, retry_after=0), now=1.0)
    assert frames(box) == [(100, [1]), (101, [2]), (102, [3])]
    for number in range(101, 106):
        box.refuse(refusal(number), now=1.0)
    assert frames(box, now=99.0) == []
    assert numbers(box.ack([100, 101, 102])) == [1, 2, 3]
    assert frames(box, now=99.0) == [(103, [4]), (104, [5]), (105, [6])]


def test_unknown_device_with_retry_after_waits_for_approval():
    box = outbox(2)
    frames(box)
    for number in (100, 101):
        assert box.refuse(refusal(number, "unknown_device", retry_after=5000), now=1.0) == []
    assert frames(box, now=2.0) == []
    box.resume()
    assert frames(box, now=2.0) == [(100, [1]), (101, [2])]


def test_final_refusal_drops_the_entry_it_names_and_keeps_its_neighbours():
    box = outbox(4, batch=4)
    assert frames(box) == [(100, [1, 2, 3, 4])]
    assert numbers(box.refuse(refusal(100, "bad_value", at="readings[2].values.n"), now=1.0)) == [3]
    assert frames(box) == [(101, [1, 2, 4])]
    assert box.held == 3


@pytest.mark.parametrize("at", [None, "id", "readings[9]"])
def test_final_refusal_without_a_place_drops_the_envelope(at):
    box = outbox(2, batch=2)
    frames(box)
    assert numbers(box.refuse(refusal(100, "bad_message", at=at), now=1.0)) == [1, 2]
    assert box.held == 0
    assert box.oldest() is None


@pytest.mark.parametrize("order", [(100, 101), (101, 100)])
def test_neighbours_of_two_refusals_go_out_in_order(order):
    box = outbox(6, batch=2)
    frames(box)
    places = {100: "readings[1]", 101: "readings[0]"}
    for number in order:
        box.refuse(refusal(number, "bad_value", at=places[number]), now=1.0)
    assert box.oldest() == 1
    assert frames(box) == [(103, [1, 4])]


def test_answers_to_unknown_ids_mean_nothing():
    box = outbox(1)
    assert box.ack(["x", None, 7, 2**70]) == []
    assert box.refuse(refusal("x"), now=1.0) == box.refuse({"code": "bad_message"}, now=1.0) == []
    assert frames(box) == [(100, [1])]


def test_last_id_settles_what_it_covers_and_the_rest_goes_again_under_new_ids():
    box = outbox(5)
    frames(box)
    box.ack(100)
    box.lost()
    done, large = box.hello(102, 262_144)
    assert (numbers(done), large) == ([2, 3], [])
    assert frames(box) == [(105, [4]), (106, [5])]


@pytest.mark.parametrize("last_id", [None, 99, 105, 2**60, "102", 1.5])
def test_last_id_of_another_run_covers_nothing(last_id):
    box = outbox(5)
    frames(box)
    box.lost()
    assert box.hello(last_id, 262_144) == ([], [])
    assert [number for _, sent in frames(box) for number in sent] == [1, 2, 3, 4, 5]


def test_a_stricter_server_gets_smaller_messages_and_what_never_fits_is_returned():
    box = outbox(batch=10, capacity=1000)
    for number in range(1, 5):
        box.put(item(number, pad=255))
    box.put(item(5, pad=900, readings=3))
    _, large = box.hello(None, 800)
    assert numbers(large) == [5]
    assert box.held == box.queued == 4
    assert frames(box) == [(100, [1, 2]), (101, [3, 4])]


def test_too_big_halves_the_limit():
    box = outbox(8, batch=8)
    frames(box)
    box.lost()
    assert box.shrink() <= 4 * item(1).size
    box.hello(None, 262_144)
    assert all(len(sent) < 8 for _, sent in frames(box))


@pytest.mark.parametrize("bad", [{"window": 0}, {"batch": 0}, {"batch": 10_001}, {"capacity": 0}, {"delay": -1}])
def test_limits_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="out of range"):
        Limits(**bad)


class Against(RuleBasedStateMachine):
    """The outbox, two lossy pipes and a server by the contract that stores every copy it is sent."""

    @initialize(window=st.integers(1, 4), batch=st.integers(1, 3))
    def begin(self, window, batch):
        self.box = Outbox(FORM, Limits(window=window, batch=batch, delay=0.0), first_id=1000)
        self.now = 0.0
        self.taken = 0
        self.wire: list[dict] = []
        self.answers: list[dict] = []
        self.pending: list[dict] = []
        self.log: list[int] = []
        self.last_id = None
        self.blocked = None
        self.acked: list[int] = []
        self.refused: list[int] = []

    @rule(count=st.integers(1, 5))
    def take(self, count):
        for _ in range(count):
            self.taken += 1
            self.box.put(item(self.taken, at=self.now))

    @rule()
    def pump(self):
        while (frame := self.box.next(self.now)) is not None:
            self.wire.append(json.loads(frame))

    @precondition(lambda self: self.wire)
    @rule(choice=st.sampled_from(["take", "take", "take", "try_later"]))
    def server_reads(self, choice):
        message = self.wire.pop(0)
        if (self.blocked is not None and message["id"] != self.blocked) or choice == "try_later":
            if self.blocked is None:
                self.blocked = message["id"]
            self.answers.append({"error": refusal(message["id"], retry_after=10)})
            return
        self.blocked = None
        self.pending.append(message)

    @rule()
    def commit(self):
        self.log += [one["values"]["n"] for message in self.pending for one in message["readings"]]
        ids = [message["id"] for message in self.pending]
        if ids:
            self.last_id = ids[-1]
            self.answers.append({"ack": ids if len(ids) > 1 else ids[0]})
        self.pending = []

    @precondition(lambda self: self.pending and self.blocked is None)
    @rule()
    def disk_fails(self):
        self.blocked = self.pending[0]["id"]
        self.answers += [{"error": refusal(message["id"], retry_after=10)} for message in self.pending]
        self.pending = []

    @precondition(lambda self: self.answers)
    @rule()
    def answer_arrives(self):
        answer = self.answers.pop(0)
        if "ack" in answer:
            self.acked += numbers(self.box.ack(answer["ack"]))
        else:
            self.refused += numbers(self.box.refuse(answer["error"], self.now))

    @rule(seconds=st.sampled_from([0.005, 0.02]))
    def time_passes(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.box.online)
    @rule(read=st.integers(0, 9))
    def cut(self, read):
        for _ in range(min(read, len(self.wire))):
            self.server_reads("take")
        self.box.lost()
        self.wire.clear()
        self.answers.clear()

    @precondition(lambda self: not self.box.online)
    @rule(committed=st.booleans())
    def connect(self, committed):
        """The hello comes when everything from the earlier socket is committed or dropped."""
        if committed:
            self.commit()
        self.pending, self.answers, self.blocked = [], [], None
        self.acked += numbers(self.box.hello(self.last_id, 262_144)[0])

    @invariant()
    def nothing_is_stored_twice_or_out_of_order(self):
        assert self.log == sorted(set(self.log)), self.log

    @invariant()
    def what_is_acked_is_stored(self):
        assert set(self.acked) <= set(self.log)
        assert len(self.acked) == len(set(self.acked))

    @invariant()
    def the_count_is_right(self):
        assert self.box.held == self.taken - len(self.acked)
        assert self.refused == []

    def teardown(self):
        """From any state, a server that behaves gets everything."""
        if not hasattr(self, "box"):
            return
        for _ in range(10 * (self.taken + 5)):
            if not self.box.online:
                self.connect(committed=True)
            self.pump()
            while self.wire:
                self.server_reads("take")
            self.commit()
            while self.answers:
                self.answer_arrives()
            self.now += 1
            self.nothing_is_stored_twice_or_out_of_order()
        assert self.log == list(range(1, self.taken + 1))
        assert self.box.oldest() is None


TestAgainstTheModel = Against.TestCase
TestAgainstTheModel.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
