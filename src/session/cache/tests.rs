//! The cache under the log, in every order of fill and entry.

use super::*;
use crate::store::{Account, Session, Stored};
use crate::types::{Assurance, Timestamp, UserName};
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn stored(user: u8, session: u8, began: u64) -> Stored {
    let id = UserId::from_bytes([user; 16]);
    let first_at = NOW;
    Stored {
        session: Session {
            id: SessionId::from_bytes([session; 16]),
            token: TokenHash([session; 32]),
            old: None,
            user: id,
            origin: "https://a.example".parse().unwrap(),
            began: Seq(began),
            assurance: Assurance { first_at, second: None, trusted_until: None },
            idle_end: NOW.plus(Duration::from_secs(60)),
            absolute_end: NOW.plus(Duration::from_secs(600)),
            address: String::new(),
            browser: String::new(),
            device: None,
            proofs: Default::default(),
            trusted_since: None,
        },
        account: Account {
            id,
            name: UserName::parse("u").unwrap(),
            email: None,
            groups: Default::default(),
            locale: None,
            disabled: false,
            password: None,
            factors: vec![],
            backup: None,
            enrolment_code: None,
            created: NOW,
            last_sign_in: None,
            proofs: Default::default(),
            version: 1,
        },
    }
}

fn cached(s: &Stored) -> Arc<Cached> {
    Arc::new(Cached::of(s, &s.session.token, NOW).unwrap())
}

fn fill(c: &Cache, s: &Stored) -> Filled {
    c.fill(c.ticket(s.account.id), cached(s))
}

#[test]
fn an_entry_about_the_user_drops_what_is_cached() {
    for fact in [
        Fact::UserChanged { user: UserId::from_bytes([1; 16]) },
        Fact::SessionRotated { user: UserId::from_bytes([1; 16]), session: SessionId::from_bytes([1; 16]) },
        Fact::Everything,
    ] {
        let (c, mine, other) = (Cache::new(10), stored(1, 1, 5), stored(2, 2, 50));
        assert_eq!(fill(&c, &mine), Filled::Kept);
        assert_eq!(fill(&c, &other), Filled::Kept);
        let everything = fact == Fact::Everything;
        c.apply(&Entry { seq: Seq(9), fact });
        assert!(c.find(&mine.session.token).is_none());
        assert_eq!(c.find(&other.session.token).is_none(), everything);
    }
}

#[test]
fn a_read_that_overlaps_an_entry_is_not_kept() {
    let (c, s) = (Cache::new(10), stored(1, 1, 5));
    let ticket = c.ticket(s.account.id);
    c.apply(&Entry { seq: Seq(6), fact: Fact::UserChanged { user: s.account.id } });
    assert_eq!(c.fill(ticket, cached(&s)), Filled::Overtaken);
    let ticket = c.ticket(s.account.id);
    c.flush();
    assert_eq!(c.fill(ticket, cached(&s)), Filled::Overtaken);
    assert_eq!(fill(&c, &s), Filled::Kept);
}

#[test]
fn what_ended_is_refused_even_where_the_store_was_read_before_it_was_marked() {
    let (c, s, later) = (Cache::new(10), stored(1, 1, 5), stored(1, 2, 7));
    let user = s.account.id;
    c.apply(&Entry { seq: Seq(7), fact: Fact::UserEnded { user, except: None } });
    assert_eq!(fill(&c, &s), Filled::Over);
    assert_eq!(fill(&c, &later), Filled::Kept); // it began at the entry, not before it
    c.apply(&Entry { seq: Seq(8), fact: Fact::SessionEnded { user, session: later.session.id } });
    assert_eq!(fill(&c, &later), Filled::Over);
    assert!(c.is_over(user, later.session.id, Seq(7)));
}

#[test]
fn every_entry_that_may_end_a_session_is_noticed() {
    let (c, user, session) = (Cache::new(10), UserId::from_bytes([1; 16]), SessionId::from_bytes([1; 16]));
    let ends = [
        Fact::SessionEnded { user, session },
        Fact::UserEnded { user, except: None },
        Fact::UserEnded { user, except: Some(session) },
        Fact::Everything,
    ];
    for (n, fact) in ends.into_iter().enumerate() {
        let before = c.endings();
        c.apply(&Entry { seq: Seq(n as u64 + 1), fact });
        assert_ne!(c.endings(), before);
    }
}

#[test]
fn signing_out_elsewhere_leaves_the_session_that_asked() {
    let (c, s, other) = (Cache::new(10), stored(1, 1, 5), stored(1, 2, 5));
    let fact = Fact::UserEnded { user: s.account.id, except: Some(s.session.id) };
    c.apply(&Entry { seq: Seq(9), fact });
    assert_eq!(fill(&c, &s), Filled::Kept);
    assert_eq!(fill(&c, &other), Filled::Over);
}

#[test]
fn a_full_cache_makes_room_and_a_sweep_forgets() {
    let c = Cache::new(32);
    for n in 0..200 {
        assert_eq!(fill(&c, &stored(n, n, 1)), Filled::Kept);
        assert!(c.len() <= 32);
    }
    c.sweep(|s| s.is_live(NOW));
    assert!(c.len() > 0);
    c.sweep(|s| s.is_live(NOW.plus(Duration::from_secs(61))));
    assert_eq!(c.len(), 0);
}

#[test]
fn activity_is_noted_once_a_minute_and_never_beyond_the_absolute_end() {
    let c = cached(&stored(1, 1, 1));
    let idle = Duration::from_secs(300);
    let after = |secs| NOW.plus(Duration::from_secs(secs));
    assert_eq!(c.note_activity(NOW, idle), Some(after(300)));
    assert_eq!(c.note_activity(after(59), idle), None);
    assert_eq!(c.note_activity(after(60), idle), Some(after(360)));
    assert_eq!(c.note_activity(after(60), idle), None);
    assert_eq!(c.note_activity(after(590), idle), Some(after(600)));
}
