from __future__ import annotations

from telemetry.exchange.block import Row, Rows


def test_rows_become_columns_and_refusals_stay_beside_them() -> None:
    rows = Rows()
    rows.add(2, Row(("a", "t"), 1, 2.0))
    rows.add(4, Row(("b", "t"), 3, "x"))
    rows.refuse(3, ValueError("not this"))
    block = rows.block()
    assert (block.keys, block.ts, list(block.values)) == ([("a", "t"), ("b", "t")], [1, 3], [2.0, "x"])
    assert list(block.lines) == [2, 4]
    assert block.refused == [(3, "not this")]


def test_no_row_is_an_empty_block() -> None:
    assert Rows().block().ts == []
