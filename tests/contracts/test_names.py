"""Tests are found by name: ``telemetry/hub.py`` <-> ``tests/telemetry/test_hub.py``."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from tests.contracts import source

# modules without a test of their name -> the test that is theirs; None: there is nothing to test
ELSEWHERE: dict[str, str | None] = {
    "handlers/openapi_data.py": "tests/handlers/test_openapi.py",  # a part of the one document
    "handlers/openapi_words.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/routes.py": "tests/contracts/test_routes.py",
    "handlers/listening.py": "tests/test_server.py",
    "telemetry/store/comparing.py": "tests/telemetry/store/test_checking.py",
    "telemetry/safekeeping.py": "tests/telemetry/test_upkeep.py",  # the same commands, from their other end
    "telemetry/store/chunk_schema.py": "tests/telemetry/store/test_chunks.py",
    "telemetry/store/levels.py": "tests/telemetry/store/test_outside.py",
    "telemetry/core.py": None,  # names what server.py composes; holds no logic
}


def expected_test(module: str) -> str:
    path = PurePath(module)
    return (PurePath("tests") / path.parent / f"test_{path.name}").as_posix()


SOURCES = [path for path in source.modules() if not path.endswith("__init__.py")]


@pytest.mark.parametrize("module", SOURCES)
def test_module_has_a_test_of_its_name(module: str) -> None:
    exists = (source.ROOT / expected_test(module)).exists()
    assert exists != (module in ELSEWHERE), f"{module}: expected {expected_test(module)}, or a reason in ELSEWHERE"


def test_exceptions_are_for_files_that_exist() -> None:
    assert set(ELSEWHERE) <= set(SOURCES)
    assert [test for test in ELSEWHERE.values() if test and not (source.ROOT / test).exists()] == []


def test_tests_that_mirror_the_source_have_a_source() -> None:
    """A test file that outlives or misses its module is found; ``test_hub_laws.py`` belongs to ``hub.py``."""
    orphans = []
    for path in source.files(".py"):
        parts = PurePath(path).parts
        if (
            parts[0] != "tests"
            or len(parts) < 3
            or parts[1] not in source.PACKAGES
            or not parts[-1].startswith("test_")
        ):
            continue
        folder = PurePath(*parts[1:-1])
        name = parts[-1].removeprefix("test_").removesuffix(".py")
        owners = [one for one in SOURCES if PurePath(one).parent == folder]
        if not any(name == PurePath(one).stem or name.startswith(f"{PurePath(one).stem}_") for one in owners):
            orphans.append(path)
    assert orphans == []
