"""Who may import whom: server -> handlers -> devices.protocol and codecs -> telemetry, and never back."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator

import pytest

from tests.contracts import source

# importer (longest prefix wins) -> prefixes of our own modules that it may import
LAYERS = {
    "server": ("handlers", "devices", "telemetry"),
    "handlers": ("handlers", "devices.protocol", "devices.codecs", "devices.ecosystems", "telemetry"),
    "devices": (
        "devices",
        "telemetry.model",
        "telemetry.decoded",  # what a decoder finds, as model says what a reading is
        "telemetry.clock",
        "telemetry.tasks",
        "telemetry.names",
    ),
    "devices.cli": ("devices", "telemetry"),  # commands: they read the settings, and ask the server
    "telemetry": ("telemetry",),
}

# library -> where it may be imported, and why only there
LIBRARIES = {
    # sockets: the core has none; devices.link is a device's own, devices.pollers asks devices that do not send,
    # devices.outgoing judges where such requests go
    "tornado": ("server", "handlers", "devices.link", "devices.pollers", "devices.outgoing"),
    "sqlite3": ("telemetry.store",),  # all SQL in one place
    "sqlite_utils": ("telemetry.store",),
    "paho": ("devices.mqtt_connection", "devices.mqtt_dial", "devices.broker_probe"),  # driven by hand: no thread
    "ifaddr": ("devices.mdns_links", "telemetry.certificates"),  # imported when first needed
    "cryptography": ("telemetry.certificates",),  # optional, and slow to import
    "amqtt": ("devices.embedded_amqtt",),  # optional, and slow to import
    "cbor2": ("devices.codecs", "devices.frames"),  # one for the server, one for the client
    "jinja2": ("handlers", "devices.ecosystems.templates"),  # there it parses what discovery says, and runs nothing
    "argon2": ("telemetry.passwords",),
    "numpy": ("telemetry.columns", "telemetry.store"),
}

# parts that must stay free of sockets, clocks and threads -> what they may not import
SOCKETS = ("socket", "ssl", "select", "selectors", "threading", "time")
SANS_IO = {
    "devices.protocol": (*SOCKETS, "telemetry.clock", "telemetry.tasks"),
    "devices.codecs": (*SOCKETS, "asyncio", "telemetry.clock", "telemetry.tasks"),
    "telemetry.live": SOCKETS,
    "telemetry.accept": (*SOCKETS, "asyncio"),
}

TASK_STARTERS = {"create_task", "ensure_future", "spawn_callback", "run_coroutine_threadsafe"}
SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s.+\sSET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP)\s+\w+\s"
    r"|PRAGMA\s|BEGIN(\s+IMMEDIATE)?$|COMMIT$)",
    re.DOTALL,
)


def under(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value) is not None


def violations(module: str, tree: ast.Module) -> Iterator[str]:
    """What this module imports, starts or says that it may not, one line each."""
    allowed = next((LAYERS[one] for one in sorted(LAYERS, key=len, reverse=True) if under(module, (one,))), ())
    for line, name in source.imports(tree):
        top = name.split(".")[0]
        if top in {*source.PACKAGES, "server"} and not under(name, allowed):
            yield f"{module}:{line} imports {name}"
        if top in LIBRARIES and not under(module, LIBRARIES[top]):
            yield f"{module}:{line} imports the library {top}"
        for part, forbidden in SANS_IO.items():
            if under(module, (part,)) and under(name, forbidden):
                yield f"{module}:{line} imports {name}, but does no I/O"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TASK_STARTERS and module != "telemetry.tasks":
            yield f"{module}:{node.lineno} calls {node.attr}: use telemetry.tasks"
        if is_sql(node) and not under(module, ("telemetry.store",)):
            yield f"{module}:{node.lineno} holds SQL: it belongs in telemetry/store"


@pytest.mark.parametrize("path", source.modules())
def test_module_keeps_the_import_contract(path: str) -> None:
    assert list(violations(source.dotted(path), source.tree(path))) == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("telemetry.hub", "import tornado.web"),
        ("telemetry.hub", "def f():\n    from devices import client"),
        ("telemetry.hub", "from handlers.base import Guard"),
        ("devices.protocol", "from handlers.base import Guard"),
        ("devices.protocol", "import socket"),
        ("devices.codecs.senml", "from telemetry import clock"),
        ("devices.simulator", "from telemetry.ingest import Pipeline"),
        ("handlers.live_socket", "from devices.client import Client"),
        ("handlers.live_socket", "import sqlite3"),
        ("handlers.live_socket", "loop.create_task(x)"),
        ("handlers.live_socket", "q = 'SELECT 1 FROM journal'"),
        ("handlers.live_socket", "import server"),
    ],
)
def test_contract_sees_a_violation(module: str, code: str) -> None:
    assert list(violations(module, ast.parse(code)))


def test_what_only_a_type_checker_imports_is_free() -> None:
    code = "if TYPE_CHECKING:\n    from handlers.base import Guard\n"
    assert not list(violations("telemetry.hub", ast.parse(code)))


def test_every_library_is_a_declared_dependency() -> None:
    """What the server imports is what requirements.txt installs."""
    with (source.ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    installed = [*project["dependencies"], *extras["broker"], *extras["cert"]]
    declared = {re.split(r"[<>=!~]", one)[0] for one in installed}
    names = {"argon2-cffi": "argon2", "sqlite-utils": "sqlite_utils", "paho-mqtt": "paho"}
    known = {names.get(one, one) for one in declared} | {*source.PACKAGES, "server"} | set(sys.stdlib_module_names)
    used = {name.split(".")[0] for path in source.modules() for _, name in source.imports(source.tree(path))}
    assert used - known == set()


def test_no_test_mocks() -> None:
    """A mock agrees with every mistake: tests use the real part, or a seam that injects the fault."""
    mocking = [
        f"{path}:{line}"
        for path in source.files(".py")
        for line, name in source.imports(source.tree(path))
        if under(name, ("unittest.mock", "mock", "pytest_mock"))
    ]
    assert mocking == []
