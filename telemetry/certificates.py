"""A certificate authority of one's own and a certificate for this machine: what ``server.py cert`` makes and renews.

``ca.pem`` is what browsers and devices are told to trust, ``ca.key`` signs, ``server.pem`` holds the certificate and
its key in one file, so that both are replaced in one step. The authority is bound to local names and addresses and to
those of ``[server] allowed_hosts`` (name constraints, RFC 5280, section 4.2.1.10): a stolen ``ca.key`` cannot speak for
a bank. All keys are P-256, which every browser and the TLS of microcontrollers know.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from telemetry.clock import RELEASED, wall_ms
from telemetry.settings import ServerSettings

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

CA, CA_KEY, SERVER = "ca.pem", "ca.key", "server.pem"
"""The files, in the folder of the certificate."""
CA_DAYS = 3650
LEAF_DAYS = 364
"""With the day before, a year: the most that Mozilla's recommendation takes, and renewal is free."""
RENEW_DAYS = 30
"""Days before its end at which a certificate is renewed."""
LOCAL_NAMES = ("local", "localhost", "lan", "home", "internal", "home.arpa", "localdomain")
LOCAL_NETWORKS = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
    "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
"""Where the authority may speak; addresses that are reached from elsewhere are not in a certificate."""

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class Failed(Exception):
    """The certificate could not be made; the message is the line to print."""


class Names(NamedTuple):
    """What a certificate is for."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]


class Made(NamedTuple):
    """What was done: ``authority``: a new one was made, ``until``: the certificate's last moment."""

    authority: bool
    names: Names
    fingerprint: str
    until: datetime


def names_here(server: ServerSettings, found: Sequence[str] | None = None) -> Names:
    """The names and local addresses of this machine (``found``: of its interfaces), and the listed names."""
    own = socket.gethostname().lower().removesuffix(".local")
    hosts = [own, f"{own}.local", *([f"{server.mdns_name.lower()}.local"] if server.mdns_name else []), "localhost"]
    numbers = ["127.0.0.1", "::1", *(_interfaces() if found is None else found)]
    for name in server.allowed_hosts:
        (numbers if _is_number(name) else hosts).append(name)
    local = [ip_network(one) for one in LOCAL_NETWORKS]
    addresses = {one for one in map(ip_address, numbers) if _inside(one, local) and not one.is_link_local}
    return Names(tuple(dict.fromkeys(hosts)), tuple(sorted(addresses, key=lambda one: (one.version, int(one)))))


def ours(cert: Path) -> bool:
    """Whether a certificate was made here, so that it can be renewed here."""
    return cert.name == SERVER and cert.with_name(CA_KEY).exists()


def due(cert: Path, names: Names, now: datetime | None = None) -> bool:
    """Whether a certificate ends soon or lacks a name that this machine has now. Raises Failed."""
    leaf = _read_certificate(cert)
    covered = _names_of(leaf)
    lacking = (set(names.hosts) - set(covered.hosts)) | (set(names.addresses) - set(covered.addresses))
    return bool(lacking) or leaf.not_valid_after_utc - (now or _now()) < timedelta(days=RENEW_DAYS)


def make(folder: Path, names: Names, *, new_authority: bool = False, now: datetime | None = None) -> Made:
    """Make a certificate for these names, and the authority where there is none. Raises Failed."""
    _need_library()
    now = now or _now()
    if now < datetime.fromtimestamp(RELEASED / 1000, UTC):
        raise Failed("the clock of this machine is not set: a certificate made now would not be valid later")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = new_authority or not (folder / CA_KEY).exists()
        if fresh:
            _make_authority(folder, names, now)
        authority = _read_certificate(folder / CA)
        _check(authority, names, now)
        until = _make_leaf(folder, authority, names, now)
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}") from error
    from cryptography.hazmat.primitives import hashes

    return Made(fresh, names, authority.fingerprint(hashes.SHA256()).hex(":").upper(), until)


def _make_authority(folder: Path, names: Names, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = _named(f"Telltale of {names.hosts[0]} ({now:%Y-%m-%d})")
    permitted: list[x509.GeneralName] = [x509.DNSName(one) for one in dict.fromkeys((*LOCAL_NAMES, *names.hosts))]
    permitted += [x509.IPAddress(ip_network(one)) for one in LOCAL_NETWORKS]
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _begin(who, who, key.public_key(), now, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    # not critical, though RFC 5280 wants it: Mbed TLS and BearSSL refuse what they cannot check, browsers check anyway
    builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=False)
    made = _signed(builder, key, key)
    _write(folder / CA_KEY, _key_text(key), 0o600)
    _write(folder / CA, _text(made), 0o644)


def _make_leaf(folder: Path, authority: x509.Certificate, names: Names, now: datetime) -> datetime:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    signer = serialization.load_pem_private_key((folder / CA_KEY).read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise Failed(f"{folder / CA_KEY} is not a key that this command made")
    key = ec.generate_private_key(ec.SECP256R1())
    hosts = [x509.DNSName(one) for one in names.hosts]
    alternatives = x509.SubjectAlternativeName([*hosts, *(x509.IPAddress(one) for one in names.addresses)])
    days = min(LEAF_DAYS, (authority.not_valid_after_utc - now).days)
    builder = _begin(_named(names.hosts[0]), authority.subject, key.public_key(), now, days)
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made = _signed(builder, key, signer)
    _write(folder / SERVER, _text(made) + _key_text(key), 0o600)
    return made.not_valid_after_utc


def _check(authority: x509.Certificate, names: Names, now: datetime) -> None:
    """Whether the authority can still speak, and for these names. Raises Failed."""
    from cryptography import x509

    again = "make a new authority with --new-ca; everyone has to trust that one anew"
    if authority.not_valid_after_utc - now < timedelta(days=RENEW_DAYS):
        raise Failed(f"the authority ends on {authority.not_valid_after_utc:%Y-%m-%d}: {again}")
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    allowed = [one.value for one in constraints if isinstance(one, x509.DNSName)]
    for host in names.hosts:
        if not any(host == one or host.endswith(f".{one}") for one in allowed):
            raise Failed(f"the authority may not speak for {host}: {again}")


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of devices may be behind
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    if key is not signer:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(issuer, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _named(text: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text[:64])])


def _names_of(leaf: x509.Certificate) -> Names:
    from cryptography import x509

    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [one for one in found.get_values_for_type(x509.IPAddress) if isinstance(one, Address)]
    return Names(tuple(found.get_values_for_type(x509.DNSName)), tuple(addresses))


def _need_library() -> None:
    from importlib.util import find_spec

    if find_spec("cryptography") is None:
        raise Failed("this needs the package cryptography: pip install 'cryptography>=46'")


def _read_certificate(path: Path) -> x509.Certificate:
    _need_library()
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Failed(f"{path} cannot be read: {error}") from error


def _text(made: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return made.public_bytes(Encoding.PEM)


def _key_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step; nobody else can read it for a moment."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _interfaces() -> Iterator[str]:
    import ifaddr

    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            yield one.ip if isinstance(one.ip, str) else one.ip[0]


def _inside(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _now() -> datetime:
    return datetime.fromtimestamp(wall_ms() // 1000, UTC)
