"""The grammar of names, and patterns in which only ``*`` is special."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.names import MAX_NAME, any_of, device_id, matcher, metric_name


@pytest.mark.parametrize(
    "name", ["boiler", "a", "Küche oben", "AA:BB:CC", "site/floor 2/x", "x" * MAX_NAME, "日本", "a.b"]
)
def test_real_names_pass_unchanged(name: str) -> None:
    assert device_id(name) == name
    assert metric_name(name) == name


def test_names_are_brought_to_nfc() -> None:
    assert device_id("Ku\u0308che") == "Küche"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " a",
        "a ",
        "/a",
        "a/",
        "a\nb",
        "a\x00b",
        "a\u202eb",
        "a\u200bb",
        "\ud800",
        "a*b",
        "x" * (MAX_NAME + 1),
        "a\u2028b",
    ],
)
def test_what_is_no_name_is_none(name: str) -> None:
    """Controls, bidirectional and invisible characters, edges, the star, and length."""
    assert device_id(name) is None
    assert metric_name(name) is None


def test_name_far_too_long_is_not_even_composed() -> None:
    """Composing 200,000 marks would take minutes: the square of their number."""
    assert metric_name("a" + "\u0301\u0316" * 100_000) is None
    assert metric_name("\u0065\u0301" * 128) == "\u00e9" * 128


@pytest.mark.parametrize("name", ["a+b", "#1", "PM2.5#"])
def test_plus_and_hash_are_for_metrics_only(name: str) -> None:
    assert device_id(name) is None
    assert metric_name(name) == name


@given(st.text(max_size=140))
def test_a_name_that_passes_passes_again(text: str) -> None:
    name = device_id(text)
    assert name is None or device_id(name) == name


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("*", "", True),
        ("a/b", "a/b", True),
        ("a/b", "a/bc", False),
        ("a/*", "a/b/c", True),
        ("*/c", "a/b/c", True),
        ("a*c", "ac", True),
        ("ab*bc", "abc", False),
        ("a*b*c", "a-b-b-c", True),
        ("a.b/*", "axb/1", False),
        ("[ab]/?", "a/x", False),
        ("[ab]/?", "[ab]/?", True),
        ("**a**", "xay", True),
    ],
)
def test_star_is_any_characters_and_nothing_else_is_special(pattern: str, name: str, *, taken: bool) -> None:
    assert matcher(pattern)(name) is taken


@given(st.text("ab/*", max_size=8), st.text("ab/", max_size=10))
def test_matcher_agrees_with_a_regular_expression(pattern: str, name: str) -> None:
    expression = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    assert matcher(pattern)(name) == (re.fullmatch(expression, name, re.DOTALL) is not None)


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_matcher_agrees_with_fnmatch(pattern: str, name: str) -> None:
    assert matcher(pattern)(name) == fnmatch.fnmatchcase(name, pattern)


@given(st.lists(st.text("ab/*", max_size=6), max_size=5), st.text("ab/", max_size=6))
def test_any_of_is_any_of_the_matchers(patterns: list[str], name: str) -> None:
    assert any_of(patterns)(name) == any(matcher(pattern)(name) for pattern in patterns)
