"""``/api/layouts``: what people changed on the overview. Everyone has a layout of their own; operators share one."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of, reply
from handlers.reading import ReadHandler
from telemetry.layouts import MAX_BODY, SHARED, owner_of


class LayoutList(ReadHandler):
    """The shared layout of the overview, and the own one of who asks."""

    async def answer(self) -> None:
        """Read both."""
        self.give(await self.core.layouts.both(owner_of(self.principal)))


class OwnLayout(Guard):
    """One's own layout: PATCH merges a change into it, DELETE lets all arrange itself again."""

    access = Access.VIEWER

    @property
    def owner(self) -> str:
        """Whose layout it is."""
        return owner_of(self.principal)

    async def patch(self) -> None:
        """Change it, durably."""
        reply(self, await self.core.layouts.change(self.actor, self.owner, json_of(self, MAX_BODY)))

    async def delete(self) -> None:
        """Reset it, durably."""
        reply(self, await self.core.layouts.reset(self.actor, self.owner))


class SharedLayout(OwnLayout):
    """The layout below everyone's own: PATCH merges a change into it, DELETE resets it."""

    access = Access.OPERATOR

    @property
    def owner(self) -> str:
        """Everyone's."""
        return SHARED


class OwnLayoutUndo(Guard):
    """Takes the last change of one's own layout back."""

    access = Access.VIEWER

    async def post(self) -> None:
        """Undo it, durably."""
        reply(self, await self.core.layouts.undo(self.actor, owner_of(self.principal)), kind="change to take back")


class SharedLayoutUndo(Guard):
    """Takes the last change of the shared layout back."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Undo it, durably."""
        reply(self, await self.core.layouts.undo(self.actor, SHARED), kind="change to take back")
