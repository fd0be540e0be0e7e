"""The bench itself, in small: every figure on every target that can run here, none of them judged."""

import json
from pathlib import Path

import pytest

from bench import run
from bench.figures import FIGURES, Scale
from bench.targets import TARGETS, BenchError, Target

TINY = Scale(repeat=1, flood_seconds=0.02, pace_seconds=0.1, written_seconds=0.2, starts=1)
PICKED = [
    figure for figure in FIGURES if (figure.name, figure.case) in {("throughput", "10x100"), ("latency", "1000/s")}
]
SAFE = [target for target in TARGETS if target.name in {"telltale", "node-full", "tornado-full"}]


@pytest.mark.parametrize("target", SAFE, ids=lambda target: target.name)
def test_the_figures_can_be_taken_of(target: Target, tmp_path: Path) -> None:
    if reason := target.missing():
        pytest.skip(f"{target.name}: {reason}")
    runs = run.measure(PICKED, [target], TINY, tmp_path)
    assert [measured["figure"] for measured in runs] == ["throughput", "latency"]
    assert all(value >= 0 for measured in runs for value in measured["measures"].values())
    assert not list(tmp_path.iterdir()), "databases are removed"


def test_the_median_of_the_runs_counts() -> None:
    key = {"figure": "f", "case": "c", "target": "t"}
    found = run.summary([key | {"measures": {"rate": value}} for value in (3.0, 1.0, 8.0)])
    assert found == [key | {"measure": "rate", "median": 3.0, "low": 1.0, "high": 8.0, "runs": 3}]


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(BenchError, match="nodejs"):
        run.chosen("ours,nodejs")


def test_a_disk_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(run, "describe", lambda _: {"file_system": "tmpfs"})
    assert run.main(["--smoke", "--dir", "."]) == 2
    assert "use --dir" in capsys.readouterr().err


def test_the_result_is_one_json_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "result.json"
    argv = ["--smoke", "--only", "tornado-full", "--figures", "written", "--out", str(out), "--dir", str(tmp_path)]
    assert run.main(argv) == 0
    result = json.loads(out.read_text())
    assert result["versions"]["tornado"]["sqlite"]
    assert {row["measure"] for row in result["summary"]} >= {"bytes", "running_bytes"}
    assert "block layer" in capsys.readouterr().out
