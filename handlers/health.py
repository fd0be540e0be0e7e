"""``GET /healthz``: whether the server can do its work. Open to anyone, so it tells nothing else."""

from __future__ import annotations

from handlers.base import Access, Guard
from telemetry.exposition import uptime

RETRY_AFTER = 1_000


class Health(Guard):
    """Whether the server works: 200 while readings reach the disk, else 503; and whether it found damage."""

    access = Access.OPEN

    def head(self) -> None:
        """The status alone, as many monitors ask for it."""
        self.get()

    def get(self) -> None:
        """Answer from memory: the pipeline knows how its last commit ended."""
        if not self.core.pipeline.healthy:
            self.refuse(503, "try_later", "the disk does not take writes now", retry_after=RETRY_AFTER)
            return
        status = "damaged" if self.core.damages.damaged else "ok"
        self.finish({"status": status, "uptime": int(uptime())})
