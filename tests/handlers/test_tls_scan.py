"""What the server speaks under TLS, judged by sslyze, which knows nothing of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import SCALE, Server
from tests.tls import certified

ACCEPTED = {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}  # fmt: skip


def test_sslyze_finds_nothing_to_complain_of(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server(certified(tmp_path / "tls"))
    words = ["--mozilla_config=intermediate", f"--certinfo_ca_file={tmp_path / 'tls' / 'ca.pem'}"]
    command = [sys.executable, "-m", "sslyze", f"--json_out={tmp_path / 'scan.json'}", *words, f"127.0.0.1:{one.port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120 * SCALE, check=False)
    (found,) = json.loads((tmp_path / "scan.json").read_text())["server_scan_results"]

    def result(name: str) -> Any:
        assert found["scan_result"][name]["status"] == "COMPLETED", (name, done.stderr)
        return found["scan_result"][name]["result"]

    for old in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert result(f"{old}_cipher_suites")["accepted_cipher_suites"] == [], old
    modern = {one["cipher_suite"]["name"] for one in result("tls_1_2_cipher_suites")["accepted_cipher_suites"]}
    assert modern == ACCEPTED
    assert len(result("tls_1_3_cipher_suites")["accepted_cipher_suites"]) == 3
    assert not result("heartbleed")["is_vulnerable_to_heartbleed"]
    assert not result("openssl_ccs_injection")["is_vulnerable_to_ccs_injection"]
    assert result("robot")["robot_result"].startswith("NOT_VULNERABLE")
    assert not result("tls_compression")["supports_compression"]
    assert result("tls_fallback_scsv")["supports_fallback_scsv"]
    renegotiation = result("session_renegotiation")
    assert renegotiation["supports_secure_renegotiation"]
    assert not renegotiation["is_vulnerable_to_client_renegotiation_dos"]
    # X448 and P-521 are stronger than what Mozilla lists; Python 3.11 cannot leave single curves out
    complaints = set(re.findall(r"^ +\* (\w+):", done.stdout.partition("COMPLIANCE AGAINST")[2], re.MULTILINE))
    assert complaints <= {"tls_curves"}, done.stdout[-2000:]
