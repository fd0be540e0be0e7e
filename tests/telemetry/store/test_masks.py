"""Masks over many readings say the same as over one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telemetry.model import Mask
from telemetry.store import masks
from telemetry.store.journal import UNTRUSTED_CLOCK
from telemetry.store.records import Texts
from tests.telemetry.store.kit import packed

LIMIT = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 0.5, 1.0, 7.25]))
MASK = st.builds(Mask, st.just(1), st.integers(0, 20), st.integers(0, 20), LIMIT, LIMIT)
VALUE = st.one_of(
    st.sampled_from([-2.0, -0.0, 0.0, 0.5, 1.0, 7.25, 8.0]), st.booleans(), st.sampled_from(["on", "off"])
)


@given(st.lists(MASK, max_size=3), st.lists(VALUE, max_size=20), st.booleans())
def test_many_readings_are_hidden_as_each_alone(
    some: list[Mask], values: list[float | bool | str], flagged: bool
) -> None:
    records = packed(enumerate(values), Texts())
    if flagged and len(records):
        records["kind"] |= UNTRUSTED_CLOCK
    found = masks.hide(records, some).tolist()
    assert found == [any(mask.hides(ts, value) for mask in some) for ts, value in enumerate(values)]


def test_without_a_threshold_a_mask_hides_text_too_and_ends_before_its_end() -> None:
    records = packed([(4, 1.0), (5, "on"), (9, True), (10, 1.0)], Texts())
    assert masks.hide(records, [Mask(1, 5, 10)]).tolist() == [False, True, True, False]
    assert masks.hide(records, [Mask(1, 0, 20, above=0.5)]).tolist() == [True, False, True, True]
    assert masks.hide(records, []).tolist() == [False] * 4
