"""The bench of MQTT: its table holds the medians."""

from __future__ import annotations

from bench import mqtt


def test_the_table_holds_medians() -> None:
    runs = [
        {"case": case, "target": target, "readings_per_s": rate * factor}
        for target, rates in (("ours", (1_000, 9_000, 2_000)), ("theirs", (5, 6, 7)))
        for rate in rates
        for case, factor in (("a", 1), ("b", 2))
    ]
    waits = [{"case": "c", "p50_ms": p50, "p99_ms": 10 * p50} for p50 in (1.0, 3.0, 2.0)]
    assert mqtt.table(runs, waits).splitlines()[2:] == [
        "| a | 2,000 | 6 |",
        "| b | 4,000 | 12 |",
        "",
        "| from publish to browser | p50, ms | p99, ms |",
        "| --- | --- | --- |",
        "| c | 2.0 | 20.0 |",
    ]
