"""The check of libraries: a vulnerability stops it, what could not be asked is said and does not."""

from __future__ import annotations

import pytest

from tools import dependencies
from tools.dependencies import main, report, verdict

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": []}]}
NEW = {"name": "c", "version": "3", "vulns": [{"id": "GHSA-2", "fix_versions": [], "aliases": []}]}
UNKNOWN = {"name": "d", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        ([GOOD], 0, "no known vulnerability in 1"),
        ([GOOD, BAD], 1, "b 2: PYSEC-1, fixed in 2.1"),
        ([NEW], 1, "c 3: GHSA-2, fixed in no version yet"),
        ([GOOD, UNKNOWN], 0, "1 of 2 could NOT be checked"),
        ([BAD, UNKNOWN], 1, "PYSEC-1"),
    ],
    ids=["good", "bad", "unfixed", "unknown", "both"],
)
def test_only_a_vulnerability_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], found: list[object], status: int, said: str
) -> None:
    monkeypatch.setattr(dependencies, "report", lambda: {"dependencies": found})
    assert main() == status
    told = capsys.readouterr()
    assert said in told.out + told.err


def test_nothing_that_was_skipped_counts_as_good(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dependencies, "report", lambda: {"dependencies": [UNKNOWN]})
    assert main() == 0
    assert "no known vulnerability" not in capsys.readouterr().out
    assert verdict({"dependencies": [UNKNOWN]}) == (0, 1, [])


def test_without_a_network_it_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real pip-audit, behind a proxy that is not there."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert isinstance(report(("requirements.txt",)), str)
    monkeypatch.setattr(dependencies, "LOCKS", ("requirements.txt",))
    assert main() == 0
    assert "NOT CHECKED" in capsys.readouterr().out
