"""Asks whether a library that is locked has a known vulnerability, with pip-audit (the advisories of PyPI).

    python -m tools.dependencies

Exit status 1 if one has. Without the network, or where the index knows no advisories, it says so and goes on: what
could not be asked must not stop who works offline, nor look like a good answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
PATIENCE = 120
"""Seconds for all of it."""
SOCKET = 10
"""Seconds for one answer of the index."""


class Verdict(NamedTuple):
    """What is known: libraries that were looked up, those that could not be, and a line for each vulnerability."""

    audited: int
    skipped: int
    found: list[str]


def verdict(report: dict[str, Any]) -> Verdict:
    """What pip-audit's JSON says."""
    all_of_them = report["dependencies"]
    audited = [one for one in all_of_them if "skip_reason" not in one]
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in audited
        for flaw in one["vulns"]
    ]
    return Verdict(len(audited), len(all_of_them) - len(audited), found)


def report(locks: tuple[str, ...] = LOCKS) -> dict[str, Any] | str:
    """What pip-audit says of the locked versions, or why it could not say anything."""
    files = [word for lock in locks for word in ("-r", str(ROOT / lock))]
    options = ["--format=json", "--progress-spinner=off", f"--timeout={SOCKET}", "--no-deps", "--disable-pip"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *options, *files],
            capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the index did not answer within {PATIENCE} s"
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:300]
    return answer


def main() -> int:
    """Print what is known; the exit status."""
    answer = report()
    if isinstance(answer, str):
        print(f"dependencies: NOT CHECKED for known vulnerabilities: {answer}")
        return 0
    audited, skipped, found = verdict(answer)
    for line in found:
        print(f"dependencies: {line}", file=sys.stderr)
    if skipped:
        print(f"dependencies: {skipped} of {audited + skipped} could NOT be checked: the index has no word of them")
    if not found and audited:
        print(f"dependencies: no known vulnerability in {audited}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
