"""Nothing that belongs to one machine, one author or one evening is in the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.contracts import source

SELF = "tests/contracts/test_no_secrets.py"
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:work|root|mnt|Users)/|/home/(?!pi\b|USER\b|telltale\b)|\.\./shared\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a token of a service": r"\b(?:gh[pousr]_[A-Za-z0-9]{30}|AKIA[0-9A-Z]{16}|xox[abp]-[0-9A-Za-z-]{10})",
    "unfinished work": r"\b(?:TODO|FIXME|XXX|HACK)\b",
    "a conflict marker": r"^(?:<{7}|>{7}) ",
}
SUFFIXES = (".py", ".js", ".css", ".html", ".md", ".sh", ".ini", ".toml", ".txt", ".json", ".service", ".svg", ".mjs")


def findings(path: str) -> Iterator[str]:
    content = source.text(path)
    for what, pattern in FORBIDDEN.items():
        for match in re.finditer(pattern, content, re.MULTILINE):
            line = content.count("\n", 0, match.start()) + 1
            yield f"{path}:{line} {what}: {match[0]!r}"


@pytest.mark.parametrize("path", [one for one in source.files(*SUFFIXES) if one != SELF])
def test_file_holds_nothing_private_or_unfinished(path: str) -> None:
    assert list(findings(path)) == []


def test_patterns_find_what_they_are_for() -> None:
    samples = ["see /root/x", "in ../shared/data", "-----BEGIN RSA PRIVATE KEY", "# TODO later", "/home/someone/x"]
    assert all(any(re.search(pattern, one, re.MULTILINE) for pattern in FORBIDDEN.values()) for one in samples)
