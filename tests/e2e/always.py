"""The browser tests of every run: a way through each page, and what must never break. All others are ``make screen``.

Each takes seconds of a core for the browser alone; all of them would double the time of the suite.
"""

from __future__ import annotations

ALWAYS = frozenset(
    {
        "test_no_page_is_left_out",
        "test_axe_finds_nothing_on_any_page[light-desktop]",
        "test_axe_finds_nothing_before_the_login",
        "test_an_operator_writes_one_by_keyboard_and_takes_it_back",
        "test_row_4_after_reordering_and_hiding_a_new_device_still_appears",
        "test_changes_are_shown_with_what_was_before_and_after",
        "test_an_empty_list_teaches_and_a_first_board_is_composed",
        "test_every_kind_shows_its_series_with_number_unit_and_limits",
        "test_the_data_page_has_a_table_per_broker[phone]",
        "test_row_27_two_units_have_two_axes_and_a_third_a_chart_of_its_own",
        "test_row_31_a_spike_of_one_sample_is_seen_at_thirty_days",
        "test_row_34_csv_is_what_is_shown_with_utc_times_and_units",
        "test_value_appears_within_a_second_and_new_devices_by_themselves",
        "test_history_and_live_join_without_a_seam",
        "test_server_restart_needs_no_reload_and_the_gap_fills_in",
        "test_waiting_device_is_accepted_with_one_click",
        "test_export_is_a_file_of_what_was_chosen",
        "test_import_takes_a_file_and_reports_its_bad_lines",
        "test_from_an_empty_page_to_a_chart_by_keyboard_and_another_browser_shows_the_same",
        "test_from_the_dashboard_to_the_messages_of_a_device_live",
        "test_g6_few_requests_and_little_to_fetch",
        "test_names_are_text_on_the_overview",
        "test_the_watch_sees_a_payload_that_runs",
        "test_a_wall_fits_without_scrolling_and_reads_from_three_metres",
        "test_a_wall_survives_restarts_and_loads_a_new_build_only_from_a_server_that_is_up",
        "test_retained_values_are_greyed_until_a_reading_comes",
        "test_row_5_the_dialog_offers_snippets_with_host_and_token_filled_in",
        "test_row_6_each_snippet_run_as_it_is_copied_makes_its_tile_appear",
        "test_row_8_it_waits_for_the_first_reading_and_shows_it",
        "test_the_overview_is_shown_when_the_layout_comes_last",
        "test_a_value_that_a_crash_took_back_is_not_shown_after_it",
        "test_row_1_without_a_device_the_page_says_what_to_do",
        "test_row_3_a_new_metric_appears_and_nothing_jumps",
        "test_row_10_when_a_device_stops_no_tile_looks_live",
        "test_adding_a_device_begins_at_the_plus",
        "test_devices_are_in_groups_and_filters_are_in_the_address",
        "test_someone_is_added_comes_in_by_the_link_gets_a_role_and_is_removed",
        "test_the_link_opens_without_a_login_and_leaves_no_secret_behind",
        "test_a_revoked_link_says_so_calmly_and_stays_that_way",
        "test_it_shows_what_the_server_says",
        "test_row_29_thresholds_are_kept_with_the_series_and_told_wherever_it_is_shown",
        "test_row_20_badge_is_always_there_moving_leaves_live_and_one_click_returns",
        "test_row_21_paused_buffers_counts_what_is_new_and_loses_nothing",
        "test_row_35_the_address_holds_what_is_shown_after_a_reload_and_in_another_browser",
        "test_a_limited_token_is_made_used_and_revoked",
        "test_row_14_a_half_open_link_is_told_in_three_seconds_and_all_values_dim[overview]",
        "test_rows_11_and_12_the_line_has_its_gaps_and_ends_while_the_axis_goes_on",
        "test_row_45_a_frozen_tab_is_complete_and_current_within_a_second_by_one_request[overview]",
    }
)
"""Names, with their parameters where only some of a test's are meant."""
