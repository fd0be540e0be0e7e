"""Every guard of the security that can be taken out, by the row that it stands for. ``make guards`` runs them."""

from __future__ import annotations

from tests.security.guards import devices, edges, pages, people, storage
from tests.security.guards.guard import Guard, Unfit

__all__ = ["GUARDS", "Guard", "Unfit"]

GUARDS: tuple[Guard, ...] = tuple(
    sorted((*people.GUARDS, *devices.GUARDS, *edges.GUARDS, *pages.GUARDS, *storage.GUARDS), key=lambda one: one.id)
)
