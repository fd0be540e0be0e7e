"""Pages: Jinja2 templates, and the addresses of what they load.

Every file under static/ has an address with a hash of its content, so it is cached for ever and an upgrade is seen at
once. A page loads one file of modules and one of styles (``packing``); the import map has what it loads besides.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache, lru_cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from handlers import words
from handlers.base import Guard
from handlers.packing import PAGE, chunk, chunks, imports, pack

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
_TEMPLATES = ROOT / "templates"
BARE = {
    "lean-qr": "vendor/lean-qr-2.7.4/index.mjs",
    "lit": "vendor/lit-3.3.3/lit.js",
    "partysocket/ws": "vendor/partysocket-1.3.0/ws.js",
    "uplot": "vendor/uplot-1.6.32/uPlot.iife.min.js",
}
"""Vendored modules by the names under which ours import them."""


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


def source(name: str) -> str:
    """The text of a module by its bare name. Raises OSError where there is none."""
    return (STATIC / BARE.get(name, name.replace("telltale/", "js/", 1))).read_text(encoding="utf-8")


def _own(name: str) -> bool:
    return name.startswith("telltale/")


def script(entry: str) -> tuple[str, str]:
    """(address, text) of the one file with a page's module and all of ours that it imports. Raises OSError."""
    return _script(entry, _newest(STATIC / "js"))[:2]


@lru_cache(maxsize=32)
def _script(entry: str, modified: tuple[int, int]) -> tuple[str, str, list[str]]:
    del modified  # an edited module makes a new file without a restart
    text = pack(entry, source, _own)
    return _addressed(f"pack/{entry.removeprefix('telltale/')}", text), text, list(imports(text))


def later(entry: str) -> dict[str, tuple[str, str]]:
    """(address, text) of what a page's modules import later, by the name under which they do. Raises OSError."""
    return _later(entry, _newest(STATIC / "js"))


@lru_cache(maxsize=32)
def _later(entry: str, modified: tuple[int, int]) -> dict[str, tuple[str, str]]:
    del modified
    page = entry.removeprefix("telltale/")
    texts = {name: chunk(name, entry, source, _own) for name in chunks(entry, source, _own)}
    return {
        name: (_addressed(f"pack/{page}~{name.removeprefix('telltale/')}", text), text) for name, text in texts.items()
    }


def style() -> tuple[str, str]:
    """(address, text) of all style sheets in one."""
    return _style(_newest(STATIC / "css"))


@lru_cache(maxsize=2)
def _style(modified: tuple[int, int]) -> tuple[str, str]:
    del modified
    text = "\n".join((STATIC / path).read_text(encoding="utf-8") for path in sheets())
    return _addressed("pack/all.css", text), text


def _newest(folder: Path) -> tuple[int, int]:
    """What changes when a file below a folder does."""
    times = [path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()]
    return len(times), max(times)


def _addressed(path: str, text: str) -> str:
    return f"/static/{path}?v={hashlib.sha256(text.encode()).hexdigest()[:12]}"


def vendored(entry: str) -> list[str]:
    """The addresses of the vendored modules that a page's file imports."""
    return [asset(BARE[name]) for name in _script(entry, _newest(STATIC / "js"))[2]]


def importmap(entry: str | None = None) -> str:
    """The import map of a page: what is not in its file. JSON that is safe inside a script element."""
    names = {name: asset(path) for name, path in BARE.items()}
    if entry is not None and (found := later(entry)):
        names |= {PAGE: script(entry)[0]} | {name: address for name, (address, _) in found.items()}
    return json.dumps({"imports": names}).replace("<", "\\u003c")


def sheets() -> list[str]:
    """The style sheets: vendored ones, the named values, what they make, then one file a component."""
    names = [path.name for path in (STATIC / "css").glob("*.css")]
    order = {"tokens.css": 0, "base.css": 1}
    ours = sorted(names, key=lambda name: (order.get(name, 2), name))
    return ["vendor/uplot-1.6.32/uPlot.min.css", *(f"css/{name}" for name in ours)]


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_TEMPLATES)
    environment = Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined)
    environment.globals.update(build=build)
    environment.globals.update(asset=asset, importmap=importmap, script=script, style=style, vendored=vendored)
    return environment


def build() -> str:
    """Names the pages of this server: another one after an upgrade. Templates count as they were at the start."""
    return _build(_newest(STATIC / "js"), _newest(STATIC / "css"))


@lru_cache(maxsize=2)
def _build(*modified: tuple[int, int]) -> str:
    del modified
    texts = [
        json.dumps(modules()),
        style()[0],
        *(path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.glob("*.html"))),
    ]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def render(handler: Guard, template: str, **context: object) -> None:
    """Answer with a page; ``nonce`` is what the Content-Security-Policy lets inline scripts carry.

    A template says what its page runs: ``entry``, the name of its module, and ``plots``, if it draws charts at once.
    """
    handler.set_header("Content-Type", "text/html; charset=UTF-8")
    page = _environment().get_template(template)
    lang = language(handler)
    shared = {"nonce": handler.csp_nonce, "demo": handler.core.demo, "lang": lang, "t": partial(words.translate, lang)}
    principal = getattr(handler, "principal", None)  # the pages in front of the login have none
    looker = {"role": principal.role.name.lower(), "kind": principal.kind} if principal else {"role": "", "kind": ""}
    handler.finish(page.render(entry=None, plots=False, **shared, **looker, **context))


def language(handler: Guard) -> str:
    """The language of the pages for who asks."""
    return words.choose(handler.request.headers.get("Accept-Language", ""), handler.get_cookie(words.COOKIE) or "")
