"""Guards of what pages show: names as text, never as markup; nothing that a log or a spreadsheet obeys."""

from __future__ import annotations

from tests.security.guards.guard import Guard

T_INERT = "tests/e2e/test_inert.py::"

GUARDS = (
    Guard(
        20,
        "tokens-are-hidden-in-the-log",
        "handlers/credentials.py",
        'address = _SECRET.sub(r"\\1***", hidden_path(unquote(request.uri or "")))',
        'address = hidden_path(unquote(request.uri or ""))',
        ("tests/handlers/test_login.py::test_no_secret_is_in_the_log",),
    ),
    Guard(
        20,
        "tokens-in-paths-are-hidden-in-the-log",
        "handlers/credentials.py",
        'return _IN_PATH.sub(r"\\1***", path)',
        "return path",
        ("tests/security/test_canaries.py::test_no_secret_is_in_anything_that_a_server_leaves_behind",),
    ),
    Guard(
        21,
        "passwords-in-addresses-are-hidden",
        "handlers/credentials.py",
        "(?:token|password|passkey|p|u|x-aio-key)=",
        "(?:token)=",
        ("tests/security/test_canaries.py::test_no_secret_is_in_anything_that_a_server_leaves_behind",),
    ),
    Guard(
        22,
        "a-line-of-the-log-is-plain-text",
        "handlers/credentials.py",
        '.encode("unicode_escape").decode("ascii")',
        "",
        ("tests/handlers/test_credentials.py::test_a_log_line_is_one_line_of_plain_text",),
    ),
    Guard(
        23,
        "templates-escape",
        "handlers/rendering.py",
        "autoescape=select_autoescape()",
        "autoescape=False",
        ("tests/handlers/test_pages.py::test_name_of_who_looks_is_escaped",),
    ),
    Guard(
        23,
        "tiles-show-names-as-text",
        "static/js/ui/tile.js",
        "title=${series.metric}>${title}</a>",
        "title=${series.metric} .innerHTML=${title}></a>",
        (T_INERT + "test_names_are_text_on_the_overview",),
    ),
    Guard(
        23,
        "legends-show-names-as-text",
        "static/js/ui/figure.js",
        '"offstage" : "name"}>${named(line)}</span>',
        '"offstage" : "name"} .innerHTML=${named(line)}></span>',
        (T_INERT + "test_names_are_text_on_the_pages_of_a_device_and_a_series",),
    ),
    Guard(
        26,
        "cells-are-no-formulas",
        "telemetry/exchange/cells.py",
        "if text[:1] in GUARDED or not text.strip()",
        "if not text.strip()",
        ("tests/telemetry/exchange/test_cells.py::test_no_text_begins_as_a_formula",),
    ),
)
