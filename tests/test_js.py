"""The page's logic apart from the DOM, by its own tests: ``node --test``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("js")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; only the page's unit tests need it")
def test_the_pages_modules_pass_their_tests() -> None:
    """Files are named one by one: what a directory means to ``node --test`` differs between its versions."""
    files = sorted(str(path) for path in TESTS.glob("*.test.mjs"))
    assert files
    done = subprocess.run(["node", "--test", *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
