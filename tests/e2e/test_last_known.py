"""What a real Mosquitto had kept, on the pages in a real Chromium: last known, of no device, and without a way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.bridged import Bridged
from tests.e2e.test_dashboard import card, now
from tests.mosquitto import Mosquitto, client, publish
from tests.support import Server

pytestmark = pytest.mark.e2e


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    one = Mosquitto(folder).start()
    yield one
    one.stop()


def test_retained_values_are_greyed_until_a_reading_comes(
    server: Callable[..., Server], broker: Mosquitto, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """Known when the page is opened or told while it is open; a live one becomes a card at once."""
    with client(broker) as sender:
        publish(sender, "zigbee2mqtt/attic", '{"temperature": 21.5, "humidity": 40}', retain=True)
        bridged = Bridged(server, broker).connected()
        page = open_page(bridged.server, role="operator")
        attic = page.locator('tt-device[data-device="attic"]')
        expect(attic.locator(".last-known")).to_contain_text("temperature")
        expect(attic.locator(".last-known")).to_contain_text("last known, age unknown")
        expect(attic.locator("tt-card")).to_have_count(0)
        publish(sender, "zigbee2mqtt/cellar", '{"temperature": 9.5}', retain=True)
        publish(sender, "zigbee2mqtt/attic", '{"temperature": 22.5}')
        expect(card(page, "attic/temperature").locator(".number")).to_have_text("22.5")
        expect(attic.locator(".last-known")).not_to_contain_text("temperature")
        expect(attic.locator(".last-known")).to_contain_text("humidity")
        page.screenshot(path=str(artefacts / "last-known.png"), full_page=True)
        attic.get_by_role("link", name="Last messages of attic").click()
        expect(page.locator('.frames > li[data-state="last_known"]')).to_contain_text("no one knows how old it is")
        expect(page.locator(".frames > li").first).to_contain_text("mqtt zigbee2mqtt/attic")


def test_a_wrong_clock_and_poison_are_shown_live(
    server: Callable[..., Server], broker: Mosquitto, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """MQTT has no way back, so the pages say it: on the device, with its messages, and where no device is."""
    bridged = Bridged(server, broker).connected()
    page = open_page(bridged.server, role="operator")
    with client(broker) as sender:
        publish(sender, "telltale/boiler/readings", '{"ts": 5, "values": {"t": 1.5}}')
        boiler = page.locator('tt-device[data-device="boiler"]')
        expect(boiler.locator(".clock-wrong")).to_contain_text("1970-01-01 00:00:00 UTC")
        expect(card(page, "boiler/t").locator(".number")).to_have_text("1.5")
        publish(sender, "telltale/boiler/readings", f'{{"ts": {now()}, "values": {{"t": 2.5}}}}')
        expect(boiler.locator(".clock-wrong")).to_have_count(0)
        publish(sender, "telltale/boiler/readings", "{broken")
        boiler.get_by_role("link", name="Last messages of boiler").click()
        newest = page.locator(".frames > li").first
        expect(newest).to_contain_text("The message could not be read.")
        expect(newest).to_contain_text("MQTT has no way back")
        page.get_by_role("link", name="on a page of its own").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Messages of no device")
        publish(sender, "no/such/ecosystem", b"\xff\x00\x01")
        expect(page.locator(".frames > li").first).to_contain_text("no/such/ecosystem")
        page.screenshot(path=str(artefacts / "frames-none.png"), full_page=True)
