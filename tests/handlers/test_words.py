"""The language of pages, chosen and spoken by a real server."""

from __future__ import annotations

import json

import pytest

from handlers import words
from handlers.login import user_name_problem
from telemetry import passwords


@pytest.mark.parametrize(
    ("accepted", "kept", "language"),
    [
        ("", "", "en"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "", "sv"),
        ("fr-FR,de-AT;q=0.8,en;q=0.7", "", "de"),
        ("en;q=0.5, nb;q=0.9", "", "nb"),
        ("nn-NO, en", "", "nb"),
        ("sv;q=0, de;q=0.1", "", "de"),
        ("*", "", "en"),
        ("sv;q=x", "", "en"),
        ("sv;q=nan", "", "en"),
        (";;;,,=,q", "", "en"),
        ("sv", "de", "de"),
        ("sv", "xx", "sv"),
        ("sv", "en", "en"),
    ],
)
def test_language_follows_the_choice_then_the_browser(accepted: str, kept: str, language: str) -> None:
    assert words.choose(accepted, kept) == language


@pytest.mark.parametrize("language", [one for one in words.LANGUAGES if one != "en"])
def test_a_catalogue_is_json_behind_an_assignment_with_no_key_twice(language: str) -> None:
    text = (words.CATALOGUES / f"{language}.js").read_text(encoding="utf-8")
    assert text.startswith(words.HEAD)
    pairs: list[str] = []
    json.loads(
        text.removeprefix(words.HEAD).strip().removesuffix(";"),
        object_pairs_hook=lambda found: pairs.extend(key for key, _ in found if key not in {"one", "other"}),
    )
    assert len(pairs) == len(set(pairs))


def test_a_text_without_translation_stays_english() -> None:
    assert words.translate("sv", "no such text as {this}", this="x") == "no such text as x"


@pytest.mark.parametrize("language", [one for one in words.LANGUAGES if one != "en"])
def test_what_is_wrong_with_a_new_account_is_translated(language: str) -> None:
    problems = [passwords.problem(""), passwords.problem("x" * 100_000), user_name_problem("")]
    for problem in problems:
        assert problem is not None
        text = f"{problem[0].upper()}{problem[1:]}."
        assert words.translate(language, text) != text
