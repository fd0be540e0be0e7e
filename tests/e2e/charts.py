"""What the tests of the pages with charts share: series with a past, and where things are on the screen."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.e2e.test_dashboard import now
from tests.support import Server

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def ingest(server: Server, token: str, rows: list[dict[str, Any]]) -> None:
    """Store readings in requests of 5,000."""
    for at in range(0, len(rows), 5_000):
        reply = server.request("POST", "/api/ingest", body=json.dumps(rows[at : at + 5_000]).encode(), token=token)
        assert reply.status == 200, reply.text


_TOKENS: dict[tuple[str, str], str] = {}
"""The tokens of devices, by server and device: each has one."""


def more(server: Server, device: str, rows: list[dict[str, Any]]) -> None:
    """Store more readings of a device."""
    key = (server.url, device)
    if key not in _TOKENS:
        _TOKENS[key] = server.device_token(device)
    ingest(server, _TOKENS[key], rows)


def past(server: Server, device: str, *, minutes: int = 50, every: int = 5_000) -> None:
    """Give a device t, u (numbers) and on (boolean) for the last minutes."""
    first = now() - minutes * MINUTE
    count = minutes * MINUTE // every
    rows = [
        {"ts": first + n * every, "values": {"t": 20 + n % 9, "u": 1000 + n % 50, "on": n % 40 < 10}}
        for n in range(count)
    ]
    more(server, device, rows)


def unit(server: Server, series: str, unit: str) -> None:
    """Give a series its unit."""
    reply = server.request(
        "POST", "/api/series/edit", json_body={"series": series, "unit": unit}, token=server.api_token("operator")
    )
    assert reply.status == 200, reply.text


def device_page(page: Page, server: Server, device: str, query: str = "") -> None:
    page.goto(f"{server.url}/devices/{quote(device, safe='')}{query}")
    page.locator('html[data-connection="live"]').wait_for(state="attached")


def series_page(page: Page, server: Server, series: str, query: str = "") -> None:
    page.goto(f"{server.url}/series?name={quote(series, safe='')}{query}")
    page.locator('html[data-connection="live"]').wait_for(state="attached")


def chart(page: Page, series: str) -> Locator:
    return page.locator(f'tt-figure tt-chart[data-series="{series}"]')


def over(page: Page, series: str) -> dict[str, float]:
    """Where the plot of a chart is, in pixels."""
    # a chart is made anew when a unit becomes known
    chart(page, series).evaluate("chart => chart.scrollIntoView({ block: 'nearest' })")
    box = chart(page, series).evaluate(
        """chart => {
          const { x, y, width, height } = chart.querySelector(".u-over").getBoundingClientRect();
          return { x, y, width, height };
        }"""
    )
    return {name: float(value) for name, value in box.items()}


def drag(page: Page, box: dict[str, float], frm: float, to: float, *, shift: bool = False) -> None:
    """Drag with the mouse between two shares of the width."""
    y = box["y"] + box["height"] / 2
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] * frm, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * to, y, steps=8)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def mode(page: Page, wanted: str) -> None:
    expect(page.locator("tt-badge .badge")).to_have_attribute("data-state", wanted)


def asked(page: Page) -> dict[str, str]:
    """The parameters of the address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}


def span(page: Page) -> tuple[int, int]:
    """The fixed span in the address."""
    found = asked(page)
    return int(found["from"]), int(found["to"])


def touch(cdp: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """One touch event with these fingers on the screen."""
    cdp.send(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
    )
