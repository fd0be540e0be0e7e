"""Plain http under a host name, as on most networks: no secure context, and all that people do works all the same."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.charts import chart, drag, mode, more, over, past
from tests.e2e.test_boards import board, part
from tests.e2e.test_dashboard import now
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e
HOST = "pi.local"
MISSING = """() => ({
  secure: isSecureContext, clipboard: "clipboard" in navigator, worker: "serviceWorker" in navigator,
  uuid: "randomUUID" in crypto, permission: globalThis.Notification?.permission ?? "denied",
})"""


class Named:
    """A server as browsers know it by its name."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = f"http://{HOST}:{server.port}"
        self.cli = server.cli
        self.canaries = server.canaries


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium in whose world the name is this machine's."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def named(server: Callable[..., Server]) -> Named:
    one = server({"storage.commit_interval": "0"})
    past(one, "d")
    return Named(one)


def go(page: Page, named: Named, path: str) -> None:
    page.goto(named.url + path)
    page.locator('html[data-connection="live"]').wait_for(state="attached")


def test_what_browsers_keep_for_https_is_not_there_and_values_are_live(
    named: Named, open_page: Callable[..., Page]
) -> None:
    page = open_page(named, path="/")
    assert page.evaluate(MISSING) == {
        "secure": False, "clipboard": False, "worker": False, "uuid": False, "permission": "denied",
    }  # fmt: skip
    tile = page.locator('tt-tile[data-series="d/t"]')
    expect(tile).to_be_visible()
    more(named.server, "d", [{"ts": now(), "values": {"t": 77.5}}])
    expect(tile).to_contain_text("77.5")
    assert [cookie["secure"] for cookie in page.context.cookies()] == [False] * len(page.context.cookies())
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_row_7_copying_works_and_says_so(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """The old way, since there is no clipboard API; what was copied can be pasted."""
    page = open_page(Named(server()), path="/")
    button = page.locator("tt-start").get_by_role("button", name=re.compile("Copy")).first
    button.click()
    expect(page.locator("tt-start").first).to_contain_text("copied, the plain http way")
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'pasted' }))")
    page.locator("#pasted").focus()
    page.keyboard.press("Control+V")
    wait_until(lambda: len(page.locator("#pasted").input_value()) > 20, 5)
    code = [text.strip() for text in page.locator("tt-start pre, tt-start code").all_text_contents()]
    assert page.locator("#pasted").input_value().strip() in code


def test_time_is_zoomed_paused_and_kept_in_the_address(named: Named, open_page: Callable[..., Page]) -> None:
    page = open_page(named, path="/")
    go(page, named, "/series?name=d/t")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    mode(page, "live")
    drag(page, over(page, "d/t"), 0.3, 0.6)
    page.wait_for_url("**from=**")
    mode(page, "history")
    page.reload()
    mode(page, "history")
    page.keyboard.press("l")
    mode(page, "live")


def test_a_board_is_made_by_hand_and_shown_on_a_wall(
    named: Named, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page(named, path="/")
    page.goto(named.url + "/boards")
    page.get_by_label("Name of the new board").fill("Boiler room")
    page.get_by_role("button", name="Make a board").click()
    page.wait_for_url(re.compile("/boards/1"))
    number = board(named.server, part("a", series=["d/t"]), name="Second")
    page.goto(f"{named.url}/boards/{number}?kiosk")
    expect(page.locator("tt-part .number")).to_be_visible()
    expect(page.locator(".link[data-state=live]")).to_be_visible()


def test_notes_explore_and_files_work(named: Named, open_page: Callable[..., Page]) -> None:
    page: Any = open_page(named, "operator", path="/")
    go(page, named, "/devices/d")
    page.get_by_role("button", name="Notes on t: 0").click()
    page.get_by_label("Note", exact=True).fill("pump replaced")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("tt-annotations tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Notes as CSV").click()
    assert "pump replaced" in Path(download.value.path()).read_text()
    page.goto(f"{named.url}/explore?s=d/t&from=now-1h")
    expect(page.locator('.views[aria-busy="false"] .chart').first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of this").click()
    assert len(Path(download.value.path()).read_text().splitlines()) > 100
    stored = json.loads(page.evaluate("JSON.stringify({ ...localStorage })"))
    assert not [value for value in stored.values() if "token" in value.lower()]
