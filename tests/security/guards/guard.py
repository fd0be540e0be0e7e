"""What a guard is, and how it is taken out of a copy of the source.

A guard is an exact text of one file and what stands there without it, not a unified diff: a diff names line numbers and
neighbouring lines, and stops fitting when someone edits near by, while a text that must occur exactly once fits as long
as the guard itself is unchanged. ``test_guards.py`` finds one that does not fit in a second, in every run of the suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class Unfit(ValueError):
    """The text of a guard is not in its file, or more than once."""


@dataclass(frozen=True, slots=True)
class Guard:
    """``old`` in the file ``path`` becomes ``new``; then each of ``tests`` (pytest node ids) must fail.

    ``row`` is the row of ``tests/security/rows.py`` that it stands for.
    """

    row: int
    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def id(self) -> str:
        """How it is named in reports and on the command line."""
        return f"{self.row:02}-{self.name}"

    def without(self, text: str) -> str:
        """The text of the file without the guard. Raises Unfit."""
        if (count := text.count(self.old)) != 1:
            raise Unfit(f"{self.id}: its text is {count} times in {self.path}, not once: {self.old!r}")
        if self.old == self.new:
            raise Unfit(f"{self.id} changes nothing")
        return text.replace(self.old, self.new)

    def remove(self, root: Path) -> None:
        """Take it out of the tree at ``root``. Raises Unfit and OSError."""
        file = root / self.path
        file.write_text(self.without(file.read_text(encoding="utf-8")), encoding="utf-8")
