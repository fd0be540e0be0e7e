"""What a person's browser is shown where a program gets an error as JSON: no such page, or none for this role."""

from __future__ import annotations

from handlers.base import ERRORS, Access, Guard
from handlers.rendering import render


def sorry(handler: Guard, status: int) -> None:
    """Answer with a page instead of an error, for ``Application(sorry=…)``."""
    render(handler, "sorry.html", status=status)


class NotFound(Guard):
    """What no route takes."""

    access = Access.OPEN
    page = True

    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.refuse(404, *ERRORS[404])
