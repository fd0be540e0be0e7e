"""A damaged database is put aside as it is, and a new one takes its place at once, with all that a device needs.

``inspect`` looks before SQLite does; ``condemn`` leaves a note for the next start, which survives a crash; ``replace``
moves the files into a folder and makes the new database: the small tables and the unsealed journal are copied from what
is readable, the epoch is new, seqs go on above everything. The sealed readings follow in the background (``salvage``).
Nothing here deletes a reading: the folder stays for the operator. Runs on a thread, before the store is opened.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sqlite3
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from telemetry.store import chunk_schema, copying, damages, journal, migrations, wal
from telemetry.store.copying import Pages, Report, Table
from telemetry.store.db import BLOCK

MAGIC = b"SQLite format 3\x00"
HEAD = 100
SUFFIXES = ("-wal", "-shm", "-journal", "")
"""The files of a database; the database itself is moved last."""
DERIVED = ("sealed",)
"""Small tables that are made anew while the sealed readings are copied."""
COPIED = 1 << 30
"""Up to so many bytes a file that ends inside a page is copied without that page: SQLite would take zeros for data."""
OWN = ("_sqlite_migrations",)
"""Tables whose content is that of the new database."""
REPAIRED = "repaired.db"
"""Name inside the folder under which the files are read: links, and a log without its bad frames."""


class Folder(NamedTuple):
    """Where a damaged database was put, and why."""

    path: Path
    reason: str

    @property
    def source(self) -> Path:
        """The database file to read from."""
        return self.path / REPAIRED


def note_of(path: Path) -> Path:
    """The file that condemns a database until it has been replaced."""
    return Path(f"{path}.damaged")


def condemn(path: Path, reason: str) -> None:
    """Leave a note that the database is to be replaced at the next start; the first reason stands. Raises OSError."""
    with contextlib.suppress(FileExistsError), note_of(path).open("x") as note:
        json.dump({"reason": reason}, note)
        note.flush()
        os.fsync(note.fileno())


def inspect(path: Path, *, known: bool, rebooted: bool) -> str | None:
    """Why the database cannot be opened as it is, or None. Raises OSError.

    ``known`` says that a server has used it before: it cannot be empty then. ``rebooted`` is for ``wal.scan``.
    """
    with contextlib.suppress(FileNotFoundError):
        return _reason(note_of(path))
    log = Path(f"{path}-wal")
    logged = log.exists() and log.stat().st_size > wal.HEADER.size
    if not path.exists():
        return "the database file is gone, and its write-ahead log is not" if logged else None
    size = path.stat().st_size
    if not size:
        return "the database file is empty" if known or logged else None
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = wal.scan(log, _page_size(head), rebooted=rebooted)
    if found.verdict is wal.Verdict.CORRUPT:
        return f"the write-ahead log does not fit its checksums at frame {found.stops + 1} of {len(found.frames)}"
    journal = Path(f"{path}-journal")
    if journal.exists() and journal.stat().st_size:
        return None  # a database that was being made: SQLite rolls it back
    covered = any(frame.page == 1 for frame in found.frames[: found.stops])
    return None if covered else _wrong_header(head, size, logged=bool(found.frames))


def foreign(path: Path) -> bool:
    """Whether this is a file of something else: no database, and no server has ever used it. Raises OSError."""
    if not path.exists() or note_of(path).exists() or Path(f"{path}-wal").exists():
        return False
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    return bool(head) and head != MAGIC


def folder_for(path: Path, stamp: str) -> Path:
    """A folder for the files, not used yet; ``stamp`` is YYYYmmdd-HHMMSS."""
    names = (Path(f"{path}.damaged-{stamp}{more}") for more in ("", *(f"-{n}" for n in range(1, 1_000))))
    return next(name for name in names if not name.exists())


def replace(path: Path, reason: str, stamp: str, now: int, *, rebooted: bool = True) -> Report:
    """Put the database aside and a new one in its place; what of the small tables was left out. Raises OSError.

    ``now`` is in ms; ``rebooted`` is for ``wal.scan``. After a crash in the middle, the next start calls it again and
    it goes on.
    """
    condemn(path, reason)
    note = json.loads(note_of(path).read_text())
    if "folder" not in note:
        note |= {"folder": folder_for(path, stamp).name}
        _write(note_of(path), json.dumps(note))
    folder = Folder(path.with_name(note["folder"]), note["reason"])
    folder.path.mkdir(mode=0o700, exist_ok=True)
    fresh = folder.path / "new.db"
    if (folder.path / "done").exists():
        report = Report()
    else:
        for suffix in SUFFIXES:
            old, kept = Path(f"{path}{suffix}"), folder.path / f"{path.name}{suffix}"
            if old.exists() and not kept.exists():
                old.rename(kept)
        _prepare(folder.path, path.name, rebooted=rebooted)
        fresh.unlink(missing_ok=True)
        report = _renew(folder, fresh, now)
        _write(folder.path / "done", "")
    if fresh.exists():
        fresh.rename(path)
    _sync(folder.path)
    note_of(path).unlink()
    _sync(path.parent)
    return report


def _renew(folder: Folder, fresh: Path, now: int) -> Report:
    """The new database, beside the damaged one."""
    from telemetry.store.repair_registry import adopt  # brings in numpy: not needed where nothing is damaged

    report = Report()
    target = copying.create(fresh)
    try:
        migrations.apply(target)
        used: set[int] = set()
        try:
            with contextlib.closing(copying.open_ro(folder.source)) as source:
                used = _copy(source, target, report)
        except sqlite3.Error as error:
            report.holes["everything"] = []
            folder = folder._replace(reason=f"{folder.reason}; nothing of it could be read: {error}")
        unnamed = adopt(target, used | _journalled(target), now)
        _number(target, report)
        detail: dict[str, object] = {
            "reason": folder.reason, "left_out": report.bad, "unreadable": list(report.holes), "unnamed": unnamed
        }  # fmt: skip
        damages.note(target, now, "file", folder.path.name, detail)
        damages.renew(target)
    finally:
        target.close()
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    return report


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, report: Report) -> set[int]:
    """The small tables, then the journal from where it is not sealed; the series that have sealed readings."""
    big, small = copying.apart(copying.tables(target))
    for table in small:
        there = copying.readable(source, table)
        if there is None:
            report.holes[table.name] = []
        elif table.name not in (*DERIVED, *OWN):
            copying.copy_table(source, target, Pages(there, strict=False), there, report, strict=False)
    sealed = target.execute("SELECT value FROM meta WHERE key = 'sealed_seq'").fetchone()
    after = (sealed[0],) if sealed and isinstance(sealed[0], int) else None
    log = copying.readable(source, next(table for table in big if table.name == "journal"))
    if log is None:
        report.holes["journal"] = []
    else:
        copying.copy_table(source, target, Pages(log, strict=False, after=after), log, report, strict=False)
    derived = (copying.readable(source, table) for table in small if table.name in DERIVED)
    return _sealed(source, [table for table in derived if table is not None])


def _sealed(source: sqlite3.Connection, found: list[Table]) -> set[int]:
    """The series that have sealed readings."""
    used: set[int] = set()
    for table in found:
        pages = Pages(table, strict=False)
        while (page := pages.next(source)) is not None:
            used |= {row[0] for row in page if isinstance(row[0], int)}
    return used


def _journalled(target: sqlite3.Connection) -> set[int]:
    """The series that have readings in the journal."""
    rows = map(journal.verified, target.execute("SELECT * FROM journal"))
    return {one.series for row in rows for one in journal.unpack(row.first_seq, row.readings, row.data)}


def _number(target: sqlite3.Connection, report: Report) -> None:
    """A new epoch; seqs above all that may have been given; counters that add up without the sealed readings."""
    meta: Mapping[str, object] = dict(target.execute("SELECT key, value FROM meta"))
    count = {key: value for key, value in meta.items() if isinstance(value, int) and value >= 0}
    (newest,) = target.execute("SELECT ifnull(max(first_seq + count), 0) FROM journal").fetchone()
    known = [newest, count.get("seq_reserved", 0), count.get("state_seq", 0), count.get("sealed_seq", 0)]
    taken = count.get("sealed_readings", 0) + count.get("imported", 0)
    gone = max(0, taken - count.get("duplicate", 0) - count.get("deleted", 0))
    # The registry's snapshot was left out in part: read the journal from its start
    partly = any(table in report.bad or table in report.holes for table in ("series", "devices", "meta"))
    values: dict[str, object] = {
        "epoch": secrets.token_hex(8),
        "seq_reserved": max(known) + 1 + BLOCK,
        "state_seq": 0 if partly else count.get("state_seq", 0),
        "stored": 0,
        "lost": gone,
    }
    values |= {key: count.get(key, 0) for key in chunk_schema.META if key not in values}
    target.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())


def _prepare(folder: Path, name: str, *, rebooted: bool) -> None:
    """A second name for the database file, and beside it a log that SQLite reads to its end."""
    source, kept, log = folder / REPAIRED, folder / name, folder / f"{name}-wal"
    for one in folder.glob(f"{REPAIRED}*"):
        one.unlink()
    if not kept.exists():
        kept.touch(mode=0o600)
    with kept.open("rb") as file:
        head = file.read(HEAD)
    found = wal.scan(log, _page_size(head), rebooted=rebooted)
    repaired = Path(f"{source}-wal")
    if found.frames and found.verdict is not wal.Verdict.EMPTY:
        wal.repair(log, found, repaired)
    pages = max((frame.commit for frame in found.frames if frame.ours), default=0)
    size = kept.stat().st_size
    if len(head) < HEAD or head[:16] != MAGIC:
        _copy_file(kept, source, pages * found.page_size)
    elif size % _page_size(head) and size < COPIED:
        shutil.copyfile(kept, source)
        os.truncate(source, size - size % _page_size(head))
    else:
        os.link(kept, source)


def _copy_file(kept: Path, source: Path, size: int) -> None:
    """Where the file's head is gone: a copy with a head, as long as the log says, for SQLite to open at all."""
    data = kept.read_bytes()
    head = bytearray(data[:HEAD].ljust(HEAD, b"\0"))
    page = _page_size(bytes(head))
    head[:24] = MAGIC + struct.pack(">HBBBBBB", page & 0xFFFF, 2, 2, 0, 64, 32, 32)
    source.write_bytes((bytes(head) + data[HEAD:]).ljust(size, b"\0"))


def _page_size(head: bytes) -> int:
    if len(head) < 18:
        return 4096
    (size,) = struct.unpack_from(">H", head, 16)
    return int(size) if size in (512, 1024, 2048, 4096, 8192, 16384, 32768) else 4096


def _wrong_header(head: bytes, size: int, *, logged: bool) -> str | None:
    if len(head) < HEAD or head[:16] != MAGIC or head[21:24] != bytes((64, 32, 32)) or max(head[18:20]) > 2:
        return "the database file does not begin like one"
    pages, changes, valid = struct.unpack_from(">I", head, 28)[0], head[24:28], head[92:96]
    if size % _page_size(head) or (not logged and changes == valid and pages * _page_size(head) > size):
        return f"the database file is too short: {size} bytes"
    return None


def _reason(note: Path) -> str:
    try:
        return str(json.loads(note.read_text())["reason"])
    except (ValueError, LookupError, TypeError):
        return "the last run found damage"


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.tmp")
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
