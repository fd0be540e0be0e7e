"""Every message of the corpus yields what it must, may, and nothing else."""

from __future__ import annotations

import pytest

from tests.devices.ecosystems.corpus import Case, cases, complaints


@pytest.mark.parametrize("one", [pytest.param(one, id=one["id"]) for one in cases()])
def test_message_yields_what_it_must(one: Case) -> None:
    assert complaints(one) == []
