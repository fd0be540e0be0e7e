"""The language of pages: who asks, by the choice kept in a cookie or by Accept-Language, gets one of the catalogues.

A catalogue (static/words/LANG.js) is JSON behind an assignment: a script for browsers that runs before the modules, and
the same texts for the templates. Its keys are the English texts; what is counted has a form for each CLDR category.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias, cast

CATALOGUES = Path(__file__).resolve().parent.parent / "static" / "words"
LANGUAGES = ("en", "sv", "nb", "de")
COOKIE = "telltale-language"
HEAD = "globalThis.telltaleWords = "
_NEAR = {"no": "nb", "nn": "nb"}
"""Languages whose readers read one of ours."""
_LONGEST = 1_000

Catalogue: TypeAlias = dict[str, str | dict[str, str]]


def choose(accepted: str, kept: str = "") -> str:
    """The language for an ``Accept-Language`` header and the cookie; English if neither names one that there is."""
    if kept in LANGUAGES:
        return kept
    wanted = []
    for place, part in enumerate(accepted[:_LONGEST].split(",")):
        tag, _, parameter = part.partition(";")
        wanted.append((-_quality(parameter), place, tag.strip().lower().partition("-")[0]))
    for quality, _place, name in sorted(wanted):
        language = _NEAR.get(name, name)
        if quality < 0 and language in LANGUAGES:
            return language
    return "en"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def catalogue(language: str) -> Catalogue:
    """The texts of a language; empty for English. Raises OSError or ValueError for a file that is none."""
    if language == "en":
        return {}
    path = CATALOGUES / f"{language}.js"
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, modified: int) -> Catalogue:
    del modified  # an edited catalogue is read again without a restart
    text = path.read_text(encoding="utf-8").strip()
    return cast("Catalogue", json.loads(text.removeprefix(HEAD).removesuffix(";")))


def translate(language: str, text: str, **values: object) -> str:
    """A text in a language, its {holes} filled; English where there is no translation."""
    found = catalogue(language).get(text, text)
    return (found if isinstance(found, str) else text).format(**values)
