"""Password hashes: argon2id on one thread of their own, of low priority, so that no login stops the loop.

The memory cost suits a Raspberry Pi with 1 GB: 19 MiB, one hash at a time, few waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")

MIN_LENGTH = 8
MAX_LENGTH = 256
MAX_WAITING = 16
"""Hashes that may wait or run; a login beyond that is told to come back."""

DUMMY = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""What the password of an unknown user is checked against: it takes as long as a real one and never fits."""


class Busy(Exception):
    """Too many passwords are being checked right now."""


def problem(password: str) -> str | None:
    """What is wrong with a new password, or None."""
    if len(password) < MIN_LENGTH:
        return f"the password needs at least {MIN_LENGTH} characters"
    if len(password) > MAX_LENGTH:
        return f"the password has more than {MAX_LENGTH} characters"
    return None


class Passwords:
    """Hashes and checks passwords. Raises Busy when too many wait."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="password", initializer=_step_back)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The encoded hash of a new password, with its own salt."""
        return await self._run(lambda: _hasher().hash(_bytes(password)))

    async def fits(self, encoded: str | None, password: str) -> bool:
        """Whether a password has this hash; without one (None, or empty) it takes as long and is False."""
        return await self._run(lambda: _verify(encoded or DUMMY, password)) and bool(encoded)

    def close(self) -> None:
        """Stop the thread; what waits is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1


def _step_back() -> None:
    """Let everything else go first: who guesses passwords slows down logins, and nothing that devices send."""
    if sys.platform == "linux":  # there, a priority is that of a thread (setpriority(2), notes)
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _bytes(password: str) -> bytes:
    # One password, however the keyboard composes its umlauts
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # not needed until someone logs in

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _verify(encoded: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > MAX_LENGTH:
        password = ""
    try:
        return _hasher().verify(encoded, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
