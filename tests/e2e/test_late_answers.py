"""The order in which a page's questions are answered is the network's: whichever answer comes last, all is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.test_access import PAGES, spoken, visit
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e
__all__ = ["spoken"]

PARTS = "document.querySelectorAll('main *').length"
ENOUGH = 700
"""ms in which every other answer has long come."""


def asked(page: Page, url: str) -> list[str]:
    """What of the API the page reads while it is opened."""
    paths: dict[str, None] = {}
    page.on("request", lambda one: paths.setdefault(urlsplit(one.url).path) if one.method == "GET" else None)
    visit(page, url)
    return [path for path in paths if path.startswith("/api/")]


def has(page: Page, parts: int) -> bool:
    return bool(page.evaluate(PARTS) == parts)


def open_with_one_late(page: Page, url: str, path: str) -> None:
    """Open the page; the first answer of ``path`` comes after everything else."""
    held: list[Route] = []

    def late(route: Route) -> None:
        held.append(route) if not held else route.continue_()

    page.route(lambda one: urlsplit(one).path == path, late)
    page.goto(url)
    expect(page.locator("main")).to_be_visible()
    for _ in range(20):
        page.wait_for_timeout(ENOUGH)
        if held:
            break
    held[0].continue_()


def test_the_overview_is_shown_when_the_layout_comes_last(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    running = server()
    running.device(running.device_token("boiler")).send({"t": 1})
    page = open_page(running, path="/")
    expect(page.locator("tt-tile")).to_be_visible()
    open_with_one_late(page, running.url + "/", "/api/layouts")
    expect(page.locator("tt-tile")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_whichever_answer_comes_last_the_page_is_whole(
    spoken: Server, open_page: Callable[..., Page], path: str
) -> None:
    first = open_page(spoken)
    page = first.context.new_page()
    first.close()
    url = spoken.url + path
    paths = asked(page, url)
    page.wait_for_timeout(ENOUGH)
    whole = page.evaluate(PARTS)
    page.close()
    for one in paths:
        page = page.context.new_page()
        open_with_one_late(page, url, one)
        expect(page.locator(".waiting", has_text="…"), one).to_have_count(0)
        wait_until(partial(has, page, whole), 20, f"all of {path} to be there after {one}")
        page.close()
