"""Files stay small: about 150 lines, a reason above 300, never above 500."""

from __future__ import annotations

from tests.contracts import source

CAP = 500
LOOK = 300
# files above 300 lines -> why they are one file
LARGE: dict[str, str] = {
    "devices/embedded_amqtt.py": "all that knows the library inside: its packets, in and out, and its faults",
    "devices/mqtt_bridge.py": "one way of a message, from the broker to its acknowledgement",
    "devices/mqtt_connection.py": "one connection's life, and every callback of the library in it",
    "telemetry/settings.py": "one table of every setting",
    "telemetry/setting_values.py": "one parser for each kind of value",
    "telemetry/ingest.py": "one state machine: what waits, what is written, and what happens when that fails",
    "telemetry/store/db.py": "one owner of connections and threads, through every failure of a disk",
}

LINES = {
    path: len(source.text(path).splitlines())
    for path in source.files(".py", ".js", ".css", ".html", ".sh")
    if not path.startswith("static/words/")  # catalogues: a line a text
}


def test_no_file_is_above_the_cap() -> None:
    assert {path: lines for path, lines in LINES.items() if lines > CAP} == {}


def test_large_files_have_a_reason() -> None:
    large = {path for path, lines in LINES.items() if lines > LOOK and not path.startswith("tests/")}
    assert large == set(LARGE)


def test_server_only_composes() -> None:
    assert LINES["server.py"] <= 150
