"""``broker check`` against real brokers: one that is well, and one for each thing that can be wrong."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

from devices.broker_check import QUEUED, Finding, check
from devices.broker_config import BRIDGE, write
from devices.broker_doors import CERTIFICATE_DAYS
from devices.broker_probe import Probe, Target
from telemetry.mosquitto import password_hash
from tests.devices.test_broker_config import bridge_password, shipped
from tests.mosquitto import STOCK, Ear, Mosquitto, client

QUIET_SYS = "sys_interval 1\n"


@contextmanager
def broker(folder: Path, config: str) -> Iterator[Mosquitto]:
    folder.mkdir(exist_ok=True)
    one = Mosquitto(folder, config).start()
    try:
        yield one
    finally:
        one.stop()


def target(one: Mosquitto, user: str | None = None, password: str | None = None, **options: object) -> Target:
    return Target("127.0.0.1", one.port, user=user, password=password, **options)  # type: ignore[arg-type]


def found(findings: list[Finding], words: str) -> Finding:
    """The one finding that says this."""
    (one,) = [finding for finding in findings if words in finding.text]
    return one


def failures(findings: list[Finding]) -> list[tuple[str, str]]:
    assert all(one.remedy for one in findings if one.failed)
    return [(one.level, one.text) for one in findings if one.failed]


def test_the_shipped_config_passes_and_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    """A client that listens to everything hears none of it; no session and no retained message stays."""
    folder = tmp_path / "f"
    write(folder, [], "homeassistant", password_hash)
    password = bridge_password(folder)
    with (
        broker(tmp_path / "m", QUIET_SYS + shipped(folder)) as one,
        client(one, "server", user=BRIDGE, password=password) as server,
    ):
        ear = Ear(server, "#")
        findings = list(check(target(one, BRIDGE, password)))
        assert failures(findings) == []
        assert found(findings, "wrong password").level == "ok"
        assert found(findings, "all of 1,500 came").level == "ok"
        assert found(findings, "mosquitto version 2").level == "ok"
        assert ear.heard == []
        with Told(one, BRIDGE, password) as said:
            assert said("clients/disconnected") == "0"
            assert said("clients/expired") == "0"
            # the broker's own $SYS messages are retained too, so our topics are asked for by name
            assert said.probe.subscribe("$telltale-check/#")
            assert said.probe.subscribe("telltale-check/#")
            said.probe.wait_for(99, quiet=0.3)
            assert [got for got in said.probe.got if "telltale-check" in got.topic] == []


class Told:
    """What the broker says of itself under $SYS, after it has counted again."""

    def __init__(self, one: Mosquitto, user: str, password: str) -> None:
        self.probe = Probe(target(one, user, password))

    def __enter__(self) -> Self:
        assert self.probe.dial()
        return self

    def __exit__(self, *_: object) -> None:
        self.probe.hang_up()

    def __call__(self, name: str) -> str:
        topic = f"$SYS/broker/{name}"
        assert self.probe.subscribe(topic)
        uptime = "$SYS/broker/uptime"
        assert self.probe.subscribe(uptime)
        # two new uptimes: the counts between them were made after this call
        assert self.probe.run(lambda: sum(not one.retained for one in self.probe.got if one.topic == uptime) >= 3, 20)
        values = [one.payload.decode() for one in self.probe.got if one.topic == topic]
        return values[-1] if values else "0"


def test_the_stock_config_loses_messages_and_lets_strangers_in(tmp_path: Path) -> None:
    with broker(tmp_path / "m", STOCK) as one:
        findings = list(check(target(one)))
    assert [level for level, _ in failures(findings)] == ["OPEN", "LOSES"]
    assert found(findings, "without a password may read and write").level == "OPEN"
    assert found(findings, "keeps about 1,000 messages").level == "LOSES"


@pytest.mark.parametrize(("limit", "words"), [(100, "keeps at most 100"), (700, "keeps more than 100, but not 1,000")])
def test_a_short_queue_is_measured(tmp_path: Path, limit: int, words: str) -> None:
    with broker(tmp_path / "m", f"{STOCK}max_queued_messages {limit}\nmax_inflight_messages 1\n") as one:
        finding = found(list(check(target(one))), words)
    assert finding.level == "LOSES"
    assert f"{QUEUED:,}" in finding.text
    assert f"{limit:,} of" in finding.text or f"{limit + 1:,} of" in finding.text


def test_a_broker_without_retained_messages_loses_them(tmp_path: Path) -> None:
    with broker(tmp_path / "m", f"{STOCK}retain_available false\n") as one:
        findings = list(check(target(one)))
    assert [finding.text for finding in findings if "retained" in finding.text and finding.failed]


def test_a_limit_to_messages_is_told_with_both_sizes(tmp_path: Path) -> None:
    with broker(tmp_path / "m", f"{STOCK}message_size_limit 20000\n") as one:
        finding = found(list(check(target(one))), "carries")
    assert finding.level == "note"
    assert "16 KiB" in finding.text
    assert "64 KiB" in finding.text


@pytest.mark.parametrize(
    ("rules", "level", "may"),
    [
        ("topic read #", "OPEN", "read topics"),
        ("topic write #", "OPEN", "write topics"),
        ("topic read nothing", "note", "connect"),
    ],
)
def test_what_strangers_may_do_is_tried_not_guessed(tmp_path: Path, rules: str, level: str, may: str) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "passwd").write_text(f"server:{password_hash('secret')}\n")
    rule = rules.replace("#", "$telltale-check/#")
    (folder / "acl").write_text(f"{rule}\nuser server\ntopic readwrite #\ntopic readwrite $telltale-check/#\n")
    config = f"{STOCK}password_file {folder}/passwd\nacl_file {folder}/acl\nmax_queued_messages 100000000\n"
    with broker(folder, config) as one:
        findings = list(check(target(one, "server", "secret")))
    finding = found(findings, "without a password")
    assert finding.level == level
    assert may in finding.text


@pytest.mark.parametrize("rules", [None, "topic write #"], ids=["open", "write"])
def test_strangers_are_tried_at_qos_0_where_there_is_no_other(tmp_path: Path, rules: str | None) -> None:
    """Such a broker ends the connection of whoever publishes above that; the rest is not tried in vain."""
    config = f"{STOCK}max_qos 0\n"
    folder = tmp_path / "m"
    folder.mkdir()
    if rules is not None:
        rule = rules.replace("#", "$telltale-check/#")
        (folder / "acl").write_text(f"{rule}\nuser server\ntopic readwrite #\ntopic readwrite $telltale-check/#\n")
        (folder / "passwd").write_text(f"server:{password_hash('secret')}\n")
        config += f"password_file {folder}/passwd\nacl_file {folder}/acl\n"
    with broker(folder, config) as one:
        findings = list(check(target(one, "server", "secret") if rules else target(one)))
    may = "read and write topics" if rules is None else "write topics"
    assert f"may {may}" in found(findings, "without a password").text
    assert failures(findings)[1:] == [("LOSES", "grants QoS 0 only: nothing is acknowledged")]
    assert [one.text for one in findings if "carries" in one.text or "in time" in one.text] == []
    assert found(findings, "retained messages").level == "ok"


def test_any_password_is_found_out(tmp_path: Path) -> None:
    """A broker without a password file takes whatever it is given."""
    with broker(tmp_path / "m", STOCK) as one:
        assert found(list(check(target(one, "server", "secret"))), "wrong password").level == "OPEN"


def test_a_broker_that_refuses_us_is_one_finding(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    write(folder, [], "", password_hash)
    with broker(tmp_path / "m", shipped(folder)) as one:
        for given, words in (
            (target(one, BRIDGE, "wrong"), f"refuses the user {BRIDGE}"),
            (target(one), "wants a user name and password"),
        ):
            (finding,) = check(given)
            assert finding.failed
            assert words in finding.text
            assert "wrong" not in finding.text


def test_nothing_there_and_something_else_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        (finding,) = check(Target("127.0.0.1", port))
        assert "does not answer as an MQTT broker" in finding.text
        assert finding.failed
    (finding,) = check(Target("127.0.0.1", port))
    assert "cannot be reached" in finding.text
    assert finding.failed


def certificate(folder: Path, days: int) -> None:
    """A key and a certificate for localhost that signs itself."""
    folder.mkdir(exist_ok=True)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", str(days), "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize(("days", "level"), [(CERTIFICATE_DAYS + 30, "ok"), (5, "LOSES")])
def test_days_of_the_certificate_are_counted(tmp_path: Path, days: int, level: str) -> None:
    folder = tmp_path / "m"
    certificate(folder, days)
    config = f"{STOCK}certfile {folder}/cert.pem\nkeyfile {folder}/key.pem\n"
    with broker(folder, config) as one:
        trusting = target(one, tls=True, tls_ca=folder / "cert.pem")
        findings = list(check(trusting))
        finding = found(findings, "certificate")
        assert finding.level == level
        # made a moment ago: a full day less, rounded down
        assert any(f"{count} " in finding.text for count in (days - 1, days))
        assert found(findings, "keeps about 1,000").level == "LOSES"  # the rest is tried over TLS as well
        (untrusted,) = check(target(one, tls=True))
        assert untrusted.failed
        assert "not trusted" in untrusted.text
