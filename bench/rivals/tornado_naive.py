"""A rival of the benchmark: Tornado's stock handler that inserts each message where it arrives.

One transaction a message into a ``WITHOUT ROWID (series, ts)`` table on the loop thread, an ack per
message, a relay to the dashboards. Usage: ``tornado_naive.py PORT DATABASE FULL|NORMAL``.
"""

from __future__ import annotations

import asyncio
import json
import platform
import signal
import sqlite3
import sys
from typing import Any

import tornado
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

SCHEMA = """
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS readings (
    series INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series, ts)
) WITHOUT ROWID;
"""


class Database:
    """One connection, used from the loop thread."""

    def __init__(self, path: str, synchronous: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute(f"PRAGMA synchronous={synchronous}")
        self.connection.executescript(SCHEMA)
        self.series: dict[str, int] = dict(self.connection.execute("SELECT name, id FROM series"))

    def store(self, readings: list[tuple[str, int, float]]) -> None:
        """Insert the readings of one message in one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        rows = [(self.series_id(name), ts, value) for name, ts, value in readings]
        self.connection.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)", rows)
        self.connection.execute("COMMIT")

    def series_id(self, name: str) -> int:
        """The number of a series, given on its first reading."""
        if name not in self.series:
            cursor = self.connection.execute("INSERT INTO series (name) VALUES (?)", (name,))
            self.series[name] = int(cursor.lastrowid or 0)
        return self.series[name]

    def count(self) -> int:
        """How many readings are stored."""
        return int(self.connection.execute("SELECT count(*) FROM readings").fetchone()[0])


class Device(WebSocketHandler):
    """Stores, acknowledges, relays."""

    def initialize(self, database: Database, dashboards: set[WebSocketHandler]) -> None:
        """Take what the handler works on."""
        self.database = database
        self.dashboards = dashboards

    def open(self, *args: str, **kwargs: str) -> None:
        """Remember who speaks."""
        self.device = self.get_query_argument("device")

    def on_message(self, message: str | bytes) -> None:
        """One envelope in, one ack out."""
        envelope = json.loads(message)
        readings = [
            (f"{self.device}/{metric}", reading["ts"], value)
            for reading in envelope["readings"]
            for metric, value in reading["values"].items()
        ]
        self.database.store(readings)
        self.write_message({"ack": envelope["id"]})
        for dashboard in self.dashboards:
            dashboard.write_message({"readings": readings})


class Live(WebSocketHandler):
    """A dashboard: gets everything."""

    def initialize(self, dashboards: set[WebSocketHandler]) -> None:
        """Take the set to be in."""
        self.dashboards = dashboards

    def open(self, *args: str, **kwargs: str) -> None:
        """Join."""
        self.dashboards.add(self)

    def on_message(self, message: str | bytes) -> None:
        """Say yes to whatever is asked."""
        self.write_message({"id": json.loads(message)["id"], "ok": True})

    def on_close(self) -> None:
        """Leave."""
        self.dashboards.discard(self)


class Health(RequestHandler):
    """Alive."""

    def get(self) -> None:
        """Answer at once."""
        self.write("ok\n")


class About(RequestHandler):
    """What is stored, and what it is made of."""

    def initialize(self, database: Database) -> None:
        """Take the database to count in."""
        self.database = database

    def get(self) -> None:
        """Count and answer."""
        versions = {"python": platform.python_version(), "tornado": tornado.version, "sqlite": sqlite3.sqlite_version}
        about: dict[str, Any] = {"stored": self.database.count(), "versions": versions}
        self.write(about)


async def main(port: int, path: str, synchronous: str) -> None:
    """Serve until SIGTERM."""
    database = Database(path, synchronous)
    dashboards: set[WebSocketHandler] = set()
    application = Application(
        [
            ("/healthz", Health),
            ("/about", About, {"database": database}),
            ("/ws/device", Device, {"database": database, "dashboards": dashboards}),
            ("/ws/live", Live, {"dashboards": dashboards}),
        ]
    )
    application.listen(port, "127.0.0.1")
    print(f"http://127.0.0.1:{port}/", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    database.connection.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
