"""Fetches the vendored browser libraries again: npm packages -> static/vendor/, with licences and checksums.

    python tools/vendor.py          fetch and write
    python tools/vendor.py --check  fetch and compare with what is there

Versions are pinned below. What npm ships as one browser-ready file is copied; the rest is bundled by esbuild (pinned
too), so that the same input gives the same bytes. Needs npm and network access; the server needs neither.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
ESBUILD = "0.28.2"
PACKAGES = {"uplot": "1.6.32", "lit": "3.3.3", "partysocket": "1.3.0", "lean-qr": "2.7.4"}
LICENCES = {"uplot": "LICENSE", "lit": "LICENSE", "partysocket": "LICENSE.txt", "lean-qr": "LICENSE"}
COPIES = {
    "uplot-1.6.32/uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    "uplot-1.6.32/uPlot.min.css": "uplot/dist/uPlot.min.css",
    "lean-qr-2.7.4/index.mjs": "lean-qr/index.mjs",
}
BUNDLES = {
    "lit-3.3.3/lit.js": (
        'export * from "lit";'
        ' export {repeat} from "lit/directives/repeat.js";'
        ' export {classMap} from "lit/directives/class-map.js";'
        ' export {ifDefined} from "lit/directives/if-defined.js";'
        ' export {live} from "lit/directives/live.js";'
        ' export {ref, createRef} from "lit/directives/ref.js";'
    ),
    "partysocket-1.3.0/ws.js": 'export * from "partysocket/ws"; export {default} from "partysocket/ws";',
}


def fetch(folder: Path) -> None:
    """Write every vendored file below ``folder``."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        wanted = [f"{package}@{version}" for package, version in PACKAGES.items()]
        npm = ["npm", "install", "--silent", "--no-save", "--prefix", name, *wanted, f"esbuild@{ESBUILD}"]
        subprocess.run(npm, check=True)
        modules = work / "node_modules"
        for target, source in COPIES.items():
            _place(modules / source, folder / target)
        for target, entry in BUNDLES.items():
            script = work / "entry.js"
            script.write_text(entry)
            options = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=inline"]
            subprocess.run([modules / ".bin" / "esbuild", script, *options, f"--outfile={folder / target}"], check=True)
        for package, version in PACKAGES.items():
            _place(modules / package / LICENCES[package], folder / f"{package}-{version}" / "LICENSE")


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below ``folder``, by its path; vendor.json itself aside."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "vendor.json")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main() -> int:
    """Fetch; write or compare."""
    with tempfile.TemporaryDirectory() as name:
        fetched = Path(name)
        fetch(fetched)
        found = sums(fetched)
        if "--check" in sys.argv:
            wrong = {path for path in found.keys() | sums(VENDOR).keys() if found.get(path) != sums(VENDOR).get(path)}
            print("\n".join(sorted(wrong)) or "static/vendor is what npm has")
            return bool(wrong)
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(fetched, VENDOR)
    about = {"packages": PACKAGES, "esbuild": ESBUILD, "sha256": found}
    (VENDOR / "vendor.json").write_text(json.dumps(about, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
