"""One-time codes: the vectors of the standards, drift, and codes that were used."""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from telemetry import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
"""The secret of the vectors: RFC 4226, appendix D, and RFC 6238, appendix B."""
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
TOTP = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
NOW = 1_800_000_000_000
STEP = NOW // totp.STEP_MS


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP)))
def test_codes_are_those_of_rfc_4226(step: int, code: str) -> None:
    assert totp.code_at(SECRET, step) == code


@pytest.mark.parametrize(("seconds", "code"), list(TOTP.items()))
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Of the eight digits there, six are shown."""
    assert totp.matching_step(SECRET, code, seconds * 1000) == seconds // 30


def test_a_phone_may_be_a_step_ahead_or_behind() -> None:
    fits = {drift: totp.matching_step(SECRET, totp.code_at(SECRET, STEP + drift), NOW) for drift in range(-2, 3)}
    assert fits == {-2: None, -1: STEP - 1, 0: STEP, 1: STEP + 1, 2: None}


def test_a_code_that_was_used_or_is_older_fits_no_more() -> None:
    for drift in (-1, 0):
        assert totp.matching_step(SECRET, totp.code_at(SECRET, STEP + drift), NOW, after=STEP) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, STEP + 1), NOW, after=STEP) == STEP + 1


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "1e1000", "\0" * 6])
def test_what_is_no_code_never_fits(wrong: str) -> None:
    assert totp.matching_step(SECRET, wrong, NOW) is None


def test_a_code_may_be_written_with_spaces() -> None:
    code = totp.code_at(SECRET, STEP)
    assert totp.matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW) == STEP


def test_a_clock_before_1970_fits_nothing_and_breaks_nothing() -> None:
    assert totp.matching_step(SECRET, "123456", 0) is None


def test_a_secret_has_160_random_bits() -> None:
    secrets = {totp.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(base64.b32decode(one)) == 20 for one in secrets)


def test_an_app_reads_who_and_where_from_the_address() -> None:
    parts = urlsplit(totp.uri("ABC", "Jörg & Co/1"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Telltale:Jörg & Co/1"
    assert parse_qs(parts.query) == {"secret": ["ABC"], "issuer": ["Telltale"]}


def test_recovery_codes_are_many_random_and_easy_to_write_down() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", one) for one in codes)
    one = codes[0]
    assert totp.recovery_hash(one.upper().replace("-", " ")) == totp.recovery_hash(one)
    assert len({totp.recovery_hash(code) for code in codes}) == totp.RECOVERY_CODES
    assert totp.recovery_hash("\ud800") != totp.recovery_hash("")
