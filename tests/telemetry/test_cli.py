"""The command line, as people and scripts use it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry import cli
from telemetry.cli import UsageError, split
from telemetry.settings import Settings
from tests.support import ROOT, SCALE, Server, run_server_py

PASSWORD = "correct horse"


@pytest.fixture
def stopped(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command on a database that no server serves."""
    config = tmp_path / "config.ini"
    config.write_text("")

    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run_server_py("--config", str(config), *args, stdin=stdin)

    return run


# ------------------------------------------------------------------------------------------ grammar


@pytest.mark.parametrize(
    ("argv", "options", "rest"),
    [
        ([], [], []),
        (["--server.port=1", "serve"], [("server.port", "1")], ["serve"]),
        (["--server.port", "1", "serve"], [("server.port", "1")], ["serve"]),
        (["serve", "--server.port=1"], [("server.port", "1")], ["serve"]),
        (["--server.port=1", "--server.port", "2"], [("server.port", "1"), ("server.port", "2")], []),
        (["--storage.path=a=b.db"], [("storage.path", "a=b.db")], []),
        (["--storage.path="], [("storage.path", "")], []),
        (["--config", "a.ini", "demo"], [], ["--config", "a.ini", "demo"]),
        (["--config=a.ini"], [], ["--config=a.ini"]),
        (["device", "add", "--", "--x.y=1"], [], ["device", "add", "--", "--x.y=1"]),
        (["device", "add", "a.b", "--gateway", "c.*"], [], ["device", "add", "a.b", "--gateway", "c.*"]),
    ],
)
def test_settings_stand_anywhere_on_the_line(argv: list[str], options: list[tuple[str, str]], rest: list[str]) -> None:
    assert split(argv) == (options, rest)


def test_a_setting_without_value_is_refused() -> None:
    with pytest.raises(UsageError, match=r"setting server\.port .*missing"):
        split(["--server.port"])


@pytest.mark.parametrize(
    ("argv", "demo"), [([], False), (["serve"], False), (["demo"], True), (["--server.port=0", "demo"], True)]
)
def test_serving_is_handed_on_with_the_settings(tmp_path: Path, argv: list[str], demo: bool) -> None:
    served: list[tuple[Settings, bool]] = []

    def serve(settings: Settings, demo: bool) -> int:
        served.append((settings, demo))
        return 7

    assert cli.main(argv, serve, tmp_path / "config.ini") == 7
    (settings, as_demo) = served[0]
    assert as_demo == demo
    assert settings.storage.path == tmp_path / "telltale.db"


@pytest.mark.parametrize(
    "argv",
    [
        ["destroy"],
        ["device"],
        ["device", "add"],
        ["device", "destroy", "x"],
        ["device", "list", "x"],
        ["token", "add", "x"],
        ["token", "add", "x", "--role", "root"],
        ["token", "add", "x", "--rol", "viewer"],
        ["serve", "--port", "1"],
        ["--server.prot=1"],
        ["--nosuch.key=1"],
        ["--server.port=x"],
        ["--config"],
        ["--config", "/nonexistent/config.ini"],
    ],
)
def test_what_makes_no_sense_is_one_line_and_status_2(
    tmp_path: Path, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv, lambda *_: 0, tmp_path / "config.ini") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("server.py: ")
    assert err.count("\n") == 1


def test_help_names_every_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main(["--help"], lambda *_: 0, tmp_path / "config.ini")
    assert done.value.code == 0
    text = capsys.readouterr().out
    for command in ("serve", "demo", "device", "user", "token"):
        assert re.search(rf"^ +{command} ", text, re.MULTILINE), text


def test_a_line_that_is_interrupted_ends_quietly(tmp_path: Path) -> None:
    def serve(_: Settings, __: bool) -> int:
        raise KeyboardInterrupt

    assert cli.main([], serve, tmp_path / "config.ini") == 130


# ------------------------------------------------------------------------------- without a server


def test_commands_work_before_the_first_start(stopped, tmp_path: Path) -> None:
    added = stopped("device", "add", "boiler", "--name", "Boiler room")
    assert added.returncode == 0
    assert set(json.loads(added.stdout)) == {"device", "token"}
    assert added.stdout.count("\n") == 1
    assert json.loads(stopped("token", "add", "kiosk", "--role", "viewer").stdout)["name"] == "kiosk"
    assert stopped("user", "add", "me", "--role", "admin", stdin=f"{PASSWORD}\n").returncode == 0
    assert [json.loads(line)["device"] for line in stopped("device", "list").stdout.splitlines()] == ["boiler"]
    assert [json.loads(line)["user"] for line in stopped("user", "list").stdout.splitlines()] == ["me"]
    assert [json.loads(line)["role"] for line in stopped("token", "list").stdout.splitlines()] == ["viewer"]
    for gone in (("device", "revoke", "boiler"), ("user", "remove", "me"), ("token", "revoke", "kiosk")):
        done = stopped(*gone)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for file in tmp_path.glob("telltale.db*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_command_that_fails_is_one_line_and_status_1(stopped) -> None:
    stopped("device", "add", "boiler")
    for args in (
        ("device", "add", "boiler"),
        ("device", "add", "a+b"),
        ("device", "revoke", "unknown"),
        ("user", "remove", "nobody"),
        ("token", "revoke", "none"),
    ):
        done = stopped(*args)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("server.py: ")


def test_a_short_password_from_standard_input_is_refused(stopped) -> None:
    for stdin in ("", "\n", "short\n"):
        done = stopped("user", "add", "me", "--role", "admin", stdin=stdin)
        assert done.returncode == 1
        assert "at least 8" in done.stderr


def test_a_database_that_cannot_be_opened_is_one_line(stopped, tmp_path: Path) -> None:
    (tmp_path / "telltale.db").write_bytes(b"this is no database" * 100)
    done = stopped("device", "list")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "not a database" in done.stderr


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ((PASSWORD, PASSWORD), 0, ""),
        ((PASSWORD, "another horse"), 2, "differ"),
        (("short",), 2, "at least 8"),
    ],
)
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    tmp_path: Path, typed: tuple[str, ...], status: int, said: str
) -> None:
    config = tmp_path / "config.ini"
    config.write_text("")
    master, slave = pty.openpty()
    command = [sys.executable, str(ROOT / "server.py"), "--config", str(config), "user", "add", "me", "--role", "admin"]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as process:
        os.close(slave)
        shown = b""
        for prompt, word in zip((b"Password: ", b"Again: "), typed, strict=False):
            while prompt not in shown:
                shown += os.read(master, 1000)
            os.write(master, f"{word}\n".encode())
        assert process.wait(60 * SCALE) == status
        try:
            while more := os.read(master, 1000):
                shown += more
        except OSError:
            pass  # the terminal is gone with its process
        os.close(master)
    assert said in shown.decode()
    assert PASSWORD not in shown.decode()


# ---------------------------------------------------------------------------- while a server runs


def test_a_device_added_while_serving_may_speak_at_once_until_it_is_revoked(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("boiler")
    device = one.device(token=token)
    device.send({"id": 1, "readings": [{"temperature": 21.5}]})
    device.ack_of(1)
    one.cli("device", "revoke", "boiler")
    assert device.close_code(timeout=1) == 4001
    assert one.request("POST", "/api/ingest", json_body={"temperature": 1}, token=token).status == 401
    viewer = one.api_token("viewer")
    assert one.get("/api/latest", viewer)["latest"][0][0] == "boiler/temperature"
    listed = json.loads(one.cli("device", "list"))
    assert (listed["device"], listed["token"]) == ("boiler", False)
    assert listed["last_seen"] > 1_700_000_000_000
    assert one.device_token("boiler") != token


def test_a_revoked_api_token_closes_its_sockets_only(server: Callable[..., Server]) -> None:
    one = server()
    first, second = one.api_token("viewer", "first"), one.api_token("viewer", "second")
    ours, theirs = one.live(token=first), one.live(token=second)
    one.cli("token", "revoke", "first")
    assert ours.close_code(timeout=1) == 4001
    assert one.request("GET", "/api/devices", token=first).status == 401
    theirs.send({"id": 1, "subscribe": ["*"]})
    assert theirs.recv_until(lambda message: message.get("id") == 1)["ok"] is True
    theirs.close()


def test_what_was_added_while_stopped_is_there_after_the_start_and_the_reverse(server: Callable[..., Server]) -> None:
    one = server()
    while_running = one.device_token("a")
    one.stop()
    while_stopped = one.device_token("b")
    one.start()
    for token, device in ((while_running, "a"), (while_stopped, "b")):
        with one.device(token=token) as socket:
            assert socket.recv_key("hello")["device"] == device


def test_commands_find_the_server_after_it_was_killed_and_started_again(server: Callable[..., Server]) -> None:
    one = server()
    one.kill()
    assert json.loads(one.cli("device", "add", "while-dead"))["device"] == "while-dead"
    one.start()
    assert {json.loads(line)["device"] for line in one.cli("device", "list").splitlines()} == {"while-dead"}


def test_a_second_server_on_the_database_ends_with_status_1_and_names_the_first(server: Callable[..., Server]) -> None:
    one = server()
    second = run_server_py("--config", str(one.config), "--server.port=0")
    assert second.returncode == 1
    assert f"process {one.proc.pid}" in second.stderr
    assert second.stderr.count("\n") == 1
    assert "listening" not in second.stdout
    assert one.request("GET", "/healthz").status == 200


def test_failures_in_the_server_are_one_line_here_too(server: Callable[..., Server]) -> None:
    one = server()
    one.device_token("boiler")
    done = run_server_py("--config", str(one.config), "device", "add", "boiler")
    assert (done.returncode, done.stdout) == (1, "")
    why = "device boiler has a token already: replace it (device rotate) or revoke it first"
    assert done.stderr == f"server.py: {why}\n"


def test_a_gateway_added_while_serving_speaks_for_its_devices(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("hub", "--gateway", "node-*")
    with one.device(token=token) as hub:
        hub.send({"id": 1, "readings": [{"device": "node-7", "values": {"t": 1}}]})
        hub.ack_of(1)
        hub.send({"id": 2, "readings": [{"device": "other", "values": {"t": 1}}]})
        assert hub.recv_key("error")["code"] == "forbidden"
