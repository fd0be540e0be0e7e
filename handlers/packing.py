"""One file of all modules that a page needs, and one of all style sheets: fetched at once, made when asked for.

There is no build step: the sources are what is served, and a browser could load them one by one through the import map.
Each module becomes a function that returns its exports, in the order of their imports, which must have no circle.
What a page's modules ``import("…")`` is a chunk: a file with what the page's own does not hold, beside it.
Understood is the grammar of our own modules: named imports and exports at the start of a line. Texts in, text out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

IMPORT = re.compile(r"""^import\s*(?:(?P<what>[^"';]*?)\s*from\s*)?["'](?P<name>[^"']+)["'];?[ \t]*\n?""", re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function\*?|class|const|let)\s+(?P<name>[\w$]+))", re.MULTILINE)
LIST = re.compile(r"^export\s*\{(?P<names>[^}]*)\};?[ \t]*$", re.MULTILINE)
FROM = re.compile(r"^export\s*(?:\{[^}]*\}|\*)\s*from\b|^export\s+default\b", re.MULTILINE)
LATER = re.compile(r"""(?<![#\w.])import\(\s*["'](?P<name>[^"']+)["']\s*\)""")
COMMENT = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)


PAGE = "telltale/page"
"""The name by which a chunk imports the file of its page; it exports ``modules``, by name."""

Source = Callable[[str], str]
Own = Callable[[str], bool]


class Unpackable(ValueError):
    """A module is written in a way that is not understood here."""


def pack(entry: str, source: Source, own: Own) -> str:
    """One module with everything that ``entry`` needs; ``own`` tells our modules, by name, from vendored ones.

    Raises Unpackable, and what ``source`` raises for a name that it does not know.
    """
    order = _order(entry, source, own)
    text, ids = _joined(order, {}, source, own)
    if not chunks(entry, source, own):
        return text
    listed = ", ".join(f'"{name}": {one}' for name, one in ids.items())
    return f"{text}export const modules = {{ {listed} }};\n"


def chunks(entry: str, source: Source, own: Own) -> dict[str, list[str]]:
    """What a page's modules import later: the modules of each chunk, in order, by its name. Raises as ``pack``."""
    held = _order(entry, source, own)
    names = dict.fromkeys(
        found["name"] for name in held for found in LATER.finditer(source(name)) if own(found["name"])
    )
    found = {name: [one for one in _order(name, source, own) if one not in held] for name in names}
    everything = [one for order in found.values() for one in order]
    if twice := {one for one in everything if everything.count(one) > 1}:
        raise Unpackable(f"{entry}: in more than one chunk, so they would run twice: {', '.join(sorted(twice))}")
    return found


def chunk(name: str, entry: str, source: Source, own: Own) -> str:
    """The module of a chunk of the page ``entry``. Raises as ``pack``, and KeyError where there is no such chunk."""
    order = chunks(entry, source, own)[name]
    page = {one: f'page["{one}"]' for one in _order(entry, source, own)}
    text, ids = _joined(order, page, source, own)
    names = ", ".join(_names(source(name)))
    return f'import {{ modules as page }} from "{PAGE}";\n{text}export const {{ {names} }} = {ids[name]};\n'


def _joined(order: list[str], page: dict[str, str], source: Source, own: Own) -> tuple[str, dict[str, str]]:
    """The modules as one text, and what each is called there; ``page`` has those that are elsewhere."""
    ids = {name: f"m{index}" for index, name in enumerate(order)}
    vendored: dict[str, str] = {}
    parts = [_wrapped(name, source(name), page | ids, vendored, own) for name in order]
    heads = [f'import * as {alias} from "{name}";\n' for name, alias in vendored.items()]
    return "".join([*heads, *parts]), ids


def _order(entry: str, source: Source, own: Own) -> list[str]:
    """The modules, each after those that it imports."""
    done: dict[str, None] = {}
    under_way: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in under_way:
            raise Unpackable(f"a circle of imports: {' -> '.join([*under_way, name])}")
        under_way.append(name)
        for found in imports(source(name)):
            if own(found):
                visit(found)
        under_way.pop()
        done[name] = None

    visit(entry)
    return list(done)


def imports(text: str) -> Iterator[str]:
    """The names that a module imports, in order."""
    return (found["name"] for found in IMPORT.finditer(text))


def _names(text: str) -> list[str]:
    """What a module exports, as the fields of the object that stands for it."""
    names = [found["name"] for found in EXPORT.finditer(text)]
    for found in LIST.finditer(text):
        names += [new or old for old, new in _pairs(found["names"])]
    return names


def _wrapped(name: str, text: str, ids: dict[str, str], vendored: dict[str, str], own: Own) -> str:
    if FROM.search(text):
        raise Unpackable(f"{name}: only names of its own are exported, none from elsewhere and no default")

    def bound(found: re.Match[str]) -> str:
        other, what = found["name"], found["what"]
        home = ids[other] if own(other) else vendored.setdefault(other, f"v{len(vendored)}")
        return "" if what is None else f"const {_binding(name, what.strip())} = {home};\n"

    names = [found["name"] for found in EXPORT.finditer(text)]
    for found in LIST.finditer(text):
        names += [f"{new or old}: {old}" if new else old for old, new in _pairs(found["names"])]
    body = IMPORT.sub(bound, COMMENT.sub("", text))
    body = LIST.sub("", EXPORT.sub("", body))
    return f"// {name}\nconst {ids[name]} = (() => {{\n{body.strip()}\nreturn {{ {', '.join(names)} }};\n}})();\n"


def _binding(name: str, what: str) -> str:
    """What an import binds, as a pattern of destructuring."""
    if what.startswith("* as "):
        return what.removeprefix("* as ").strip()
    if what.startswith("{") and what.endswith("}"):
        return f"{{ {', '.join(f'{old}: {new}' if new else old for old, new in _pairs(what[1:-1]))} }}"
    if re.fullmatch(r"[\w$]+", what):
        return f"{{ default: {what} }}"
    raise Unpackable(f"{name}: import {what} is not understood")


def _pairs(names: str) -> Iterator[tuple[str, str]]:
    for one in names.split(","):
        old, _, new = one.strip().partition(" as ")
        if old:
            yield old.strip(), new.strip()
