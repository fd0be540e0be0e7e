"""The control socket: private, found wherever it had to go, and deaf to nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from telemetry import control
from telemetry.control import Control, ask


async def echo(request: dict[str, object]) -> dict[str, object]:
    return {"got": request}


def serve(path: Path, body: Any) -> None:
    """Run ``body(where)`` in a thread against a control socket for ``path``."""

    async def run() -> None:
        server = Control(echo)
        where = await server.start(path)
        try:
            await asyncio.to_thread(body, where)
        finally:
            await server.close()
        assert not where.exists()

    asyncio.run(run())


def test_a_request_gets_its_answer_through_a_private_socket(tmp_path: Path) -> None:
    def body(where: Path) -> None:
        assert where == tmp_path / "x.db.sock"
        assert stat.S_IMODE(where.stat().st_mode) == 0o600
        assert ask(where, {"name": "Küche"}) == {"got": {"name": "Küche"}}

    serve(tmp_path / "x.db", body)


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    """AF_UNIX addresses end at 107 bytes."""
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)

    def body(where: Path) -> None:
        assert where == folder / "x.db.sock"
        assert ask(where, {"a": 1}) == {"got": {"a": 1}}

    serve(folder / "x.db", body)


def test_where_no_socket_can_be_made_it_goes_to_a_private_directory(tmp_path: Path) -> None:
    """As on file systems without sockets; here the name beside the database is too long even for its folder."""
    name = "x" * 250

    def body(where: Path) -> None:
        assert where.parent != tmp_path
        assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700
        assert ask(where, {"a": 1}) == {"got": {"a": 1}}

    serve(tmp_path / name, body)


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "x.db.sock"))
    left.close()
    serve(tmp_path / "x.db", lambda where: ask(where, {}))


def test_nobody_listening_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ask(tmp_path / "x.db.sock", {})


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n", b"\xff\n", b"", b"{}"])
def test_nonsense_is_answered_by_nothing_and_harms_nobody(tmp_path: Path, line: bytes) -> None:
    def body(where: Path) -> None:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(where))
            peer.sendall(line)
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(100) in {b"", b'{"got": {}}\n'}
        assert ask(where, {"a": 1}) == {"got": {"a": 1}}

    serve(tmp_path / "x.db", body)


def test_an_endless_line_is_cut_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Bounded memory, also for the owner of the machine."""

    def body(where: Path) -> None:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(where))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while True:
                    peer.sendall(b"x" * control.MAX_LINE)
        assert ask(where, {"a": 1}) == {"got": {"a": 1}}

    serve(tmp_path / "x.db", body)
    assert "a command was cut off" in caplog.text


def test_a_server_that_hangs_up_is_an_error(tmp_path: Path) -> None:
    async def fail(_: dict[str, object]) -> dict[str, object]:
        raise ConnectionResetError

    async def run() -> None:
        server = Control(fail)
        where = await server.start(tmp_path / "x.db")
        with pytest.raises(ConnectionError, match="without an answer"):
            await asyncio.to_thread(ask, where, {})
        await server.close()

    asyncio.run(run())
