"""Pictures of every page: ``make screenshots`` writes them to test-artefacts/screenshots, and docs/screenshot.png.

Starts ``python server.py demo`` on a free port, lets the charts fill for ``--seconds``, makes a board, a note and a
threshold, and takes each page in Debian's Chromium: light, dark, on a phone, on a wall and on paper. Fails if a page
logs an error, or is wider than its screen.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

ROOT = Path(__file__).resolve().parent.parent
DESK = {"width": 1280, "height": 800}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "device_scale_factor": 2},
    "wall": {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark"},
    "print": {"viewport": {"width": 794, "height": 1123}, "color_scheme": "dark"},  # A4 at 96 dots an inch
}
PLAIN = ("light", "dark", "phone", "print")


class Shot(NamedTuple):
    """A page: its ``path``, what is there when it is ready, and the ``looks`` in which it is taken."""

    path: str
    ready: str
    looks: tuple[str, ...] = PLAIN


def shots(device: str, series: str, board: int) -> dict[str, Shot]:
    """Every page that a demo has, by name."""
    explored = f"/explore?s={series}&from=now-30m"
    return {
        "overview": Shot("/", "tt-tile"),
        "charts": Shot("/?view=charts", "tt-card canvas"),
        "device": Shot(f"/devices/{device}", "tt-figure canvas"),
        "messages": Shot(f"/devices/{device}/messages", "main li, main tr"),
        "series": Shot(f"/series?name={series}", "tt-figure canvas"),
        "boards": Shot("/boards", ".board-list li"),
        "board": Shot(f"/boards/{board}", "tt-part"),
        "explore": Shot(explored, ".views[aria-busy='false'] .chart"),
        "explore-empty": Shot("/explore", "main h2"),
        "explore-heat": Shot(f"{explored}&view=heat", "#view"),
        "explore-histogram": Shot(f"{explored}&view=histogram", "#view"),
        "data": Shot("/data", "main section"),
        "frames": Shot("/frames", "main"),
        "system": Shot("/system", "main section"),
        "devices": Shot("/devices", "main"),
        "people": Shot("/people", "main"),
        "tokens": Shot("/tokens", "main"),
        "audit": Shot("/audit", "main"),
        "account": Shot("/account", "main"),
        "wall": Shot("/?kiosk", "tt-part", ("wall",)),
        "wall-board": Shot(f"/boards/{board}?kiosk", "tt-part", ("wall",)),
    }


BARE = {"boards-empty": Shot("/boards", ".empty")}
"""Pages as they are before anything was made."""


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """The URL of a server, without a slash at its end."""
    command = [sys.executable, "server.py", "--server.port=0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        lines: Iterable[str] = server.stdout or ()
        try:
            found = next(filter(None, (re.search(r"https?://[^\s/]+:\d+", line) for line in lines)), None)
            if found is None:
                raise SystemExit("screenshots: the server did not start")
            yield re.sub(r"//[^:]+", "//127.0.0.1", found[0])
        finally:
            server.send_signal(signal.SIGTERM)


def asked(url: str, body: object = None) -> Any:
    """JSON of the API; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


def furnish(url: str) -> tuple[str, str, int]:
    """Make what the pages show; a device, a series of numbers of it, and a board."""
    every = asked(f"{url}/api/series")["series"]
    numbers = [one for one in every if one["kind"] == "number"]
    states = [one for one in every if one["kind"] != "number"]
    first = numbers[0]
    asked(f"{url}/api/annotations", {"text": "Filter changed", "series": first["series"]})
    newest = asked(f"{url}/api/latest?series={quote(first['series'])}")["latest"][0][2]
    limits = {"series": first["series"], "thresholds": [{"above": round(newest * 0.99, 2)}]}
    asked(f"{url}/api/series/thresholds", limits)
    kinds = ["chart", "tile", "gauge", "tile", "gauge", "table"]
    parts = [
        {"id": f"p{n}", "kind": kind, "w": 6 if kind in ("chart", "table") else 3, "h": 3, "series": [one["series"]]}
        for n, (kind, one) in enumerate(zip(kinds, numbers, strict=False))
    ]
    if states:
        parts.append({"id": "s", "kind": "strip", "w": 6, "h": 3, "series": [one["series"] for one in states[:3]]})
    board = asked(f"{url}/api/boards", {"name": "Boiler room", "parts": parts})
    return first["device"], first["series"], board["id"]


def take(browser: Browser, url: str, shot: Shot, look: str, file: Path) -> list[str]:
    """Save one picture; what is wrong with the page."""
    context = browser.new_context(**LOOKS[look], reduced_motion="reduce")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    answer = page.goto(url + shot.path)
    if answer is None or answer.status != 200:
        context.close()
        return [f"answered {answer.status if answer else 'nothing'}"]
    try:
        page.wait_for_selector(shot.ready, timeout=10_000)
    except PlaywrightError as error:
        wrong.append(f"{shot.ready} did not come: {str(error).splitlines()[0]}")
    page.wait_for_timeout(1_500)  # charts draw what they have fetched
    _save(page, look, file)
    if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
        wrong.append("is wider than its screen")
    context.close()
    return wrong


def _save(page: Page, look: str, file: Path) -> None:
    if look in ("phone", "print"):
        # charts are drawn when they have been near the screen
        for _ in range(page.evaluate("Math.ceil(document.scrollingElement.scrollHeight / innerHeight)")):
            page.mouse.wheel(0, 600)
            page.wait_for_timeout(200)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
    if look == "print":
        page.emulate_media(media="print")
        page.wait_for_timeout(500)
    page.screenshot(path=file, full_page=look in ("phone", "print"))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Take pictures of every page.")
    parser.add_argument("--seconds", type=float, default=60, help="how long the charts fill before the first picture")
    parser.add_argument("--folder", type=Path, default=ROOT / "test-artefacts" / "screenshots")
    parser.add_argument("--only", default="", help="pages whose names begin so")
    given = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    given.folder.mkdir(parents=True, exist_ok=True)
    troubles: list[str] = []
    with sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)

        def every(url: str, found: dict[str, Shot]) -> None:
            for name, shot in found.items():
                for look in shot.looks if name.startswith(given.only) else ():
                    wrong = take(browser, url, shot, look, given.folder / f"{name}-{look}.png")
                    troubles.extend(f"{name}-{look}: {one}" for one in wrong)

        with running("demo") as url:
            time.sleep(given.seconds)
            every(url, BARE)
            every(url, shots(*furnish(url)))
    if not given.only:
        shutil.copy(given.folder / "overview-light.png", ROOT / "docs" / "screenshot.png")
    print(f"screenshots: in {given.folder}")
    if troubles:
        raise SystemExit("\n".join(troubles))


if __name__ == "__main__":
    main()
