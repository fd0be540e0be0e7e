"""Everything that a server makes on the disk is for its owner only."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Server, wait_until

OURS = {"config.ini", "stdout", "stderr"}
"""Made by the test."""


@pytest.fixture
def open_umask() -> object:
    """What a careless system has: everyone may everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What below a folder others may read, write or enter."""
    return [
        f"{path.relative_to(folder)} {stat.filemode(mode)}"
        for path in sorted(folder.rglob("*"))
        if path.name not in OURS and (mode := path.lstat().st_mode) & 0o077 and not stat.S_ISLNK(mode)
    ]


def test_every_file_that_a_server_makes_is_for_its_owner_only(server: Callable[..., Server], open_umask: None) -> None:
    """Database, log of SQLite, lock, socket, copies: while it runs, when it is killed, and after a restart."""
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("boiler")
    assert one.request("POST", "/api/ingest", json_body={"t": 1}, token=token).status == 200
    wait_until(lambda: len([path for path in one.directory.iterdir() if path.name not in OURS]) >= 3, 10)
    assert open_to_others(one.directory) == []
    one.cli("backup", str(one.directory / "copy.db"))
    assert open_to_others(one.directory) == []
    one.restart(kill=True)
    assert open_to_others(one.directory) == []
    one.stop()
    assert open_to_others(one.directory) == []
