"""The explore page in a real Chromium, on a recorded day: what it says is compared with what the file holds."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support import ROOT, Server

pytestmark = pytest.mark.e2e
RECORDED = ROOT / "tests" / "data" / "stafford_iot_telemetry_24h.ndjson.gz"
HOUR = 3_600_000
TEMP, HUMIDITY, LIGHT = "iot-device-01/temp", "iot-device-01/humidity", "iot-device-01/light"
FROM, TO = 1_594_598_400_000, 1_594_684_800_000
DAY = [("from", "2020-07-13T00:00:00Z"), ("to", "2020-07-14T00:00:00Z")]
STOCKHOLM = {"timezone_id": "Europe/Stockholm"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def recorded(metric: str, device: str = "iot-device-01") -> list[tuple[int, float]]:
    """(ms, value) of the recorded day in UTC, each time once, the last value standing."""
    found: dict[int, float] = {}
    with gzip.open(RECORDED, "rt") as lines:
        for message in map(json.loads, lines):
            if message["device"] == device:
                found[int(message["ts"] * 1000)] = float(message["data"][metric])
    return sorted((t, v) for t, v in found.items() if FROM <= t < TO)


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The recorded day with units, 300 series more, 60,000 readings of a sine with a spike, hours of two long days."""
    one = module_server({"storage.commit_interval": "0.05"})
    one.cli("import", str(RECORDED))
    rows = ["device,metric,ts,value,unit"]
    rows += [f"hall {n // 10},pump{n % 10},{FROM},{n},bar" for n in range(300)]
    rows += [f"fast,level,{FROM + n * 1000},{900 if n == 31_234 else n % 50},mm" for n in range(60_000)]
    # the last Sundays of March 2021 and October 2020 in Europe, with the days around them
    rows += [
        f"roof,sun,{start + n * HOUR // 4},{n % 96},W"
        for start in (1_616_799_600_000, 1_603_490_400_000)
        for n in range(288)
    ]
    rows += [f"gate,mode,{FROM + n * 60_000},{text},%" for n, text in enumerate(("open", "12.5", "=shut", "13.5"))]
    file = tmp_path_factory.mktemp("explore") / "more.csv"
    file.write_text("\n".join(rows) + "\n")
    one.cli("import", str(file))
    token = one.api_token("operator")
    for series, unit in ((TEMP, "°C"), (HUMIDITY, "%")):
        reply = one.request("POST", "/api/series/edit", json_body={"series": series, "unit": unit}, token=token)
        assert reply.status == 200
    return one


@pytest.fixture
def look(chromium: Browser, fed: Server) -> Iterator[Callable[..., Page]]:
    """``look(series, *pairs, **context_options)``: the page by a viewer's link; an error on it fails the test."""
    token = fed.api_token("viewer")
    contexts, troubles = [], []

    def start(series: Sequence[str] = (), *pairs: tuple[str, str], address: str = "", **options: Any) -> Page:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        query = urlencode([*(("s", name) for name in series), *pairs, ("token", token)])
        page.goto(address or f"{fed.url}/explore?{query}")
        return page

    yield start
    for context in contexts:
        context.close()
    assert troubles == []


def settled(page: Page) -> None:
    expect(page.locator('.views[aria-busy="false"] .chart, .views[aria-busy="false"] tt-sheet').first).to_be_visible()


def figure(page: Page, row: str, column: int = 0) -> Locator:
    """A cell of the statistics, by the beginning of its row's name."""
    rows = page.locator(".statistics tbody tr").filter(has=page.get_by_role("rowheader", name=re.compile(f"^{row}")))
    return rows.locator("td").nth(column)


def saved(page: Page) -> list[list[str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of this").click()
    assert re.fullmatch(r"telltale-\w+-\d{8}T\d{6}Z\.csv", download.value.suggested_filename)
    return list(csv.reader(Path(download.value.path()).read_text(encoding="utf-8").splitlines()))


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_from_an_empty_page_to_a_chart_by_keyboard_and_another_browser_shows_the_same(
    look: Callable[..., Page],
) -> None:
    """The page teaches; / finds, arrows and Enter choose; an empty span leads to where readings are."""
    page = look(**STOCKHOLM)
    expect(page.get_by_role("heading", name="Ask your readings something")).to_be_visible()
    expect(page.locator(".offers button")).to_have_count(6)
    page.keyboard.press("/")
    page.keyboard.type("TEMP 01")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_text("No numbers in this span.")).to_be_visible()
    page.keyboard.type("01 humi")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.get_by_role("button", name="Show the last day that has some").click()
    settled(page)
    expect(figure(page, "Readings")).to_contain_text("13,")
    expect(page.locator(".u-axis")).to_have_count(3)
    page.get_by_role("tab", name="Lines").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Correlation")).to_be_focused()
    expect(page.locator("tt-scatter")).to_be_visible()
    other = look(address=page.url, **STOCKHOLM)
    settled(other)
    for locator in ("main .statistics", "main .facts", ".chosen", "tt-scatter .told-point"):
        expect(other.locator(locator)).to_have_text(page.locator(locator).inner_text(), use_inner_text=True)


def test_statistics_are_those_of_the_file(look: Callable[..., Page]) -> None:
    """Computed here from the recorded messages by the standard library; a state has its share of time."""
    page = look([TEMP, LIGHT], *DAY, ("above", "0:19.25"))
    settled(page)
    readings = recorded("temp")
    values = [v for _, v in readings]
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    expect(figure(page, "Readings")).to_have_text(f"{len(values):,}")
    expect(figure(page, "Mean of")).to_have_text(f"{shown(statistics.fmean(values))} °C")
    expect(figure(page, "Standard")).to_have_text(f"{shown(statistics.stdev(values))} °C")
    for name, value in (("1 %", cuts[0]), ("Median", cuts[49]), ("95 %", cuts[94])):
        expect(figure(page, name)).to_have_text(f"{shown(value)} °C")
    expect(figure(page, "Minimum")).to_contain_text(f"{shown(min(values))} °C")
    expect(figure(page, "Maximum")).to_contain_text(f"{shown(max(values))} °C")
    area, above, covered = over_time(readings, 19.25)
    expect(figure(page, "Integral")).to_have_text(f"{shown(area)} °C·h")
    expect(figure(page, "Time above")).to_contain_text(f"{above // HOUR} h {above % HOUR // 60_000} min")
    expect(figure(page, "Time covered")).to_contain_text(f"{covered // HOUR} h {covered % HOUR // 60_000} min")
    share = statistics.fmean(v for _, v in recorded("light"))
    expect(figure(page, "Mean of", 1)).to_have_text(f"{100 * share:.2f} % on")


def shown(value: float) -> str:
    """As the page writes numbers, in English."""
    digits = 0 if abs(value) >= 10_000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def over_time(readings: list[tuple[int, float]], level: float) -> tuple[float, int, int]:
    """Integral (hours), ms above a level and ms covered, along straight lines where steps are no gaps."""
    steps = sorted(b - a for (a, _), (b, _) in itertools.pairwise(readings))
    usual = min(steps[int(0.9 * (len(steps) - 1))], 3 * steps[len(steps) // 2])
    area = above = covered = 0.0
    for (a, v), (b, w) in itertools.pairwise(readings):
        if b - a > max(1.5 * usual, 5_000):
            continue
        covered += b - a
        area += (v + w) / 2 * (b - a)
        low, high = min(v, w), max(v, w)
        part = 1.0 if low > level else 0.0 if high <= level else (high - level) / (high - low)
        above += part * (b - a)
    return area / HOUR, int(above), int(covered)


def test_correlation_is_that_of_means_over_the_same_steps(look: Callable[..., Page]) -> None:
    page = look([TEMP, HUMIDITY], *DAY, ("view", "scatter"), ("step", "60000"))
    settled(page)
    bins: dict[int, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for side, metric in enumerate(("temp", "humidity")):
        for t, v in recorded(metric):
            bins[t // 60_000][side].append(v)
    pairs = [(statistics.fmean(x), statistics.fmean(y)) for x, y in bins.values() if x and y]
    xs, ys = zip(*pairs, strict=True)
    facts = dict(
        zip(
            page.locator(".facts dt").all_inner_texts(),
            page.locator(".facts dd:nth-of-type(1)").all_inner_texts(),
            strict=True,
        )
    )
    assert facts["Correlation r"] == f"{statistics.correlation(xs, ys):.3f}"
    assert facts["Rank correlation ρ"] == f"{statistics.correlation(ranks(xs), ranks(ys)):.3f}"
    assert facts["Pairs n"] == f"{len(pairs):,}"
    assert int(facts["Worth about"].replace(",", "")) <= len(pairs)
    rows = saved(page)
    assert rows[0] == ["time (UTC)", f"{TEMP} [°C]", f"{HUMIDITY} [%]"]
    assert [float(row[1]) for row in rows[1:]] == pytest.approx(xs)
    page.get_by_label("Upwards").select_option(TEMP)
    expect(page.locator(".facts dd").first).to_have_text("1.000")


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks of values; equal ones share the mean of theirs."""
    places = defaultdict(list)
    for rank, value in enumerate(sorted(values)):
        places[value].append(rank)
    return [statistics.fmean(places[value]) for value in values]


def test_heat_map_has_the_hours_that_clocks_have(look: Callable[..., Page]) -> None:
    """The Sunday on which summer time begins lacks an hour, that on which it ends has one twice; nothing is lost."""
    span = [("from", "2021-03-26T23:00:00Z"), ("to", "2021-03-29T22:00:00Z"), ("view", "heat")]
    page = look(["roof/sun"], *span, **STOCKHOLM)
    settled(page)
    page.get_by_text("As a table").click()
    sunday = page.locator("tt-heat tbody tr").filter(has_text="2021-03-28")
    expect(sunday.locator("td").nth(2)).to_have_text("×")
    expect(sunday.locator("td", has_text="×")).to_have_count(1)
    cells = saved(page)[1:]
    assert [row[3] for row in cells if row[2] == "2021-03-28"] == [str(hour) for hour in range(24) if hour != 2]
    autumn = [("from", "2020-10-23T22:00:00Z"), ("to", "2020-10-26T23:00:00Z"), ("view", "heat")]
    page = look(["roof/sun"], *autumn, **STOCKHOLM)
    settled(page)
    head, *cells = saved(page)
    assert head[:4] == ["series", "time (UTC)", "day (Europe/Stockholm)", "hour (Europe/Stockholm)"]
    counts = {row[3]: int(row[7]) for row in cells if row[2] == "2020-10-25"}
    assert counts == {str(hour): 8 if hour == 2 else 4 for hour in range(24)}
    assert sum(int(row[7]) for row in cells) == 288


def test_heat_map_is_told_cell_by_cell_with_the_keyboard(look: Callable[..., Page]) -> None:
    page = look([TEMP], *DAY, ("view", "heat"), timezone_id="UTC")
    settled(page)
    page.get_by_role("figure").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    told = page.locator(".told-point")
    values = [v for t, v in recorded("temp") if FROM + HOUR <= t < FROM + 2 * HOUR]
    expect(told).to_have_attribute("aria-live", "polite")
    expect(told).to_contain_text("01:00–02:00")
    expect(told).to_contain_text(
        f"mean {shown(statistics.fmean(values))}, {shown(min(values))} to {shown(max(values))}, {len(values)} readings"
    )


def test_histogram_counts_every_reading_once(look: Callable[..., Page]) -> None:
    page = look([TEMP, HUMIDITY], *DAY, ("view", "histogram"))
    settled(page)
    head, *rows = saved(page)
    assert head == ["series", "from (included)", "to (excluded)", "readings"]
    for series, metric in ((f"{TEMP} [°C]", "temp"), (f"{HUMIDITY} [%]", "humidity")):
        values = [v for _, v in recorded(metric)]
        bins = [(float(a), float(b), int(n)) for name, a, b, n in rows if name == series]
        assert sum(n for *_, n in bins) == len(values)
        for a, b, n in bins:
            assert n == sum(a <= v < b for v in values), (a, b)


def test_csv_of_lines_and_table_is_what_is_shown(look: Callable[..., Page]) -> None:
    """ISO time in UTC, unit in the header, exactly the readings of the span; a hidden series is in neither."""
    span = [("from", "2020-07-13T06:00:00Z"), ("to", "2020-07-13T07:00:00Z")]
    page = look([TEMP, LIGHT, HUMIDITY], *span, ("off", "2"), **STOCKHOLM)
    settled(page)
    rows = saved(page)
    assert rows[0] == ["time (UTC)", f"{TEMP} [°C]", LIGHT]
    expected = [(t, v) for t, v in recorded("temp") if FROM + 6 * HOUR <= t < FROM + 7 * HOUR]
    assert [(ms(row[0]), float(row[1])) for row in rows[1:]] == expected
    assert {row[2] for row in rows[1:]} <= {"true", "false"}
    page.get_by_role("tab", name="Table").click()
    expect(page.locator("tt-sheet thead th")).to_have_text(["Time", f"{TEMP} [°C]", LIGHT])
    expect(page.locator("tt-sheet .pages")).to_contain_text(f"of {len(expected):,}")
    assert saved(page) == rows
    page.get_by_role("button", name=f"{HUMIDITY} [%]").click()
    expect(page.locator("tt-sheet thead th")).to_have_count(4)
    assert "off=" not in page.url


def test_drag_zooms_the_address_keeps_it_and_back_undoes_it(look: Callable[..., Page]) -> None:
    page = look([TEMP], *DAY)
    settled(page)
    expect(figure(page, "Readings")).to_have_text("13,776")
    box = page.locator(".u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 90, steps=5)
    page.mouse.up()
    expect(figure(page, "Readings")).not_to_have_text("13,776")
    found = dict(re.findall(r"(from|to)=([^&]+)", page.url.replace("%3A", ":")))
    assert abs(ms(found["from"]) - (FROM + 6 * HOUR)) < HOUR / 4
    assert abs(ms(found["to"]) - (FROM + 12 * HOUR)) < HOUR / 4
    expected = sum(ms(found["from"]) <= t < ms(found["to"]) for t, _ in recorded("temp"))
    expect(figure(page, "Readings")).to_have_text(f"{expected:,}")
    page.reload()
    expect(figure(page, "Readings")).to_have_text(f"{expected:,}")
    page.locator(".u-over").dblclick(position={"x": 200, "y": 60})
    expect(figure(page, "Readings")).to_have_text("13,776")
    page.go_forward()
    expect(figure(page, "Readings")).to_have_text(f"{expected:,}")
    page.go_back()
    expect(figure(page, "Readings")).to_have_text("13,776")


def test_readings_of_a_chart_are_stepped_through_with_the_keyboard(look: Callable[..., Page]) -> None:
    """Each with its time and the values of all series; the same numbers are behind the chart as a table."""
    span = [("from", "2020-07-13T06:00:00Z"), ("to", "2020-07-13T06:10:00Z")]
    page = look([TEMP, HUMIDITY], *span, timezone_id="UTC")
    settled(page)
    page.get_by_role("figure").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    t, v = [one for one in recorded("temp") if one[0] >= FROM + 6 * HOUR][1]
    told = page.locator(".told-point")
    expect(told).to_contain_text(f"{TEMP}: {shown(v)} °C")
    expect(told).to_contain_text(f"{datetime.fromtimestamp(t / 1000, UTC):%H:%M:%S}")
    expect(told).to_contain_text(f"{HUMIDITY}:")
    page.get_by_text("As a table").click()
    rows = page.locator("tt-lines tbody tr")
    expect(rows.nth(-2).locator("td").first).to_have_text(shown(v))


def test_spans_in_words_and_what_is_no_span(look: Callable[..., Page]) -> None:
    """Relative ones follow the server's clock and say when they were read; a wrong one says what is wrong."""
    page = look([TEMP])
    page.get_by_label("From", exact=True).fill("now-90m")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("not live.")).to_be_visible()
    assert "from=now-90m" in page.url
    page.get_by_label("From", exact=True).fill("yesterday")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The beginning is no time")
    page.get_by_label("From", exact=True).fill("2020-07-13 12:00")
    page.get_by_label("To", exact=True).fill("2020-07-13 11:00")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("must be after")
    page.get_by_role("button", name="6h", exact=True).click()
    expect(page.get_by_role("button", name="6h", exact=True)).to_have_attribute("aria-pressed", "true")


def test_local_times_become_the_same_moment_everywhere(look: Callable[..., Page]) -> None:
    page = look([TEMP], **STOCKHOLM)
    page.get_by_label("From", exact=True).fill("2020-07-13 02:00")
    page.get_by_label("To", exact=True).fill("2020-07-13 03:00")
    page.get_by_role("button", name="Show", exact=True).click()
    settled(page)
    other = look(address=page.url, timezone_id="America/New_York")
    settled(other)
    expect(other.get_by_label("From", exact=True)).to_have_value("2020-07-12 20:00:00")
    expect(figure(other, "Readings")).to_have_text(figure(page, "Readings").inner_text())


def test_hundreds_of_series_are_found_as_one_types(look: Callable[..., Page]) -> None:
    page = look()
    field = page.get_by_role("combobox")
    field.click()
    expect(page.get_by_role("option")).to_have_count(60)
    expect(page.locator("tt-picker .found")).to_contain_text("more: type to narrow it down")
    start = time.monotonic()
    field.fill("pump7 hall 2")
    expect(page.get_by_role("option").first).to_contain_text("hall 2/pump7")
    assert time.monotonic() - start < 2
    for name in ("hall 2/pump7", "hall 3/pump7", "hall 4/pump7", "hall 5/pump7", "hall 6/pump7", "hall 7/pump7"):
        field.fill(name)
        page.keyboard.press("Enter")
        expect(page.locator(".chosen li").last).to_contain_text(name)
    field.fill("hall 8/pump7")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen li")).to_have_count(6)
    page.get_by_role("button", name="Remove hall 3/pump7").click()
    expect(page.locator(".chosen li")).to_have_count(5)


def test_what_is_fetched_in_buckets_keeps_its_extremes_and_says_what_is_an_estimate(
    look: Callable[..., Page],
) -> None:
    """A spike of one second among 60,000 readings is the highest, at its time; estimates say so and are near."""
    page = look(["fast/level"], *DAY, ("above", "0:24.5"), timezone_id="UTC")
    settled(page)
    expect(figure(page, "Readings")).to_have_text("60,000")
    expect(figure(page, "Maximum")).to_contain_text("900 mm")
    expect(figure(page, "Maximum")).to_contain_text("08:40:34")
    expect(figure(page, "Mean of")).to_have_text(f"{shown((60_000 * 24.5 + 900 - 34) / 60_000)} mm")
    expect(figure(page, "Median")).to_contain_text("≈")
    expect(page.get_by_text("≈ is an estimate")).to_be_visible()
    expect(figure(page, "Time above")).to_contain_text("≈")
    heads = saved(page)[0]
    assert heads == [
        "time (UTC)",
        *(f"fast/level {what} [mm]" for what in ("mean", "lowest", "highest")),
        "fast/level readings",
    ]


@pytest.mark.parametrize("view", ["lines", "scatter", "heat", "histogram", "table"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("light", {}), ("dark", {"color_scheme": "dark"}), ("phone", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_every_view_fits_every_screen(
    look: Callable[..., Page], artefacts: Path, view: str, name: str, options: dict[str, Any]
) -> None:
    """And has words for who does not see it."""
    page = look([TEMP, HUMIDITY], *DAY, ("view", view), **options)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for one in page.get_by_role("figure").all():
        label = one.get_attribute("aria-label")
        assert label
        assert "iot-device-01" in label
        assert re.search(r"\d", label.split(".", 1)[1])
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or box["height"] >= 24
    page.screenshot(path=str(artefacts / f"explore-{view}-{name}.png"), full_page=True)


def test_texts_are_in_the_table_and_numbers_among_them_in_the_charts(look: Callable[..., Page]) -> None:
    """A spreadsheet does not calculate a text that begins like a formula."""
    page = look(["gate/mode"], *DAY, ("view", "table"))
    settled(page)
    expect(page.locator("tt-sheet td")).to_have_text(["13.5", "=shut", "12.5", "open"])
    assert [row[1] for row in saved(page)] == ["gate/mode [%]", "open", "12.5", "'=shut", "13.5"]
    expect(figure(page, "Mean of")).to_have_text("13 %")
    page.get_by_role("tab", name="Lines").click()
    expect(page.locator("tt-lines")).to_be_visible()


def test_nothing_that_is_asked_for_breaks_the_page(look: Callable[..., Page]) -> None:
    page = look(["no/such", TEMP], ("from", "whenever"), ("view", "3d"), ("x", "9"), ("above", "0:x"))
    expect(page.get_by_role("alert")).to_contain_text("whenever")
    page.get_by_role("button", name="365d").click()
    expect(page.get_by_text("there is no such series")).to_be_visible()


def test_paper_says_what_is_shown_and_of_which_span(look: Callable[..., Page]) -> None:
    page = look([TEMP], ("from", "2026-03-01T00:00"), ("to", "2026-03-02T00:00"), timezone_id="UTC")
    expect(page.locator('.views[aria-busy="false"]')).to_be_visible()
    page.emulate_media(media="print")
    head = page.locator(".paper")
    expect(head).to_be_visible()
    expect(head).to_contain_text("Explore")
    expect(head).to_contain_text("Mar 1, 2026, 00:00:00 – Mar 2, 2026, 00:00:00")
    expect(head).to_contain_text("UTC")
    expect(page.locator(".asked")).to_be_hidden()
