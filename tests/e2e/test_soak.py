"""A page that no one touches for a working day: hours of live readings in minutes, and its memory stays what it was.

What the server would send is put into the page's own socket, as fast as it takes it; history is answered from the same
formula. ``SOAK_TICKS=288000`` (``make soak-page``) are eight hours at 10 Hz; fewer by default.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.charts import past
from tests.support import Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3_600)]
TICKS = int(os.environ.get("SOAK_TICKS", "4000"))
STEP = 100
"""ms from one tick to the next."""
LIMIT = 1 << 20
"""Bytes by which the heap may grow, once it has seen what there is."""
WORLD = r"""() => {
  const value = (name, t) => 20 + (name.length % 7) + 5 * Math.sin(t / 300_000);
  let last = null;
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      last = this;
    }
  };
  const fetched = window.fetch;
  window.fetch = async (asked, options) => {
    const url = new URL(asked, location.href);
    if (!window.soaking || url.pathname !== "/api/history") return fetched(asked, options);
    const [from, to, points] = ["from", "to", "points"].map((key) => Number(url.searchParams.get(key)));
    const end = Math.min(to, window.soaking.now);
    const width = Math.max(100, Math.ceil((end - from) / points / 100) * 100);
    const t = [];
    for (let at = Math.ceil(from / width) * width; at < end; at += width) t.push(at);
    const series = {};
    for (const name of url.searchParams.getAll("series")) {
      const v = t.map((at) => value(name, at));
      const count = t.map(() => width / 100);
      const buckets = { resolution: width, t, min: v, max: v, avg: v, count };
      series[name] = width === 100 ? { resolution: "raw", t, v } : buckets;
    }
    return new Response(JSON.stringify({ series }), { headers: { "Content-Type": "application/json" } });
  };
  window.soak = async (names, ticks, step) => {
    window.soaking ??= { now: Date.now(), seq: 1_000_000 };
    const state = window.soaking;
    for (let n = 0; n < ticks; n += 1) {
      state.now += step;
      state.seq += names.length;
      const readings = names.map((name) => [name, state.now, value(name, state.now)]);
      last.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ seq: state.seq, readings }) }));
      if (n % 10 === 9)
        last.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ seq: state.seq, time: state.now }) }));
      if (n % 40 === 39) await new Promise(requestAnimationFrame);
    }
    return state.now;
  };
}"""


def measured(cdp: CDPSession) -> dict[str, float]:
    """Bytes of the heap, nodes and listeners of the page, after everything that can go has gone."""
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return {name: found[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}


@pytest.mark.parametrize("path", ["/", "/?view=charts", "/devices/d"], ids=["tiles", "charts", "device"])
def test_memory_stays_what_it_was(server: Callable[..., Server], open_page: Callable[..., Page], path: str) -> None:
    one = server({"storage.commit_interval": "0"})
    past(one, "d", minutes=5)
    page: Any = open_page(one)
    page.add_init_script(f"({WORLD})()")
    page.goto(one.url + path)
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    expect(page.locator("main canvas").first).to_be_visible()
    page.evaluate("window.marker = 'same page'")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    names = ["d/t", "d/u"]

    def run(ticks: int) -> dict[str, float]:
        for _ in range(0, ticks, 2_000):
            page.evaluate("([names, ticks, step]) => soak(names, ticks, step)", [names, min(ticks, 2_000), STEP])
        page.wait_for_timeout(1_000)
        return measured(cdp)

    # an hour is full by then, and what is made once is made
    before = run(max(TICKS // 8, 6_000))
    after = run(TICKS)
    grown = after["JSHeapUsedSize"] - before["JSHeapUsedSize"]
    print(f"{path}: {TICKS} ticks, heap {before['JSHeapUsedSize'] / 1e6:.2f} -> {after['JSHeapUsedSize'] / 1e6:.2f} MB")
    assert grown < LIMIT, (before, after)
    assert after["Nodes"] <= before["Nodes"] * 1.1 + 50, (before, after)
    assert after["JSEventListeners"] <= before["JSEventListeners"] * 1.1 + 20, (before, after)
    assert page.evaluate("window.marker") == "same page"
