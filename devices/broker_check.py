"""``broker check``: tries on a live broker what would lose messages or let strangers in, and says it in plain words.

It works under ``$telltale-check/``, which a subscription to ``#`` does not see, or under ``telltale-check/`` where the
broker has no such topics; with clients of its own, whose sessions and retained message it removes again. About ten
seconds; every step has a limit. Nothing is raised: a step that cannot be done is a finding as well.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace

from devices.broker_doors import Finding, certificate, password, strangers
from devices.broker_probe import PATIENCE, Probe, Target, connected, forget, new_id
from telemetry.clock import RELEASED, wall_ms

__all__ = ["Finding", "Target", "check"]

QUEUED = 1_500
"""Messages sent while their receiver is away: beyond the limits of 100 and 1,000 that brokers come with."""
QUIET = 4.0
"""Seconds without a message after which no more are expected."""
OLDEST_MOSQUITTO = (2, 0)
"""Before that a config without listener and users was open to all."""
_VERSION = re.compile(r"mosquitto version (\d+)\.(\d+)")


def check(target: Target) -> Iterator[Finding]:
    """What was found, as it is found."""
    yield from _clock()
    try:
        if target.tls:
            yield certificate(target)
        ours = Probe(target)
        if not ours.dial():
            yield _refused(target, ours)
            return
    except (OSError, ValueError) as error:
        yield Finding("LOSES", f"cannot be reached: {error}", "start the broker, or correct [mqtt] url")
        return
    try:
        named = "answers" if target.user is None else f"answers, and lets the user {target.user} in"
        yield Finding("ok", named)
        yield from password(target)
        try:
            root, target = _granted(target)
        except (OSError, ValueError) as error:
            yield Finding("note", f"nothing more could be tried: {error}")
            return
        for step in (strangers, _session, _queue, _retained, _size, _about):
            try:
                yield from step(target, root)
            except (OSError, ValueError) as error:
                yield Finding("note", f"a step could not be done: {error}")
    finally:
        ours.hang_up()
    yield Finding(
        "note",
        "not visible from here: whether the broker's memory reaches its disk before a crash",
        "in mosquitto.conf: persistence true, autosave_interval 10, autosave_on_changes false; a crash then takes 10 s",
    )


def _refused(target: Target, probe: Probe) -> Finding:
    if probe.code is None:
        return Finding("LOSES", f"does not answer as an MQTT broker within {PATIENCE:g} s", "look at host and port")
    if target.user is None:
        return Finding("LOSES", "wants a user name and password", "write them into [mqtt] url: mqtt://USER:PASSWORD@…")
    return Finding(
        "LOSES",
        f"refuses the user {target.user} with this password (code {probe.code})",
        "give the server a user of its own: python server.py broker config FOLDER",
    )


def _clock() -> Iterator[Finding]:
    if wall_ms() < RELEASED:
        yield Finding("note", "this machine's clock is years behind", "set it (NTP): certificates cannot be judged")


def _granted(target: Target) -> tuple[str, Target]:
    """A private root for topics, and the target with the QoS that it grants. Raises OSError.

    The root is one with ``$``, which nobody sees, if the broker lets us use it.
    """
    name = f"telltale-check/{secrets.token_hex(8)}"
    for root in (f"${name}", name):
        with connected(target) as probe:
            if not probe.subscribe(f"{root}/try"):
                continue
            granted = replace(target, qos=min(probe.granted or 0, 1))
        with connected(granted) as probe:
            if probe.subscribe(f"{root}/try") and probe.send(f"{root}/try", b"?") and probe.wait_for(1, 2.0):
                return root, granted
    return name, target


def _session(target: Target, root: str) -> Iterator[Finding]:
    """Whether the broker remembers a client that was away."""
    name = new_id()
    try:
        with connected(target, name, keep=True) as one:
            if not one.subscribe(f"{root}/session"):
                yield Finding("LOSES", "refuses our subscription", "let the server's user read # in acl_file")
                return
            if one.granted == 0:
                yield Finding("LOSES", "grants QoS 0 only: nothing is acknowledged", "allow QoS 1 (max_qos)")
                return
        with connected(target, name, keep=True) as one:
            if one.session_present:
                yield Finding("ok", "keeps our session while we are away")
            else:
                yield Finding(
                    "LOSES",
                    "forgets our session when we disconnect: what is sent meanwhile is lost",
                    "persistent_client_expiration of days, and no cluster without shared sessions",
                )
    finally:
        forget(target, name)


def _queue(target: Target, root: str) -> Iterator[Finding]:
    """How many messages wait for a client that is away; at QoS 0 none does, which ``_session`` has said."""
    if not target.qos:
        return
    name, topic = new_id(), f"{root}/queue"
    try:
        with connected(target, name, keep=True) as away:
            away.subscribe(topic)
        with connected(target) as sender:
            if not sender.send(topic, count=QUEUED):
                yield Finding("note", f"did not acknowledge {QUEUED:,} messages in time: its queue was not tried")
                return
        with connected(target, name, keep=True) as back:
            back.wait_for(QUEUED, 30.0, quiet=QUIET)
            kept = len({one.payload for one in back.got})
    finally:
        forget(target, name)
    if kept >= QUEUED:
        yield Finding("ok", f"keeps more than 1,000 messages for us while we are away (all of {QUEUED:,} came)")
        return
    words = "more than 100, but not 1,000" if 100 < kept < 1_000 else "about 1,000" if kept >= 1_000 else "at most 100"
    yield Finding(
        "LOSES",
        f"keeps {words} messages for us while we are away: {kept:,} of {QUEUED:,} acknowledged ones came",
        "max_queued_messages 100000000, with a limit by max_queued_bytes (0 is broken before Mosquitto 2.0.22)",
    )


def _retained(target: Target, root: str) -> Iterator[Finding]:
    """Whether a retained message is there for who comes later."""
    topic = f"{root}/retained"
    try:
        with connected(target) as sender:
            sender.send(topic, b"kept", retain=True)
        with connected(target) as later:
            later.subscribe(topic)
            came = later.wait_for(1, 2.0) and later.got[0].retained
    finally:
        with connected(target) as cleaner:
            cleaner.send(topic, b"", retain=True)
    if came:
        yield Finding("ok", "keeps retained messages")
    else:
        yield Finding(
            "LOSES", "keeps no retained messages: last states and discovery are lost", "retain_available true"
        )


def _size(target: Target, root: str) -> Iterator[Finding]:
    """The largest message that comes through, up to what the server takes; at QoS 0 one may be lost by chance."""
    if not target.qos:
        return
    best, size = 0, target.max_message
    for number, size in enumerate((1 << 10, 16 << 10, 64 << 10, target.max_message)):
        with connected(target) as probe:
            topic = f"{root}/size/{number}"
            probe.subscribe(topic)
            probe.send(topic, bytes(size))
            if not (probe.wait_for(1, 2.0) and len(probe.got[0].payload) == size):
                break
        best = size
    if best >= target.max_message:
        yield Finding("ok", f"carries messages of {_bytes(best)}, as large as the server takes")
    else:
        yield Finding(
            "note",
            f"carries messages of {_bytes(best)}, but not of {_bytes(size)}: larger ones are lost without a word",
            "max_packet_size and message_size_limit, at least 1 MiB",
        )


def _about(target: Target, root: str) -> Iterator[Finding]:
    """What the broker says of itself."""
    del root
    with connected(target) as probe:
        for topic in ("$SYS/broker/version", "$SYS/broker/publish/messages/dropped"):
            probe.subscribe(topic)
        probe.wait_for(2, 2.0)
        said = {one.topic.rsplit("/", 1)[1]: one.payload.decode("utf-8", "replace") for one in probe.got}
    version = said.get("version")
    if version is None:
        yield Finding("note", "does not tell its version", "let the server's user read $SYS/# in acl_file")
        return
    known = _VERSION.match(version)
    if known and (int(known[1]), int(known[2])) < OLDEST_MOSQUITTO:
        yield Finding("note", f"is {version}, which is open to all unless told otherwise", "install Mosquitto 2")
    else:
        yield Finding("ok", f"is {''.join(c for c in version if c.isprintable())[:80]}")
    dropped = said.get("dropped", "0")
    if dropped.isdecimal() and int(dropped):
        yield Finding(
            "note",
            f"has dropped {int(dropped):,} messages since it was started",
            "a client was too slow or away for too long, or the check found it: look at max_queued_messages",
        )


def _bytes(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 and not size % (1 << 20) else f"{size >> 10} KiB"
