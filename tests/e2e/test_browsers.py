"""The same pages in Firefox and in WebKitGTK, the nearest to Safari on Linux: they start, are live, and draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import drivers
from tests.e2e.charts import past
from tests.e2e.conftest import PASSWORD
from tests.e2e.drivers import Driver
from tests.e2e.test_boards import board, part
from tests.e2e.test_dashboard import device, now, send
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e
LOG_IN = f"""() => {{
  document.querySelector("[name=name]").value = "looker";
  document.querySelector("[name=password]").value = {PASSWORD!r};
  document.querySelector("form button").click();
}}"""
LIVE = "() => document.documentElement.dataset.connection === 'live'"
DRAWN = """() => [...document.querySelectorAll("main canvas")].some((canvas) => {
  if (!canvas.width || !canvas.height) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, at) => at % 4 === 3 && value > 128);
})"""


@pytest.fixture(params=["firefox", "webkit"])
def browser(request: Any, tmp_path: Path) -> Iterator[Driver]:
    packages = drivers.missing(request.param)
    if packages:
        pytest.skip(f"{request.param} is not installed: sudo apt install {packages}")
    start = {"firefox": drivers.firefox, "webkit": drivers.webkit}[request.param]
    folder = tmp_path / request.param
    folder.mkdir()
    with start(folder) as driver:
        yield driver


def text(selector: str) -> str:
    return f"() => document.querySelector({selector!r})?.textContent ?? ''"


def test_pages_are_live_and_draw(server: Callable[..., Server], browser: Driver) -> None:
    one = server({"storage.commit_interval": "0"})
    past(one, "d", minutes=30)
    socket = device(one, "boiler")
    one.cli("user", "add", "looker", "--role", "operator", stdin=PASSWORD + "\n")
    number = board(one, part("a", series=["d/t"]), part("b", "chart", 6, 4, series=["d/t"]))

    browser.go(one.url + "/")
    browser.run(LOG_IN)
    wait_until(lambda: browser.run(LIVE), 30, "the overview to be live")
    wait_until(lambda: "1,0" in browser.run(text('tt-tile[data-series="d/u"]')), 20, "its tiles")
    wait_until(lambda: browser.run(DRAWN), 20, "a sparkline")
    send(socket, 1, [{"ts": now(), "values": {"flow": 42.5}}])
    wait_until(lambda: "42.5" in browser.run(text('tt-tile[data-series="boiler/flow"]')), 20, "a new device")

    for path, what in (("/series?name=d/t", "tt-chart canvas"), (f"/boards/{number}", "tt-part canvas")):
        browser.go(one.url + path)
        wait_until(lambda: browser.run(LIVE), 30, f"{path} to be live")
        wait_until(lambda what=what: browser.run(f"() => !!document.querySelector({what!r})"), 20, what)
        wait_until(lambda: browser.run(DRAWN), 20, f"a chart on {path}")
    browser.go(one.url + "/explore?s=d/t&from=now-1h")
    wait_until(lambda: browser.run("() => !!document.querySelector('.views[aria-busy=\"false\"] .chart')"), 20)

    browser.go(one.url + "/")
    wait_until(lambda: browser.run(LIVE), 30)
    browser.run("() => { window.marker = 'same page' }")
    one.restart()
    wait_until(lambda: not browser.run(LIVE), 20, "the loss to be noticed")
    wait_until(lambda: browser.run(LIVE), 40, "the way back")
    assert browser.run("() => window.marker") == "same page"
    known = ("WebSocket", "can’t establish a connection", "NetworkError", "NS_ERROR", "Cookie")
    assert [one for one in browser.errors() if not any(word in one for word in known)] == []
