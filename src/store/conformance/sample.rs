//! Records for the tests, each with ids nobody else has.

use crate::store::record::OldToken;
use crate::store::{Account, Confirmation, Created, Factor, NewAccount, Opened, Pending, Purpose, Session, Store};
use crate::types::{
    Assurance, DeviceId, Email, FactorId, GroupName, PasswordHash, SecondFactor, Seq, SessionId, SetId, Timestamp,
    TokenHash, TokenRef, UserId, UserName,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(super) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(super) fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn fresh<const N: usize>() -> [u8; N] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut b = [0; N];
    b[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    b
}

pub(super) fn user_id() -> UserId {
    UserId::from_bytes(fresh())
}
pub(super) fn session_id() -> SessionId {
    SessionId::from_bytes(fresh())
}
pub(super) fn factor_id() -> FactorId {
    FactorId::from_bytes(fresh())
}
pub(super) fn device_id() -> DeviceId {
    DeviceId::from_bytes(fresh())
}
pub(super) fn set_id() -> SetId {
    SetId::from_bytes(fresh())
}
pub(super) fn token() -> TokenHash {
    TokenHash(fresh())
}

pub(super) fn account(name: &str, email: Option<&str>) -> Account {
    Account {
        id: user_id(),
        name: UserName::parse(name).unwrap(),
        email: email.map(|e| Email::parse(e).unwrap()),
        groups: [GroupName::parse("staff").unwrap()].into(),
        locale: None,
        disabled: false,
        password: Some(PasswordHash { phc: "$argon2id$".into(), pepper_key: "k1".into() }),
        factors: Vec::new(),
        backup: None,
        enrolment_code: None,
        created: NOW,
        last_sign_in: None,
        proofs: Default::default(),
        version: 1,
    }
}

pub(super) fn factor(last_step: Option<u64>) -> Factor {
    Factor {
        id: factor_id(),
        kind: SecondFactor::Totp,
        name: "phone".into(),
        sealed: vec![1, 2, 3],
        created: NOW,
        last_used: last_step.map(|_| NOW),
        last_step,
        enrolled: Seq(0),
    }
}

pub(super) async fn created(s: &impl Store, account: Account) -> Account {
    assert_eq!(s.create_account(&NewAccount { account: account.clone() }).await.unwrap(), Created::Yes);
    account
}

pub(super) async fn alice(s: &impl Store) -> Account {
    created(s, account("alice", None)).await
}

/// A pending sign-in of this purpose, begun now by the log's counter.
pub(super) async fn pending(s: &impl Store, user: UserId, purpose: Purpose) -> Pending {
    let p = pending_record(s, user, purpose).await;
    s.begin_pending(&p).await.unwrap();
    p
}

/// The same, not stored yet.
pub(super) async fn pending_record(s: &impl Store, user: UserId, purpose: Purpose) -> Pending {
    Pending {
        token: token(),
        user,
        origin: "https://app.example".parse().unwrap(),
        purpose,
        return_to: "/".into(),
        began: s.head().await.unwrap().seq,
        first_at: NOW,
        password_at: Some(NOW),
        ends: later(600),
        failures: 0,
        unconfirmed: None,
        codes: None,
        admitted: None,
        drift: None,
    }
}

/// A pending sign-in that was offered the secret of this factor.
pub(super) async fn enrolling(s: &impl Store, account: &Account, purpose: Purpose) -> (Pending, Factor) {
    let f = factor(Some(7));
    let p = pending(s, account.id, purpose).await;
    s.offer_secret(at(&p), &f.sealed, f.id, NOW).await.unwrap().unwrap();
    (p, f)
}

pub(super) fn at(p: &Pending) -> TokenRef {
    TokenRef { user: p.user, hash: p.token }
}

pub(super) fn session_for(user: UserId, began: Seq) -> Session {
    Session {
        id: session_id(),
        token: token(),
        old: None,
        user,
        origin: "https://app.example".parse().unwrap(),
        began,
        assurance: Assurance { first_at: NOW, second: None, trusted_until: None },
        idle_end: later(3600),
        absolute_end: later(36000),
        address: "192.0.2.1".into(),
        browser: "Browser/1".into(),
        device: None,
        proofs: Default::default(),
        trusted_since: None,
    }
}

/// An enrolment without backup codes, for which no enrolment code is needed.
pub(super) fn confirmation(factor: &Factor, session: &Session) -> Confirmation {
    Confirmation { factor: factor.clone(), session: session.clone(), codes: None, enrolment_code: None }
}

pub(super) fn of(s: &Session) -> TokenRef {
    TokenRef { user: s.user, hash: s.token }
}

/// Signs the user in.
pub(super) async fn signed_in(s: &impl Store, user: UserId) -> Session {
    let p = pending(s, user, Purpose::SignIn).await;
    let session = session_for(user, p.began);
    assert_eq!(s.open_session(at(&p), &session, NOW).await.unwrap(), Opened::Yes);
    session
}

/// The session after a second factor.
pub(super) fn lifted(s: &Session) -> Session {
    let old = OldToken { token: s.token, until: later(30), assurance: s.assurance };
    let assurance = Assurance { second: Some((SecondFactor::Totp, NOW)), ..s.assurance };
    Session { token: token(), old: Some(old), assurance, ..s.clone() }
}

pub(super) async fn lives(s: &impl Store, session: &Session) -> bool {
    s.session(of(session), NOW).await.unwrap().is_some()
}

/// Runs `f` a hundred times at once.
pub(super) async fn hundred<S, F, Fut, T>(s: &std::sync::Arc<S>, f: F) -> Vec<T>
where
    S: Store,
    F: Fn(std::sync::Arc<S>, usize) -> Fut,
    Fut: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    at_once(100, s, f).await
}

/// Runs `f` so often at once.
pub(super) async fn at_once<S, F, Fut, T>(times: usize, s: &std::sync::Arc<S>, f: F) -> Vec<T>
where
    S: Store,
    F: Fn(std::sync::Arc<S>, usize) -> Fut,
    Fut: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(times));
    let tasks: Vec<_> = (0..times)
        .map(|n| {
            let (work, start) = (f(s.clone(), n), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut all = Vec::new();
    for t in tasks {
        all.push(t.await.unwrap());
    }
    all
}

/// How many of them are `wanted`.
pub(super) fn count<T: PartialEq>(all: &[T], wanted: &T) -> usize {
    all.iter().filter(|x| *x == wanted).count()
}
