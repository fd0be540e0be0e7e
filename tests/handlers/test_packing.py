"""Modules in one file: in the order of their imports, each once, under the names that they import."""

from __future__ import annotations

import json
import subprocess

import pytest

from handlers.packing import PAGE, Unpackable, chunk, chunks, imports, pack
from handlers.rendering import STATIC, later, script, source

PAGES = sorted(f"telltale/{path.relative_to(STATIC / 'js').as_posix()}" for path in (STATIC / "js").rglob("main.js"))


def own(name: str) -> bool:
    return name.startswith("telltale/")


def run(text: str) -> str:
    """What a module prints in Node."""
    done = subprocess.run(["node", "--input-type=module", "-e", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_packed_modules_do_what_they_did_alone() -> None:
    modules = {
        "telltale/a.js": 'import { twice, SIZE as size } from "telltale/b.js";\nimport "telltale/c.js";\n'
        'import { join } from "node:path";\nconsole.log(twice(size), join("x", "y"), globalThis.seen);\n',
        "telltale/b.js": "/** A comment. */\nexport const SIZE = 21;\nexport function twice(n) {\n  return n * 2;\n}\n"
        "class Hidden {}\nexport { Hidden as Shown };\n",
        "telltale/c.js": 'import {\n  Shown,\n} from "telltale/b.js";\nglobalThis.seen = Shown.name;\n',
    }
    assert run(pack("telltale/a.js", modules.__getitem__, own)) == "42 x/y Hidden"


def test_module_that_two_import_runs_once() -> None:
    modules = {
        "telltale/a.js": 'import "telltale/b.js";\nimport "telltale/c.js";\n',
        "telltale/b.js": 'import "telltale/c.js";\n',
        "telltale/c.js": 'console.log("once");\n',
    }
    assert run(pack("telltale/a.js", modules.__getitem__, own)) == "once"


@pytest.mark.parametrize(
    "modules",
    [
        {"telltale/a.js": 'import "telltale/b.js";', "telltale/b.js": 'import "telltale/a.js";'},
        {"telltale/a.js": "export default 3;"},
        {"telltale/a.js": 'export { x } from "telltale/b.js";', "telltale/b.js": "export const x = 1;"},
        {"telltale/a.js": 'import x, { y } from "telltale/b.js";', "telltale/b.js": "export const y = 1;"},
    ],
)
def test_what_is_not_understood_is_refused(modules: dict[str, str]) -> None:
    with pytest.raises(Unpackable):
        pack("telltale/a.js", modules.__getitem__, own)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_packs_into_one_module_that_parses(page: str) -> None:
    _, text = script(page)
    done = subprocess.run(
        ["node", "--input-type=module", "--check"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not [name for name in imports(text) if own(name)]


def test_a_chunk_shares_the_modules_of_its_page() -> None:
    """Each runs once, and keeps its state."""
    modules = {
        "telltale/a.js": 'import { count } from "telltale/b.js";\ncount();\n'
        'export const open = () => import("telltale/c.js");\n',
        "telltale/b.js": "let n = 0;\nexport const count = () => (n += 1);\n",
        "telltale/c.js": 'import { count } from "telltale/b.js";\nimport "telltale/d.js";\n'
        "export const counted = count();\n",
        "telltale/d.js": 'console.log("with it");\n',
    }
    source = modules.__getitem__
    assert chunks("telltale/a.js", source, own) == {"telltale/c.js": ["telltale/d.js", "telltale/c.js"]}
    page = pack("telltale/a.js", source, own)
    part = chunk("telltale/c.js", "telltale/a.js", source, own)
    assert "with it" not in page
    program = """
        const url = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
        const page = url(PAGE);
        await import(page);
        const { counted } = await import(url(PART.replace(NAME, page)));
        console.log(counted);
    """
    for word, text in (("PAGE", page), ("PART", part), ("NAME", PAGE)):
        program = program.replace(word, json.dumps(text), 1)
    assert run(program) == "with it\n2"


def test_what_two_chunks_need_is_refused() -> None:
    """It would run twice, with a state each."""
    modules = {
        "telltale/a.js": 'import("telltale/b.js");\nimport("telltale/c.js");\n',
        "telltale/b.js": 'import "telltale/d.js";\n',
        "telltale/c.js": 'import "telltale/d.js";\n',
        "telltale/d.js": "",
    }
    with pytest.raises(Unpackable, match=r"telltale/d\.js"):
        chunks("telltale/a.js", modules.__getitem__, own)


@pytest.mark.parametrize("page", PAGES)
def test_every_chunk_parses(page: str) -> None:
    for _, text in later(page).values():
        done = subprocess.run(
            ["node", "--input-type=module", "--check"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_exports_keep_their_names() -> None:
    text = pack("telltale/core/format.js", source, own)
    names = text.rpartition("return {")[2].partition("}")[0]
    assert "formatValue" in names
    assert json.dumps(names)
