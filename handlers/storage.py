"""``GET /api/storage``: what is kept, how much space it takes, how it grows, and when the room ends."""

from __future__ import annotations

from handlers.reading import ReadHandler
from telemetry.retention import KEYS
from telemetry.storage import Report


class StorageReport(ReadHandler):
    """What is kept, the space it takes, how it grows, and when the room ends."""

    async def answer(self) -> None:
        """Of one moment."""
        found = await self.core.storage.look()
        core = self.core
        rules = [{"pattern": line.pattern, **dict(zip(KEYS, line.ages, strict=True))} for line in core.rules.lines()]
        busy = core.maintenance.busy
        damage = core.damages.report()
        self.give(
            _body(found)
            | {
                "retention": rules,
                "backup": core.backups.report(),
                "damage": damage if damage["count"] or damage["damaged"] else None,
                "busy": None if busy is None else {"job": busy, "done": None},
            }
        )


def _body(found: Report) -> dict[str, object]:
    holdings, rates = found.holdings, found.rates
    return {
        "files": found.files._asdict(),
        "quota": found.quota,
        "disk_free": found.disk_free,
        "live": holdings.pages.used,
        "readings": holdings.accounts._asdict(),
        "sealed_until": holdings.sealed_until,
        "oldest": holdings.oldest,
        "rates": {
            "readings_per_day": _whole(rates.readings),
            "stored_bytes_per_day": _whole(rates.stored_bytes),
            "written_bytes_per_day": _whole(rates.written_bytes),
        },
        "full_on": found.full_on,
    }


def _whole(rate: float | None) -> int | None:
    return None if rate is None else round(rate)
