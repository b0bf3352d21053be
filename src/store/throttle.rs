//! Throttles: how many wrong guesses something has seen, and until when it is held.
//!
//! An attempt counts before anything is evaluated, so that guesses made at once cannot slip through together; a success
//! gives its count back. Both stores keep the same counters by the same arithmetic: here in Rust for the embedded one, in
//! `redis/lua/throttle.lua` for Redis; the conformance suite holds them together.

use crate::types::{ClientNetwork, DeviceId, Timestamp, UserId};
use std::time::Duration;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleKey {
    Password(UserId),
    /// A keyed hash of the folded login of nobody.
    PasswordUnknown([u8; 16]),
    /// On a browser that signed this user in before: no stranger can use it up.
    PasswordOn(UserId, DeviceId),
    Code(UserId, CodeKind),
    /// Typed codes of every kind.
    Codes(UserId),
    Address(ClientNetwork),
}

/// A kind of code that is typed; each has its own counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    Totp,
    Backup,
    Enrolment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleRule {
    /// Failures in a row that cost nothing; the last of them begins the first wait.
    pub free: u32,
    /// The first wait; each further failure doubles it. Zero: none.
    pub wait: Duration,
    pub longest: Duration,
    /// Failures in a row after which nothing is evaluated any more, until a success elsewhere or an admin clears them.
    pub disable_at: Option<u32>,
    /// At most so many failures within so long.
    pub window: Option<(u32, Duration)>,
}

/// The rules of a typed code: of its kind, and of all kinds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRules {
    pub kind: ThrottleRule,
    pub all: ThrottleRule,
}

/// Whether an attempt may be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It may, and is counted by now.
    Allowed,
    Held {
        until: Timestamp,
    },
    Disabled,
}

impl ThrottleKey {
    /// Whose slot it lies in.
    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            ThrottleKey::Password(user)
            | ThrottleKey::PasswordOn(user, _)
            | ThrottleKey::Code(user, _)
            | ThrottleKey::Codes(user) => Some(*user),
            ThrottleKey::PasswordUnknown(_) | ThrottleKey::Address(_) => None,
        }
    }

    /// Its name in that slot, or among those of nobody.
    pub(super) fn name(&self) -> String {
        match self {
            ThrottleKey::Password(_) => "password".into(),
            ThrottleKey::PasswordUnknown(login) => format!("login:{}", data_encoding::HEXLOWER.encode(login)),
            ThrottleKey::PasswordOn(_, device) => on_device(*device),
            ThrottleKey::Code(_, kind) => code(*kind).into(),
            ThrottleKey::Codes(_) => "codes".into(),
            ThrottleKey::Address(network) => format!("address:{network}"),
        }
    }

    /// How long a failure is remembered; `None`: until a success or an admin clears it, for time must not give the guesser
    /// of a short code an endless number of tries.
    pub(super) fn memory(&self, rule: &ThrottleRule) -> Option<Duration> {
        let span = rule.window.map_or(Duration::ZERO, |(_, span)| span);
        match self {
            ThrottleKey::Code(..) => None,
            ThrottleKey::Address(_) if rule.wait.is_zero() => Some(span),
            ThrottleKey::Password(_)
            | ThrottleKey::PasswordUnknown(_)
            | ThrottleKey::PasswordOn(..)
            | ThrottleKey::Codes(_)
            | ThrottleKey::Address(_) => Some(span.max(DAY)),
        }
    }
}

/// The counter of a device's passwords goes with the device.
pub(super) fn on_device(device: DeviceId) -> String {
    format!("password:{device}")
}

/// A new authenticator begins with a clean counter.
pub(super) fn code(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::Totp => "code:totp",
        CodeKind::Backup => "code:backup",
        CodeKind::Enrolment => "code:enrolment",
    }
}

/// What is kept of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    /// Failures in a row.
    pub(super) failures: u32,
    pub(super) held_until: Timestamp,
    /// The newest, oldest first, where a window asks for them.
    pub(super) times: Vec<Timestamp>,
}

impl Counter {
    pub(super) fn judge(&self, rule: &ThrottleRule, now: Timestamp) -> Attempt {
        if rule.disable_at.is_some_and(|most| self.failures >= most) {
            return Attempt::Disabled;
        }
        if now < self.held_until {
            return Attempt::Held { until: self.held_until };
        }
        let Some((most, span)) = rule.window else { return Attempt::Allowed };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let oldest = self.times.len().checked_sub(most).and_then(|i| self.times.get(i));
        match oldest.map(|t| t.plus(span)) {
            Some(until) if now < until => Attempt::Held { until },
            Some(_) | None => Attempt::Allowed,
        }
    }

    /// Counts an attempt that was judged and allowed.
    pub(super) fn count(&mut self, rule: &ThrottleRule, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if let Some(doublings) = self.failures.checked_sub(rule.free)
            && !rule.wait.is_zero()
        {
            let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
            self.held_until = now.plus(rule.wait.saturating_mul(factor).min(rule.longest));
        }
        if let Some((most, _)) = rule.window {
            self.times.push(now);
            let surplus = self.times.len().saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
            self.times.drain(..surplus);
        }
    }

    /// The attempt counted at `at` was a success.
    pub(super) fn passed(&mut self, at: Timestamp) {
        self.failures = 0;
        self.held_until = Timestamp::default();
        if let Some(i) = self.times.iter().position(|t| *t == at) {
            self.times.remove(i);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Counter::default()
    }
}

/// What two counters say together: nothing is evaluated where either holds.
pub(super) fn strictest(all: impl IntoIterator<Item = Attempt>) -> Attempt {
    all.into_iter().fold(Attempt::Allowed, |a, b| match (a, b) {
        (Attempt::Disabled, _) | (_, Attempt::Disabled) => Attempt::Disabled,
        (Attempt::Held { until: a }, Attempt::Held { until: b }) => Attempt::Held { until: a.max(b) },
        (held @ Attempt::Held { .. }, Attempt::Allowed) | (Attempt::Allowed, held) => held,
    })
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    /// Guesses evaluated of one a second for a day, from addresses enough that none of them is held.
    fn evaluated_in_a_day(rules: &[ThrottleRule]) -> u32 {
        let mut counters = vec![Counter::default(); rules.len()];
        let mut evaluated = 0;
        for second in 0..24 * 60 * 60 {
            let now = Timestamp::from_secs(1_700_000_000 + second);
            if strictest(counters.iter().zip(rules).map(|(c, r)| c.judge(r, now))) == Attempt::Allowed {
                counters.iter_mut().zip(rules).for_each(|(c, r)| c.count(r, now));
                evaluated += 1;
            }
        }
        evaluated
    }

    /// Of 86 400 that a thousand addresses send. With three codes of a million good at a time, twenty guesses hit once in
    /// 17 000 days.
    #[test]
    fn a_day_of_guessing_one_account_evaluates_few_passwords_and_fewer_codes() {
        let waits = |free, disable_at, window| ThrottleRule {
            free,
            wait: Duration::from_secs(30),
            longest: Duration::from_secs(3600),
            disable_at,
            window,
        };
        let passwords = waits(10, None, None);
        let codes = waits(5, Some(100), None);
        let all = ThrottleRule { wait: Duration::ZERO, ..waits(0, None, Some((20, DAY))) };
        assert_eq!(evaluated_in_a_day(&[passwords]), 39);
        assert_eq!(evaluated_in_a_day(&[codes, all]), 20);
    }
}
