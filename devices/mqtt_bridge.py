"""The MQTT bridge: messages of one broker on their way to the log, acknowledged when they are durable.

A QoS 1 message is acknowledged after the commit of its readings, one that holds none at once. What the pipeline cannot
take now is held, and nothing more is read until it is taken: the broker keeps the rest. A redelivery whose first copy
this process committed, or is about to, is dropped. A retained message is last known, never a reading. One topic has one
decoder: native, then the user's mapping, the ecosystems, discovery; what a server of ours published is left.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import asdict
from functools import partial

from devices import mqtt_topics, native_mqtt
from devices.codecs import json_codec
from devices.ecosystems.base import Message
from devices.ecosystems.catalogue import Catalogue
from devices.mqtt_link import Arrived, Connect
from devices.mqtt_parked import Parked
from devices.mqtt_port import Counts, Future, Port
from devices.mqtt_publisher import Publisher
from devices.mqtt_receipts import Receipts
from telemetry.decoded import Decoded, Raw
from telemetry.model import Reason, Refusal

log = logging.getLogger(__name__)

INBOX_MESSAGES, INBOX_BYTES = 20_000, 8 << 20
"""What may wait here for its turn; beyond, nothing is read from the broker."""
HELD_FOR = 0.25
"""Seconds after which a message that could not be taken is tried again."""
MISSPELT = "a device writes telltale/ID/readings, telltale/ID/reply or telltale/ID/status"


class Bridge:
    """One broker. Owned by the loop thread."""

    def __init__(self, connect: Connect, port: Port, catalogue: Catalogue, max_message: int) -> None:
        self.counts = Counts()
        self.connection = connect(self._arrived, self._changed)
        self.source = f"mqtt {self.connection.name}"
        self.publisher: Publisher | None = None
        self._port = port
        self._catalogue = catalogue
        self._max_message = max_message
        self._receipts = Receipts(self.connection, port.hurry, self._go_on)
        self._inbox: deque[Arrived] = deque()
        self._inbox_bytes = 0
        self._stalled = False
        self._parked = Parked(self._go_on)
        self._trying: Arrived | None = None

    def report(self) -> dict[str, object]:
        """What operators see of the broker: its state in words, and the messages of this run."""
        status = self.connection.status
        return {
            "broker": self.connection.name,
            "state": status.state,
            "since": status.since,
            "lost": status.lost,
            "problem": status.problem,
            "version": status.version,
            "client_id": self.connection.client_id,
            "session_present": status.session_present,
            "connections": status.connections,
            "unacknowledged": self.unacknowledged,
            "published": status.published,
            "unpublished": status.unpublished,
            "messages": asdict(self.counts),
        }

    @property
    def unacknowledged(self) -> int:
        """Messages that wait for their commit or for their turn."""
        return self._receipts.unacked + len(self._inbox) + self._parked.count

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await self.connection.run()
        finally:
            if self.publisher is not None:
                self.connection.drop(self.publisher.availability, b"offline")

    def _changed(self, connected: bool) -> None:  # noqa: FBT001 - the one thing that it says
        if not connected:
            self._port.lost(self.source)
            self._receipts.lost()
        elif self.publisher is not None:
            self.publisher.connected()

    def _arrived(self, message: Arrived) -> bool:
        """Take a message from the connection; False: no more for now."""
        self.counts.received += 1
        if self._inbox or self._receipts.doubtful:
            self._inbox.append(message)
            self._inbox_bytes += len(message.payload)
            if self._inbox_full:
                self._go_on()
            return not self._inbox_full
        return self._safely(message) and not self._receipts.full

    @property
    def _inbox_full(self) -> bool:
        return len(self._inbox) >= INBOX_MESSAGES or self._inbox_bytes >= INBOX_BYTES

    def _go_on(self) -> None:
        """Take what waits as far as that may be, and then read again."""
        while not self._stalled and not self._receipts.doubtful and (parked := self._parked.next()) is not None:
            if parked.mid and parked.generation != self.connection.generation:
                self.counts.duplicates += 1
                continue
            self._trying = parked
            self._safely(parked)
            self._trying = None
        while self._inbox and not self._stalled:
            if self._receipts.doubtful and self._inbox_full:
                self._receipts.trust()  # nothing is read now, so no confirmation either
            if self._receipts.doubtful:
                break
            message = self._inbox.popleft()
            self._inbox_bytes -= len(message.payload)
            if message.mid and message.generation != self.connection.generation:
                self.counts.duplicates += 1
                continue  # the broker has sent it again, or will
            self._safely(message)
        if not self._stalled and not self._inbox_full and not self._receipts.full:
            self.connection.go_on()

    def _safely(self, message: Arrived) -> bool:
        """Take a message, whatever it is; False: it has to wait."""
        try:
            return self._take(message)
        except Exception:  # a stranger's message must not end the connection
            log.exception("MQTT broker %s: a message on %r failed", self.connection.name, message.topic)
            self._refuse(message, "bridge", Refusal(Reason.BAD_MESSAGE, "the server failed on this message"))
            return True

    def _take(self, message: Arrived) -> bool:
        topic = message.topic
        if self.publisher is not None and topic == self.publisher.birth_topic and message.payload == b"online":
            self.publisher.born()
        if mqtt_topics.own(topic) or (self.publisher is not None and self.publisher.own(topic)):
            self.counts.own += 1
            self._done(message)
            return True
        if self._receipts.redelivered(message):
            self.counts.duplicates += 1
            return True
        if not topic:
            self._refuse(message, "bridge", Refusal(Reason.BAD_MESSAGE, "the topic is not UTF-8"))
        elif len(message.payload) > self._max_message:
            text = f"more than {self._max_message} bytes ([server] max_message)"
            self._refuse(message, "bridge", Refusal(Reason.TOO_LARGE, text))
        elif message is not self._trying and topic in self._parked and not message.retained:
            return self._park(message)
        elif not topic.startswith(mqtt_topics.ROOT):
            return self._foreign(message)
        elif (address := mqtt_topics.native(topic)) is not None:
            return self._native(message, *address)
        else:
            self._refuse(message, "native", Refusal(Reason.BAD_MESSAGE, MISSPELT))
        return True

    # native topics

    def _native(self, message: Arrived, device: str, leaf: str) -> bool:
        if not message.payload:
            self.counts.empty += 1
            self._done(message)
            return True
        if leaf == "readings":
            return self._readings(message, device)
        if leaf == "status":
            word = message.payload.strip().lower()
            if word in (b"online", b"offline"):
                self._port.presence(device, online=word == b"online", source=self.source)
                self._port.reachable(device, partial(self._command, device))
                self.counts.taken += 1
                self._done(message)
            else:
                self._refuse(message, "native", Refusal(Reason.BAD_MESSAGE, "status is online or offline"), device)
            return True
        body = native_mqtt.reply(message.payload)
        if isinstance(body, Refusal):
            self._refuse(message, "native", body, device)
            return True
        if not message.retained:
            self._port.reachable(device, partial(self._command, device))
            self._port.reply(device, body)
        self.counts.taken += 1
        self._done(message)
        return True

    def _readings(self, message: Arrived, device: str) -> bool:
        found = native_mqtt.parse(message.payload)
        if isinstance(found, Refusal):
            self._refuse(message, "native", found, device)
            return True
        if message.retained:
            self._kept(message, "native", native_mqtt.last_known(device, found.entries), device)
            return True
        entries, wrong = native_mqtt.in_time(found.entries, self._port.now(), self._port.latest())
        taken = self._port.native(device, entries, found.form, self._raw(message, "native"))
        if wrong is not None:
            self._port.clock_wrong(device, wrong)
        self._port.reachable(device, partial(self._command, device))
        if isinstance(taken, Refusal):
            if taken.code in (Reason.TRY_LATER, Reason.RATE_LIMITED):
                return self._put_off(message, "native", taken, device)
            self._refuse(message, "native", taken, device)
            return True
        self.counts.taken += 1
        self._await(message, taken, doubling=wrong is not None or any(entry.ts is None for entry in entries))
        return True

    def _command(self, device: str, body: dict[str, object]) -> bool:
        """Publish a command; whether the broker took it."""
        return self.connection.publish(mqtt_topics.command(device), json_codec.encode(body).encode(), qos=1)

    # ecosystems

    def _foreign(self, message: Arrived) -> bool:
        asked = Message(message.topic, message.payload, self._port.now(), message.retained, message.owner)
        answer = self._catalogue.message(asked)
        if answer is None:
            self.counts.unknown += 1
            self._port.frame(None, self._raw(message, "none"), "no decoder knows this topic")
            self._done(message)
            return True
        name, found = answer
        if isinstance(found, Refusal):
            self._refuse(message, name, found)
        elif message.retained:
            self._kept(message, name, found, message.owner)
        else:
            taken = self._port.take(found, self._raw(message, name))
            if isinstance(taken, Refusal):
                return self._put_off(message, name, taken)
            self.counts.taken += 1
            self._await(message, taken, doubling=any(sample.ts is None for sample in found.samples))
        return True

    # acknowledgements

    def _put_off(self, message: Arrived, decoder: str, refusal: Refusal, device: str | None = None) -> bool:
        """Nothing was taken: it has to come again; False: before anything else is read."""
        if refusal.code is Reason.TRY_LATER:
            return self._hold(message)
        # more readings than milliseconds, of one series: only who sends them waits
        if not message.mid:
            self._refuse(message, decoder, refusal, device)
        elif self._parked.full:
            return self._hold(message)
        else:
            self.counts.held += 1
            self._parked.put_back(message)
        return True

    def _park(self, message: Arrived) -> bool:
        if self._parked.full:
            return self._hold(message)
        self.counts.held += 1
        self._parked.put(message)
        return True

    def _hold(self, message: Arrived) -> bool:
        """Nothing was taken: try this one again before anything else."""
        self._inbox.appendleft(message)
        self._inbox_bytes += len(message.payload)
        self._stalled = True
        self.counts.held += 1
        asyncio.get_running_loop().call_later(HELD_FOR, self._again)
        return False

    def _again(self) -> None:
        self._stalled = False
        self._go_on()

    def _await(self, message: Arrived, commit: Future | None, *, doubling: bool) -> None:
        if commit is None:
            self._done(message)
        else:
            self._receipts.wait(message, commit, doubling=doubling)

    def _done(self, message: Arrived) -> None:
        self._receipts.done(message)

    def _kept(self, message: Arrived, decoder: str, found: Decoded, speaker: str | None) -> None:
        self.counts.retained += 1
        raw = self._raw(message, decoder)
        self._port.retained(found, raw, speaker)
        self._port.frame(None, raw, found)
        self._done(message)

    def _refuse(self, message: Arrived, decoder: str, refusal: Refusal, device: str | None = None) -> None:
        if str(self.counts.refused).strip("0") in ("", "1"):  # 0, 1, 10, 100 …
            log.warning(
                "MQTT broker %s: refused a message on %r (%s): %s; %d refused before",
                self.connection.name, message.topic[:200], decoder, refusal.message, self.counts.refused,
            )  # fmt: skip
        self.counts.refused += 1
        self._port.refused(refusal)
        self._port.frame(device, self._raw(message, decoder), refusal)
        self._done(message)

    def _raw(self, message: Arrived, decoder: str) -> Raw:
        return Raw(self.source, message.topic, message.payload, decoder, message.owner)
