"""JSON of devices: read strictly, refused as a value, whatever comes."""

from __future__ import annotations

import ast
import json
import math
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import json_codec
from telemetry.model import Reason, Refusal
from tests.devices.codecs.vectors import vectors
from tests.malformed import ROWS, message

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def code(found: object) -> Reason | None:
    return found.code if isinstance(found, Refusal) else None


def test_examples_of_the_docstring_hold() -> None:
    examples = vectors(json_codec)
    assert len(examples) == 3
    for text, result in examples:
        found = json_codec.decode(ast.literal_eval(text))
        if result == "bad_message":
            assert code(found) is Reason.BAD_MESSAGE
        else:
            assert found == json.loads(result)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"t": 21.5}', {"t": 21.5}),
        (b'{"t": 21.5}', {"t": 21.5}),
        (' \r\n\t{"t":-0.0}\n', {"t": -0.0}),
        ('{"a": {"t": 1}, "b": {"t": 2}}', {"a": {"t": 1}, "b": {"t": 2}}),
        ('{"K\\u00fcche": "\\ud83d\\ude00"}', {"Küche": "😀"}),
        ('{"Küche": "😀"}'.encode(), {"Küche": "😀"}),
        ("[]", []),
        ("null", None),
        ("1e999", math.inf),  # a number, which the gate refuses
        ('"\\u0000"', "\0"),
    ],
)
def test_what_is_json_is_read(text: str | bytes, value: object) -> None:
    assert json_codec.decode(text) == value


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"\xed\xa0\x80",
        '{"t": 1} x',
        '{"a": {"t": 1, "t": 1}}',
        '{"t": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"t": "\\udc00\\ud800"}',
        '{"t": "a\nb"}',
        "[1,]",
        "01",
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 5_000,
    ],
    ids=count(),
)
def test_what_is_not_is_bad_message(text: str | bytes) -> None:
    found = json_codec.decode(text)
    assert isinstance(found, Refusal)
    assert found.code is Reason.BAD_MESSAGE
    assert len(found.message) <= 200


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_anything_is_read_or_refused(data: str | bytes) -> None:
    """Never an exception; and what is read is what Python's own parser reads."""
    found = json_codec.decode(data)
    if isinstance(found, Refusal):
        assert found.code is Reason.BAD_MESSAGE
    else:
        assert found == json.loads(data)


@given(st.sampled_from([message(row) for row in ROWS if "cbor" not in row]), st.data())
def test_broken_messages_never_raise(text: str | bytes, data: st.DataObject) -> None:
    """Good and bad messages with a piece cut out."""
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    json_codec.decode(text[:start] + text[end:])


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES))
def test_what_is_encoded_reads_back(body: dict[str, object]) -> None:
    text = json_codec.encode(body)
    assert json_codec.decode(text) == body
    assert json_codec.decode(text.encode()) == body


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_does_not_have_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        json_codec.encode({"t": value})
