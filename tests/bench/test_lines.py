"""The bench of line protocol: its requests are what it says, and its table holds the medians."""

from __future__ import annotations

from bench import lines
from devices.codecs.line_protocol import LineProtocol


def test_requests_are_line_protocol_and_no_reading_comes_twice() -> None:
    for fields in lines.CASES.values():
        bodies = lines.batches(fields, 2)
        found = [one for body in bodies for one in LineProtocol().decode(body.decode(), "ms").samples]
        assert len({(one.device, one.metric, one.ts) for one in found}) == 2 * lines.LINES * len(fields)
        assert len({one.device for one in found}) == lines.DEVICES


def test_the_table_holds_medians() -> None:
    runs = [
        {"case": "c", "connections": connections, "target": target, "readings_per_s": rate * connections}
        for target, rates in (("ours", (1_000, 9_000, 2_000)), ("theirs", (5, 6, 7)))
        for rate in rates
        for connections in (1, 4)
    ]
    assert lines.table(runs).splitlines()[2:] == [
        "| c, 1 connection | 2,000 | 6 |",
        "| c, 4 connections | 8,000 | 24 |",
    ]
