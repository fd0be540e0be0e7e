"""Thresholds of a series: an operator says them once, and every page draws and tells them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.charts import PHONE, device_page, more, past, series_page, unit
from tests.e2e.test_boards import board, part
from tests.e2e.test_dashboard import now
from tests.support import Server

pytestmark = pytest.mark.e2e
TOLD = "above 30 °C"


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server({"storage.commit_interval": "0"})
    past(one, "d")
    unit(one, "d/t", "°C")
    return one


def give(server: Server, *thresholds: dict[str, float]) -> None:
    body = {"series": "d/t", "thresholds": list(thresholds)}
    token = server.api_token("operator")
    assert server.request("POST", "/api/series/thresholds", json_body=body, token=token).status == 200


def reading(server: Server, value: float) -> None:
    more(server, "d", [{"ts": now(), "values": {"t": value}}])


def overview(page: Page, server: Server, query: str = "") -> None:
    page.goto(server.url + "/" + query)
    page.locator('html[data-connection="live"]').wait_for(state="attached")


def test_row_29_thresholds_are_kept_with_the_series_and_told_wherever_it_is_shown(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """Given on its page by an operator, seen by a viewer on every other: as they are given, and by a sign and words."""
    page, other = open_page(fed, "operator"), open_page(fed, "viewer")
    series_page(page, fed, "d/t")
    overview(other, fed)
    tile = other.locator('tt-tile[data-series="d/t"]')
    expect(tile).to_be_visible()
    reading(fed, 31.5)
    expect(tile).to_contain_text("31.5")
    expect(tile.locator(".past-limit")).to_have_count(0)

    field = page.get_by_label("Thresholds")
    field.fill(">30, <5")
    field.press("Enter")
    page.get_by_role("button", name="Keep these for everyone").click()
    expect(page.get_by_role("button", name="Keep these for everyone")).to_have_count(0)
    assert "limits" not in page.url
    expect(field).to_have_value("<5,>30")
    expect(page.locator(".breach")).to_contain_text(TOLD)
    expect(tile.locator(".past-limit")).to_have_text(TOLD)
    expect(tile.locator(".past-limit .icon")).to_be_visible()
    other.screenshot(path=str(artefacts / "thresholds-overview.png"))

    device_page(other, fed, "d")
    expect(other.locator('tt-figure[data-series="d/t"] .breach')).to_contain_text(TOLD)
    overview(other, fed, "?view=charts")
    expect(other.locator('tt-card[data-series="d/t"] .past-limit')).to_have_text(TOLD)
    number = board(
        fed, part("a", series=["d/t"]), part("b", "chart", series=["d/t"]), part("c", "gauge", series=["d/t"])
    )
    other.goto(f"{fed.url}/boards/{number}")
    for which in ("a", "b", "c"):
        expect(other.locator(f'tt-part[data-part="{which}"] .past-limit')).to_contain_text("above 30")
    other.screenshot(path=str(artefacts / "thresholds-board.png"))
    reading(fed, 20)
    expect(other.locator(".past-limit")).to_have_count(0)


def test_a_viewer_looks_with_own_ones_and_goes_back(fed: Server, open_page: Callable[..., Page]) -> None:
    give(fed, {"above": 30})
    page = open_page(fed, "viewer")
    series_page(page, fed, "d/t")
    reading(fed, 25)
    field = page.get_by_label("Thresholds")
    expect(field).to_have_value(">30")
    expect(page.locator(".breach")).to_have_count(0)
    field.fill(">24.5")
    field.press("Enter")
    expect(page.locator(".breach")).to_contain_text("above 24.5 °C")
    assert page.get_by_role("button", name="Keep these for everyone").count() == 0
    field.fill("")
    field.press("Enter")
    expect(page.locator(".breach")).to_have_count(0)
    page.get_by_role("button", name="Back to those of the series").click()
    expect(field).to_have_value(">30")
    assert "limits" not in page.url
    assert fed.get("/api/series", fed.api_token("viewer"), series="d/t")["series"][0]["thresholds"] == [{"above": 30.0}]


def test_a_phone_tells_them_without_scrolling(fed: Server, open_page: Callable[..., Page], artefacts: Path) -> None:
    """In the unit that the layout shows."""
    give(fed, {"above": 30})
    page = open_page(fed, **PHONE)
    token = fed.api_token("operator")
    reply = fed.request("PATCH", "/api/layouts/shared", json_body={"series": {"d/t": {"unit": "°F"}}}, token=token)
    assert reply.status == 200, reply.text
    overview(page, fed)
    reading(fed, 40)
    tile = page.locator('tt-tile[data-series="d/t"]')
    expect(tile.locator(".past-limit")).to_have_text("above 86 °F")
    page.screenshot(path=str(artefacts / "thresholds-phone.png"))
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
