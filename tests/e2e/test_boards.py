"""Boards in a real Chromium: composed by mouse, touch and keyboard, shared, undone, exported, one for every device."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import forgive
from tests.e2e.test_dashboard import device, now, send
from tests.support import Server, wait_until
from tests.telemetry.test_images import png

pytestmark = pytest.mark.e2e

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><rect width="40" height="30" fill="#ccd"/></svg>'


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Server:
    """Two boilers, each with a number, a boolean and a state; their sockets stay open."""
    one = module_server({"storage.commit_interval": "0"})
    one.sockets = []  # type: ignore[attr-defined]
    for name in ("boiler 1", "boiler 2"):
        socket = device(one, name)
        start = now() - 60_000
        values = [{"flow": 60.5 + n, "burner": n % 20 < 10, "mode": "heating" if n < 30 else "idle"} for n in range(60)]
        send(socket, 1, [{"ts": start + n * 1_000, "values": each} for n, each in enumerate(values)])
        one.sockets.append(socket)  # type: ignore[attr-defined]
    return one


def part(id_: str, kind: str = "tile", w: int = 3, h: int = 2, **more: Any) -> dict[str, Any]:
    return {"id": id_, "kind": kind, "w": w, "h": h} | more


def board(server: Server, *parts: dict[str, Any], name: str = "Boilers") -> int:
    token = server.api_token("operator")
    reply = server.request("POST", "/api/boards", json_body={"name": name, "parts": list(parts)}, token=token)
    assert reply.status == 201, reply.text
    return int(reply.json()["id"])


def content(server: Server, number: int) -> Any:
    return server.get(f"/api/boards/{number}", server.api_token("viewer"))["board"]


def order(page: Page) -> list[str]:
    return list(page.locator("tt-part").evaluate_all("parts => parts.map((one) => one.dataset.part)"))


def shape(page: Page, id_: str) -> tuple[str, str]:
    """Columns and rows of a part, as laid out."""
    style = page.locator(f'tt-part[data-part="{id_}"]').evaluate("one => [one.style.gridColumn, one.style.gridRow]")
    return style[0], style[1]


def opened(page: Page, server: Server, number: int, query: str = "") -> None:
    page.goto(f"{server.url}/boards/{number}{query}")
    page.locator('html[data-connection="live"]').wait_for(state="attached")
    page.locator("tt-part").first.wait_for()


def test_an_empty_list_teaches_and_a_first_board_is_composed(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    socket = device(one, "boiler")
    send(socket, 1, [{"ts": now(), "values": {"flow": 61.5}}])
    page = open_page(one)
    page.goto(one.url + "/boards")
    expect(page.get_by_role("heading", name="No board yet")).to_be_visible()
    expect(page.get_by_text("{device}")).to_be_visible()
    page.get_by_label("Name of the new board").fill("Boiler room")
    page.get_by_role("button", name="Make a board").click()
    expect(page.get_by_text("This board is empty")).to_be_visible()
    page.get_by_role("button", name="Tile").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Series 1").fill("boiler/flow")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator("tt-board-tile")).to_contain_text("61.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Edit")).to_be_visible()
    other = open_page(one, role="viewer")
    other.goto(page.url)
    expect(other.locator("tt-board-tile")).to_contain_text("61.5")
    expect(other.get_by_role("button", name="Edit")).to_have_count(0)
    other.goto(one.url + "/boards")
    expect(other.get_by_role("link", name="Boiler room", exact=True)).to_be_visible()
    expect(other.get_by_role("button", name="Make a board")).to_have_count(0)


def test_every_kind_shows_its_series_with_number_unit_and_limits(fed: Server, open_page: Callable[..., Page]) -> None:
    token = fed.api_token("operator")
    fed.request("POST", "/api/series/edit", json_body={"series": "boiler 1/flow", "unit": "°C"}, token=token)
    number = board(
        fed,
        part("a", series=["boiler 1/flow"], high=50),
        part("b", "gauge", h=3, series=["boiler 1/flow"], min=0, max=150),
        part("c", "chart", 6, 4, series=["boiler 1/flow", "boiler 1/burner"]),
        part("d", "strip", 6, 3, series=["boiler 1/burner", "boiler 1/mode"]),
        part("e", "table", 4, 3, series=["boiler 1/*"]),
        part("f", "text", text="# Who to call\nAnna"),
        part("g", series=["nobody/has this"]),
    )
    page = open_page(fed)
    opened(page, fed, number)
    tile = page.locator('tt-part[data-part="a"]')
    expect(tile).to_contain_text("119.5")
    expect(tile).to_contain_text("°C")
    expect(tile).to_contain_text("above 50")
    gauge = page.locator("tt-board-gauge")
    for text in ("119.5", "°C", "0", "150"):
        expect(gauge).to_contain_text(text)
    expect(gauge.get_by_role("img")).to_have_attribute("aria-label", "flow: 119.5 °C, from 0 to 150")
    chart = page.locator('tt-chart[data-series="boiler 1/flow"]')
    wait_until(lambda: len(chart.evaluate("one => one.columns")[0]) == 60, 20)
    strip = page.locator('tt-strip[data-series="boiler 1/mode"]')
    wait_until(lambda: [one["value"] for one in strip.evaluate("one => one.boxes")] == ["heating", "idle"], 20)
    expect(page.locator("tt-board-table tbody tr")).to_have_count(3)
    expect(page.get_by_role("heading", name="Who to call")).to_be_visible()
    expect(page.locator('tt-part[data-part="g"]')).to_contain_text("no reading")


def test_parts_are_moved_and_sized_by_keys_and_steps_are_undone(fed: Server, open_page: Callable[..., Page]) -> None:
    number = board(fed, part("a"), part("b"), part("c"))
    page = open_page(fed)
    opened(page, fed, number, "?edit")
    article = page.locator('tt-part[data-part="a"] > article')
    article.focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: order(page) == ["b", "a", "c"])
    expect(article).to_be_focused()
    expect(page.locator("[aria-live=polite]")).to_have_text("Place 2 of 3")
    page.keyboard.press("Shift+ArrowRight")
    wait_until(lambda: shape(page, "a")[0] == "4 / span 4")
    page.keyboard.press("Shift+ArrowDown")
    wait_until(lambda: shape(page, "a")[1] == "1 / span 3")
    expect(article).to_be_focused()
    page.keyboard.press("Delete")
    wait_until(lambda: order(page) == ["b", "c"])
    page.keyboard.press("Control+z")
    wait_until(lambda: order(page) == ["b", "a", "c"])
    for _ in range(3):
        page.keyboard.press("Control+z")
    wait_until(lambda: order(page) == ["a", "b", "c"])
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+s")
    wait_until(lambda: [one["id"] for one in content(fed, number)["parts"]] == ["b", "a", "c"])


def centre(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_parts_are_dragged_and_sized_by_mouse(fed: Server, open_page: Callable[..., Page]) -> None:
    number = board(fed, part("a"), part("b"), part("c"))
    page = open_page(fed)
    opened(page, fed, number, "?edit")
    page.mouse.move(*centre(page, 'tt-part[data-part="c"]'))
    page.mouse.down()
    page.mouse.move(*centre(page, 'tt-part[data-part="a"]'), steps=5)
    page.mouse.up()
    wait_until(lambda: order(page) == ["c", "a", "b"])
    page.locator('tt-part[data-part="c"]').hover()
    x, y = centre(page, 'tt-part[data-part="c"] [data-do=resize]')
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 320, y + 90, steps=5)
    page.mouse.up()
    wait_until(lambda: shape(page, "c") == ("1 / span 6", "1 / span 3"))
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: shape(page, "c") == ("1 / span 3", "1 / span 2"))


def test_parts_are_dragged_by_touch_and_the_page_still_scrolls(fed: Server, open_page: Callable[..., Page]) -> None:
    number = board(fed, *[part(name, h=4) for name in "abcd"])
    page = open_page(fed, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened(page, fed, number, "?edit")
    touch = page.context.new_cdp_session(page)

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        point = [{"x": start[0], "y": start[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": point})
        for step in range(1, 9):
            x, y = (a + (b - a) * step / 8 for a, b in zip(start, end, strict=True))
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    drag(centre(page, 'tt-part[data-part="a"] [data-do=move]'), centre(page, 'tt-part[data-part="b"]'))
    wait_until(lambda: order(page) == ["b", "a", "c", "d"])
    drag((60, 700), (60, 300))
    wait_until(lambda: page.evaluate("scrollY") > 50)
    assert order(page) == ["b", "a", "c", "d"]
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_two_who_save_the_same_board_lose_nothing(fed: Server, open_page: Callable[..., Page]) -> None:
    number = board(fed, part("a"), part("b"))
    mine, theirs = open_page(fed), open_page(fed)
    for page in (mine, theirs):
        opened(page, fed, number, "?edit")
    mine.get_by_label("Name of the board").fill("Mine")
    mine.get_by_label("Name of the board").press("Tab")
    theirs.get_by_label("Name of the board").fill("Theirs")
    theirs.get_by_label("Name of the board").press("Tab")
    theirs.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("alert")).to_contain_text("Someone else has saved")
    mine.get_by_role("button", name="Save mine on top").click()
    expect(mine.get_by_role("button", name="Edit")).to_be_visible()
    assert content(fed, number)["name"] == "Mine"
    expect(theirs.get_by_role("heading", name="Mine")).to_be_visible()
    theirs.get_by_role("button", name="Edit").click()
    theirs.get_by_role("button", name="Versions").click()
    theirs.get_by_role("button", name="Go back to version 2").click()
    expect(theirs.get_by_role("heading", name="Theirs")).to_be_visible()
    expect(mine.get_by_role("heading", name="Theirs")).to_be_visible()


def test_one_board_serves_every_boiler_and_the_address_says_which(fed: Server, open_page: Callable[..., Page]) -> None:
    number = board(fed, part("a", series=["{device}/flow"]), part("b", "text", text="This is {device}."))
    page = open_page(fed)
    opened(page, fed, number)
    choose = page.get_by_label("Device")
    expect(choose.locator("option")).to_have_text(["boiler 1", "boiler 2"])
    expect(page.locator("tt-part").nth(1)).to_contain_text("This is boiler 1.")
    choose.select_option("boiler 2")
    expect(page.locator("tt-part").nth(1)).to_contain_text("This is boiler 2.")
    assert "device=boiler+2" in page.url
    page.reload()
    expect(page.locator("tt-part").nth(1)).to_contain_text("This is boiler 2.")
    expect(page.locator("tt-board-tile")).to_contain_text("119.5")
    page.go_back()
    expect(page.locator("tt-part").nth(1)).to_contain_text("This is boiler 1.")


@pytest.mark.parametrize(
    ("name", "media", "body"),
    [("plan.png", "image/png", png(40, 30)), ("plan.svg", "image/svg+xml", SVG)],
    ids=["png", "svg"],
)
def test_live_values_are_pinned_to_a_floor_plan(
    fed: Server, open_page: Callable[..., Page], name: str, media: str, body: bytes
) -> None:
    number = board(fed, part("a", "plan", 8, 6))
    page = open_page(fed)
    opened(page, fed, number, "?edit")
    page.locator('tt-part[data-part="a"] > article').focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Image").set_input_files({"name": name, "mimeType": media, "buffer": body})
    expect(dialog).to_contain_text("There is an image")
    dialog.get_by_label("Series of pin 1").fill("boiler 1/flow")
    dialog.get_by_label("Series of pin 1").press("Tab")
    dialog.get_by_label("Label of pin 1").fill("Flow")
    dialog.get_by_label("Label of pin 1").press("Tab")
    dialog.get_by_role("button", name="Apply").click()
    pin = page.locator(".pin")
    expect(pin).to_contain_text("119.5")
    wait_until(lambda: page.locator("tt-board-plan img").evaluate("one => one.naturalWidth") > 0)
    page.mouse.move(*centre(page, ".pin"))
    page.mouse.down()
    page.mouse.move(*centre(page, "tt-board-plan .sheet"), steps=5)
    page.mouse.up()
    wait_until(lambda: pin.evaluate("one => one.style.left") == "50%")
    pin.focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: pin.evaluate("one => one.style.left") == "51%")
    expect(pin).to_be_focused()
    page.get_by_role("button", name="Save").click()
    wait_until(lambda: content(fed, number)["parts"][0].get("pins", [{}])[0].get("x") == 0.51)
    (saved,) = content(fed, number)["parts"]
    assert (saved["pins"][0]["label"], saved["pins"][0]["y"]) == ("Flow", 0.5)


def test_a_board_leaves_as_a_file_and_comes_back_from_one(
    fed: Server, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    number = board(fed, part("a", series=["boiler 1/flow"]), name="To be sent")
    page = open_page(fed)
    page.goto(fed.url + "/boards")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export To be sent as a file").click()
    path = tmp_path / "board.json"
    download.value.save_as(path)
    assert json.loads(path.read_text())["board"] == content(fed, number)
    page.get_by_role("button", name="Delete To be sent").click()
    expect(page.get_by_role("link", name="To be sent", exact=True)).to_have_count(0)
    page.get_by_label("Import a file").set_input_files(path)
    expect(page.locator("tt-board-tile")).to_contain_text("119.5")
    page.goto(fed.url + "/boards")
    page.get_by_role("button", name="Bring To be sent back").click()
    expect(page.get_by_role("link", name="To be sent", exact=True)).to_have_count(2)
    page.get_by_label("Import a file").set_input_files({"name": "x", "mimeType": "text/plain", "buffer": b"no board"})
    expect(page.get_by_role("alert")).to_contain_text("holds no board")


def test_values_on_a_board_say_when_they_are_not_live(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0", "devices.offline_after": "1"})
    socket = device(one, "d")
    send(socket, 1, [{"ts": now() - 90_000 + n * 1_000, "values": {"t": float(n)}} for n in range(30)])
    number = board(one, part("a", series=["d/t"]))
    page = open_page(one)
    opened(page, one, number)
    reading = page.locator("tt-board-tile .reading")
    expect(reading).to_have_attribute("data-state", "stale")
    expect(page.locator("tt-board-tile .since")).to_contain_text("stale")
    send(socket, 2, [{"ts": now(), "values": {"t": 77.0}}])
    expect(reading).to_have_attribute("data-state", "live")
    expect(reading).to_contain_text("77")
    socket.close()
    expect(reading).to_have_attribute("data-state", "offline", timeout=20_000)
    expect(page.locator("tt-board-tile .since")).to_contain_text("offline")
    page.context.set_offline(True)
    expect(reading).to_have_attribute("data-state", "lost", timeout=15_000)
    expect(page.locator("tt-board-tile .since")).to_contain_text("no connection")
    page.context.set_offline(False)
    expect(reading).not_to_have_attribute("data-state", "lost", timeout=30_000)
    forgive(open_page)
