"""Time on the pages with charts: modes, presets, gestures, the address, keys. Named after the rows of the list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.charts import (
    HOUR,
    MINUTE,
    PHONE,
    asked,
    chart,
    device_page,
    drag,
    mode,
    more,
    over,
    past,
    series_page,
    span,
    touch,
)
from tests.e2e.test_dashboard import now
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e


def points(page: Page, series: str) -> int:
    """How many readings the chart holds."""
    return int(chart(page, series).evaluate("chart => chart.columns[0].length"))


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server({"storage.commit_interval": "0"})
    past(one, "d")
    return one


@pytest.fixture
def page(fed: Server, open_page: Callable[..., Page]) -> Page:
    found = open_page(fed)
    device_page(found, fed, "d")
    expect(chart(found, "d/t").locator("canvas")).to_be_visible()
    return found


def test_row_20_badge_is_always_there_moving_leaves_live_and_one_click_returns(page: Page) -> None:
    mode(page, "live")
    drag(page, over(page, "d/t"), 0.3, 0.6, shift=True)
    mode(page, "history")
    page.get_by_role("button", name="Back to live").click()
    mode(page, "live")
    drag(page, over(page, "d/t"), 0.3, 0.6)
    mode(page, "history")
    page.get_by_role("button", name="Back to live").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    mode(page, "paused")
    page.get_by_role("button", name="Go on", exact=True).click()
    mode(page, "live")


def test_row_21_paused_buffers_counts_what_is_new_and_loses_nothing(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    past(one, "d")
    page = open_page(one)
    device_page(page, one, "d")
    wait_until(lambda: points(page, "d/t") == 600, 20)
    page.get_by_role("button", name="Pause", exact=True).click()
    before = span(page)
    # in the second before the page stood still is nothing of these
    more(one, "d", [{"ts": now() + n, "values": {"t": 50 + n}} for n in range(7)])
    expect(page.locator(".fresh")).to_have_text("7 new")
    assert span(page) == before
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.locator(".fresh")).to_have_count(0)
    wait_until(lambda: points(page, "d/t") == 607, 20)


def test_row_22_presets_and_any_span_in_the_grammar(page: Page, artefacts: Path) -> None:
    for name, length in (
        ("5 m", "now-5m"),
        ("15 m", "now-15m"),
        ("6 h", "now-6h"),
        ("24 h", "now-1d"),
        ("7 d", "now-7d"),
        ("30 d", "now-30d"),
    ):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
        assert asked(page)["from"] == length
    page.get_by_role("button", name="1 h", exact=True).click()
    assert "from" not in asked(page)
    page.get_by_role("button", name="Any span of time").click()
    dialog = page.get_by_role("dialog", name="Span of time")
    page.screenshot(path=str(artefacts / "time-span.png"))
    dialog.get_by_label("From").fill("now-90m")
    dialog.get_by_role("button", name="Show").click()
    expect(dialog).to_have_count(0)
    mode(page, "live")
    assert asked(page)["from"] == "now-90m"
    page.get_by_role("button", name="Any span of time").click()
    dialog.get_by_label("From").fill("yesterday")
    dialog.get_by_role("button", name="Show").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The beginning is no time")
    dialog.get_by_label("From").fill("now-30m")
    dialog.get_by_label("To").fill("now-10m")
    dialog.get_by_role("button", name="Show").click()
    mode(page, "history")
    frm, to = span(page)
    assert to - frm == 20 * MINUTE
    assert abs(now() - 10 * MINUTE - to) < 20_000


def test_row_23_drag_zooms_shift_drag_moves_the_wheel_with_ctrl_zooms_and_double_click_is_live(page: Page) -> None:
    box = over(page, "d/t")
    drag(page, box, 0.5, 0.75)
    mode(page, "history")
    frm, to = span(page)
    assert abs((to - frm) - HOUR / 4) < 2 * MINUTE
    drag(page, box, 0.2, 0.7, shift=True)
    page.wait_for_url(lambda url: str(frm) not in url)
    moved = span(page)
    assert abs((moved[1] - moved[0]) - (to - frm)) <= 2
    assert abs((frm - moved[0]) - (to - frm) / 2) < 2 * MINUTE
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, 100)
    assert span(page) == moved, "without a modifier the wheel is the page's"
    page.keyboard.down("Control")
    page.mouse.wheel(0, 100)
    page.keyboard.up("Control")
    page.wait_for_url(lambda url: str(moved[0]) not in url)
    out = span(page)
    assert out[1] - out[0] > 1.1 * (moved[1] - moved[0])
    box = over(page, "d/t")
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mode(page, "live")


def test_row_24_one_finger_moves_two_zoom_up_and_down_scrolls_and_a_double_tap_is_live(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    page = open_page(fed, **PHONE)
    device_page(page, fed, "d")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    box = over(page, "d/t")
    cdp = page.context.new_cdp_session(page)
    y, left, right = box["y"] + box["height"] / 2, box["x"] + box["width"] * 0.3, box["x"] + box["width"] * 0.7
    touch(cdp, "touchStart", (left, y))
    for step in range(1, 9):
        touch(cdp, "touchMove", (left + (right - left) * step / 8, y))
    touch(cdp, "touchEnd")
    mode(page, "history")
    page.wait_for_url("**from=**")
    moved = span(page)
    assert abs((moved[1] - moved[0]) - HOUR) <= 2
    assert 15 * MINUTE < now() - moved[1] < 30 * MINUTE
    middle = (left + right) / 2
    touch(cdp, "touchStart", (middle - 20, y), (middle + 20, y))
    for step in range(1, 9):
        touch(cdp, "touchMove", (middle - 20 - 8 * step, y), (middle + 20 + 8 * step, y))
    touch(cdp, "touchEnd")
    page.wait_for_url(lambda url: str(moved[0]) not in url)
    zoomed = span(page)
    assert 0.15 < (zoomed[1] - zoomed[0]) / HOUR < 0.35
    page.screenshot(path=str(artefacts / "time-phone.png"))
    scrolled = page.evaluate("scrollY")
    touch(cdp, "touchStart", (middle, y))
    for step in range(1, 9):
        touch(cdp, "touchMove", (middle, y - 20 * step))
    touch(cdp, "touchEnd")
    wait_until(lambda: page.evaluate("scrollY") > scrolled + 40, 10)
    assert span(page) == zoomed
    box = over(page, "d/t")
    for _ in range(2):
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mode(page, "live")


def test_row_25_the_crosshair_stands_at_the_same_time_everywhere_with_every_value(page: Page) -> None:
    box = over(page, "d/t")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    times = page.locator("tt-figure .legend time")
    expect(times).to_have_count(2)
    first, second = times.all_text_contents()
    assert first == second
    expect(page.locator('tt-figure[data-series="d/u"] .legend b')).to_contain_text("0")
    expect(page.locator("tt-states .at-line")).to_have_count(1)
    expect(page.locator('tt-states li[data-series="d/on"] b')).to_have_text(r"on" if state_at(page) else "off")
    page.mouse.move(2, 2)
    expect(times).to_have_count(0)
    strip = page.locator("tt-strip")
    strip.hover()
    expect(times).to_have_count(2)


def state_at(page: Page) -> bool:
    """What the strip holds where the crosshair stands."""
    return bool(
        page.locator("tt-strip").evaluate(
            """strip => {
              const chart = document.querySelector("tt-figure tt-chart");
              const { left } = chart.querySelector(".u-cursor-x").getBoundingClientRect();
              const over = chart.querySelector(".u-over").getBoundingClientRect();
              const { from, to } = chart.view.span(Date.now());
              const at = from + (left - over.left) / over.width * (to - from);
              return strip.boxes.find(box => box.from <= at && at < box.to).value === 1;
            }"""
        )
    )


def test_row_26_a_zoom_is_one_of_all_charts_unless_that_is_switched_off(page: Page) -> None:
    lengths = """charts => charts.map(chart => {
      const { from, to } = chart.view.span(Date.now());
      return Math.round((to - from) / 60000);
    })"""
    charts = page.locator("tt-figure tt-chart")
    drag(page, over(page, "d/t"), 0.25, 0.75)
    mode(page, "history")
    first, second = charts.evaluate_all(lengths)
    assert first == second < 35
    page.get_by_role("button", name="Back to live").click()
    page.get_by_role("button", name="Any span of time").click()
    page.get_by_label("A zoom in one chart is a zoom in all").uncheck()
    page.keyboard.press("Escape")
    drag(page, over(page, "d/t"), 0.25, 0.75)
    wait_until(lambda: charts.evaluate_all(lengths)[0] < 35, 10)
    assert charts.evaluate_all(lengths)[1] == 60
    mode(page, "live")
    assert asked(page)["sync"] == "off"


def test_row_35_the_address_holds_what_is_shown_after_a_reload_and_in_another_browser(
    fed: Server, page: Page, open_page: Callable[..., Page]
) -> None:
    page.get_by_role("searchbox").fill("d t")
    drag(page, over(page, "d/t"), 0.25, 0.75)
    mode(page, "history")
    shown = span(page)
    page.reload()
    mode(page, "history")
    assert span(page) == shown
    expect(page.get_by_role("searchbox")).to_have_value("d t")
    expect(page.locator("tt-figure")).to_have_count(1)
    other = open_page(fed)
    other.goto(page.url)
    mode(other, "history")
    assert chart(other, "d/t").evaluate("chart => [chart.view.zoom.from, chart.view.zoom.to]") == list(shown)
    expect(other.locator("tt-figure")).to_have_count(1)
    other.get_by_role("button", name="Pause", exact=True).or_(
        other.get_by_role("button", name="Back to live")
    ).first.click()
    other.get_by_role("button", name="Pause", exact=True).click()
    paused = span(other)
    other.reload()
    mode(other, "paused")
    assert span(other) == paused


def test_row_36_back_undoes_zooms_and_live_adds_nothing_to_go_back_to(fed: Server, page: Page) -> None:
    steps = int(page.evaluate("history.length"))
    page.get_by_role("button", name="15 m", exact=True).click()
    drag(page, over(page, "d/t"), 0.2, 0.8)
    mode(page, "history")
    first = span(page)
    drag(page, over(page, "d/t"), 0.2, 0.8)
    page.wait_for_url(lambda url: str(first[0]) not in url)
    assert page.evaluate("history.length") == steps + 3
    page.go_back()
    page.wait_for_url(lambda url: str(first[0]) in url)
    page.go_back()
    mode(page, "live")
    assert asked(page)["from"] == "now-15m"
    page.mouse.move(2, 2)
    text = page.locator('tt-figure[data-series="d/t"] .age').text_content()
    expect(page.locator('tt-figure[data-series="d/t"] .age')).not_to_have_text(text or "")
    page.go_back()
    mode(page, "live")
    assert "from" not in asked(page)


def test_row_37_keys_do_what_their_list_says(page: Page, artefacts: Path) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Zoom in")
    page.screenshot(path=str(artefacts / "time-keys.png"))
    page.keyboard.press("Escape")
    expect(page.locator("dialog.keys button")).not_to_be_focused()  # it keeps the focus for a moment, and takes Space
    page.keyboard.press("Space")
    mode(page, "paused")
    page.keyboard.press("Space")
    mode(page, "live")
    page.keyboard.press("ArrowLeft")
    mode(page, "history")
    page.wait_for_url("**from=**")
    first = span(page)
    assert 14 * MINUTE < now() - first[1] < 17 * MINUTE
    page.keyboard.press("+")
    page.wait_for_url(lambda url: str(first[0]) not in url)
    assert abs(span(page)[1] - span(page)[0] - HOUR / 2) <= 2
    page.keyboard.press("-")
    page.wait_for_url(lambda url: str(first[0]) in url)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: str(first[0]) not in url)
    page.keyboard.press("l")
    mode(page, "live")
    page.keyboard.press("k")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    mode(page, "live")
    assert "kiosk" in asked(page)
    page.keyboard.press("k")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_row_38_keys_are_off_while_typing_with_ctrl_and_when_switched_off(page: Page) -> None:
    page.get_by_role("searchbox").fill("")
    page.get_by_role("searchbox").press_sequentially("l t")
    expect(page.get_by_role("searchbox")).to_have_value("l t")
    page.keyboard.press("ArrowLeft")
    mode(page, "live")
    page.get_by_role("searchbox").fill("")
    button = page.get_by_role("button", name="15 m", exact=True)
    button.focus()
    page.keyboard.press("Space")
    mode(page, "live")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+ArrowLeft")
    mode(page, "live")
    page.keyboard.press("?")
    page.get_by_label("Keys without ctrl or alt work").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("?")
    mode(page, "live")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_series_page_has_the_same_time(fed: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(fed)
    series_page(page, fed, "d/t", "&from=now-15m")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    drag(page, over(page, "d/t"), 0.2, 0.8)
    mode(page, "history")
    assert asked(page)["name"] == "d/t"
