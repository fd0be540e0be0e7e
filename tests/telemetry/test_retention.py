"""The rules of retention: which series keeps what for how long."""

from __future__ import annotations

from telemetry.retention import Line, Rules
from telemetry.setting_values import ages
from telemetry.settings import RetentionSettings

DAY = 86_400_000


def test_without_settings_everything_stays() -> None:
    rules = Rules(RetentionSettings())
    assert not rules
    assert rules.kept("boiler/temperature") == (None,) * 5
    assert rules.lines() == [Line("*", (None,) * 5)]


def test_the_first_pattern_that_matches_counts() -> None:
    rules = Rules(RetentionSettings(raw=ages("boiler/*/max forever, boiler/* 30d, 7d"), rollup_1h=ages("*/rssi 1d")))
    assert rules
    assert rules.kept("boiler/a/max")[0] is None
    assert rules.kept("boiler/a/min")[0] == 30 * DAY
    assert rules.kept("tank/level") == (7 * DAY, None, None, None, None)
    assert rules.kept("boiler/rssi") == (30 * DAY, None, None, DAY, None)


def test_only_forever_deletes_nothing() -> None:
    assert not Rules(RetentionSettings(raw=ages("boiler/* forever")))


def test_lines_say_what_a_series_of_each_pattern_keeps() -> None:
    rules = Rules(RetentionSettings(raw=ages("boiler/* 30d, 7d"), rollup_1m=ages("tank/* 1d, boiler/* 2d")))
    assert rules.lines() == [
        Line("boiler/*", (30 * DAY, 2 * DAY, None, None, None)),
        Line("tank/*", (7 * DAY, DAY, None, None, None)),
        Line("*", (7 * DAY, None, None, None, None)),
    ]
