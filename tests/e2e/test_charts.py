"""Charts on the pages of a device and of a series. Named after the rows of the screen's list."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.charts import (
    DAY,
    HOUR,
    MINUTE,
    PHONE,
    chart,
    device_page,
    drag,
    ingest,
    mode,
    more,
    over,
    past,
    series_page,
    span,
    unit,
)
from tests.e2e.test_dashboard import now
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e

COLOURED = """chart => {
  const canvas = chart.querySelector("canvas"), over = chart.querySelector(".u-over");
  const scale = canvas.width / canvas.clientWidth;
  const [left, top] = [over.offsetLeft, over.offsetTop].map(one => one * scale);
  const [width, height] = [over.clientWidth, over.clientHeight].map(one => Math.floor(one * scale));
  const { data } = canvas.getContext("2d").getImageData(left, top, width, height);
  const found = [];
  for (let at = 0; at < data.length; at += 4) {
    const [r, g, b] = data.slice(at, at + 3);
    if (data[at + 3] > 90 && Math.max(r, g, b) - Math.min(r, g, b) > 60)
      found.push([(at / 4) % width / width, Math.floor(at / 4 / width) / height]);
  }
  return found;
}"""
"""Where pixels have a colour: shares of the plot's width and height."""


def coloured(page: Page, series: str) -> list[list[float]]:
    found = chart(page, series).evaluate(COLOURED)
    assert isinstance(found, list)
    return found


def legend(page: Page, name: str) -> Any:
    return page.locator("tt-figure .legend").get_by_role("button", name=name)


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server({"storage.commit_interval": "0"})
    past(one, "d")
    unit(one, "d/t", "°C")
    unit(one, "d/u", "hPa")
    return one


def test_row_27_two_units_have_two_axes_and_a_third_a_chart_of_its_own(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    past(fed, "e")
    unit(fed, "e/t", "°C")
    unit(fed, "e/u", "W")
    page = open_page(fed)
    series_page(page, fed, "d/t", "&with=d/u&with=e/t")
    expect(page.locator("tt-figure")).to_have_count(1)
    labels = page.locator("tt-figure .u-axis")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    wait_until(lambda: labels.count() == 3, 10)
    page.screenshot(path=str(artefacts / "charts-two-axes.png"))
    scales = chart(page, "d/t").evaluate("chart => chart.shape.map(line => line.scale)")
    assert scales == ["y", "y2", "y"]
    page.get_by_role("combobox", name="Compare with").fill("e/u")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("tt-figure")).to_have_count(2)
    expect(chart(page, "e/u").locator("canvas")).to_be_visible()
    page.get_by_role("button", name="No longer compare with d/u").click()
    expect(page.locator("tt-figure")).to_have_count(1)
    page.go_back()
    expect(page.locator("tt-figure")).to_have_count(2)


def test_row_29_thresholds_are_drawn_and_a_breach_is_told_in_words(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    page = open_page(fed)
    series_page(page, fed, "d/t")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    wait_until(lambda: len(coloured(page, "d/t")) > 100, 10)
    page.get_by_label("Thresholds").fill(">30, <5")
    page.get_by_label("Thresholds").press("Enter")
    page.get_by_label("Thresholds").blur()
    # far below the readings only the line of the lower one is drawn
    wait_until(lambda: [y for _, y in coloured(page, "d/t") if y > 0.9], 10)
    expect(page.locator(".breach")).to_have_count(0)
    more(fed, "d", [{"ts": now(), "values": {"t": 31.5}}])
    expect(page.locator(".breach")).to_contain_text("above 30 °C")
    expect(page.locator(".breach .icon")).to_be_visible()
    page.screenshot(path=str(artefacts / "charts-thresholds.png"))
    page.reload()
    expect(page.get_by_label("Thresholds")).to_have_value(">30,<5")


def test_row_31_a_spike_of_one_sample_is_seen_at_thirty_days(
    server: Callable[..., Server], open_page: Callable[..., Page], artefacts: Path
) -> None:
    one = server({"storage.commit_interval": "0"})
    start = now() - 30 * DAY + HOUR
    rows = [{"ts": start + n * 2 * MINUTE, "values": {"t": 20 + n % 7 / 10}} for n in range(21_000)]
    rows[9_000]["values"]["t"] = 100.0
    ingest(one, one.device_token("d"), rows)
    page = open_page(one)
    series_page(page, one, "d/t", "&from=now-30d")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    wait_until(lambda: chart(page, "d/t").evaluate("chart => chart.columns[0].length") > 1_000, 20)
    resolution = chart(page, "d/t").evaluate("chart => chart.stretch(chart.lines[0]).resolution")
    assert resolution > 2 * MINUTE, "it is drawn from buckets"
    wait_until(lambda: [x for x, y in coloured(page, "d/t") if y < 0.3], 20)
    expected = (rows[9_000]["ts"] - (now() - 30 * DAY)) / (30 * DAY)
    high = [x for x, y in coloured(page, "d/t") if y < 0.3]
    assert all(abs(x - expected) < 0.01 for x in high)
    page.screenshot(path=str(artefacts / "charts-spike.png"))


def test_row_33_legend_hides_by_click_and_key_and_alt_leaves_one_alone(
    fed: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(fed)
    series_page(page, fed, "d/t", "&with=d/u")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    shown = "chart => chart.shape.map(line => line.key)"
    wait_until(lambda: chart(page, "d/t").evaluate(shown) == ["d/t", "d/u"], 10)
    legend(page, "u").click()
    expect(legend(page, "u")).to_have_attribute("aria-pressed", "false")
    wait_until(lambda: chart(page, "d/t").evaluate(shown) == ["d/t"], 10)
    legend(page, "u").focus()
    page.keyboard.press("Enter")
    wait_until(lambda: chart(page, "d/t").evaluate(shown) == ["d/t", "d/u"], 10)
    legend(page, "u").click(modifiers=["Alt"])
    wait_until(lambda: chart(page, "d/t").evaluate(shown) == ["d/u"], 10)
    legend(page, "u").click(modifiers=["Alt"])
    wait_until(lambda: chart(page, "d/t").evaluate(shown) == ["d/t", "d/u"], 10)


def test_row_34_csv_is_what_is_shown_with_utc_times_and_units(fed: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(fed, timezone_id="Asia/Kolkata")
    series_page(page, fed, "d/t", "&with=d/u")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    drag(page, over(page, "d/t"), 0.5, 0.75)
    page.wait_for_url("**from=**")
    frm, to = span(page)
    with page.expect_download() as got:
        page.locator("tt-figure").get_by_role("button", name="CSV").click()
    assert got.value.suggested_filename.endswith("Z.csv")
    text = Path(got.value.path()).read_text(encoding="utf-8")
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["time", "d/t (°C)", "d/u (hPa)"]
    token = fed.api_token()
    stored = fed.get("/api/history", token, series="d/t", from_=str(frm), to=str(to + 1), points=100_000)["series"][
        "d/t"
    ]
    assert [float(row[1]) for row in rows] == stored["v"]
    assert rows[0][0].endswith("Z")
    page.locator("tt-figure").get_by_role("button", name="u").first.click()
    with page.expect_download() as got:
        page.locator("tt-figure").get_by_role("button", name="CSV").click()
    assert Path(got.value.path()).read_text(encoding="utf-8").startswith("time,d/t (°C)\n")


def test_row_48_a_chart_is_a_figure_in_words_by_keys_and_as_a_table(
    fed: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(fed)
    series_page(page, fed, "d/t")
    figure = page.get_by_role("figure", name="t, 1 h: 600 points, from 20 °C to 28 °C")
    expect(figure).to_be_visible()
    figure.focus()
    page.keyboard.press("End")
    said = page.locator("tt-figure [role=status]")
    expect(said).to_contain_text("°C")
    last = said.text_content()
    page.keyboard.press("ArrowLeft")
    expect(said).not_to_have_text(last or "")
    mode(page, "live")
    page.keyboard.press("Home")
    expect(said).to_contain_text("t 20 °C")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("t 21 °C")
    expect(page.locator("tt-figure .legend time")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("tt-figure .legend time")).to_have_count(0)
    button = page.locator("tt-figure").get_by_role("button", name="Table")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    table = page.locator("tt-figure").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(201)
    expect(table.get_by_role("columnheader")).to_have_text(["Time", "d/t (°C)"])
    page.get_by_role("button", name="400 more rows").click()
    expect(table.get_by_role("row")).to_have_count(601)


def test_previous_day_is_drawn_at_the_times_of_today(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    at = now() - DAY - 30 * MINUTE
    more(fed, "d", [{"ts": at + n * 1_000, "values": {"t": 40 + n % 3}} for n in range(300)])
    page = open_page(fed)
    series_page(page, fed, "d/t")
    page.get_by_label("and before").select_option("Previous day")
    expect(legend(page, "Previous day")).to_be_visible()
    count = "chart => chart.lines[1] ? chart.stretch(chart.lines[1]).columns.length : 0"
    wait_until(lambda: chart(page, "d/t").evaluate(count) == 300, 20)
    first = chart(page, "d/t").evaluate("chart => chart.stretch(chart.lines[1]).columns.t[0]")
    assert abs(first - (at + DAY)) <= HOUR, "a day, or one of 23 or 25 hours"
    page.screenshot(path=str(artefacts / "charts-previous-day.png"))
    page.reload()
    expect(page.get_by_label("and before")).to_have_value("day")


def test_statistics_are_those_of_the_selection(fed: Server, open_page: Callable[..., Page], artefacts: Path) -> None:
    page = open_page(fed)
    series_page(page, fed, "d/t")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    drag(page, over(page, "d/t"), 0.3, 0.6)
    page.wait_for_url("**from=**")
    frm, to = span(page)
    history = fed.get("/api/history", fed.api_token(), series="d/t", from_=str(frm), to=str(to + 1), points=100_000)
    values = history["series"]["d/t"]["v"]
    page.get_by_label("Time above").fill("24")
    page.get_by_label("Time above").press("Enter")
    page.get_by_label("Time above").blur()
    mean = sum(values) / len(values)
    for name, text in (
        ("Readings", str(len(values))),
        ("Mean of readings", f"{mean:.2f}".rstrip("0").rstrip(".")),
        ("Maximum", "28"),
        ("Time above 24", "min"),
    ):
        expect(page.get_by_role("row", name=re.compile(f"^{name}")).locator("td")).to_contain_text(text)
    page.screenshot(path=str(artefacts / "charts-statistics.png"), full_page=True)


def test_statistics_over_buckets_count_every_reading(fed: Server, open_page: Callable[..., Page]) -> None:
    """A week of a reading a minute comes in buckets; how many they are, and their mean, is exact all the same."""
    first = now() - 7 * DAY + HOUR
    values = [20 + n % 9 for n in range((7 * DAY - 2 * HOUR) // MINUTE)]
    more(fed, "w", [{"ts": first + n * MINUTE, "values": {"t": value}} for n, value in enumerate(values)])
    page = open_page(fed)
    series_page(page, fed, "w/t", "&from=now-7d")
    expect(page.locator(".statistics")).to_contain_text("The span is shown in buckets")
    for name, text in (
        ("Readings", f"{len(values):,}"),
        ("Mean of readings", f"{sum(values) / len(values):.2f}".rstrip("0").rstrip(".")),
    ):
        expect(page.get_by_role("row", name=re.compile(f"^{name}")).locator("td")).to_have_text(text)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_strips_begin_and_end_where_charts_do(
    fed: Server, open_page: Callable[..., Page], options: dict[str, Any]
) -> None:
    """One moment is at one place: a strip is exactly as wide as the chart above or below it."""
    page = open_page(fed, **options)
    device_page(page, fed, "d")
    expect(chart(page, "d/u").locator("canvas")).to_be_visible()

    def apart() -> float:
        strip = page.locator("tt-states tt-strip").first.bounding_box()
        plots = [box for box in (one.bounding_box() for one in page.locator("tt-figure .u-over").all()) if box]
        assert strip
        ends = [(box["x"] - strip["x"], box["x"] + box["width"] - strip["x"] - strip["width"]) for box in plots]
        return min(max(abs(left), abs(right)) for left, right in ends)

    wait_until(lambda: apart() < 1.5, 10, "the strip to lie as the chart does")


def test_a_note_is_written_from_a_chart_and_is_on_all(fed: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(fed, role="operator")
    device_page(page, fed, "d")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    page.get_by_role("button", name="Notes on t: 0").click()
    page.get_by_label("Note", exact=True).fill("valve stuck")
    page.get_by_label("Where").select_option("All series")
    page.get_by_role("button", name="Add note").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Notes on t: 1")).to_be_visible()
    expect(page.get_by_role("button", name="Notes on u: 1")).to_be_visible()


def test_a_device_has_states_as_strips_and_texts_as_a_timeline(
    fed: Server, open_page: Callable[..., Page], artefacts: Path
) -> None:
    first = now() - 40 * MINUTE
    texts = ["heating", "idle", "heating", "error: no flame"]
    more(
        fed,
        "d",
        [{"ts": first + n * 5_000, "values": {"mode": texts[n // 100]}} for n in range(400)],
    )
    page = open_page(fed)
    device_page(page, fed, "d")
    rows = page.locator("tt-states li")
    expect(rows).to_have_count(2)
    mode_strip = page.locator('tt-strip[data-series="d/mode"]')
    wait_until(lambda: [box["value"] for box in mode_strip.evaluate("strip => strip.boxes")] == texts, 20)
    label = mode_strip.get_attribute("aria-label")
    assert label
    assert "error: no flame, " in label
    assert "idle, " in label
    boxes = page.locator('tt-strip[data-series="d/on"]').evaluate("strip => strip.boxes")
    assert {box["value"] for box in boxes} == {0, 1}
    box = mode_strip.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.58, box["y"] + 5)
    expect(page.locator('tt-states li[data-series="d/mode"] b')).to_have_text("idle")
    page.screenshot(path=str(artefacts / "device-states.png"))
    with page.expect_download() as got:
        page.locator("tt-states").get_by_role("button", name="CSV").click()
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert text.startswith("time,d/mode,d/on\n")
    assert "error: no flame" in text
    page.locator("tt-states").get_by_role("button", name="Table").click()
    expect(page.locator("tt-states tbody tr").first).to_contain_text("off")


def test_device_page_of_a_name_with_a_slash_and_of_none(fed: Server, open_page: Callable[..., Page]) -> None:
    past(fed, "green house/7", minutes=5)
    page = open_page(fed, role="viewer")
    device_page(page, fed, "green house/7")
    expect(page.get_by_role("heading", level=1)).to_have_text("green house/7")
    expect(page.locator("tt-figure")).to_have_count(2)
    expect(page.get_by_role("link", name="Last messages")).to_have_count(0)
    page.get_by_role("link", name="t", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("t")
    expect(chart(page, "green house/7/t").locator("canvas")).to_be_visible()
    device_page(page, fed, "not there")
    expect(page.get_by_text("No device of this name has spoken yet.")).to_be_visible()
    series_page(page, fed, "not/there")
    expect(page.get_by_text("There is no series of this name.")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "options"),
    [("light", {}), ("dark", {"color_scheme": "dark"}), ("phone", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_pages_fit_every_screen(
    fed: Server, open_page: Callable[..., Page], artefacts: Path, name: str, options: dict[str, Any]
) -> None:
    page = open_page(fed, **options)
    device_page(page, fed, "d")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=str(artefacts / f"device-{name}.png"), full_page=True)
    series_page(page, fed, "d/t", "&with=d/u&with=d/on&limits=>26")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    page.locator("tt-figure").get_by_role("button", name="Table").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=str(artefacts / f"series-{name}.png"), full_page=True)
