"""Pages and the addresses of what they load: a hash of the content in each, one import map, nothing unescaped."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from handlers.rendering import BARE, STATIC, asset, importmap, modules, preloads, stylesheets

FILES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES[:20])
def test_address_has_the_hash_of_the_content(path: str) -> None:
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()
    assert asset(path) == f"/static/{path}?v={digest[:12]}"


def test_file_that_is_missing_is_a_bug_that_shows() -> None:
    with pytest.raises(FileNotFoundError):
        asset("js/missing.js")


def test_import_map_names_every_module_of_ours_and_the_vendored_ones() -> None:
    imports = json.loads(importmap())["imports"]
    ours = {f"telltale/{path.relative_to(STATIC / 'js').as_posix()}" for path in (STATIC / "js").rglob("*.js")}
    assert set(imports) == ours | set(BARE)
    assert all(re.fullmatch(r"/static/.*\?v=[0-9a-f]{12}", address) for address in imports.values())


def test_page_loads_ahead_what_it_imports_and_nothing_else() -> None:
    """Directly or not, each once; so no page waits for a chain of imports, or fetches what only another needs."""
    dashboard, data, frames = (preloads(f"telltale/{page}main.js") for page in ("", "data/", "frames/"))
    names = {address: name for name, address in modules().items()}
    for found in (dashboard, data, frames):
        assert len(set(found)) == len(found)
    assert {names[one] for one in dashboard} >= {"telltale/main.js", "telltale/core/series.js", "lit", "partysocket/ws"}
    assert not [one for one in dashboard if "/data/" in one]
    assert {names[one] for one in data} >= {"telltale/data/app.js", "telltale/theme.js", "telltale/core/storage.js"}
    assert not {"partysocket/ws", "telltale/ui/chart.js"} & {names[one] for one in data}
    assert {*dashboard, *data, *frames} == set(names), "a module that no page loads"
    with pytest.raises(KeyError):
        preloads("telltale/missing.js")


def test_import_map_cannot_end_its_script_element() -> None:
    assert "<" not in importmap()


def test_modules_import_by_names_of_the_map_only() -> None:
    """A relative import would not be versioned, so that an upgrade would mix old and new files."""
    names = set(json.loads(importmap())["imports"])
    used: set[str] = set()
    for path in (STATIC / "js").rglob("*.js"):
        source = path.read_text()
        imports = re.findall(r"^(?:import|export)\b[^;(]*?;?$", source, re.MULTILINE)
        found = [name for one in imports for name in re.findall(r"""(?:\bfrom|^import)\s*["']([^"']+)["']""", one)]
        found += re.findall(r"""\bimport\(\s*["']([^"']+)["']""", source)
        assert set(found) <= names, path
        used.update(found)
    assert {"lit", "telltale/model.js"} <= used


def test_named_values_come_before_what_uses_them() -> None:
    names = [re.sub(r".*/(.*)\?.*", r"\1", address) for address in stylesheets()]
    assert names[:2] == ["tokens.css", "base.css"]
    assert names[2:] == sorted(names[2:])
    assert set(names) == {path.name for path in (STATIC / "css").glob("*.css")}
