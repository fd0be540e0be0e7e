"""Documentation that cannot rot: generated parts are fresh, links lead somewhere, modules say what they are."""

from __future__ import annotations

import ast
import configparser
import re
import sys

import pytest

from telemetry.settings import SETTINGS
from tests.contracts import source

GENERATED = [path for path in source.files(".md") if "[[[cog" in source.text(path)]
# a docstring that is the reference of a format holds its layout and vectors, and may be longer
FORMATS = ("devices/codecs/", "devices/ecosystems/", "telemetry/store/journal.py", "telemetry/store/chunks.py")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("path", GENERATED)
def test_generated_parts_are_fresh(path: str) -> None:
    """`make docs` writes them."""
    done = source.run(sys.executable, "-m", "cogapp", "--check", "-I", ".", path)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nrun: make docs"


@pytest.mark.parametrize("path", source.files(".md"))
def test_links_lead_to_files_and_headings_that_exist(path: str) -> None:
    broken = []
    for target in LINK.findall(source.text(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (source.ROOT / path).parent / name if name else source.ROOT / path
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


def anchors(markdown: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", [one for one in source.modules() if source.text(one)])
def test_module_says_what_it_is_in_twelve_lines(path: str) -> None:
    docstring = ast.get_docstring(source.tree(path))
    assert docstring, f"{path} has no docstring"
    if not path.startswith(FORMATS):
        assert len(docstring.splitlines()) <= 12


def test_config_ini_holds_every_setting_with_its_default_in_a_comment() -> None:
    """The file that ships sets nothing: each key stands there commented out, as ``# key = default``."""
    text = source.text("config.ini")
    shown = configparser.ConfigParser(interpolation=None, allow_no_value=True)
    shown.read_string(re.sub(r"^[#;] ?(\w+ =)", r"\1", text, flags=re.MULTILINE))
    found = {f"{section}.{key}": value or "" for section in shown.sections() for key, value in shown[section].items()}
    assert found == {name: one.default for name, one in SETTINGS.items()}


def test_shipped_config_changes_no_default() -> None:
    shipped = configparser.ConfigParser(interpolation=None)
    shipped.read_string(source.text("config.ini"))
    given = {f"{section}.{key}": value for section in shipped.sections() for key, value in shipped[section].items()}
    assert given == {name: SETTINGS[name].default for name in given}


def test_every_setting_has_help() -> None:
    assert [name for name, one in SETTINGS.items() if len(one.help) < 10 or not one.help.endswith(".")] == []


def test_settings_named_in_the_docs_exist() -> None:
    """`[live] resume` in a text is a setting that can be set."""
    keys = {f"{one.section}.{one.key}" for one in SETTINGS.values()}
    named = {
        (path, f"{section}.{key}")
        for path in source.files(".md")
        for section, key in re.findall(r"`\[(\w+)\] (\w+)`", source.text(path))
    }
    assert {one for one in named if one[1] not in keys} == set()


def test_decisions_have_evidence() -> None:
    decisions = [path for path in source.files(".md") if path.startswith("docs/adr/")]
    assert [path for path in decisions if "\n## Evidence\n" not in source.text(path)] == []


def test_readme_first_screen_has_picture_and_commands() -> None:
    """One sentence, a screenshot, two commands, within the first 20 lines."""
    screen = "\n".join(source.text("README.md").splitlines()[:20])
    assert all(word in screen for word in ("docs/screenshot.png", "make demo", "make test"))
    assert (source.ROOT / "docs/screenshot.png").exists()


def test_make_targets_named_in_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", source.text("Makefile"), re.MULTILINE))
    named = {target for path in source.files(".md") for target in re.findall(r"`make ([a-z]+)[` ]", source.text(path))}
    assert named - targets == set()
