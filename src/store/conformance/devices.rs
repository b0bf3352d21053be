//! Devices: tokens that rotate, limits, and what ends them.

use super::sample::*;
use crate::store::device::PreviousToken;
use crate::store::{Changed, Device, DeviceLimits, Ends, Fact, Opened, Purpose, Session, Store, Used};
use crate::types::{DeviceRef, Seq, TokenHash, UserId};
use std::sync::Arc;

pub(super) const LIMITS: DeviceLimits = DeviceLimits { trusted: 3, known: 2 };

pub(super) fn device(user: UserId, last_used: u64) -> Device {
    Device {
        id: device_id(),
        token: token(),
        previous: None,
        user,
        origin: "https://app.example".parse().unwrap(),
        trusted_until: Some(later(1000)),
        trusted_since: Seq(0),
        browser: "Browser/1".into(),
        address: "192.0.2.1".into(),
        created: NOW,
        last_used: later(last_used),
        ends: later(2000),
    }
}

pub(super) fn with(d: &Device, token: TokenHash) -> DeviceRef {
    DeviceRef { user: d.user, device: d.id, hash: token }
}

/// Signs in with this device, which the sign-in leaves behind.
pub(super) async fn left_by(s: &impl Store, d: &Device) -> Session {
    let p = pending(s, d.user, Purpose::SignIn).await;
    let session = Session { device: Some(d.id), ..session_for(d.user, p.began) };
    assert_eq!(s.open_session(at(&p), &session, NOW).await.unwrap(), Opened::Yes);
    assert!(s.put_device(d, session.id, LIMITS).await.unwrap());
    session
}

pub(super) async fn a_devices_token_rotates_and_the_one_before_serves_a_minute(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let d = device(user, 0);
    left_by(&*s, &d).await;
    assert_eq!(s.device(with(&d, d.token), NOW).await.unwrap().as_ref(), Some(&d));
    let (next, after) = (token(), token());
    let previous = Some(PreviousToken { token: d.token, until: later(110) });
    let rotated = Device { token: next, previous, last_used: later(50), ..d.clone() };
    assert_eq!(s.use_device(with(&d, d.token), next, later(50)).await.unwrap(), Used::Rotated(rotated.clone()));
    assert_eq!(s.devices_of(user, NOW).await.unwrap(), std::slice::from_ref(&rotated));
    let again = s.use_device(with(&d, d.token), token(), later(109)).await.unwrap();
    assert_eq!(again, Used::Previous(rotated.clone()), "and it is not rotated once more");
    assert_eq!(s.device(with(&d, d.token), later(109)).await.unwrap().as_ref(), Some(&rotated));
    assert_eq!(s.device(with(&d, d.token), later(110)).await.unwrap(), None);
    let late = s.use_device(with(&d, d.token), token(), later(110)).await.unwrap();
    assert_eq!(late, Used::Stale(rotated));
    assert!(matches!(s.use_device(with(&d, next), after, later(120)).await.unwrap(), Used::Rotated(_)));
    assert!(matches!(s.use_device(with(&d, d.token), token(), later(121)).await.unwrap(), Used::Stale(_)));
    for other in
        [DeviceRef { user: user_id(), ..with(&d, after) }, DeviceRef { device: device_id(), ..with(&d, after) }]
    {
        assert_eq!(s.use_device(other, token(), NOW).await.unwrap(), Used::Unknown);
        assert_eq!(s.device(other, NOW).await.unwrap(), None);
    }
}

pub(super) async fn a_device_ends_by_its_own_time(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let d = device(user, 0);
    left_by(&*s, &d).await;
    assert!(s.device(with(&d, d.token), later(1999)).await.unwrap().is_some());
    assert_eq!(s.device(with(&d, d.token), later(2000)).await.unwrap(), None);
    assert_eq!(s.use_device(with(&d, d.token), token(), later(2000)).await.unwrap(), Used::Unknown);
    assert!(s.devices_of(user, later(2000)).await.unwrap().is_empty());
    s.sweep(later(1999)).await.unwrap();
    assert_eq!(s.devices_of(user, NOW).await.unwrap(), [d]);
}

pub(super) async fn of_a_hundred_uses_of_one_device_token_one_rotates(s: Arc<impl Store>) {
    let d = device(alice(&*s).await.id, 0);
    left_by(&*s, &d).await;
    let from = with(&d, d.token);
    let used = hundred(&s, |s, _| async move { s.use_device(from, token(), NOW).await.unwrap() }).await;
    let kinds: Vec<_> = used.iter().map(std::mem::discriminant).collect();
    let won: Vec<_> =
        used.iter().filter_map(|u| if let Used::Rotated(d) = u { Some(d.clone()) } else { None }).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(count(&kinds, &std::mem::discriminant(&Used::Previous(d.clone()))), 99);
    assert_eq!(s.devices_of(d.user, NOW).await.unwrap(), won);
}

pub(super) async fn a_stolen_device_ends_once_with_the_sessions_begun_with_it(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let (stolen, other) = (device(user, 0), device(user, 1));
    let (thief, owner) = (left_by(&*s, &stolen).await, left_by(&*s, &other).await);
    let up = pending(&*s, user, Purpose::StepUp { session: thief.id }).await;
    let lifted = lifted(&thief);
    assert_eq!(s.rotate_session(at(&up), &lifted, NOW).await.unwrap(), Opened::Yes);
    for n in 0..2 {
        let now = s.devices_of(user, NOW).await.unwrap().into_iter().find(|d| d.id == stolen.id).unwrap().token;
        assert!(matches!(s.use_device(with(&stolen, now), token(), later(n)).await.unwrap(), Used::Rotated(_)));
    }
    let from = with(&stolen, stolen.token);
    let ended = hundred(&s, |s, _| async move {
        match s.use_device(from, token(), NOW).await.unwrap() {
            Used::Stale(d) => s.end_device(d.user, d.id).await.unwrap(),
            Used::Unknown => false,
            Used::Rotated(_) | Used::Previous(_) => panic!("an old token was served"),
        }
    });
    assert_eq!(count(&ended.await, &true), 1);
    assert!(!lives(&*s, &lifted).await);
    assert!(lives(&*s, &owner).await);
    assert_eq!(s.devices_of(user, NOW).await.unwrap(), [other]);
    assert!(!s.end_device(user, stolen.id).await.unwrap());
    assert!(!s.put_device(&stolen, thief.id, LIMITS).await.unwrap(), "its session is over");
}

pub(super) async fn what_ends_with_a_device_is_in_the_log(s: Arc<impl Store>) {
    let d = device(alice(&*s).await.id, 0);
    left_by(&*s, &d).await;
    let before = s.head().await.unwrap().seq;
    assert!(s.end_device(d.user, d.id).await.unwrap());
    assert_eq!(s.head().await.unwrap().seq.0, before.0 + 1);
    assert!(s.sessions_of(d.user, NOW).await.unwrap().is_empty());
}

pub(super) async fn above_the_limits_the_devices_used_longest_ago_go(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let known = |used| Device { trusted_until: None, ..device(user, used) };
    let dead = Device { ends: later(10), ..device(user, 9) };
    let lapsed = Device { trusted_until: Some(later(15)), ..device(user, 14) };
    let all = [dead, device(user, 10), known(11), device(user, 12), known(13), lapsed, device(user, 20), known(21)];
    for d in &all {
        left_by(&*s, d).await;
    }
    let last = device(user, 22);
    let session = left_by(&*s, &last).await;
    let mut left: Vec<_> = s.devices_of(user, NOW).await.unwrap().iter().map(|d| d.id).collect();
    assert_eq!(left, [&last, &all[7], &all[6], &all[5], &all[3]].map(|d| d.id));
    assert!(s.put_device(&Device { last_used: later(23), ..all[3].clone() }, session.id, LIMITS).await.unwrap());
    left.rotate_right(1);
    assert_eq!(s.devices_of(user, NOW).await.unwrap().iter().map(|d| d.id).collect::<Vec<_>>(), left);
}

pub(super) async fn a_hundred_new_devices_at_once_stay_within_the_limits(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let session = signed_in(&*s, user).await.id;
    let put = |s: Arc<_>, _| async move { Store::put_device(&*s, &device(user, 1), session, LIMITS).await.unwrap() };
    assert_eq!(count(&hundred(&s, put).await, &true), 100);
    assert_eq!(s.devices_of(user, NOW).await.unwrap().len(), 3);
}

pub(super) async fn a_device_that_is_there_keeps_its_tokens(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let d = Device { trusted_until: None, ..device(user, 0) };
    let session = left_by(&*s, &d).await;
    let Used::Rotated(rotated) = s.use_device(with(&d, d.token), token(), NOW).await.unwrap() else { panic!() };
    // read before the rotation, written after it: the tick at the challenge
    let ticked = Device { trusted_until: Some(later(900)), browser: "Browser/2".into(), ..d.clone() };
    assert!(s.put_device(&ticked, session.id, LIMITS).await.unwrap());
    let expected = Device { trusted_until: Some(later(900)), browser: "Browser/2".into(), ..rotated };
    assert_eq!(s.devices_of(user, NOW).await.unwrap(), [expected]);
}

pub(super) async fn a_device_is_kept_only_while_the_session_that_leaves_it_lives(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let session = signed_in(&*s, user).await;
    s.end_user(user, None).await.unwrap();
    assert!(!s.put_device(&device(user, 0), session.id, LIMITS).await.unwrap());
    let session = signed_in(&*s, user).await;
    s.append(&Fact::Everything).await.unwrap();
    assert!(!s.put_device(&device(user, 0), session.id, LIMITS).await.unwrap());
    assert!(s.devices_of(user, NOW).await.unwrap().is_empty());
}

pub(super) async fn what_ends_a_user_leaves_no_device_but_the_own_as_a_known_one(s: Arc<impl Store>) {
    let account = alice(&*s).await;
    let (own, other) = (device(account.id, 0), device(account.id, 1));
    let session = left_by(&*s, &own).await;
    let known = Device { trusted_until: None, ..own.clone() };
    for by_change in [false, true] {
        left_by(&*s, &other).await;
        assert!(s.put_device(&own, session.id, LIMITS).await.unwrap());
        if by_change {
            let read = s.account(account.id).await.unwrap().unwrap();
            assert_eq!(s.change_account(&read, Ends::Others(Some(session.id))).await.unwrap(), Changed::Yes);
        } else {
            s.end_user(account.id, Some(session.id)).await.unwrap();
        }
        assert_eq!(s.devices_of(account.id, NOW).await.unwrap(), std::slice::from_ref(&known));
    }
    assert!(s.put_device(&own, session.id, LIMITS).await.unwrap());
    s.end_user(account.id, None).await.unwrap();
    assert!(s.devices_of(account.id, NOW).await.unwrap().is_empty());
    assert_eq!(s.use_device(with(&own, own.token), token(), NOW).await.unwrap(), Used::Unknown);
}
