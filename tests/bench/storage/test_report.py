"""The tables of the storage bench."""

from bench.storage import report


def row(contender: str, value: float, aim: float | None = 2.5, *, most: bool = True) -> dict:
    return {"part": "size", "name": "10 readings", "aim": aim, "most": most, "contender": contender, "value": value}


def result(*rows: dict, factor: float = 1) -> dict:
    machine = dict.fromkeys(("cores", "cpu", "kernel", "file_system", "load_before"), "x") | {"memory_mb": 1000}
    part = {"date": "2026-01-02", "minutes": 1, "factor": factor, "machine": machine, "rows": list(rows)}
    labels = {"telltale": "Telltale", "plain": "plain SQLite table"}
    return {"contenders": labels, "parts": {"size": part | {"versions": {"plain": "SQLite 3"}}}}


def test_ours_and_rivals_stand_beside_the_aim() -> None:
    text = report.render(result(row("telltale", 2.25), row("plain", 25.6)))
    assert "| | aim | Telltale | plain SQLite table |" in text
    assert "| 10 readings | ≤ 2.50 | 2.25 | 25.60 |" in text
    assert "quick look" not in text
    assert "not run: written, query, load, memory" in text


def test_an_aim_that_is_missed_is_marked_and_only_ours() -> None:
    assert "| **2.75** (missed) | 25.60 |" in report.render(result(row("telltale", 2.75), row("plain", 25.6)))
    assert not report.met(row("telltale: HTTP, JSON", 400_000, 500_000, most=False))
    assert report.met(row("telltale", 600_000, 500_000, most=False))


def test_a_way_to_ask_is_a_column_of_its_own() -> None:
    assert "Telltale, HTTP, JSON |" in report.render(result(row("telltale: HTTP, JSON", 2)))


def test_a_shortened_run_says_so() -> None:
    assert "A quick look, at 0.01 of the scale" in report.render(result(row("telltale", 2), factor=0.01))
