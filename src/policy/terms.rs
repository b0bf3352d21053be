//! What a second factor has to be like where one is asked: `require.{trusted_devices, fresh, methods}`.

use super::limits::Trust;
use super::read::{Field, Section};
use super::rule::Factors;
use crate::types::{Methods, SecondFactor, Timestamp};
use std::time::Duration;

/// Which second factor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether a trusted device stands for it. Never beside `fresh` or `methods`: it proves nothing now, by no method.
    pub trust: Trust,
    /// Given no longer ago than this.
    pub fresh: Option<Duration>,
    /// By one of these.
    pub methods: Methods,
}

impl Terms {
    /// Where the policy says no more than that a second factor is asked.
    pub const PLAIN: Terms = Terms { trust: Trust::Accept, fresh: None, methods: Methods::ALL };

    /// Whether the second factor that a session gave last, and when, counts now.
    pub fn are_met_by(&self, (method, at): (SecondFactor, Timestamp), now: Timestamp) -> bool {
        self.methods.contains(method) && self.fresh.is_none_or(|longest| is_fresh(at, now, longest))
    }
}

/// Clocks of two nodes differ a little. What was given later than that lies ahead because a clock was set back, and how old
/// it is nobody knows.
const CLOCKS_DIFFER: Duration = Duration::from_secs(30);

/// Older than `longest` is too old; as old as that is not.
fn is_fresh(at: Timestamp, now: Timestamp, longest: Duration) -> bool {
    at <= now.plus(CLOCKS_DIFFER) && now.since(at) <= longest
}

/// What stands under `require` besides `factors`.
pub(super) fn terms(require: &Section<'_>, factors: Factors) -> Terms {
    let told = |key: &str| require.field(key).inspect(|f| needs_second(f, key, factors));
    let trusted = told("trusted_devices");
    let trust = trusted.and_then(|f| f.choice(&[("accept", Trust::Accept), ("refuse", Trust::Refuse)]));
    let fresh = told("fresh").map(|f| f.duration(Duration::from_secs(1)..=Duration::from_secs(90 * 86_400)));
    let named = told("methods").map(|f| methods(&f));
    let strict = fresh.is_some() || named.is_some();
    if let (Some(f), Some(Trust::Accept), true) = (trusted, trust, strict) {
        f.warn("a trusted device never counts beside `fresh` or `methods`", "Leave `trusted_devices` out there.");
    }
    Terms {
        trust: if strict { Trust::Refuse } else { trust.unwrap_or(Trust::Accept) },
        fresh: fresh.flatten(),
        methods: match named {
            Some(named) => named,
            None if fresh.is_some() => Methods::PRESENT,
            None => Methods::ALL,
        },
    }
}

fn needs_second(f: &Field<'_>, key: &str, factors: Factors) {
    if factors == Factors::One {
        let remedy = format!("Leave `{key}` out, or write `factors: two`.");
        f.problem(format!("`{key}` speaks of a second factor, and `factors: one` asks none"), remedy);
    }
}

fn methods(f: &Field<'_>) -> Methods {
    let all = f.list();
    if all.is_empty() {
        f.problem("`methods` is empty, so nobody could give one", "Leave the key out, or name one.");
    }
    all.iter().filter_map(|item| item.parse(method, REMEDY)).collect()
}

const REMEDY: &str = "Write `totp` or `backup_code`.";

fn method(name: &str) -> Result<SecondFactor, String> {
    match name {
        "totp" => Ok(SecondFactor::Totp),
        "backup_code" => Ok(SecondFactor::BackupCode),
        "passkey" | "sms" => Err("this version of Portcullis has no such second factor yet".into()),
        _ => Err("not a second factor".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SecondFactor::{BackupCode, Totp};

    const AT: Timestamp = Timestamp::from_secs(10_000);
    const LONGEST: Duration = Duration::from_secs(900);

    fn fresh(methods: Methods) -> Terms {
        Terms { trust: Trust::Refuse, fresh: Some(LONGEST), methods }
    }

    #[test]
    fn a_second_factor_is_fresh_to_the_last_moment_of_its_time() {
        let terms = fresh(Methods::PRESENT);
        for (after_ms, met) in [(0, true), (899_999, true), (900_000, true), (900_001, false), (u64::MAX, false)] {
            let now = Timestamp::from_millis(AT.as_millis().saturating_add(after_ms));
            assert_eq!(terms.are_met_by((Totp, AT), now), met, "{after_ms}");
        }
    }

    #[test]
    fn one_that_lies_ahead_is_fresh_only_as_far_as_clocks_differ() {
        let terms = fresh(Methods::PRESENT);
        for (ahead_ms, met) in [(1, true), (30_000, true), (30_001, false), (3_600_000, false)] {
            let given = Timestamp::from_millis(AT.as_millis() + ahead_ms);
            assert_eq!(terms.are_met_by((Totp, given), AT), met, "{ahead_ms}");
        }
        assert!(Terms::PLAIN.are_met_by((Totp, AT.plus(LONGEST)), AT), "where no time is asked, none is judged");
    }

    #[test]
    fn the_method_counts_and_not_the_time_alone() {
        assert!(!fresh(Methods::PRESENT).are_met_by((BackupCode, AT), AT));
        assert!(fresh(Methods::ALL).are_met_by((BackupCode, AT), AT));
        assert!(Terms::PLAIN.are_met_by((BackupCode, AT), AT.plus(LONGEST * 10)));
    }
}
