"""Commands from the server: handlers by name, each answered once.

A handler takes the arguments and returns the result, at once or as a coroutine; a ValueError is a refusal
in the handler's own words. At most 16 run at a time; beyond that a command is answered with ``busy``.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

from telemetry.tasks import Tasks

log = logging.getLogger(__name__)

MAX_RUNNING = 16

Handler = Callable[[dict[str, Any]], Any]


class Commands:
    """The commands of one device; ``send`` writes a message to the server, or nowhere while there is none."""

    def __init__(self, send: Callable[[Mapping[str, object]], None]) -> None:
        self._send = send
        self._handlers: dict[str, Handler] = {}
        self._running = 0
        self._tasks = Tasks()

    def on(self, name: str, handler: Handler) -> None:
        """Answer the command ``name`` with this handler."""
        self._handlers[name] = handler

    def run(self, command: Mapping[str, Any]) -> None:
        """``{"id", "name", "args"}``: start the handler."""
        number, name = command.get("id"), str(command.get("name"))
        handler = self._handlers.get(name)
        if handler is None:
            self._fail(number, "unknown_command", f"this device has no command {name}")
        elif self._running >= MAX_RUNNING:
            self._fail(number, "busy", f"{MAX_RUNNING} commands are running")
        else:
            self._running += 1
            self._tasks.start(self._run(number, handler, dict(command.get("args") or {})), f"command {name}")

    async def _run(self, number: object, handler: Handler, args: dict[str, Any]) -> None:
        try:
            result = handler(args)
            if inspect.isawaitable(result):
                result = await result
        except ValueError as error:
            self._fail(number, "bad_value", str(error))
        except Exception:
            log.exception("a command failed")
            self._fail(number, "failed", "the device could not do it")
        else:
            self._send({"reply": {"id": number, "ok": True, "result": result}})
        finally:
            self._running -= 1

    def _fail(self, number: object, code: str, message: str) -> None:
        self._send({"reply": {"id": number, "ok": False, "error": {"code": code, "message": message}}})

    async def close(self) -> None:
        """Cancel what runs."""
        await self._tasks.close()
