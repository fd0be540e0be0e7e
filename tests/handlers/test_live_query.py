"""The ``series`` parameters of the live channels over plain HTTP: any number, as they are."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.handlers.fed import Fed, at, feed
from tests.support import Server


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    fed = feed(module_server)
    fed.send(at(0, a=1, b=1), {"device": "Küche / oben", **at(0, **{"t 1": 1, "#+": 1})})
    return fed


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"boiler/a", "boiler/b", "Küche / oben/t 1", "Küche / oben/#+"}),
        ("series=boiler/a", {"boiler/a"}),
        ("series=boiler/a&series=*/b&series=boiler/a", {"boiler/a", "boiler/b"}),
        (f"series={quote('Küche / oben/t 1')}", {"Küche / oben/t 1"}),
        (f"series={quote('Küche / oben/#+', safe='')}", {"Küche / oben/#+"}),
        ("series=*+1", {"Küche / oben/t 1"}),
        ("series=%20boiler/a", set()),
        ("series=[ab]oiler/?", set()),
    ],
)
def test_patterns_are_taken_as_they_are(fed: Fed, query: str, names: set[str]) -> None:
    reply = fed.server.request("GET", f"/api/poll?{query}", token=fed.viewer)
    assert reply.status == 200
    assert {name for name, _, _ in reply.json()["latest"]} == names


@pytest.mark.parametrize("query", ["series=", "series=a&series=", "series=" + "x" * 513])
def test_what_is_no_pattern_is_refused_with_its_place(fed: Fed, query: str) -> None:
    reply = fed.server.request("GET", f"/api/poll?{query}", token=fed.viewer)
    assert (reply.status, reply.error["at"]) == (400, "series")
