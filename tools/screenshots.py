"""Pictures of the running demo: ``make screenshots`` writes docs/screenshot.png, and two more with ``--all``.

Starts ``python server.py demo`` on a free port, opens it in Debian's Chromium, waits until the charts have had
``--seconds`` of data, and takes what an operator would see. Fails if the page logs an error.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SHOTS: dict[str, dict[str, Any]] = {
    "screenshot": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "screenshot-dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "screenshot-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "device_scale_factor": 2},
}


@contextmanager
def demo() -> Iterator[str]:
    """The URL of a running demo."""
    command = [sys.executable, "server.py", "--server.port=0", "demo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        lines: Iterable[str] = server.stdout or ()
        try:
            found = next(filter(None, (re.search(r"https?://\S+:\d+/?", line) for line in lines)), None)
            if found is None:
                raise SystemExit("screenshots: the demo did not start")
            yield found[0]
        finally:
            server.send_signal(signal.SIGTERM)


def take(browser: Browser, url: str, name: str, folder: Path, seconds: float) -> None:
    """Open the page as ``name`` asks for, wait for charts, and save one picture."""
    context = browser.new_context(**SHOTS[name], reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(url)
    page.wait_for_selector("canvas")
    time.sleep(seconds)
    page.screenshot(path=folder / f"{name}.png")
    context.close()
    if errors:
        raise SystemExit(f"screenshots: the page logged {errors}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Take pictures of the running demo.")
    parser.add_argument("--all", action="store_true", help="dark and phone as well")
    parser.add_argument("--seconds", type=float, default=60, help="how long the charts fill before the first picture")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs")
    given = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    given.folder.mkdir(parents=True, exist_ok=True)
    with demo() as url, sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        for index, name in enumerate(SHOTS if given.all else ["screenshot"]):
            take(browser, url, name, given.folder, given.seconds if index == 0 else 3)


if __name__ == "__main__":
    main()
