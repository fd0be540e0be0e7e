"""The page in bad times: a silent link, a frozen tab, a wrong clock, a value that a crash took back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import forgive
from tests.support import SCALE, Server, wait_until

pytestmark = pytest.mark.e2e

OpenPage = Callable[..., Page]
COLUMNS = "chart => chart.columns"
NUMBER_COLOURS = "all => all.map(one => getComputedStyle(one).color)"


def card(page: Page, series: str) -> Any:
    return page.locator(f'tt-card[data-series="{series}"]')


def agrees(page: Page, server: Server, series: str, count: int) -> None:
    """Wait until the chart of a series holds exactly what is stored, ``count`` readings."""
    token = server.api_token()

    def same() -> bool:
        query = {"series": series, "from_": "-1h", "to": "+1h", "points": 100_000}
        stored = server.get("/api/history", token, **query)["series"][series]
        drawn = page.eval_on_selector(f'tt-chart[data-series="{series}"]', COLUMNS)
        return drawn == [stored["t"], stored["v"]] and len(stored["t"]) == count

    wait_until(same, 30, f"the chart of {series} to hold the {count} readings that are stored")


def send(device: Any, values: range) -> None:
    for value in values:
        device.send({"id": value, "readings": [{"t": value}]})
        device.ack_of(value)


def test_a_silent_link_dims_every_value_within_three_seconds(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    """Offline, Chromium keeps the socket open and silent, as a pulled cable does. Nothing is missing afterwards."""
    running = server({"storage.commit_interval": "0"})
    device = running.device(running.device_token("boiler"))
    page = open_page(running)
    device.send({"t": -1, "p": -1})
    expect(card(page, "boiler/t").locator(".number")).to_have_text("-1")
    expect(card(page, "boiler/p").locator(".number")).to_have_text("-1")
    bright = set(page.eval_on_selector_all("tt-card .number", NUMBER_COLOURS))
    begin = time.monotonic()
    page.context.set_offline(offline=True)
    page.locator('html[data-connection="down"]').wait_for(state="attached")
    took = time.monotonic() - begin
    dim = page.eval_on_selector_all("tt-card .number", NUMBER_COLOURS)
    assert took < 10 * SCALE, took  # three seconds are promised, and seen; a noisy machine gets more
    assert len(dim) == 2
    assert not bright & set(dim)
    send(device, range(50))
    page.context.set_offline(offline=False)
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    agrees(page, running, "boiler/t", 51)
    forgive(open_page)


def test_a_frozen_tab_is_complete_and_current_once_it_thaws(server: Callable[..., Server], open_page: OpenPage) -> None:
    running = server({"storage.commit_interval": "0"})
    device = running.device(running.device_token("boiler"))
    page = open_page(running)
    device.send({"t": -1})
    expect(card(page, "boiler/t").locator(".number")).to_have_text("-1")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    send(device, range(60))
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    agrees(page, running, "boiler/t", 61)
    expect(card(page, "boiler/t").locator(".number")).to_have_text("59")
    forgive(open_page)


def test_a_value_that_a_crash_took_back_is_not_shown_after_it(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    """Pushed on arrival, killed before its commit: the page returns to what is stored."""
    running = server({"storage.commit_interval": "30"})
    secret = running.device_token("boiler")
    assert running.request("POST", "/api/ingest", json_body={"t": 1}, token=secret).status == 200
    page = open_page(running)
    number = card(page, "boiler/t").locator(".number")
    expect(number).to_have_text("1")
    running.device(secret).send({"t": 2})
    expect(number).to_have_text("2")
    running.kill()
    page.locator('html[data-connection="down"]').wait_for(state="attached")
    running.start()
    expect(number).to_have_text("1", timeout=30_000)
    agrees(page, running, "boiler/t", 1)
    forgive(open_page)


def test_ages_are_by_the_servers_clock(server: Callable[..., Server], open_page: OpenPage) -> None:
    """The browser's clock is an hour ahead: a fresh value is live all the same, and goes stale in its time."""
    running = server()
    device = running.device(running.device_token("boiler"))
    page = open_page(running)
    page.add_init_script("const now = Date.now; Date.now = () => now() + 3_600_000;")
    page.reload()
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    device.send({"t": 1})
    expect(card(page, "boiler/t")).to_have_attribute("data-state", "live")
    begin = time.monotonic()
    expect(card(page, "boiler/t")).to_have_attribute("data-state", "stale", timeout=20_000)
    assert time.monotonic() - begin > 3
    expect(card(page, "boiler/t").locator(".age")).to_contain_text(" s ago")


def test_a_chart_is_drawn_once_what_draws_it_can_be_loaded(server: Callable[..., Server], open_page: OpenPage) -> None:
    """A server that is restarted just then is asked again; nobody has to load the page anew."""
    running = server({"storage.commit_interval": "0"})
    send(running.device(running.device_token("boiler")), range(3))
    page = open_page(running, path="/")
    failed: list[str] = []

    def fail(route: Route) -> None:
        failed.append(route.request.url)
        route.abort("connectionrefused") if len(failed) < 3 else route.continue_()

    page.route("**/uPlot*", fail)
    page.get_by_role("button", name="Charts", exact=True).click()
    expect(page.locator('tt-chart[data-series="boiler/t"] canvas')).to_be_visible(timeout=20_000)
    assert len(failed) == 3
    forgive(open_page)


def test_a_code_to_scan_comes_once_what_draws_it_can_be_loaded(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    """The same of a module that is imported later."""
    running = server()
    failed: list[str] = []

    def fail(route: Route) -> None:
        failed.append(route.request.url)
        route.abort("connectionrefused") if len(failed) < 3 else route.continue_()

    page = open_page(running, path="/system")
    page.route("**/lean-qr*/**", fail)
    page.goto(running.url + "/")
    page.get_by_role("heading", name="Let a device knock").scroll_into_view_if_needed()
    expect(page.locator("svg.qr-code").first).to_be_visible(timeout=20_000)
    assert len(failed) == 3
    forgive(open_page)
