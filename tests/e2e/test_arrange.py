"""Arranging the overview in a real Chromium: by mouse, finger and keys, as a layer that the server keeps.

``row_N`` are rows of the list of what an operator's screen has to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import forgive
from tests.e2e.test_dashboard import device
from tests.e2e.test_overview import PHONE, arrange, saved, three, tile, tiles
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e


def test_row_4_after_reordering_and_hiding_a_new_device_still_appears(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """The layout is a layer over what arranges itself; it is there again after a reload, and undone step by step."""
    one = server()
    three(one)
    page = open_page(one, path="/")
    expect(tile(page, "d/c").locator(".number")).to_have_text("3")
    arrange(page)
    tile(page, "d/c").get_by_role("button", name="Move c").press("Home")
    wait_until(lambda: tiles(page, "d") == ["d/c", "d/a", "d/b"], 10)
    tile(page, "d/a").get_by_role("button", name="Hide a").click()
    page.get_by_role("button", name="Done").click()
    expect(tile(page, "d/a")).to_have_count(0)
    three(one, "later")
    expect(tile(page, "later/a").locator(".number")).to_have_text("1")
    page.reload()
    expect(tile(page, "later/a").locator(".number")).to_have_text("1")
    assert tiles(page, "d") == ["d/c", "d/b"]
    arrange(page)
    expect(tile(page, "d/a")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(tile(page, "d/a").get_by_role("button", name="Hide a")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: tiles(page, "d") == ["d/a", "d/b", "d/c"], 10)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_row_47_tiles_are_moved_resized_hidden_and_pinned_by_keys(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """From the skip link on, without a mouse; the focus stays on what was moved, and what happened is said."""
    one = server()
    three(one)
    page = open_page(one, path="/")
    expect(tile(page, "d/c")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the readings")
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Arrange":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    grip = tile(page, "d/a").get_by_role("button", name="Move a")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move a":
            break
    expect(grip).to_be_focused()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: tiles(page, "d") == ["d/b", "d/a", "d/c"], 10)
    expect(page.locator('tt-overview > [role="status"]')).to_have_text("a: place 2 of 3")
    expect(grip).to_be_focused()
    page.keyboard.press("End")
    wait_until(lambda: tiles(page, "d") == ["d/b", "d/c", "d/a"], 10)
    expect(grip).to_be_focused()
    page.keyboard.press("+")
    expect(tile(page, "d/a")).to_have_attribute("data-size", "L")
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect(tile(page, "d/a")).to_have_attribute("data-size", "S")
    expect(grip).to_be_focused()
    page.keyboard.press("h")
    expect(tile(page, "d/a")).to_have_attribute("data-hidden", "")
    page.keyboard.press("h")
    page.keyboard.press("p")
    expect(page.locator('[data-list="pinned"] tt-tile')).to_have_attribute("data-series", "d/a")
    expect(grip).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("tt-arrange-bar")).to_have_count(0)
    expect(page.get_by_role("button", name="Arrange", exact=True)).to_be_focused()
    layout = {"series": {"d/a": {"size": "S", "pinned": True}}, "order": {"device:d": ["d/b", "d/c", "d/a"]}}
    wait_until(lambda: saved(one, page) == layout, 10)


@pytest.mark.parametrize(("way", "options"), [("mouse", {}), ("touch", PHONE)], ids=["mouse", "touch"])
def test_a_tile_is_dragged_to_another_place(
    server: Callable[..., Server], open_page: Callable[..., Page], way: str, options: dict[str, Any]
) -> None:
    """By its handle; Escape lets it go where it was, and only what was dropped is kept."""
    one = server()
    three(one)
    page = open_page(one, path="/", **options)
    expect(tile(page, "d/c")).to_be_visible()
    arrange(page)
    tile(page, "d/c").scroll_into_view_if_needed()
    start, end = (centre(tile(page, name).locator(".grip")) for name in ("d/a", "d/c"))
    client = page.context.new_cdp_session(page)

    def touch(kind: str, at: tuple[float, float] | None = None) -> None:
        points = [] if at is None else [{"x": at[0], "y": at[1]}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    if way == "mouse":
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=4)
        wait_until(lambda: tiles(page, "d") == ["d/b", "d/c", "d/a"], 10)
        page.keyboard.press("Escape")
        wait_until(lambda: tiles(page, "d") == ["d/a", "d/b", "d/c"], 10)
        page.mouse.up()
        assert saved(one, page) == {}
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=4)
        page.mouse.up()
    else:
        touch("touchStart", start)
        touch("touchMove", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        touch("touchMove", end)
        wait_until(lambda: tiles(page, "d") == ["d/b", "d/c", "d/a"], 10)
        touch("touchEnd")
    wait_until(lambda: saved(one, page) == {"order": {"device:d": ["d/b", "d/c", "d/a"]}}, 10)
    assert tiles(page, "d") == ["d/b", "d/c", "d/a"]


def centre(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_units_names_colours_and_ranges_are_a_layer_for_display(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """°C is shown as °F, here or everywhere; what is stored stays, and a reset shows it as it is."""
    one = server()
    socket = device(one, "d")
    for name in ("in", "out"):
        socket.send([{"n": name, "u": "Cel", "v": 20}])
    page = open_page(one, path="/")
    expect(tile(page, "d/in").locator(".value")).to_contain_text("20 °C")
    arrange(page)
    tile(page, "d/in").get_by_role("button", name="Settings of in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Parlour")
    dialog.get_by_label("Unit").select_option("°F")
    dialog.get_by_label("Show everything that is in °C like that").check()
    dialog.get_by_label("colour 4").check()
    dialog.get_by_label("Time shown").select_option("86400000")
    dialog.get_by_label("Lowest").fill("-5")
    dialog.get_by_role("button", name="Save").click()
    expect(tile(page, "d/in").locator(".value")).to_contain_text("68 °F")
    expect(tile(page, "d/in").locator(".name")).to_contain_text("Parlour")
    expect(tile(page, "d/out").locator(".value")).to_contain_text("68 °F")
    look = {"title": "Parlour", "colour": 4, "range": 86_400_000, "low": -5}
    wait_until(lambda: saved(one, page) == {"series": {"d/in": look}, "units": {"°C": "°F"}}, 10)
    assert [row[2] for row in one.get("/api/latest", one.api_token())["latest"]] == [20, 20]
    other = open_page(one, path="/")
    expect(tile(other, "d/in").locator(".value")).to_contain_text("20 °C")
    page.get_by_role("button", name="Reset to automatic").click()
    expect(tile(page, "d/in").locator(".value")).to_contain_text("20 °C")
    expect(tile(page, "d/in").locator(".name")).to_contain_text("in")
    page.get_by_role("button", name="Undo").click()
    expect(tile(page, "d/in").locator(".value")).to_contain_text("68 °F")


def test_a_change_that_the_server_does_not_take_does_not_stay(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server()
    three(one)
    page = open_page(one, path="/")
    expect(tile(page, "d/a")).to_be_visible()
    arrange(page)
    page.route("**/api/layouts/own", lambda route: route.abort())
    tile(page, "d/a").locator(".size").click()
    expect(page.locator("tt-arrange-bar [role=alert]")).to_contain_text("That did not work")
    expect(tile(page, "d/a")).to_have_attribute("data-size", "M")
    forgive(open_page, "ERR_FAILED")
