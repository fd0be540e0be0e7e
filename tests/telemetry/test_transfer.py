"""``export`` and ``import`` as people and scripts use them: files, pipes, beside a server and without one."""

from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from telemetry import transfer
from telemetry.clock import wall_ms
from telemetry.store import quarantine
from tests.support import ROOT, SCALE, SERVER, Server, run_server_py, wait_until
from tests.telemetry.recorder import Made

DATA = Path(__file__).parent.parent / "data"
T0 = 1_700_000_000_000
HEAD = "device,metric,ts,value\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.ini"
    path.write_text("")
    return path


def run(config: Path, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run_server_py("--config", str(config), *args, stdin=stdin)


def command(config: Path, *args: str) -> list[str]:
    return [sys.executable, str(SERVER), "--config", str(config), *args]


def test_a_file_in_and_a_file_out(config: Path, tmp_path: Path) -> None:
    done = run(config, "import", str(DATA / "stafford_excerpt.csv"))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["stored"] == 700
    for name in ("x.csv", "x.csv.gz", "x.ndjson", "x.ndjson.gz"):
        done = run(config, "export", str(tmp_path / name))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        data = (tmp_path / name).read_bytes()
        lines = (gzip.decompress(data) if name.endswith(".gz") else data).splitlines()
        assert len(lines) == 700 + (".csv" in name)
        assert lines[-1].startswith(b"{") == (".ndjson" in name)
        again = json.loads(run(config, "import", str(tmp_path / name)).stdout)
        assert (again["stored"], again["duplicate"]) == (0, 700)
    assert [one for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


def test_standard_streams(config: Path) -> None:
    done = run(config, "import", stdin=HEAD + f"a,t,{T0},1\nb,t,{T0},2\nb,t,{T0 + 1},3\n")
    assert json.loads(done.stdout)["accepted"] == 3
    done = run(config, "export", "--series", "b/*", "--to", str(T0 + 1), "--format", "ndjson", "-")
    assert done.stdout == '{"device":"b","metric":"t","ts":1700000000000,"value":2.0}\n'
    done = run(config, "export", "--series", "a/t", "--series", "b/t", "--from", str(T0 + 1))
    assert done.stdout.splitlines()[1:] == [f"b,t,{T0 + 1},2023-11-14T22:13:20.001Z,3.0,"]


def test_refused_lines_are_named_with_their_numbers(config: Path) -> None:
    done = run(config, "import", "-", stdin=HEAD + f"a,t,{T0},1\na,t,{T0},nan\nx\n")
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["line 3: not a finite number", "line 4: 4 cells are expected, not 1"]
    assert json.loads(done.stdout)["refused"] == 2


@pytest.mark.parametrize(
    ("stdin", "message"),
    [("nonsense\n", "not known"), (HEAD + "x\n", "4 cells"), ('{"x":1}\n', "missing")],
)
def test_what_cannot_be_imported_at_all_is_status_1(config: Path, stdin: str, message: str) -> None:
    done = run(config, "import", stdin=stdin)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("import", "/nonexistent/x.csv"), "No such file"),
        (("export", "/nonexistent/x.csv"), "No such file"),
        (("export", "--from", "yesterday"), "no time"),
        (("import", "/"), "Is a directory"),
    ],
)
def test_what_fails_is_one_line_and_status_1(config: Path, args: tuple[str, ...], message: str) -> None:
    done = run(config, *args)
    assert done.returncode == 1
    assert done.stderr.startswith("server.py: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_failed_export_leaves_the_old_file(config: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("precious")
    assert run(config, "export", "--from", "x", str(tmp_path / "x.csv")).returncode == 1
    assert (tmp_path / "x.csv").read_text() == "precious"
    assert [one.name for one in tmp_path.iterdir() if "part" in one.name] == []


def broken_pipe(config: Path) -> tuple[bytes, int, bytes]:
    """``export | head -1``: its line, our exit status, and what we complained about."""
    exporting = subprocess.Popen(command(config, "export"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert exporting.stdout
    assert exporting.stderr
    head = exporting.stdout.readline()
    exporting.stdout.close()
    complaint = exporting.stderr.read()
    exporting.stderr.close()
    return head, exporting.wait(30 * SCALE), complaint


def filled(count: int) -> str:
    return HEAD + "".join(f"a,t,{T0 + n},{n}\n" for n in range(count))


def test_a_reader_that_stops_reading_is_no_error(config: Path) -> None:
    run(config, "import", stdin=filled(100_000))
    assert broken_pipe(config) == (b"device,metric,ts,time,value,unit\n", transfer.BROKEN_PIPE, b"")


def test_a_terminal_sees_how_far_it_is(config: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(filled(400_000))
    ours, theirs = pty.openpty()
    importing = subprocess.Popen(command(config, "import", str(tmp_path / "x.csv")), stderr=theirs, stdout=-3, cwd=ROOT)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        seen += piece
    os.close(ours)
    assert importing.wait(60 * SCALE) == 0
    assert b"readings, 0 lines refused" in seen
    assert b"%  " in seen
    assert seen.endswith(b"\r\x1b[K")


def test_a_recorder_database_of_home_assistant(config: Path, tmp_path: Path) -> None:
    made = Made(tmp_path / "home-assistant_v2.db")
    now = wall_ms() // 1000
    made.entity(
        "sensor.bath_t", [(now - 60 + n, str(20 + n)) for n in range(3)] + [(now, "unknown")], unit_of_measurement="°C"
    )
    made.entity("binary_sensor.door", [(now, "on")])
    done = run(config, "import", str(made.close()))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["stored"] == 4
    lines = run(config, "export", "--series", "homeassistant/sensor.bath_t").stdout.splitlines()
    assert [line.split(",")[4:] for line in lines[1:]] == [["20.0", "°C"], ["21.0", "°C"], ["22.0", "°C"]]


def test_an_import_into_a_damaged_database_saves_first_what_that_held(config: Path, tmp_path: Path) -> None:
    """Else what the import seals would take the places of what is saved later."""
    file, late = tmp_path / "some.csv", tmp_path / "late.csv"
    head = "device,metric,ts,value\n"
    file.write_text(head + "".join(f"a,t,{T0 + n * 1_000},{n}\n" for n in range(5_000)))
    late.write_text(head + "".join(f"a,t,{T0 + n * 1_000 + 500},{n}\n" for n in range(4_000, 6_000)))
    assert run(config, "import", str(file)).returncode == 0
    database = config.with_name("telltale.db")
    quarantine.condemn(database, "a test")
    assert json.loads(run(config, "import", str(late)).stdout)["stored"] == 2_000
    assert len(list(config.parent.glob("telltale.db.damaged-*"))) == 1
    lines = run(config, "export").stdout.splitlines()
    assert len(lines) == 1 + 7_000
    found = [json.loads(line) for line in run(config, "check").stdout.splitlines()]
    assert (found[-1]["findings"], found[-1]["unacknowledged"]) == (0, 1)


def test_another_database_is_not_imported(config: Path) -> None:
    run(config, "device", "list")
    done = run(config, "import", str(config.with_name("telltale.db")))
    assert done.returncode == 1
    assert "Home Assistant" in done.stderr


def test_beside_a_server(server: Callable[..., Server], tmp_path: Path) -> None:
    """Through it: it holds the database."""
    one = server()
    token = one.api_token()
    live = one.live(token=token)
    live.send({"id": 1, "subscribe": ["a/*"]})
    assert live.recv_until(lambda message: message.get("id") == 1)["ok"]
    (tmp_path / "x.csv").write_text(filled(150_000) + "bad\n")
    report = json.loads(one.cli("import", str(tmp_path / "x.csv")))
    assert (report["stored"], report["refused"]) == (150_000, 1)
    assert live.recv_key("changed")[0][0] == "a/t"
    (latest,) = one.get("/api/latest", token)["latest"]
    assert latest == ["a/t", T0 + 149_999, 149_999.0]
    assert one.cli("export").count("\n") == 150_001
    assert broken_pipe(one.config)[1:] == (transfer.BROKEN_PIPE, b"")
    assert one.cli("device", "list").count("\n") == 1


def lines_kept(database: Path) -> int:
    """How far unfinished imports have come."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT ifnull(max(lines), 0) FROM imports").fetchone()[0])


def test_an_interrupted_import_goes_on(server: Callable[..., Server]) -> None:
    """Ctrl-C in the middle of what comes by a pipe, and the same once more, beside a server."""
    one = server()
    text = filled(800_000)
    with subprocess.Popen(
        command(one.config, "import"), stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=-3, cwd=ROOT
    ) as importing:
        assert importing.stdin
        assert importing.stderr
        importing.stdin.write(text[: len(text) * 3 // 4].encode())
        importing.stdin.flush()
        wait_until(lambda: lines_kept(one.database), 60, "a part of it to be kept, and how far it came")
        importing.send_signal(signal.SIGINT)
        assert importing.wait(30 * SCALE) == 130
        assert importing.stderr.read() == b""
    report = json.loads(one.cli("import", stdin=text))
    assert report["resumed"] > 0
    assert (report["stored"] + report["duplicate"], report["lines"]) == (800_000, 800_001)
