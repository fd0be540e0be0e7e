"""Power cuts, simulated: a recorded run is stopped at any system call, and what a disk may then hold is put together.

A file then holds all that was synced, and of what was not: nothing, some of the writes, or some with one of them torn
between sectors of 512 bytes. Creating and deleting a file is undone likewise, back to the last sync of its folder. What
was acknowledged before the cut must be in there, and nothing that was never sent.

The states are visited in order, so that each costs its differences only. ``python -m tests.faults.powercut`` visits
a share of them and prints what it found as JSON: one process per core.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from telemetry.store import quarantine
from tests.faults.recording import Event, events
from tests.faults.survivors import Sent, Survivors, survivors

SECTOR = 512
VARIANTS = ("none", "some", "torn")
"""What is left of the writes that were not synced."""
LIED = "lied"
"""As ``none``, and the last sync did nothing although it said so: reported, since no database survives that."""
DEEP = 50
"""Of so many states one is looked at in full, and opened as a server would."""
EXAMPLES = 5


@dataclass(eq=False, slots=True)
class Inode:
    """A file's durable content, beside a real file of the same; and what was done to it since its last sync."""

    path: Path
    content: bytearray = field(default_factory=bytearray)
    pending: list[Event] = field(default_factory=list)
    asked: int = 0
    undo: list[tuple[int, bytes, int]] = field(default_factory=list)
    """What brings back the content before the last sync: bytes, where they stood, and the size."""

    def write(self, at: int, data: bytes) -> None:
        """Write to the real file, which a state only borrows."""
        with self.path.open("r+b") as file:
            file.seek(at)
            file.write(data)

    def sync(self) -> None:
        """All that was pending when the sync was asked for is durable."""
        self.undo = []
        with self.path.open("r+b") as file:
            for event in self.pending[: self.asked]:
                size = len(self.content)
                if event.kind == "truncate":
                    self.undo.append((event.at, bytes(self.content[event.at :]), size))
                    resize(self.content, event.at)
                    file.truncate(event.at)
                else:
                    self.undo.append((event.at, bytes(self.content[event.at : event.at + len(event.data)]), size))
                    overwrite(self.content, event.at, event.data)
                    file.seek(event.at)
                    file.write(event.data)
        del self.pending[: self.asked]
        self.asked = 0

    def restore(self, low: int) -> None:
        """Put back everything from ``low`` on."""
        with self.path.open("r+b") as file:
            file.seek(low)
            file.write(self.content[low:])
            file.truncate(len(self.content))


class Disk:
    """The files of one database, event by event, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.view = folder / "view"
        self.view.mkdir()
        self.durable: dict[str, Inode] = {}
        self.current: dict[str, Inode] = {}
        self.pending: list[tuple[str, Inode | None]] = []
        self._asked = 0
        self._made = 0
        self._last: Inode | None = None

    def apply(self, event: Event) -> None:
        """Let one thing happen."""
        inode = self.current.get(event.name)
        if event.kind == "create":
            self._made += 1
            inode = self.current[event.name] = Inode(self.folder / f"inode-{self._made}")
            inode.path.touch()
            self.pending.append((event.name, inode))
        elif event.kind == "unlink":
            self.current.pop(event.name)
            self.pending.append((event.name, None))
        elif event.kind in ("write", "truncate"):
            assert inode is not None, event.name
            inode.pending.append(event)
        elif event.kind in ("asked", "synced"):
            self._sync(event, inode)

    def _sync(self, event: Event, inode: Inode | None) -> None:
        if not event.name:
            if event.kind == "asked":
                self._asked = len(self.pending)
                return
            self._link(self.durable, self._asked)
            del self.pending[: self._asked]
        elif inode is not None:
            if event.kind == "asked":
                inode.asked = len(inode.pending)
            else:
                inode.sync()
                self._last = inode

    def _link(self, names: dict[str, Inode], count: int) -> None:
        for name, inode in self.pending[:count]:
            if inode is None:
                names.pop(name, None)
            else:
                names[name] = inode

    @contextlib.contextmanager
    def state(self, variant: str, chance: random.Random) -> Iterator[Path]:
        """The folder as a cut now may leave it. Nothing may write to its files."""
        names = dict(self.durable)
        self._link(names, 0 if variant in ("none", LIED) else chance.randint(0, len(self.pending)))
        touched: list[tuple[Inode, int]] = []
        for name, inode in names.items():
            (self.view / name).hardlink_to(inode.path)
            if variant not in ("none", LIED) and inode.pending:
                touched.append((inode, leave(inode, variant, chance)))
        if variant == LIED and self._last is not None and self._last.undo:
            touched.append((self._last, take_back(self._last)))
        try:
            yield self.view
        finally:
            for inode, low in touched:
                inode.restore(low)
            for entry in list(self.view.iterdir()):
                entry.unlink()


def resize(content: bytearray, size: int) -> None:
    """Cut, or fill with zeros."""
    del content[size:]
    content.extend(bytes(size - len(content)))


def overwrite(content: bytearray, at: int, data: bytes) -> None:
    """Write as a file does: beyond the end, the gap is zeros."""
    if len(content) < at:
        resize(content, at)
    content[at : at + len(data)] = data


def leave(inode: Inode, variant: str, chance: random.Random) -> int:
    """Let some of the unsynced writes reach the file; the lowest place that changed."""
    kept = [event for event in inode.pending if chance.random() < 0.5]
    torn = chance.choice(inode.pending) if variant == "torn" else None
    low = len(inode.content)
    with inode.path.open("r+b") as file:
        for event in inode.pending:
            if event.kind == "truncate":
                if event in kept:
                    file.truncate(event.at)
                    low = min(low, event.at)
            elif event is torn:
                for start, part in sectors(event):
                    if chance.random() < 0.5:
                        file.seek(start)
                        file.write(part)
                low = min(low, event.at)
            elif event in kept:
                file.seek(event.at)
                file.write(event.data)
                low = min(low, event.at)
    return low


def sectors(event: Event) -> Iterator[tuple[int, bytes]]:
    """A write in parts that a disk writes whole: (place, bytes)."""
    at, end = event.at, event.at + len(event.data)
    while at < end:
        stop = min(end, at - at % SECTOR + SECTOR)
        yield at, event.data[at - event.at : stop - event.at]
        at = stop


def take_back(inode: Inode) -> int:
    """Bring the file back to before its last sync; the lowest place that changed."""
    with inode.path.open("r+b") as file:
        for at, data, size in reversed(inode.undo):
            file.seek(at)
            file.write(data)
            file.truncate(size)
    return min(at for at, _, _ in inode.undo)


@dataclass(slots=True)
class Found:
    """What a visit of many states found; ``lost`` and ``wrong`` hold the first few, to be read by people."""

    states: Counter[str] = field(default_factory=Counter)
    lossy: Counter[str] = field(default_factory=Counter)
    corrupt: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, position: int, variant: str, problems: list[str], *, corrupt: bool) -> None:
        """Count one state."""
        self.states[variant] += 1
        if problems:
            (self.corrupt if corrupt else self.lossy)[variant] += 1
            if variant != LIED and len(self.examples) < EXAMPLES:
                self.examples.append(f"cut after event {position}, {variant}: {'; '.join(problems[:3])}")


def chosen(happened: list[Event], wanted: int, seed: int) -> dict[int, list[tuple[str, int]]]:
    """Which cuts to visit: {position: [(variant, number of the draw)]}; several draws if there are too few."""
    pending: Counter[str] = Counter()
    asked: dict[str, int] = {}
    every: list[tuple[int, str, int]] = []
    for position, event in enumerate(happened):
        if event.kind == "asked":
            asked[event.name] = pending[event.name]
        elif event.kind == "synced":
            pending[event.name] -= asked[event.name]
        elif event.kind != "ack":
            pending["" if event.kind in ("create", "unlink") else event.name] += 1
            if event.kind == "unlink":
                pending[event.name] = 0
        if pending.total():
            every += [(position, variant, 0) for variant in VARIANTS]
        elif event.kind in ("synced", "ack"):
            every.append((position, "none", 0))
    chance = random.Random(seed)
    drawn = [one for one in every if one[1] != "none"]
    rounds = range(1, 1 - (len(every) - wanted) // len(drawn)) if wanted > len(every) else range(0)
    every += [(position, variant, draw) for draw in rounds for position, variant, _ in drawn]
    plan: dict[int, list[tuple[str, int]]] = {}
    for position, variant, draw in sorted(chance.sample(every, min(wanted, len(every)))):
        plan.setdefault(position, []).append((variant, draw))
    for position in chance.sample(sorted(plan), len(plan) // DEEP):
        plan[position].append((LIED, 0))
    return plan


def scratch() -> str | None:
    """A folder in memory, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def visit(recording: Path, wanted: int, seed: int, part: int, parts: int) -> Found:
    """Go over one of ``parts`` shares of the chosen states."""
    sent = Sent.load(recording / "sent.json")
    happened = events(recording / "trace", Path(sent.database))
    plan = chosen(happened, wanted, seed)
    positions = sorted(plan)
    share = set(positions[len(positions) * part // parts : len(positions) * (part + 1) // parts])
    found, acked = Found(), sent.nothing_acked()
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        disk = Disk(Path(folder))
        for position, event in enumerate(happened):
            disk.apply(event)
            acked.update(event.acks)
            if position not in share:
                continue
            for variant, draw in plan[position]:
                chance = random.Random(f"{seed} {position} {variant} {draw}")
                with disk.state(variant, chance) as view:
                    deep = position % DEEP == 0
                    rest, problems = examine(view / Path(sent.database).name, Path(folder) / "copy", deep=deep)
                found.note(position, variant, problems or acked.problems(rest), corrupt=bool(problems))
    return found


def examine(database: Path, copy: Path, *, deep: bool) -> tuple[Survivors, list[str]]:
    """What a database holds after a cut, and what is wrong with it as a file."""
    journal = Path(f"{database}-journal")
    if not database.exists():
        return {}, []
    # What a power cut leaves is no damage: the next start must not put the database aside for it
    reason = quarantine.inspect(database, known=False, rebooted=True)
    if reason is not None:
        return {}, [f"taken for damage: {reason}"]
    if deep or (journal.exists() and journal.stat().st_size):
        # To be opened for writing, as the next start does, which rolls back what it finds
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(database.parent, copy)
        address, check = f"file:{copy / database.name}", "integrity_check"
    else:
        address, check = f"file:{database}?mode=ro", "quick_check"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            verdict = [row[0] for row in connection.execute(f"PRAGMA {check}")]
            if verdict != ["ok"]:
                return {}, verdict
            return survivors(connection)
    except sqlite3.Error as error:
        return {}, [f"{type(error).__name__}: {error}"]


def main() -> None:
    """Visit a share and print what was found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--states", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="0/1")
    given = parser.parse_args()
    part, parts = map(int, given.part.split("/"))
    found = visit(given.recording, given.states, given.seed, part, parts)
    json.dump(
        {"states": found.states, "lossy": found.lossy, "corrupt": found.corrupt, "examples": found.examples},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
