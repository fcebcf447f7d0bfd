"""What the console promises → the tests that show it: keys are pressed, and the screen is read.

A test is named by its module below `tests/` and its function.
"""

from __future__ import annotations

#: Part → promise → the tests.
ROWS: dict[str, dict[str, tuple[str, ...]]] = {
    "views": {
        "sockets": ("console/screens/test_main::test_sockets_and_what_just_happened_are_seen_at_once",),
        "events": ("console/screens/test_main::test_each_kind_of_record_reads_as_people_say_it",),
        "rooms": (
            "console/screens/test_views::test_rooms_are_listed_with_members_and_opened",
            "console/screens/test_views::test_own_rooms_are_listed_when_asked",
        ),
        "clients: transport and upgrades, round trips, bytes, sockets per namespace": (
            "console/screens/test_views::test_clients_have_transport_rtt_and_bytes",
        ),
        "servers, with plots": ("console/screens/test_views::test_servers_have_their_figures_and_plots",),
        "the slowest acks, the largest payloads, what reached most": (
            "console/screens/test_manners::test_the_slowest_acks_are_listed_and_opened",
        ),
        "an ack names the event that it answers": (
            "console/test_lines::test_an_ack_names_the_event_that_it_answers",
            "e2e/test_newcomer::test_the_first_hour",
        ),
        "enter goes to what a cell names, escape back": (
            "console/screens/test_views::test_rooms_are_listed_with_members_and_opened",
            "console/screens/test_views::test_an_event_opens_with_its_ack_and_its_sender",
            "console/screens/test_views::test_opening_what_the_filter_hides_brings_the_filter_back_with_escape",
        ),
        "logs": (
            "console/screens/test_main::test_the_log_has_a_pane_of_its_own",
            "e2e/test_console::test_what_the_app_prints_is_in_the_log_pane_and_nowhere_else",
        ),
        "nothing moves under the cursor": (
            "console/screens/test_main::test_the_selected_socket_stays_selected_while_others_come_and_go",
        ),
        "a timeline that is paused counts what is new": (
            "console/screens/test_main::test_pause_keeps_the_timeline_still_and_counts_what_is_new",
        ),
    },
    "details": {
        "the handshake with headers, query and auth, secrets masked and revealed by a key": (
            "console/screens/test_main::test_the_selected_sockets_detail_has_all_of_it",
            "console/screens/test_main::test_secrets_are_shown_where_it_was_asked_for",
            "console/screens/test_views::test_attributes_are_a_tree_with_former_values",
            "console/detail/test_tree::test_secrets_are_neither_shown_nor_found_nor_opened",
        ),
        "large ones lazily": (
            "console/detail/test_tree::test_a_large_one_is_read_as_far_as_it_is_looked_at",
            "console/detail/test_tree::test_hex_rows_are_made_one_by_one",
        ),
        "an event's payload, a handler's traceback": (
            "console/screens/test_main::test_a_record_opens_whole",
            "e2e/test_console::test_what_the_app_raises_is_visible_with_its_traceback",
        ),
        "an event with its ack, its recipients, its handler's exception": (
            "console/screens/test_views::test_an_event_opens_with_its_ack_and_its_sender",
            "console/screens/test_views::test_recipients_are_those_of_that_moment",
            "console/screens/test_views::test_an_event_shows_its_handlers_exception",
        ),
        "payloads folded and searched": (
            "console/screens/test_views::test_folding_with_keys",
            "console/screens/test_views::test_a_detail_is_searched",
            "console/screens/test_views::test_what_is_looked_for_in_a_detail_is_seen_as_it_is_typed",
            "console/screens/test_views::test_a_search_that_takes_time_says_how_far_it_is_and_keys_wait_for_what_it_finds",
            "console/detail/test_tree::test_what_is_found_far_away_is_gone_to_without_all_that_stands_before_it",
        ),
        "binary as a hex view": ("console/screens/test_views::test_binary_is_a_hex_view_with_its_size",),
        "attributes as a tree with their history, editable where the server allows it": (
            "console/screens/test_views::test_attributes_are_a_tree_with_former_values",
            "console/dialogs/test_act::test_the_attribute_under_the_cursor_is_the_one_that_is_changed",
            "console/dialogs/test_act::test_what_can_not_be_done_says_why",
        ),
        "a socket that went": ("console/screens/test_main::test_a_socket_that_went_can_still_be_looked_at",),
    },
    "the query language": {
        "one for all lists, as it is typed": (
            "console/screens/test_main::test_a_filter_narrows_sockets_and_events_as_it_is_typed",
            "console/screens/test_main::test_a_filter_asks_for_fields_of_sockets_and_records",
            "console/screens/test_views::test_one_filter_for_all_views",
        ),
        "completed": ("console/screens/test_main::test_a_filter_is_completed_by_what_there_is",),
        "errors in place": (
            "console/screens/test_main::test_what_is_wrong_with_a_filter_is_said_in_place_and_what_was_found_stays",
        ),
        "texts, regular expressions, fields, comparisons, and, or, not": (
            "console/query/test_parse::test_sockets",
            "console/query/test_parse::test_records",
        ),
        "one table, from which help and completion are made": (
            "console/query/test_parse::test_each_example_of_the_help_is_a_query",
            "console/query/test_parse::test_the_operators_of_the_help_are_all_there",
            "console/screens/test_manners::test_help_is_searched_and_says_how_to_ask",
        ),
        "filters saved by name": (
            "console/screens/test_manners::test_filters_are_saved_recalled_completed_and_deleted",
            "console/query/test_saved::test_it_stands_for_what_was_saved",
        ),
    },
    "reload": {
        "new code on save, history kept, the cut marked": (
            "e2e/test_reload::test_saving_a_file_runs_the_new_code_and_keeps_what_was_seen",
        ),
        "the port stays open": ("console/link/test_reload::test_nobody_is_refused_while_it_starts_again",),
        "a syntax error is shown, and the next save recovers": (
            "console/link/test_reload::test_what_does_not_load_is_said_and_the_next_save_starts_it",
            "console/test_lines::test_a_server_that_did_not_start_is_told_from_one_that_stopped",
            "e2e/test_reload::test_saving_a_file_runs_the_new_code_and_keeps_what_was_seen",
        ),
        "a burst is one restart": (
            "console/link/test_reload::test_a_burst_is_one_restart_and_what_changes_meanwhile_is_not_lost",
        ),
        "a server that hangs": ("console/link/test_reload::test_a_server_that_hangs_is_killed",),
    },
    "acting": {
        "emit to a socket, a room, a namespace or the marked sockets, with except": (
            "console/dialogs/test_emit::test_to_rooms_and_sockets_but_not_to_others",
            "console/dialogs/test_emit::test_to_a_namespace_that_is_there",
            "console/dialogs/test_act::test_marks_are_what_actions_are_about",
            "e2e/test_acting::test_events_to_rooms_and_marked_sockets_with_the_acks_of_each",
        ),
        "a private message, with the call that it makes": (
            "console/dialogs/test_emit::test_a_private_message_shows_the_call_and_is_sent",
            "e2e/test_console::test_a_private_message_typed_in_the_console_reaches_the_client",
        ),
        "acks with their time, gathered per recipient": (
            "console/dialogs/test_emit::test_an_ack_is_waited_for_and_shown_with_its_time",
            "console/dialogs/test_emit::test_the_acks_of_many_are_counted_and_listed",
            "console/dialogs/test_emit::test_thousands_of_acks_scroll",
            "e2e/test_console::test_an_ack_is_shown_with_its_value_and_time",
        ),
        "message history and templates": (
            "console/dialogs/test_emit::test_what_was_sent_comes_back_with_the_arrow_keys",
            "console/dialogs/test_emit::test_messages_are_saved_by_name_and_found",
        ),
        "resend, edit and resend": (
            "console/dialogs/test_act::test_an_event_is_sent_again_as_it_was_or_changed",
            "e2e/test_acting::test_an_event_is_handled_again_as_it_was_and_changed",
        ),
        "simulate an incoming event": (
            "console/dialogs/test_act::test_simulating_shows_what_the_handler_answers_or_raises",
            "console/dialogs/test_act::test_what_is_simulated_and_what_is_emitted_have_histories_of_their_own",
            "console/dialogs/test_act::test_a_client_that_sent_nothing_yet",
            "e2e/test_acting::test_an_event_is_handled_again_as_it_was_and_changed",
        ),
        "join, leave, move, kick": (
            "console/dialogs/test_act::test_joining_leaving_and_moving",
            "console/dialogs/test_act::test_enter_says_what_is_missing_and_goes_there",
            "console/dialogs/test_act::test_rooms_are_those_of_now_while_the_dialog_is_open",
            "console/dialogs/test_act::test_everybody_is_kicked_from_a_room",
            "e2e/test_acting::test_rooms_attributes_and_connections",
        ),
        "drop the transport, set and delete attributes": (
            "console/dialogs/test_act::test_attributes_are_set_and_deleted",
            "e2e/test_acting::test_rooms_attributes_and_connections",
        ),
        "mark many and act on all": ("console/dialogs/test_act::test_marks_are_what_actions_are_about",),
        "disconnecting, from a namespace or whole": (
            "e2e/test_console::test_disconnecting_from_the_console_tells_the_client_why",
            "e2e/test_console::test_closing_the_whole_connection_ends_every_namespace",
        ),
        "confirmation that says whom, typed for more than ten": (
            "console/screens/test_main::test_disconnecting_asks_first_and_says_whom",
            "console/dialogs/test_emit::test_more_than_ten_have_to_be_confirmed_once",
            "console/dialogs/test_act::test_more_than_ten_are_disconnected_once_their_number_is_typed",
        ),
        "what can't be done says why: in the past, without a link, without the feature": (
            "console/dialogs/test_act::test_what_can_not_be_done_says_why",
            "console/dialogs/test_emit::test_a_lost_link_is_said_and_the_message_stays",
        ),
        "read-only is visibly off, and refused by the server": (
            "e2e/test_acting::test_read_only_is_off_visibly",
            "console/screens/test_main::test_read_only_does_not_act",
            "console/link/test_hosted::test_read_only_is_refused_by_the_server_itself",
        ),
    },
    "manners": {
        "a palette with every action": (
            "console/screens/test_manners::test_the_palette_has_every_action_the_saved_filters_and_the_themes",
            "console/screens/test_manners::test_what_can_not_be_done_says_why_in_palette_help_and_when_tried",
            "console/screens/test_manners::test_the_palette_finds_what_people_call_it",
        ),
        "footer and help from the registry": (
            "console/screens/test_main::test_the_footer_shows_the_keys_that_work_now",
            "console/screens/test_manners::test_help_begins_with_the_keys_that_work_here",
            "console/screens/test_manners::test_help_is_searched_and_says_how_to_ask",
            "console/screens/test_manners::test_help_of_keys_is_short",
            "console/screens/test_manners::test_the_footer_has_what_there_is_room_for",
            "console/screens/test_manners::test_a_key_that_makes_no_sense_here_says_where_it_does",
        ),
        "keys typed ahead go where they belong": (
            "console/screens/test_typeahead::test_what_a_key_opens_gets_the_keys_after_it",
            "console/screens/test_typeahead::test_a_key_that_nothing_answers_holds_up_no_other",
        ),
        "nothing is done to a row that the filter hides": (
            "console/screens/test_typeahead::test_what_acts_waits_until_the_filter_has_found_on_whom",
            "console/screens/test_typeahead::test_so_does_what_opens_moves_and_marks",
            "console/screens/test_typeahead::test_a_filter_that_takes_too_long_lets_nothing_be_done_and_says_why",
        ),
        "every key remapped by its id": (
            "console/screens/test_manners::test_every_key_can_be_another",
            "console/screens/test_manners::test_an_action_that_lost_its_key_is_told",
        ),
        "a config file that says what is wrong with it": (
            "console/config/test_config::test_what_is_wrong_is_said_by_file_line_and_key",
            "e2e/test_manners::test_a_wrong_config_file_ends_before_anything_starts",
        ),
        "jump mode": ("console/screens/test_manners::test_jumping_to_panes_tabs_and_views",),
        "order by any column": (
            "console/screens/test_manners::test_sorting_by_any_column",
            "console/screens/test_views::test_every_column_sorts_and_says_so",
        ),
        "columns chosen and kept": (
            "console/screens/test_manners::test_columns_are_chosen_and_ordered",
            "console/screens/test_manners::test_columns_are_as_wide_as_one_likes_and_stay_so",
            "console/screens/test_manners::test_view_filter_order_and_columns_come_back",
        ),
        "copy as JSON, JavaScript and Python": (
            "console/screens/test_manners::test_a_socket_is_copied_as_one_likes",
            "console/screens/test_manners::test_records_and_marked_sockets_are_copied",
            "console/screens/test_manners::test_rooms_clients_and_servers_are_copied",
            "e2e/test_manners::test_what_is_copied_reaches_the_terminal_as_base64",
        ),
        "export of what is filtered": (
            "console/screens/test_manners::test_what_is_filtered_is_written_to_a_file",
            "console/export/test_export::test_rows_have_names_beside_ids",
            "console/export/test_export::test_json_comes_back_as_it_was",
            "console/export/test_export::test_csv_comes_back_as_it_was",
            "console/export/test_export::test_no_text_becomes_a_formula",
        ),
        "themes, the terminal's own colours, none at all": (
            "console/screens/test_manners::test_themes",
            "e2e/test_manners::test_the_terminals_own_colours_are_all_that_is_asked_for",
            "e2e/test_manners::test_without_colours_nothing_is_lost",
        ),
        "state never by colour alone": (
            "console/screens/test_main::test_each_kind_of_record_reads_as_people_say_it",
            "e2e/test_manners::test_without_colours_nothing_is_lost",
        ),
        "the mouse": ("console/screens/test_manners::test_the_mouse_does_what_keys_do",),
        "filter, view and order restored": (
            "console/screens/test_manners::test_view_filter_order_and_columns_come_back",
            "e2e/test_manners::test_a_console_starts_as_the_last_one_ended",
        ),
        "pictures of the screen": (
            "console/screens/test_manners::test_a_screenshot_is_an_svg_with_what_the_screen_has",
        ),
        "a recording that ended says how it is opened": (
            "console/screens/test_manners::test_a_recording_that_ended_says_how_it_is_opened",
        ),
        "an end that is meant": ("e2e/test_manners::test_one_interrupt_ends_nothing_and_two_end_it",),
    },
    "hostile peers": {
        "in views, dialogs, notifications": (
            "console/screens/test_hostile::test_in_every_list_and_detail",
            "console/screens/test_hostile::test_in_every_view_dialog_and_notification",
            "console/screens/test_hostile::test_markup_is_shown_as_it_was_written",
        ),
        "in the bytes that leave the pty": ("e2e/test_hostile::test_in_every_view_and_dialog",),
        "in what is exported and copied": (
            "console/export/test_export::test_nothing_that_a_peer_sent_can_do_harm",
            "console/snippets/test_snippets::test_nothing_that_a_peer_sent_can_do_harm",
        ),
        "large ones": ("console/screens/test_hostile::test_a_megabyte_and_ten_thousand_rooms_stay_readable",),
    },
    "somebody who has it for the first time": {
        "finds bob, sees why alice was refused, gets bob's ack, moves carol, empties a room, finds the slowest ack": (
            "e2e/test_newcomer::test_the_first_hour",
        ),
    },
    "sizes": {
        "each view at 80×24, 120×40 and 200×50, dark, light and ANSI": (
            "console/screens/test_theme_snapshots::test_looks",
            "console/screens/test_snapshots::test_looks",
            "console/dialogs/test_snapshots::test_looks",
            "e2e/test_console::test_every_size_is_usable",
        ),
    },
}
