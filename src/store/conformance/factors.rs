//! Backup codes, enrolment codes, and what takes second factors away.

use super::sample::*;
use crate::store::record::{BackupStock, ShownCodes};
use crate::store::{
    Account, Burn, Changed, Confirmation, Ends, EnrolmentCode, Factor, NewBackup, Opened, Pending, Proof, Purpose,
    Replaced, Session, Store,
};
use crate::types::{SetId, UserId};
use std::sync::Arc;

fn backup() -> NewBackup {
    NewBackup { set: set_id(), salt: vec![9; 16], digests: (0..10).map(|n| [n; 32]).collect(), made: NOW }
}

pub(super) fn code(set: SetId, n: u8) -> Proof {
    Proof::Backup { set, digest: [n; 32] }
}

/// The pending record that shows this set in this session.
async fn shown(s: &impl Store, session: &Session, codes: &NewBackup) -> Pending {
    let p = pending_record(s, session.user, Purpose::Codes { session: session.id }).await;
    Pending { codes: Some(ShownCodes { set: codes.set, sealed: vec![4, 5] }), ..p }
}

/// An account with an authenticator and ten backup codes, signed in.
pub(super) struct Enrolled {
    pub(super) user: UserId,
    pub(super) factor: Factor,
    pub(super) session: Session,
    pub(super) codes: NewBackup,
    pub(super) shown: Pending,
}

pub(super) async fn enrolled(s: &impl Store) -> Enrolled {
    let account = alice(s).await;
    let (p, factor) = enrolling(s, &account, Purpose::SignIn).await;
    let (session, codes) = (session_for(account.id, p.began), backup());
    let shown = shown(s, &session, &codes).await;
    let c = Confirmation { codes: Some((codes.clone(), shown.clone())), ..confirmation(&factor, &session) };
    assert_eq!(s.confirm_enrolment(at(&p), &c, NOW).await.unwrap(), Opened::Yes);
    Enrolled { user: account.id, factor, session, codes, shown }
}

async fn stock(s: &impl Store, user: UserId) -> Option<BackupStock> {
    s.account(user).await.unwrap().unwrap().backup
}

/// Answers a challenge of a new sign-in.
pub(super) async fn answer(s: &impl Store, user: UserId, proof: Proof) -> Opened {
    let p = pending(s, user, Purpose::SignIn).await;
    s.answer(at(&p), proof, &session_for(user, p.began), NOW).await.unwrap()
}

pub(super) async fn confirming_stores_backup_codes_and_shows_them_until_they_are_saved(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let new = BackupStock { set: e.codes.set, salt: vec![9; 16], left: 10, saved: false, made: NOW };
    let stored = s.session(of(&e.session), NOW).await.unwrap().unwrap();
    assert_eq!(stored.account.backup.as_ref(), Some(&new));
    let login = crate::types::Login::Name(stored.account.name.clone());
    assert_eq!(s.account_by_login(&login).await.unwrap(), Some(stored.account.clone()));
    assert_eq!(s.roster(None, 9).await.unwrap(), [stored.account]);
    assert_eq!(s.pending(at(&e.shown), NOW).await.unwrap().as_ref(), Some(&e.shown));
    let other = pending(&*s, e.user, Purpose::StepUp { session: e.session.id }).await;
    assert!(!s.codes_saved(at(&other), NOW).await.unwrap());
    assert!(s.codes_saved(at(&e.shown), NOW).await.unwrap());
    assert_eq!(stock(&*s, e.user).await, Some(BackupStock { saved: true, ..new }));
    assert!(!s.codes_saved(at(&e.shown), NOW).await.unwrap());
    assert_eq!(s.pending(at(&e.shown), NOW).await.unwrap(), None);
    let write = s.account(e.user).await.unwrap().unwrap();
    assert_eq!(s.change_account(&Account { backup: None, ..write }, Ends::Nothing).await.unwrap(), Changed::Yes);
    assert!(stock(&*s, e.user).await.is_some(), "writes of the account leave the codes alone");
}

pub(super) async fn shown_codes_open_no_session_and_end_with_theirs(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    for way in [lifted(&e.session), session_for(e.user, e.shown.began)] {
        assert_eq!(s.answer(at(&e.shown), code(e.codes.set, 1), &way, NOW).await.unwrap(), Opened::Spent);
    }
    assert_eq!(s.open_session(at(&e.shown), &session_for(e.user, e.shown.began), NOW).await.unwrap(), Opened::Spent);
    s.end_session(e.user, e.session.id).await.unwrap();
    assert_eq!(s.pending(at(&e.shown), NOW).await.unwrap(), None);
    assert!(!s.codes_saved(at(&e.shown), NOW).await.unwrap());
}

pub(super) async fn of_a_hundred_uses_of_one_backup_code_one_is_let_in(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let said = hundred(&s, |s, _| async move { answer(&*s, e.user, code(e.codes.set, 3)).await }).await;
    assert_eq!((count(&said, &Opened::Yes), count(&said, &Opened::Replayed)), (1, 99));
    assert_eq!(stock(&*s, e.user).await.unwrap().left, 9);
    assert_eq!(s.sessions_of(e.user, NOW).await.unwrap().len(), 2);
    assert_eq!(answer(&*s, e.user, code(e.codes.set, 4)).await, Opened::Yes);
}

pub(super) async fn a_refused_backup_code_takes_nothing(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let p = pending(&*s, e.user, Purpose::SignIn).await;
    let next = session_for(e.user, p.began);
    for wrong in [code(e.codes.set, 99), code(set_id(), 1)] {
        assert_eq!(s.answer(at(&p), wrong, &next, NOW).await.unwrap(), Opened::Replayed);
    }
    assert_eq!(stock(&*s, e.user).await.unwrap().left, 10);
    let gone = Pending { token: token(), ..p.clone() };
    assert_eq!(s.answer(at(&gone), code(e.codes.set, 1), &next, NOW).await.unwrap(), Opened::Spent);
    assert_eq!(stock(&*s, e.user).await.unwrap().left, 10, "a code is spent by a sign-in alone");
    assert_eq!(s.answer(at(&p), code(e.codes.set, 1), &next, NOW).await.unwrap(), Opened::Yes);
    let up = pending(&*s, e.user, Purpose::StepUp { session: next.id }).await;
    assert_eq!(s.answer(at(&up), code(e.codes.set, 2), &lifted(&next), NOW).await.unwrap(), Opened::Yes);
}

pub(super) async fn new_backup_codes_end_the_old_ones_at_once(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let (new, burn) = (backup(), Burn { factor: e.factor.id, step: 8 });
    let again = shown(&*s, &e.session, &new).await;
    let regenerate = |burn| s.replace_backup(burn, &new, &again, NOW);
    let stale = Burn { step: 7, ..burn };
    assert_eq!(regenerate(Some(stale)).await.unwrap(), Replaced::Replayed);
    assert_eq!(regenerate(Some(Burn { factor: factor_id(), step: 9 })).await.unwrap(), Replaced::NotEnrolled);
    assert_eq!(stock(&*s, e.user).await.unwrap().set, e.codes.set);
    assert_eq!(s.pending(at(&again), NOW).await.unwrap(), None);
    assert_eq!(regenerate(Some(burn)).await.unwrap(), Replaced::Yes);
    assert_eq!(regenerate(Some(burn)).await.unwrap(), Replaced::Replayed);
    assert_eq!(answer(&*s, e.user, code(e.codes.set, 1)).await, Opened::Replayed);
    assert!(!s.codes_saved(at(&e.shown), NOW).await.unwrap(), "what was saved are other codes");
    assert!(!stock(&*s, e.user).await.unwrap().saved);
    assert_eq!(answer(&*s, e.user, code(new.set, 1)).await, Opened::Yes);
    assert!(s.codes_saved(at(&again), NOW).await.unwrap());
    let bare = created(&*s, account("bare", None)).await;
    let theirs = Pending { user: bare.id, ..again };
    assert_eq!(s.replace_backup(None, &new, &theirs, NOW).await.unwrap(), Replaced::NotEnrolled);
    assert_eq!(stock(&*s, bare.id).await, None);
}

pub(super) async fn of_a_hundred_regenerations_with_one_code_one_counts(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let burn = Some(Burn { factor: e.factor.id, step: 8 });
    let said = hundred(&s, |s, _| {
        let session = e.session.clone();
        async move {
            let codes = backup();
            let shown = shown(&*s, &session, &codes).await;
            (s.replace_backup(burn, &codes, &shown, NOW).await.unwrap(), codes.set)
        }
    });
    let said = said.await;
    let won: Vec<_> = said.iter().filter(|(r, _)| *r == Replaced::Yes).map(|(_, set)| *set).collect();
    assert_eq!(won, [stock(&*s, e.user).await.unwrap().set]);
    assert_eq!(stock(&*s, e.user).await.unwrap().left, 10);
}

fn enrolment_code() -> EnrolmentCode {
    EnrolmentCode { digest: [7; 32], ends: later(60) }
}

pub(super) async fn of_a_hundred_set_ups_with_one_enrolment_code_one_counts(s: Arc<impl Store>) {
    let account = created(&*s, Account { enrolment_code: Some(enrolment_code()), ..account("alice", None) }).await;
    let said = hundred(&s, |s, _| {
        let account = account.clone();
        async move {
            let (p, f) = enrolling(&*s, &account, Purpose::SignIn).await;
            let session = session_for(account.id, p.began);
            let c = Confirmation { enrolment_code: Some([7; 32]), ..confirmation(&f, &session) };
            s.confirm_enrolment(at(&p), &c, NOW).await.unwrap()
        }
    });
    let said = said.await;
    assert_eq!((count(&said, &Opened::Yes), count(&said, &Opened::Spent)), (1, 99));
    let stored = s.account(account.id).await.unwrap().unwrap();
    assert_eq!((stored.factors.len(), stored.enrolment_code), (1, None));
    assert_eq!(s.sessions_of(account.id, NOW).await.unwrap().len(), 1);
}

pub(super) async fn an_enrolment_code_must_be_the_accounts_and_runs_out(s: Arc<impl Store>) {
    let with = created(&*s, Account { enrolment_code: Some(enrolment_code()), ..account("alice", None) }).await;
    let without = created(&*s, account("bob", None)).await;
    let table = [
        (&without, [7; 32], 0, Opened::Spent),
        (&with, [8; 32], 0, Opened::Spent),
        (&with, [7; 32], 60, Opened::Spent),
        (&with, [7; 32], 59, Opened::Yes),
    ];
    for (account, digest, when, expected) in table {
        let (p, f) = enrolling(&*s, account, Purpose::SignIn).await;
        let c = Confirmation { enrolment_code: Some(digest), ..confirmation(&f, &session_for(account.id, p.began)) };
        assert_eq!(s.confirm_enrolment(at(&p), &c, later(when)).await.unwrap(), expected, "{digest:?} {when}");
        assert_eq!(s.pending(at(&p), NOW).await.unwrap().is_some(), expected == Opened::Spent);
    }
    let given = Pending { admitted: Some([7; 32]), ..pending_record(&*s, without.id, Purpose::SignIn).await };
    s.begin_pending(&given).await.unwrap();
    assert_eq!(s.pending(at(&given), NOW).await.unwrap(), Some(given));
}

pub(super) async fn a_replaced_authenticator_ends_the_others_and_keeps_backup_codes(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let other = signed_in(&*s, e.user).await;
    let waiting = pending(&*s, e.user, Purpose::SignIn).await;
    let before = s.account(e.user).await.unwrap().unwrap();
    let (p, f) = enrolling(&*s, &before, Purpose::Replace { session: e.session.id }).await;
    let stranger = enrolling(&*s, &before, Purpose::Replace { session: other.id }).await.0;
    assert_eq!(
        s.confirm_enrolment(at(&stranger), &confirmation(&f, &lifted(&e.session)), NOW).await.unwrap(),
        Opened::Spent
    );
    let next = lifted(&e.session);
    assert_eq!(s.confirm_enrolment(at(&p), &confirmation(&f, &next), NOW).await.unwrap(), Opened::Yes);
    let stored = s.session(of(&next), NOW).await.unwrap().unwrap();
    assert_eq!((&stored.account.factors[..], stored.account.backup), (&[f.clone()][..], before.backup));
    assert!(!lives(&*s, &other).await);
    assert!(s.pending(at(&waiting), NOW).await.unwrap().is_none());
    let old = Burn { factor: e.factor.id, step: 99 };
    assert_eq!(answer(&*s, e.user, Proof::Totp(old)).await, Opened::Spent);
    assert_eq!(answer(&*s, e.user, Proof::Totp(Burn { factor: f.id, step: 8 })).await, Opened::Yes);
    let up = pending(&*s, e.user, Purpose::StepUp { session: next.id }).await;
    let proof = Proof::Totp(Burn { factor: f.id, step: 9 });
    assert_eq!(s.answer(at(&up), proof, &lifted(&stored.session), NOW).await.unwrap(), Opened::Yes, "it lives on");
}

pub(super) async fn nothing_is_replaced_where_nothing_is(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let session = signed_in(&*s, account.id).await;
    let (p, f) = enrolling(&*s, &account, Purpose::Replace { session: session.id }).await;
    let said = s.confirm_enrolment(at(&p), &confirmation(&f, &lifted(&session)), NOW).await.unwrap();
    assert_eq!(said, Opened::Spent);
    assert!(s.account(account.id).await.unwrap().unwrap().factors.is_empty());
    assert!(lives(&*s, &session).await);
}

pub(super) async fn disabling_takes_all_factors_and_codes_away_and_ends_the_others(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let other = signed_in(&*s, e.user).await;
    let kept = Some(e.session.id);
    let burn = |step| Some(Burn { factor: e.factor.id, step });
    assert_eq!(s.disable_mfa(e.user, burn(7), kept, NOW).await.unwrap(), Replaced::Replayed);
    assert!(lives(&*s, &other).await);
    assert_eq!(s.disable_mfa(e.user, burn(8), kept, NOW).await.unwrap(), Replaced::Yes);
    let stored = s.account(e.user).await.unwrap().unwrap();
    assert_eq!((stored.factors, stored.backup), (vec![], None));
    assert!(lives(&*s, &e.session).await);
    assert!(!lives(&*s, &other).await);
    assert_eq!(answer(&*s, e.user, code(e.codes.set, 1)).await, Opened::Replayed);
    assert_eq!(s.disable_mfa(e.user, None, kept, NOW).await.unwrap(), Replaced::NotEnrolled);
    assert_eq!(s.disable_mfa(user_id(), None, None, NOW).await.unwrap(), Replaced::NotEnrolled);
}

pub(super) async fn of_a_hundred_disablings_with_one_code_one_counts(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let burn = Some(Burn { factor: e.factor.id, step: 8 });
    let said = hundred(&s, |s, _| async move { s.disable_mfa(e.user, burn, None, NOW).await.unwrap() }).await;
    assert_eq!(count(&said, &Replaced::Yes), 1);
}

pub(super) async fn a_reset_ends_everything_and_leaves_an_enrolment_code(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let waiting = pending(&*s, e.user, Purpose::SignIn).await;
    let before = s.account(e.user).await.unwrap().unwrap();
    assert!(s.reset_mfa(e.user, Some(enrolment_code())).await.unwrap());
    let expected = Account {
        factors: vec![],
        backup: None,
        enrolment_code: Some(enrolment_code()),
        version: before.version + 1,
        ..before.clone()
    };
    assert_eq!(s.account(e.user).await.unwrap(), Some(expected));
    assert!(!lives(&*s, &e.session).await);
    assert_eq!(s.pending(at(&waiting), NOW).await.unwrap(), None);
    assert_eq!(s.change_account(&before, Ends::Nothing).await.unwrap(), Changed::Outdated, "read before");
    assert!(s.reset_mfa(e.user, None).await.unwrap());
    assert_eq!(s.account(e.user).await.unwrap().unwrap().enrolment_code, None);
    assert!(!s.reset_mfa(user_id(), None).await.unwrap());
}

pub(super) async fn a_deleted_account_leaves_nothing_and_frees_its_name(s: Arc<impl Store>) {
    let e = enrolled(&*s).await;
    let waiting = pending(&*s, e.user, Purpose::SignIn).await;
    let gone = hundred(&s, |s, _| async move { s.delete_account(e.user).await.unwrap() }).await;
    assert_eq!(count(&gone, &true), 1);
    assert_eq!(s.account(e.user).await.unwrap(), None);
    assert!(!lives(&*s, &e.session).await);
    assert!(s.sessions_of(e.user, NOW).await.unwrap().is_empty());
    assert_eq!(s.pending(at(&waiting), NOW).await.unwrap(), None);
    let late = session_for(e.user, waiting.began);
    assert_eq!(s.open_session(at(&waiting), &late, NOW).await.unwrap(), Opened::Ended);
    assert_eq!((s.count_accounts().await.unwrap(), s.roster(None, 9).await.unwrap().len()), (0, 0));
    let again = alice(&*s).await;
    assert_eq!(s.account(again.id).await.unwrap(), Some(again));
}

pub(super) async fn the_last_sign_in_is_noted_without_a_new_version(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let p = pending(&*s, account.id, Purpose::SignIn).await;
    let session = session_for(account.id, p.began);
    s.open_session(at(&p), &session, later(5)).await.unwrap();
    let seen = s.account(account.id).await.unwrap().unwrap();
    assert_eq!((seen.last_sign_in, seen.version), (Some(later(5)), account.version));
    assert_eq!(s.change_account(&account, Ends::Nothing).await.unwrap(), Changed::Yes);
    let seen = s.account(account.id).await.unwrap().unwrap();
    assert_eq!(seen.last_sign_in, Some(later(5)), "a write by somebody who read earlier does not take it back");
    let up = pending(&*s, account.id, Purpose::StepUp { session: session.id }).await;
    s.rotate_session(at(&up), &lifted(&session), later(9)).await.unwrap();
    assert_eq!(s.account(account.id).await.unwrap().unwrap().last_sign_in, Some(later(5)), "no sign-in");
}
