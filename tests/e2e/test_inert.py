"""Names are text: what devices and people call things runs nowhere, on any page, in a real Chromium under the policy.

The payloads stand as ids of devices, metrics, values, units, names, groups, tags, limits, notes, boards and users at
once. A page fails when one of them became an element or an attribute, asked for a file, opened a dialog, or met the
Content-Security-Policy; and when it does not show them as the text that they are.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Error, Page, expect

from handlers.routes import ROUTES
from tests.e2e.test_dashboard import now
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e

PAYLOADS = [
    "<img src=x onerror=pwned()>",
    "<script>pwned()</script>",
    '"><svg onload=pwned()><x-pwned>',
    "'><iframe srcdoc='<x-pwned>'></iframe>",
    "</title><x-pwned>",
    "</script><script>pwned()</script>",
    "--></style><style>@import'//evil.example/x'</style>",
    "<a href=javascript:pwned()>x</a><x-pwned>",
    "&lt;img src=x onerror=pwned()&gt;&#60;x-pwned&#62;",
    "{{constructor.constructor('pwned()')()}}${pwned()}",
    "x onmouseover=pwned() style=position:fixed;inset:0 autofocus onfocus=pwned()",
    "<math><mtext><table><mglyph><style><img src onerror=pwned()>",
]
WATCH = """
window.met = [];
window.pwned = () => window.met.push("a payload ran");
addEventListener("securitypolicyviolation", (event) => window.met.push(`policy: ${event.blockedURI} ${event.sample}`));
"""
FOUND = """() => {
  const foreign = "x-pwned, iframe, object, embed, base, mglyph, [srcdoc]";
  const roots = [document];
  for (const root of roots)
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) roots.push(one.shadowRoot);
  const all = roots.flatMap((root) => [...root.querySelectorAll("*")]);
  const led = (one) => one.href?.baseVal ?? one.href ?? one.src ?? one.action ?? "";
  const odd = ({ name }) => /^on|[<>"'{}=]/i.test(name);
  const found = all.filter((one) => Element.prototype.matches.call(one, foreign)
    || /^\\s*javascript:/i.test(led(one))
    || (one.localName === "img" && !one.src.startsWith(`${location.origin}/api/images/`))
    || [...one.attributes].some(odd));
  return [...window.met, ...found.map((one) => one.outerHTML.slice(0, 120))];
}"""
ALONE = {"/login", "/setup", "/password"}
"""Pages that are for who is not logged in."""


def device_of(payload: str) -> str:
    """The payload as the id of a device: without the characters that no id has."""
    return re.sub(r"[+#*]", "_", payload).strip(" /")


@pytest.fixture(scope="module")
def named(module_server: Callable[..., Server]) -> Server:
    """A server on which everything is called after a payload."""
    one = module_server({"storage.commit_interval": "0"})
    operator, hub = one.api_token("operator"), one.device_token("hub", "--gateway")
    start = now() - 600_000
    boards = []
    for number, payload in enumerate(PAYLOADS):
        device = device_of(payload)
        readings = [
            {"device": device, "ts": start + n * 10_000, "values": {payload: n, f"on {payload}": n % 3 == 0}}
            for n in range(60)
        ]
        readings.append({"device": device, "ts": start + 600_000, "values": {f"text {payload}": payload}})
        change(one, "/api/ingest", readings, hub)
        name = f"{device}/{payload}"
        unit = payload[:32]
        change(
            one, "/api/series/edit", {"series": name, "unit": unit, "name": payload[:64]}, operator, accept=(200, 400)
        )
        if number % 2 == 0:
            change(one, "/api/series/edit", {"series": name, "unit": unit}, operator, accept=(200, 400))
        note = {"text": payload, "from": start + 300_000, "tags": [payload[:32]], "series": name}
        change(one, "/api/annotations", note, operator, accept=(200, 201, 400))
        change(one, "/api/annotations", {"text": payload, "from": start + 300_000}, operator, accept=(200, 201))
        boards.append({"name": payload, "parts": parts(name, device, payload)})
    for board in boards:
        change(one, "/api/boards", board, operator, accept=(201,))
    return one


def parts(series: str, device: str, text: str) -> list[dict[str, Any]]:
    """A part of every kind, named after a payload."""
    kinds: dict[str, dict[str, Any]] = {
        "tile": {"series": [series]},
        "chart": {"series": [series, f"{device}/on {text}"]},
        "gauge": {"series": [series], "min": 0, "max": 60},
        "strip": {"series": [f"{device}/on {text}", f"{device}/text {text}"]},
        "table": {"series": [f"{device}/*"]},
        "text": {"text": f"# {text}\n\n[{text}]({text}) **{text}**"},
    }
    titled = {"title": text}
    return [{"id": kind, "kind": kind, "w": 4, "h": 3, **titled, **more} for kind, more in kinds.items()]


def change(server: Server, path: str, body: Any, token: str, accept: tuple[int, ...] = (200,)) -> None:
    reply = server.request("POST", path, json_body=body, token=token)
    assert reply.status in accept, (path, reply.status, reply.text)


@pytest.fixture
def page(named: Server, open_page: Callable[..., Page]) -> Page:
    """A page of an admin that tells of everything that runs; a dialog would end the test by itself."""
    opened = open_page(named, path="/")
    opened.add_init_script(WATCH)
    opened.on("dialog", lambda dialog: opened.evaluate("text => window.met.push(text)", dialog.message))
    return opened


def look(page: Page, url: str, *, live: bool = True) -> str:
    """Open a page, let it draw, and point at everything that may tell more; what it shows, with its tooltips."""
    page.goto(url)
    if live:
        page.locator('html[data-connection="live"]').wait_for(state="attached")
    expect(page.locator(".waiting", has_text="…")).to_have_count(0)
    page.wait_for_function("document.querySelector('main, form') !== null")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    for plot in page.locator(".u-over").all()[:3]:
        with contextlib.suppress(Error):  # a chart is made anew when more becomes known
            plot.hover(position={"x": 40, "y": 20}, force=True, timeout=2_000)
    return str(
        page.evaluate(
            "() => [document.body.innerText, document.title, ...TITLES].join('\\n')".replace(
                "TITLES",
                "[...document.querySelectorAll('[title], [aria-label], [alt], option')].flatMap(one => "
                "[one.title, one.getAttribute('aria-label'), one.textContent])",
            )
        )
    )


def inert(page: Page) -> None:
    assert page.evaluate(FOUND) == []


def test_names_are_text_on_the_overview(named: Server, page: Page) -> None:
    """Tiles, groups, tooltips of the tiles, and the same as charts."""
    for path in ("/", "/?view=charts", "/?kiosk"):
        look(page, named.url + path, live="kiosk" not in path)
        wait_until(lambda: any(payload in page.inner_text("body") for payload in PAYLOADS[:3]), 20)
        inert(page)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_names_are_text_on_the_pages_of_a_device_and_a_series(named: Server, page: Page, payload: str) -> None:
    """Title, headings, charts with their legends and tooltips, notes, limits, tables, messages, and a board of it."""
    device = device_of(payload)
    series = f"{device}/{payload}"
    shown = look(page, f"{named.url}/devices/{quote(device, safe='')}")
    assert device in shown
    assert device in page.title()
    inert(page)
    shown = look(
        page, f"{named.url}/series?name={quote(series, safe='')}&with={quote(f'{device}/on {payload}', safe='')}"
    )
    expect(page.locator("tt-figure canvas").first).to_be_visible()
    for button in page.locator("tt-figure .legend button").all()[:4]:
        button.hover()
    page.locator("tt-figure").first.get_by_role("button", name="Table", exact=True).click()
    inert(page)
    assert payload in page.title()
    assert payload in page.inner_text("body")
    look(page, f"{named.url}/explore?s={quote(series, safe='')}", live=False)
    inert(page)
    look(page, f"{named.url}/devices/{quote(device, safe='')}/messages", live=False)
    inert(page)
    number = PAYLOADS.index(payload) + 1
    for query in ("", "?kiosk"):
        look(page, f"{named.url}/boards/{number}{query}", live=not query)
        wait_until(lambda: payload in page.inner_text("body"), 20)
        inert(page)
        assert query or payload in page.title()


def test_names_are_text_on_every_other_page(named: Server, page: Page) -> None:
    """Lists, forms, and the files that are kept; also of users and tokens that are called so."""
    for payload in PAYLOADS[:3]:
        named.api_token("viewer", name=device_of(payload))
        named.cli("user", "add", device_of(payload), "--role", "viewer", stdin="correct horse battery\n")
    seen = 0
    for pattern, handler in ROUTES:
        if not getattr(handler, "page", False) or "(" in pattern or pattern in ALONE:
            continue
        shown = look(page, named.url + pattern, live=False)
        page.wait_for_load_state("networkidle") if pattern not in ("/frames", "/system") else None
        shown = page.inner_text("body") + shown
        inert(page)
        seen += "<img src=x onerror=pwned()>" in shown
    assert seen >= 3, "pages that list what there is"


def test_names_in_the_address_are_text(named: Server, page: Page, open_page: Callable[..., Page]) -> None:
    """Of devices, series and boards that are not there, and of every parameter."""
    for payload in PAYLOADS[::2]:
        word = quote(payload, safe="")
        for path in (
            f"/devices/{word}",
            f"/series?name={word}&with={word}",
            f"/explore?s={word}&view={word}&from={word}&to={word}",
            f"/?view={word}&group={word}&tag={word}&state={word}&metric={word}&q={word}",
            f"/boards/{word.replace('%2F', '')}",
            f"/login?next={word}",
        ):
            page.goto(named.url + path)
            page.wait_for_load_state("domcontentloaded")
            inert(page)
    only_missing(open_page)


def only_missing(open_page: Callable[..., Page]) -> None:
    """The browser has told that addresses are refused, and nothing else."""
    told = open_page.troubles  # type: ignore[attr-defined]
    assert [text for text in told if not re.search(r"status of 40[04]", text)] == []
    told.clear()


def test_a_refused_answer_names_things_as_text(named: Server, page: Page, open_page: Callable[..., Page]) -> None:
    """What was typed comes back in a message: in the login, in a form that is refused, in an error of the API."""
    for payload in PAYLOADS:
        page.request.post(named.url + "/login", form={"name": payload, "password": "x", "next": "/" + payload})
    page.goto(f"{named.url}/api/history?series=a&from={quote(PAYLOADS[0])}")
    assert "onerror" not in page.content() or "&lt;img" in page.content()
    inert(page)
    page.goto(f"{named.url}/data")
    assert urlsplit(page.url).path == "/data"
    inert(page)
    only_missing(open_page)


def test_the_watch_sees_a_payload_that_runs(server: Callable[..., Server], open_page: Callable[..., Page]) -> None:
    """A page that would use names as markup is found, whatever of it the policy stops."""
    one = server()
    page = open_page(one, path="/")
    page.add_init_script(WATCH)
    page.goto(one.url + "/")
    for payload in PAYLOADS[:4]:
        page.evaluate(
            "text => { const one = document.createElement('p'); one.innerHTML = text; document.body.append(one); }",
            payload,
        )
    wait_until(lambda: len(page.evaluate(FOUND)) >= 4, 10)
    page.wait_for_load_state("networkidle")  # images that are not there have been asked for
    open_page.troubles.clear()  # type: ignore[attr-defined]  # the policy told the console
