"""The messages of a device in a real Chromium: live, with the reason of each refusal; how to send the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_dashboard import card, device, now, send
from tests.support import Server

pytestmark = pytest.mark.e2e
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def frames(page: Page) -> Any:
    return page.locator(".frames > li")


def test_from_the_dashboard_to_the_messages_of_a_device_live(
    server: Callable[..., Server], open_page: Callable[..., Page], artefacts: Path
) -> None:
    """A good message, then a refused one with its reason in plain words, without a reload."""
    one = server({"storage.commit_interval": "0.05"})
    socket = device(one, "green house/7")
    send(socket, 1, [{"ts": now(), "values": {"temperature": 21.5, "<b>": True}}])
    page = open_page(one, role="operator")
    page.get_by_role("link", name="Last messages of green house/7").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("green house/7")
    expect(frames(page)).to_have_count(1)
    expect(frames(page).first).to_have_attribute("data-state", "stored")
    expect(frames(page).first).to_contain_text("green house/7/temperature")
    socket.send({"id": 2, "readings": [{"ts": 5, "values": {"temperature": 1}}]})
    newest = frames(page).first
    expect(newest).to_have_attribute("data-state", "refused")
    expect(newest).to_contain_text("is the device's clock set?")
    expect(newest).to_contain_text("readings[0].ts")
    expect(newest).to_contain_text("The device was told so on its socket.")
    page.screenshot(path=str(artefacts / "frames.png"), full_page=True)


def test_pause_keeps_the_list_and_going_on_catches_up(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    socket = device(one, "d")
    send(socket, 1, [{"ts": now(), "values": {"t": 1}}])
    page = open_page(one, role="operator")
    page.goto(f"{one.url}/devices/d/messages")
    expect(frames(page)).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".badge")).to_have_text("Paused")
    send(socket, 2, [{"ts": now(), "values": {"t": 2}}])
    known = page.evaluate("async () => (await (await fetch('/api/devices/d/frames')).json()).frames.length")
    assert known == 2
    expect(frames(page)).to_have_count(1)
    page.get_by_role("button", name="Go on").click()
    expect(frames(page)).to_have_count(2)
    expect(frames(page).first).to_contain_text('"t": 2')


@pytest.mark.parametrize(
    ("name", "options"), [("phone", PHONE), ("dark", {"color_scheme": "dark"})], ids=["phone", "dark"]
)
def test_it_fits_every_screen(
    server: Callable[..., Server], open_page: Callable[..., Page], artefacts: Path, name: str, options: dict[str, Any]
) -> None:
    """Also with a long line, with bytes that are no text, and with a device that has not spoken yet."""
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("boiler")
    one.request("POST", "/api/ingest", json_body={"temperature": 21.5}, token=token)
    one.request("POST", "/api/ingest", body=b"x" * 3_000, token=token)
    one.request(
        "POST", "/api/ingest", body=b"\xa1\x64temp\x18\x2a", token=token, headers={"Content-Type": "application/cbor"}
    )
    page = open_page(one, role="operator", **options)
    for path, wanted in (
        (f"/devices/{quote('boiler')}/messages", 3),
        ("/devices/new%20one/messages", 0),
        ("/frames", 0),
    ):
        page.goto(one.url + path)
        expect(page.locator(".badge")).to_have_text("Live")
        expect(frames(page)).to_have_count(wanted)
        title = page.get_by_role("heading", level=1).bounding_box()
        assert title is not None
        assert title["height"] > 10
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.screenshot(path=str(artefacts / f"frames-{name}{path.replace('/', '-')}.png"), full_page=True)


def test_a_device_that_has_not_spoken_is_told_how(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """With this server's address and the device's id, quoted for a shell; and its first message replaces that."""
    one = server({"storage.commit_interval": "0"})
    page = open_page(one, role="operator")
    page.goto(f"{one.url}/devices/{quote(chr(39) + 'new one')}/messages")
    expect(page.locator("pre").first).to_contain_text(f"curl {one.url}/api/ingest")
    expect(page.locator("pre").first).to_contain_text(r"""device add ''\''new one'""")
    expect(page.locator("pre").nth(1)).to_contain_text(r"""-t 'telltale/'\''new one/readings'""")
    one.request("POST", "/api/ingest", json_body={"t": 1}, token=one.device_token("'new one"))
    expect(frames(page)).to_have_count(1)


def test_viewers_are_shown_no_way_to_it(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    one = server({"storage.commit_interval": "0"})
    send(device(one, "d"), 1, [{"ts": now(), "values": {"t": 1}}])
    page = open_page(one, role="viewer")
    card(page, "d/t").wait_for()
    expect(page.get_by_role("link", name="Last messages of d")).to_have_count(0)


def test_a_label_and_a_unit_are_shown_at_once_and_after_a_reload(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    """Edited on the data page, seen by a dashboard that is open."""
    one = server({"storage.commit_interval": "0"})
    send(device(one, "d"), 1, [{"ts": now(), "values": {"t": 1.5}}])
    page = open_page(one, role="operator")
    expect(card(page, "d/t").get_by_role("heading")).to_have_text("t")
    form = page.context.new_page()
    form.goto(f"{one.url}/data")
    section = form.locator("tt-series form", has_text="Label and unit")
    section.get_by_label("Series").fill("d/t")
    section.get_by_label("Label").fill("Flow <hot>")
    section.get_by_label("Unit").fill("°C")
    section.get_by_role("button", name="Save").click()
    expect(section.get_by_role("status")).to_contain_text("d/t is shown like that now.")
    for _ in range(2):
        expect(card(page, "d/t").get_by_role("heading")).to_have_text("Flow <hot>")
        expect(card(page, "d/t").locator(".unit")).to_have_text("°C")
        page.reload()
