//! The judgement itself: what is asked against what was proved. Pure and table-tested.

use super::verdict::{Denial, Refusal};
use crate::policy::{Requirement, Second, Terms, Trust};
use crate::session::Effect;
use crate::session::marks::Person;
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

/// What a visitor's session has proved, and what its person could give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proved<'a> {
    pub assurance: &'a Assurance,
    pub person: &'a Person,
}

/// `proved`: `None` for a stranger.
pub(super) fn decide(
    asked: &Requirement<'_>,
    proved: Option<Proved<'_>>,
    now: Timestamp,
    to: impl FnOnce() -> ReturnTo,
) -> Decision {
    let refuse = Decision::Refuse;
    match asked {
        Requirement::Public { identify, .. } => Decision::Public { identify: *identify },
        Requirement::Deny { rule } => refuse(Refusal::Denied { rule: owned(*rule), why: Denial::Rule }),
        Requirement::SignIn { .. } => refuse(Refusal::SignIn { to: to() }),
        Requirement::Factors { rule, second, terms } => {
            let Some(proved) = proved else { return refuse(Refusal::SignIn { to: to() }) };
            match second {
                Second::NotAsked => Decision::Pass,
                Second::Challenge if is_two(proved.assurance, terms, now) => Decision::Pass,
                Second::Challenge if terms.methods.and(proved.person.has()).is_empty() => {
                    refuse(Refusal::Denied { rule: owned(*rule), why: Denial::NoMethod })
                }
                Second::Challenge => refuse(Refusal::Challenge { to: to(), max_age: terms.fresh }),
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
        Decision::Pass if effect.step_up.is_some() => Decision::Refuse(Refusal::Challenge { to: to(), max_age: None }),
        Decision::Pass if effect.re_enroll => Decision::Refuse(Refusal::Replace { to: to() }),
        Decision::Pass | Decision::Public { .. } | Decision::Refuse(_) => decision,
    }
}

/// A second factor in this session that counts, or a device that is trusted still, where the rule lets it.
fn is_two(proved: &Assurance, terms: &Terms, now: Timestamp) -> bool {
    let trusted = terms.trust == Trust::Accept && proved.trusted_until.is_some_and(|until| now < until);
    proved.second.is_some_and(|second| terms.are_met_by(second, now)) || trusted
}

fn owned(rule: Option<&Arc<str>>) -> Option<Arc<str>> {
    rule.cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SecondFactor;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_secs(2);
    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn an_order_asks_before_anything_passes_and_lets_nothing_more_pass() {
        let to = ReturnTo::root;
        let challenge = Decision::Refuse(Refusal::Challenge { to: to(), max_age: None });
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
        let factors = |second| Requirement::Factors { rule, second, terms: Terms::PLAIN };
        let refused = Terms { trust: Trust::Refuse, ..Terms::PLAIN };
        let strict = Requirement::Factors { rule, second: Second::Challenge, terms: refused };
        let refuse = |r| Decision::Refuse(r);
        let denied = |why| refuse(Refusal::Denied { rule: Some(name.clone()), why });
        let to = ReturnTo::root;
        let sign_in = refuse(Refusal::SignIn { to: to() });
        let challenge = || refuse(Refusal::Challenge { to: to(), max_age: None });
        let table = [
            (Requirement::Public { rule: &name, identify: false }, None, Decision::Public { identify: false }),
            (Requirement::Public { rule: &name, identify: true }, Some(&two), Decision::Public { identify: true }),
            (Requirement::Deny { rule }, Some(&two), denied(Denial::Rule)),
            (Requirement::Deny { rule }, None, denied(Denial::Rule)),
            (Requirement::SignIn { rule }, None, sign_in.clone()),
            (factors(Second::NotAsked), None, sign_in.clone()),
            (factors(Second::NotAsked), Some(&one), Decision::Pass),
            (factors(Second::Challenge), None, sign_in.clone()),
            (factors(Second::Challenge), Some(&one), challenge()),
            (factors(Second::Challenge), Some(&two), Decision::Pass),
            (factors(Second::Challenge), Some(&backup), Decision::Pass),
            (factors(Second::Challenge), Some(&trusted), Decision::Pass),
            (factors(Second::Challenge), Some(&past), challenge()),
            (strict.clone(), Some(&trusted), challenge()),
            (strict, Some(&two), Decision::Pass),
            (factors(Second::Enrol), Some(&two), refuse(Refusal::Enrol { to: to() })),
            (factors(Second::Enrol), Some(&trusted), refuse(Refusal::Enrol { to: to() })),
            (factors(Second::Enrol), Some(&one), refuse(Refusal::Enrol { to: to() })),
            (factors(Second::Enrol), None, sign_in),
            (factors(Second::Exempt), Some(&one), denied(Denial::Exempt)),
            (factors(Second::Exempt), Some(&two), denied(Denial::Exempt)),
        ];
        for (asked, proved, want) in table {
            assert_eq!(judged(&asked, proved, &[SecondFactor::Totp]), want, "{asked:?} {proved:?}");
        }
    }

    fn judged(asked: &Requirement<'_>, proved: Option<&Assurance>, has: &[SecondFactor]) -> Decision {
        let person = Person { methods: has.iter().copied().collect(), ..Person::default() };
        let proved = proved.map(|assurance| Proved { assurance, person: &person });
        decide(asked, proved, NOW, ReturnTo::root)
    }

    #[test]
    fn a_second_factor_that_is_old_or_of_another_method_is_asked_again() {
        use SecondFactor::{BackupCode, Totp};
        let name: Arc<str> = "r".into();
        let second = Duration::from_secs(1);
        let gave = |second| Assurance { first_at: Timestamp::default(), second, trusted_until: Some(NOW.plus(DAY)) };
        let [now, just, old] = [NOW, Timestamp::from_secs(1), Timestamp::from_millis(999)];
        let asks = |fresh, methods: &[SecondFactor]| Requirement::Factors {
            rule: Some(&name),
            second: Second::Challenge,
            terms: Terms { trust: Trust::Refuse, fresh, methods: methods.iter().copied().collect() },
        };
        let challenge = |max_age| Decision::Refuse(Refusal::Challenge { to: ReturnTo::root(), max_age });
        let fresh = || asks(Some(second), &[Totp]);
        let table = [
            (fresh(), Some((Totp, now)), Decision::Pass),
            (fresh(), Some((Totp, just)), Decision::Pass),
            (fresh(), Some((Totp, old)), challenge(Some(second))),
            (fresh(), Some((BackupCode, now)), challenge(Some(second))),
            (fresh(), None, challenge(Some(second))),
            (asks(Some(second), &[BackupCode]), Some((BackupCode, now)), Decision::Pass),
            (asks(None, &[Totp]), Some((Totp, old)), Decision::Pass),
            (asks(None, &[Totp]), Some((BackupCode, now)), challenge(None)),
        ];
        for (asked, given, want) in table {
            assert_eq!(judged(&asked, Some(&gave(given)), &[Totp, BackupCode]), want, "{asked:?} {given:?}");
        }
        let denied = Refusal::Denied { rule: Some(name.clone()), why: Denial::NoMethod };
        assert_eq!(judged(&asks(None, &[BackupCode]), Some(&gave(None)), &[Totp]), Decision::Refuse(denied));
    }
}
