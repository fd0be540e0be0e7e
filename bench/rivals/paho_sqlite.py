"""A rival of the benchmark: a paho-mqtt subscriber with sqlite3, as tutorials write it.

Each message is parsed and inserted where it arrives; a COMMIT after so many messages, and once a
second. paho acknowledges when ``on_message`` returns, so with a COMMIT per 100 it acknowledges what is not durable.
Usage: ``paho_sqlite.py BROKER_URL DATABASE MESSAGES_PER_COMMIT READY_FILE``.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS readings (device TEXT NOT NULL, metric TEXT NOT NULL, ts INTEGER NOT NULL, value REAL)"
)
AT_LEAST_EVERY = 1.0
"""Seconds after which what waits is committed."""


class Subscriber:
    """One table, WAL, ``synchronous=FULL``."""

    def __init__(self, path: str, every: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(SCHEMA)
        self._every = every
        self._waiting = 0

    def on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        """Insert the readings of a message."""
        body: Any = json.loads(message.payload)
        device = message.topic.split("/")[1]
        now = int(time.time() * 1000)
        rows = [
            (device, metric, one.get("ts", now), value)
            for one in (body if isinstance(body, list) else [body])
            for metric, value in one.get("values", one).items()
        ]
        if not self._waiting:
            self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", rows)
        self._waiting += 1
        if self._waiting >= self._every:
            self.commit()

    def commit(self) -> None:
        """Make what waits durable."""
        if self._waiting:
            self._connection.execute("COMMIT")
            self._waiting = 0


def main() -> None:
    """Serve until SIGTERM."""
    url, path, every, ready = urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    subscriber = Subscriber(path, every)
    client = Client(CallbackAPIVersion.VERSION2, "rival", clean_session=False)
    if url.username is not None:
        client.username_pw_set(url.username, url.password)
    client.on_message = subscriber.on_message
    client.on_subscribe = lambda *_: ready.touch()
    client.connect(url.hostname or "127.0.0.1", url.port or 1883)
    client.subscribe("telltale/+/readings", 1)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    committed = time.monotonic()
    while not stop.is_set():
        client.loop()  # what loop_forever does
        if time.monotonic() - committed >= AT_LEAST_EVERY:
            committed = time.monotonic()
            subscriber.commit()
    subscriber.commit()
    client.disconnect()


if __name__ == "__main__":
    main()
