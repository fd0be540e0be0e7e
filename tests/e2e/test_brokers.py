"""Whether the MQTT broker is there, on the pages in a real Chromium; a real Mosquitto is killed and started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.bridged import Bridged, stamped
from tests.mosquitto import Mosquitto, client, publish
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e

LONGER = 30_000
"""ms: the page looks every ten seconds."""
SCREENS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path).start()
    yield one
    one.kill()


def lost(bridged: Bridged) -> None:
    """Wait until the bridge has tried again in vain, so that it has a reason to give."""
    wait_until(lambda: bridged.report()["state"] != "connected" and bridged.report()["problem"], 60, "a lost broker")


def test_the_page_says_when_the_broker_is_lost_and_when_it_is_back(
    server: Callable[..., Server], mosquitto: Mosquitto, open_page: Callable[..., Page]
) -> None:
    bridged = Bridged(server, mosquitto).connected()
    page = open_page(bridged.server, role="operator")
    mark, note = page.locator("a.broker"), page.locator("tt-broker-note")
    expect(mark).to_have_attribute("data-state", "connected")
    assert "connected since" in (mark.get_attribute("aria-label") or "")
    expect(note).to_be_empty()
    mosquitto.kill()
    lost(bridged)
    expect(note).to_contain_text("Devices behind it are not heard.", timeout=LONGER)
    expect(note).to_contain_text(f"127.0.0.1:{mosquitto.port} has been missing since")
    expect(mark).to_have_attribute("data-state", "lost")
    began = bridged.report()["lost"]
    mosquitto.start()
    bridged.connected()
    expect(note).to_be_empty(timeout=LONGER)
    expect(mark).to_have_attribute("data-state", "connected")
    assert bridged.report()["lost"] is None
    assert began <= bridged.report()["since"]


def test_being_lost_has_one_beginning_through_all_retries(server: Callable[..., Server], mosquitto: Mosquitto) -> None:
    """``since`` moves with every try; ``lost`` does not. The server itself is as well as before."""
    bridged = Bridged(server, mosquitto).connected()
    mosquitto.kill()
    lost(bridged)
    assert bridged.server.request("GET", "/healthz").status == 200
    label = f'{{broker="127.0.0.1:{mosquitto.port}"}}'
    assert bridged.server.metrics(bridged.token)[f"telltale_mqtt_connected{label}"] == 0
    first = bridged.report()
    wait_until(lambda: bridged.report()["since"] > first["since"], 60, "another try")
    assert bridged.report()["lost"] == first["lost"]


@pytest.mark.parametrize("screen", SCREENS)
def test_the_data_page_has_a_table_per_broker(
    server: Callable[..., Server],
    mosquitto: Mosquitto,
    open_page: Callable[..., Page],
    artefacts: Path,
    screen: str,
) -> None:
    """Reached by the mark in the bar; it fits every screen, connected or not."""
    bridged = Bridged(server, mosquitto).connected()
    with client(mosquitto) as sender:
        publish(sender, "telltale/boiler/readings", stamped(1))
        publish(sender, "telltale/boiler/readings", "{broken")
        publish(sender, "no/such/ecosystem", b"\xff\x00")
    wait_until(lambda: bridged.messages()["received"] == 3, 30, "the messages")
    metrics = bridged.server.metrics(bridged.token)
    assert metrics["telltale_mqtt_received_total"] == 3
    assert metrics['telltale_mqtt_messages_total{outcome="refused"}'] == 1
    page = open_page(bridged.server, role="operator", **SCREENS[screen])
    page.goto(bridged.server.url + "/data#brokers") if screen == "phone" else page.locator("a.broker").click()
    panel = page.locator("tt-brokers")
    expect(panel.get_by_role("heading", name="MQTT")).to_be_in_viewport()
    expect(panel.locator(".broker-state")).to_contain_text("connected since")
    rows = {
        "Received": "3",
        "Taken": "1",
        "Refused": "1",
        "Unknown": "1",
        "Not acknowledged": "0",
        "Protocol": "MQTT 5",
    }
    for name, figure in rows.items():
        row = panel.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row.locator(".figure")).to_have_text(figure)
    panel.screenshot(path=str(artefacts / f"brokers-{screen}.png"))
    mosquitto.kill()
    lost(bridged)
    expect(panel.locator(".broker-state")).to_contain_text("lost since", timeout=LONGER)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("link", name="Back to the overview").click()
    expect(page.locator("tt-broker-note")).to_contain_text("has been missing since")
    page.screenshot(path=str(artefacts / f"brokers-lost-{screen}.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_viewers_are_shown_nothing_and_nothing_is_asked_where_no_broker_is(
    server: Callable[..., Server], mosquitto: Mosquitto, open_page: Callable[..., Page]
) -> None:
    bridged = Bridged(server, mosquitto).connected()
    page = open_page(bridged.server, role="viewer")
    expect(page.locator("tt-broker")).to_have_count(0)
    without = server({})
    page = open_page(without, role="operator")
    expect(page.locator("tt-broker")).to_have_count(1)
    expect(page.locator("a.broker")).to_have_count(0)
    page.goto(without.url + "/data")
    expect(page.locator("tt-brokers")).to_contain_text("No broker is set.")
