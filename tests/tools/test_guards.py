"""``make guards``: it tells a guard that a test sees from one that none does, and from tests that show nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.guards import GUARDS, Guard
from tools.guards import check, chosen, main, outcomes

THROTTLE = "telemetry/throttle.py"
SEES = "tests/telemetry/test_throttle.py::test_many_addresses_together_are_slowed_down_at_one_account"

REPORT = """<testsuites><testsuite>
<testcase classname="tests.a.test_b" name="test_good"/>
<testcase classname="tests.a.test_b" name="test_some[1]"/>
<testcase classname="tests.a.test_b" name="test_some[2]"><failure message="assert 1 == 2">why</failure></testcase>
<testcase classname="tests.a.test_b" name="test_some[3]"/>
<testcase classname="tests.a.test_b" name="test_setup"><error message="failed on setup">x</error></testcase>
<testcase classname="tests.a.test_b" name="test_skipped"><skipped message="no broker"/></testcase>
<testcase classname="tests.a.test_b" name="test_start"><failure
  message="AssertionError: the server ended with 1 before it listened:">x</failure></testcase>
</testsuite></testsuites>"""


def test_only_a_test_that_ran_and_failed_has_seen_something() -> None:
    names = {name: f"tests/a/test_b.py::test_{name}" for name in ("good", "some", "setup", "skipped", "start")}
    assert outcomes(REPORT) == {
        names["good"]: "passed",
        names["some"]: "failed",
        names["setup"]: "broken",
        names["skipped"]: "broken",
        names["start"]: "broken",
    }


def test_guards_are_chosen_by_row_and_word() -> None:
    assert chosen([]) == list(GUARDS)
    assert {guard.row for guard in chosen(["04"])} == {4}
    assert all("token" in guard.name for guard in chosen(["token"]))
    assert chosen(["no such guard"]) == []


def test_a_guard_that_a_test_sees_is_told_from_one_that_none_does(capsys: pytest.CaptureFixture[str]) -> None:
    """In a copy: the source stays as it is."""
    before = Path(THROTTLE).read_text()
    good = Guard(4, "account", THROTTLE, "(self._level(key, now) + 1 - self._burst) * self._refill", "0.0", (SEES,))
    blind = Guard(4, "blind", THROTTLE, "MAX_KEYS = 4096", "MAX_KEYS = 4095", (SEES,))
    broken = Guard(4, "broken", THROTTLE, "from telemetry.clock import monotonic", "import nothing", (SEES,))
    assert check([good, blind, broken], 1) == 1
    said = capsys.readouterr().out
    assert "seen   04-account" in said
    assert "MISSED 04-blind" in said
    assert "MISSED 04-broken" in said
    assert "1 of 3 guards are seen" in said
    assert Path(THROTTLE).read_text() == before


def test_a_test_that_fails_anyway_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Guard(4, "gone", THROTTLE, "MAX_KEYS = 4096", "MAX_KEYS = 1", (SEES + "_no_more",))
    assert check([gone], 1) == 1
    assert "do not pass" in capsys.readouterr().out


def test_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "04"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [guard.id for guard in GUARDS if guard.row == 4]
    assert main(["--list", "no such guard"]) == 2
