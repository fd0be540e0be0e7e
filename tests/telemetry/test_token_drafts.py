"""What may be asked for with a new API token."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.identity import Role
from telemetry.model import Refusal
from telemetry.token_drafts import UNLIMITED, Draft, Limits, draft_of

NOW = 1_700_000_000_000
DAY = 86_400_000


@pytest.mark.parametrize(
    ("body", "draft"),
    [
        ({"name": "a"}, Draft("a", Role.VIEWER, UNLIMITED)),
        ({"name": "a", "role": "admin"}, Draft("a", Role.ADMIN, UNLIMITED)),
        ({"name": "a", "series": ["x/*", "x/*"]}, Draft("a", Role.VIEWER, Limits(("x/*",), write=False))),
        (
            {"name": "a", "role": "operator", "series": ["x/t"], "write": True},
            Draft("a", Role.OPERATOR, Limits(("x/t",), write=True)),
        ),
        ({"name": "a", "expires": "90d"}, Draft("a", Role.VIEWER, Limits(expires=NOW + 90 * DAY))),
        ({"name": "a", "expires": NOW + 5}, Draft("a", Role.VIEWER, Limits(expires=NOW + 5))),
        ({"name": "a", "expires": "2100-01-01"}, Draft("a", Role.VIEWER, Limits(expires=4_102_444_800_000))),
        ({"name": "a", "expires": "never"}, Draft("a", Role.VIEWER, UNLIMITED)),
        ({"name": "a", "board": 7}, Draft("a", Role.VIEWER, Limits(write=False, board=7))),
    ],
)
def test_drafts(body: dict[str, Any], draft: Draft) -> None:
    assert draft_of(body, NOW) == draft


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (None, None),
        ([], None),
        ({"name": "a", "scope": 1}, None),
        ({"role": "viewer"}, "name"),
        ({"name": "a/"}, "name"),
        ({"name": 1}, "name"),
        ({"name": "a", "role": "root"}, "role"),
        ({"name": "a", "role": 1}, "role"),
        ({"name": "a", "series": []}, "series"),
        ({"name": "a", "series": "x/*"}, "series"),
        ({"name": "a", "series": ["x/*"] * 101}, "series"),
        ({"name": "a", "series": ["x/*", "boiler*"]}, "series[1]"),
        ({"name": "a", "series": [1]}, "series[0]"),
        ({"name": "a", "write": True}, "write"),
        ({"name": "a", "series": ["*"], "write": 1}, "write"),
        ({"name": "a", "expires": "90 days"}, "expires"),
        ({"name": "a", "expires": "-1d"}, "expires"),
        ({"name": "a", "expires": NOW}, "expires"),
        ({"name": "a", "expires": 1.5}, "expires"),
        ({"name": "a", "board": 0}, "board"),
        ({"name": "a", "board": "7"}, "board"),
        ({"name": "a", "board": True}, "board"),
        ({"name": "a", "board": 7, "role": "operator"}, "board"),
        ({"name": "a", "board": 7, "series": ["*"]}, "board"),
        ({"name": "a", "board": 7, "write": True}, "board"),
    ],
)
def test_refusals_name_the_field(body: Any, at: str | None) -> None:
    refusal = draft_of(body, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.at == at


def test_what_limits_a_token_is_said_in_the_log() -> None:
    assert UNLIMITED.said() == {}
    assert Limits(("x/*",), write=False, expires=5).said() == {"series": ("x/*",), "write": False, "expires": 5}
    assert Limits(write=False, board=7).said() == {"board": 7}
