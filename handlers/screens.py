"""The page of a board, for people and as the screen of a link; and the build of the pages, for screens.

A link carries its token once: the answer puts it into a cookie that no script can read, one for each board, and sends
the browser on to the address without it, which is what its history and any Referer have. ``?screen=N`` says with each
request that it is made as that screen, so that whoever is logged in there too sees what the screen sees.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from handlers import credentials
from handlers.base import ERRORS, READ, Access, Guard
from handlers.bodies import key_of
from handlers.rendering import build, render
from telemetry.auth import Role

KEPT = 400 * 86_400
"""Seconds that browsers keep a cookie at most; each visit begins them anew."""


class BoardPage(Guard):
    """``/boards/ID``: one board, live; ``?kiosk`` for a screen on the wall."""

    access = Access.VIEWER
    scoped = READ
    page = True

    def get(self, number: str) -> None:
        """Show the page; a board that is not there is said there."""
        board = key_of(number)
        if self.scope is not None and (board is None or not self.scope.sees_board(board)):
            self.refuse(404, *ERRORS[404])
        elif self.principal.kind == "screen" and board is not None and self._entered(board):
            self.redirect(self._address(board), status=303)
        else:
            looker = {"user": self.principal.name, "operator": self.principal.role >= Role.OPERATOR}
            render(self, "board.html", **looker, board=number)

    def _entered(self, board: int) -> bool:
        """Keep the token as a cookie; whether the address is not yet the one of the screen."""
        given = credentials.arguments(self.request, "token")
        name = credentials.screen_cookie_name(str(board), secure=self.secure)
        token = given[0] if given else self.get_cookie(name)
        if token is None:  # a program, by its header
            return False
        self.set_cookie(
            name, token, path="/", max_age=KEPT, httponly=True, samesite="Lax", secure=self.secure
        )  # fmt: skip
        return bool(given) or "kiosk" not in dict(self._query())

    def _address(self, board: int) -> str:
        others = [(key, value) for key, value in self._query() if key not in ("token", "screen", "kiosk")]
        return f"{self.request.path}?{urlencode([('kiosk', ''), ('screen', board), *others])}"

    def _query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.request.query, keep_blank_values=True)

    def _ask_to_log_in(self) -> None:
        """Tell who looks at a wall what has become of it, calmly; a login is not for walls."""
        given = [*credentials.tokens(self.request), credentials.screen_cookie(self, secure=self.secure) or ""]
        if "text/html" in self.request.headers.get("Accept", "") and any(one.startswith("tt_k_") for one in given):
            self.set_status(401)
            render(self, "screen_ended.html")
        else:
            super()._ask_to_log_in()


class BuildReport(Guard):
    """``/api/build``: which build of the pages this server has; a screen on the wall loads itself anew by it."""

    access = Access.VIEWER
    scoped = READ

    def get(self) -> None:
        """Say it."""
        self.finish({"build": build()})
