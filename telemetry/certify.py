"""``server.py cert``: makes or renews the certificate of this machine, and says how others come to trust it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from telemetry import certificates
from telemetry.certificates import CA, CA_KEY, SERVER, Failed, Made
from telemetry.settings import Settings

FOLDER = "tls"
"""Beside config.ini, unless the settings name another."""

TRUST = (
    ("Windows", "double-click it, Install Certificate, Local Machine, Trusted Root Certification Authorities"),
    ("macOS", "double-click it, then in Keychain Access: Get Info, Trust, Always Trust"),
    ("iPhone, iPad", "open it, install the profile in Settings, then General > About > Certificate Trust Settings: on"),
    ("Android", "Settings > Security > Encryption & credentials > Install a certificate > CA certificate"),
    ("Debian", "sudo cp {ca} /usr/local/share/ca-certificates/telltale.crt && sudo update-ca-certificates"),
    ("Firefox", "Settings > Privacy & Security > View Certificates > Authorities > Import"),
    ("curl, Python", "curl --cacert {ca} …; requests.get(…, verify='{ca}')"),
    ("ESP32, ESP8266", "the text of {ca} as the root certificate of the TLS client (setCACert, cert_pem, X509List)"),
)
"""Where -> what is done there with the authority's certificate."""


def run(settings: Settings, *, new_authority: bool = False) -> Iterator[str]:
    """Make the certificate; the lines to print. Raises Failed."""
    configured = settings.server.tls_cert
    if configured is not None and configured.name != SERVER:
        raise Failed(f"[server] tls_cert is {configured}, which was not made here: whoever made it renews it")
    folder = settings.config.parent / FOLDER if configured is None else configured.parent
    made = certificates.make(folder, certificates.names_here(settings.server), new_authority=new_authority)
    yield from _report(folder, made)
    if configured is None:
        yield ""
        yield f"Put this into {settings.config} below [server], and restart the server:"
        yield f"    tls_cert = {_short(folder / SERVER, settings.config.parent)}"
        yield f"    tls_key = {_short(folder / SERVER, settings.config.parent)}"
    else:
        yield "A server that runs takes it within seconds."
    if made.authority:
        yield ""
        yield f"Everyone who connects has to trust {folder / CA} once (never {CA_KEY}, which stays here):"
        for where, how in TRUST:
            yield f"    {where}: {how.format(ca=folder / CA)}"
        yield f"The same file has this SHA-256 everywhere: {made.fingerprint}"


def _report(folder: Path, made: Made) -> Iterator[str]:
    if made.authority:
        yield f"Made an authority: {folder / CA}"
    yield f"Made a certificate: {folder / SERVER}, until {made.until:%Y-%m-%d}; the server renews it by itself."
    yield f"It is for {', '.join((*made.names.hosts, *map(str, made.names.addresses)))}."
    yield "Other names: list them in [server] allowed_hosts, and give this command again."


def _short(path: Path, base: Path) -> str:
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
