"""Records: what csv says, whatever the pieces."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.exchange.records import LONGEST, split


def test_plain_lines_are_records_of_their_own() -> None:
    found = split(["a,b", "", "c,d\r"], 5, last=False)
    assert found.rows == [["a", "b"], [], ["c", "d"]]
    assert list(found.lines) == [5, 6, 7]
    assert found.taken == 3


def test_a_quoted_line_end_is_in_its_cell() -> None:
    found = split(['a,"x', 'y"', "b,c"], 1, last=False)
    assert found.rows == [["a", "x\ny"], ["b", "c"]]
    assert list(found.lines) == [1, 3]


def test_a_record_that_is_cut_off_waits_for_the_rest() -> None:
    found = split(["a,b", 'c,"x', "y"], 1, last=False)
    assert (found.rows, found.taken) == ([["a", "b"]], 1)


def test_at_the_end_nothing_can_close_a_quote() -> None:
    found = split(['c,"x', "a,b"], 1, last=True)
    assert found.rows == [["a", "b"]]
    assert [one.line for one in found.refused] == [1]


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    found = split(['c,"x', *["a,b"] * (2 * LONGEST)], 1, last=False)
    assert found.rows == [["a", "b"]] * (2 * LONGEST)
    assert [one.line for one in found.refused] == [1]


def test_a_line_that_is_no_csv_is_refused_and_the_others_kept() -> None:
    found = split(["a,b", "c\rd,e", "f,g"], 1, last=True)
    assert found.rows == [["a", "b"], ["f", "g"]]
    assert [one.line for one in found.refused] == [2]


CELL = st.text(st.sampled_from('ab",\n\r '), max_size=5)


@given(st.lists(st.lists(CELL, min_size=2, max_size=3), max_size=8), st.integers(1, 9))
def test_any_pieces_give_the_records_that_were_written(rows: list[list[str]], piece: int) -> None:
    import io

    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    lines = file.getvalue().split("\n")[:-1]
    found: list[list[str]] = []
    waiting: list[str] = []
    for at in range(0, len(lines), piece):
        waiting += lines[at : at + piece]
        records = split(waiting, 1, last=at + piece >= len(lines))
        assert not records.refused
        found += records.rows
        del waiting[: records.taken]
    assert found == rows
    assert not waiting


@pytest.mark.parametrize("last", [True, False])
def test_nothing_is_nothing(last: bool) -> None:
    assert split([], 1, last=last).rows == []
