//! One suite, every database: what the contracts of the store and of the catalogue promise, asked of SQLite
//! and of a real MariaDB, and of the catalogue in memory where there is one.
//!
//! Each test gets a database of its own. MariaDB is started once for all of them; see `mariadb`.

mod access_keys;
mod accounts;
mod alert_configs;
mod anomalies;
mod api_clients;
mod audit;
mod backend;
mod baselines;
mod catalogue;
mod deliveries;
mod entities;
mod events;
mod health_rules;
mod layouts;
mod mariadb;
mod opening;
mod roles;
mod saved_searches;
mod sessions;
mod settings;
mod users;
mod views;
mod violations;

/// Declares each named function of a module, `async fn(MetadataStore)`, as a test on both databases.
macro_rules! on_both_databases {
    ($($module:ident: $($behaviour:ident),+ $(,)?;)+) => {
        $(mod $module {
            mod on_sqlite {
                $(#[test]
                fn $behaviour() {
                    let backend = crate::backend::sqlite();
                    backend.run(crate::$module::$behaviour(backend.store.clone()));
                })+
            }
            mod on_mariadb {
                $(#[test]
                fn $behaviour() {
                    let backend = crate::backend::mariadb();
                    backend.run(crate::$module::$behaviour(backend.store.clone()));
                })+
            }
        })+
    };
}

/// Declares each named function of `catalogue`, `fn(&dyn Catalogue)`, as a test on all three.
macro_rules! on_every_catalogue {
    ($($behaviour:ident),+ $(,)?) => {
        mod in_memory {
            $(#[test]
            fn $behaviour() {
                crate::catalogue::$behaviour(&metadata_store::MemoryCatalogue::new());
            })+
        }
        mod on_sqlite {
            $(#[test]
            fn $behaviour() {
                crate::catalogue::$behaviour(&crate::backend::sqlite().catalogue());
            })+
        }
        mod on_mariadb {
            $(#[test]
            fn $behaviour() {
                crate::catalogue::$behaviour(&crate::backend::mariadb().catalogue());
            })+
        }
    };
}

mod the_store {
    on_both_databases! {
        accounts:
            the_first_account_is_there_from_the_start;
        users:
            a_user_is_found_by_id_and_by_exact_name,
            a_user_name_is_given_once_even_to_eight_at_a_time,
            users_come_in_pages,
            a_password_hash_is_replaced,
            a_new_password_ends_other_sessions_and_unlocks,
            wrong_passwords_lock_and_a_right_one_forgets_them,
            a_disabled_user_stays_listed_without_sessions,
            one_account_owner_has_to_remain,
            texts_that_do_not_fit_are_refused;
        sessions:
            a_session_is_found_prolonged_and_ended,
            only_expired_sessions_are_removed,
            a_users_sessions_end_together,
            sessions_are_listed_by_account_and_user,
            sessions_need_a_user_and_a_hash_of_their_own;
        access_keys:
            a_key_is_found_by_hash_and_listed,
            a_disabled_key_stays_listed,
            a_key_is_stored_once,
            the_last_use_of_a_key_never_goes_back;
        api_clients:
            a_client_is_found_by_its_accounts_exact_name,
            a_token_leads_to_its_client_until_it_is_revoked,
            a_token_is_given_for_the_secret_of_now_only,
            tokens_are_bounded_and_expired_ones_go,
            an_old_secret_is_taken_until_its_time,
            a_client_may_what_its_roles_allow;
        audit:
            an_entry_comes_back_as_it_was_or_cut,
            an_entry_is_written_with_its_change_or_not_at_all,
            entries_are_searched_newest_first,
            pages_go_on_where_the_last_ended,
            old_entries_are_forgotten_some_at_a_time;
        roles:
            the_predefined_roles_are_there_and_stay,
            a_role_is_made_changed_and_deleted,
            rights_add_up_over_roles_and_groups,
            memberships_come_and_go_one_by_one,
            a_group_that_holds_the_last_owner_stays;
        alert_configs:
            a_document_is_kept_changed_and_forgotten,
            a_name_is_given_once_per_kind_and_application,
            documents_come_in_together_or_not_at_all;
        deliveries:
            reading_on_and_its_deliveries_happen_together_or_not,
            an_attempt_is_noted_once,
            a_delivery_waits_for_the_one_before_of_its_cause,
            deliveries_are_found_page_by_page_and_forgotten,
            an_action_with_much_to_do_delays_no_other,
            deliveries_are_found_by_the_violation_they_are_about;
        settings:
            a_setting_is_absent_then_versioned,
            a_put_against_another_version_changes_nothing,
            of_eight_first_puts_one_wins,
            no_increment_is_lost,
            names_that_differ_in_a_space_or_in_case_are_two,
            values_up_to_one_mebibyte_are_kept;
        layouts:
            a_layout_keeps_what_was_not_moved,
            maps_do_not_share_positions,
            the_last_position_of_an_entity_counts;
        views:
            a_view_is_kept_changed_and_forgotten,
            views_have_names_of_their_own_and_are_bounded;
        saved_searches:
            a_search_is_kept_for_its_user_and_forgotten,
            a_search_of_the_same_name_replaces_the_one_before,
            searches_are_bounded_in_number_and_size;
        baselines:
            a_baseline_is_added_and_deleted,
            one_default_an_application_is_remembered,
            baselines_are_bounded_and_their_names_unique,
            an_account_has_one_time_zone;
        events:
            an_event_comes_back_as_it_was,
            an_event_of_a_key_is_stored_once_and_tells_how_often,
            of_eight_writers_of_one_key_one_stores_it,
            events_come_newest_first_in_pages,
            every_part_of_a_filter_counts,
            events_are_counted_by_kind_and_severity,
            a_reader_of_the_newest_misses_none_of_eight_writers,
            marks_are_set_one_by_one,
            what_does_not_fit_is_refused_whole,
            old_events_go_in_bounded_steps,
            a_minute_is_told_with_its_events_and_once;
        health_rules:
            a_rule_is_stored_replaced_and_deleted,
            documents_follow_a_rule_that_is_renamed,
            nothing_goes_that_is_used,
            nothing_comes_that_uses_what_has_gone,
            a_rule_that_goes_and_a_policy_that_comes_never_miss_each_other,
            names_are_unique_within_an_application,
            an_application_is_given_its_first_rules_once,
            rules_are_bounded_in_number_and_size,
            rules_come_in_together_or_not_at_all;
        violations:
            a_violation_is_followed_from_its_opening_to_its_end,
            a_change_and_its_event_are_stored_together,
            a_minute_is_judged_once,
            violations_are_found_by_whom_what_and_when,
            old_violations_are_forgotten_with_all_that_happened,
            a_rule_is_known_as_it_was_when_it_was_broken;
        anomalies:
            an_anomaly_is_followed_from_its_opening_to_its_end,
            a_minute_of_detection_is_judged_once_and_apart_from_rules,
            the_state_moves_with_the_minute_it_is_of,
            anomalies_are_found_by_whom_what_and_when,
            incidents_have_what_joined_them,
            old_anomalies_are_forgotten_with_all_that_happened,
            remarks_are_kept_in_order_and_bounded,
            an_application_s_settings_are_replaced;
        entities:
            resolving_again_gives_the_same_ids,
            one_call_may_name_an_entity_twice,
            names_are_compared_byte_by_byte,
            every_part_of_the_identity_counts,
            known_and_new_ones_are_answered_in_order,
            concurrent_resolvers_agree,
            a_thousand_at_once,
            entities_come_in_pages,
            being_seen_never_goes_back,
            properties_and_state_are_replaced,
            nothing_to_do_is_no_error;
    }
}

mod the_catalogue {
    on_every_catalogue! {
        a_new_consumer_starts_at_zero,
        a_cut_shows_all_it_brings_at_once,
        the_same_cut_again_gets_the_same_answer,
        a_cut_that_happened_is_confirmed_after_others_took_over,
        an_owner_of_an_earlier_epoch_writes_nothing,
        a_cut_from_elsewhere_writes_nothing,
        of_eight_committers_from_one_offset_one_wins,
        a_cut_without_checkpoint_keeps_the_current_one,
        consumers_do_not_disturb_each_other,
        a_cut_of_an_unclaimed_partition_is_refused,
        malformed_changes_are_refused,
        a_segment_is_added_once,
        a_replacement_swaps_segments_at_once,
        a_segment_is_rolled_up_once,
        a_replacement_of_what_is_gone_writes_nothing,
        the_same_replacement_again_is_confirmed,
        of_eight_replacements_of_one_segment_one_wins,
        segment_ids_are_given_once,
        readers_see_whole_cuts_only,
        every_field_comes_back_as_it_was,
        a_thousand_segments_in_one_cut,
    }
}
