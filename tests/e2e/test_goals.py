"""How much the pages may cost: the goals of the screen, each gated at twice its figure, the median of three.

CPU is that of the page's thread, which other programs do not make longer; gaps between frames and delays are those of
the machine too, so these wait for a quiet one: ``make goals``. What is fetched (G6) is checked in every run.
Chromium's throttling stands in for a small computer; it is not one.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.charts import more
from tests.e2e.conftest import forgive
from tests.e2e.test_dashboard import device, now
from tests.support import Server

pytestmark = pytest.mark.e2e
GATE = 2
"""Times its goal is what a figure may be."""
SECONDS = 4
FRAMES = """seconds => new Promise(done => {
  const gaps = [];
  let last = performance.now();
  const end = last + 1000 * seconds;
  const step = now => {
    gaps.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(step);
    else done({ fps: gaps.length / seconds, longest: Math.max(...gaps), late: gaps.filter(gap => gap > 50).length });
  };
  requestAnimationFrame(step);
})"""
SHIFTS = """() => {
  globalThis.shift = 0;
  const add = one => (globalThis.shift += one.hadRecentInput ? 0 : one.value);
  new PerformanceObserver(list => list.getEntries().forEach(add))
    .observe({ type: "layout-shift", buffered: true });
}"""
ARRIVALS = """seen => {
  const found = (globalThis.arrivals = new Map());
  const look = () => {
    const text = document.querySelector(seen)?.textContent.trim();
    if (text && !found.has(text)) found.set(text, Date.now());
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@contextmanager
def telling(send: Callable[[int], None], every: float = 0.1) -> Iterator[None]:
    """Call ``send(step)`` ten times a second meanwhile."""
    over = threading.Event()

    def go_on() -> None:
        step = 0
        while not over.wait(every):
            send(step := step + 1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def two_hundred(server: Server) -> Callable[[int], None]:
    """Ten devices with twenty metrics each; what tells a new value of each."""
    sockets = [device(server, f"node-{n}") for n in range(10)]

    def tell(step: int) -> None:
        for socket in sockets:
            socket.send({f"m{n:02}": step + n / 10 for n in range(20)})

    tell(0)
    return tell


def share(page: Page, cdp: CDPSession) -> tuple[float, dict[str, float]]:
    """The part of a core that the page's thread takes for SECONDS, and what its frames were like."""
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        rows = cdp.send("Performance.getMetrics")["metrics"]
        return float(next(row["value"] for row in rows if row["name"] == "TaskDuration"))

    begin, spent = time.monotonic(), busy()
    frames: dict[str, float] = page.evaluate(FRAMES, SECONDS)
    return (busy() - spent) / (time.monotonic() - begin), frames


def median_share(name: str, page: Page) -> tuple[float, list[dict[str, float]]]:
    """The median of three, said aloud."""
    cdp = page.context.new_cdp_session(page)
    found = [share(page, cdp) for _ in range(3)]
    shares = sorted(part for part, _ in found)
    frames = [one for _, one in found]
    said = f"{[round(one, 3) for one in shares]} of a core, {100 * shares[1]:.1f} ms a push at 10 Hz"
    print(f"{name}: {said}; {frames}")
    return shares[1], frames


@pytest.mark.long
def test_g1_sixteen_charts_on_screen_of_two_hundred(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """600 points each: at most 20 % of a core and 12 ms an update."""
    one = server()
    tell = two_hundred(one)
    page = open_page(one, path="/?view=charts", viewport={"width": 1280, "height": 900})
    expect(page.locator("tt-card")).to_have_count(200, timeout=60_000)
    with telling(tell):
        busy, _ = median_share("G1", page)
    assert busy <= GATE * 0.20


@pytest.mark.long
def test_g2_ten_long_lines_in_one_chart(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """Ten series over an hour at one a second: at most 18 % of a core."""
    one = server()
    first = now() - 3_600_000
    for n in range(10):
        more(one, f"node-{n}", [{"ts": first + 1_000 * s, "values": {"t": (s * (n + 3)) % 97}} for s in range(3_600)])
    names = [f"node-{n}/t" for n in range(10)]
    query = "&".join(f"with={quote(name, safe='')}" for name in names[1:])
    page = open_page(one, path=f"/series?name={quote(names[0], safe='')}&{query}")
    page.locator("tt-chart .u-over").first.wait_for(timeout=30_000)

    def tell(step: int) -> None:
        for n in range(10):
            more(one, f"node-{n}", [{"ts": now(), "values": {"t": (step * (n + 3)) % 97}}])

    with telling(tell):
        busy, _ = median_share("G2", page)
    assert busy <= GATE * 0.18


@pytest.mark.long
def test_g3_a_hundred_thousand_readings_under_one_chart(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """At most 8 ms an update: what is not a pixel of its own is not drawn."""
    one = server()
    first = now() - 100_000 * 200
    more(one, "d", [{"ts": first + 200 * n, "values": {"t": (n * 7) % 101}} for n in range(100_000)])
    page = open_page(one, path="/series?name=d%2Ft&range=now-6h")
    page.locator("tt-chart .u-over").first.wait_for(timeout=30_000)
    with telling(lambda step: more(one, "d", [{"ts": now(), "values": {"t": step % 101}}])):
        busy, _ = median_share("G3", page)
    assert busy <= GATE * 0.08


@pytest.mark.long
def test_g4_two_hundred_tiles_with_sparklines(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """At most 20 % of a core with values ten times a second."""
    one = server()
    tell = two_hundred(one)
    page = open_page(one, path="/")
    expect(page.locator("tt-tile")).to_have_count(200, timeout=30_000)
    with telling(tell):
        busy, _ = median_share("G4", page)
    assert busy <= GATE * 0.20


@pytest.mark.long
def test_g5_a_small_computer_keeps_up(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """A sixth of the speed, twelve charts at 10 Hz: at least 45 frames a second, none later than 150 ms."""
    one = server()
    socket = device(one, "d")

    def tell(step: int) -> None:
        socket.send({f"m{n:02}": step + n / 10 for n in range(12)})

    tell(0)
    page = open_page(one, path="/?view=charts")
    expect(page.locator("tt-card")).to_have_count(12, timeout=30_000)
    with telling(tell):
        cdp = page.context.new_cdp_session(page)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        frames = sorted((page.evaluate(FRAMES, SECONDS) for _ in range(3)), key=lambda one: one["fps"])
    print(f"G5: {frames}")
    assert frames[1]["fps"] >= 45 / GATE
    assert statistics.median(one["longest"] for one in frames) <= GATE * 150


def fetched(page: Page, url: str, shown: str) -> tuple[list[str], int, int]:
    """Load a page until ``shown`` is there: addresses asked for, bytes as they came, and those of scripts."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    asked: list[str] = []
    kinds: dict[str, tuple[str, str]] = {}
    sizes: dict[str, int] = {}
    cdp.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    cdp.on("Network.webSocketCreated", lambda event: asked.append(event["url"]))
    cdp.on(
        "Network.responseReceived",
        lambda event: kinds.update({event["requestId"]: (event["type"], event["response"]["url"])}),
    )
    cdp.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(url)
    page.locator(shown).first.wait_for(timeout=30_000)
    until = list(asked)
    page.wait_for_load_state("networkidle")
    cdp.detach()
    files = {one: size for one, size in sizes.items() if "/api/" not in kinds.get(one, ("", ""))[1]}
    scripts = sum(int(size) for one, size in files.items() if kinds.get(one, ("", ""))[0] == "Script")
    return until, sum(int(size) for size in files.values()), scripts


def test_g6_few_requests_and_little_to_fetch(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """Until the first live value at most 12 requests, 90 KB of files, 70 KB of scripts; the next load at most 10 KB."""
    one = server()
    socket = device(one, "d")
    socket.send({f"m{n}": n for n in range(6)})
    page = open_page(one, path="/")
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    with telling(lambda step: socket.send({"m0": step}), 0.5):
        asked, size, scripts = fetched(page, one.url + "/", 'tt-tile[data-state="live"]')
        again, warm, _ = fetched(page, one.url + "/", 'tt-tile[data-state="live"]')
    print(f"G6: {len(asked)} requests, {size} B ({scripts} B of scripts); again {len(again)} requests, {warm} B")
    assert len(asked) <= 12, "\n".join(asked)
    assert size <= 90_000
    assert scripts <= 70_000
    assert warm <= 10_000


def test_g7_nothing_jumps_while_the_page_comes_up(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """Layout shifts, as browsers count them, stay at or below 0.02."""
    one = server()
    socket = device(one, "d")
    socket.send({f"m{n}": n for n in range(6)})
    page = open_page(one, path="/")
    page.add_init_script(f"({SHIFTS})()")
    page.reload()
    with telling(lambda step: socket.send({"m0": step}), 0.2):
        expect(page.locator('tt-tile[data-state="live"]').first).to_be_visible(timeout=20_000)
        page.wait_for_load_state("networkidle")
    shift = page.evaluate("globalThis.shift")
    print(f"G7: layout shift {shift:.4f}")
    assert shift <= 0.02


@pytest.mark.long
def test_g8_from_the_sensor_to_the_screen(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """From sending to the painted number at most 200 ms for 95 of 100."""
    one = server()
    socket = device(one, "d")
    socket.send({"t": 1000})
    page = open_page(one, path="/")
    number = 'tt-tile[data-series="d/t"] .number'
    page.locator(number).wait_for(timeout=20_000)
    page.evaluate(ARRIVALS, number)
    sent: dict[str, float] = {}
    for step in range(100):
        sent[str(1001 + step)] = 1000 * time.time()
        socket.send({"t": 1001 + step})
        time.sleep(0.11)
    page.wait_for_timeout(500)
    seen: dict[str, Any] = dict(page.evaluate("[...globalThis.arrivals]"))
    plain = {"".join(filter(str.isdigit, text)): at for text, at in seen.items()}
    delays = sorted(plain[value] - at for value, at in sent.items() if value in plain)
    assert len(delays) >= 80, f"only {len(delays)} of 100 values were painted"
    late = delays[int(0.95 * len(delays))]
    print(f"G8: sample to screen p50 {statistics.median(delays):.0f} ms, p95 {late:.0f} ms of {len(delays)}")
    assert late <= GATE * 200


@pytest.mark.long
def test_g11_live_again_when_the_server_is_back(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """Within 2 s (median) of the server's first answer, with the page in its first tries."""
    one = server()
    page = open_page(one, path="/")
    took = []
    for _ in range(3):
        one.stop()
        expect(page.locator("html")).to_have_attribute("data-connection", "down", timeout=15_000)
        one.start()
        back = time.monotonic()
        expect(page.locator("html")).to_have_attribute("data-connection", "live", timeout=40_000)
        took.append(time.monotonic() - back)
    print(f"G11: {[round(one, 2) for one in took]} s")
    forgive(open_page)
    assert statistics.median(took) <= GATE * 2
    assert max(took) <= GATE * 16
