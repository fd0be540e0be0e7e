"""The 52 rows of the screen: what an operator may rely on, and the tests that show each.

``tests/contracts/test_rows.py`` holds that each row has a test that exists and runs in a browser, or says what it waits
for. A test is named ``file::function``, the file within ``tests/e2e``.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One row: what holds, its ``tests``, and what it ``waits`` for where a part of it does not exist yet."""

    holds: str
    tests: tuple[str, ...] = ()
    waits: str = ""


ALARMS = "there are no alarm rules yet"

ROWS: dict[int, Row] = {
    # first run
    1: Row(
        "no device: the page says what to do",
        (
            "test_overview.py::test_row_1_without_a_device_the_page_says_what_to_do",
            "test_onboarding.py::test_an_empty_page_leads_to_the_dialog_and_shows_a_code_for_the_phone",
        ),
    ),
    2: Row(
        "the first reading of a device is a tile within 2 s",
        ("test_overview.py::test_row_2_the_first_sample_of_a_device_is_a_tile_within_two_seconds",),
    ),
    3: Row(
        "a new metric appears by itself and nothing jumps",
        ("test_overview.py::test_row_3_a_new_metric_appears_and_nothing_jumps",),
    ),
    4: Row(
        "after reordering and hiding, a new device still appears",
        ("test_arrange.py::test_row_4_after_reordering_and_hiding_a_new_device_still_appears",),
    ),
    5: Row(
        "adding a device offers snippets with host and token filled in",
        ("test_onboarding.py::test_row_5_the_dialog_offers_snippets_with_host_and_token_filled_in",),
    ),
    6: Row(
        "each snippet, run as it is copied, makes its tile appear",
        ("test_onboarding.py::test_row_6_each_snippet_run_as_it_is_copied_makes_its_tile_appear",),
    ),
    7: Row("copying works on a plain host name", ("test_plain_host.py::test_row_7_copying_works_and_says_so",)),
    8: Row(
        "it waits for the first reading, and shows it",
        ("test_onboarding.py::test_row_8_it_waits_for_the_first_reading_and_shows_it",),
    ),
    # truthful data
    9: Row(
        "an old value is dim and says so",
        (
            "test_overview.py::test_row_9_a_stale_tile_says_so_in_words",
            "test_truth.py::test_rows_9_10_and_13_live_stale_offline_and_lost_are_told_apart",
        ),
    ),
    10: Row(
        "no number without its age: when a device stops, no tile looks live",
        (
            "test_overview.py::test_row_10_when_a_device_stops_no_tile_looks_live",
            "test_truth.py::test_rows_9_10_and_13_live_stale_offline_and_lost_are_told_apart",
        ),
    ),
    11: Row(
        "a gap breaks the line",
        (
            "test_dashboard.py::test_gap_is_drawn_as_a_gap",
            "test_truth.py::test_rows_11_and_12_the_line_has_its_gaps_and_ends_while_the_axis_goes_on",
        ),
    ),
    12: Row(
        "the line ends at the last reading while the axis moves on",
        ("test_truth.py::test_rows_11_and_12_the_line_has_its_gaps_and_ends_while_the_axis_goes_on",),
    ),
    13: Row(
        "offline, server lost and paused have a text and a sign each",
        (
            "test_truth.py::test_rows_9_10_and_13_live_stale_offline_and_lost_are_told_apart",
            "test_truth.py::test_row_13_paused_is_neither_lost_nor_offline",
        ),
    ),
    14: Row(
        "a half-open link is noticed within 3 s, and all values dim",
        (
            "test_truth.py::test_row_14_a_half_open_link_is_told_in_three_seconds_and_all_values_dim",
            "test_outages.py::test_a_silent_link_dims_every_value_within_three_seconds",
        ),
    ),
    15: Row(
        "reconnecting never gives up and never reloads the page of a server that is away",
        ("test_truth.py::test_row_15_reconnecting_never_gives_up",),
    ),
    16: Row(
        "after a reconnection nothing is missing and nothing is there twice",
        (
            "test_truth.py::test_row_16_after_a_reconnection_nothing_is_missing_and_nothing_twice",
            "test_dashboard.py::test_server_restart_needs_no_reload_and_the_gap_fills_in",
        ),
    ),
    17: Row(
        "a wrong clock is told on the device",
        (
            "test_truth.py::test_row_17_a_wrong_clock_is_told_on_the_device_and_to_it",
            "test_last_known.py::test_a_wrong_clock_and_poison_are_shown_live",
        ),
    ),
    18: Row(
        "odd values are shown as what they are",
        (
            "test_overview.py::test_row_18_odd_values_are_shown_as_what_they_are",
            "test_truth.py::test_row_18_odd_values_break_no_chart",
        ),
    ),
    19: Row(
        "ages are by the server's clock",
        (
            "test_truth.py::test_row_19_ages_are_by_the_servers_clock",
            "test_outages.py::test_ages_are_by_the_servers_clock",
        ),
    ),
    # time and charts
    20: Row(
        "live, paused or history is always said, and one click is live",
        ("test_time.py::test_row_20_badge_is_always_there_moving_leaves_live_and_one_click_returns",),
    ),
    21: Row(
        "while paused, readings are kept and counted",
        ("test_time.py::test_row_21_paused_buffers_counts_what_is_new_and_loses_nothing",),
    ),
    22: Row("presets, and any span in words", ("test_time.py::test_row_22_presets_and_any_span_in_the_grammar",)),
    23: Row(
        "drag zooms, shift-drag moves, the wheel zooms, a double click is live",
        (
            "test_time.py::test_row_23_drag_zooms_shift_drag_moves_the_wheel_with_ctrl_zooms_and_double_click_is_live",
            "test_dashboard.py::test_drag_zooms_and_double_click_goes_back_to_live",
        ),
    ),
    24: Row(
        "one finger moves, two zoom, a double tap is live",
        ("test_time.py::test_row_24_one_finger_moves_two_zoom_up_and_down_scrolls_and_a_double_tap_is_live",),
    ),
    25: Row(
        "the crosshair stands at one time on all charts",
        ("test_time.py::test_row_25_the_crosshair_stands_at_the_same_time_everywhere_with_every_value",),
    ),
    26: Row(
        "a zoom is one of all charts, unless that is switched off",
        ("test_time.py::test_row_26_a_zoom_is_one_of_all_charts_unless_that_is_switched_off",),
    ),
    27: Row(
        "two units have two axes",
        ("test_charts.py::test_row_27_two_units_have_two_axes_and_a_third_a_chart_of_its_own",),
    ),
    28: Row(
        "numbers have sane digits and the locale's marks, in columns",
        ("test_formats.py::test_row_28_numbers_have_sane_digits_and_the_marks_of_the_locale",),
    ),
    29: Row(
        "thresholds are drawn, kept with the series, and a breach is told by sign and words",
        (
            "test_charts.py::test_row_29_thresholds_are_drawn_and_a_breach_is_told_in_words",
            "test_thresholds.py::test_row_29_thresholds_are_kept_with_the_series_and_told_wherever_it_is_shown",
        ),
    ),
    30: Row(
        "notes stand at their time on all charts, and leave as a file",
        (
            "test_annotations.py::test_a_note_is_drawn_and_told_under_the_pointer",
            "test_annotations.py::test_row_30_notes_leave_as_a_file",
        ),
    ),
    31: Row(
        "a spike of one reading is seen at 30 days",
        ("test_charts.py::test_row_31_a_spike_of_one_sample_is_seen_at_thirty_days",),
    ),
    32: Row(
        "the time zone is chosen and said; days of a clock change have their hours",
        (
            "test_formats.py::test_row_32_days_of_a_clock_change_have_their_hours",
            "test_access.py::test_language_and_time_zone_are_chosen_and_kept",
            "test_explore.py::test_heat_map_has_the_hours_that_clocks_have",
        ),
    ),
    33: Row(
        "the legend hides by click and key, alt leaves one alone",
        ("test_charts.py::test_row_33_legend_hides_by_click_and_key_and_alt_leaves_one_alone",),
    ),
    34: Row(
        "CSV is what is shown, in UTC, with units",
        ("test_charts.py::test_row_34_csv_is_what_is_shown_with_utc_times_and_units",),
    ),
    # state and keys
    35: Row(
        "the address holds what is shown",
        ("test_time.py::test_row_35_the_address_holds_what_is_shown_after_a_reload_and_in_another_browser",),
    ),
    36: Row(
        "Back undoes zooms, live adds nothing to go back to",
        ("test_time.py::test_row_36_back_undoes_zooms_and_live_adds_nothing_to_go_back_to",),
    ),
    37: Row("keys do what their list says", ("test_time.py::test_row_37_keys_do_what_their_list_says",)),
    38: Row(
        "keys are off while typing",
        ("test_time.py::test_row_38_keys_are_off_while_typing_with_ctrl_and_when_switched_off",),
    ),
    # alarms
    39: Row("a firing alarm is in the title, the icon and a list", waits=ALARMS),
    40: Row("sound only after a gesture", waits=ALARMS),
    41: Row("flapping gives one alarm", waits=ALARMS),
    # kiosk and phone
    42: Row(
        "a wall fits and reads at three metres",
        (
            "test_kiosk.py::test_a_wall_fits_without_scrolling_and_reads_from_three_metres",
            "test_kiosk.py::test_row_42_the_wall_of_the_overview_is_as_people_arranged_it",
        ),
    ),
    43: Row(
        "a wall survives restarts, upgrades and a day",
        (
            "test_kiosk.py::test_a_wall_survives_restarts_and_loads_a_new_build_only_from_a_server_that_is_up",
            "test_kiosk.py::test_a_day_of_the_wall_s_own_time_changes_nothing",
            "test_screens.py::test_a_screen_survives_restarts_and_takes_a_new_build",
        ),
    ),
    44: Row(
        "a phone has one column and targets for a finger",
        (
            "test_overview.py::test_row_44_a_phone_has_one_column_and_targets_for_a_finger",
            "test_charts.py::test_pages_fit_every_screen",
        ),
    ),
    45: Row(
        "a frozen page is complete within a second of waking, by one request",
        (
            "test_truth.py::test_row_45_a_frozen_tab_is_complete_and_current_within_a_second_by_one_request",
            "test_kiosk.py::test_a_frozen_page_is_complete_within_a_second_of_waking_by_one_request",
        ),
    ),
    # access
    46: Row("axe finds nothing", ("test_access.py::test_axe_finds_nothing_on_any_page",)),
    47: Row(
        "all is done by keyboard",
        (
            "test_arrange.py::test_row_47_tiles_are_moved_resized_hidden_and_pinned_by_keys",
            "test_access.py::test_focus_is_seen_and_goes_through_the_page_in_order",
            "test_access.py::test_the_first_tab_stop_leads_past_the_bar",
        ),
    ),
    48: Row(
        "a chart is a figure in words, by keys, and a table",
        ("test_charts.py::test_row_48_a_chart_is_a_figure_in_words_by_keys_and_as_a_table",),
    ),
    49: Row("no live region speaks each value", ("test_access.py::test_no_live_region_speaks_while_values_come",)),
    50: Row(
        "colours can be told apart, and forced ones leave all visible",
        ("test_access.py::test_forced_colours_leave_states_and_lines_visible",),
    ),
    51: Row(
        "less motion and the system's theme are honoured, a choice is kept",
        (
            "test_access.py::test_nothing_moves_where_less_motion_is_wanted",
            "test_access.py::test_a_theme_follows_the_system_until_one_is_chosen",
        ),
    ),
    52: Row(
        "paper is white, says what it shows, and has no controls",
        ("test_access.py::test_paper_is_white_says_what_it_shows_and_has_no_controls",),
    ),
}
