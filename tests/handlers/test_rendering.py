"""Pages and the addresses of what they load: a hash of the content in each, one import map, nothing unescaped."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from handlers import rendering
from handlers.packing import PAGE
from handlers.rendering import (
    BARE,
    STATIC,
    asset,
    importmap,
    later,
    modules,
    script,
    sheets,
    style,
    vendored,
)

FILES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES[:20])
def test_address_has_the_hash_of_the_content(path: str) -> None:
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()
    assert asset(path) == f"/static/{path}?v={digest[:12]}"


def test_file_that_is_missing_is_a_bug_that_shows() -> None:
    with pytest.raises(FileNotFoundError):
        asset("js/missing.js")


def test_import_map_names_what_is_in_no_page_s_file() -> None:
    imports = json.loads(importmap())["imports"]
    assert set(imports) == set(BARE)
    assert set(json.loads(importmap("telltale/main.js"))["imports"]) == {*BARE, PAGE, *later("telltale/main.js")}
    assert all(re.fullmatch(r"/static/.*\?v=[0-9a-f]{12}", address) for address in imports.values())


def test_page_loads_ahead_the_vendored_modules_that_its_file_imports() -> None:
    """So no page waits for a chain of imports, or fetches what only another needs."""
    assert vendored("telltale/main.js") == [asset(BARE["partysocket/ws"]), asset(BARE["lit"])]
    assert vendored("telltale/data/main.js") == [asset(BARE["lit"])]


def test_every_module_is_in_the_file_of_a_page() -> None:
    templates = [path.read_text(encoding="utf-8") for path in (STATIC.parent / "templates").glob("*.html")]
    pages = {name for text in templates for name in re.findall(r'set entry = "([^"]+)"', text)}
    text = "".join(script(page)[1] + "".join(text for _, text in later(page).values()) for page in pages)
    unused = [name for name in modules() if name.startswith("telltale/") and f"// {name}\n" not in text]
    assert unused == []


def test_address_of_a_page_s_file_changes_with_any_of_its_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "static"
    shutil.copytree(STATIC, copy)
    monkeypatch.setattr(rendering, "STATIC", copy)
    before = script("telltale/data/main.js")[0], style()[0]
    with (copy / "js/core/format.js").open("a") as module, (copy / "css/base.css").open("a") as sheet:
        module.write("export const more = 1;\n")
        sheet.write("b { margin: 0 }\n")
    assert script("telltale/data/main.js")[0] != before[0]
    assert style()[0] != before[1]


def test_import_map_cannot_end_its_script_element() -> None:
    assert "<" not in importmap()


def test_modules_import_by_names_of_the_map_only() -> None:
    """A relative import would not be versioned, so that an upgrade would mix old and new files."""
    names = set(modules())
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
    names = [path.removeprefix("css/") for path in sheets()[1:]]
    assert names[:2] == ["tokens.css", "base.css"]
    assert names[2:] == sorted(names[2:])
    assert set(names) == {path.name for path in (STATIC / "css").glob("*.css")}
