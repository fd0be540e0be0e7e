"""Password hashes: argon2id, off the loop, bounded."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

import pytest

from telemetry import passwords
from telemetry.passwords import DUMMY, Busy, Passwords


def test_a_password_fits_its_own_hash_only() -> None:
    async def body() -> None:
        keeper = Passwords()
        one, two = await keeper.hash("correct horse"), await keeper.hash("correct horse")
        assert one != two
        assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await keeper.fits(one, "correct horse")
        assert not await keeper.fits(one, "correct horsf")
        assert not await keeper.fits(one, "")
        assert not await keeper.fits("no hash", "correct horse")
        keeper.close()

    asyncio.run(body())


def test_one_password_fits_however_its_umlauts_were_typed() -> None:
    async def body() -> None:
        keeper = Passwords()
        assert await keeper.fits(await keeper.hash("Schlüssel"), "Schlu\u0308ssel")
        keeper.close()

    asyncio.run(body())


def test_an_unknown_user_is_checked_as_long_as_a_known_one() -> None:
    """The stand-in has the parameters of real hashes, so the same work is done."""

    async def body() -> None:
        keeper = Passwords()
        real = await keeper.hash("correct horse")
        assert real.split("$")[:4] == DUMMY.split("$")[:4]
        assert [len(part) for part in real.split("$")] == [len(part) for part in DUMMY.split("$")]
        assert not await keeper.fits(None, "correct horse")
        keeper.close()

    asyncio.run(body())


def test_twenty_logins_at_once_do_not_stop_the_loop() -> None:
    """What does not fit into the queue is told so; the loop's longest pause stays far below one hash times twenty."""

    async def body() -> None:
        keeper = Passwords()
        encoded = await keeper.hash("correct horse")
        longest, done = 0.0, False

        async def watch() -> None:
            nonlocal longest
            while not done:
                before = time.monotonic()
                await asyncio.sleep(0.001)
                longest = max(longest, time.monotonic() - before)

        watcher = asyncio.ensure_future(watch())
        results = await asyncio.gather(
            *(keeper.fits(encoded, "correct horse") for _ in range(20)), return_exceptions=True
        )
        done = True
        await watcher
        assert results.count(True) == passwords.MAX_WAITING
        assert sum(isinstance(one, Busy) for one in results) == 20 - passwords.MAX_WAITING
        assert longest < 0.25
        keeper.close()

    asyncio.run(body())


@pytest.mark.parametrize(("password", "fine"), [("1234567", False), ("12345678", True), ("x" * 257, False)])
def test_length_of_new_passwords(password: str, fine: bool) -> None:
    assert (passwords.problem(password) is None) == fine


def test_an_overlong_password_is_not_even_hashed() -> None:
    async def body() -> None:
        keeper = Passwords()
        assert not await keeper.fits(await keeper.hash("correct horse"), "correct horse" + "x" * 10_000_000)
        keeper.close()

    asyncio.run(body())


def test_a_user_without_a_password_is_checked_like_any_and_never_fits() -> None:
    async def body() -> None:
        keeper = Passwords()
        for password in ("", "correct horse"):
            assert not await keeper.fits("", password)
        keeper.close()

    asyncio.run(body())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is that of the whole process")
def test_hashing_gives_way_to_everything_else() -> None:
    async def body() -> None:
        keeper = Passwords()
        await keeper.hash("correct horse")
        (thread,) = [one for one in threading.enumerate() if one.name.startswith("password")]
        assert thread.native_id is not None
        above = os.getpriority(os.PRIO_PROCESS, thread.native_id) - os.getpriority(os.PRIO_PROCESS, 0)
        assert above > 0
        keeper.close()

    asyncio.run(body())
