"""The source as the contract tests see it: files, modules, imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("telemetry", "devices", "handlers")
SKIPPED = {
    ".git",
    ".venv",
    "node_modules",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "test-artefacts",
}


@cache
def files(*suffixes: str) -> tuple[str, ...]:
    """Paths of the project's own files by suffix, relative to the root; nothing vendored, built or ignored."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.suffix in suffixes and path.is_file())
    kept = [path for path in found if not SKIPPED & set(path.parts) and "static/vendor" not in path.as_posix()]
    return tuple(sorted(path.as_posix() for path in kept))


def modules() -> list[str]:
    """Paths of the modules that make the server: server.py and the three packages."""
    return [path for path in files(".py") if path == "server.py" or path.split("/")[0] in PACKAGES]


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: str) -> ast.Module:
    return ast.parse(text(path), path)


def dotted(path: str) -> str:
    """The module's name: ``telemetry/store/__init__.py`` is ``telemetry.store``."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(module: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported, also inside functions; not what only a type checker sees."""
    hidden = {
        id(node)
        for block in ast.walk(module)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for one in block.body
        for node in ast.walk(one)
    }
    for node in ast.walk(module):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the root of the project."""
    return subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
