"""Where a command runs: in the server that owns the database, or alone under the lock."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from telemetry import local
from telemetry.control import Control
from telemetry.local import Unreachable, carry_out
from telemetry.lock import DatabaseLock
from telemetry.setting_loading import load
from telemetry.settings import Settings

LIST = {"command": "device list"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load([], {}, tmp_path / "config.ini")


def test_alone_it_does_the_work_and_gives_the_lock_back(settings: Settings) -> None:
    assert asyncio.run(carry_out(settings, {"command": "device add", "id": "boiler"}))["lines"]
    (line,) = asyncio.run(carry_out(settings, LIST))["lines"]  # type: ignore[misc]
    assert line["device"] == "boiler"
    DatabaseLock(settings.storage.path).release()


def test_the_owner_of_the_lock_is_asked(settings: Settings) -> None:
    async def main() -> None:
        async def handle(request: dict[str, object]) -> dict[str, object]:
            return {"lines": [{"asked": request["command"]}]}

        lock, control = DatabaseLock(settings.storage.path), Control(handle)
        lock.record(await control.start(settings.storage.path))
        assert await carry_out(settings, LIST) == {"lines": [{"asked": "device list"}]}
        await control.close()
        lock.release()

    asyncio.run(main())


def test_an_owner_that_takes_no_commands_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0.2)
    lock = DatabaseLock(settings.storage.path)
    with pytest.raises(Unreachable, match=r"in use by process \d+, which takes no commands"):
        asyncio.run(carry_out(settings, LIST))
    lock.record(settings.storage.path.with_suffix(".sock"))
    with pytest.raises(Unreachable, match="takes no commands"):
        asyncio.run(carry_out(settings, LIST))
    lock.release()


def test_it_waits_for_an_owner_that_is_about_to_leave(settings: Settings) -> None:
    """A server that stops, another command that runs."""
    lock = DatabaseLock(settings.storage.path)
    leaving = threading.Timer(0.2, lock.release)
    leaving.start()
    assert asyncio.run(carry_out(settings, LIST)) == {"lines": []}
    leaving.join()


def test_ten_commands_at_once_take_turns(settings: Settings) -> None:
    async def main() -> None:
        requests = [{"command": "device add", "id": f"d{n}"} for n in range(10)]
        answers = await asyncio.gather(*(carry_out(settings, dict(request)) for request in requests))
        assert all("lines" in answer for answer in answers)
        lines = (await carry_out(settings, LIST))["lines"]
        assert len(lines) == 10  # type: ignore[arg-type]

    asyncio.run(main())


def test_an_owner_that_hangs_up_is_an_error(settings: Settings, tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()

    def hang_up() -> None:
        listener.accept()[0].close()

    threading.Thread(target=hang_up).start()
    lock = DatabaseLock(settings.storage.path)
    lock.record(tmp_path / "s")
    with pytest.raises(Unreachable, match="does not answer"):
        asyncio.run(carry_out(settings, LIST))
    lock.release()
    listener.close()


def test_a_folder_that_takes_no_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = load([("storage.path", "file/x.db")], {}, tmp_path / "config.ini")
    with pytest.raises(Unreachable, match="file"):
        asyncio.run(carry_out(settings, LIST))
