"""The wire format: what is written is read, and what is cut off is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import protobuf
from devices.codecs.protobuf import BYTES, FIXED32, FIXED64, VARINT

NUMBERS = st.integers(1, 2**29 - 1)
FIELDS = st.one_of(
    st.tuples(NUMBERS, st.just(VARINT), st.integers(0, 2**64 - 1)),
    st.tuples(NUMBERS, st.just(BYTES), st.binary(max_size=300)),
    st.tuples(NUMBERS, st.just(FIXED32), st.binary(min_size=4, max_size=4)),
    st.tuples(NUMBERS, st.just(FIXED64), st.binary(min_size=8, max_size=8)),
)


def test_example_of_the_docstring_holds() -> None:
    assert list(protobuf.fields(bytes.fromhex("089601"))) == [(1, VARINT, 150)]
    assert protobuf.field(1, VARINT, 150).hex() == "089601"


@given(st.lists(FIELDS, max_size=20))
def test_what_is_written_is_read(fields: list[protobuf.Field]) -> None:
    assert list(protobuf.fields(b"".join(protobuf.field(*one) for one in fields))) == fields


def test_negative_number_is_written_in_64_bits() -> None:
    assert list(protobuf.fields(protobuf.field(3, VARINT, -1))) == [(3, VARINT, 2**64 - 1)]


@pytest.mark.parametrize(
    "text",
    ["08", "0880", "0a05616263", "0d000000", "0900", "0b", "0c", "0f", "00", "08" + "ff" * 10 + "01", "0affffffffff01"],
)
def test_broken_message_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a field|field \d+|a number"):
        list(protobuf.fields(bytes.fromhex(text)))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_fields_or_a_value_error(data: bytes) -> None:
    try:
        found = list(protobuf.fields(data))
    except ValueError:
        return
    assert sum(len(value) if isinstance(value, bytes) else 1 for _, _, value in found) <= len(data)
