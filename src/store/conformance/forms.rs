//! Forms that wait: kept within limits, given out once.

use super::sample::*;
use crate::store::{FormLimits, Parked, ParkedForm, Store};
use crate::types::{ClientIp, FormId};
use std::sync::Arc;

const LIMITS: FormLimits = FormLimits { of_a_network: 4, bytes: 1000 };

pub(super) fn form(from: &str, size: usize) -> ParkedForm {
    let id = FormId::from_bytes(*session_id().as_bytes());
    let network = ClientIp::new(from.parse().unwrap()).network();
    ParkedForm { id, network, ends: later(600), sealed: vec![0xff; size] }
}

pub(super) async fn park(s: &impl Store, f: &ParkedForm) -> Parked {
    s.park_form(f, LIMITS, NOW).await.unwrap()
}

pub(super) async fn a_form_is_looked_at_often_and_taken_once(s: Arc<impl Store>) {
    let f = ParkedForm { sealed: (0..=255).cycle().take(900).collect(), ..form("192.0.2.1", 0) };
    assert_eq!(park(&*s, &f).await, Parked::Yes);
    for _ in 0..2 {
        assert_eq!(s.form(f.id, later(599)).await.unwrap().as_ref(), Some(&f.sealed));
    }
    let id = f.id;
    let taken = hundred(&s, |s, _| async move { s.take_form(id, NOW).await.unwrap() }).await;
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [f.sealed]);
    assert_eq!((s.form(f.id, NOW).await.unwrap(), s.take_form(f.id, NOW).await.unwrap()), (None, None));
}

pub(super) async fn a_form_ends_by_its_own_time_and_makes_room(s: Arc<impl Store>) {
    let f = form("192.0.2.1", 900);
    assert_eq!(park(&*s, &f).await, Parked::Yes);
    assert_eq!(s.form(f.id, later(600)).await.unwrap(), None);
    assert_eq!(s.take_form(f.id, later(600)).await.unwrap(), None);
    let second = ParkedForm { ends: later(1200), ..form("192.0.2.1", 900) };
    assert_eq!(park(&*s, &form("192.0.2.1", 900)).await, Parked::Yes, "what was asked for too late is gone");
    assert_eq!(park(&*s, &second).await, Parked::Full);
    assert_eq!(s.park_form(&second, LIMITS, later(600)).await.unwrap(), Parked::Yes, "what ran out makes room");
    s.sweep(later(1199)).await.unwrap();
    assert_eq!(s.take_form(second.id, later(1199)).await.unwrap(), Some(second.sealed));
}

pub(super) async fn no_more_forms_of_a_network_are_kept_than_may_be(s: Arc<impl Store>) {
    let mine: Vec<_> = (0..5).map(|n| form(&format!("2001:db8::{n}"), 1)).collect();
    for (n, f) in mine.iter().enumerate() {
        assert_eq!(park(&*s, f).await, if n < 4 { Parked::Yes } else { Parked::TooMany });
    }
    assert_eq!(park(&*s, &form("2001:db8:0:1::1", 1)).await, Parked::Yes, "another network");
    assert!(s.take_form(mine[0].id, NOW).await.unwrap().is_some());
    assert_eq!(park(&*s, &mine[4]).await, Parked::Yes);
    assert_eq!(park(&*s, &form("2001:db8::9", 1)).await, Parked::TooMany);
}

pub(super) async fn of_a_hundred_forms_at_once_as_many_are_kept_as_there_is_room_for(s: Arc<impl Store>) {
    let from = |n: usize| format!("192.0.2.{n}");
    let kept = hundred(&s, |s, n| async move { park(&*s, &form(&from(n), 100)).await }).await;
    assert_eq!((count(&kept, &Parked::Yes), count(&kept, &Parked::Full)), (10, 90));
    let of_one = FormLimits { of_a_network: 4, bytes: u64::MAX >> 16 };
    let one = || form("198.51.100.1", 1);
    let kept = hundred(&s, |s, _| async move { s.park_form(&one(), of_one, NOW).await.unwrap() }).await;
    assert_eq!((count(&kept, &Parked::Yes), count(&kept, &Parked::TooMany)), (4, 96));
}
