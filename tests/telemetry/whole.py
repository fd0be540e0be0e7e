"""A whole core without sockets, as the commands build it, and shorthands for files in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from telemetry import exporting, setting_loading
from telemetry.core import Core, compose
from telemetry.exchange.block import Refused
from telemetry.exchange.writing import Form
from telemetry.identity import TERMINAL
from telemetry.importing import Import, Progress
from telemetry.model import Refusal


@asynccontextmanager
async def whole(path: Path, **options: str) -> AsyncIterator[Core]:
    """A running core on the database of a directory; ``devices_max_series="3"`` is a setting."""
    given = [(key.replace("_", ".", 1), value) for key, value in options.items()]
    core = await compose(setting_loading.load(given, {}, path / "config.ini"), demo=False)
    core.tasks.start(core.pipeline.run(), "pipeline")
    try:
        yield core
    finally:
        await core.pipeline.stop()
        await core.tasks.close()
        core.accounts.close()
        await core.store.close(core.pipeline.handed_out)


async def take_in(
    core: Core, data: bytes, piece: int = 1 << 16, size: int | None = None
) -> tuple[Progress, list[Refused]]:
    """Import a file; what became of it."""
    refused: list[Refused] = []

    async def told(_: Progress, more: Sequence[Refused]) -> None:
        refused.extend(more)

    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]

    async def read() -> bytes:
        return pieces.pop(0) if pieces else b""

    return await Import(core, TERMINAL, "a file", told).run(read, size), refused


async def given_out(core: Core, *patterns: str, form: Form = Form.CSV, **span: Any) -> bytes:
    """An export; ``frm`` and ``to`` as in a query."""
    query = exporting.parse(list(patterns), span.get("frm"), span.get("to"), form, core.clock.arrival())
    assert not isinstance(query, Refusal), query
    return b"".join([piece async for piece in exporting.Export(core, query).pieces()])
