"""The native message: what a decoded value says, and why it says nothing."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import json_codec, native
from devices.codecs.native import MAX_ID, Bad, Note, Readings, parse
from telemetry.model import MAX_READINGS, Entry, Reason
from tests.malformed import ROWS, message

EXAMPLES = [
    line.strip() for line in (native.__doc__ or "").splitlines() if re.match(r" {4}[\[{]", line)
]  # fmt: skip


def example(text: str) -> Any:
    """What an example of the docstring says, without its explanation, its dots filled in."""
    text = re.split(r"\s{2,}", text)[0]
    for dots, filled in (("{...}", '{"x": 1}'), ("...any of these...", '{"t": 1}'), ("[ ... ]", '[{"t": 1}]')):
        text = text.replace(dots, filled)
    value = json_codec.decode(text)
    assert isinstance(value, dict | list), text
    return parse(value)


def test_examples_of_the_docstring_are_understood() -> None:
    found = [example(text) for text in EXAMPLES]
    assert found == [
        Readings([Entry({"temperature": 21.5}, bare=True)], ""),
        Readings([Entry({"t": 21.5}, 1700000000000)], ""),
        Readings([Entry({"t": 21.5}, None, 1500)], ""),
        Readings([Entry({"x": 1}, device="node-7")], ""),
        Readings([Entry({"t": 1}, bare=True)]),
        Readings([Entry({"t": 1}, bare=True)], "readings[{}].", 17),
        Note("reply", {"x": 1}),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, Readings([Entry({}, bare=True)], "")),
        ([], Readings([])),
        ({"values": {}}, Readings([Entry({})], "")),
        ({"values": {"ts": 1, "id": 2}}, Readings([Entry({"ts": 1, "id": 2})], "")),
        ({"values": {"t": 1}, "ts": None, "age": 5}, Readings([Entry({"t": 1}, None, 5)], "")),
        ({"values": {"t": 1}, "ts": "x"}, Readings([Entry({"t": 1}, "x")], "")),
        ({"a": {"b": {"c": 1}}}, Readings([Entry({"a": {"b": {"c": 1}}}, bare=True)], "")),
        ({"id": 0, "readings": []}, Readings([], "readings[{}].", 0)),
        ({"id": MAX_ID, "readings": []}, Readings([], "readings[{}].", MAX_ID)),
        ({"id": "", "readings": []}, Readings([], "readings[{}].", "")),
        ({"id": "x" * 64, "readings": []}, Readings([], "readings[{}].", "x" * 64)),
        ({"config": {}}, Note("config", {})),
        ({"controls": {"a": 1}}, Note("controls", {"a": 1})),
        ({"error": {"message": "hot"}}, Note("error", {"message": "hot"})),
    ],
    ids=count(),
)
def test_what_messages_say(value: object, expected: object) -> None:
    assert parse(value) == expected


def test_senml_packs_stand_where_lists_stand() -> None:
    """Alone, and in an envelope."""
    pack = [{"bn": "d/", "n": "t", "v": 1}]
    for found, id_ in ((parse(pack), None), (parse({"id": 1, "readings": pack}), 1)):
        assert isinstance(found, Readings)
        assert found.id == id_
        assert [(entry.device, entry.values) for entry in found.entries] == [("d", {"t": 1})]


@pytest.mark.parametrize(
    ("value", "code", "at", "id_"),
    [
        (None, Reason.BAD_MESSAGE, None, None),
        ({"id": 1.0, "readings": []}, Reason.BAD_MESSAGE, "id", None),
        ({"id": "x" * 65, "readings": []}, Reason.BAD_MESSAGE, "id", None),
        ({"id": 3}, Reason.BAD_MESSAGE, None, 3),
        ({"id": 3, "t": 1}, Reason.BAD_MESSAGE, None, 3),
        ({"id": 3, "readings": [{}, 5]}, Reason.BAD_MESSAGE, "readings[1]", 3),
        ({"id": 3, "readings": [{"ts": 1}]}, Reason.BAD_MESSAGE, "readings[0]", 3),
        ({"id": 3, "readings": [{"values": 1}]}, Reason.BAD_MESSAGE, "readings[0].values", 3),
        ([{"id": 1, "readings": []}], Reason.BAD_MESSAGE, "[0]", None),
        ([{"reply": {}}], Reason.BAD_MESSAGE, "[0]", None),
        ({"reply": {}, "config": {}}, Reason.BAD_MESSAGE, None, None),
        ({"values": {"t": 1}, "t": 2}, Reason.BAD_MESSAGE, None, None),
        ({"values": {"t": 1}, "ts": 5, "reply": {}}, Reason.BAD_MESSAGE, None, None),
        ([{}] * (MAX_READINGS + 1), Reason.TOO_LARGE, None, None),
        ({"id": 3, "readings": [{}] * (MAX_READINGS + 1)}, Reason.TOO_LARGE, None, 3),
    ],
    ids=count(),
)
def test_refusal_says_where_and_keeps_the_id(value: object, code: Reason, at: str | None, id_: object) -> None:
    found = parse(value)
    assert isinstance(found, Bad)
    assert (found.refusal.code, found.refusal.at, found.id) == (code, at, id_)


@pytest.mark.parametrize("word", sorted(native.RESERVED))
def test_reserved_words_are_no_metrics(word: str) -> None:
    """Beside anything else, of any value."""
    for value in (1, "x", None, {"x": 1}, []):
        found = parse({word: value, "t": 1})
        assert isinstance(found, Bad), value
        assert found.refusal.code is Reason.BAD_MESSAGE


def test_as_many_objects_as_readings_are_taken() -> None:
    assert isinstance(parse([{}] * MAX_READINGS), Readings)


@pytest.mark.parametrize("row", [row for row in ROWS if "cbor" not in row], ids=lambda row: str(row["name"]))
def test_rows_of_the_malformed_table_never_raise(row: dict[str, Any]) -> None:
    """What is refused here is refused with the code of the table; the rest is the gate's."""
    found = parse(json_codec.decode(message(row)))
    if isinstance(found, Bad):
        assert found.refusal.code == row["code"]


WORDS = st.sampled_from([*native.RESERVED, "t", "n", "bn", "v", "a.b", ""])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=20
)


@given(ANYTHING)
def test_anything_is_understood_or_refused(value: object) -> None:
    """Never an exception; ids are as the contract wants them."""
    found = parse(value)
    assert isinstance(found, Readings | Note | Bad)
    if not isinstance(found, Note) and found.id is not None:
        assert isinstance(found.id, str) or 0 <= found.id <= MAX_ID
