"""The data page in a real Chromium: the way there, what it shows of this server, and that it fits every screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_dashboard import device, now, send
from tests.support import Server

pytestmark = pytest.mark.e2e
SECTIONS = {
    "Storage": "/api/storage",
    "MQTT": "/api/bridges",
    "Export": "/api/export.csv",
    "Import": "/api/import",
    "Corrections": "/api/corrections",
    "Series": "/api/series/rename",
}
"""Headings of the page, and the addresses without which they are not shown."""


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server({"storage.commit_interval": "0"})
    send(device(one, "d"), 1, [{"ts": now() - n * 1000, "values": {"t": n, "state": "=on"}} for n in range(5)])
    return one


def data_page(server: Server, open_page: Callable[..., Page], **options: Any) -> Page:
    page = open_page(server, role="operator", **options)
    page.get_by_role("link", name="Data: storage, export, corrections").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Data")
    expect(page.get_by_text("Connecting…")).to_have_count(0)
    return page


def test_only_operators_are_shown_the_way(fed: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(fed, role="viewer")
    expect(page.get_by_role("link", name="Data")).to_have_count(0)


def test_it_has_a_section_for_what_this_server_can_do(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    """By the server's own description; and a way back."""
    paths = fed.get("/api/openapi.json", fed.api_token())["paths"]
    page = data_page(fed, open_page)
    expected = [heading for heading, path in SECTIONS.items() if path in paths]
    expect(page.locator("main h2")).to_have_text(expected)
    page.screenshot(path=str(artefacts / "data.png"), full_page=True)
    page.get_by_role("link", name="Back to the overview").click()
    page.locator('html[data-connection="live"]').wait_for(state="attached")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dark", {"color_scheme": "dark"}),
        ("phone", {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}),
    ],
)
def test_it_fits_every_screen(
    fed: Server, open_page: Callable[..., Page], artefacts: Path, name: str, options: dict[str, Any]
) -> None:
    page = data_page(fed, open_page, **options)
    page.screenshot(path=str(artefacts / f"data-{name}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_export_is_a_file_of_what_was_chosen(fed: Server, open_page: Callable[..., Page]) -> None:
    page = data_page(fed, open_page)
    page.get_by_label("Series, one a line").fill("d/t\nno/such")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".csv")
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "device,metric,ts,time,value,unit"
    assert [line.split(",")[1] for line in lines[1:]] == ["t"] * 5


def test_import_takes_a_file_and_reports_its_bad_lines(
    fed: Server, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = data_page(fed, open_page)
    file = tmp_path / "readings.csv"
    file.write_text("device,metric,ts,value\nnew,t,1700000000000,1.5\nnew,t,1700000001000,nan\nnew,t,1,2\n")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    report = page.locator("tt-import")
    expect(report).to_contain_text("1 reading stored, 0 that were there already, 2 lines refused.")
    expect(report.locator("tbody td:first-child")).to_have_text(["3", "4"])
    history = fed.get("/api/history", fed.api_token(), series="new/t", from_=0, to="now")
    assert history["series"]["new/t"]["v"] == [1.5]
