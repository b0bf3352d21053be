//! What the policy says of guesses and of remembered browsers: `throttle` and `trusted_devices`.

use super::read::{Field, Section};
use std::time::Duration;

/// `throttle`: how many guesses are judged, over all sessions, addresses and nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Of one account. Never disabled by failures.
    pub passwords: Waits,
    /// Of one account and method.
    pub codes: Waits,
    /// Failures in a row that disable a method until an administrator unlocks it (NIST SP 800-63B §3.2.2: at most 100).
    pub codes_disable: u32,
    /// Failures of one account within a day, over all methods, beyond which no typed code is judged.
    pub codes_day: u32,
    /// Wrong codes that end one pending sign-in.
    pub codes_sign_in: u32,
    /// Failures of one address (IPv6: of its /64) within `within`.
    pub address_failures: u32,
    pub address_within: Duration,
}

/// A wait that doubles with each failure once the free ones are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    pub free: u32,
    pub wait: Duration,
    pub longest: Duration,
}

/// `trusted_devices`: browsers that need not give the second factor for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedDevices {
    /// 1 to 90 days from the tick, never prolonged by use.
    pub remember: Duration,
    /// Beyond it the least recently used one is forgotten.
    pub per_user: u32,
}

/// Whether a trusted device stands for the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Accept,
    Refuse,
}

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn throttle(s: &Section<'_>) -> Throttle {
    let passwords = s.section("passwords");
    let codes = s.section("codes");
    let addresses = s.section("addresses");
    let within = addresses.field("within").and_then(|f| f.duration(Duration::from_secs(1)..=DAY));
    Throttle {
        passwords: waits(&passwords, 10),
        codes: waits(&codes, 5),
        codes_disable: number(&codes, "disable", 1..=100).unwrap_or(100),
        codes_day: number(&codes, "day", 1..=1000).unwrap_or(20),
        codes_sign_in: number(&codes, "sign_in", 1..=100).unwrap_or(5),
        address_failures: number(&addresses, "failures", 1..=100_000).unwrap_or(30),
        address_within: within.unwrap_or(Duration::from_secs(600)),
    }
}

fn waits(s: &Section<'_>, free: u32) -> Waits {
    let longest = s.field("longest").and_then(|f| f.duration(Duration::from_secs(1)..=DAY));
    let longest = longest.unwrap_or(Duration::from_secs(3600));
    let wait = s.field("wait").and_then(|f| {
        let wait = f.duration(Duration::from_secs(1)..=DAY)?;
        if wait > longest {
            f.problem("`wait` is longer than `longest`", "Write a shorter one: it doubles up to `longest`.");
        }
        Some(wait)
    });
    Waits {
        free: number(s, "free", 1..=100).unwrap_or(free),
        wait: wait.unwrap_or(Duration::from_secs(30).min(longest)),
        longest,
    }
}

/// `None` where it is `off`.
pub(super) fn trusted_devices(f: Option<Field<'_>>) -> Option<TrustedDevices> {
    if f.is_some_and(|f| f.is_text()) {
        f?.choice(&["off", "Off", "false"].map(|w| (w, ())));
        return None;
    }
    let s = f.map(|f| f.section());
    let remember = s.and_then(|s| s.field("remember")).and_then(|f| f.duration(DAY..=DAY * 90));
    let per_user = s.and_then(|s| number(&s, "per_user", 1..=100));
    Some(TrustedDevices { remember: remember.unwrap_or(DAY * 30), per_user: per_user.unwrap_or(10) })
}

fn number(s: &Section<'_>, name: &str, range: std::ops::RangeInclusive<u64>) -> Option<u32> {
    s.field(name).and_then(|f| f.whole(range)).and_then(|n| u32::try_from(n).ok())
}
