"""The page of the system in a real Chromium: it says what is so, stays current by itself, and rests when hidden."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.charts import PHONE
from tests.e2e.conftest import forgive
from tests.e2e.test_dashboard import now
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e

OpenPage = Callable[..., Page]
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Another tab in front does not hide a page of a headless browser."""


def system_page(server: Server, open_page: OpenPage, **options: Any) -> Page:
    page = open_page(server, **({"role": "operator"} | options))
    page.goto(f"{server.url}/system")
    expect(page.get_by_role("heading", level=1)).to_have_text("System")
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    return page


def figure(page: Page, section: str, name: str) -> Locator:
    """The figure of a name, with what it means."""
    found = page.locator(f"section#{section} dl.figures > div").filter(has=page.get_by_text(name, exact=True))
    return found.locator("dd").first


def feed(server: Server, count: int = 3) -> str:
    token = server.device_token("boiler")
    rows = [{"ts": now() - n * 1000, "values": {"t": n}} for n in range(count)]
    assert server.request("POST", "/api/ingest", json_body=rows, token=token).status == 200
    return token


def test_viewers_are_not_let_in_and_operators_are_shown_the_way(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    one = server()
    page = open_page(one, role="viewer")
    reply = page.request.get(f"{one.url}/system")
    assert reply.status == 403
    page = open_page(one, role="operator")
    page.goto(f"{one.url}/system")
    tab = page.get_by_role("navigation").get_by_role("link", name="System")
    expect(tab).to_have_attribute("aria-current", "page")


def test_it_shows_what_the_server_says(server: Callable[..., Server], open_page: OpenPage, artefacts: Path) -> None:
    """Figures as in /metrics, versions as they run, and refusals with what they mean."""
    one = server({"storage.commit_interval": "0"})
    token = feed(one)
    assert one.request("POST", "/api/ingest", body=b'{"t": NaN}', token=token).status == 400
    page = system_page(one, open_page)
    expect(page.locator(".verdict li")).to_have_text(["All is well."])
    expect(figure(page, "ingest", "Received")).to_contain_text("a")
    expect(page.locator("section#ingest")).to_contain_text("4 readings in this run")
    expect(page.locator("section#ingest")).to_contain_text("3 readings in this run")
    said = one.get("/api/system", one.api_token("operator"))
    expect(figure(page, "versions", "SQLite")).to_have_text(said["versions"]["sqlite"])
    expect(figure(page, "versions", "Tornado")).to_have_text(said["versions"]["tornado"])
    (reason,) = (name for name, count in said["readings"]["refused"].items() if count)
    row = page.locator("section#refused tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(reason)
    expect(row.locator(".count")).to_have_text("1")
    expect(page.locator("section#storage")).to_contain_text("The forecast needs some hours of readings.")
    expect(page.locator("section#mqtt")).to_contain_text("No broker is set")
    page.screenshot(path=str(artefacts / "system.png"), full_page=True)


def test_it_follows_the_server_by_itself(server: Callable[..., Server], open_page: OpenPage) -> None:
    """Without a reload; the chart of what arrives has a line once there are two looks."""
    one = server({"storage.commit_interval": "0"})
    token = feed(one)
    page = system_page(one, open_page)
    page.evaluate("window.marker = 'same page'")
    socket = one.live(one.api_token(name="wall-screen"))
    socket.send({"id": 1, "subscribe": ["boiler/*", "tank/*"]})
    watching = page.locator("section#browsers tbody tr")
    expect(watching).to_have_count(1, timeout=20_000)
    expect(watching).to_contain_text("wall-screen")
    expect(watching).to_contain_text("live page, 2 patterns")
    expect(watching).to_contain_text("up to date")
    assert one.request("POST", "/api/ingest", json_body={"u": 1}, token=token).status == 200
    expect(figure(page, "ingest", "Series")).to_have_text("2", timeout=20_000)
    line = page.locator("section#ingest path.line").first
    wait_until(lambda: "L" in str(line.get_attribute("d")), 30, "a line of what arrived")
    assert page.evaluate("window.marker") == "same page"


def test_a_hidden_page_asks_nothing_and_one_that_is_shown_asks_at_once(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    one = server()
    page = open_page(one, role="operator")
    page.clock.install()
    page.goto(f"{one.url}/system")
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/api/system?"):
        pass
    page.evaluate(HIDE, arg=True)
    asked.clear()
    page.clock.run_for(60_000)  # twelve looks would have been due
    assert asked == []
    expect(page.locator("html")).to_have_attribute("data-connection", "down")
    with page.expect_response("**/api/system?", timeout=3_000):
        page.evaluate(HIDE, arg=False)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


def test_a_server_that_is_gone_is_said_and_its_figures_do_not_look_live(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    """Both when it refuses and when it only falls silent; and it is found again without a reload."""
    one = server()
    page = system_page(one, open_page)
    uptime = figure(page, "machine", "Running for")
    assert uptime.evaluate("one => getComputedStyle(one).opacity") == "1"
    page.context.set_offline(offline=True)
    note = page.locator(".system-note")
    expect(note).to_contain_text("No connection to the server.", timeout=20_000)
    expect(note).to_contain_text("Values are as of")
    expect(page.locator(".as-of")).to_contain_text("ago")
    assert float(uptime.evaluate("one => getComputedStyle(one).opacity")) < 1
    page.context.set_offline(offline=False)
    expect(note).to_have_text("", timeout=20_000)
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    forgive(open_page)


def test_a_question_that_is_never_answered_does_not_keep_the_page_looking_live(
    server: Callable[..., Server], open_page: OpenPage
) -> None:
    one = server()
    page = system_page(one, open_page)
    page.route("**/api/system?", lambda _: None)
    expect(page.locator(".system-note")).to_contain_text("No connection to the server.", timeout=20_000)
    page.unroute("**/api/system?")
    page.locator('html[data-connection="live"]').wait_for(state="attached", timeout=20_000)


def test_it_fits_a_phone(server: Callable[..., Server], open_page: OpenPage, artefacts: Path) -> None:
    one = server({"storage.commit_interval": "0"})
    feed(one)
    page = system_page(one, open_page, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=str(artefacts / "system-phone.png"), full_page=True)
