"""The authority and its certificates, judged by OpenSSL's own program and by a real handshake elsewhere."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from telemetry import certificates
from telemetry.certificates import CA, CA_KEY, LEAF_DAYS, RENEW_DAYS, SERVER, Failed, Names, due, make, names_here, ours
from telemetry.settings import ServerSettings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAMES = Names(("pi", "pi.local", "localhost"), (ip_address("127.0.0.1"), ip_address("192.168.1.7")))


def openssl(*words: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def verified(folder: Path, *more: str, at: datetime = NOW) -> str:
    """What OpenSSL says of the certificate in ``folder``."""
    return openssl("verify", "-attime", str(int(at.timestamp())), *more, "-CAfile", folder / CA, folder / SERVER)


def test_what_is_made_is_what_openssl_takes(tmp_path: Path) -> None:
    made = make(tmp_path, NAMES, now=NOW)
    assert made.authority
    assert made.until == NOW + timedelta(days=LEAF_DAYS)
    assert made.fingerprint in openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", tmp_path / CA)
    for wanted in ("-verify_hostname pi.local", "-verify_ip 192.168.1.7", "-purpose sslserver"):
        assert verified(tmp_path, *wanted.split()).endswith(": OK\n")
    assert "verification failed" in verified(tmp_path, "-verify_hostname", "evil.local")
    assert "verification failed" in verified(tmp_path, at=NOW + timedelta(days=LEAF_DAYS, hours=1))


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    make(tmp_path / "tls", NAMES, now=NOW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").iterdir()}
    assert modes == {CA: 0o644, CA_KEY: 0o600, SERVER: 0o600}
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700


def test_a_stolen_authority_cannot_speak_for_others(tmp_path: Path) -> None:
    """The names are in the authority's certificate; whoever signs with its key is held to them by the browser."""
    make(tmp_path, NAMES, now=NOW)
    key, wish, leaf, extensions = (tmp_path / name for name in ("key", "wish", "leaf", "extensions"))
    made = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bank.example", "-keyout", key)
    openssl("req", "-new", *made, "-out", wish)
    signer = ("-CA", tmp_path / CA, "-CAkey", tmp_path / CA_KEY)
    for name, verdict in (("bank.example", "permitted subtree violation"), ("other.local", ": OK")):
        extensions.write_text(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", wish, *signer, "-out", leaf, "-extfile", extensions, "-days", "300")
        assert verdict in openssl("verify", "-no_check_time", "-CAfile", tmp_path / CA, leaf)


def test_a_renewal_keeps_the_authority_and_takes_a_new_key(tmp_path: Path) -> None:
    first = make(tmp_path, NAMES, now=NOW)
    authority, leaf = (tmp_path / CA).read_bytes(), (tmp_path / SERVER).read_bytes()
    later = NOW + timedelta(days=LEAF_DAYS - RENEW_DAYS, hours=1)
    again = make(tmp_path, NAMES, now=later)
    assert (again.authority, again.fingerprint) == (False, first.fingerprint)
    assert (tmp_path / CA).read_bytes() == authority
    assert (tmp_path / SERVER).read_bytes() != leaf
    assert ": OK" in verified(tmp_path, at=later)


def test_it_is_due_before_its_end_and_when_the_machine_has_another_address(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    leaf = tmp_path / SERVER
    assert not due(leaf, NAMES, NOW + timedelta(days=LEAF_DAYS - RENEW_DAYS - 1))
    assert due(leaf, NAMES, NOW + timedelta(days=LEAF_DAYS - RENEW_DAYS, seconds=1))
    assert due(leaf, NAMES._replace(addresses=(*NAMES.addresses, ip_address("192.168.1.8"))), NOW)
    assert not due(leaf, NAMES._replace(addresses=NAMES.addresses[:1]), NOW)


def test_an_authority_that_may_not_or_can_no_longer_sign_says_what_to_do(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    wider = NAMES._replace(hosts=(*NAMES.hosts, "home.example"))
    with pytest.raises(Failed, match=r"may not speak for home\.example: .*--new-ca"):
        make(tmp_path, wider, now=NOW)
    with pytest.raises(Failed, match=r"the authority ends on 2036-11-17: .*--new-ca"):
        make(tmp_path, NAMES, now=NOW + timedelta(days=3640))
    assert make(tmp_path, wider, new_authority=True, now=NOW).authority
    assert ": OK" in verified(tmp_path, "-verify_hostname", "home.example")


def test_a_clock_that_was_never_set_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="the clock of this machine is not set"):
        make(tmp_path / "tls", NAMES, now=datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    assert not (tmp_path / "tls").exists()


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    (tmp_path / CA).write_text("x")
    with pytest.raises(Failed, match=r"ca\.pem cannot be read"):
        make(tmp_path, NAMES, now=NOW)
    with pytest.raises(Failed, match=r"server\.pem cannot be read"):
        due(tmp_path / "none" / SERVER, NAMES)


def test_only_what_was_made_here_is_renewed_here(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    assert ours(tmp_path / SERVER)
    assert not ours(tmp_path / "fullchain.pem")
    (tmp_path / CA_KEY).unlink()
    assert not ours(tmp_path / SERVER)


def test_names_are_those_of_this_machine_on_its_own_networks() -> None:
    """Addresses of the internet change, and the authority may not speak for them."""
    listed = replace(ServerSettings(), mdns_name="Boiler", allowed_hosts=("home.example", "10.1.1.1", "pi.lan"))
    found = names_here(listed, ["192.168.1.7", "203.0.113.9", "fd00::7", "2001:db8::7", "fe80::7", "127.0.0.1"])
    assert {"boiler.local", "localhost", "home.example", "pi.lan"} < set(found.hosts)
    assert list(map(str, found.addresses)) == ["10.1.1.1", "127.0.0.1", "192.168.1.7", "::1", "fd00::7"]
    assert set(map(str, names_here(ServerSettings()).addresses)) >= {"127.0.0.1", "::1"}


def test_without_the_library_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Failed, match=r"pip install 'cryptography"):
        certificates.make(tmp_path, NAMES, now=NOW)
