"""The 44 things that must hold, each with the tests that show it.

``test_rows.py`` holds that none is without a test, that each named test exists, and that each has a guard that can be
taken out (``tests/security/guards``), so that its test is seen to fail without it. Sources: OWASP ASVS 5.0, the OWASP
cheat sheets on WebSockets and passwords, ETSI EN 303 645, and what others were caught by.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import NamedTuple

from tests.contracts import source


class Row(NamedTuple):
    """What must hold, and its tests as pytest names them."""

    holds: str
    tests: tuple[str, ...]


HERE = "tests/security/test_"
HANDLERS = "tests/handlers/test_"
TELEMETRY = "tests/telemetry/test_"
DEVICES = "tests/devices/test_"

ROWS: dict[int, Row] = {
    1: Row(
        "no account ships; a fresh server lets in who has the link from its terminal, and no one else",
        (
            HERE + "first_start.py::test_the_link_of_every_fresh_server_is_another",
            HERE + "first_start.py::test_no_account_ships_and_no_usual_password_opens",
            HERE + "first_start.py::test_a_fresh_server_shows_nothing_but_the_way_in",
        ),
    ),
    2: Row(
        "the first account is made once: not again, and by one of many who try at once",
        (
            HANDLERS + "login.py::test_a_fresh_server_prints_a_link_that_makes_one_admin",
            TELEMETRY + "people.py::test_without_users_there_is_one_setup_link_and_fifty_visitors_make_one_admin",
            "tests/telemetry/store/test_accounts.py::test_the_first_user_is_only_first_without_any_other",
        ),
    ),
    3: Row(
        "passwords are kept as slow salted hashes, made beside the event loop",
        (
            TELEMETRY + "passwords.py::test_twenty_logins_at_once_do_not_stop_the_loop",
            HERE + "secrets.py::test_a_password_is_kept_as_a_slow_hash_with_its_own_salt",
        ),
    ),
    4: Row(
        "guessing is slow from one address and at one account, and locks no owner out",
        (
            HANDLERS + "login.py::test_guessing_is_slowed_down_without_locking_the_door",
            TELEMETRY + "throttle.py::test_ten_thousand_tries_from_one_address_do_not_lock_the_owner_out",
            TELEMETRY + "throttle.py::test_many_addresses_together_are_slowed_down_at_one_account",
        ),
    ),
    5: Row(
        "no answer tells by its text, status or time whether a user exists",
        (
            HANDLERS + "login.py::test_a_wrong_password_and_an_unknown_name_get_the_same_answer",
            HERE + "enumeration.py::test_two_hundred_logins_each_do_not_tell_a_user_from_a_stranger",
        ),
    ),
    6: Row(
        "a login makes a session of its own; one that was planted stays worthless",
        (
            HANDLERS + "login.py::test_a_login_ignores_the_cookie_that_was_there",
            TELEMETRY + "people.py::test_a_session_id_that_the_browser_brings_along_is_never_taken",
        ),
    ),
    7: Row(
        "a session is a random token, kept as its hash",
        (
            TELEMETRY + "sessions.py::test_a_session_lasts_over_a_restart_and_is_stored_as_its_hash_only",
            HERE + "canaries.py::test_no_secret_is_in_anything_that_a_server_leaves_behind",
        ),
    ),
    8: Row(
        "a logout ends the session on the server",
        (HANDLERS + "login.py::test_logout_ends_the_session_on_the_server_and_its_sockets",),
    ),
    9: Row(
        "open sockets end within a second of logout, expiry, another password or role, revocation and removal",
        (
            HANDLERS + "login.py::test_logout_ends_the_session_on_the_server_and_its_sockets",
            HANDLERS + "account.py::test_another_password_ends_every_login_and_socket_but_gives_this_browser_a_new_one",
            HANDLERS + "account.py::test_a_login_ends_by_itself",
            HANDLERS + "people.py::test_another_role_ends_the_logins_and_holds_from_then_on",
            HANDLERS + "people.py::test_who_is_removed_is_out_at_once",
            HANDLERS + "live_socket.py::test_revoked_token_closes_its_sockets_within_a_second",
            HANDLERS + "stream.py::test_revoked_token_ends_the_stream_within_a_second",
            HANDLERS + "poll.py::test_revoked_token_ends_the_wait_within_a_second",
            HANDLERS + "reading.py::test_a_revoked_token_ends_every_download_within_a_second_and_it_shows",
            HANDLERS + "tokens.py::test_an_expired_token_ends_with_its_socket",
            HANDLERS + "screens.py::test_a_revoked_link_ends_at_once_and_says_so",
        ),
    ),
    10: Row(
        "a session ends when it is idle and when it is old, whatever the wall clock does",
        (
            TELEMETRY + "sessions.py::test_steps_of_the_wall_clock_neither_end_nor_revive_a_session",
            TELEMETRY + "sessions.py::test_a_session_that_is_not_used_ends_and_one_that_is_does_not",
            TELEMETRY + "sessions.py::test_steps_of_the_wall_clock_do_not_make_a_session_idle",
        ),
    ),
    11: Row(
        "the cookie is out of reach of scripts and other sites, and bound to https where there is https",
        (
            HANDLERS + "login.py::test_the_cookie_is_for_this_server_and_out_of_reach_of_scripts",
            HANDLERS + "login.py::test_over_https_the_cookie_is_bound_to_it",
            HANDLERS + "forwarding.py::test_https_that_a_proxy_speaks_binds_cookie_and_browser_as_our_own_would",
        ),
    ),
    12: Row(
        "both sockets take only origins that are their own or listed, also when names are rebound",
        (
            HANDLERS + "base.py::test_both_sockets_look_at_the_origin",
            HANDLERS + "base.py::test_rebinding_is_refused_though_origin_and_host_agree",
        ),
    ),
    13: Row(
        "every route and socket answers only to names of this server",
        (
            HANDLERS + "base.py::test_a_foreign_host_is_421_on_every_route",
            HANDLERS + "base.py::test_sockets_are_refused_before_the_upgrade",
        ),
    ),
    14: Row(
        "a page of another site changes nothing, by any method of any route",
        (
            "tests/contracts/test_routes.py::test_unsafe_method_from_a_foreign_page_is_refused",
            HANDLERS + "login.py::test_forms_from_other_pages_are_refused",
        ),
    ),
    15: Row(
        "reading changes nothing",
        (HERE + "reading.py::test_reading_every_address_leaves_the_database_as_it_was",),
    ),
    16: Row(
        "every route and every socket message has a decision on who may use it",
        (
            HERE + "matrix.py::test_no_route_is_missing_and_none_is_made_up",
            HERE + "matrix.py::test_every_route_answers_every_role_as_the_table_says",
            HERE + "matrix.py::test_every_command_of_the_live_socket_answers_every_role_as_the_table_says",
            HANDLERS + "base.py::test_a_handler_without_a_decision_cannot_be_defined",
            "tests/contracts/test_scopes.py::test_every_other_way_is_closed",
        ),
    ),
    17: Row(
        "each device has a token of its own: 256 bits, hashed, revocable, and out within a second",
        (
            HANDLERS + "device_socket.py::test_revoked_token_closes_its_socket_within_a_second",
            HERE + "secrets.py::test_tokens_are_256_random_bits",
            HERE + "secrets.py::test_what_is_kept_of_tokens_opens_nothing",
            TELEMETRY
            + "device_tokens.py::test_the_old_token_and_its_sockets_end_with_the_grace_whatever_the_wall_clock_says",
        ),
    ),
    18: Row(
        "who a device is comes from its credential, never from its message",
        (
            HERE + "devices.py::test_a_device_that_writes_as_another_stores_nothing",
            HANDLERS + "base.py::test_a_token_speaks_for_its_own_device_only",
            HANDLERS + "foreign.py::test_a_device_says_nothing_of_another_one",
        ),
    ),
    19: Row(
        "only the whole token opens, and the time of a comparison tells nothing",
        (
            TELEMETRY + "auth.py::test_only_the_whole_token_opens",
            TELEMETRY + "api_tokens.py::test_only_the_whole_token_fits",
        ),
    ),
    20: Row(
        "a token in an address is hidden wherever addresses are written",
        (
            HANDLERS + "login.py::test_no_secret_is_in_the_log",
            HANDLERS + "credentials.py::test_no_token_is_in_a_log_line",
            HANDLERS + "screens.py::test_the_token_is_in_no_log",
            HERE + "canaries.py::test_a_redirect_to_the_login_carries_no_token",
        ),
    ),
    21: Row(
        "no secret is in a log, a page, an error, an export, a backup or the database",
        (HERE + "canaries.py::test_no_secret_is_in_anything_that_a_server_leaves_behind",),
    ),
    22: Row(
        "what others call things cannot write a line of the log, nor command a terminal",
        (
            HANDLERS + "credentials.py::test_a_log_line_is_one_line_of_plain_text",
            HERE + "logs.py::test_names_and_paths_stay_inside_of_their_line",
            TELEMETRY + "logs.py::test_an_event_is_one_line_of_printable_characters",
            TELEMETRY + "logs.py::test_an_error_cannot_look_like_an_event",
        ),
    ),
    23: Row(
        "names are text in pages, attributes, tooltips, legends, titles and messages",
        (
            "tests/e2e/test_inert.py::test_names_are_text_on_the_overview",
            "tests/e2e/test_inert.py::test_names_are_text_on_the_pages_of_a_device_and_a_series",
            "tests/e2e/test_inert.py::test_names_are_text_on_every_other_page",
            "tests/e2e/test_inert.py::test_names_in_the_address_are_text",
            "tests/e2e/test_inert.py::test_the_watch_sees_a_payload_that_runs",
        ),
    ),
    24: Row(
        "every answer of every status has the security headers, with a policy without inline scripts",
        (
            HERE + "headers.py::test_every_status_has_every_header",
            "tests/contracts/test_errors.py::test_every_answer_of_every_route_is_well_formed",
        ),
    ),
    25: Row(
        "what is no page is never HTML",
        (
            HERE + "media_types.py::test_only_pages_are_html",
            HERE + "media_types.py::test_values_that_look_like_markup_are_escaped_text_in_json",
        ),
    ),
    26: Row(
        "no cell of a file is a formula, and negative numbers stay numbers",
        (
            "tests/telemetry/exchange/test_cells.py::test_no_text_begins_as_a_formula",
            "tests/telemetry/exchange/test_cells.py::test_negative_numbers_are_not_guarded",
            TELEMETRY + "audit_log.py::test_no_cell_is_a_formula_and_what_is_no_json_is_shown_as_it_is",
        ),
    ),
    27: Row(
        "the names of files are the server's own, whatever things are called",
        (HERE + "downloads.py::test_names_of_files_hold_nothing_that_others_chose",),
    ),
    28: Row(
        "nothing outside its folder is served, by any spelling of a path",
        (
            HERE + "paths.py::test_nothing_outside_the_folder_is_served",
            HERE + "paths.py::test_without_a_folder_neither",
        ),
    ),
    29: Row("the way back after a login stays here", (HANDLERS + "login.py::test_no_way_back_leads_elsewhere",)),
    30: Row(
        "requests of the server go nowhere that no one named, follow nothing, and end",
        (
            DEVICES + "outgoing.py::test_a_name_leads_to_no_special_address",
            DEVICES + "outgoing.py::test_no_spelling_of_this_machine_is_let_through",
            DEVICES + "outgoing.py::test_answers_are_bounded_in_size_and_time_and_lead_nowhere",
        ),
    ),
    31: Row(
        "a message is bounded on the wire and unpacked",
        (
            HERE + "messages.py::test_a_message_above_the_limit_closes_with_1009",
            HERE + "messages.py::test_compression_is_not_taken_up",
            HERE + "messages.py::test_a_bomb_costs_no_memory",
            HERE + "frames.py::test_broken_frames_harm_nobody",
        ),
    ),
    32: Row(
        "connections and messages are limited, and who is above a limit is told",
        (
            HANDLERS + "edge.py::test_one_connection_more_from_an_address_is_told_so_and_counted",
            HANDLERS + "edge.py::test_one_connection_more_in_all_is_told_so_and_counted",
            HANDLERS + "device_socket_rate.py::test_a_flood_is_answered_message_by_message_and_the_sums_hold",
            HANDLERS + "live_socket_flood.py::test_every_command_of_a_flood_is_answered_by_its_id",
        ),
    ),
    33: Row(
        "subscriptions of a socket are bounded and in its scope",
        (
            HANDLERS + "live_socket_flood.py::test_one_socket_has_only_so_many_subscriptions",
            HANDLERS + "tokens.py::test_the_live_channels_have_what_is_reached",
        ),
    ),
    34: Row(
        "a question about the past is bounded in span, points, time and memory",
        (
            HERE + "queries.py::test_a_hundred_years_cost_neither_time_nor_memory",
            HERE + "queries.py::test_more_series_or_points_than_that_are_refused",
            HANDLERS + "history.py::test_bad_query_is_refused_with_its_place",
            HANDLERS + "history.py::test_client_that_leaves_at_once_harms_no_one",
        ),
    ),
    35: Row(
        "half-sent requests are cut within 20 s",
        (HANDLERS + "edge.py::test_half_sent_requests_are_cut_in_time_and_cost_nobody_else",),
    ),
    36: Row(
        "fields, parts and nesting of a body are bounded",
        (
            HANDLERS + "edge.py::test_bodies_that_are_all_structure_are_refused_without_a_pause",
            HANDLERS + "edge.py::test_headers_beyond_the_limit_end_the_connection_only",
        ),
    ),
    37: Row(
        "what others send is a value in SQL, never a part of it",
        (HERE + "sql.py::test_no_statement_holds_what_a_device_said",),
    ),
    38: Row(
        "ids and metrics keep to their grammar, and are no pattern and no topic filter",
        (
            TELEMETRY + "names.py::test_what_is_no_name_is_none",
            TELEMETRY + "names.py::test_plus_and_hash_are_for_metrics_only",
            TELEMETRY + "names.py::test_star_is_any_characters_and_nothing_else_is_special",
        ),
    ),
    39: Row(
        "the broker's configuration that ships is closed, and each device has its own topics",
        (
            DEVICES + "broker_config.py::test_the_shipped_config_is_closed",
            DEVICES + "broker_config.py::test_every_device_writes_and_reads_its_own_leaves_and_no_neighbours",
            DEVICES + "broker_config.py::test_no_one_gets_in_without_the_right_password",
        ),
    ),
    40: Row(
        "a setting that is misspelt stops the start",
        (
            TELEMETRY + "settings.py::test_a_misspelt_name_of_any_setting_stops_the_start",
            TELEMETRY + "settings.py::test_an_unknown_setting_ends_the_program_with_status_2_and_one_line",
        ),
    ),
    41: Row(
        "the demo is for this machine only; beyond it plain http is said loudly, and a login is needed",
        (
            "tests/test_server.py::test_demo_needs_no_login_listens_on_loopback_only_and_has_live_devices",
            HERE + "first_start.py::test_plain_http_beyond_this_machine_is_said_once",
        ),
    ),
    42: Row(
        "files are for their owner only, and no secret ships",
        (
            HERE + "files.py::test_every_file_that_a_server_makes_is_for_its_owner_only",
            "tests/telemetry/store/test_db.py::test_database_file_is_private",
            TELEMETRY + "control.py::test_a_request_gets_its_answer_through_a_private_socket",
            TELEMETRY + "certificates.py::test_keys_are_for_their_owner_only",
        ),
    ),
    43: Row(
        "dependencies are at or above the versions without known holes",
        (
            "tests/contracts/test_requirements.py::test_lock_satisfies_the_floors",
            HERE + "floors.py::test_no_floor_is_below_what_was_mended",
        ),
    ),
    44: Row(
        "what fails, fails closed; a bug tells nothing; what is deleted is gone from the bytes",
        (
            HERE + "failing.py::test_a_fault_while_a_credential_is_looked_at_lets_nobody_in",
            TELEMETRY + "auth.py::test_a_failing_disk_keeps_no_revoked_credential_alive",
            HANDLERS + "base.py::test_the_log_has_bugs_but_no_tokens",
            TELEMETRY + "removal.py::test_nothing_of_it_is_left_in_memory_in_the_database_or_in_the_bytes_of_its_files",
        ),
    ),
}


@cache
def test_names(path: str) -> frozenset[str]:
    """The tests of a file, as pytest names them."""
    if not (source.ROOT / path).is_file():
        return frozenset()
    body = source.tree(path).body
    tests = (one.name for one in body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))
    return frozenset(f"{path}::{name}" for name in tests)


test_names.__test__ = False  # type: ignore[attr-defined]  # it names tests, it is none
