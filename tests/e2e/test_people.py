"""Accounts in a real Chromium: one's own password, codes and logins; people added, changed and removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from telemetry import totp
from tests.e2e.conftest import PASSWORD
from tests.e2e.test_access import findings
from tests.support import Server

pytestmark = pytest.mark.e2e
OTHER = "another horse battery staple"
Open = Callable[..., Page]


def account(server: Server, open_page: Open, role: str = "viewer", path: str = "/account", **options: object) -> Page:
    page = open_page(server, role=role, **options)
    page.get_by_role("link", name="My account").first.click()
    expect(page.get_by_role("heading", name="Logins")).to_be_visible()
    if path != "/account":
        page.goto(server.url + path)
    return page


def name_of(page: Page) -> str:
    return page.locator(".whoami h2").inner_text()


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_everyone_has_the_way_to_the_own_account_and_only_the_pages_of_the_role(
    server: Callable[..., Server], open_page: Open
) -> None:
    one = server()
    pages = {
        "viewer": ["My account"],
        "operator": ["Devices", "Data", "System", "My account"],
        "admin": ["Devices", "Data", "System", "People", "Tokens and screens", "Audit log", "My account"],
    }
    for role, names in pages.items():
        page = account(one, open_page, role)
        links = page.get_by_role("navigation", name="Administration").get_by_role("link")
        expect(links).to_have_text(names)
        expect(page.locator("nav.tabs [aria-current=page]")).to_have_text("My account")


def test_another_password_ends_the_other_browser_and_keeps_this_one(
    server: Callable[..., Server], open_page: Open, chromium: Browser
) -> None:
    one = server()
    page = account(one, open_page)
    name = name_of(page)
    elsewhere = chromium.new_context()
    other = elsewhere.new_page()
    other.goto(one.url)
    enter(other, name, PASSWORD)
    other.locator('html[data-connection="live"]').wait_for(state="attached")
    page.reload()
    expect(page.locator("tt-own-logins li")).to_have_count(2)
    page.get_by_label("Password now").fill(PASSWORD)
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed, and all other logins have ended.")).to_be_visible()
    expect(page.locator("tt-own-logins li")).to_have_count(1)
    expect(other.get_by_text("Your session has ended.")).to_be_visible()
    other.goto(one.url)
    enter(other, name, OTHER)
    other.locator('html[data-connection="live"]').wait_for(state="attached")
    elsewhere.close()


def test_a_wrong_password_is_said_and_changes_nothing(server: Callable[..., Server], open_page: Open) -> None:
    page = account(server(), open_page)
    page.get_by_label("Password now").fill("wrong horse")
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("the password is wrong")
    open_page.troubles.clear()  # type: ignore[attr-defined]  # the browser logs the 403 that was provoked


def test_codes_are_set_up_by_a_qr_code_and_asked_for_at_the_next_login(
    server: Callable[..., Server], open_page: Open, artefacts: Path
) -> None:
    """The picture holds the secret that is written beside it: a reader of QR codes would find the same."""
    one = server()
    page = account(one, open_page)
    name = name_of(page)
    page.get_by_role("button", name="Set up").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code with the secret")).to_be_visible()
    assert findings(page) == []
    page.screenshot(path=str(artefacts / "account-codes.png"), full_page=True)
    secret = page.locator(".codes-secret").inner_text().replace(" ", "")
    page.get_by_label("The code that it shows").fill(totp.code_at(secret, int(time.time()) // 30 - 1))
    page.get_by_role("button", name="Switch on").click()
    recovery = page.locator(".recovery-codes li").all_inner_texts()
    assert len(recovery) == 10
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()

    for code in (totp.code_at(secret, int(time.time()) // 30), recovery[0]):
        page.get_by_role("button", name="Log out").click()
        enter(page, name, PASSWORD)
        page.get_by_label("One-time code").fill(code)
        page.get_by_role("button", name="Log in").click()
        page.locator('html[data-connection="live"]').wait_for(state="attached")
    page.goto(one.url + "/account")
    expect(page.get_by_text("9 recovery codes are left.")).to_be_visible()
    page.get_by_role("button", name="Switch off").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("One-time codes are off.")).to_be_visible()


def test_someone_is_added_comes_in_by_the_link_gets_a_role_and_is_removed(
    server: Callable[..., Server], open_page: Open, chromium: Browser, artefacts: Path
) -> None:
    one = server()
    page = account(one, open_page, "admin", "/people")
    page.get_by_label("Name", exact=True).fill("Åsa <b>x</b>")
    page.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog", name="A link for Åsa <b>x</b>")
    expect(dialog).to_be_visible()
    assert findings(page) == []
    page.screenshot(path=str(artefacts / "people-link.png"))
    link = dialog.get_by_label("Link").input_value()
    assert link.startswith(f"{one.url}/password?token=")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("status")).to_contain_text("copied")
    dialog.get_by_role("button", name="Done").click()
    row = page.locator(".entries > li", has_text="Åsa <b>x</b>")
    expect(row).to_contain_text("no password yet")

    elsewhere = chromium.new_context()
    hers = elsewhere.new_page()
    hers.goto(link)
    hers.get_by_label("New password").fill(OTHER)
    hers.get_by_role("button", name="Set the password").click()
    hers.locator('html[data-connection="live"]').wait_for(state="attached")
    again = elsewhere.new_page()
    again.goto(link)
    expect(again.get_by_text("This link is used up")).to_be_visible()

    page.reload()
    expect(row).to_contain_text("1 login")
    page.get_by_label("Role of Åsa").select_option("operator")
    page.get_by_role("alertdialog").get_by_role("button", name="Change").click()
    expect(page.get_by_text("is Operator now")).to_be_visible()
    expect(hers.get_by_text("Your session has ended.")).to_be_visible()
    page.get_by_role("button", name="Remove Åsa").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    elsewhere.close()


def test_a_role_that_was_not_changed_after_all_is_shown_as_it_is(
    server: Callable[..., Server], open_page: Open
) -> None:
    one = server()
    one.cli("user", "add", "bo", "--role", "viewer", stdin=PASSWORD + "\n")
    page = account(one, open_page, "admin", "/people")
    role = page.get_by_label("Role of bo")
    role.select_option("admin")
    page.get_by_role("alertdialog").get_by_role("button", name="Cancel").click()
    expect(role).to_have_value("viewer")
    own = page.locator(".entries > li", has=page.get_by_text("you", exact=True))
    expect(own.get_by_role("combobox")).to_be_disabled()
    expect(own.get_by_role("button", name="Remove")).to_have_count(0)


def test_a_session_that_ended_is_said_on_the_page(server: Callable[..., Server], open_page: Open) -> None:
    one = server()
    page = account(one, open_page)
    one.cli("user", "role", name_of(page), "operator")
    page.get_by_label("Password now").fill(PASSWORD)
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    page.get_by_role("link", name="Log in again").click()
    expect(page).to_have_url(f"{one.url}/login?next=%2Faccount")
    open_page.troubles.clear()  # type: ignore[attr-defined]  # the browser logs the 401 that was provoked
