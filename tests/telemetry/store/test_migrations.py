"""The schema: made once, by steps that are recorded, and left alone afterwards."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from telemetry.store import migrations


def test_every_step_is_recorded_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """Applying twice is applying once."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrations.apply(connection)
    schema = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    migrations.apply(connection)
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == schema
    names = [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert names == list(migrations.STEPS)
    connection.close()


def test_interrupted_migration_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Each step is one transaction: what was not recorded was not done."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrations.apply(connection)
    connection.execute("DROP TABLE meta")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_meta'")
    migrations.apply(connection)
    assert connection.execute("SELECT count(*) FROM meta").fetchone() == (3,)
    connection.close()


def test_sqlite_utils_is_not_imported_when_there_is_nothing_to_migrate(tmp_path: Path) -> None:
    """Its import costs a tenth of a second of every start."""
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.apply(connection)
    connection.close()
    program = (
        "import sqlite3, sys; from telemetry.store import migrations;"
        f"migrations.apply(sqlite3.connect({str(path)!r})); sys.exit('sqlite_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_table_is_strict(tmp_path: Path) -> None:
    """A wrong type is an error, not a conversion."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrations.apply(connection)
    tables = connection.execute(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
    ).fetchall()
    assert tables
    assert [name for name, strict in tables if not strict] == []
    connection.close()
