//! Sessions: what opens them, what lifts them, what ends them.

use super::sample::*;
use crate::store::{
    Account, Burn, Changed, Ends, Fact, Factor, Opened, Pending, Proof, Purpose, Session, Step, Store, Touch,
};
use crate::types::{Seq, Timestamp, TokenRef};
use std::sync::Arc;

pub(super) async fn of_a_hundred_openings_one_opens(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let p = pending(&*s, user, Purpose::SignIn).await;
    let (from, began) = (at(&p), p.began);
    let said =
        hundred(&s, |s, _| async move { s.open_session(from, &session_for(user, began), NOW).await.unwrap() }).await;
    assert_eq!(said.iter().filter(|o| **o == Opened::Yes).count(), 1);
    assert_eq!(said.iter().filter(|o| **o == Opened::Spent).count(), 99);
    assert_eq!(s.sessions_of(user, NOW).await.unwrap().len(), 1);
}

pub(super) async fn a_session_ends_by_idling_and_absolutely(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let session = signed_in(&*s, account.id).await;
    let stored = s.session(of(&session), later(3599)).await.unwrap().unwrap();
    let seen = Account { last_sign_in: Some(NOW), ..account.clone() };
    assert_eq!((stored.session, stored.account), (session.clone(), seen));
    assert!(s.session(of(&session), later(3600)).await.unwrap().is_none());
    assert!(s.sessions_of(account.id, later(3600)).await.unwrap().is_empty());
    let far = Touch { user: account.id, session: session.id, idle_end: later(99_999) };
    s.touch(&[far]).await.unwrap();
    assert!(s.session(of(&session), later(35_999)).await.unwrap().is_some());
    assert!(s.session(of(&session), later(36_000)).await.unwrap().is_none());
    s.sweep(later(35_999)).await.unwrap();
    assert!(lives(&*s, &session).await);
    let foreign = TokenRef { user: user_id(), hash: session.token };
    assert!(s.session(foreign, NOW).await.unwrap().is_none());
}

pub(super) async fn a_rotation_serves_the_old_token_for_a_moment(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let first = signed_in(&*s, user).await;
    let up = Purpose::StepUp { session: first.id };
    let p = pending(&*s, user, up).await;
    let second = lifted(&first);
    assert_eq!(s.rotate_session(at(&p), &second, NOW).await.unwrap(), Opened::Yes);
    assert_eq!(s.session(of(&second), NOW).await.unwrap().unwrap().session, second);
    assert_eq!(s.session(of(&first), later(29)).await.unwrap().unwrap().session, second);
    assert!(s.session(of(&first), later(30)).await.unwrap().is_none());
    let p = pending(&*s, user, up).await;
    assert_eq!(s.rotate_session(at(&p), &lifted(&first), NOW).await.unwrap(), Opened::Spent, "read before the other");
    assert_eq!(s.rotate_session(at(&p), &lifted(&second), NOW).await.unwrap(), Opened::Yes);
    assert!(!lives(&*s, &first).await, "two rotations ago");
    assert!(lives(&*s, &second).await);
    assert_eq!(s.sessions_of(user, NOW).await.unwrap().len(), 1);
}

pub(super) async fn a_rotation_needs_its_own_pending_sign_in_and_a_living_session(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let (one, two) = (signed_in(&*s, user).await, signed_in(&*s, user).await);
    let sign_in = pending(&*s, user, Purpose::SignIn).await;
    assert_eq!(s.rotate_session(at(&sign_in), &lifted(&one), NOW).await.unwrap(), Opened::Spent);
    let p = pending(&*s, user, Purpose::StepUp { session: one.id }).await;
    assert_eq!(s.rotate_session(at(&p), &lifted(&two), NOW).await.unwrap(), Opened::Spent);
    assert_eq!(s.open_session(at(&p), &session_for(user, p.began), NOW).await.unwrap(), Opened::Spent);
    s.end_session(user, one.id).await.unwrap();
    assert_eq!(s.pending(at(&p), NOW).await.unwrap(), None);
    assert_eq!(s.rotate_session(at(&p), &lifted(&one), NOW).await.unwrap(), Opened::Ended);
    assert!(!lives(&*s, &one).await);
    assert!(lives(&*s, &two).await);
}

pub(super) async fn an_ended_session_is_gone_and_no_touch_brings_it_back(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let (ended, other) = (signed_in(&*s, user).await, signed_in(&*s, user).await);
    let before = s.head().await.unwrap().seq;
    let seq = s.end_session(user, ended.id).await.unwrap();
    assert_eq!(seq, Some(Seq(before.0 + 1)));
    assert_eq!(s.end_session(user, ended.id).await.unwrap(), None);
    let touch = |x: &Session| Touch { user, session: x.id, idle_end: later(9999) };
    s.touch(&[touch(&ended), touch(&other)]).await.unwrap();
    assert!(!lives(&*s, &ended).await);
    let left = s.sessions_of(user, NOW).await.unwrap();
    assert_eq!(left.iter().map(|x| (x.id, x.idle_end)).collect::<Vec<_>>(), [(other.id, later(9999))]);
}

pub(super) async fn a_touch_moves_the_idle_end_forward_only(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let session = signed_in(&*s, user).await;
    for (asked, expected) in [(4000, 4000), (3700, 4000), (4001, 4001)] {
        s.touch(&[Touch { user, session: session.id, idle_end: later(asked) }]).await.unwrap();
        let stored = s.session(of(&session), NOW).await.unwrap().unwrap();
        assert_eq!(stored.session.idle_end, later(expected));
    }
}

pub(super) async fn ending_a_user_beats_a_sign_in_begun_before(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let session = signed_in(&*s, user).await;
    let p = pending(&*s, user, Purpose::SignIn).await;
    s.end_user(user, None).await.unwrap();
    assert!(!lives(&*s, &session).await);
    assert_eq!(s.open_session(at(&p), &session_for(user, p.began), NOW).await.unwrap(), Opened::Ended);
    // its password was checked before, its record written after
    let late = Pending { token: token(), ..p };
    s.begin_pending(&late).await.unwrap();
    assert_eq!(s.pending(at(&late), NOW).await.unwrap(), None);
    assert_eq!(s.open_session(at(&late), &session_for(user, late.began), NOW).await.unwrap(), Opened::Ended);
    assert_eq!(s.take_pending(at(&late), NOW).await.unwrap(), None);
    assert!(s.sessions_of(user, NOW).await.unwrap().is_empty());
    assert!(lives(&*s, &signed_in(&*s, user).await).await, "a new sign-in is none of those");
}

pub(super) async fn the_excepted_session_lives_on_and_can_step_up(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let (kept, other) = (signed_in(&*s, user).await, signed_in(&*s, user).await);
    let before = pending(&*s, user, Purpose::StepUp { session: kept.id }).await;
    let seq = s.end_user(user, Some(kept.id)).await.unwrap();
    assert!(!lives(&*s, &other).await);
    let kept = s.session(of(&kept), NOW).await.unwrap().unwrap().session;
    assert!(kept.began >= seq, "what compares with the log must not end it again");
    assert_eq!(s.pending(at(&before), NOW).await.unwrap(), None);
    let p = pending(&*s, user, Purpose::StepUp { session: kept.id }).await;
    let next = Session { began: Seq(0), ..lifted(&kept) };
    assert_eq!(s.rotate_session(at(&p), &next, NOW).await.unwrap(), Opened::Yes);
    assert!(s.session(of(&next), NOW).await.unwrap().unwrap().session.began >= seq);
}

pub(super) async fn a_disabled_account_opens_nothing(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let session = signed_in(&*s, account.id).await;
    let p = pending(&*s, account.id, Purpose::SignIn).await;
    let off = Account { disabled: true, ..account.clone() };
    assert_eq!(s.change_account(&off, Ends::Everything).await.unwrap(), Changed::Yes);
    assert!(!lives(&*s, &session).await);
    for p in [p, pending(&*s, account.id, Purpose::SignIn).await] {
        let opened = s.open_session(at(&p), &session_for(account.id, p.began), NOW).await.unwrap();
        assert_eq!(opened, Opened::Ended);
    }
    let nobody = pending(&*s, user_id(), Purpose::SignIn).await;
    let opened = s.open_session(at(&nobody), &session_for(nobody.user, nobody.began), NOW).await.unwrap();
    assert_eq!(opened, Opened::Ended);
}

pub(super) async fn a_changed_password_ends_the_other_sessions(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (own, other) = (signed_in(&*s, account.id).await, signed_in(&*s, account.id).await);
    let p = pending(&*s, account.id, Purpose::SignIn).await;
    assert_eq!(s.change_account(&account, Ends::Others(Some(own.id))).await.unwrap(), Changed::Yes);
    assert!(lives(&*s, &own).await);
    assert!(!lives(&*s, &other).await);
    assert_eq!(s.open_session(at(&p), &session_for(account.id, p.began), NOW).await.unwrap(), Opened::Ended);
    let read = s.account(account.id).await.unwrap().unwrap();
    assert_eq!(s.change_account(&read, Ends::Nothing).await.unwrap(), Changed::Yes);
    assert!(lives(&*s, &own).await);
}

pub(super) async fn an_enrolment_is_confirmed_in_one_step(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let other = signed_in(&*s, account.id).await;
    let (p, f) = enrolling(&*s, &account, Purpose::SignIn).await;
    let session = session_for(account.id, p.began);
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &session), NOW).await.unwrap(), Opened::Yes);
    let stored = s.session(of(&session), NOW).await.unwrap().unwrap();
    assert_eq!(stored.account.factors, std::slice::from_ref(&f));
    assert_eq!(stored.account.version, account.version + 1);
    assert_eq!(s.accept_totp_step(account.id, f.id, 7, NOW).await.unwrap(), Step::Replayed);
    assert_eq!(s.accept_totp_step(account.id, f.id, 8, NOW).await.unwrap(), Step::Accepted);
    assert!(lives(&*s, &other).await);
    assert_eq!(s.pending(at(&p), NOW).await.unwrap(), None);
    let again = session_for(account.id, p.began);
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &again), NOW).await.unwrap(), Opened::Spent);
}

pub(super) async fn an_enrolment_of_another_secret_is_refused(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (p, f) = enrolling(&*s, &account, Purpose::SignIn).await;
    let session = session_for(account.id, p.began);
    let foreign = Factor { id: factor_id(), ..f.clone() };
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&foreign, &session), NOW).await.unwrap(), Opened::Spent);
    let bare = pending(&*s, account.id, Purpose::SignIn).await;
    assert_eq!(s.confirm_enrolment(at(&bare), &confirmation(&f, &session), NOW).await.unwrap(), Opened::Spent);
    s.end_user(account.id, None).await.unwrap();
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &session), NOW).await.unwrap(), Opened::Ended);
    assert!(s.account(account.id).await.unwrap().unwrap().factors.is_empty());
    assert!(!lives(&*s, &session).await);
}

pub(super) async fn of_a_hundred_confirmations_one_counts(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (p, f) = enrolling(&*s, &account, Purpose::SignIn).await;
    let said = hundred(&s, |s, n| {
        let (from, f, session) = (at(&p), f.clone(), session_for(account.id, p.began));
        let write = Account { version: account.version + n as u64 % 3, ..account.clone() };
        async move {
            // somebody else changes the account all the while
            s.change_account(&write, Ends::Nothing).await.unwrap();
            s.confirm_enrolment(from, &confirmation(&f, &session), NOW).await.unwrap()
        }
    });
    let said = said.await;
    assert_eq!(said.iter().filter(|o| **o == Opened::Yes).count(), 1);
    assert_eq!(said.iter().filter(|o| **o == Opened::Spent).count(), 99);
    assert_eq!(s.sessions_of(account.id, NOW).await.unwrap().len(), 1);
}

pub(super) async fn of_a_hundred_answers_with_one_code_one_is_let_in(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (p, f) = enrolling(&*s, &account, Purpose::SignIn).await;
    let session = session_for(account.id, p.began);
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &session), NOW).await.unwrap(), Opened::Yes);
    let burn = Burn { factor: f.id, step: 8 };
    let p = pending(&*s, account.id, Purpose::SignIn).await;
    let said = hundred(&s, |s, _| {
        let (from, session) = (at(&p), session_for(account.id, p.began));
        async move {
            let opened = s.answer(from, Proof::Totp(burn), &session, NOW).await.unwrap();
            if opened != Opened::Yes {
                // as the gate does after a failure: it must not take the winner's place away
                s.fail_pending(from, 5, None, NOW).await.unwrap();
            }
            opened
        }
    });
    assert_eq!(said.await.iter().filter(|o| **o == Opened::Yes).count(), 1);
    assert_eq!(s.sessions_of(account.id, NOW).await.unwrap().len(), 2);
    let other = pending(&*s, account.id, Purpose::SignIn).await;
    let late = session_for(account.id, other.began);
    assert_eq!(s.answer(at(&other), Proof::Totp(burn), &late, NOW).await.unwrap(), Opened::Replayed);
    assert!(s.pending(at(&other), NOW).await.unwrap().is_some());
    let next = Burn { step: 9, ..burn };
    assert_eq!(s.answer(at(&other), Proof::Totp(next), &late, NOW).await.unwrap(), Opened::Yes);
    let up = pending(&*s, account.id, Purpose::StepUp { session: late.id }).await;
    let last = Burn { step: 10, ..burn };
    assert_eq!(s.answer(at(&up), Proof::Totp(last), &lifted(&late), NOW).await.unwrap(), Opened::Yes);
}

pub(super) async fn of_two_set_ups_under_way_one_counts(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (first, f) = enrolling(&*s, &account, Purpose::SignIn).await;
    let (second, g) = enrolling(&*s, &account, Purpose::SignIn).await;
    let session = session_for(account.id, first.began);
    assert_eq!(s.confirm_enrolment(at(&first), &confirmation(&f, &session), NOW).await.unwrap(), Opened::Yes);
    let late = session_for(account.id, second.began);
    assert_eq!(s.confirm_enrolment(at(&second), &confirmation(&g, &late), NOW).await.unwrap(), Opened::Spent);
    assert_eq!(s.account(account.id).await.unwrap().unwrap().factors, [f]);
    assert!(!lives(&*s, &late).await);
}

pub(super) async fn an_enrolment_in_a_session_rotates_it(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (first, other) = (signed_in(&*s, account.id).await, signed_in(&*s, account.id).await);
    let (p, f) = enrolling(&*s, &account, Purpose::Enrol { session: first.id }).await;
    assert_eq!(s.rotate_session(at(&p), &lifted(&first), NOW).await.unwrap(), Opened::Spent);
    let next = lifted(&first);
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &next), NOW).await.unwrap(), Opened::Yes);
    assert_eq!(s.session(of(&next), NOW).await.unwrap().unwrap().session, next);
    let (p, f) = enrolling(&*s, &account, Purpose::Enrol { session: other.id }).await;
    s.end_session(account.id, other.id).await.unwrap();
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &lifted(&other)), NOW).await.unwrap(), Opened::Ended);
    assert_eq!(s.account(account.id).await.unwrap().unwrap().factors.len(), 1);
}

pub(super) async fn everything_is_over_for_who_began_before(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let session = signed_in(&*s, user).await;
    let p = pending(&*s, user, Purpose::SignIn).await;
    let up = pending(&*s, user, Purpose::StepUp { session: session.id }).await;
    s.append(&Fact::Everything).await.unwrap();
    assert!(!lives(&*s, &session).await);
    assert!(s.sessions_of(user, NOW).await.unwrap().is_empty());
    assert_eq!(s.open_session(at(&p), &session_for(user, p.began), NOW).await.unwrap(), Opened::Ended);
    assert_eq!(s.rotate_session(at(&up), &lifted(&session), NOW).await.unwrap(), Opened::Ended);
    assert!(lives(&*s, &signed_in(&*s, user).await).await);
}

pub(super) async fn the_log_counts_without_gaps(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let session = signed_in(&*s, account.id).await;
    let mut seen = vec![s.head().await.unwrap().seq.0];
    seen.push(s.end_user(account.id, Some(session.id)).await.unwrap().0);
    s.change_account(&Account { version: 99, ..account.clone() }, Ends::Nothing).await.unwrap(); // refused: no entry
    s.change_account(&account, Ends::Nothing).await.unwrap();
    seen.push(s.head().await.unwrap().seq.0);
    seen.push(s.end_session(account.id, session.id).await.unwrap().unwrap().0);
    s.sweep(Timestamp::from_millis(u64::MAX)).await.unwrap();
    seen.push(s.append(&Fact::UserChanged { user: account.id }).await.unwrap().0);
    let first = seen[0];
    assert_eq!(seen, (first..first + 5).collect::<Vec<_>>());
    assert_eq!(s.head().await.unwrap(), s.head().await.unwrap());
}
