//! Known attacks, what stops each, and the tests that prove it. Nothing else may stand here; `tests/tidy.rs` holds that every
//! test exists.
//!
//! | id | attack | defence | tests |
//! |---|---|---|---|
//! | OTP-01 | a code computed otherwise than RFC 4226 says locks people out | the vectors of appendix D | `the_vectors_of_rfc_4226_appendix_d` |
//! | OTP-02 | the same for time steps and other hashes | the vectors of RFC 6238 appendix B | `the_vectors_of_rfc_6238_appendix_b` |
//! | OTP-03 | a leading zero is lost | codes are text of a fixed length | `leading_zeros_are_kept_and_asked` |
//! | OTP-04 | the step counter overflows 32 bits | steps are 64 bits | `steps_count_in_64_bits` |
//! | OTP-05 | a key typed with blanks or in lower case is another key | one reading of base32 | `a_secret_is_read_in_every_usual_spelling` |
//! | OTP-06 | a guessable or repeated secret | 160 bits from the system's random source, shorter ones cannot be built | `a_new_secret_is_as_long_as_its_hash_and_never_twice`, `two_enrolments_never_share_a_secret` |
//! | OTP-07 | an app assumes other parameters than we do | SHA1, 6 digits, 30 s, written into the key URI | `the_set_up_page_shows_one_key_in_groups_of_four`, `the_uri_is_the_same_byte_for_byte` |
//! | OTP-08 | a short secret of another system weakens an account | it is computed as there and cannot be enrolled | `an_80_bit_secret_of_another_system_computes_as_it_did_there`, `a_short_or_empty_secret_cannot_be` |
//! | OTP-09 | a period so long that a seen code stays good | at most 120 s | `parameters_of_codes_outside_the_standard_are_refused`, `totp_values_stay_in_their_ranges` |
//! | OTP-10 | senseless parameters | refused by the policy's parser, inert in a record | `parameters_of_codes_outside_the_standard_are_refused`, `parameters_out_of_range_match_nothing_and_break_nothing` |
//! | OTP-20 | an old or a future code | the present step and one on either side | `codes_of_one_step_before_and_after_are_good_and_no_others`, `the_window_is_as_wide_as_skew_says` |
//! | OTP-21 | a seen code is used again | a step is accepted once, on every node and after a restart | `a_used_code_is_refused_with_a_reason_in_every_spelling`, `a_used_code_is_refused_after_a_restart`, `a_code_used_on_one_node_is_refused_on_the_other` |
//! | OTP-22 | an unused code of an earlier step | steps only grow | `an_earlier_code_is_refused_after_a_later_one`, `a_totp_step_is_accepted_once_and_never_an_older_one` |
//! | OTP-23 | many requests with one code at once | one atomic verb of the store | `one_code_in_a_hundred_sign_ins_lets_one_in`, `of_a_hundred_uses_of_one_step_one_is_accepted` |
//! | OTP-24 | the code that confirmed the enrolment signs in | confirming burns its step | `the_code_that_confirmed_the_enrolment_is_used` |
//! | OTP-25 | the code of a step-up signs in | every endpoint burns steps by the same verb | `a_session_of_one_factor_is_asked_the_second_and_its_code_is_used` |
//! | OTP-26 | blanks make another code of a used one | one spelling before anything is compared | `a_used_code_is_refused_with_a_reason_in_every_spelling`, `every_spelling_of_a_code_is_one_code` |
//! | OTP-27 | digits of another script make another code of a used one | ASCII digits only | `odd_codes_are_refused_and_count_once`, `a_used_code_is_refused_with_a_reason_in_every_spelling` |
//! | OTP-28 | the time taken tells which step matched | all of the window is computed and compared in constant time | `the_window_is_as_wide_as_skew_says`, `codes_of_one_step_before_and_after_are_good_and_no_others` |
//! | OTP-29 | the client names another time | the server's clock alone | `what_the_client_says_of_the_time_counts_for_nothing` |
//! | OTP-30 | the server's clock is set back, and used codes are good again | steps only grow | `a_clock_set_back_or_ahead_makes_no_used_code_good` |
//! | OTP-31 | a clock that is off widens the window | the window stays; after two codes off by the same amount the person is told | `two_codes_off_by_the_same_amount_are_a_clock_and_one_alone_is_nothing` |
//! | OTP-32 | a used code looks like a wrong one, and the person tries on | *wait for the next code*, and its own word on record | `a_used_code_is_refused_with_a_reason_in_every_spelling`, `new_codes_take_a_fresh_code_and_end_the_old_ones_at_once` |
//! | OTP-40 | guesses spread over sessions, addresses and nodes | one counter for an account and a kind of code | `of_a_thousand_attempts_at_once_as_many_are_allowed_as_the_rule_says`, `a_code_is_counted_by_its_kind_and_by_all_or_by_neither`, `guesses_made_at_once_are_judged_no_more_often_than_one_after_the_other`, `a_thousand_wrong_codes_at_once_are_judged_five_times`, `wrong_codes_count_over_all_sign_ins_and_methods_have_counters_of_their_own` |
//! | OTP-41 | guessing on for months | failures in a row disable the kind, and time does not help | `a_disabled_method_stays_so_until_somebody_unlocks_it`, `a_hundred_failures_in_a_row_disable_the_method_until_an_admin_unlocks_it` |
//! | OTP-42 | guessing as fast as the line allows | waits that double, and nothing is evaluated in them | `after_the_free_attempts_waits_double_up_to_the_longest`, `five_wrong_codes_are_judged_over_all_sign_ins_and_then_the_wait_grows`, `a_wait_names_its_end_and_forms_of_strangers_write_no_session` |
//! | OTP-43 | a success now and then hides the failures | it clears those in a row, not those of the day | `a_success_gives_its_count_back`, `a_window_holds_what_is_full_and_moves_with_time`, `twenty_wrong_codes_in_a_day_end_the_judging_until_the_day_is_over_or_an_admin_unlocks` |
//! | OTP-44 | a pending sign-in is guessed at for ever | five wrong codes end it | `five_wrong_codes_end_the_sign_in`, `five_wrong_codes_end_a_pending_sign_in` |
//! | OTP-45 | guesses that are held cost us hashes | counted before anything is judged | `ten_wrong_passwords_are_free_and_then_the_wait_doubles_up_to_an_hour`, `what_cannot_be_a_backup_code_costs_no_hash_and_counts` |
//! | OTP-46 | the counter's store is away, and nothing is counted | 503, nobody gets in | `a_store_away_in_the_middle_of_a_challenge_lets_nobody_in` |
//! | OTP-47 | slow guessing succeeds some day | twenty a day, and a hundred in a row: the guide has the sum | `twenty_wrong_codes_in_a_day_end_the_judging_until_the_day_is_over_or_an_admin_unlocks` |
//! | OTP-50 | a secret shown and never confirmed is asked for | inactive until one code is right | `an_abandoned_enrolment_asks_for_nothing`, `a_wrong_code_confirms_nothing` |
//! | OTP-51 | a secret left on a screen is confirmed later by another | one for each sign-in, gone with it after ten minutes | `the_offered_secret_stays_the_same`, `a_pending_sign_in_ends_by_its_own_time` |
//! | OTP-52 | a stolen session reads the secret | shown before it is active, never after | `the_key_is_never_shown_again` |
//! | OTP-53 | the secret stays in a cache, a log or a Referer | inline picture, no-store, no-referrer, never in a URL of ours | `the_set_up_page_shows_one_key_in_groups_of_four`, `every_page_is_closed_to_frames_scripts_and_caches` |
//! | OTP-54 | a key mistyped | groups of four that copy without blanks | `the_set_up_page_shows_one_key_in_groups_of_four`, `the_key_comes_in_groups_of_four_that_copy_without_spaces` |
//! | OTP-55 | a password alone adds a second authenticator | set-up is for the first one; replacing takes a fresh code, or the password after a backup code | `a_session_with_a_factor_cannot_be_given_another_by_its_password`, `enrolling_once_more_is_refused`, `a_backup_code_opens_what_a_lost_phone_needs_for_a_quarter_of_an_hour` |
//! | OTP-56 | a stolen password enrols the thief's authenticator | enrolment codes: of admins always, of everybody by the policy | `an_admin_enrols_the_first_factor_only_with_a_code`, `the_policy_may_ask_a_code_of_everybody`, `a_code_that_an_administrator_gave_is_needed_whatever_the_policy_says`, `a_code_ends_after_a_day_and_guesses_are_throttled`, `an_admin_sets_up_an_authenticator_with_the_code_of_user_add`, `a_reset_gives_a_code_without_which_nobody_enrols`, `one_enrolment_code_used_a_hundred_times_enrols_once` |
//! | URI-01 | issuer and prefix differ, and apps show another account | both are written, and equal | `the_set_up_page_shows_one_key_in_groups_of_four`, `the_uri_is_the_same_byte_for_byte` |
//! | URI-02 | an app that ignores the parameter shows no issuer | the label begins with the issuer | `the_set_up_page_shows_one_key_in_groups_of_four`, `the_uri_is_the_same_byte_for_byte` |
//! | URI-03 | a plus sign is taken for a blank | RFC 3986 percent-encoding | `odd_names_come_back_from_a_strict_parser` |
//! | URI-04 | `&`, `?`, `:` in a name move the parameters | encoded, and no colon in an issuer | `odd_names_come_back_from_a_strict_parser`, `a_colon_cannot_move_the_border_of_the_label` |
//! | URI-05 | an issuer with blanks is refused by an app | the host name by default, a warning else | `what_is_only_worth_knowing_stops_nothing`, `the_set_up_page_shows_one_key_in_groups_of_four` |
//! | URI-06 | padding breaks a scanner | base32 without padding | `the_set_up_page_shows_one_key_in_groups_of_four` |
//! | URI-07 | pictures differ from run to run | a fixed order | `the_uri_is_the_same_byte_for_byte` |
//! | URI-08 | a picture too fine for a camera | names are bounded | `another_library_reads_the_very_text` |
//! | URI-09 | vendor parameters confuse an app | none are written | `the_uri_is_the_same_byte_for_byte` |
//! | URI-10 | an app that cannot make our codes | the parameters every app knows by default, and the page names usual apps | `the_set_up_page_says_what_one_needs_to_know`, `the_uri_is_the_same_byte_for_byte` |
//! | URI-11 | an app ignores the parameters | the first code must fit before anything is active, and the page says why it does not | `an_app_that_ignores_what_the_key_asks_for_is_found_before_it_is_active` |
//! | HTTP-01 | a 401 that makes browsers ask for a password | Bearer, never Basic | `a_program_gets_401_and_a_problem_and_never_a_redirect` |
//! | HTTP-02 | a redirect repeats a POST | 303, and the form is not sent on | `a_posted_form_of_a_stranger_is_led_to_sign_in_and_not_sent`, `a_stranger_is_led_to_sign_in_and_the_upstream_hears_nothing` |
//! | HTTP-03 | a program follows a redirect to a page and takes it for data | 401 in its own terms | `a_program_gets_401_and_a_problem_and_never_a_redirect`, `grpc_is_refused_in_its_own_status` |
//! | HTTP-04 | a refusal that no sign-in can help looks like one | 403 where nothing helps, 401 where a second factor does | `who_is_not_allowed_gets_403`, `a_program_whose_session_lacks_the_second_factor_gets_401` |
//! | HTTP-05 | back and reload repeat a form | every form is answered by 303 | `answers_to_forms_are_redirects_to_a_get` |
//! | HTTP-06 | a refusal is cached or carries the app's cookies | no-store, and nothing of the app | `a_program_gets_401_and_a_problem_and_never_a_redirect`, `who_is_not_allowed_gets_403` |
//! | HTTP-07 | a program cannot tell what a step-up takes | RFC 9470: `acr_values`, `max_age`, and a `step_up_url` for its person | `a_stale_program_is_told_where_its_person_steps_up_and_passes_when_it_tries_again`, `a_stale_program_is_told_how_old_it_may_be_and_where_its_person_steps_up` |
//! | HTTP-08 | an old proof passes for a fresh one, or one from ahead of a clock that was set back | judged by the server's clock at each request, to the millisecond; the new `auth_time` is told | `a_second_factor_is_fresh_to_the_last_moment_of_its_time`, `one_that_lies_ahead_is_fresh_only_as_far_as_clocks_differ`, `a_second_factor_is_asked_again_once_it_is_older_than_the_rule_says`, `a_clock_set_back_keeps_nothing_fresh`, `a_session_read_anew_is_as_old_as_it_was` |
//! | HTTP-09 | a stranger is told of an error in credentials that nobody sent | no `error` without credentials | `programs_and_sockets_get_a_problem_and_never_a_redirect` |
//! | HTTP-10 | a refusal that programs cannot read, or that tells too much | problem+json with what to change, as the description of the API says | `the_api_answers_as_its_description_says`, `a_body_that_cannot_be_read_is_refused_with_what_to_change`, `what_cannot_be_done_says_what_to_change`, `programs_and_sockets_get_a_problem_and_never_a_redirect`, `a_stale_program_is_told_where_its_person_steps_up_and_passes_when_it_tries_again` |
//! | HTTP-11 | a wrong status hides what is wrong | 400, 405 with Allow, 413, 415, 421, 431 | `forms_take_forms_only`, `a_head_that_is_too_large_is_431`, `a_body_that_is_too_large_is_413`, `a_host_that_is_not_ours_is_misdirected` |
//! | HTTP-12 | HEAD or OPTIONS passes where GET does not | judged like any method | `every_method_is_judged_like_get` |
//! | HTTP-20 | a wait that does not say how long | 429 with Retry-After in whole seconds, and after it one is judged | `a_wait_names_its_end_and_forms_of_strangers_write_no_session`, `a_step_up_that_is_held_waits_like_a_sign_in` |
//! | HTTP-21 | a client cannot read a limit | `RateLimit-Policy` and `RateLimit` beside it | `a_step_up_that_is_held_waits_like_a_sign_in`, `wrong_codes_count_over_all_sign_ins_and_methods_have_counters_of_their_own` |
//! | HTTP-22 | the two disagree, and the client comes too early | one wait, told twice | `a_step_up_that_is_held_waits_like_a_sign_in`, `wrong_codes_count_over_all_sign_ins_and_methods_have_counters_of_their_own` |
//! | HTTP-24 | an account's limits tell a stranger that it exists | told after its password only | `after_ten_wrong_passwords_nothing_is_judged_for_a_while` |
//! | HTTP-30 | a cookie readable by scripts, sent in plain, or set by a sibling | `__Host-`, Secure, HttpOnly, SameSite=Lax, no Domain | `cookies_on_https_carry_the_host_prefix_and_every_attribute` |
//! | HTTP-31 | a cookie under another case of our name | names are compared as they are | `a_session_of_one_origin_or_of_rubbish_opens_nothing` |
//! | HTTP-32 | a second cookie of our name is planted | two count as none | `a_session_of_one_origin_or_of_rubbish_opens_nothing`, `two_of_one_name_are_none` |
//! | HTTP-33 | a cookie too large or for ever | small, for the browser session | `cookies_on_https_carry_the_host_prefix_and_every_attribute` |
//! | HTTP-34 | SameSite left open is lax for two minutes | always written | `cookies_on_https_carry_the_host_prefix_and_every_attribute` |
//! | HTTP-35 | reliance on prefixes browsers do not know | `__Host-` only | `cookies_on_https_carry_the_host_prefix_and_every_attribute` |
//! | HTTP-37 | our cookies leak to the app, or the app sets them | removed both ways, in any case | `our_cookies_never_reach_the_app_and_others_pass_unchanged`, `the_app_cannot_set_our_cookies` |
//! | HTTP-38 | a copy of the store opens sessions | hashes of tokens only | `the_store_holds_no_password_and_no_token` |
//! | HTTP-40 | a script injected into our pages | `default-src 'none'` and nothing unsafe | `every_page_is_closed_to_frames_scripts_and_caches`, `pages_work_without_a_script_and_break_no_policy_of_theirs` |
//! | HTTP-41 | plain HTTP after the first visit | HSTS over TLS, absent in plain | `cookies_on_https_carry_the_host_prefix_and_every_attribute`, `every_page_is_closed_to_frames_scripts_and_caches`, `hsts_is_for_https_only` |
//! | HTTP-42 | sniffing, referrers, windows of other sites | the headers against each | `every_page_is_closed_to_frames_scripts_and_caches`, `every_page_carries_the_same_guards` |
//! | HTTP-43 | our pages in a cache | no-store, and hashed names for static files | `every_page_is_closed_to_frames_scripts_and_caches`, `pages_answer_only_to_a_navigation` |
//! | HTTP-44 | a page read in another charset | UTF-8 is written | `every_page_is_closed_to_frames_scripts_and_caches`, `every_page_carries_the_same_guards` |
//! | HTTP-45 | the gateway weakens the app's own headers | passed on as they are | `what_the_app_says_of_its_own_security_stays` |
//! | HTTP-46 | a picture or a link signs people out | POST with the session's form token | `signing_out_needs_the_form_of_this_very_session` |
//! | HTTP-47 | another site posts our forms, or shows our pages inside its own | Fetch Metadata, else Origin | `a_request_that_is_not_a_form_of_our_own_page_signs_nobody_in`, `pages_answer_only_to_a_navigation` |
//! | CRY-01 | a copy of the store has the authenticators | sealed, with keys that are not in it | `the_store_holds_no_key` |
//! | CRY-02 | a record of another version or key is misread | version, algorithm and key id are checked and named | `an_unknown_version_algorithm_or_key_is_named` |
//! | CRY-03 | a sealed secret is moved to another account | user, factor and key are bound in | `a_factor_moved_to_another_user_or_factor_does_not_open` |
//! | CRY-05 | a new key locks everybody out | the newest seals, older ones open | `an_older_key_still_opens_and_the_newest_seals`, `people_stay_signed_in_while_a_key_is_rotated_and_the_old_one_retired`, `a_key_stays_while_a_record_names_it`, `a_change_during_sealing_anew_is_not_written_over` |
//! | CRY-07 | one key for two purposes | a label for each | `every_label_gives_another_key` |
//! | CRY-08 | a stolen password hash is guessed | Argon2id and a pepper | `without_the_pepper_the_hash_alone_is_not_the_password`, `the_store_holds_no_password_and_no_token`, `the_default_cost_is_19_mib_twice` |
//! | CRY-09 | a stolen token hash is used | hashes of 256 random bits | `the_store_holds_no_password_and_no_token` |
//! | CRY-10 | one backup code is used twice | its digest goes with the sign-in, in one verb | `of_a_hundred_uses_of_one_backup_code_one_is_let_in`, `a_refused_backup_code_takes_nothing`, `what_was_used_up_before_a_failover_stays_used_up`, `one_backup_code_in_a_hundred_sign_ins_lets_one_in` |
//! | CRY-11 | codes printed earlier go on working | a new set ends the old one in the same verb | `new_backup_codes_end_the_old_ones_at_once`, `of_a_hundred_regenerations_with_one_code_one_counts`, `new_codes_take_a_fresh_code_and_end_the_old_ones_at_once`, `killed_while_making_new_codes_the_old_set_or_the_new_one_is_there` |
//! | CRY-12 | key bytes stay in memory, or stand in a log | wiped after use, no Debug shows them | `no_error_and_no_debug_shows_key_bytes`, `no_debug_shows_the_secret` |
//! | CRY-13 | guessable randomness | the system's source alone, in one place; where it fails the process ends | `randomness_comes_from_the_system_and_from_one_place` |
//! | CRY-16 | others read the key file | refused at start and when it changes; written for its owner alone | `a_secret_that_others_can_read_is_refused`, `a_changed_key_file_is_its_owners_alone_and_keeps_every_key` |
//! | CRY-17 | a changed record tells by its error what was right of it | one error for every changed byte, and what does not open is never written over | `every_changed_byte_and_every_cut_is_refused`, `what_does_not_open_is_left_as_it_is` |
//! | CRY-18 | a secret on a command line | no command takes one there | `no_command_takes_a_password_as_an_argument` |
//! | NIST-04 | a cookie or a password in plain HTTP | redirects only; Secure cookies | `plain_http_leads_to_https`, `cookies_on_https_carry_the_host_prefix_and_every_attribute` |
//! | NIST-05 | a session lives for ever by being used | an absolute end, and an idle one | `idle_and_absolute_ends_hold_and_activity_moves_the_idle_one` |
//! | NIST-06 | an idle session is revived by less than it took | a sign-in anew, without a code only on a device still trusted | `idle_and_absolute_ends_hold_and_activity_moves_the_idle_one`, `trust_ends_inside_a_session_too` |
//! | NIST-07 | an ended session's cookie is sent again | the server decides | `idle_and_absolute_ends_hold_and_activity_moves_the_idle_one` |
//! | NIST-08 | something in the background keeps a session alive | only what a client sends counts, once a minute, never beyond the absolute end | `activity_is_noted_once_a_minute_and_never_beyond_the_absolute_end` |
//! | NIST-09 | a cookie's life is prolonged by hand | its end is in the record | `idle_and_absolute_ends_hold_and_activity_moves_the_idle_one`, `a_trusted_device_skips_the_challenge_for_its_days_from_the_tick` |
//! | NIST-10 | a session secret is guessed, or known from before | 256 random bits, new at each sign-in and step-up | `a_planted_cookie_never_becomes_the_session`, `a_step_up_rotates_the_token_and_the_old_one_serves_ten_seconds` |
//! | NIST-11 | a session outlives its browser | no Max-Age on it; the device's cookie has one, and opens nothing | `a_completed_sign_in_leaves_the_one_cookie_that_outlives_the_browser` |
//! | NIST-12 | secrets in the browser's storage | cookies alone, out of a script's reach | `a_script_of_the_app_can_neither_read_nor_frame_our_pages` |
//! | NIST-13 | a way back to plain HTTP | HSTS, and links of https only | `plain_http_leads_to_https`, `hsts_is_for_https_only` |
//! | NIST-14 | a form sent by somebody else | a token of this session in every form | `signing_out_needs_the_form_of_this_very_session`, `new_codes_take_a_fresh_code_and_end_the_old_ones_at_once`, `codes_are_shown_until_they_are_ticked_and_then_never` |
//! | NIST-15 | a cookie that says too much or goes too far | `__Host-`, Secure, HttpOnly, SameSite=Lax, nothing readable in it | `cookies_on_https_carry_the_host_prefix_and_every_attribute`, `a_completed_sign_in_leaves_the_one_cookie_that_outlives_the_browser` |
//! | NIST-16 | a remembered browser passes for a second factor | it adds no method and stays one; rules can refuse it | `a_trusted_device_is_no_second_factor_where_a_rule_refuses_it`, `a_rule_that_refuses_trust_asks_and_offers_no_tick` |
//! | NIST-18 | the app sees our cookies | they are cut out | `our_cookies_never_reach_the_app_and_others_pass_unchanged`, `a_completed_sign_in_leaves_the_one_cookie_that_outlives_the_browser` |
//! | NIST-26 | password hashes of another system stay weak, or one is planted in the store | a pepper goes over them at import, the first sign-in makes ours, no setting may cost more than a bound | `a_hash_of_another_system_signs_in_and_asks_for_one_of_ours`, `a_hash_put_into_the_store_without_the_key_file_opens_nothing`, `what_costs_too_much_says_how_much_is_taken`, `imported_people_sign_in_with_their_old_passwords`, `a_changed_cost_or_pepper_renews_the_hash_and_ends_nothing` |
//! | NIST-30 | backup codes that can be guessed, or used again | 39 random bits without bias, each once | `a_new_code_has_its_letters_and_all_are_drawn`, `a_backup_code_signs_in_once_in_any_spelling_and_never_after_a_restart` |
//! | NIST-31 | a copy of the store has the backup codes | Argon2id under a salt and a pepper | `the_store_holds_no_backup_code`, `an_attempt_is_one_hash_and_finds_its_code_in_the_set`, `without_its_key_a_set_is_lost_and_costs_the_same` |
//! | NIST-32 | backup codes are guessed | counted like codes, in a counter of their own and in that of the day | `wrong_codes_count_over_all_sign_ins_and_methods_have_counters_of_their_own`, `twenty_wrong_codes_in_a_day_end_the_judging_until_the_day_is_over_or_an_admin_unlocks` |
//! | ATK-01 | prompts until the person gives in | there is nothing to press: a code is typed into the page that asked | `a_method_that_is_not_there_is_ignored`, `whose_code_it_is_is_said_by_the_pending_sign_in_alone` |
//! | ATK-02 | guesses in many sign-ins at once | one counter for all of them | `guesses_made_at_once_are_judged_no_more_often_than_one_after_the_other`, `a_thousand_wrong_codes_at_once_are_judged_five_times` |
//! | ATK-03 | guesses from many addresses, or at many accounts | the account is counted over all addresses, an address over all accounts; a known browser is held by neither | `ten_wrong_passwords_are_free_and_then_the_wait_doubles_up_to_an_hour`, `thirty_failures_of_one_address_hold_it_and_nobody_else`, `a_known_browser_gets_in_while_strangers_are_held`, `a_thousand_wrong_passwords_at_once_are_judged_ten_times` |
//! | ATK-04 | tricks that begin the count anew | names are folded, a /64 is one address, headers are not believed, restarts and other forms change nothing | `no_other_spelling_header_or_restart_resets_a_count`, `a_name_that_nobody_has_is_held_like_one_that_somebody_has`, `codes_on_other_forms_count_with_those_of_the_challenge`, `thirty_failures_of_one_address_hold_it_and_nobody_else` |
//! | AUD-01 | what was done leaves no trace | an event for each, with its outcome, once | `what_happens_is_recorded_once_and_holds_no_secret`, `the_words_of_the_record_stay_the_same`, `a_new_policy_and_a_rejected_one_are_on_record`, `calls_that_change_something_or_are_refused_are_on_record` |
//! | AUD-02 | the record gives secrets away | events have no field for one | `what_happens_is_recorded_once_and_holds_no_secret` |
//! | AUD-03 | a missing event does not show, times are of any zone | numbers without gaps over restarts, UTC to the millisecond | `the_numbers_have_no_gap_over_ends_of_every_kind_and_all_verifies`, `killed_again_and_again_the_chain_goes_on` |
//! | AUD-04 | a password typed as a name is kept | names of nobody are kept as keyed hashes | `a_name_that_nobody_has_is_kept_as_a_keyed_hash`, `what_happens_is_recorded_once_and_holds_no_secret` |
//! | AUD-44 | a crash breaks the chain, a change of it hides | a torn end is cut off and told; each line names the hash of the one before, checkpoints are signed | `killed_again_and_again_the_chain_goes_on`, `a_line_that_was_not_finished_is_cut_off_at_every_byte`, `every_change_reorder_and_removal_is_found`, `a_chain_written_anew_without_the_key_is_found`, `a_changed_file_is_found`, `each_day_is_a_file_that_ends_with_a_checkpoint` |
//! | AUD-45 | a full disk lets things happen unrecorded | sign-ins and changes are refused, what waits is kept and written later | `while_nothing_can_be_recorded_nobody_signs_in_and_who_is_in_stays_in`, `a_full_disk_refuses_and_what_waited_is_written_when_there_is_room`, `without_a_file_the_store_alone_has_to_work`, `nothing_is_changed_that_could_not_be_recorded` |
//! | ATK-05 | replay of a code | as for single codes above | `a_used_code_is_refused_with_a_reason_in_every_spelling`, `the_code_that_confirmed_the_enrolment_is_used` |
//! | ATK-06 | a race on what may be used once | taken by one atomic verb | `one_code_in_a_hundred_sign_ins_lets_one_in`, `one_sign_in_answered_a_hundred_times_lets_one_in`, `one_enrolment_confirmed_many_times_makes_one_session`, `one_backup_code_in_a_hundred_sign_ins_lets_one_in`, `one_old_device_token_used_a_hundred_times_is_one_theft`, `one_enrolment_code_used_a_hundred_times_enrols_once` |
//! | ATK-07 | a flood of backup codes wears the processor out | what cannot be one is not hashed, the rest is held after five | `what_cannot_be_a_backup_code_costs_no_hash_and_counts`, `a_thousand_wrong_codes_at_once_are_judged_five_times` |
//! | ATK-08 | the browser is told that it succeeded | only the server's state counts | `a_success_redirect_followed_by_hand_opens_nothing` |
//! | ATK-09 | forced browsing with the password alone | a pending sign-in reaches nothing | `a_pending_sign_in_reaches_nothing` |
//! | ATK-10 | answering somebody else's challenge | the pending sign-in says whose it is | `whose_code_it_is_is_said_by_the_pending_sign_in_alone` |
//! | ATK-11 | odd values in place of a code | refused, counted once | `odd_codes_are_refused_and_count_once` |
//! | ATK-12 | an empty or unconfirmed secret | no factor at all | `an_empty_or_broken_record_is_no_factor`, `an_abandoned_enrolment_asks_for_nothing` |
//! | ATK-13 | another, weaker method is asked for | one that is not there is ignored | `a_method_that_is_not_there_is_ignored` |
//! | ATK-30 | names of accounts are found out | one answer and one cost | `an_unknown_name_and_a_wrong_password_look_the_same`, `an_unknown_user_costs_one_hash_like_a_known_one`, `an_unknown_user_takes_as_long_as_one_with_a_costly_hash_of_another_system` |
//! | ATK-31 | a typed name writes lines of the log | escaped and cut | `odd_names_make_one_line_of_the_log`, `what_a_stranger_types_stays_in_one_short_line`, `a_line_is_exported_in_three_formats` |
//! | ATK-32 | a flood of sign-ins starves the app | hashing is bounded and queued | `a_flood_of_sign_ins_leaves_the_app_reachable`, `a_full_queue_is_busy_and_drains`, `a_password_too_long_is_refused_without_work`, `a_flood_of_a_million_failures_fills_neither_file_nor_store` |
//! | ATK-35 | slow heads, floods of resets, huge heads | deadlines and bounds | `a_slow_head_is_ended`, `a_flood_of_resets_ends_the_connection_and_nobody_elses`, `a_head_that_never_ends_ends_the_connection_and_nobody_elses`, `a_head_that_is_too_large_is_431`, `too_many_headers_over_h2_are_refused` |
//! | ATK-40 | identity headers from outside | removed in every spelling, then set once | `identity_headers_of_a_client_are_replaced_in_every_spelling`, `trailers_cannot_carry_identity` |
//! | ATK-41 | a Connection header removes ours | set after hop-by-hop headers are gone | `a_connection_header_cannot_remove_ours` |
//! | ATK-42 | forwarded headers of strangers | believed from trusted hops only, and nobody is by default | `what_a_stranger_says_of_addresses_is_not_read`, `headers_that_tell_another_path_or_address_are_removed` |
//! | ATK-43 | a health checker's User-Agent passes | nothing depends on it; health has its own listener | `a_program_gets_401_and_a_problem_and_never_a_redirect`, `operators_pages_are_not_on_the_public_listener` |
//! | ATK-44 | request smuggling, odd upgrades, early requests | two readings are refused, each request is judged | `what_can_be_framed_in_two_ways_is_refused`, `an_upgrade_to_anything_else_is_dropped`, `requests_sent_early_are_judged_each_for_itself` |
//! | ATK-45 | the app speaks for the gateway | our names and what undoes the gate are removed | `the_app_cannot_set_our_cookies`, `the_app_cannot_undo_what_the_gateway_relies_on`, `an_answer_cannot_be_split_by_what_the_client_sends` |
//! | ATK-46 | the app is reached around the gateway | a signed assertion that it can check | `the_assertion_is_signed_with_the_published_key`, `a_statement_is_for_one_app_alone`, `a_changed_statement_does_not_verify`, `the_statement_is_verified_by_the_published_key` |
//! | ATK-50 | another spelling of a path | one reading, judged and forwarded alike | `no_spelling_of_a_protected_path_passes_as_public`, `what_is_forwarded_is_what_was_judged` |
//! | ATK-51 | query or fragment turn the match | the path alone takes part | `the_query_and_a_fragment_take_no_part` |
//! | ATK-52 | another authority in the target | 400, or 421 | `a_host_that_is_not_ours_is_misdirected` |
//! | ATK-53 | a connection of one app carries requests for another | judged by each request's own authority | `each_app_is_served_on_its_own_origin_only`, `each_origin_leads_to_its_own_app_and_an_unknown_host_to_none` |
//! | ATK-54 | a connection outlives its session | every request is judged anew | `a_cookie_kept_after_signing_out_opens_nothing_on_an_open_connection`, `each_stream_is_judged_for_itself` |
//! | ATK-55 | a stream outlives the session or a step-up | cut by orders and by the session's end, close 1008 | `a_sign_out_ends_the_matched_sessions_with_their_streams_and_nobody_elses`, `a_step_up_is_asked_of_the_session_and_where_the_person_was_they_are_again`, `streams_end_when_their_sessions_time_is_up` |
//! | ATK-56 | another site opens a WebSocket | Origin must be the app's | `a_handshake_from_another_origin_is_refused` |
//! | ATK-57 | early data is replayed | none is offered | `early_data_is_not_offered` |
//! | ATK-58 | an odd method passes | judged like GET, or 405 | `every_method_is_judged_like_get` |
//! | ATK-59 | no rule, an unknown host, a bad policy | denied; the last good policy stays | `no_default_lets_a_stranger_in`, `a_changed_policy_is_taken_and_a_bad_one_is_not` |
//! | ATK-75 | fields slipped into a call, by unknown names, twice, or by their places in a list | only an object with known names, each once | `fields_are_given_by_their_names_only`, `a_body_that_cannot_be_read_is_refused_with_what_to_change`, `the_api_answers_as_its_description_says` |
//! | ATK-77 | the time is turned back or ahead | steps only grow, and what has ended by the record has ended | `a_clock_set_back_or_ahead_makes_no_used_code_good` |
//! | ATK-80 | `ADMIN` becomes a second account beside `admin` | one fold at creation, import and sign-in | `names_that_are_one_at_sign_in_are_doubles`, `one_fold_for_every_spelling`, `either_name_or_e_mail_is_typed_in_any_case` |
//! | ATK-78 | another node has not heard of it | it acknowledges or its lease runs out before the call returns | `a_confirmed_order_is_obeyed_by_every_node_while_requests_pour_in`, `a_node_that_was_stopped_is_fenced_by_its_lease`, `a_node_whose_wire_is_frozen_is_fenced_and_obeys_when_it_hears_again`, `orders_are_written_back_to_a_server_that_came_back_without_them` |
//! | AT-01 | a client names another user | one header, ours | `identity_headers_of_a_client_are_replaced_in_every_spelling` |
//! | AT-02 | the same with underscores | removed | `identity_headers_of_a_client_are_replaced_in_every_spelling` |
//! | AT-03 | groups where the person has none | removed where nothing is set | `identity_headers_are_removed_where_there_is_nothing_to_set` |
//! | AT-04 | identity on a public route | removed there too | `identity_headers_are_removed_on_public_routes` |
//! | AT-05 | identity on a preflight | removed there too | `identity_headers_are_removed_on_public_routes` |
//! | AT-06 | Connection names our header | ours is set after | `a_connection_header_cannot_remove_ours` |
//! | AT-07 | a name with a line break | cannot be a name | `values_outside_ascii_are_percent_encoded`, `what_is_no_name` |
//! | AT-08 | a group with a comma | cannot be a group | `values_outside_ascii_are_percent_encoded`, `a_comma_never_makes_two_groups_of_one` |
//! | AT-09 | trailers named like our headers | dropped | `trailers_cannot_carry_identity` |
//! | AT-10 | our cookies leak, others are mangled | ours are cut out, the rest is byte for byte | `our_cookies_never_reach_the_app_and_others_pass_unchanged` |
//! | AT-11 | the app sets our cookie | removed | `the_app_cannot_set_our_cookies` |
//! | AT-12 | X-Forwarded-Uri names a public path | not read | `headers_that_tell_another_path_or_address_are_removed` |
//! | AT-13 | everybody is a trusted proxy | nobody by default | `what_a_stranger_says_of_addresses_is_not_read`, `who_is_not_trusted_gets_no_connection_where_the_proxy_protocol_is_on`, `headers_that_tell_another_path_or_address_are_removed` |
//! | AT-14 | an address claimed before a load balancer's | the rightmost hop that is not trusted | `of_a_chain_the_part_that_trusted_hops_wrote_counts`, `a_trusted_hop_names_the_client_by_the_proxy_protocol`, `the_rightmost_untrusted_hop_is_the_visitor` |
//! | AT-15 | a forged address escapes a limit | rules and limits count the attributed address | `what_a_stranger_says_of_addresses_is_not_read`, `a_network_rule_counts_the_address_behind_a_trusted_hop`, `a_limit_counts_the_client_behind_a_trusted_hop`, `connections_of_one_address_are_bounded` |
//! | AT-16 | a probe's User-Agent or a health path passes | neither does | `operators_pages_are_not_on_the_public_listener`, `a_program_gets_401_and_a_problem_and_never_a_redirect` |
//! | AT-17 | dots lead out of a public prefix | resolved before judging | `no_spelling_of_a_protected_path_passes_as_public` |
//! | AT-18 | encoded slashes and backslashes | 400 | `a_path_that_reads_in_two_ways_is_refused` |
//! | AT-19 | doubled slashes | merged, never an authority | `no_spelling_of_a_protected_path_passes_as_public` |
//! | AT-20 | a public path in the query | takes no part | `the_query_and_a_fragment_take_no_part` |
//! | AT-21 | absolute form with another host | 400 | `a_host_that_is_not_ours_is_misdirected` |
//! | AT-22 | two Hosts, odd Hosts, other spellings | 400, 421, or one canonical form | `a_host_that_is_not_ours_is_misdirected`, `a_host_of_ours_is_known_in_every_spelling` |
//! | AT-23 | Host differs from :authority | 400 | `the_authority_and_a_host_must_agree` |
//! | AT-24 | NUL, overlong UTF-8, broken escapes | 400 | `a_path_that_reads_in_two_ways_is_refused` |
//! | AT-25 | /app matches /application | prefixes end at a segment | `a_prefix_ends_at_a_segment` |
//! | AT-27 | two lengths, odd transfer codings | 400, closed | `what_can_be_framed_in_two_ways_is_refused` |
//! | AT-28 | an unread body becomes the next request | closed | `what_follows_a_refused_body_is_never_a_request` |
//! | AT-29 | Upgrade to h2c or anything | dropped, served as HTTP/1.1 | `an_upgrade_to_anything_else_is_dropped` |
//! | AT-30 | CONNECT | 405 | `every_method_is_judged_like_get` |
//! | AT-31 | floods of headers, slow heads and bodies | 431, 408, deadlines | `a_head_that_is_too_large_is_431`, `a_slow_head_is_ended`, `a_body_that_stops_is_408`, `too_many_headers_over_h2_are_refused` |
//! | AT-32 | rapid resets, endless CONTINUATION frames | the connection ends, others do not | `a_flood_of_resets_ends_the_connection_and_nobody_elses`, `a_head_that_never_ends_ends_the_connection_and_nobody_elses`, `too_many_headers_over_h2_are_refused` |
//! | AT-33 | a stranger's WebSocket reaches the app | 401 before any connection | `a_websocket_of_a_stranger_is_refused_before_the_upstream_hears_of_it` |
//! | AT-34 | another site's WebSocket | 403 | `a_handshake_from_another_origin_is_refused` |
//! | AT-35 | a refused upgrade opens a tunnel | only a 101 does | `what_the_upstream_says_instead_is_passed_on` |
//! | AT-36 | an idle WebSocket outlives the order to disconnect | cut by the mark itself: close 1008, and the upstream's side ends too | `a_sign_out_ends_the_matched_sessions_with_their_streams_and_nobody_elses`, `a_confirmed_order_is_obeyed_by_every_node_while_requests_pour_in` |
//! | AT-37 | events, downloads and uploads outlive it | cut like that, and refused when they come again | `a_sign_out_ends_the_matched_sessions_with_their_streams_and_nobody_elses`, `an_order_ends_the_streams_of_whom_it_meets_on_a_shared_connection` |
//! | AT-38 | a stream outlives its session's time | the streams of a session that is due are cut, however busy | `streams_end_when_their_sessions_time_is_up`, `a_session_is_due_at_its_end` |
//! | AT-40 | the return path leads elsewhere | a path of this origin, or / | `the_return_path_leads_nowhere_else`, `only_a_path_of_this_origin_is_kept` |
//! | AT-41 | it names another protected host | paths only | `the_return_path_leads_nowhere_else` |
//! | AT-43 | a forged Host in our links | links come from the configuration | `a_foreign_host_is_in_no_link_of_ours` |
//! | AT-44 | a planted cookie becomes the session | new token at sign-in and at step-up | `a_planted_cookie_never_becomes_the_session`, `a_session_of_one_factor_is_asked_the_second_and_its_code_is_used`, `a_step_up_rotates_the_token_and_the_old_one_serves_ten_seconds` |
//! | AT-45 | odd cookie values | as not signed in | `a_session_of_one_origin_or_of_rubbish_opens_nothing` |
//! | AT-46 | one person's trusted device at another's sign-in | a token names its user and is none for others | `a_device_is_of_one_user_and_none_to_another`, `trust_is_of_one_origin_and_one_user`, `an_old_token_ends_the_device_and_the_thiefs_session_on_every_node` |
//! | AT-47 | a store that is away, wrong or read-only | 503, cookie kept, nothing passes | `a_store_that_goes_away_shuts_the_gate_and_keeps_the_cookies`, `a_store_of_the_wrong_shape_is_a_fault_and_no_pass`, `a_store_that_refuses_commands_shuts_the_gate` |
//! | AT-48 | an emptied store | sign-in, no loop | `an_emptied_store_asks_everybody_to_sign_in`, `a_store_that_restarts_empty_ends_every_session_on_every_node` |
//! | AT-49 | what ended cannot be read | no lease, no service, not ready | `a_node_that_cannot_hear_the_store_stands_still_and_then_honours_what_was_said`, `a_store_that_goes_away_shuts_the_gate_and_keeps_the_cookies` |
//! | AT-50 | another node still serves an ended session | within the lease, also where the message is lost | `signing_out_everywhere_is_honoured_by_the_other_node`, `a_lost_message_does_not_keep_a_session_alive` |
//! | AT-51 | a late touch brings a session back | a touch writes only what is there | `a_request_at_the_moment_of_signing_out_brings_nothing_back`, `an_ended_session_is_gone_and_no_touch_brings_it_back` |
//! | AT-52 | another site posts our forms | 403 | `a_request_that_is_not_a_form_of_our_own_page_signs_nobody_in`, `signing_out_needs_the_form_of_this_very_session` |
//! | AT-53 | a session of the password alone adds a factor | 409, or a fresh code | `a_session_with_a_factor_cannot_be_given_another_by_its_password`, `enrolling_once_more_is_refused`, `new_codes_take_a_fresh_code_and_end_the_old_ones_at_once` |
//! | AT-54 | a code is used twice, or guessed | once on every node, counted over all | `a_used_code_is_refused_with_a_reason_in_every_spelling`, `five_wrong_codes_are_judged_over_all_sign_ins_and_then_the_wait_grows` |
//! | AT-55 | our pages in a frame | frame-ancestors 'none', no-store | `every_page_is_closed_to_frames_scripts_and_caches`, `a_script_of_the_app_can_neither_read_nor_frame_our_pages` |
//! | AT-56 | a script of the app reads our pages | they answer navigations only | `nothing_of_the_session_is_told_to_a_script`, `a_script_of_the_app_can_neither_read_nor_frame_our_pages` |
//! | AT-57 | metrics or API on the public listener | 404 | `operators_pages_are_not_on_the_public_listener` |
//! | AT-58 | look-alike names and addresses | one fold, one script, strict addresses | `either_name_or_e_mail_is_typed_in_any_case`, `lookalikes_and_doubles_are_refused` |
//! | AT-60 | protected content after our page | exactly our page | `a_page_is_never_followed_by_the_apps_content` |
//! | AT-66 | a call is repeated, at once or later | one key is one order, in the step that places it | `of_a_hundred_orders_with_one_key_one_is_placed`, `one_key_is_one_order`, `without_its_store_nothing_is_ordered_and_a_repetition_orders_once` |
//! | AT-67 | an order for somebody who is not known yet | a mark held against whoever turns up | `an_order_meets_who_is_not_known_yet`, `a_selection_fits_who_fits_all_of_it` |
//! | AT-68 | a challenge under way completes after the order | what began before it is met, told by the log's counter | `a_challenge_under_way_is_met_too`, `a_challenge_begun_before_a_step_up_does_not_meet_it`, `who_has_no_method_enrols_by_code_for_a_day_and_never_from_before` |
