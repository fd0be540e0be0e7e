"""Guards of the files and the settings."""

from __future__ import annotations

from tests.security.guards.guard import Guard

T_REMOVAL = "tests/telemetry/test_removal.py::"

GUARDS = (
    Guard(
        37,
        "names-are-bound-to-statements",
        "telemetry/store/blocked.py",
        'VALUES (?, ?, ?, ?)", row)',
        'VALUES (\'" + row.device.replace("\'", "\'\'") + "\', ?, ?, ?)", row[1:])',
        ("tests/security/test_sql.py::test_no_statement_holds_what_a_device_said",),
    ),
    Guard(
        40,
        "an-unknown-setting-stops-the-start",
        "telemetry/setting_loading.py",
        'raise SettingsError(_unknown(f"setting {name} in {config}", name, SETTINGS))',
        "continue",
        ("tests/telemetry/test_settings.py::test_a_misspelt_name_of_any_setting_stops_the_start",),
    ),
    Guard(
        41,
        "the-demo-listens-on-this-machine-only",
        "telemetry/settings.py",
        'address="127.0.0.1"',
        'address=""',
        ("tests/test_server.py::test_demo_needs_no_login_listens_on_loopback_only_and_has_live_devices",),
    ),
    Guard(
        42,
        "the-database-is-private",
        "telemetry/store/db.py",
        "os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)",
        "os.open(self.path, os.O_CREAT | os.O_RDWR, 0o666)",
        (
            "tests/telemetry/store/test_db.py::test_database_file_is_private",
            "tests/security/test_files.py::test_every_file_that_a_server_makes_is_for_its_owner_only",
        ),
    ),
    Guard(
        42,
        "the-control-socket-is-private",
        "telemetry/control.py",
        "umask = os.umask(0o177)",
        "umask = os.umask(0)",
        ("tests/telemetry/test_control.py::test_a_request_gets_its_answer_through_a_private_socket",),
    ),
    Guard(
        43,
        "tornado-has-a-floor",
        "pyproject.toml",
        '"tornado>=6.6.1",',
        '"tornado>=6.4",',
        ("tests/security/test_floors.py::test_no_floor_is_below_what_was_mended",),
    ),
    Guard(
        44,
        "what-was-removed-is-wiped",
        "telemetry/removal.py",
        "        await self._wipe()\n",
        "",
        (T_REMOVAL + "test_nothing_of_it_is_left_in_memory_in_the_database_or_in_the_bytes_of_its_files",),
    ),
    Guard(
        44,
        "a-bug-tells-nothing",
        "handlers/base.py",
        "self.refuse(status_code, code, message)",
        'self.refuse(status_code, code, f"{message}: {error}")',
        ("tests/security/test_failing.py::test_a_fault_while_a_credential_is_looked_at_lets_nobody_in",),
    ),
)
