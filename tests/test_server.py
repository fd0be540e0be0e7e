"""The process: its URL line, its drain, its failures to start."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

from tests.support import Server, run_server_py, wait_until

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
