"""Every page for everyone: axe without findings, keyboard, live regions, forced colours, reduced motion, paper."""

from __future__ import annotations

import importlib.resources
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from handlers.routes import ROUTES
from tests.clients import Socket
from tests.e2e.conftest import PASSWORD, forgive
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e

AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/",
    "/devices",
    "/devices/boiler",
    "/devices/boiler/messages",
    "/devices/unknown/messages",
    "/series?name=boiler/power",
    "/explore?s=boiler/power,boiler/flow",
    "/boards",
    "/boards/1",
    "/boards/1?kiosk",
    "/data",
    "/system",
    "/frames",
    "/account",
    "/people",
    "/tokens",
    "/audit",
)
"""Every page of an admin."""
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def spoken(server: Callable[..., Server]) -> Server:
    """A server to which a device has said an hour of numbers, a switch and a text."""
    one = server()
    with_readings(one)
    parts = [
        {"id": kind, "kind": kind, "w": 3, "h": 2, **more}
        for kind, more in {
            "tile": {"series": ["boiler/power"]},
            "chart": {"series": ["boiler/power", "boiler/flow"]},
            "gauge": {"series": ["boiler/power"], "min": 0, "max": 30},
            "strip": {"series": ["boiler/burner", "boiler/mode"]},
            "table": {"series": ["boiler/*"]},
            "text": {"text": "# Boiler room"},
        }.items()
    ]
    body = {"name": "Boilers", "parts": parts}
    made = one.request("POST", "/api/boards", json_body=body, token=one.api_token("operator"))
    assert (made.status, made.json()["id"]) == (201, 1), made.text
    return one


def with_readings(one: Server) -> Socket:
    socket = one.device(one.device_token("boiler"))
    socket.recv_key("hello")
    now = time.time_ns() // 1_000_000
    readings = [
        {
            "ts": now - (59 - at) * 60_000,
            "values": {
                "power": 12.5 + at % 7,
                "flow": 60 - at / 3,
                "burner": at % 10 < 5,
                "mode": "heat" if at < 30 else "rest",
            },
        }
        for at in range(60)
    ]
    socket.send({"id": 1, "readings": readings})
    socket.ack_of(1)
    return socket


def visit(page: Page, url: str) -> None:
    """Open a page and wait until it shows what it has."""
    page.goto(url)
    expect(page.locator("main")).to_be_visible()
    expect(page.locator(".waiting", has_text="…")).to_have_count(0)
    page.wait_for_load_state("networkidle") if "messages" not in url and "frames" not in url else None


def findings(page: Page) -> list[str]:
    """What axe finds: rule, and where."""
    page.evaluate(AXE)
    result = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [f"{one['id']}: {node['html'][:160]}" for one in result["violations"] for node in one["nodes"]]


def test_no_page_is_left_out() -> None:
    patterns = [pattern for pattern, handler in ROUTES if getattr(handler, "page", False)]
    paths = [urlsplit(path).path for path in PAGES]
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, path) for path in paths)] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(spoken: Server, open_page: Callable[..., Page], scheme: str, size: str) -> None:
    page = open_page(spoken, color_scheme=scheme, viewport=SIZES[size], has_touch=size == "phone")
    found = {}
    for path in PAGES:
        visit(page, spoken.url + path)
        found[path] = findings(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found[path].append(f"the page is {wide} pixels wider than the screen")
    page.get_by_role("button", name="Language, time zone, colours").first.click()
    found["preferences"] = findings(page)
    assert {path: list_ for path, list_ in found.items() if list_} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_before_the_login(server: Callable[..., Server], chromium: Any, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    one = server()
    page.goto(one.url + "/login")
    assert findings(page) == []
    page.goto(one.url + "/setup?token=wrong")
    assert findings(page) == []
    context.close()


def test_the_first_tab_stop_leads_past_the_bar(spoken: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(spoken)
    for path in PAGES:
        if "kiosk" in path:
            continue  # nobody is at a keyboard there, and there is no bar
        visit(page, spoken.url + path)
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        expect(skip).to_have_class("skip")
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_focus_is_seen_and_goes_through_the_page_in_order(spoken: Server, open_page: Callable[..., Page]) -> None:
    """Each stop is on the screen and ringed; the top of the page comes before what is in it."""
    page = open_page(spoken)
    visit(page, spoken.url + "/")
    stops = []
    for _ in range(14):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """() => {
                  const one = document.activeElement;
                  const style = getComputedStyle(one);
                  const box = one.getBoundingClientRect();
                  return {
                    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
                    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
                    top: Boolean(one.closest(".top, .skip")),
                    what: one.outerHTML.slice(0, 90),
                  };
                }"""
            )
        )
    assert [one["what"] for one in stops if not (one["ring"] and one["seen"])] == []
    assert [one["top"] for one in stops] == sorted((one["top"] for one in stops), reverse=True)


def test_no_live_region_speaks_while_values_come(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """Screen readers hear of the connection and of alarms, never of each value."""
    one = server()
    socket = with_readings(one)
    page = open_page(one)
    visit(page, one.url + "/")
    page.evaluate(
        """() => {
          window.heard = [];
          const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]";
          new MutationObserver((changes) => {
            for (const { target } of changes) {
              const region = (target.nodeType === 1 ? target : target.parentElement)?.closest(live);
              if (region) window.heard.push(region.outerHTML.slice(0, 120));
            }
          }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    for at in range(8):
        socket.send({"id": 2 + at, "readings": [{"values": {"power": 900 + at}}]})
        socket.ack_of(2 + at)
        expect(page.locator("main")).to_contain_text(str(900 + at))
    assert page.evaluate("window.heard") == []


def test_forced_colours_leave_states_and_lines_visible(spoken: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(spoken, forced_colors="active")
    visit(page, spoken.url + "/devices/boiler")
    pressed = page.locator('[aria-pressed="true"]').first
    other = page.locator('[aria-pressed="false"]').first
    assert background(pressed) != background(other)
    wait_until(lambda: page.evaluate(INKED) > 100)


INKED = """() => Math.max(0, ...[...document.querySelectorAll("tt-chart canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 128) n += 1;
  return n;
}))"""


def background(one: Locator) -> str:
    return str(one.evaluate("one => getComputedStyle(one).backgroundColor"))


def test_nothing_moves_where_less_motion_is_wanted(spoken: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(spoken, reduced_motion="reduce")
    for path in ("/", "/devices/boiler"):
        visit(page, spoken.url + path)
        moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
        assert page.evaluate(moving) == 0


def prefer(page: Page, what: str, choice: str) -> None:
    """Choose something in the dialog of preferences."""
    page.locator("tt-preferences > button").click()
    page.locator("tt-preferences label", has_text=what).locator("select").select_option(choice)


def test_a_theme_follows_the_system_until_one_is_chosen(spoken: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(spoken, color_scheme="dark")
    visit(page, spoken.url + "/")
    body = page.locator("body")
    dark = background(body)
    page.emulate_media(color_scheme="light")
    expect(body).not_to_have_css("background-color", dark)
    page.get_by_role("button", name="Use the dark theme").click()
    expect(body).to_have_css("background-color", dark)
    page.reload()
    expect(body).to_have_css("background-color", dark)
    prefer(page, "Colours", "As the system")
    expect(body).not_to_have_css("background-color", dark)


def test_paper_is_white_says_what_it_shows_and_has_no_controls(spoken: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(spoken, color_scheme="dark")
    visit(page, spoken.url + "/devices/boiler")
    page.emulate_media(media="print")
    head = page.locator(".paper")
    expect(head).to_be_visible()
    expect(head).to_contain_text("printed")
    expect(head).to_contain_text("boiler")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    shown = page.locator("button:not(.key):visible, input:visible, select:visible, .skip:visible, dialog:visible")
    assert [one.evaluate("one => one.outerHTML.slice(0, 100)") for one in shown.all()] == []
    assert page.pdf()[:5] == b"%PDF-"
    page.emulate_media(media="screen")
    expect(head).to_have_count(0)
    expect(page.locator("body")).not_to_have_css("background-color", "rgb(255, 255, 255)")


@pytest.mark.parametrize(
    ("locale", "lang", "login", "find"),
    [
        ("sv-SE", "sv", "Logga in", "Filtrera enheter och mätstorheter"),
        ("nn-NO", "nb", "Logg inn", "Filtrer enheter og målestørrelser"),
        ("de-AT", "de", "Anmelden", "Geräte und Messgrößen filtern"),
        ("fr-FR", "en", "Log in", "Filter devices and metrics"),
    ],
)
def test_the_page_speaks_the_language_of_the_browser(
    spoken: Server, chromium: Any, locale: str, lang: str, login: str, find: str
) -> None:
    spoken.cli("user", "add", "reader", "--role", "viewer", stdin=PASSWORD + "\n")
    context = chromium.new_context(locale=locale)
    page = context.new_page()
    page.goto(spoken.url + "/")
    page.locator("[name=name]").fill("reader")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name=login).click()
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.get_by_label(find)).to_be_visible()
    expect(page.locator("main")).to_contain_text("15,5")
    context.close()


def test_what_the_server_refuses_is_said_in_the_language_of_the_page(
    spoken: Server, open_page: Callable[..., Page]
) -> None:
    """What it means stands before the server's own sentence, which says which field."""
    page = open_page(spoken)
    page.context.add_cookies([{"name": "telltale-language", "value": "de", "url": spoken.url}])
    page.goto(spoken.url + "/series?name=boiler/flow")
    page.route("**/api/series/thresholds", lambda route: route.continue_(post_data='{"series": "no/such"}'))
    field = page.get_by_label("Schwellenwerte")
    field.fill(">30")
    field.press("Enter")
    page.get_by_role("button", name="Für alle übernehmen").click()
    told = page.get_by_role("alert").filter(has_text="Der Server hat das nicht verstanden. (expected")
    expect(told).to_be_visible()
    forgive(open_page, "400")


def test_language_and_time_zone_are_chosen_and_kept(spoken: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(spoken, timezone_id="Europe/Stockholm")
    visit(page, spoken.url + "/")
    with page.expect_event("load"):
        prefer(page, "Language", "Svenska")
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    expect(page.get_by_label("Filtrera enheter och mätstorheter")).to_be_visible()
    with page.expect_event("load"):
        prefer(page, "Tidszon", "Australia/Eucla")
    page.locator("tt-preferences > button").click()
    expect(page.get_by_text("Tider visas i Australia/Eucla, nu UTC+8:45.")).to_be_visible()
    visit(page, spoken.url + "/devices/boiler/messages")
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    moment = page.locator("main time").first
    said = datetime.fromisoformat(moment.get_attribute("datetime") or "")
    there = said.astimezone(timezone(timedelta(hours=8, minutes=45)))
    expect(moment).to_have_text(there.strftime("%H:%M:%S.") + f"{there.microsecond // 1000:03}")
