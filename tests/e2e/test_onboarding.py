"""The page of devices in a real Chromium: onboarding from the first click to the first reading, and what follows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.bridged import Bridged
from tests.e2e.test_access import findings
from tests.mosquitto import Mosquitto
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e

MICROPYTHON = Path(__file__).parent / "micropython"
KINDS = (
    "curl", "Python", "MicroPython", "CircuitPython", "Arduino", "ESP-IDF", "ESPHome", "Tasmota", "Home Assistant",
    "MQTT",
)  # fmt: skip


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path).start()
    yield one
    one.kill()


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Programs that a test starts and that do not end by themselves."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        one.kill()
        one.wait()


def devices(open_page: Callable[..., Page], server: Server, role: str = "operator", **options: object) -> Page:
    page = open_page(server, role=role, **options)
    page.goto(f"{server.url}/devices")
    expect(page.locator("#main h2").first).to_be_attached()
    return page


def add(page: Page, device: str) -> str:
    """Add a device by the dialog, which stays open; its token."""
    page.get_by_role("button", name="Add a device").click()
    page.get_by_label("Id of the device").fill(device)
    page.get_by_role("button", name="Make its token").click()
    token = page.locator(".secret input").input_value()
    assert token.startswith("tt_d_")
    return token


def copied(page: Page, kind: str) -> str:
    """The text of a snippet, as its button copies it."""
    page.get_by_role("tab", name=kind, exact=True).click()
    page.locator(".snippet button").click()
    expect(page.locator(".snippet [role=status]")).to_contain_text("copied")
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'paste' }))")
    page.locator("dialog[open]").evaluate("(one) => one.append(document.getElementById('paste'))")
    page.locator("#paste").focus()
    page.keyboard.press("Control+v")
    text = page.locator("#paste").input_value()
    page.locator("#paste").evaluate("(one) => one.remove()")
    return text


def row(page: Page, device: str) -> Locator:
    return page.locator(f'tt-known li[data-device="{device}"]')


def sure(page: Page, verb: str) -> None:
    page.locator("dialog.confirm[open]").get_by_role("button", name=verb).click()


def test_row_5_the_dialog_offers_snippets_with_host_and_token_filled_in(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server()
    page = devices(open_page, one)
    token = add(page, "boiler")
    tabs = page.get_by_role("tab")
    assert tuple(text.strip() for text in tabs.all_text_contents()) == KINDS
    for kind in KINDS:
        page.get_by_role("tab", name=kind, exact=True).click()
        text = page.locator(".snippet pre").text_content() or ""
        assert token in text, kind
        assert kind == "MQTT" or f"{one.url}/api/ingest" in text, kind
    page.get_by_role("tab", name="MQTT").press("ArrowRight")  # round to the first
    expect(page.get_by_role("tab", name="curl")).to_be_focused()
    expect(page.get_by_role("tab", name="curl")).to_have_attribute("aria-selected", "true")
    page.locator("details summary").click()
    expect(page.locator("svg.qr-code")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.reload()
    expect(row(page, "boiler")).to_be_visible()
    assert token not in page.content()


def programs(text: dict[str, str], folder: Path) -> dict[str, Sequence[str]]:
    """How each snippet that can run here is run."""
    (folder / "snippet.py").write_text(text["Python"])
    (folder / "main.py").write_text(text["MicroPython"])
    found: dict[str, Sequence[str]] = {
        "curl": ["sh", "-c", text["curl"]],
        "Python": [sys.executable, str(folder / "snippet.py")],
        "MQTT": ["sh", "-c", text["MQTT"]],
    }
    if (MICROPYTHON / "node_modules").is_dir():
        found["MicroPython"] = ["node", str(MICROPYTHON / "run.mjs"), str(folder / "main.py")]
    return found


def test_row_6_each_snippet_run_as_it_is_copied_makes_its_tile_appear(
    server: Callable[..., Server],
    mosquitto: Mosquitto,
    open_page: Callable[..., Page],
    tmp_path: Path,
    running: list[subprocess.Popen[bytes]],
) -> None:
    """Those for which there is an interpreter here; MicroPython runs as itself, compiled for Node."""
    if shutil.which("npm") is None and not (MICROPYTHON / "node_modules").is_dir():
        pytest.skip("MicroPython is missing: npm --prefix tests/e2e/micropython ci")
    if not (MICROPYTHON / "node_modules").is_dir():
        subprocess.run(["npm", "--prefix", str(MICROPYTHON), "ci", "--silent"], check=True, timeout=120)
    bridged = Bridged(server, mosquitto).connected()
    one = bridged.server
    page = devices(open_page, one)
    for kind in ("curl", "Python", "MicroPython", "MQTT"):
        device = f"by {kind}"
        add(page, device)
        command = programs({name: copied(page, name) for name in ("curl", "Python", "MicroPython", "MQTT")}, tmp_path)
        running.append(subprocess.Popen(command[kind], cwd=tmp_path, env=dict(os.environ)))
        arrival = page.locator(".arrival")
        expect(arrival, kind).to_contain_text("Received: temperature 21.5", timeout=20_000)
        page.get_by_role("button", name="Close").click()
    page.goto(f"{one.url}/")
    for kind in ("curl", "Python", "MicroPython", "MQTT"):
        expect(page.locator(f'[data-series="by {kind}/temperature"]').first, kind).to_be_visible()


def test_row_8_it_waits_for_the_first_reading_and_shows_it(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    page = devices(open_page, one)
    token = add(page, "boiler")
    arrival = page.locator(".arrival")
    expect(arrival).to_have_attribute("data-arrived", "no")
    expect(arrival).to_contain_text("Waiting for the first reading")
    body = [{"n": "pressure", "u": "bar", "v": 1.5}]
    assert one.request("POST", "/api/ingest", json_body=body, token=token).status == 200
    expect(arrival).to_contain_text("Received: pressure 1.5 bar")
    page.get_by_role("link", name="See the device").click()
    page.wait_for_url(re.compile(r"/devices/boiler"))


def test_who_waits_is_accepted_or_blocked_by_one_click_and_let_in_again(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server()
    page = devices(open_page, one)
    waiting = page.locator("tt-waiting")
    with one.device(device="attic") as attic, one.device(device="rogue") as rogue:
        for socket in (attic, rogue):
            socket.recv_key("hello")
            socket.send({"temperature": 21.5, "window": "open"})
        shown = waiting.locator('li[data-device="attic"]')
        expect(shown).to_contain_text("from 127.0.0.1")
        expect(shown.locator("dl")).to_contain_text("21.5")
        page.get_by_role("button", name="Accept attic").click()
        assert attic.recv_key("token").startswith("tt_d_")
        expect(row(page, "attic")).to_contain_text("token")
        expect(shown).to_have_count(0)
        page.get_by_role("button", name="Block rogue").click()
        assert rogue.close_code() == 4001
    blocked = page.locator('tt-blocked li[data-device="rogue"]')
    expect(blocked).to_contain_text("from 127.0.0.1")
    expect(blocked).to_contain_text("blocked by operator-")
    page.get_by_role("button", name="Unblock rogue").click()
    expect(page.locator("tt-blocked li")).to_have_count(0)
    with one.device(device="rogue") as again:
        assert again.recv_key("hello")["pending"] is True


def test_a_token_is_replaced_its_old_one_ended_and_revoked(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    old = one.device_token("boiler")
    page = devices(open_page, one)

    def works(token: str) -> bool:
        return one.request("POST", "/api/ingest", json_body={"t": 1.5}, token=token).status == 200

    page.get_by_role("button", name="New token for boiler").click()
    expect(page.locator("dialog.confirm[open]")).to_contain_text("The old one works for 24 h more")
    sure(page, "Make a new token")
    new = page.locator(".secret input").input_value()
    assert works(old)
    expect(page.locator(".arrival")).to_have_attribute("data-arrived", "no")
    assert works(new)
    expect(page.locator(".arrival")).to_have_attribute("data-arrived", "yes")
    page.get_by_role("button", name="Close").click()
    expect(row(page, "boiler")).to_contain_text("Both tokens were used.")
    page.get_by_role("button", name="End the old token of boiler").click()
    expect(row(page, "boiler")).not_to_contain_text("tokens were used")
    assert (works(old), works(new)) == (False, True)
    page.get_by_role("button", name="Revoke the token of boiler").click()
    sure(page, "Revoke")
    expect(row(page, "boiler")).to_contain_text("no token")
    assert not works(new)
    page.get_by_role("button", name="Give boiler a token").click()
    assert works(page.locator(".secret input").input_value())


def test_what_a_gateway_speaks_for_is_edited(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    one = server()
    one.device_token("hub", "--gateway", "room-*")
    page = devices(open_page, one)
    expect(row(page, "hub")).to_contain_text("gateway for room-*")
    page.get_by_role("button", name="For whom hub speaks").click()
    patterns = page.get_by_label("Ids of devices, one a line, with * for any text")
    expect(patterns).to_have_value("room-*")
    patterns.fill("room-*\nhall-*\n")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "hub")).to_contain_text("gateway for room-*, hall-*")
    page.get_by_role("button", name="For whom hub speaks").click()
    page.locator("dialog.confirm[open] select").select_option("self")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "hub")).not_to_contain_text("gateway")


def test_a_device_is_removed_with_its_data_after_saying_what_goes(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("boiler")
    one.request("POST", "/api/ingest", json_body={"temperature": 21.5, "heater": True}, token=token)
    page = devices(open_page, one)
    watching = open_page(one, path="/")
    tile = watching.locator('[data-series="boiler/temperature"]').first
    expect(tile).to_be_visible()
    page.get_by_role("button", name="Remove boiler").click()
    asked = page.locator("dialog.confirm[open]")
    expect(asked).to_contain_text("2 readings go for ever, from the files too: boiler/temperature, boiler/heater.")
    asked.get_by_role("button", name="Cancel").click()
    expect(row(page, "boiler")).to_be_visible()
    page.get_by_role("button", name="Remove boiler").click()
    sure(page, "Remove for ever")
    expect(page.locator("tt-known")).to_contain_text("boiler is removed.")
    expect(row(page, "boiler")).to_have_count(0)
    expect(tile).to_have_count(0)
    wait_until(lambda: not one.get("/api/series", one.api_token())["series"], 10, "the series to go")


def test_an_empty_page_leads_to_the_dialog_and_shows_a_code_for_the_phone(
    server: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    one = server()
    page = open_page(one, role="operator", path="/")
    start = page.locator(".empty")
    expect(start.get_by_role("img", name=f"QR code of {one.url}")).to_be_visible()
    start.get_by_role("link", name="Add a device and get its code").click()
    expect(page.get_by_label("Id of the device")).to_be_focused()
    assert "#" not in page.url
    viewer = open_page(one, role="viewer", path="/")
    expect(viewer.locator(".empty svg.qr-code")).to_be_visible()
    assert viewer.get_by_role("link", name="Add a device and get its code").count() == 0


def test_it_fits_a_phone(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    one = server()
    one.device_token("a device with quite a long name, as people give them when they have many of them")
    page = devices(open_page, one, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    add(page, "boiler")
    page.get_by_role("tab", name="Home Assistant").click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("dialog[open]").evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0


def test_what_a_code_says_is_what_a_device_needs(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """Read back from its pixels by the browser's own geometry: dark modules are those of the library for that text."""
    one = server()
    page = devices(open_page, one)
    token = add(page, "boiler")
    page.locator("details summary").click()
    drawn = page.locator("dialog svg.qr-code path").get_attribute("d")
    text = json.dumps({"url": f"{one.ws_url}/ws/device", "device": "boiler", "token": token}, separators=(",", ":"))
    wanted = page.evaluate(
        """async (text) => {
            const { generate } = await import("lean-qr");
            const code = generate(text);
            const dark = [];
            for (let y = 0; y < code.size; y++)
                for (let x = 0; x < code.size; x++) if (code.get(x, y)) dark.push(`M${x + 4} ${y + 4}h1v1h-1z`);
            return dark.join("");
        }""",
        text,
    )
    assert drawn == wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state_of_the_page(
    server: Callable[..., Server], open_page: Callable[..., Page], scheme: str
) -> None:
    one = server()
    one.device_token("hub", "--gateway", "room-*")
    rotated = one.device_token("pump")
    one.cli("device", "rotate", "pump")
    assert rotated
    page = devices(open_page, one, color_scheme=scheme)
    found = {}
    with one.device(device="attic") as attic, one.device(device="rogue") as rogue:
        for socket in (attic, rogue):
            socket.recv_key("hello")
            socket.send({"temperature": 21.5})
        page.get_by_role("button", name="Block rogue").click()
        expect(page.locator("tt-blocked li")).to_have_count(1)
        expect(page.locator('tt-waiting li[data-device="attic"] dl')).to_be_visible()
        found["lists"] = findings(page)
    page.get_by_role("button", name="For whom hub speaks").click()
    found["gateway"] = findings(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Remove hub").click()
    expect(page.locator("dialog.confirm[open]")).to_be_visible()
    found["confirm"] = findings(page)
    page.locator("dialog.confirm[open]").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Add a device").click()
    found["form"] = findings(page)
    page.get_by_label("Id of the device").fill("boiler")
    page.get_by_role("button", name="Make its token").click()
    page.locator("details summary").click()
    expect(page.locator("svg.qr-code")).to_be_visible()
    found["token"] = findings(page)
    assert {state: list_ for state, list_ in found.items() if list_} == {}
