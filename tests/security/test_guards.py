"""The guards that ``make guards`` takes out are in the source, once each, and what is put there instead is Python."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.contracts import source
from tests.security.guards import GUARDS, Guard, Unfit
from tests.security.rows import ROWS, test_names


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.id for guard in GUARDS])
def test_a_guard_fits_the_source_and_leaves_a_program(guard: Guard) -> None:
    """One that was moved or rewritten is found here; ``make guards`` then says whether it is still seen."""
    without = guard.without(source.text(guard.path))
    if guard.path.endswith(".py"):
        ast.parse(without, guard.path)


def test_each_has_a_name_of_its_own_and_a_row() -> None:
    assert [name for name, times in Counter(guard.id for guard in GUARDS).items() if times > 1] == []
    assert {guard.row for guard in GUARDS} <= set(ROWS)


def test_what_is_named_for_a_guard_is_a_test() -> None:
    named = {test for guard in GUARDS for test in guard.tests}
    assert [guard.id for guard in GUARDS if not guard.tests] == []
    assert [test for test in sorted(named) if test.partition("[")[0] not in test_names(test.partition("::")[0])] == []


def test_only_what_is_served_is_changed() -> None:
    """A guard in a test would show nothing."""
    own = ("tests/", "bench/", "docs/")
    assert [guard.id for guard in GUARDS if guard.path.startswith(own)] == []


def test_a_text_that_is_not_there_once_is_no_guard(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ny = 1\n")
    for old in ("= 1", "= 2"):
        with pytest.raises(Unfit):
            Guard(1, "x", "a.py", old, "", ()).remove(tmp_path)
    Guard(1, "x", "a.py", "x = 1", "x = 2", ()).remove(tmp_path)
    assert (tmp_path / "a.py").read_text() == "x = 2\ny = 1\n"
