"""The storage bench itself, in small: every part runs and none of it is judged."""

import json
from pathlib import Path

import pytest

from bench.storage import run
from bench.storage.bench import Bench, Scale
from bench.storage.contender import Filled, Question, Serving
from bench.storage.data import Feed
from bench.storage.ours import Ours
from bench.storage.parts import part_query, write_csv
from bench.storage.plain import Asked, Plain
from bench.targets import BenchError

CALLS = ["--scale", "0.0002", "--cadence", "10"]


def test_a_part_is_kept_beside_the_others_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "result.json"
    argv = [*CALLS, "--on", "telltale,plain", "--only", "size", "--out", str(out), "--dir", str(tmp_path)]
    assert run.main(argv) == 0
    parts = json.loads(out.read_text())["parts"]
    assert list(parts) == ["size"]
    assert {one["contender"] for part in parts.values() for one in part["rows"]} == {"telltale", "plain"}
    assert all(one["value"] > 0 for part in parts.values() for one in part["rows"])
    assert "A quick look" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [out], "databases are removed"


def test_an_answer_that_is_wrong_ends_the_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path, [Plain()], Scale(0.0001))
    part_query(bench)
    assert {one["name"].split()[0] for one in bench.rows} == {"1", "20"}
    right = Asked.count
    monkeypatch.setattr(Asked, "count", lambda self, answer: right(self, answer) - 1)
    with pytest.raises(BenchError, match="were given"):
        part_query(bench)


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(BenchError, match="prometheus"):
        run.chosen(["plain", "prometheus"])
    assert run.main(["--only", "speed", "--dir", "."]) == 1


@pytest.mark.parametrize("contender", [Ours(), Plain()], ids=lambda one: one.name)
def test_a_csv_file_is_taken(contender: Ours | Plain, tmp_path: Path) -> None:
    feed = Feed(600, series=3)
    file = tmp_path / "readings.csv"
    write_csv(file, feed, apart=True)
    (tmp_path / "db").mkdir()
    taken = contender.load_csv(tmp_path / "db", file)
    assert isinstance(taken, Filled)
    assert taken.readings == 600
    way, opened = contender.serving(tmp_path / "db")[-1]
    names = list(feed.names.values())
    with opened as serving:
        assert isinstance(serving, Serving), way
        question = Question(names, feed.began, feed.began + 86_400_000, 60_000)
        assert serving.count(serving.ask(question)) == 600
