"""Each of the 44 rows has tests that exist, and a guard without which they fail."""

from __future__ import annotations

import pytest

from tests.security.guards import GUARDS
from tests.security.rows import ROWS, test_names


def test_there_are_44_rows() -> None:
    assert list(ROWS) == list(range(1, 45))


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_tests_that_exist(row: int) -> None:
    assert ROWS[row].tests
    assert [test for test in ROWS[row].tests if test not in test_names(test.partition("::")[0])] == []


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_a_guard_that_can_be_taken_out(row: int) -> None:
    assert any(guard.row == row for guard in GUARDS)


@pytest.mark.parametrize("row", ROWS)
def test_what_notices_a_guard_stands_in_its_row_or_beside_it(row: int) -> None:
    """One at least of the tests that fail without a guard of this row is a test of this row."""
    noticing = {test.partition("[")[0] for guard in GUARDS if guard.row == row for test in guard.tests}
    assert noticing & set(ROWS[row].tests)
