"""``server.py cert``, as people give it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path

from tests.support import Server, run_server_py, wait_until
from tests.tls import ask, serial


def test_from_nothing_to_https_by_what_the_command_says(server: Callable[..., Server], tmp_path: Path) -> None:
    """Its lines put into config.ini, its authority trusted: nothing else is needed."""
    config = tmp_path / "config.ini"
    config.write_text("[server]\nmdns_name = boiler\n")
    said = run_server_py("--config", str(config), "cert")
    assert said.returncode == 0, said.stderr
    assert "boiler.local" in said.stdout
    lines = dict(line.strip().split(" = ") for line in said.stdout.splitlines() if line.startswith("    tls_"))
    assert lines == {"tls_cert": "tls/server.pem", "tls_key": "tls/server.pem"}
    one = server({f"server.{key}": value for key, value in lines.items()}, directory=tmp_path)
    assert one.scheme == "https"
    trusted = ssl.create_default_context(cafile=tmp_path / "tls" / "ca.pem")
    assert json.loads(ask(one, "GET", "/healthz", trusted).body)["status"] == "ok"
    assert ask(one, "GET", "/healthz", trusted, name="boiler.local").status == 200

    before = serial(one, trusted)
    again = run_server_py("--config", str(one.config), "cert")
    assert again.returncode == 0, again.stderr
    assert "authority:" not in again.stdout
    assert "takes it within seconds" in again.stdout
    wait_until(lambda: serial(one, trusted) != before)


def test_what_another_made_is_left_alone(tmp_path: Path) -> None:
    config = tmp_path / "config.ini"
    config.write_text("[server]\ntls_cert = fullchain.pem\ntls_key = privkey.pem\n")
    said = run_server_py("--config", str(config), "cert")
    assert said.returncode == 1
    assert "whoever made it renews it" in said.stderr
    assert not (tmp_path / "tls").exists()


def test_a_new_authority_is_made_only_when_asked_for(tmp_path: Path) -> None:
    config = tmp_path / "config.ini"
    config.write_text("")
    first = run_server_py("--config", str(config), "cert").stdout
    assert "SHA-256" in first
    authority = (tmp_path / "tls" / "ca.pem").read_bytes()
    assert "SHA-256" not in run_server_py("--config", str(config), "cert").stdout
    assert (tmp_path / "tls" / "ca.pem").read_bytes() == authority
    assert "SHA-256" in run_server_py("--config", str(config), "cert", "--new-ca").stdout
    assert (tmp_path / "tls" / "ca.pem").read_bytes() != authority
