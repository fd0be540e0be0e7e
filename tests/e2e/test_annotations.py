"""Notes on the dashboard's charts: drawn, read, written and deleted, by pointer and by keyboard."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import forgive
from tests.e2e.test_dashboard import card, columns, device, now, send
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e
MINUTE = 60_000
PURPLE = """chart => {
  const canvas = chart.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [r, g, b] = data.slice(at, at + 3);
    if (data[at + 3] > 200 && b - g > 60 && r - g > 20) found += 1;
  }
  return found;
}"""
"""How many pixels have the colour of notes."""


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server()
    start = now() - 50 * MINUTE
    send(device(one, "d"), 1, [{"ts": start + n * 5000, "values": {"t": 20 + n % 9, "u": 1}} for n in range(600)])
    return one


def noted(server: Server, token: str, **body: Any) -> Any:
    reply = server.request("POST", "/api/annotations", json_body=body, token=token)
    assert reply.status == 201, reply.text
    return reply.json()


def drawn(page: Page, series: str) -> int:
    found = page.locator(f'tt-chart[data-series="{series}"]')
    found.locator("canvas").wait_for()
    return int(found.evaluate(PURPLE))


def test_a_note_is_drawn_and_told_under_the_pointer(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """Also one that someone else writes while the page is open; a viewer reads and cannot write."""
    operator = fed.api_token("operator")
    page = open_page(fed, role="viewer")
    wait_until(lambda: len(columns(page, "d/t")[0]) == 600, 20)
    assert drawn(page, "d/t") == 0
    expect(card(page, "d/t").get_by_role("button", name="Notes")).to_have_count(0)
    noted(fed, operator, text="<b>filter</b> changed", series="d/t", **{"from": now() - 20 * MINUTE})
    noted(fed, operator, text="oven on", series="d/t", **{"from": now() - 40 * MINUTE, "to": now() - 30 * MINUTE})
    wait_until(lambda: drawn(page, "d/t") > 20, 20)
    assert drawn(page, "d/u") == 0
    box = page.locator('tt-chart[data-series="d/t"] .u-over').bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * (40 / 60), box["y"] + box["height"] / 2)
    expect(card(page, "d/t").locator(".at .note")).to_have_text(["<b>filter</b> changed"])
    page.screenshot(path=str(artefacts / "annotations-viewer.png"))
    page.mouse.move(box["x"] + box["width"] * (25 / 60), box["y"] + box["height"] / 2)
    expect(card(page, "d/t").locator(".at .note")).to_have_text(["oven on"])
    label = page.locator('tt-chart[data-series="d/t"]').get_attribute("aria-label")
    assert label
    assert "2 notes" in label
    assert "oven on; " in label
    button = card(page, "d/t").get_by_role("button", name="Notes on t: 2")
    button.click()
    expect(page.locator("tt-annotations tbody tr")).to_have_count(2)
    expect(page.get_by_role("button", name="Add note")).to_have_count(0)
    expect(page.locator("tt-annotations").get_by_role("button", name="Delete")).to_have_count(0)


def test_an_operator_writes_one_by_keyboard_and_takes_it_back(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """Every open page follows, and the times are those that were entered."""
    viewer = fed.api_token()
    other = open_page(fed, role="viewer")
    page = open_page(fed, role="operator")
    wait_until(lambda: len(columns(page, "d/t")[0]) == 600, 20)
    button = card(page, "d/t").get_by_role("button", name="Notes on t: none")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("No notes in the time shown")
    page.screenshot(path=str(artefacts / "annotations-empty.png"))
    page.get_by_label("Note", exact=True).focus()
    page.keyboard.type("valve stuck")
    page.get_by_label("Where").select_option("All series")
    page.get_by_role("button", name="Add note").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tt-annotations tbody tr")).to_contain_text(["valve stuck all series"])
    (made,) = fed.get("/api/annotations", viewer)["annotations"]
    assert (made["series"], made["to"], made["author"].split("-")[0]) == (None, None, "operator")
    assert abs(made["from"] - now()) < MINUTE
    page.screenshot(path=str(artefacts / "annotations-dialog.png"))
    wait_until(lambda: drawn(other, "d/u") > 20, 20)

    page.get_by_label("Note", exact=True).fill("bad times")
    page.get_by_label("To, if it lasted").fill("2001-01-01T00:00:00")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("after the beginning")
    forgive(open_page, "400")
    page.get_by_role("button", name="Delete the note: valve stuck").click()
    expect(page.locator("tt-annotations tbody tr")).to_have_count(0)
    wait_until(lambda: drawn(other, "d/u") == 0, 20)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("tt-annotations tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(card(page, "d/t").get_by_role("button", name="Notes on t: 1")).to_be_focused()


def test_a_tap_tells_a_note_on_a_phone(fed: Server, open_page: Callable[..., Page], artefacts: Path) -> None:
    operator = fed.api_token("operator")
    noted(fed, operator, text="window left open", **{"from": now() - 30 * MINUTE})
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    page = open_page(fed, role="operator", **phone)
    wait_until(lambda: drawn(page, "d/t") > 20, 20)
    box = page.locator('tt-chart[data-series="d/t"] .u-over').bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(card(page, "d/t").locator(".at .note")).to_have_text(["window left open"])
    page.screenshot(path=str(artefacts / "annotations-phone.png"))
    card(page, "d/t").get_by_role("button", name="Notes on t: 1").tap()
    expect(page.get_by_role("dialog")).to_contain_text("window left open")
    page.screenshot(path=str(artefacts / "annotations-phone-dialog.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_row_30_notes_leave_as_a_file(fed: Server, open_page: Callable[..., Page]) -> None:
    """Those of one series in the time shown from its dialog, all that were ever made from the data page."""
    operator = fed.api_token("operator", name="anna")
    noted(fed, operator, text="filter changed", series="d/t", **{"from": now() - 20 * MINUTE})
    noted(fed, operator, text="=oven on", **{"from": now() - 10 * MINUTE, "to": now()})
    noted(fed, operator, text="long ago", series="d/t", **{"from": now() - 9_000 * MINUTE})
    noted(fed, operator, text="on u", series="d/u", **{"from": now() - 5 * MINUTE})
    page = open_page(fed, role="operator")
    wait_until(lambda: drawn(page, "d/t") > 20, 20)
    card(page, "d/t").get_by_role("button", name="Notes on t: 2").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Notes as CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [(row["text"], row["series"], row["author"]) for row in rows] == [
        ("'=oven on", "", "anna"),
        ("filter changed", "d/t", "anna"),
    ]
    page.goto(fed.url + "/data")
    page.locator("tt-export").get_by_role("combobox", name="What").select_option("Notes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [row["text"] for row in rows] == ["on u", "'=oven on", "filter changed", "long ago"]
