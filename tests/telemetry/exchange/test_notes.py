"""Notes as lines of files: times that people and programs read, and no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from telemetry.exchange import notes
from telemetry.exchange.writing import Form

POINT: dict[str, Any] = {
    "id": 2, "series": "boiler/t", "from": 1_700_000_000_001, "to": None, "text": '=1+1\n"two"', "author": "anna",
    "created": 5, "changed": 6, "deleted": None,
}  # fmt: skip
SPAN = POINT | {
    "id": 1,
    "series": None,
    "from": 1_700_000_000_000,
    "to": 1_700_000_060_000,
    "text": "42",
    "author": "Bo",
}


def test_csv_has_times_in_utc_and_in_ms_and_guards_its_texts() -> None:
    text = (notes.head(Form.CSV) + notes.rows(Form.CSV, [POINT, SPAN])).decode()
    point, span = csv.DictReader(io.StringIO(text))
    assert point == {
        "from": "2023-11-14T22:13:20.001Z", "to": "", "series": "boiler/t", "text": "'=1+1\n\"two\"", "author": "anna",
        "from_ts": "1700000000001", "to_ts": "",
    }  # fmt: skip
    assert (span["to"], span["series"], span["text"]) == ("2023-11-14T22:14:20.000Z", "", "'42")


def test_a_time_that_no_calendar_reaches_is_there_in_ms() -> None:
    (line,) = notes.rows(Form.CSV, [SPAN | {"from": -5, "to": 10**15}]).decode().splitlines()
    assert line == ",,,'42,Bo,-5,1000000000000000"


def test_ndjson_has_the_objects_of_the_api_one_a_line() -> None:
    lines = notes.rows(Form.NDJSON, [POINT, SPAN]).decode().splitlines()
    assert [json.loads(line) for line in lines] == [POINT, SPAN]
    assert notes.head(Form.NDJSON) == b""
