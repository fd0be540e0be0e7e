"""Names of series that are built from labels."""

from __future__ import annotations

import pytest

from devices.codecs.labels import labelled
from telemetry.names import LONGEST_FORM


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({}, "cpu"),
        ({"b": "2", "a": "1"}, "cpu{a=1,b=2}"),
        ({"path": "C:\\x", "msg": 'a "b"\nc'}, 'cpu{msg=a "b"_c,path=C:\\x}'),
        ({"a": "x*y"}, "cpu{a=x_y}"),
        ({"raum": "Küche"}, "cpu{raum=Küche}"),
    ],
)
def test_labels_stand_in_braces_by_their_keys(labels: dict[str, str], name: str) -> None:
    assert labelled("cpu", labels) == name


def test_a_label_of_any_length_makes_a_name_of_bounded_length() -> None:
    assert len(labelled("cpu", {"a": "x" * 10**6})) == LONGEST_FORM
