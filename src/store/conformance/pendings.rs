//! Pending sign-ins.

use super::sample::*;
use crate::store::{Drift, Failed, Pending, Purpose, Store};
use std::sync::Arc;

pub(super) async fn a_pending_sign_in_ends_by_its_own_time(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let p = pending(&*s, user, Purpose::SignIn).await;
    assert_eq!(s.pending(at(&p), later(599)).await.unwrap().as_ref(), Some(&p));
    assert_eq!(s.pending(at(&p), later(600)).await.unwrap(), None);
    assert_eq!(s.take_pending(at(&p), later(600)).await.unwrap(), None);
    assert_eq!(s.fail_pending(at(&p), 3, None, later(600)).await.unwrap(), Failed::Gone);
    assert_eq!(s.offer_secret(at(&p), b"x", factor_id(), later(600)).await.unwrap(), None);
    s.sweep(later(599)).await.unwrap();
    assert_eq!(s.take_pending(at(&p), later(599)).await.unwrap(), Some(p));
}

pub(super) async fn the_offered_secret_stays_the_same(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let p = pending(&*s, user, Purpose::SignIn).await;
    let from = at(&p);
    let offered =
        hundred(&s, |s, n| async move { s.offer_secret(from, &[n as u8], factor_id(), NOW).await.unwrap().unwrap() });
    let offered = offered.await;
    assert!(offered.iter().all(|o| *o == offered[0]));
    let p = s.pending(at(&p), NOW).await.unwrap().unwrap();
    let kept = p.unconfirmed.clone().unwrap();
    assert_eq!((kept.factor, kept.sealed), offered[0]);
    let again = Pending { token: token(), ..p.clone() };
    s.begin_pending(&again).await.unwrap();
    assert_eq!(s.take_pending(at(&again), NOW).await.unwrap(), Some(again));
}

pub(super) async fn wrong_codes_are_counted_and_the_last_one_ends_it(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let p = pending(&*s, user, Purpose::SignIn).await;
    assert_eq!(s.fail_pending(at(&p), 3, None, NOW).await.unwrap(), Failed::Left(2));
    assert_eq!(s.pending(at(&p), NOW).await.unwrap().unwrap().failures, 1);
    assert_eq!(s.fail_pending(at(&p), 3, None, NOW).await.unwrap(), Failed::Left(1));
    assert_eq!(s.fail_pending(at(&p), 3, None, NOW).await.unwrap(), Failed::Ended);
    assert_eq!(s.fail_pending(at(&p), 3, None, NOW).await.unwrap(), Failed::Gone);
    assert_eq!(s.pending(at(&p), NOW).await.unwrap(), None);
}

pub(super) async fn how_far_a_wrong_code_was_off_is_noted_until_the_next(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let p = pending(&*s, user, Purpose::SignIn).await;
    let off = Some(Drift { offset: -6, step: 1000 });
    for drift in [off, None, off] {
        assert!(matches!(s.fail_pending(at(&p), 5, drift, NOW).await.unwrap(), Failed::Left(_)));
        assert_eq!(s.pending(at(&p), NOW).await.unwrap().unwrap().drift, drift);
    }
    let taken = s.take_pending(at(&p), NOW).await.unwrap().unwrap();
    assert_eq!((taken.failures, taken.drift), (3, off));
}

pub(super) async fn of_a_hundred_takers_one_gets_it(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let p = pending(&*s, user, Purpose::SignIn).await;
    let from = at(&p);
    let taken = hundred(&s, |s, _| async move { s.take_pending(from, NOW).await.unwrap() }).await;
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [p]);
}
