"""A screen that was opened by its link: no one logs in, nothing but its end ends it, its address keeps no secret."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.test_boards import board, part
from tests.e2e.test_dashboard import now, send
from tests.e2e.test_kiosk import copied, feed
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e


class Screen:
    """A browser on a wall, and what it asked for."""

    def __init__(self, browser: Browser, server: Server, number: int, **options: Any) -> None:
        made = server.cli_json("token", "add", f"wall {number}", "--board", str(number))
        self.token, self.link = str(made["token"]), str(made["link"])
        self.asked: list[Request] = []
        self.said: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 720}, **options)
        self.page = self.context.new_page()
        self.page.on("request", lambda one: self.asked.append(one))  # noqa: PLW0108 - playwright marks what it calls
        self.page.on("console", lambda one: self.said.append(one.text) if one.type == "error" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(server.url + self.link)
        expect(self.page.locator(".link[data-state=live]")).to_be_visible()


@pytest.fixture
def hang(chromium: Browser) -> Iterator[Callable[..., Screen]]:
    """``hang(server, board)``: a screen in a browser of its own."""
    screens: list[Screen] = []

    def start(server: Server, number: int, **options: Any) -> Screen:
        screens.append(Screen(chromium, server, number, **options))
        return screens[-1]

    yield start
    for one in screens:
        one.context.close()


def tile(page: Page) -> Any:
    return page.locator("tt-board-tile")


def test_the_link_opens_without_a_login_and_leaves_no_secret_behind(
    server: Callable[..., Server], hang: Callable[..., Screen]
) -> None:
    one = server({"storage.commit_interval": "0"})
    socket, _ = feed(one)
    number = board(one, part("a", series=["boiler/flow"]), part("c", "chart", 6, 4, series=["boiler/flow"]))
    screen = hang(one, number)
    page = screen.page
    expect(tile(page)).to_contain_text("119.5")
    assert page.url == f"{one.url}/boards/{number}?kiosk=&screen={number}"
    assert screen.token not in page.content()
    assert page.evaluate("document.cookie") == "", "no script sees it"
    entries = page.context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]
    assert not [entry["url"] for entry in entries if screen.token in entry["url"]]
    first, *others = screen.asked
    assert screen.token in first.url
    for asked in others:
        assert screen.token not in asked.url
        assert screen.token not in asked.headers.get("referer", "")
    send(socket, 2, [{"ts": now(), "values": {"flow": 7.25}}])
    expect(tile(page)).to_contain_text("7.25")
    assert screen.said == []


def test_a_screen_survives_restarts_and_takes_a_new_build(
    server: Callable[..., Server], hang: Callable[..., Screen], tmp_path: Path
) -> None:
    one = server({"storage.commit_interval": "0"}, source=copied(tmp_path / "older"))
    socket, device = feed(one)
    screen = hang(one, board(one, part("a", series=["boiler/flow"])))
    page = screen.page
    build = page.locator("tt-board-page").get_attribute("data-build")
    socket.close()
    one.kill()
    expect(page.locator(".link[data-state=down]")).to_contain_text("Values are as of", timeout=15_000)
    newer = tmp_path / "newer"
    shutil.copytree(one.source, newer)
    with (newer / "static/css/kiosk.css").open("a") as sheet:
        sheet.write("\n/* a later version */\n")
    one.source = newer
    one.restart()
    wait_until(lambda: page.locator(f'tt-board-page:not([data-build="{build}"])').count() == 1, 40)
    expect(page.locator(".link[data-state=live]")).to_be_visible(timeout=30_000)
    again = one.device(device)
    again.recv_key("hello")
    send(again, 2, [{"ts": now(), "values": {"flow": 7.25}}])
    expect(tile(page)).to_contain_text("7.25")


def test_a_board_that_shows_something_else_is_on_the_screen_at_once(
    server: Callable[..., Server], hang: Callable[..., Screen]
) -> None:
    """Its socket comes back with what it may see now: the new series has its value, and nothing needs a hand."""
    one = server({"storage.commit_interval": "0"})
    feed(one)
    number = board(one, part("a", series=["boiler/flow"]), name="Before")
    screen = hang(one, number)
    body = {"version": 1, "board": {"name": "After", "parts": [part("a", series=["boiler/return"])]}}
    one.request("PUT", f"/api/boards/{number}", json_body=body, token=one.api_token("operator"))
    expect(screen.page.locator(".wall-foot .name")).to_have_text("After")
    expect(tile(screen.page)).to_contain_text("109", timeout=15_000)
    expect(screen.page.locator(".link[data-state=live]")).to_be_visible()


def test_a_screen_that_slept_asks_for_what_it_missed_once(
    server: Callable[..., Server], hang: Callable[..., Screen]
) -> None:
    """No storm of requests on waking: one socket resumes, whatever has arrived meanwhile."""
    one = server({"storage.commit_interval": "0", "live.ping_timeout": "2"})
    socket, _ = feed(one)
    viewer = one.api_token()
    screen = hang(one, board(one, part("a", series=["boiler/flow"]), part("c", "chart", 6, 4, series=["boiler/flow"])))
    page = screen.page
    expect(tile(page)).to_contain_text("119.5")
    chart = page.locator('tt-chart[data-series="boiler/flow"], tt-board-chart').first
    expect(chart).to_be_visible()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    page.context.set_offline(True)
    wait_until(lambda: 'telltale_sockets{channel="live"} 0' in one.request("GET", "/metrics", token=viewer).text, 30)
    for id_ in range(2, 42):
        send(socket, id_, [{"ts": now(), "values": {"flow": float(id_), "return": 1.0}}])
    page.context.set_offline(False)
    screen.asked.clear()
    sockets: list[str] = []
    page.on("websocket", lambda opened: sockets.append(opened.url))
    woken = time.monotonic()
    cdp.send("Page.setWebLifecycleState", {"state": "active"})
    expect(tile(page)).to_contain_text("41", timeout=10_000)
    assert time.monotonic() - woken < 3
    asked = [one_.url for one_ in screen.asked if "/api/history" in one_.url or "/api/latest" in one_.url]
    assert asked == []
    assert len(sockets) <= 2, sockets


def test_a_revoked_link_says_so_calmly_and_stays_that_way(
    server: Callable[..., Server], hang: Callable[..., Screen]
) -> None:
    one = server({"storage.commit_interval": "0"})
    feed(one)
    number = board(one, part("a", series=["boiler/flow"]))
    screen = hang(one, number)
    expect(tile(screen.page)).to_contain_text("119.5")
    one.cli("token", "revoke", f"wall {number}")
    ended = screen.page.get_by_role("heading", name="This link was revoked.")
    expect(ended).to_be_visible(timeout=20_000)
    assert tile(screen.page).count() == 0, "a screen that may show nothing shows nothing"
    screen.page.reload()
    expect(ended).to_be_visible()
    screen.page.goto(one.url + screen.link)
    expect(ended).to_be_visible()
    assert screen.page.locator("form").count() == 0, "a wall has no keyboard to log in with"


def test_who_is_logged_in_there_too_stays_logged_in(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """Someone tries the link in a browser of their own: the tab is the screen, the others are theirs."""
    one = server({"storage.commit_interval": "0"})
    feed(one)
    number = board(one, part("a", series=["boiler/flow"]))
    made = one.cli_json("token", "add", "mine", "--board", str(number))
    page = open_page(one, "admin")
    tab = page.context.new_page()
    tab.goto(one.url + made["link"])
    expect(tile(tab)).to_contain_text("119.5")
    assert tab.locator("body").get_attribute("data-kind") == "screen"
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-kind", "user")
