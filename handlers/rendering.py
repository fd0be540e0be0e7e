"""Pages: Jinja2 templates, and the addresses of what they load.

Every file under static/ has an address with a hash of its content, so it is cached for ever and an upgrade is seen at
once. Modules are imported by bare names through one import map; a relative import would not be versioned.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from handlers.base import Guard

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
BARE = {"lit": "vendor/lit-3.3.3/lit.js", "partysocket/ws": "vendor/partysocket-1.3.0/ws.js"}
"""Vendored modules by the names under which ours import them."""
IMPORT = re.compile(r"""^(?:import|(?:import|export)\b[^;"'(=]*\bfrom)\s*["']([^"']+)["']""", re.MULTILINE)
"""An import of a module, by its name."""


@lru_cache(maxsize=1_000)
def _digest(path: str, modified: int) -> str:
    del modified  # part of the key: an edited file gets a new address without a restart
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """The address of a file under static/, with the hash of its content. Raises OSError where there is none."""
    return f"/static/{path}?v={_digest(path, (STATIC / path).stat().st_mtime_ns)}"


def modules() -> dict[str, str]:
    """Every module's address, by the bare name under which it is imported."""
    own = sorted(path.relative_to(STATIC / "js").as_posix() for path in (STATIC / "js").rglob("*.js"))
    return {name: asset(path) for name, path in BARE.items()} | {
        f"telltale/{name}": asset(f"js/{name}") for name in own
    }


def preloads(entry: str) -> list[str]:
    """The addresses of a module, by its bare name, and of all that it imports. Raises KeyError where there is none."""
    known = modules()
    found = {entry: known[entry]}
    waiting = [entry]
    while waiting:
        path = BARE.get(name := waiting.pop(), name.replace("telltale/", "js/", 1))
        new = [one for one in _imports(path, (STATIC / path).stat().st_mtime_ns) if one in known and one not in found]
        found |= {one: known[one] for one in new}
        waiting += new
    return list(found.values())


@lru_cache(maxsize=1_000)
def _imports(path: str, modified: int) -> list[str]:
    del modified  # as for the digest
    return IMPORT.findall((STATIC / path).read_text(encoding="utf-8"))


def importmap() -> str:
    """The import map as JSON that is safe inside a script element."""
    return json.dumps({"imports": modules()}).replace("<", "\\u003c")


def stylesheets() -> list[str]:
    """The addresses of our style sheets: the named values, what they make, then one file a component."""
    names = [path.name for path in (STATIC / "css").glob("*.css")]
    order = {"tokens.css": 0, "base.css": 1}
    return [asset(f"css/{name}") for name in sorted(names, key=lambda name: (order.get(name, 2), name))]


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(ROOT / "templates")
    environment = Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined)
    environment.globals.update(asset=asset, importmap=importmap, preloads=preloads, stylesheets=stylesheets)
    return environment


def render(handler: Guard, template: str, **context: object) -> None:
    """Answer with a page; ``nonce`` is what the Content-Security-Policy lets inline scripts carry."""
    handler.set_header("Content-Type", "text/html; charset=UTF-8")
    page = _environment().get_template(template)
    handler.finish(page.render(nonce=handler.csp_nonce, demo=handler.core.demo, **context))
