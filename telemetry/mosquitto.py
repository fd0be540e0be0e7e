"""Password hashes as Mosquitto's password files hold them, made when a token is issued: later no one knows it.

The form is ``$7$ITERATIONS$SALT$HASH``: PBKDF2 with HMAC-SHA512, the salt of 12 bytes and the hash of 64 in base64
(mosquitto_passwd(1) of Mosquitto 2.0; verified against 2.0.11). The broker computes it at every connect; a token has
256 random bits, which need no slow hash, so the broker's own default of 101 iterations is enough.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

ITERATIONS = 101
SALT_BYTES = 12
HASH_BYTES = 64


def password_hash(token: str, salt: bytes | None = None) -> str:
    """The hash of a token, with a salt of its own unless one is given."""
    salt = salt or secrets.token_bytes(SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", token.encode(), salt, ITERATIONS, HASH_BYTES)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"
