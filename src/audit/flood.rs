//! Failures before a right password, and what was refused unjudged, bounded: anybody can cause them at any rate, so they
//! must fill neither file nor store.
//!
//! In each minute some are written singly: 10 an account, 10 an address (of IPv6 a /64), 30 of names that nobody has, 120
//! in all. The rest is counted, and the minute ends with one event for each account and address that was over its limit.
//! What is remembered is bounded by that: a failure that is only counted adds no account and no address.

use super::event::{Event, Source};
use super::outcome::{Challenge, Enrolment, SignIn};
use crate::types::{ClientIp, ClientNetwork, Timestamp, UserId};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default)]
pub(super) struct Flood {
    minute: u64,
    /// Written singly in this minute.
    single: HashMap<Who, u32>,
    /// Not written, by whose limit it was.
    counted: BTreeMap<Who, u64>,
}

/// Whose limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    Account(&'static str, UserId),
    Address(&'static str, ClientNetwork),
    /// Names that nobody has.
    Nobody(&'static str),
    Everybody(&'static str),
}

impl Who {
    fn limit(self) -> u32 {
        match self {
            Who::Account(..) | Who::Address(..) => 10,
            Who::Nobody(_) => 30,
            Who::Everybody(_) => 120,
        }
    }
    fn summary(self, count: u64) -> Event {
        let from = |network: ClientNetwork| Source { from: Some(network.first()), ..Source::default() };
        let (of, source, user) = match self {
            Who::Account(of, user) => (of, Source::default(), Some(user)),
            Who::Address(of, network) => (of, from(network), None),
            Who::Nobody(of) | Who::Everybody(of) => (of, Source::default(), None),
        };
        Event::Failures { source, of, user, count }
    }
}

impl Flood {
    /// Whether the event is to be written; else it is counted. Call `roll` first.
    pub(super) fn admits(&mut self, event: &Event) -> bool {
        let Some((kind, from, user)) = cheap_to_cause(event) else { return true };
        let person = user.map_or(Who::Nobody(kind), |u| Who::Account(kind, u));
        let address = from.map(|ip| Who::Address(kind, ip.network()));
        let limits = [Some(person), address, Some(Who::Everybody(kind))];
        let over = |w: &Who| self.single.get(w).is_some_and(|n| *n >= w.limit());
        if let Some(who) = limits.iter().flatten().find(|w| over(w)) {
            *self.counted.entry(*who).or_default() += 1;
            return false;
        }
        for who in limits.into_iter().flatten() {
            *self.single.entry(who).or_default() += 1;
        }
        true
    }

    /// When a minute is over: what was counted in it, and the moment that this is said of.
    pub(super) fn roll(&mut self, now: Timestamp) -> Option<(Timestamp, Vec<Event>)> {
        let minute = now.as_secs() / 60;
        if minute <= self.minute {
            return None; // a clock that was set back adds to the present minute
        }
        let over = Timestamp::from_millis((self.minute + 1) * 60_000 - 1);
        self.minute = minute;
        self.single.clear();
        let counted = std::mem::take(&mut self.counted);
        if counted.is_empty() {
            None
        } else {
            Some((over, counted.into_iter().map(|(who, n)| who.summary(n)).collect()))
        }
    }
}

/// What anybody may cause at any rate: failures before a right password, and what was refused unjudged. Its kind, from
/// where, and of whom.
fn cheap_to_cause(event: &Event) -> Option<(&'static str, Option<ClientIp>, Option<UserId>)> {
    match event {
        Event::SignIn { source, user, outcome, .. } => match outcome {
            SignIn::UnknownUser | SignIn::WrongPassword | SignIn::Busy | SignIn::Throttled => {
                Some(("sign_in", source.from, *user))
            }
            SignIn::Passed
            | SignIn::FirstFactorPassed
            | SignIn::PassedOnTrustedDevice
            | SignIn::Disabled
            | SignIn::Blocked => None,
        },
        Event::Challenge { source, user, outcome: Challenge::Throttled, .. } => {
            Some(("challenge", source.from, Some(*user)))
        }
        Event::Enrolment { source, user, outcome: Enrolment::Throttled, .. } => {
            Some(("enrolment", source.from, Some(*user)))
        }
        Event::Throttle { source, user, .. } => Some(("throttle", source.from, *user)),
        Event::DuplicateCookie { source, .. } => Some(("duplicate_cookie", source.from, None)),
        Event::ApiCall { source, status: 401 | 403 | 429, .. } => Some(("api_call", source.from, None)),
        Event::Alarm { .. } => Some(("alarm", None, None)),
        Event::SignOut { .. }
        | Event::Challenge { .. }
        | Event::Enrolment { .. }
        | Event::BackupCodes { .. }
        | Event::Device { .. }
        | Event::Mfa { .. }
        | Event::AccountChange { .. }
        | Event::Policy { .. }
        | Event::Keys { .. }
        | Event::Token { .. }
        | Event::Disconnect { .. }
        | Event::ApiCall { .. }
        | Event::Failures { .. }
        | Event::Lost { .. }
        | Event::Repaired { .. }
        | Event::Trimmed { .. }
        | Event::Node { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SecondFactor;
    use std::net::Ipv4Addr;

    fn failure(user: Option<u8>, address: u32) -> Event {
        let from = Some(ClientIp(Ipv4Addr::from(address).into()));
        Event::SignIn {
            source: Source { from, ..Source::default() },
            user: user.map(|u| UserId::from_bytes([u; 16])),
            login: "x".into(),
            outcome: SignIn::WrongPassword,
        }
    }

    fn at(minute: u64) -> Timestamp {
        Timestamp::from_secs(minute * 60 + 30)
    }

    fn counts(rolled: Option<(Timestamp, Vec<Event>)>) -> Vec<(Option<UserId>, bool, u64)> {
        let count = |e: &Event| match e {
            Event::Failures { source, user, count, .. } => (*user, source.from.is_some(), *count),
            other => panic!("{other:?}"),
        };
        rolled.map(|(_, all)| all.iter().map(count).collect()).unwrap_or_default()
    }

    #[test]
    fn ten_a_minute_of_an_account_are_written_and_the_rest_is_one_event() {
        let mut flood = Flood::default();
        flood.roll(at(1));
        let written = (0..100).filter(|n| flood.admits(&failure(Some(1), *n))).count();
        assert_eq!(written, 10);
        assert!(flood.admits(&failure(Some(2), 1000)));
        let (said, events) = flood.roll(at(2)).unwrap();
        assert_eq!(said.as_millis(), 119_999);
        assert_eq!(counts(Some((said, events))), [(Some(UserId::from_bytes([1; 16])), false, 90)]);
        assert!(flood.admits(&failure(Some(1), 1)));
        assert_eq!(counts(flood.roll(at(3))), []);
    }

    #[test]
    fn ten_a_minute_of_an_address_are_written() {
        let mut flood = Flood::default();
        flood.roll(at(1));
        assert_eq!((0..50).filter(|n| flood.admits(&failure(Some(*n), 1))).count(), 10);
        assert_eq!(counts(flood.roll(at(2))), [(None, true, 40)]);
    }

    #[test]
    fn names_of_nobody_and_everything_together_are_bounded_too() {
        let mut flood = Flood::default();
        flood.roll(at(1));
        assert_eq!((0..5000).filter(|n| flood.admits(&failure(None, *n))).count(), 30);
        let each = |n: u32| failure(Some(u8::try_from(n % 250).unwrap()), 10_000 + n);
        assert_eq!((0..5000).filter(|n| flood.admits(&each(*n))).count(), 90);
        assert!(flood.single.len() < 400 && flood.counted.len() < 400);
        assert_eq!(counts(flood.roll(at(2))).iter().map(|c| c.2).sum::<u64>(), 10_000 - 120);
    }

    #[test]
    fn what_is_refused_unjudged_is_bounded_behind_a_right_password_too() {
        let mut flood = Flood::default();
        flood.roll(at(1));
        let challenge = |outcome| Event::Challenge {
            source: Source::default(),
            user: UserId::from_bytes([1; 16]),
            factor: SecondFactor::Totp,
            outcome,
        };
        assert_eq!((0..100).filter(|_| flood.admits(&challenge(Challenge::Throttled))).count(), 10);
        assert!((0..100).all(|_| flood.admits(&challenge(Challenge::Failed))));
    }

    #[test]
    fn what_needs_a_right_password_is_always_written() {
        let mut flood = Flood::default();
        flood.roll(at(1));
        let user = UserId::from_bytes([1; 16]);
        let (login, outcome) = ("x".to_string(), SignIn::Passed);
        let passed = Event::SignIn { source: Source::default(), user: Some(user), login, outcome };
        assert!((0..1000).all(|_| flood.admits(&passed)));
    }
}
