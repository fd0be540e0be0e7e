"""The page of tokens and screens: what is made there works, and what is revoked there ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.clients import refused
from tests.e2e.conftest import forgive
from tests.e2e.test_boards import board, part
from tests.support import Server

pytestmark = pytest.mark.e2e


def tokens(open_page: Callable[..., Page], one: Server, **options: Any) -> Page:
    page = open_page(one, **options)
    page.goto(f"{one.url}/tokens")
    expect(page.get_by_role("heading", name="Tokens of programs")).to_be_visible()
    return page


def row(page: Page, name: str) -> Any:
    return page.locator(".entries > li").filter(has=page.get_by_text(name, exact=True))


def test_a_limited_token_is_made_used_and_revoked(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    one.request("POST", "/api/ingest", json_body={"t": 1.5}, token=one.device_token("boiler"))
    page = tokens(open_page, one)
    expect(page.get_by_text("No program has a token yet.")).to_be_visible()
    form = page.locator("form").filter(has=page.get_by_role("button", name="Make the token"))
    form.get_by_label("Name").fill("report")
    form.get_by_label("Role").select_option("operator")
    form.get_by_label("Reaches").select_option("some")
    form.get_by_label("Series, one a line").fill("boiler*")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("DEVICE/METRIC")
    form.get_by_label("Series, one a line").fill("boiler/*\ntank/level")
    form.get_by_label("may also write").check()
    form.get_by_label("Works").select_option("90d")
    form.get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="The token of report")
    expect(dialog).to_contain_text("not shown again")
    token = dialog.get_by_label("Token").input_value()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).not_to_be_visible()
    assert token not in page.content()
    for text in ("Operator", "reads and writes", "boiler/*", "tank/level", "never used", "ends in 90 d"):
        expect(row(page, "report")).to_contain_text(text)

    live = one.live(token)
    live.send({"id": 1, "subscribe": ["*"]})
    assert [name for name, _, _ in live.recv_key("latest")] == ["boiler/t"]
    expect(row(page, "report")).to_contain_text("1 connection", timeout=20_000)
    row(page, "report").get_by_role("button", name="Revoke report").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    assert live.close_code(5) == 4001
    expect(page.get_by_text("No program has a token yet.")).to_be_visible()
    assert refused(f"{one.ws_url}/ws/live", token=token).status == 401
    forgive(open_page, "400")


def test_a_link_is_made_from_the_board_and_opens_it_elsewhere(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    one.request("POST", "/api/ingest", json_body={"flow": 61.25}, token=one.device_token("boiler"))
    number = board(one, part("a", series=["boiler/flow"]), name="Hall")
    page = open_page(one, "operator")
    page.goto(f"{one.url}/boards/{number}")
    page.get_by_role("button", name="Links by which screens show this board").click()
    dialog = page.locator("dialog.links")
    dialog.get_by_label("Name of the screen").fill("tablet")
    dialog.get_by_role("button", name="Make the link").click()
    secret = page.get_by_role("dialog", name="A link for tablet")
    expect(secret.get_by_role("img", name="QR code of the link")).to_be_visible()
    link = secret.get_by_role("textbox", name="Link").input_value()
    assert link.startswith(f"{one.url}/boards/{number}?kiosk&token=tt_k_")
    secret.get_by_role("button", name="Copy").click()
    expect(secret.get_by_role("status")).to_have_text(re.compile("^copied"))
    secret.get_by_role("button", name="Done").click()
    assert page.context.browser is not None
    elsewhere = page.context.browser.new_context()
    wall = elsewhere.new_page()
    wall.goto(link)
    expect(wall.locator("tt-board-tile")).to_contain_text("61.25")
    dialog.get_by_role("button", name="Revoke tablet").click()
    expect(wall.get_by_role("heading", name="This link was revoked.")).to_be_visible(timeout=20_000)
    elsewhere.close()


def test_the_page_fits_a_phone(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    one = server()
    one.cli("token", "add", "a program with a rather long name", "--role", "viewer", "--series", "boiler/*")
    page = tokens(open_page, one, viewport={"width": 360, "height": 740}, has_touch=True)
    expect(row(page, "a program with a rather long name")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
