"""Paths that try to leave their folder: a file beside it is never served."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ROOT, SCALE, Server

CANARY = "telltale-canary-4f1c"
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "bench", "docs", "node_modules", "__pycache__", "test-artefacts")

UP = [
    "..",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "%252e%252e",
    "..%00",
    "..;",
    "....",
    "%c0%ae%c0%ae",
    "%uff0e%uff0e",
    "\\..",
    "..%20",
]
SLASH = ["/", "%2f", "%2F", "\\", "%5c", "%255c", "%c0%af", "//"]
TARGETS = ["{canary}", "static-secret/{canary}"]


def payloads(canary: Path, root: Path) -> list[str]:
    """Paths behind ``/static/``: up by every spelling, absolute, by a link, by a folder whose name begins alike."""
    name = canary.name
    made = [
        f"{prefix}{(up + slash) * depth}{target.format(canary=name)}"
        for up, slash, depth, prefix in itertools.product(UP, SLASH, (1, 2), ("", "js/"))
        for target in TARGETS
    ]
    absolute = [str(canary), quoted(str(canary)), "/" + str(canary), f"file://{canary}", f"%2f{str(canary)[1:]}"]
    links = ["link", "link-folder/" + name, "js/link", "link-folder/"]
    alike = [f"../{root.name}-secret/{name}", f"..%2f{root.name}-secret%2f{name}"]
    return [*made, *absolute, *links, *alike]


def quoted(path: str) -> str:
    return path.replace("/", "%2f")


def raw(server: Server, target: str) -> bytes:
    """The whole answer to a request line as it stands: no client cleans the path."""
    with socket.create_connection(("127.0.0.1", server.port), 30 * SCALE) as connection:
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode("utf-8"))
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@pytest.fixture(scope="module")
def copied(module_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> tuple[Server, list[str]]:
    """A server that runs on a copy of the source, with canaries all around the folders that it serves."""
    root = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("tree") / "app", ignore=LEFT_OUT))
    static = root / "static"
    outside = root.parent / "static-secret"
    places = [root / "canary.js", root.parent / "canary.js", outside / "canary.js", root / "static-secret/canary.js"]
    places.append(root / "static/js/../../handlers/canary.js")
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"export const {CANARY.replace('-', '_')} = '{CANARY}';\n")
    (static / "link").symlink_to(root / "canary.js")
    (static / "js" / "link").symlink_to(root / "canary.js")
    (static / "link-folder").symlink_to(outside, target_is_directory=True)
    return module_server({}, source=root), payloads(root / "canary.js", static)


@pytest.mark.parametrize("folder", ["/static/", "/static/pack/", "/api/images/", "/boards/", "/devices/"])
def test_nothing_outside_the_folder_is_served(copied: tuple[Server, list[str]], folder: str) -> None:
    server, paths = copied
    assert len(paths) > 200
    served = [path for path in paths if CANARY.encode() in raw(server, folder + path)]
    assert served == []


def test_without_a_folder_neither(copied: tuple[Server, list[str]]) -> None:
    server, paths = copied
    served = [path for path in paths for start in ("/", "") if CANARY.encode() in raw(server, start + path)]
    assert served == []
    assert os.path.exists(server.source / "static" / "link"), "the links are there to be followed"  # noqa: PTH110
