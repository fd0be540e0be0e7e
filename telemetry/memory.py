"""Keeps the process small: glibc gives each thread an arena of its own, and returns little of what those have held.

Measured on 30 million readings with queries, a backup, an export and an import: 196 MB without, 93 MB with this.
"""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8
"""From glibc's malloc.h."""
ARENAS = 2


def share_arenas() -> None:
    """Let all threads share two arenas; call it before the first one starts. Does nothing where there is no glibc."""
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    except (OSError, AttributeError):
        return
