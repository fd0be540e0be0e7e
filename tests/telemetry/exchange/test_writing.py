"""Files that we write: as documented, and read back as they were."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.exchange import writing
from telemetry.exchange.reading import Reader
from telemetry.exchange.writing import Form, Labels
from telemetry.model import Value

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | TEXTS
    | st.sampled_from(["=1", "'", "", "TRUE", "1"])
)
READINGS = st.lists(st.tuples(st.integers(0, 2**53 - 1), VALUES), max_size=8)
NAMES = st.text(st.sampled_from("ab=+-@'\",;1 %ü\n\r\t"), min_size=1, max_size=6)


def test_the_columns_are_those_of_the_contract() -> None:
    made = writing.head(Form.CSV) + writing.rows(Form.CSV)(Labels("boiler", "t", "°C"), [1_700_000_000_123], [21.5])
    assert made.decode() == (
        "device,metric,ts,time,value,unit\nboiler,t,1700000000123,2023-11-14T22:13:20.123Z,21.5,°C\n"
    )


def test_ndjson_is_an_object_a_line() -> None:
    made = writing.rows(Form.NDJSON)(Labels("boiler", "t", None), [1, 2], [True, "x\n"])
    assert writing.head(Form.NDJSON) == b""
    assert [json.loads(line) for line in made.splitlines()] == [
        {"device": "boiler", "metric": "t", "ts": 1, "value": True},
        {"device": "boiler", "metric": "t", "ts": 2, "value": "x\n"},
    ]


def test_a_time_beyond_the_calendar_has_no_name() -> None:
    assert writing.rows(Form.CSV)(Labels("a", "t", None), [2**53], [1.0]) == b"a,t,9007199254740992,,1.0,\n"


@given(TEXTS)
def test_no_cell_begins_as_a_formula_but_numbers_do(text: str) -> None:
    made = writing.rows(Form.CSV)(Labels("@" + text, "=" + text, "-" + text), [1, 2], ["+" + text, -1.5])
    rows = list(csv.reader(io.StringIO(made.decode(), newline="")))
    assert [[cell[0] for at, cell in enumerate(row) if at in (0, 1, 4, 5)] for row in rows] == [
        ["'"] * 4,
        ["'", "'", "-", "'"],
    ]


@pytest.mark.parametrize("form", list(Form))
@given(labels=st.builds(Labels, NAMES, NAMES, st.none() | NAMES), readings=READINGS, piece=st.integers(1, 500))
def test_what_is_written_is_read_back(
    form: Form, labels: Labels, readings: list[tuple[int, Value]], piece: int
) -> None:
    data = writing.head(form) + writing.rows(form)(labels, [ts for ts, _ in readings], [value for _, value in readings])
    reader = Reader()
    blocks = [block for at in range(0, len(data), piece) for block in reader.feed(data[at : at + piece])]
    blocks += reader.finish()
    assert [one for block in blocks for one in block.refused] == []
    back = [one for block in blocks for one in zip(block.keys, block.ts, block.values, strict=True)]
    assert [(key, ts, repr(value)) for key, ts, value in back] == [
        ((labels.device, labels.metric), ts, repr(value)) for ts, value in readings
    ]
    units = {unit for block in blocks for unit in block.units.values()}
    assert units == ({labels.unit} if readings and labels.unit else set())
