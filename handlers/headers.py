"""The security headers of every answer, whatever its status."""

from __future__ import annotations

from handlers.places import strict, trustworthy

HSTS_AGE = 31_536_000
"""Seconds: a year, the least that ASVS 5.0 (V3.4.1) takes."""
UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
"""What a browser could give a page, and no page here asks for."""
PERMISSIONS = ", ".join(f"{one}=()" for one in UNUSED)


def security_headers(nonce: str, host: str, *, secure: bool, hsts: str) -> list[tuple[str, str]]:
    """Scripts and styles come from here or carry the nonce; ``host`` is the name that was asked, ``secure``: by https.

    ``hsts`` is the setting of that name.
    """
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self';"
        f" img-src 'self' data:; font-src 'self'; manifest-src 'self'; script-src 'self' 'nonce-{nonce}';"
        f" style-src 'self' 'nonce-{nonce}'"
    )
    found = [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
        ("Cache-Control", "no-store"),
    ]
    if secure or trustworthy(host):
        found.append(("Cross-Origin-Opener-Policy", "same-origin"))  # elsewhere browsers log it as an error
    if secure and strict(host, hsts):
        found.append(("Strict-Transport-Security", f"max-age={HSTS_AGE}"))
    return found
