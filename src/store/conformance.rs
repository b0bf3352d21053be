//! One contract for every store: each test runs over the embedded store (in memory and in a file), over Redis and over a
//! Redis Cluster, where scripts must keep to one slot.

mod accounts;
mod audit;
mod canaries;
mod devices;
mod factors;
mod feed;
mod forms;
mod orders;
mod pendings;
mod sample;
mod server;
mod sessions;
mod stale;
mod takeover;
mod throttles;
mod tokens;

use super::embedded::Embedded;
use super::redis::Redis;
use server::{Cluster, Server};
use std::sync::Arc;

/// What keeps a store's place alive beside the store.
struct Place<S> {
    store: Arc<S>,
    _dir: Option<tempfile::TempDir>,
}

async fn memory(_: &str) -> Place<Embedded> {
    Place { store: Embedded::memory().unwrap(), _dir: None }
}

async fn file(_: &str) -> Place<Embedded> {
    let dir = tempfile::tempdir().unwrap();
    Place { store: Embedded::open(&dir.path().join("store.db")).unwrap(), _dir: Some(dir) }
}

async fn redis(test: &str) -> Place<Redis> {
    let store = Server::shared().store(test).await;
    Place { store, _dir: None }
}

async fn cluster(test: &str) -> Place<Redis> {
    let store = Cluster::shared().await.store(test).await;
    Place { store, _dir: None }
}

macro_rules! conformance {
    ($($file:ident :: $test:ident),* $(,)?) => {
        conformance!(@on memory, $($file :: $test),*);
        conformance!(@on file, $($file :: $test),*);
        conformance!(@on redis, $($file :: $test),*);
        conformance!(@on cluster, $($file :: $test),*);
    };
    (@on $place:ident, $($file:ident :: $test:ident),*) => {
        mod $place {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let place = super::$place(stringify!($test)).await;
                    super::$file::$test(place.store.clone()).await;
                }
            )*
        }
    };
}

conformance! {
    accounts::names_and_addresses_share_one_namespace,
    accounts::of_a_hundred_who_want_one_name_one_gets_it,
    accounts::a_write_of_an_older_version_is_refused,
    accounts::a_renamed_account_is_found_by_its_new_name_alone,
    accounts::the_roster_is_in_order_and_can_be_paged,
    accounts::a_totp_step_is_accepted_once_and_never_an_older_one,
    accounts::of_a_hundred_uses_of_one_step_one_is_accepted,
    accounts::a_change_never_takes_a_spent_step_back,
    audit::rows_come_page_by_page_in_both_orders,
    audit::rows_are_found_by_who_what_and_when,
    audit::a_repeated_call_keeps_no_row_twice,
    audit::a_row_that_comes_late_lies_behind_those_that_were_there,
    audit::what_is_too_old_goes,
    audit::what_is_too_much_goes_the_oldest_first,
    audit::rows_that_come_at_once_are_all_kept_once,
    canaries::what_was_kept_first_stays_and_new_keys_are_added,
    canaries::a_wrong_key_file_leaves_no_trace,
    canaries::a_key_that_never_sealed_leaves_nothing_and_a_retired_one_is_forgotten,
    canaries::of_a_hundred_key_files_at_once_one_is_kept,
    factors::confirming_stores_backup_codes_and_shows_them_until_they_are_saved,
    factors::shown_codes_open_no_session_and_end_with_theirs,
    factors::of_a_hundred_uses_of_one_backup_code_one_is_let_in,
    factors::a_refused_backup_code_takes_nothing,
    factors::new_backup_codes_end_the_old_ones_at_once,
    factors::of_a_hundred_regenerations_with_one_code_one_counts,
    factors::of_a_hundred_set_ups_with_one_enrolment_code_one_counts,
    factors::an_enrolment_code_must_be_the_accounts_and_runs_out,
    factors::a_replaced_authenticator_ends_the_others_and_keeps_backup_codes,
    factors::nothing_is_replaced_where_nothing_is,
    factors::disabling_takes_all_factors_and_codes_away_and_ends_the_others,
    factors::of_a_hundred_disablings_with_one_code_one_counts,
    factors::a_reset_ends_everything_and_leaves_an_enrolment_code,
    factors::a_deleted_account_leaves_nothing_and_frees_its_name,
    factors::the_last_sign_in_is_noted_without_a_new_version,
    devices::a_devices_token_rotates_and_the_one_before_serves_a_minute,
    devices::a_device_ends_by_its_own_time,
    devices::of_a_hundred_uses_of_one_device_token_one_rotates,
    devices::a_stolen_device_ends_once_with_the_sessions_begun_with_it,
    devices::what_ends_with_a_device_is_in_the_log,
    devices::above_the_limits_the_devices_used_longest_ago_go,
    devices::a_hundred_new_devices_at_once_stay_within_the_limits,
    devices::a_device_that_is_there_keeps_its_tokens,
    devices::a_device_is_kept_only_while_the_session_that_leaves_it_lives,
    devices::what_ends_a_user_leaves_no_device_but_the_own_as_a_known_one,
    throttles::after_the_free_attempts_waits_double_up_to_the_longest,
    throttles::of_a_thousand_attempts_at_once_as_many_are_allowed_as_the_rule_says,
    throttles::a_window_holds_what_is_full_and_moves_with_time,
    throttles::counters_of_different_things_are_apart,
    throttles::a_success_gives_its_count_back,
    throttles::a_code_is_counted_by_its_kind_and_by_all_or_by_neither,
    throttles::a_disabled_method_stays_so_until_somebody_unlocks_it,
    throttles::failed_passwords_are_forgotten_a_day_after_the_last,
    throttles::unlocking_and_resetting_clear_one_user_alone,
    throttles::a_device_takes_its_counter_with_it,
    forms::a_form_is_looked_at_often_and_taken_once,
    forms::a_form_ends_by_its_own_time_and_makes_room,
    forms::no_more_forms_of_a_network_are_kept_than_may_be,
    forms::of_a_hundred_forms_at_once_as_many_are_kept_as_there_is_room_for,
    orders::an_order_is_in_the_log_and_is_kept,
    orders::of_a_hundred_orders_with_one_key_one_is_placed,
    orders::of_a_hundred_who_lift_an_order_one_does,
    orders::a_second_factor_is_noted_of_the_person_too,
    tokens::a_token_is_kept_under_its_name_until_it_is_revoked,
    tokens::of_a_hundred_tokens_of_one_name_one_is_kept,
    tokens::of_a_hundred_who_revoke_a_token_one_does_and_the_log_says_so,
    tokens::a_use_is_noted_and_never_back,
    tokens::a_token_revoked_long_ago_is_forgotten,
    tokens::a_caller_meets_so_many_people_in_an_hour_and_no_more,
    tokens::of_a_hundred_orders_at_once_as_many_count_as_the_quota_has,
    pendings::a_pending_sign_in_ends_by_its_own_time,
    pendings::the_offered_secret_stays_the_same,
    pendings::wrong_codes_are_counted_and_the_last_one_ends_it,
    pendings::how_far_a_wrong_code_was_off_is_noted_until_the_next,
    pendings::of_a_hundred_takers_one_gets_it,
    sessions::of_a_hundred_openings_one_opens,
    sessions::a_session_ends_by_idling_and_absolutely,
    sessions::a_rotation_serves_the_old_token_for_a_moment,
    sessions::a_rotation_needs_its_own_pending_sign_in_and_a_living_session,
    sessions::an_ended_session_is_gone_and_no_touch_brings_it_back,
    sessions::a_touch_moves_the_idle_end_forward_only,
    sessions::ending_a_user_beats_a_sign_in_begun_before,
    sessions::the_excepted_session_lives_on_and_can_step_up,
    sessions::a_disabled_account_opens_nothing,
    sessions::a_changed_password_ends_the_other_sessions,
    sessions::an_enrolment_is_confirmed_in_one_step,
    sessions::an_enrolment_of_another_secret_is_refused,
    sessions::of_a_hundred_confirmations_one_counts,
    sessions::of_a_hundred_answers_with_one_code_one_is_let_in,
    sessions::of_two_set_ups_under_way_one_counts,
    sessions::an_enrolment_in_a_session_rotates_it,
    sessions::everything_is_over_for_who_began_before,
    sessions::the_log_counts_without_gaps,
}
