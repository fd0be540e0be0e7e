"""Password hashes: the same as Mosquitto's own tool makes. A broker that takes them is in test_broker_config.py."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from telemetry.mosquitto import HASH_BYTES, SALT_BYTES, password_hash


@pytest.mark.parametrize("token", ["tt_d_x", "päßwörd with blanks", "x" * 500])
def test_the_hash_is_that_of_mosquitto_passwd(tmp_path: Path, token: str) -> None:
    tool = shutil.which("mosquitto_passwd")
    assert tool, "mosquitto_passwd is missing: sudo apt install mosquitto"
    file = tmp_path / "passwd"
    subprocess.run([tool, "-b", "-c", str(file), "user", token], check=True, capture_output=True, timeout=60)
    user, _, theirs = file.read_text().strip().partition(":")
    salt = base64.b64decode(theirs.split("$")[3])
    assert (user, password_hash(token, salt)) == ("user", theirs)


def test_every_hash_has_its_own_salt() -> None:
    first, second = password_hash("x"), password_hash("x")
    assert first != second
    _, kind, iterations, salt, derived = first.split("$")
    assert (kind, iterations) == ("7", "101")
    assert (len(base64.b64decode(salt)), len(base64.b64decode(derived))) == (SALT_BYTES, HASH_BYTES)
