"""docs/ecosystems.md names every decoder, and its examples become what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from devices.ecosystems import mapping
from devices.ecosystems.base import Message, Request
from devices.ecosystems.catalogue import Catalogue, every
from handlers.routes import ROUTES
from telemetry.decoded import Decoded
from telemetry.settings import SETTINGS
from tests.contracts import source

TEXT = source.text("docs/ecosystems.md")
NOW = 1_792_000_000_000
OWNER = "TOKEN's device"
ROWS = re.findall(r"^\| [^|]*\(`([\w-]+)`\) \|", TEXT, re.MULTILINE)
LINES = next(block for block in re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL) if "->" in block).splitlines()


def examples() -> Iterator[tuple[list[str], list[str]]]:
    """(messages, what the last of them becomes) of each example."""
    said: list[str] = []
    becomes: list[str] = []
    for line in LINES:
        if not line.startswith("    -> ") and becomes:
            yield said, becomes
            said, becomes = [], []
        if line.startswith("    -> "):
            becomes.append(line.removeprefix("    -> "))
        else:
            said.append(line)
    yield said, becomes


def told(one: Catalogue, line: str) -> tuple[str, list[str]]:
    """The decoder of a line, and what it makes of it, in the words of the page."""
    place, _, payload = line.partition("  ")
    verb, _, where = place.partition(" ")
    if verb in ("POST", "GET", "WS"):
        parts, form = urlsplit(where), "x-www-form-urlencoded" if "PASSKEY" in line else "json"
        owner = OWNER if "TOKEN" in parts.path else None
        query, kind = dict(parse_qsl(parts.query)), {"content-type": f"application/{form}"}
        asked = Request(verb, parts.path, payload.encode(), NOW, query, kind, owner, parts.hostname or "")
        answer = one.request(asked)
    else:
        answer = one.message(Message(place, payload.encode(), NOW))
    assert answer is not None, line
    name, found = answer
    assert isinstance(found, Decoded), found
    lines = [
        f"{s.device} · {s.metric} · {str(s.value).lower() if isinstance(s.value, bool) else f'{s.value:.12g}'}"
        f"{'' if s.unit is None else ' ' + s.unit}{'' if s.ts is None else f' at {s.ts}'}"
        for s in (found.columns.samples() if found.columns else found.samples)
    ]
    return name, lines + [f"{device} {'online' if there else 'offline'}" for device, there in found.presence.items()]


def test_every_decoder_has_a_row_and_every_row_a_decoder() -> None:
    assert set(ROWS) == {one.name for one in every()}


@pytest.mark.parametrize(("said", "becomes"), list(examples()), ids=lambda one: one[-1].split(" ")[0])
def test_example_becomes_what_the_page_says(said: list[str], becomes: list[str]) -> None:
    one = Catalogue()
    *before, last = said
    for line in before:
        told(one, line)
    _, found = told(one, last)
    assert found == becomes


def test_every_decoder_but_the_binary_one_has_an_example() -> None:
    seen: set[str] = set()
    for said, _ in examples():
        one = Catalogue()
        seen |= {told(one, line)[0] for line in said}
    assert {one.name for one in every()} - seen == {"sparkplug-b", "mapping"}


def test_addresses_and_settings_on_the_page_exist() -> None:
    over_http = TEXT.partition("## Over HTTP")[2].partition("## Asked")[0]
    cells = [row.split(" | ")[2] for row in over_http.splitlines() if row.startswith("| ") and "(`" in row]
    paths = [path for cell in cells for path in re.findall(r"`(/[^`]*)`", cell)]
    assert len(paths) > 12
    unknown = [path for path in paths if not any(re.fullmatch(route, path.replace("…", "x/y")) for route, _ in ROUTES)]
    assert unknown == []
    assert {"poll.targets", "devices.codecs", "mqtt.map"} <= set(SETTINGS)


def test_the_lines_of_the_mapping_are_right() -> None:
    block = re.search(r"map =\n(.*?)```", TEXT, re.DOTALL)
    assert block
    assert len(mapping.parse(block[1].splitlines())) == 2
