//! How many guesses are judged: counted before anything is, so that guesses made at once cannot slip through together.
//!
//! A success gives its count back. What is held costs nothing: no hash, no key is opened.

use super::flow::Held;
use super::service::Gate;
use super::verdict::Fault;
use crate::audit::Limit;
use crate::policy::{Throttle, Waits};
use crate::store::{Attempt, CodeKind, CodeRules, ThrottleKey, ThrottleRule};
use crate::types::{DeviceId, Inbound, Timestamp, UserId};
use std::time::Duration;

/// An attempt that is counted as a failure until it has passed.
#[must_use]
pub(super) struct Counted {
    keys: Vec<ThrottleKey>,
    at: Timestamp,
}

/// For whom a password is tried.
#[derive(Clone, Copy)]
pub(super) enum Guess<'a> {
    /// In a browser that signed this user in before: held by its own counter only, so that no stranger locks the owner out.
    OnKnownBrowser(UserId, DeviceId),
    Of(UserId),
    /// By the name that was typed.
    OfNobody(&'a str),
}

impl Gate {
    /// Wrong codes of one account and method that are followed by no wait.
    pub fn free_codes(&self) -> u32 {
        self.parts.policy.load().throttle().codes.free
    }

    pub(super) async fn count_password(
        &self,
        inbound: &Inbound,
        guess: Guess<'_>,
    ) -> Result<Result<Counted, Held>, Fault> {
        let policy = self.parts.policy.load_full();
        let t = policy.throttle();
        let rule = growing(t.passwords, None);
        let (key, limit, user) = match guess {
            Guess::OnKnownBrowser(user, device) => {
                (ThrottleKey::PasswordOn(user, device), Limit::PasswordsOnKnownBrowser, Some(user))
            }
            Guess::Of(user) => (ThrottleKey::Password(user), Limit::Passwords, Some(user)),
            Guess::OfNobody(login) => (ThrottleKey::PasswordUnknown(self.codes.login(login)), Limit::Passwords, None),
        };
        let at = self.parts.clock.now();
        let mut counted = Counted { keys: Vec::new(), at };
        if !matches!(guess, Guess::OnKnownBrowser(..))
            && let Err(held) = self.count_address(inbound, t, user, &mut counted).await?
        {
            return Ok(Err(held));
        }
        let attempt = self.parts.store.attempt(&key, &rule, at).await?;
        if let Err(held) = self.judged(inbound, user, limit, (attempt, at)) {
            self.passed(&counted).await?;
            return Ok(Err(held));
        }
        counted.keys.push(key);
        Ok(Ok(counted))
    }

    pub(super) async fn count_code(
        &self,
        inbound: &Inbound,
        user: UserId,
        kind: CodeKind,
    ) -> Result<Result<Counted, Held>, Fault> {
        let policy = self.parts.policy.load_full();
        let t = policy.throttle();
        let rules = CodeRules {
            kind: growing(t.codes, Some(t.codes_disable)),
            all: within(t.codes_day, Duration::from_secs(86_400)),
        };
        let at = self.parts.clock.now();
        let mut counted = Counted { keys: Vec::new(), at };
        if let Err(held) = self.count_address(inbound, t, Some(user), &mut counted).await? {
            return Ok(Err(held));
        }
        let attempt = self.parts.store.attempt_code(user, kind, &rules, at).await?;
        let limit = match kind {
            CodeKind::Totp => Limit::TotpCodes,
            CodeKind::Backup => Limit::BackupCodes,
            CodeKind::Enrolment => Limit::EnrolmentCodes,
        };
        if let Err(held) = self.judged(inbound, Some(user), limit, (attempt, at)) {
            self.passed(&counted).await?;
            return Ok(Err(held));
        }
        counted.keys.extend([ThrottleKey::Code(user, kind), ThrottleKey::Codes(user)]);
        Ok(Ok(counted))
    }

    /// What was tried was right.
    pub(super) async fn passed(&self, counted: &Counted) -> Result<(), Fault> {
        for key in &counted.keys {
            self.parts.store.passed(key, counted.at).await?;
        }
        Ok(())
    }

    async fn count_address(
        &self,
        inbound: &Inbound,
        t: &Throttle,
        user: Option<UserId>,
        counted: &mut Counted,
    ) -> Result<Result<(), Held>, Fault> {
        let key = ThrottleKey::Address(inbound.client.network());
        let rule = within(t.address_failures, t.address_within);
        let attempt = self.parts.store.attempt(&key, &rule, counted.at).await?;
        let judged = self.judged(inbound, user, Limit::Address, (attempt, counted.at));
        if judged.is_ok() {
            counted.keys.push(key);
        }
        Ok(judged)
    }

    fn judged(
        &self,
        inbound: &Inbound,
        user: Option<UserId>,
        limit: Limit,
        (attempt, now): (Attempt, Timestamp),
    ) -> Result<(), Held> {
        let (held, until) = match attempt {
            Attempt::Allowed => return Ok(()),
            Attempt::Held { until } => (Held::For(until.since(now)), Some(until)),
            Attempt::Disabled => (Held::Disabled, None),
        };
        self.record_throttle(inbound, user, limit, until);
        Err(held)
    }
}

fn growing(w: Waits, disable_at: Option<u32>) -> ThrottleRule {
    ThrottleRule { free: w.free, wait: w.wait, longest: w.longest, disable_at, window: None }
}

/// A number of failures in a span of time, without a wait of their own.
fn within(failures: u32, span: Duration) -> ThrottleRule {
    ThrottleRule {
        free: u32::MAX,
        wait: Duration::ZERO,
        longest: Duration::ZERO,
        disable_at: None,
        window: Some((failures, span)),
    }
}
