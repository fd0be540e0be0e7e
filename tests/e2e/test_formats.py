"""Numbers and times as who looks at them writes them: digits, decimal marks, zones, days of 23 and 25 hours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.charts import HOUR, MINUTE, chart, ingest, more, series_page
from tests.e2e.conftest import PASSWORD
from tests.e2e.test_dashboard import now
from tests.support import Server, wait_until

pytestmark = pytest.mark.e2e
VALUES = {
    "small": (0.004217, "0.00422", "0,00422"),
    "middle": (21.5, "21.5", "21,5"),
    "large": (1234567.8, "1,234,568", "1.234.568"),
    "huge": (6.02e23, "6.02e+23", "6.02e+23"),
    "minus": (-7.25, "-7.25", "-7,25"),
}
"""As sent, in English, in German."""


@pytest.mark.parametrize(("locale", "at"), [("en-US", 1), ("de-DE", 2)], ids=["English", "German"])
def test_row_28_numbers_have_sane_digits_and_the_marks_of_the_locale(
    server: Callable[..., Server], chromium: Browser, locale: str, at: int
) -> None:
    """They stand in columns: each digit is as wide as any other."""
    one = server({"storage.commit_interval": "0"})
    more(one, "d", [{"ts": now(), "values": {name: row[0] for name, row in VALUES.items()}}])
    one.cli("user", "add", "reader", "--role", "viewer", stdin=PASSWORD + "\n")
    context = chromium.new_context(locale=locale)
    page = context.new_page()
    page.goto(one.url + "/")
    page.locator("[name=name]").fill("reader")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button").click()
    for name, row in VALUES.items():
        number = page.locator(f'tt-tile[data-series="d/{name}"] .number')
        expect(number).to_have_text(str(row[at]))
        assert "tabular-nums" in number.evaluate("one => getComputedStyle(one).fontVariantNumeric")
    context.close()


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-20", 24)], ids=["23 h", "25 h", "24 h"]
)
def test_row_32_days_of_a_clock_change_have_their_hours(
    server: Callable[..., Server], open_page: Callable[..., Page], day: str, hours: int
) -> None:
    """A whole day in Berlin, by its clocks: the hour of the change is not there, or is there twice."""
    one = server({"storage.commit_interval": "0"})
    midnight = datetime.fromisoformat(f"{day}T00:00:00+01:00" if hours == 23 else f"{day}T00:00:00+02:00")
    begin = round(midnight.timestamp() * 1000)
    end = begin + hours * HOUR
    assert datetime.fromtimestamp(end / 1000, UTC).hour in (22, 23)
    token = one.device_token("d")
    ingest(one, token, [{"ts": at, "values": {"t": at / HOUR % 24}} for at in range(begin, end, 10 * MINUTE)])
    page = open_page(one, timezone_id="Europe/Berlin")
    series_page(page, one, "d/t", f"&from={begin}&to={end}")
    expect(chart(page, "d/t").locator("canvas")).to_be_visible()
    wait_until(lambda: len(chart(page, "d/t").evaluate("chart => chart.columns[0]")) == 6 * hours, 20)
    expect(page.locator("tt-statistics header")).to_contain_text(f"{hours} h")
    page.get_by_role("button", name="Table").click()
    times = page.locator("tt-figure tbody th")
    expect(times).to_have_count(6 * hours)
    hour_of = [found[1] for text in times.all_text_contents() if (found := re.search(r"(\d\d):\d\d:\d\d", text))]
    assert Counter(hour_of) == Counter({f"{hour:02}": 6 for hour in range(24)} | {"02": 6 * (hours - 23)})
