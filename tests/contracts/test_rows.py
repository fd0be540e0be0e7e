"""Every row of the screen names the tests that show it, and they are there."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.contracts import source
from tests.e2e.always import ALWAYS
from tests.e2e.rows import ROWS

E2E = source.ROOT / "tests" / "e2e"


@cache
def found_in(file: str) -> frozenset[str]:
    """The tests of a file that needs a browser."""
    text = (E2E / file).read_text(encoding="utf-8")
    assert "pytestmark = pytest.mark.e2e" in text, f"{file} is not marked as a test in a browser"
    functions = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return frozenset(one.name for one in functions if one.name.startswith("test_"))


def test_what_every_run_has_is_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in E2E.glob("test_*.py"))
    assert [name for name in ALWAYS if f"\ndef {name.partition('[')[0]}(" not in text] == []


def test_there_are_52_rows() -> None:
    assert list(ROWS) == list(range(1, 53))


@pytest.mark.parametrize("number", ROWS)
def test_each_row_has_a_test_or_says_what_it_waits_for(number: int) -> None:
    row = ROWS[number]
    assert bool(row.tests) != bool(row.waits)
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in found_in(file), test
