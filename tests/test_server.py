"""The process: its URL line, its drain, its failures to start."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from handlers.listening import TORNADO
from tests.support import ROOT, Server, run_server_py, wait_until
from tests.tls import certified

T0 = 1_700_000_000_000


def test_sigterm_commits_acknowledges_closes_with_1001_and_exits_0(server: Callable[..., Server]) -> None:
    """What waits for a commit a minute away is acknowledged before its socket is closed."""
    one = server({"storage.commit_interval": "60"})
    device, live = one.device(one.device_token("d")), one.live(one.api_token())
    device.recv_key("hello")
    device.send({"id": 1, "readings": [{"ts": T0, "values": {"t": 1.5}}]})
    live.send({"id": 1, "subscribe": ["*"]})
    live.recv_until(lambda message: message.get("latest") or "readings" in message)
    one.proc.terminate()
    device.ack_of(1)
    assert device.close_code() == 1001
    assert live.close_code() == 1001
    assert one.proc.wait(30) == 0
    one.restart()
    assert one.get("/api/latest", one.api_token())["latest"] == [["d/t", T0, 1.5]]


def test_busy_port_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    """Exit 1, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_server_py(
            f"--storage.path={tmp_path / 'x.db'}", "--server.address=127.0.0.1", f"--server.port={port}"
        )
    assert done.returncode == 1
    assert re.fullmatch(r"server\.py: cannot listen on .*\[server\] address, port.*\n", done.stderr), done.stderr


def test_file_that_is_no_database_is_one_line_that_names_it(tmp_path: Path) -> None:
    """A damaged or foreign file is left as it is."""
    path = tmp_path / "x.db"
    path.write_bytes(b"this is no database" * 300)
    done = run_server_py(f"--storage.path={path}", "--server.port=0")
    assert done.returncode == 1
    assert re.fullmatch(r"server\.py: .*x\.db.*\n", done.stderr), done.stderr
    assert path.read_bytes() == b"this is no database" * 300


def test_demo_needs_no_login_listens_on_loopback_only_and_has_live_devices(server: Callable[..., Server]) -> None:
    """``demo``, whatever address the settings say: curves of the last hour, and new readings."""
    one = server({"server.address": "0.0.0.0"}, args=["demo"])
    wait_until(lambda: len(one.get("/api/series")["series"]) > 10)
    listening = Path("/proc/net/tcp").read_text()
    assert f"0100007F:{one.port:04X}" in listening
    assert f"00000000:{one.port:04X}" not in listening
    wait_until(
        lambda: one.get("/api/history", series="boiler/pressure", points=10_000)["series"].get("boiler/pressure")
    )
    live = one.live()
    live.send({"id": 1, "subscribe": ["boiler/*"]})
    assert live.recv_key("readings")


PLAIN = "plain http beyond this machine"


@pytest.mark.parametrize(
    ("address", "tls", "said"),
    [("127.0.0.1", False, 0), ("", False, 1), ("0.0.0.0", False, 1), ("", True, 0)],
)
def test_plain_http_beyond_this_machine_is_said_once_and_loudly(
    server: Callable[..., Server], tmp_path: Path, address: str, tls: bool, said: int
) -> None:
    one = server({"server.address": address, "server.mdns": "false"} | (certified(tmp_path) if tls else {}))
    assert [PLAIN in line and "WARNING" in line for line in one.log().splitlines()].count(True) == said
    listening = Path("/proc/net/tcp").read_text()
    assert (f"0100007F:{one.port:04X} 00000000:0000 0A" in listening) is (address == "127.0.0.1")
    assert (f"00000000:{one.port:04X} 00000000:0000 0A" in listening) is (address != "127.0.0.1")


def test_a_library_with_known_holes_serves_nobody(server: Callable[..., Server], tmp_path: Path) -> None:
    """The floor of pyproject.toml is checked where it counts: on the machine that serves."""
    (tmp_path / "sitecustomize.py").write_text(
        "import tornado\ntornado.version, tornado.version_info = '6.5.1', (6, 5, 1, 0)\n"
    )
    done = run_server_py(f"--storage.path={tmp_path / 'x.db'}", "--server.port=0", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert re.search(r"server\.py: tornado 6\.5\.1 has known holes: install 6\.6\.1 or newer", done.stderr), done.stderr
    declared = re.search(r'"tornado>=([0-9.]+)"', (ROOT / "pyproject.toml").read_text())
    assert declared
    assert tuple(map(int, declared[1].split("."))) == TORNADO
