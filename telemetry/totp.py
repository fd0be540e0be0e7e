"""Time-based one-time codes (RFC 6238 on RFC 4226): SHA-1, 6 digits, steps of 30 s: what every app knows.

Pure: the time is handed in. A code of the step before or after is taken too, for clocks that differ. Recovery codes
have 80 random bits, stand in for a lost phone once each, and are kept as their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from urllib.parse import quote, urlencode

DIGITS = 6
STEP_MS = 30_000
DRIFT = 1
"""Steps that a phone may be ahead or behind."""
SECRET_BYTES = 20
RECOVERY_CODES = 10
ISSUER = "Telltale"


def new_secret() -> str:
    """A secret of 160 random bits as base32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def code_at(secret: str, step: int) -> str:
    """The code of a step since 1970 (RFC 4226, section 5.3)."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, code: str, now_ms: int, after: int = -1) -> int | None:
    """The step whose code this is, newer than the step ``after`` that was used last; None if it is none."""
    code = code.replace(" ", "")
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", code, re.ASCII):
        return None
    now = now_ms // STEP_MS
    found = None
    for step in range(max(0, now - DRIFT), now + DRIFT + 1):  # all, so that the time tells nothing
        if hmac.compare_digest(code_at(secret, step), code) and step > after:
            found = step
    return found


def uri(secret: str, name: str) -> str:
    """What an app reads from a QR code (the key URI format that authenticator apps share)."""
    label = quote(f"{ISSUER}:{name}", safe="")
    return f"otpauth://totp/{label}?" + urlencode({"secret": secret, "issuer": ISSUER})


def new_recovery_codes() -> list[str]:
    """Codes for when the phone is lost: 16 letters and digits in fours."""
    codes = (base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower() for _ in range(RECOVERY_CODES))
    return ["-".join(re.findall("....", code)) for code in codes]


def recovery_hash(code: str) -> str:
    """The hash under which a recovery code is kept; spaces, dashes and case do not count."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
