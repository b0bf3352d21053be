//! The judgement itself: what is asked against what was proved. Pure and table-tested.

use super::verdict::{Denial, Refusal};
use crate::policy::{Requirement, Second, Trust};
use crate::session::Effect;
use crate::types::{Assurance, ReturnTo, Timestamp};
use std::sync::Arc;

/// What the judgement comes to, before a passage is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody is anybody; with `identify`, a session is told to the upstream.
    Public {
        identify: bool,
    },
    Pass,
    Refuse(Refusal),
}

/// `proved` is what the visitor's session has proved; `None` for a stranger.
pub(super) fn decide(
    asked: &Requirement<'_>,
    proved: Option<&Assurance>,
    now: Timestamp,
    to: impl FnOnce() -> ReturnTo,
) -> Decision {
    let refuse = Decision::Refuse;
    match asked {
        Requirement::Public { identify, .. } => Decision::Public { identify: *identify },
        Requirement::Deny { rule } => refuse(Refusal::Denied { rule: owned(*rule), why: Denial::Rule }),
        Requirement::SignIn { .. } => refuse(Refusal::SignIn { to: to() }),
        Requirement::Factors { rule, second, trust } => {
            let Some(proved) = proved else { return refuse(Refusal::SignIn { to: to() }) };
            match second {
                Second::NotAsked => Decision::Pass,
                Second::Challenge if is_two(proved, *trust, now) => Decision::Pass,
                Second::Challenge => refuse(Refusal::Challenge { to: to() }),
                // whatever was given before: who turned it off, or was reset, sets it up anew
                Second::Enrol => refuse(Refusal::Enrol { to: to() }),
                Second::Exempt => refuse(Refusal::Denied { rule: owned(*rule), why: Denial::Exempt }),
            }
        }
    }
}

/// What orders leave of a decision: a right to pass is none before what they ask is done.
pub(super) fn under(decision: Decision, effect: &Effect, to: impl FnOnce() -> ReturnTo) -> Decision {
    match decision {
        Decision::Pass if effect.step_up.is_some() => Decision::Refuse(Refusal::Challenge { to: to() }),
        Decision::Pass if effect.re_enroll => Decision::Refuse(Refusal::Replace { to: to() }),
        Decision::Pass | Decision::Public { .. } | Decision::Refuse(_) => decision,
    }
}

/// A second factor in this session, or a device that is trusted still, where the rule lets it.
fn is_two(proved: &Assurance, trust: Trust, now: Timestamp) -> bool {
    let trusted = trust == Trust::Accept && proved.trusted_until.is_some_and(|until| now < until);
    proved.second.is_some() || trusted
}

fn owned(rule: Option<&Arc<str>>) -> Option<Arc<str>> {
    rule.cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SecondFactor;

    const NOW: Timestamp = Timestamp::from_secs(2);

    #[test]
    fn an_order_asks_before_anything_passes_and_lets_nothing_more_pass() {
        let to = ReturnTo::root;
        let challenge = Decision::Refuse(Refusal::Challenge { to: to() });
        let step_up = Effect { step_up: Some(Default::default()), re_enroll: true, ..Effect::default() };
        let re_enroll = Effect { re_enroll: true, ..Effect::default() };
        assert_eq!(under(Decision::Pass, &Effect::default(), to), Decision::Pass);
        assert_eq!(under(Decision::Pass, &step_up, to), challenge);
        assert_eq!(under(Decision::Pass, &re_enroll, to), Decision::Refuse(Refusal::Replace { to: to() }));
        let denied = Decision::Refuse(Refusal::Denied { rule: None, why: Denial::Rule });
        for same in [denied, Decision::Public { identify: true }] {
            assert_eq!(under(same.clone(), &step_up, to), same);
        }
    }

    #[test]
    fn what_is_asked_against_what_was_proved() {
        let t = Timestamp::from_secs(1);
        let one = Assurance { first_at: t, second: None, trusted_until: None };
        let two = Assurance { second: Some((SecondFactor::Totp, t)), ..one };
        let backup = Assurance { second: Some((SecondFactor::BackupCode, t)), ..one };
        let trusted = Assurance { trusted_until: Some(Timestamp::from_secs(3)), ..one };
        let past = Assurance { trusted_until: Some(NOW), ..one };
        let name: Arc<str> = "r".into();
        let rule = Some(&name);
        let to = ReturnTo::root;
        let factors = |second| Requirement::Factors { rule, second, trust: Trust::Accept };
        let strict = Requirement::Factors { rule, second: Second::Challenge, trust: Trust::Refuse };
        let refuse = |r| Decision::Refuse(r);
        let denied = |why| refuse(Refusal::Denied { rule: Some(name.clone()), why });
        let sign_in = refuse(Refusal::SignIn { to: to() });
        let table = [
            (Requirement::Public { rule: &name, identify: false }, None, Decision::Public { identify: false }),
            (Requirement::Public { rule: &name, identify: true }, Some(&two), Decision::Public { identify: true }),
            (Requirement::Deny { rule }, Some(&two), denied(Denial::Rule)),
            (Requirement::Deny { rule }, None, denied(Denial::Rule)),
            (Requirement::SignIn { rule }, None, sign_in.clone()),
            (factors(Second::NotAsked), None, sign_in.clone()),
            (factors(Second::NotAsked), Some(&one), Decision::Pass),
            (factors(Second::Challenge), None, sign_in.clone()),
            (factors(Second::Challenge), Some(&one), refuse(Refusal::Challenge { to: to() })),
            (factors(Second::Challenge), Some(&two), Decision::Pass),
            (factors(Second::Challenge), Some(&backup), Decision::Pass),
            (factors(Second::Challenge), Some(&trusted), Decision::Pass),
            (factors(Second::Challenge), Some(&past), refuse(Refusal::Challenge { to: to() })),
            (strict.clone(), Some(&trusted), refuse(Refusal::Challenge { to: to() })),
            (strict, Some(&two), Decision::Pass),
            (factors(Second::Enrol), Some(&two), refuse(Refusal::Enrol { to: to() })),
            (factors(Second::Enrol), Some(&trusted), refuse(Refusal::Enrol { to: to() })),
            (factors(Second::Enrol), Some(&one), refuse(Refusal::Enrol { to: to() })),
            (factors(Second::Enrol), None, sign_in),
            (factors(Second::Exempt), Some(&one), denied(Denial::Exempt)),
            (factors(Second::Exempt), Some(&two), denied(Denial::Exempt)),
        ];
        for (asked, proved, want) in table {
            assert_eq!(decide(&asked, proved, NOW, to), want, "{asked:?} {proved:?}");
        }
    }
}
