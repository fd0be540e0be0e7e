"""The vendored browser libraries are what was fetched, with their licences; nothing else lies among them."""

from __future__ import annotations

import json

from handlers.rendering import BARE, STATIC
from tools.vendor import BUNDLES, COPIES, ESBUILD, LICENCES, PACKAGES, VENDOR, sums

ABOUT = json.loads((VENDOR / "vendor.json").read_text())


def test_every_file_has_the_hash_with_which_it_was_fetched() -> None:
    assert sums(VENDOR) == ABOUT["sha256"]


def test_the_record_names_the_versions_that_the_script_fetches() -> None:
    assert (ABOUT["packages"], ABOUT["esbuild"]) == (PACKAGES, ESBUILD)


def test_each_package_lies_there_with_its_licence_and_nothing_else_does() -> None:
    folders = {f"{package}-{version}" for package, version in PACKAGES.items()}
    assert {path.name for path in VENDOR.iterdir()} == folders | {"vendor.json"}
    assert set(LICENCES) == set(PACKAGES)
    assert set(ABOUT["sha256"]) == set(COPIES) | set(BUNDLES) | {f"{folder}/LICENSE" for folder in folders}


def test_pages_load_vendored_files_that_exist() -> None:
    assert all((STATIC / path).is_file() for path in BARE.values())


def test_no_vendored_script_evaluates_text() -> None:
    """The Content-Security-Policy would stop it in every browser."""
    scripts = [path.read_text() for path in VENDOR.rglob("*.js")]
    assert scripts
    assert not any("eval(" in script or "new Function(" in script for script in scripts)
