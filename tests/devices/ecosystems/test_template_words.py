from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.template_words import (
    FILTERS,
    METHODS,
    OPERATORS,
    TESTS,
    TEXT_MAX,
    WHOLE_MAX,
    WordError,
    bounded,
    text,
)

FAILURES = (WordError, ArithmeticError, ValueError, TypeError, LookupError)


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("float", ("1e3",), 1000.0),
        ("float", (True,), 1.0),
        ("float", (" 5 ",), 5.0),
        ("int", ("12.7",), 12),
        ("int", ("0x1F", 0, 16), 31),
        ("round", (2.345, 2), 2.35),
        ("round", (2.5,), 2.0),
        ("round", (2.1, 0, "ceil"), 3.0),
        ("round", (2.19, 1, "floor"), 2.1),
        ("round", (2.3, 0, "half"), 2.5),
        ("round", (1234.5, -2), 1200.0),
        ("abs", ("-4",), 4.0),
        ("bool", ("On",), True),
        ("bool", (0,), False),
        ("string", (5,), "5"),
        ("trim", (" a ",), "a"),
        ("lower", (True,), "true"),
        ("upper", ("a",), "A"),
        ("length", ([1, 2],), 2),
        ("first", ([7, 8],), 7),
        ("last", ("ab",), "b"),
        ("min", ([3, "2"],), 2.0),
        ("max", (3, 4), 4),
        ("sum", ([1, 2, 3],), 6),
        ("add", ("1", 2), 3.0),
        ("multiply", (3, 0.5), 1.5),
        ("bitwise_and", (12, 4), 4),
        ("bitwise_or", ("8", 1), 9),
        ("sqrt", (16,), 4.0),
        ("log", (100, 10), 2.0),
        ("is_number", ("5",), True),
        ("is_number", ("five",), False),
        ("from_json", ("[1]",), [1]),
        ("iif", (1, "a", "b"), "a"),
        ("replace", ("a-b", "-", ""), "ab"),
        ("split", ("a b",), ["a", "b"]),
        ("format", ("%5.1f V", 2), "  2.0 V"),
    ],
    ids=str,
)
def test_words_do_what_home_assistant_says(name: str, args: tuple[Any, ...], expected: Any) -> None:
    assert FILTERS[name](*args) == expected


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("float", ("abc", 0)),
        ("float", (None, 0)),
        ("float", ("55,3",)),
        ("int", ("",)),
        ("int", ([],)),
        ("round", (1, 99)),
        ("bool", ("maybe", True)),
        ("from_json", ("{",)),
        ("from_json", (5,)),
        ("first", (5,)),
        ("length", (5,)),
        ("log", (0,)),
        ("sqrt", (-1,)),
        ("replace", ({}, "a", "b")),
        ("replace", ("a" * 1000, "", "b" * 1000)),
        ("format", ("%s%s", 1, 2)),
        ("format", ("%500d", 1)),
        ("min", ([],)),
        ("lower", ({},)),
    ],
    ids=str,
)
def test_what_they_cannot_do_fails_and_no_default_is_taken(name: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(FAILURES):
        FILTERS[name](*args)


@pytest.mark.parametrize("kind", OPERATORS)
def test_arithmetic_is_for_numbers(kind: str) -> None:
    assert isinstance(OPERATORS[kind](7, 2.0), int | float)
    for left, right in (([1], [2]), ({}, 1), (None, 1), ("a", 3), (3, "a")):
        with pytest.raises(FAILURES):
            OPERATORS[kind](left, right)


def test_power_of_large_numbers_and_division_by_zero_fail() -> None:
    for kind, left, right in (("Pow", 10, 400), ("Pow", -8, 0.5), ("Div", 1, 0), ("Mod", 1, 0), ("FloorDiv", 1.0, 0)):
        with pytest.raises(FAILURES):
            OPERATORS[kind](left, right)


def test_steps_are_bounded() -> None:
    assert bounded("a" * TEXT_MAX)
    assert bounded(WHOLE_MAX)
    for value in ("a" * (TEXT_MAX + 1), WHOLE_MAX + 1, -WHOLE_MAX - 1):
        with pytest.raises(WordError):
            bounded(value)


def test_containers_are_written_as_nothing() -> None:
    assert [text(one) for one in ({"a": 1}, [1], 1.5, True, None, "x")] == ["", "", "1.5", "True", "None", "x"]


@pytest.mark.parametrize("words", [METHODS, FILTERS, TESTS], ids=["methods", "filters", "tests"])
def test_any_value_gives_a_value_or_one_of_the_failures(words: dict[str, Any]) -> None:
    for word in words.values():
        for args in (
            (),
            (None,),
            ("",),
            ([],),
            ({},),
            (1.5,),
            ("a", "b"),
            (1, 2, 3),
            ([[]],),
            ("1e999",),
            (float("inf"),),
            (2**63,),
        ):
            try:
                word(*args)
            except FAILURES:
                continue
