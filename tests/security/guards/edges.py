"""Guards at the edges: hosts, origins, headers, limits, files, outgoing requests."""

from __future__ import annotations

from tests.security.guards.guard import Guard

BASE = "handlers/base.py"
HEADERS = "handlers/headers.py"
EDGE = "handlers/edge.py"
OUTGOING = "devices/outgoing.py"
PLACES = "handlers/places.py"
PAGES = "handlers/pages.py"
T_BASE = "tests/handlers/test_base.py::"
T_HEADERS = "tests/security/test_headers.py::test_every_status_has_every_header"
T_PATHS = "tests/security/test_paths.py::test_nothing_outside_the_folder_is_served"

GUARDS = (
    Guard(
        12,
        "an-origin-must-be-own-or-listed",
        PLACES,
        "return origin is not None and (origin in allowed or ",
        "return origin is None or (True or ",
        (
            T_BASE + "test_both_sockets_look_at_the_origin",
            "tests/contracts/test_routes.py::test_socket_refuses_before_the_upgrade",
        ),
    ),
    Guard(
        12,
        "sockets-look-at-the-origin",
        BASE,
        "return known_origin(self.request, self.core.settings.server.allowed_origins)",
        "return True",
        (T_BASE + "test_both_sockets_look_at_the_origin",),
    ),
    Guard(
        13,
        "a-foreign-host-is-refused",
        BASE,
        "if not known_host(self.request, ",
        "if False and not known_host(self.request, ",
        (
            T_BASE + "test_a_foreign_host_is_421_on_every_route",
            T_BASE + "test_rebinding_is_refused_though_origin_and_host_agree",
        ),
    ),
    Guard(
        14,
        "unsafe-methods-look-at-the-origin",
        BASE,
        "unsafe = self.request.method not in SAFE_METHODS or self.writes_by_get or isinstance(self, WebSocketHandler)",
        "return isinstance(self, WebSocketHandler)",
        (
            "tests/contracts/test_routes.py::test_unsafe_method_from_a_foreign_page_is_refused",
            "tests/handlers/test_login.py::test_forms_from_other_pages_are_refused",
        ),
    ),
    Guard(
        15,
        "logout-is-no-link",
        "handlers/login.py",
        '    """``POST`` ends the session on the server and closes its sockets."""\n\n    async def post(',
        '    """``POST`` ends the session on the server and closes its sockets."""\n\n    async def get(',
        ("tests/security/test_reading.py::test_reading_every_address_leaves_the_database_as_it_was",),
    ),
    Guard(
        24,
        "policy-without-inline-scripts",
        HEADERS,
        "script-src 'self' 'nonce-{nonce}'",
        "script-src 'self' 'unsafe-inline'",
        (T_HEADERS,),
    ),
    Guard(24, "no-frames", HEADERS, "frame-ancestors 'none'; ", "", (T_HEADERS,)),
    Guard(24, "no-sniffing", HEADERS, '        ("X-Content-Type-Options", "nosniff"),\n', "", (T_HEADERS,)),
    Guard(24, "no-referrer-to-others", HEADERS, '"Referrer-Policy", "same-origin"', '"X-Nothing", "x"', (T_HEADERS,)),
    Guard(
        25,
        "errors-are-json",
        BASE,
        '        self.set_header("Content-Type", "application/json")\n',
        "",
        ("tests/security/test_media_types.py::test_only_pages_are_html",),
    ),
    Guard(
        25,
        "what-says-nothing-is-text",
        BASE,
        'self.set_header("Content-Type", "text/plain; charset=UTF-8")',
        "pass",
        ("tests/security/test_media_types.py::test_only_pages_are_html",),
    ),
    Guard(
        27,
        "names-of-files-are-the-servers-own",
        "handlers/export.py",
        "f'attachment; filename=\"{name}\"'",
        "'attachment; filename=' + self.get_query_argument('series', name)",
        ("tests/security/test_downloads.py::test_names_of_files_hold_nothing_that_others_chose",),
    ),
    Guard(
        30,
        "requests-go-to-public-addresses",
        OUTGOING,
        "return ip.is_global and not",
        "return True or not",
        (
            "tests/devices/test_outgoing.py::test_a_name_leads_to_no_special_address",
            "tests/devices/test_outgoing.py::test_no_spelling_of_this_machine_is_let_through",
        ),
    ),
    Guard(
        30,
        "requests-follow-no-redirect",
        OUTGOING,
        "follow_redirects=False",
        "follow_redirects=True",
        ("tests/devices/test_outgoing.py::test_answers_are_bounded_in_size_and_time_and_lead_nowhere",),
    ),
    Guard(
        32,
        "connections-of-an-address-are-limited",
        EDGE,
        'return "address" if len(self._open.get(key, ())) >= each else None',
        "return None",
        ("tests/handlers/test_edge.py::test_one_connection_more_from_an_address_is_told_so_and_counted",),
    ),
    Guard(
        32,
        "connections-are-limited",
        EDGE,
        'if self._metrics.connections >= self.limit:\n            return "all"',
        'if False:\n            return "all"',
        ("tests/handlers/test_edge.py::test_one_connection_more_in_all_is_told_so_and_counted",),
    ),
    Guard(
        32,
        "messages-of-a-device-are-limited",
        "handlers/device_socket.py",
        "self._port.overrun = wait = self._rate.take()",
        "self._port.overrun = wait = 0.0",
        ("tests/handlers/test_device_socket_rate.py::test_a_flood_is_answered_message_by_message_and_the_sums_hold",),
    ),
    Guard(
        33,
        "subscriptions-of-a-socket-are-limited",
        "telemetry/live_commands.py",
        "if len(every) > PATTERNS_MAX or _wild(every) > WILD_MAX:",
        "if False:",
        ("tests/handlers/test_live_socket_flood.py::test_one_socket_has_only_so_many_subscriptions",),
    ),
    Guard(
        34,
        "points-are-limited",
        "telemetry/history.py",
        "MAX_POINTS = 1_000_000",
        "MAX_POINTS = 100_000_000",
        ("tests/handlers/test_history.py::test_bad_query_is_refused_with_its_place",),
    ),
    Guard(
        35,
        "half-sent-headers-are-cut",
        EDGE,
        "idle_connection_timeout=HEADER_TIME",
        "idle_connection_timeout=3600",
        ("tests/handlers/test_edge.py::test_half_sent_requests_are_cut_in_time_and_cost_nobody_else",),
    ),
    Guard(
        36,
        "headers-are-limited",
        EDGE,
        "HEADERS_MAX = 32 << 10",
        "HEADERS_MAX = 32 << 20",
        ("tests/handlers/test_edge.py::test_headers_beyond_the_limit_end_the_connection_only",),
    ),
    Guard(
        36,
        "nesting-is-refused",
        "devices/codecs/json_codec.py",
        "    except RecursionError:\n",
        "    except ZeroDivisionError:\n",
        ("tests/handlers/test_edge.py::test_bodies_that_are_all_structure_are_refused_without_a_pause",),
    ),
    Guard(
        28,
        "static-files-stay-in-their-folder",
        PAGES,
        "super().validate_absolute_path(root, absolute_path)",
        "absolute_path",
        (T_PATHS,),
    ),
    Guard(28, "packed-files-have-plain-names", PAGES, r"(?P<page>[a-z_/]+\.js)", r"(?P<page>.+?\.js)", (T_PATHS,)),
    Guard(
        31,
        "a-message-is-bounded",
        "handlers/routes.py",
        "websocket_max_message_size=core.settings.server.max_message",
        "websocket_max_message_size=10 << 20",
        (
            "tests/security/test_messages.py::test_a_message_above_the_limit_closes_with_1009",
            "tests/handlers/test_live_socket.py::test_frame_that_is_too_large_closes_with_1009",
        ),
    ),
    Guard(
        31,
        "sockets-are-not-compressed",
        BASE,
        "    def set_default_headers(self) -> None:\n",
        "    def get_compression_options(self) -> dict[str, Any]:\n        return {}\n\n"
        "    def set_default_headers(self) -> None:\n",
        ("tests/security/test_messages.py::test_compression_is_not_taken_up",),
    ),
)
