"""The dashboard, the data page, and the files that pages load."""

from __future__ import annotations

import re

from tornado.web import HTTPError, StaticFileHandler

from handlers.base import ERRORS, Access, Guard
from handlers.rendering import STATIC, render
from telemetry import names
from telemetry.auth import Role

HASH = re.compile(r"[0-9a-f]{12}")


class DashboardPage(Guard):
    """``/``: what is live now."""

    access = Access.VIEWER
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "dashboard.html", user=self.principal.name, operator=self.principal.role >= Role.OPERATOR)


class DataPage(Guard):
    """``/data``: what is stored, and export, import and corrections of it."""

    access = Access.OPERATOR
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "data.html", user=self.principal.name)


class FramesPage(Guard):
    """``/frames``: the last messages that belong to no device."""

    access = Access.OPERATOR
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        self._show("")

    def _show(self, device: str) -> None:
        brokers = self.core.settings.mqtt.url
        broker = {"host": brokers[0].host, "port": brokers[0].port} if brokers else None
        render(self, "frames.html", user=self.principal.name, device=device, broker=broker)


class DevicePage(FramesPage):
    """``/devices/ID``: the last messages of a device and what was made of them, live."""

    def get(self, device: str) -> None:  # type: ignore[override]  # the route gives it
        """Show the page; a device that has not spoken yet has one too, which says how it can."""
        id_ = names.device_id(device)
        if id_ is None:
            self.refuse(404, *ERRORS[404])
        else:
            self._show(id_)


class StaticFiles(Guard, StaticFileHandler):
    """``/static/…``: cached for ever under their hash, else always checked again."""

    access = Access.OPEN

    def initialize(self) -> None:  # type: ignore[override]  # the folder is no option of a route
        """Serve the one folder there is."""
        super().initialize(path=str(STATIC))

    def set_extra_headers(self, path: str) -> None:
        """Decide how long browsers may keep it."""
        versioned = HASH.fullmatch(self.get_query_argument("v", ""))
        self.set_header("Cache-Control", "public, max-age=31536000, immutable" if versioned else "no-cache")

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Serve regular files of the folder only; a missing one is a 404 like any other."""
        # No file has such a name, and the system's functions raise ValueError for it.
        found = None if "\0" in absolute_path else super().validate_absolute_path(root, absolute_path)
        if found is None:
            raise HTTPError(404)
        return found
