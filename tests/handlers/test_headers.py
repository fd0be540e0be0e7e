"""The security headers, by scheme and name; that every answer has them is shown in test_base.py."""

from __future__ import annotations

import pytest

from handlers.headers import UNUSED, security_headers


def headers(host: str = "pi.local", *, secure: bool = False, hsts: str = "auto") -> dict[str, str]:
    found = security_headers("abc", host, secure=secure, hsts=hsts)
    assert len(found) == len(dict(found))
    return dict(found)


def test_nothing_runs_that_is_not_ours_and_nobody_frames_us() -> None:
    policy = dict(part.strip().partition(" ")[::2] for part in headers()["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self' 'nonce-abc'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"


def test_pages_get_nothing_of_the_machine() -> None:
    assert headers()["Permissions-Policy"].count("=()") == len(UNUSED)
    assert headers()["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers()["X-Content-Type-Options"] == "nosniff"
    assert headers()["Referrer-Policy"] == "same-origin"


PLACES = [("pi.local", False, False), ("pi.local", True, True), ("localhost", False, True), ("127.0.0.1", False, True)]


@pytest.mark.parametrize(("host", "secure", "there"), PLACES)
def test_the_opener_is_cut_off_where_browsers_take_that(host: str, secure: bool, there: bool) -> None:
    assert ("Cross-Origin-Opener-Policy" in headers(host, secure=secure)) is there


def test_https_is_held_to_only_over_https() -> None:
    """RFC 6797, section 7.2: never over plain http."""
    assert headers("home.example", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in headers("home.example")
    assert "Strict-Transport-Security" not in headers("home.example", secure=True, hsts="off")
    assert "Strict-Transport-Security" in headers("pi.local", secure=True, hsts="on")
