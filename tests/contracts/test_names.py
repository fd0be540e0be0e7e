"""Tests are found by name: ``telemetry/hub.py`` <-> ``tests/telemetry/test_hub.py``."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from tests.contracts import source

# modules without a test of their name -> the test that is theirs; None: there is nothing to test
ELSEWHERE: dict[str, str | None] = {
    "handlers/openapi_data.py": "tests/handlers/test_openapi.py",  # a part of the one document
    "handlers/openapi_audit.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "telemetry/opened.py": "tests/telemetry/test_damage.py",  # the first half of the same story
    "handlers/openapi_devices.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_boards.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_bridges.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_frames.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_foreign.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_layouts.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_system.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_people.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_tokens.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/openapi_words.py": "tests/handlers/test_openapi.py",  # as openapi_data.py
    "handlers/routes.py": "tests/contracts/test_routes.py",
    "handlers/listening.py": "tests/test_server.py",
    "telemetry/store/comparing.py": "tests/telemetry/store/test_checking.py",
    "telemetry/safekeeping.py": "tests/telemetry/test_upkeep.py",  # the same commands, from their other end
    "telemetry/store/chunk_schema.py": "tests/telemetry/store/test_chunks.py",
    "telemetry/store/levels.py": "tests/telemetry/store/test_outside.py",
    "devices/broker_doors.py": "tests/devices/test_broker_check.py",  # a part of the one check
    "devices/embedded_amqtt.py": "tests/devices/test_embedded_broker.py",  # the library's side of the same broker
    "devices/mqtt_link.py": "tests/devices/test_mqtt_connection.py",  # the interface, and the data that passes by it
    "devices/mqtt_port.py": "tests/telemetry/test_bridging.py",  # the interface; that is who has it
    "telemetry/decoded.py": "tests/telemetry/test_intake.py",  # data, made by decoders and taken by the intake
    "telemetry/setting_loading.py": "tests/telemetry/test_settings.py",  # the table, and how it is read
    "telemetry/alone.py": "tests/telemetry/test_local.py",  # what local does when no server has the database
    "telemetry/core.py": None,  # names what server.py composes; holds no logic
}

# tests of a package as a whole
WHOLE = {
    "tests/devices/ecosystems/test_corpus.py",  # all decoders on the real-shaped messages,
    "tests/devices/ecosystems/test_mutations.py",  # on renamed and re-valued copies of them,
    "tests/devices/ecosystems/test_fuzz.py",  # and on broken ones
    "tests/devices/test_corpus_end_to_end.py",  # the same messages by a real broker, HTTP and polls
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
    named = [*(test for test in ELSEWHERE.values() if test), *WHOLE]
    assert [test for test in named if not (source.ROOT / test).exists()] == []


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
            or path in WHOLE
        ):
            continue
        folder = PurePath(*parts[1:-1])
        name = parts[-1].removeprefix("test_").removesuffix(".py")
        owners = [one for one in SOURCES if PurePath(one).parent == folder]
        if not any(name == PurePath(one).stem or name.startswith(f"{PurePath(one).stem}_") for one in owners):
            orphans.append(path)
    assert orphans == []
