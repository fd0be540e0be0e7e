"""What a correction may ask for: a field that is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.correction_drafts import draft_of
from telemetry.model import Mask, Reason, Refusal
from tests.telemetry.kit import T0

ASKED = {"series": "a/t", "from": T0, "to": T0 + 1_000, "action": "delete", "why": "on the bench"}


def refused(value: object) -> tuple[Reason, str | None]:
    assert isinstance(value, Refusal), value
    return value.code, value.at


def test_a_draft_takes_times_as_the_contract_has_them_and_names_in_one_form() -> None:
    draft = draft_of(ASKED | {"series": "e\u0301/t", "from": "-1h", "to": "2023-11-14T22:13:20Z", "above": 5}, T0)
    assert not isinstance(draft, Refusal)
    assert draft == ("\u00e9/t", "delete", Mask(0, T0 - 3_600_000, T0, 5.0, None), "on the bench")


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"series": 7}, Reason.BAD_VALUE, "series"),
        ({"action": "drop"}, Reason.BAD_VALUE, "action"),
        ({"action": []}, Reason.BAD_VALUE, "action"),
        ({"from": None}, Reason.BAD_TIME, "from"),
        ({"from": True}, Reason.BAD_TIME, "from"),
        ({"from": "soon"}, Reason.BAD_VALUE, "from"),
        ({"to": 2**70}, Reason.BAD_VALUE, "to"),
        ({"to": T0}, Reason.BAD_TIME, "from"),
        ({"above": "5"}, Reason.BAD_VALUE, "above"),
        ({"below": True}, Reason.BAD_VALUE, "below"),
        ({"below": float("inf")}, Reason.BAD_VALUE, "below"),
        ({"why": ""}, Reason.BAD_VALUE, "why"),
        ({"why": None}, Reason.BAD_VALUE, "why"),
        ({"why": "x" * 501}, Reason.BAD_VALUE, "why"),
        ({"other": 1}, Reason.BAD_MESSAGE, None),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, Any], code: Reason, at: str | None) -> None:
    assert refused(draft_of(ASKED | change, T0)) == (code, at)
