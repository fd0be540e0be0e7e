"""Takes out one guard of the security at a time and expects the tests that are named for it to fail.

    python -m tools.guards            all of them, after the same tests passed with everything in place
    python -m tools.guards 12 rate    those whose name begins with a row or contains a word
    python -m tools.guards --list     their names

Works on copies of the tree; the source stays as it is. A guard counts as seen only when each of its tests *ran* and
failed: a server that does not start, an import that breaks or a test that is skipped shows nothing, and is reported.
Exit status 1 if a guard is missed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree as ET

from tests.security.guards import GUARDS
from tests.security.guards.guard import Guard

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "test-artefacts", "*.db", "*.db-*")
NO_START = re.compile(r"the server ended with -?\d+ before it listened|ImportError|SyntaxError|ModuleNotFoundError")
STUCK = 150
"""Seconds after which a test has failed: without its guard it may wait for ever."""
PATIENCE = 3600
"""Seconds that a run of tests may take."""

Outcomes = dict[str, str]
"""What became of each test: passed, failed or broken (which shows nothing), by its node id without parameters."""


def outcomes(report: str) -> Outcomes:
    """Read pytest's report (JUnit XML); a parametrised test failed where one of its cases did."""
    found: Outcomes = {}
    for case in ET.fromstring(report).iter("testcase"):  # noqa: S314 - written by our own pytest
        path = case.get("classname", "").replace(".", "/")
        test = f"{path}.py::{case.get('name', '').partition('[')[0]}"
        failures = [one.get("message", "") + (one.text or "") for one in case.findall("failure")]
        if any(not NO_START.search(text) for text in failures):
            found[test] = "failed"
        elif failures or case.find("error") is not None or case.find("skipped") is not None:
            found.setdefault(test, "broken")
        elif found.get(test) != "failed":
            found[test] = "passed"
    return found


def run(tree: Path, tests: Collection[str], *, stop: bool = False) -> tuple[Outcomes, str]:
    """Run tests in a tree, to the first failure with ``stop``: what became of them, and what pytest said."""
    report = tree / "outcome.xml"
    report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--no-header",
        "--tb=short",
        "-m",
        "",
        f"--junitxml={report}",
        *tests,
    ]
    command += ["-x", f"--timeout={STUCK}"] if stop else [f"--timeout={STUCK}"]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TELLTALE_", "PYTEST_"))}
    try:
        done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return {}, f"no end after {PATIENCE} s"
    said = done.stdout + done.stderr
    return (outcomes(report.read_text(encoding="utf-8")) if report.exists() else {}), said


def base(test: str) -> str:
    """A node id without its parameters."""
    return test.partition("[")[0]


def missed(guard: Guard, tree: Path) -> str | None:
    """Take a guard out of a tree, run its tests, put it back: None if all saw it, else what went wrong."""
    try:
        guard.remove(tree)
        found, said = run(tree, guard.tests, stop=len(guard.tests) == 1)
    finally:
        shutil.copy2(ROOT / guard.path, tree / guard.path)  # with its old time: nothing compiled without it is used
    blind = [
        f"{test}: {found.get(base(test), 'did not run')}" for test in guard.tests if found.get(base(test)) != "failed"
    ]
    return None if not blind else "\n".join([*blind, *said.splitlines()[-30:]])


@contextmanager
def trees(number: int) -> Iterator[SimpleQueue[Path]]:
    """Copies of the project, to be taken and put back."""
    free: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="telltale-guards-") as folder:
        for index in range(number):
            free.put(Path(shutil.copytree(ROOT, Path(folder) / f"tree{index}", ignore=LEFT_OUT, symlinks=True)))
        yield free


def chosen(words: Sequence[str]) -> list[Guard]:
    """The guards that were asked for; all without a word."""
    return [one for one in GUARDS if not words or any(one.id.startswith(word) or word in one.name for word in words)]


def check(guards: Sequence[Guard], jobs: int, *, passed: bool = False) -> int:
    """Run them; the exit status. ``passed``: all their tests are known to pass with every guard in place."""
    start = time.monotonic()
    with trees(jobs) as free, ThreadPoolExecutor(jobs) as pool:

        def one(guard: Guard) -> tuple[Guard, str | None, float]:
            tree, begin = free.get(), time.monotonic()
            try:
                return guard, missed(guard, tree), time.monotonic() - begin
            finally:
                free.put(tree)

        if not passed:
            tree = free.get()
            tests = list(dict.fromkeys(test for guard in guards for test in guard.tests))
            found, said = run(tree, tests)
            free.put(tree)
            if weak := [test for test in tests if found.get(base(test)) != "passed"]:
                print("with every guard in place these tests do not pass:", *weak, said[-6000:], sep="\n")
                return 1
            print(f"{len(tests)} tests pass with every guard in place ({time.monotonic() - start:.0f} s)", flush=True)
        bad = 0
        for done in as_completed([pool.submit(one, guard) for guard in guards]):
            guard, wrong, seconds = done.result()
            print(f"{'MISSED' if wrong else 'seen  '} {guard.id} ({guard.path}, {seconds:.1f} s)", flush=True)
            if wrong:
                bad += 1
                print("    " + wrong.replace("\n", "\n    "), flush=True)
    print(f"{len(guards) - bad} of {len(guards)} guards are seen ({time.monotonic() - start:.0f} s)")
    return 1 if bad else 0


def main(args: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tools.guards", description="Every guard matters: without it a test fails.")
    parser.add_argument("words", nargs="*", help="rows (two digits) or words of names; none: all")
    parser.add_argument("--jobs", type=int, default=1, help="copies of the tree that are tested at once")
    parser.add_argument("--passed", action="store_true", help="their tests have just passed: do not run them first")
    parser.add_argument("--list", action="store_true", help="name them and stop")
    given = parser.parse_args(args)
    guards = chosen(given.words)
    if given.list or not guards:
        print(*(f"{one.id}  {one.path}" for one in guards), sep="\n")
        return 0 if guards else 2
    return check(guards, given.jobs, passed=given.passed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
