"""The tables."""

from bench import report


def row(target: str, measure: str, median: float) -> dict:
    key = {"figure": "throughput", "case": "1x1", "target": target, "measure": measure}
    return key | {"median": median, "low": median, "high": median * 2, "runs": 3}


RESULT = {
    "date": "2026-01-02",
    "scale": "full",
    "minutes": 30,
    "machine": dict.fromkeys(("cores", "cpu", "kernel", "file_system", "load_before"), "x") | {"memory_mb": 1000},
    "versions": {"ours": {"python": "3.11"}},
    "summary": [
        row("telltale", "rate", 30_000),
        row("telltale", "generator_cpu", 0.2),
        row("node-full", "rate", 12_000),
    ],
}


def test_figures_and_ratios_stand_in_one_table() -> None:
    text = report.render(RESULT)
    assert "| Telltale, every ack synced | 30,000 |" in text
    assert "| Node, FULL | 12,000 |" in text
    assert "| *Telltale, every ack synced / Node, FULL* | *2.50* |" in text


def test_what_was_not_measured_is_not_in_the_tables() -> None:
    text = report.render(RESULT)
    assert "Latency" not in text
    assert "block layer" not in text


def test_the_cost_of_the_generator_is_that_of_its_busiest_run() -> None:
    assert "at most 0.40 of one core" in report.render(RESULT)
