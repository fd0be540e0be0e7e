"""Guards of what devices may do: their credentials, their names, brokers."""

from __future__ import annotations

from tests.security.guards.guard import Guard

T_SOCKET = "tests/handlers/test_device_socket.py::"

GUARDS = (
    Guard(
        17,
        "a-revoked-device-is-out",
        "telemetry/device_tokens.py",
        "            self._end(device_key(device_id, held.hash))\n",
        "",
        (T_SOCKET + "test_revoked_token_closes_its_socket_within_a_second",),
    ),
    Guard(
        17,
        "an-old-token-ends-with-its-grace",
        "telemetry/device_tokens.py",
        "elif held.ends <= self._mono():",
        "elif False:",
        (
            (
                "tests/telemetry/test_device_tokens.py"
                "::test_the_old_token_and_its_sockets_end_with_the_grace_whatever_the_wall_clock_says"
            ),
        ),
    ),
    Guard(
        17,
        "who-is-blocked-stays-out-over-a-restart",
        "telemetry/blocking.py",
        "{row.device: row for row in await self._store.read(rows.every)}",
        "{}",
        (
            "tests/telemetry/test_blocking.py::test_who_is_blocked_stays_so_over_a_restart_and_every_decision_is_noted",
            "tests/handlers/test_onboarding.py::test_a_blocked_device_is_listed_and_refused_also_after_a_restart",
        ),
    ),
    Guard(
        44,
        "what-is-removed-is-wiped-from-the-files",
        "telemetry/removal.py",
        "        await self._wipe()\n",
        "",
        (
            (
                "tests/telemetry/test_removal.py"
                "::test_nothing_of_it_is_left_in_memory_in_the_database_or_in_the_bytes_of_its_files"
            ),
        ),
    ),
    Guard(
        44,
        "what-is-removed-is-blanked-in-the-journal",
        "telemetry/removal.py",
        "after: int | None = 0",
        "after: int | None = None",
        (
            (
                "tests/telemetry/test_removal.py"
                "::test_nothing_of_it_is_left_in_memory_in_the_database_or_in_the_bytes_of_its_files"
            ),
        ),
    ),
    Guard(
        17,
        "a-device-token-is-256-random-bits",
        "telemetry/device_tokens.py",
        "secrets.token_urlsafe(32)",
        "secrets.token_urlsafe(8)",
        ("tests/security/test_secrets.py::test_tokens_are_256_random_bits",),
    ),
    Guard(
        17,
        "an-id-with-a-token-needs-it",
        "telemetry/admission.py",
        'if self.policy == "token" or self._accounts.devices.has_token(device_id):',
        'if self.policy == "token":',
        (
            T_SOCKET + "test_id_with_a_token_never_speaks_without_it",
            "tests/telemetry/test_admission.py::test_an_id_that_has_a_token_never_speaks_without_it",
        ),
    ),
    Guard(
        18,
        "a-device-speaks-for-itself",
        "telemetry/accept.py",
        "if device_id != sender.id and not any(test(device_id) for test in sender.tests):",
        "if False:",
        (
            "tests/telemetry/test_accept.py::test_device_speaks_for_itself_only",
            "tests/security/test_devices.py::test_a_device_that_writes_as_another_stores_nothing",
        ),
    ),
    Guard(
        18,
        "a-token-names-its-device",
        "handlers/base.py",
        "if found is not None and any(names.device_id(one) != found.id for one in wanted):",
        "if False:",
        ("tests/handlers/test_base.py::test_a_token_speaks_for_its_own_device_only",),
    ),
    Guard(
        18,
        "formats-of-others-keep-the-identity",
        "handlers/foreign.py",
        "return device == self.sender.id or any(test(device) for test in self._tests)",
        "return True",
        ("tests/handlers/test_foreign.py::test_a_device_says_nothing_of_another_one",),
    ),
    Guard(
        38,
        "names-keep-to-the-grammar",
        "telemetry/names.py",
        "if not 1 <= len(name) <= MAX_NAME or not name.isprintable():",
        "if not 1 <= len(name) <= MAX_NAME:",
        ("tests/telemetry/test_names.py::test_what_is_no_name_is_none",),
    ),
    Guard(
        38,
        "no-id-is-a-pattern-or-a-topic-filter",
        "telemetry/names.py",
        'return _clean(text, "+#*")',
        'return _clean(text, "")',
        ("tests/telemetry/test_names.py::test_what_is_no_name_is_none",),
    ),
    Guard(
        39,
        "the-broker-takes-no-one-without-a-password",
        "devices/mosquitto/mosquitto.conf",
        "allow_anonymous false",
        "allow_anonymous true",
        ("tests/devices/test_broker_config.py::test_the_shipped_config_is_closed",),
    ),
)
