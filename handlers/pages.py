"""The dashboard, the data page, and the files that pages load."""

from __future__ import annotations

import re

from tornado.web import HTTPError, StaticFileHandler

from handlers.base import ERRORS, Access, Guard
from handlers.rendering import STATIC, later, render, script, style
from telemetry import names
from telemetry.auth import Role

HASH = re.compile(r"[0-9a-f]{12}")
PACKED = re.compile(r"all\.css|(?P<page>[a-z_/]+\.js)(~(?P<chunk>[a-z_/]+\.js))?", re.ASCII)
"""What can be asked for in one file: the style sheets, a page's modules, and what these import later."""


class DashboardPage(Guard):
    """``/``: what is live now."""

    access = Access.VIEWER
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract. ``?kiosk`` is a board of everything."""
        if "kiosk" in self.request.arguments or "kiosk" in self.request.query.split("&"):
            render(self, "board.html", user=self.principal.name, operator=False, board="")
            return
        render(self, "dashboard.html", user=self.principal.name, operator=self.principal.role >= Role.OPERATOR)


class DataPage(Guard):
    """``/data``: what is stored, and export, import and corrections of it."""

    access = Access.OPERATOR
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "data.html", user=self.principal.name)


class ExplorePage(Guard):
    """``/explore``: any series over any span, side by side, correlated and counted."""

    access = Access.VIEWER
    page = True

    def get(self) -> None:
        """Show the page; its address says what it shows, and it fetches that by the public contract."""
        render(self, "explore.html", user=self.principal.name)


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


class DevicePage(Guard):
    """``/devices/ID``: all series of a device, live and past."""

    access = Access.VIEWER
    page = True

    def get(self, device: str) -> None:
        """Show the page; a device that has not spoken yet has one too."""
        id_ = names.device_id(device)
        if id_ is None:
            self.refuse(404, *ERRORS[404])
            return
        looker = {"user": self.principal.name, "operator": self.principal.role >= Role.OPERATOR}
        render(self, "device.html", **looker, device=id_, patterns=[f"{id_}/*"])


class SeriesPage(Guard):
    """``/series?name=S``: one series, live and past, compared with others and with itself before."""

    access = Access.VIEWER
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        looker = {"user": self.principal.name, "operator": self.principal.role >= Role.OPERATOR}
        name = self.get_query_argument("name", "", strip=False)
        compared = self.get_query_arguments("with", strip=False)
        render(self, "series.html", **looker, series=name, patterns=[one for one in (name, *compared) if one])


class MessagesPage(FramesPage):
    """``/devices/ID/messages``: the last messages of a device and what was made of them, live."""

    def get(self, device: str) -> None:  # type: ignore[override]  # the route gives it
        """Show the page; a device that has not spoken yet has one too, which says how it can."""
        id_ = names.device_id(device)
        if id_ is None:
            self.refuse(404, *ERRORS[404])
        else:
            self._show(id_)


class BoardsPage(Guard):
    """``/boards``: the boards that there are."""

    access = Access.VIEWER
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        looker = {"user": self.principal.name, "operator": self.principal.role >= Role.OPERATOR}
        render(self, "boards.html", **looker)


class Packed(Guard):
    """``/static/pack/…``: the modules of a page, or all style sheets, in one file."""

    access = Access.OPEN

    def get(self, path: str) -> None:
        """Send it, to be kept for ever under its hash."""
        asked = PACKED.fullmatch(path)
        if asked is None:  # nothing that leads out of the folder
            raise HTTPError(404)
        try:
            address, text = _packed(asked["page"], asked["chunk"])
        except (OSError, ValueError, KeyError):
            raise HTTPError(404) from None
        kind = "text/css" if path == "all.css" else "text/javascript"
        self.set_header("Content-Type", f"{kind}; charset=UTF-8")
        fresh = self.get_query_argument("v", "") == address.rpartition("=")[2]
        self.set_header("Cache-Control", "public, max-age=31536000, immutable" if fresh else "no-cache")
        self.finish(text)


def _packed(page: str | None, chunk: str | None) -> tuple[str, str]:
    """(address, text) of what is asked for. Raises OSError, Unpackable and KeyError where there is no such thing."""
    if page is None:
        return style()
    return script(f"telltale/{page}") if chunk is None else later(f"telltale/{page}")[f"telltale/{chunk}"]


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
