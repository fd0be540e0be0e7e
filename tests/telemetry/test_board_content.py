"""What a board may hold, and how each mistake is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.board_content import IMAGE, MAX_IMAGES, MAX_PARTS, content_of, images_of
from telemetry.model import Reason, Refusal

KEY = "0123456789abcdef" * 2


def part(**fields: Any) -> dict[str, Any]:
    return {"id": "p1", "kind": "tile", "w": 3, "h": 2} | fields


def board(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "Boilers", "parts": list(parts)} | fields


def test_a_full_board_comes_back_as_it_was() -> None:
    whole = board(
        part(series=["{device}/temperature"], title="Flow", low=1.5, high=90),
        part(id="p2", kind="gauge", series=["a/b"], min=-5, max=5),
        part(id="p3", kind="text", text="# A\n- b"),
        part(id="p4", kind="plan", image=KEY, pins=[{"series": "a/b", "label": "here", "x": 0, "y": 1}]),
        devices="boiler*",
        range=3_600_000,
    )
    assert content_of(whole) == whole
    assert images_of(whole) == {KEY}


def test_nulls_are_left_out_and_texts_are_brought_to_nfc() -> None:
    found = content_of(board(part(title="e\u0301 ", series=None), name=" B "))
    assert found == {"name": "B", "parts": [part(title="\u00e9")]}


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (None, None),
        ([], None),
        ({"parts": []}, "name"),
        ({"name": "x"}, "parts"),
        (board(other=1), None),
        (board(name=""), "name"),
        (board(name="a\nb"), "name"),
        (board(name="x" * 81), "name"),
        (board(range=10), "range"),
        (board(range=True), "range"),
        (board(*[part(id=f"p{n}") for n in range(MAX_PARTS + 1)]), "parts"),
        (board(part(), part()), "parts"),
        (board(part(w=0)), "parts[0].w"),
        (board(part(w=13)), "parts[0].w"),
        (board(part(h=2.5)), "parts[0].h"),
        (board(part(kind="script")), "parts[0].kind"),
        (board(part(id="a b")), "parts[0].id"),
        (board(part(colour=1)), "parts[0]"),
        (board(part(series="a/b")), "parts[0].series"),
        (board(part(series=[""])), "parts[0].series[0]"),
        (board(part(series=["a"] * 25)), "parts[0].series"),
        (board(part(min=5, max=5)), "parts[0].min"),
        (board(part(low=True)), "parts[0].low"),
        (board(part(high=1e300)), "parts[0].high"),
        (board(part(image="../x")), "parts[0].image"),
        (board(part(pins=[{"series": "a/b", "x": 1.5, "y": 0}])), "parts[0].pins[0].x"),
        (board(part(pins=[{"x": 0, "y": 0}])), "parts[0].pins[0].series"),
        (board(part(text="\x00")), "parts[0].text"),
        (board(*[part(id=f"p{n}", image=f"{n:032x}") for n in range(MAX_IMAGES + 1)]), "parts"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_a_mistake_is_refused_and_its_place_is_named(body: object, at: str | None) -> None:
    found = content_of(body)
    assert isinstance(found, Refusal)
    assert (found.code, found.at) == (Reason.BAD_VALUE, at)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "parts", "id", "kind", "w", "h"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_comes_is_a_board_that_can_be_written_or_a_refusal(body: object) -> None:
    found = content_of(body)
    if not isinstance(found, Refusal):
        assert content_of(json.loads(json.dumps(found, allow_nan=False))) == found


def test_an_image_is_named_by_hexadecimal_digits() -> None:
    assert IMAGE.fullmatch(KEY)
    assert not IMAGE.fullmatch(KEY.upper())
