"""The page of the audit log in a real Chromium: what it shows, the filter, older entries, every screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support import Server

pytestmark = pytest.mark.e2e
WILD = "<img src=x onerror=alert(1)>"


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server({"storage.commit_interval": "0"})
    token = one.api_token("operator", "press")
    for n in range(110):
        reply = one.request("POST", "/api/annotations", json_body={"text": f"note {n}"}, token=token)
        assert reply.status == 201
    board = {"name": WILD, "parts": []}
    made = one.request("POST", "/api/boards", json_body=board, token=token).json()
    path = f"/api/boards/{made['id']}"
    body = {"version": 1, "board": board | {"name": "Barn"}}
    assert one.request("PUT", path, json_body=body, token=token).status == 200
    return one


def entries(page: Page) -> Any:
    return page.locator("tbody tr")


def test_changes_are_shown_with_what_was_before_and_after(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """A name is a text, whatever it looks like."""
    page = open_page(fed, path="/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    row = entries(page).filter(has_text="Board changed")
    expect(row.locator("del").filter(has_text=WILD)).to_have_count(1)
    expect(row.locator("ins").filter(has_text="Barn")).to_have_count(1)
    expect(row).to_contain_text("press")
    expect(row).to_contain_text("127.0.0.1")
    expect(page.locator("tbody img")).to_have_count(0)
    page.screenshot(path=str(artefacts / "audit.png"))


def test_the_filter_finds_and_older_entries_follow(fed: Server, open_page: Callable[..., Page]) -> None:
    """The address keeps the filter; the file has what the page shows."""
    page = open_page(fed, path="/audit")
    expect(entries(page)).to_have_count(100)
    page.get_by_role("button", name="Show older entries").click()
    expect(page.get_by_role("button", name="Show older entries")).to_have_count(0)
    expect(entries(page).filter(has_text="Note written")).to_have_count(110)
    page.get_by_role("combobox", name="What").select_option("board change")
    expect(entries(page)).to_have_count(1)
    link = page.get_by_role("link", name="Download as CSV")
    expect(link).to_have_attribute("href", "/api/audit.csv?action=board+change")
    page.reload()
    expect(entries(page)).to_have_count(1)
    page.get_by_label("Who", exact=True).fill("nobody")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("There is no such entry.")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(entries(page)).to_have_count(100)
    page.get_by_label("Of what").fill("barn")
    page.get_by_label("Of what").press("Enter")
    expect(entries(page)).to_have_count(1)


@pytest.mark.parametrize(
    ("size", "scheme"),
    [((1280, 900), "dark"), ((390, 844), "light"), ((390, 844), "dark")],
    ids=["wide-dark", "phone-light", "phone-dark"],
)
def test_it_fits_every_screen(
    fed: Server,
    open_page: Callable[..., Page],
    artefacts: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    page = open_page(fed, path="/audit", viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    expect(entries(page).first).to_be_visible()
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider == 0
    page.screenshot(path=str(artefacts / f"audit-{size[0]}-{scheme}.png"))


def test_only_admins_see_it_and_the_way_to_it(fed: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(fed, role="operator", path="/system")
    expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    answer = page.request.get(f"{fed.url}/api/audit")
    assert answer.status == 403
