"""CBOR (RFC 8949) with the content of the JSON messages; the same strictness.

Allowed are maps with text keys, arrays, text, integers, floats of any size, booleans and null, of definite or
indefinite length; and SenML's integer labels in the records of a pack. Refused: tags, a key that comes twice, anything
behind the first item, nesting deeper than ``DEPTH``. Byte strings, undefined and other simple values are decoded, for
whoever reads them to refuse in their place.

    a1 61 74 f9 4d 60   -> {"t": 21.5}
    c1 1a 00 00 00 00   -> bad_message (tag)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import SEEK_CUR, BytesIO
from itertools import repeat
from typing import Any

import cbor2

from telemetry.model import MAX_READINGS, Reason, Refusal

DEPTH = 64
"""Levels of maps and arrays."""
ERRORS = (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError, MemoryError)
LIST, MAP, INDEFINITE, BREAK = 4, 5, 31, b"\xff"
LABELS = range(-6, 9)


class _Broken(ValueError):
    """Not what this module takes."""


def _tag(*_: object) -> Any:
    raise _Broken("tags are not taken")


class _NoTags(Mapping[int, Callable[..., Any]]):
    """A decoder for every tag, which refuses it: some of cbor2's build cycles, patterns and huge integers."""

    def __getitem__(self, tag: int) -> Callable[..., Any]:
        return _tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


_NO_TAGS = _NoTags()


def _text_keys(found: Mapping[Any, Any], _immutable: bool) -> Mapping[Any, Any]:  # noqa: FBT001 - cbor2 calls it so
    for key in found:
        if type(key) is not str:
            raise _Broken("keys are text")
    return found


def decode(data: bytes) -> object | Refusal:
    """The value of one CBOR item, made of dict, list, str, int, float, bool and None; or ``bad_message``."""
    stream = BytesIO(data)
    try:
        value: object = _decoder(stream).decode()
        end = stream.tell()
    except ERRORS as error:
        try:
            stream.seek(0)
            value = _labelled(stream)
            end = stream.tell()
        except ERRORS:
            return _refusal(error)
    return value if end == len(data) else _refusal("something follows the first item")


def encode(body: Mapping[str, object]) -> bytes:
    """A message as CBOR."""
    return cbor2.dumps(body)


def _decoder(stream: BytesIO) -> cbor2.CBORDecoder:
    # Keys other than text and bytes can be made to collide, which costs the square of their number, so they are
    # refused before there is a map; bytes by the hook.
    return cbor2.CBORDecoder(
        stream,
        max_depth=DEPTH,
        allow_duplicate_keys=False,
        strict_hashable_types=True,
        semantic_decoders=_NO_TAGS,
        tag_hook=_tag,
        object_hook=_text_keys,
    )


def _refusal(why: object) -> Refusal:
    return Refusal(Reason.BAD_MESSAGE, f"not valid CBOR: {why}"[:200])


def _labelled(stream: BytesIO) -> object:
    """A list of maps whose keys may be SenML's labels, or an envelope around one. Raises what ``ERRORS`` names."""
    decoder = _decoder(stream)
    if _next(stream) == LIST:
        return _records(stream, decoder)
    message: dict[str | int, object] = {}
    for key in _keys(stream, decoder, message, range(0)):
        message[key] = _records(stream, decoder) if _next(stream) == LIST else decoder.decode()
    return message


def _records(stream: BytesIO, decoder: cbor2.CBORDecoder) -> list[dict[str | int, object]]:
    records: list[dict[str | int, object]] = []
    for _ in _items(stream, LIST):
        record: dict[str | int, object] = {}
        for key in _keys(stream, decoder, record, LABELS):
            record[key] = decoder.decode()
        records.append(record)
        if len(records) > MAX_READINGS:
            raise _Broken("more records than a message may hold")
    return records


def _keys(
    stream: BytesIO, decoder: cbor2.CBORDecoder, seen: Mapping[str | int, object], labels: range
) -> Iterator[str | int]:
    """The keys of the next map; whoever asks reads the value behind each."""
    for _ in _items(stream, MAP):
        key = decoder.decode()
        if not isinstance(key, str) and (type(key) is not int or key not in labels):
            raise _Broken("a map has a key that is neither text nor a label of SenML")
        if key in seen:
            raise _Broken("a key comes twice in one map")
        yield key


def _next(stream: BytesIO) -> int:
    """The major type of the next item, which stays where it is."""
    byte = stream.read(1)
    stream.seek(-len(byte), SEEK_CUR)
    return byte[0] >> 5 if byte else -1


def _items(stream: BytesIO, wanted: int) -> Iterator[None]:
    """Read the head of a list or map, then stop before each of its items (for a map: pairs)."""
    major, count = _head(stream)
    if major != wanted:
        raise _Broken("not a list of maps")
    if count is not None:
        yield from repeat(None, count)
        return
    while (byte := stream.read(1)) != BREAK:
        stream.seek(-len(byte), SEEK_CUR)
        yield


def _head(stream: BytesIO) -> tuple[int, int | None]:
    """Major type and count of the next item; None for an indefinite count."""
    first = stream.read(1) or BREAK
    major, info = first[0] >> 5, first[0] & 31
    if info == INDEFINITE:
        return major, None
    if info < 24:
        return major, info
    size = 1 << (info - 24)
    count = stream.read(size)
    if size > 8 or len(count) < size:
        raise _Broken("cut off")
    return major, int.from_bytes(count)
