"""The secrets of every test, watched: none comes back in an answer, a page, a command's output, a log or a file.

A server's tokens have a shape that nothing else has; passwords and sessions are learned when they are given. What makes
a secret may say it, once: the answer to a POST, the output of ``device add``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

from tests.clients import Reply

TOKEN = re.compile(rb"tt_[a-z]_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
LARGEST = 64 << 20
"""Bytes of a file that is looked through."""
SHORTEST = 12
"""A secret of fewer characters may be there by chance."""
SAID = frozenset({"config.ini", "stdout"})
"""Files that hold secrets on purpose: what the owner wrote, and the terminal with the link of the first start."""


class Canaries:
    """The secrets of one server, and where they must not be."""

    def __init__(self) -> None:
        self._secrets: set[bytes] = set()

    def learn(self, secret: str) -> None:
        """From now on this must not be seen again."""
        if len(secret) >= SHORTEST:
            self._secrets.add(secret.encode())

    def answered(self, method: str, path: str, reply: Reply) -> None:
        """Judge an answer, and learn what it gave away."""
        where = f"the answer to {method} {path}"
        named = [(name, value) for name, value in reply.headers.items() if name.lower() != "set-cookie"]
        head = "\n".join(f"{name}: {value}" for name, value in named).encode()
        self.judge(where, head + reply.body, any_token=method == "GET", sent=path.encode())
        for name, value in reply.headers.items():
            if name.lower() == "set-cookie":
                for cookie in SimpleCookie(value).values():
                    self.learn(cookie.value)
        for found in TOKEN.findall(reply.body):
            self._secrets.add(found)

    def judge(self, where: str, content: bytes, *, any_token: bool = False, sent: bytes = b"") -> None:
        """Fails for a secret in it that was not ``sent``; with ``any_token`` also for a token not seen before."""
        found = {secret for secret in self._secrets if secret in content}
        found.update(TOKEN.findall(content) if any_token else ())
        found -= {secret for secret in found if secret in sent}
        assert not found, f"secrets in {where}: {[secret[:9] for secret in found]}"

    def look_through(self, folder: Path) -> None:
        """Judge every file that a server has left."""
        for path in _files(folder):
            self.judge(f"the file {path.name}", path.read_bytes(), any_token=True)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in SAID and path.stat().st_size <= LARGEST:
            yield path
