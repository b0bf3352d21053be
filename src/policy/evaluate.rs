//! The first rule that matches → what it asks of this person. Pure, and without allocation.
//!
//! Who is not known yet: where a rule names groups or users, nobody is signed in and all else matches, the search ends
//! there, for what comes after it may only be judged once it is known who asks.

use super::rule::{Action, Factors};
use super::{MfaRequire, Policy, Requirement, Second, Subject, Terms, Trust};
use crate::types::Inbound;
use std::sync::Arc;

pub(super) fn requirement<'p>(policy: &'p Policy, inbound: &Inbound, who: Option<&Subject<'_>>) -> Requirement<'p> {
    for rule in policy.index.candidates(inbound).filter_map(|n| policy.rules.get(n)) {
        if !rule.condition.holds_for_request(inbound) {
            continue;
        }
        if rule.condition.names_people() {
            match who {
                None => return Requirement::SignIn { rule: Some(&rule.name) },
                Some(who) if !rule.condition.holds_for_person(who) => continue,
                Some(_) => {}
            }
        }
        return asked(policy, Some(&rule.name), rule.action, who);
    }
    asked(policy, None, policy.default, who)
}

fn asked<'p>(
    policy: &'p Policy,
    rule: Option<&'p Arc<str>>,
    action: Action,
    who: Option<&Subject<'_>>,
) -> Requirement<'p> {
    match (action, rule, who) {
        (Action::Public { identify }, Some(rule), _) => Requirement::Public { rule, identify },
        // the default cannot be public: no default lets a stranger in
        (Action::Deny, _, _) | (Action::Public { .. }, None, _) => Requirement::Deny { rule },
        (Action::Require(..), _, None) => Requirement::SignIn { rule },
        (Action::Require(factors, terms), _, Some(who)) => {
            let trust = if policy.trusted_devices.is_some() { terms.trust } else { Trust::Refuse };
            Requirement::Factors { rule, second: second(policy, factors, who), terms: Terms { trust, ..terms } }
        }
    }
}

fn second(policy: &Policy, factors: Factors, who: &Subject<'_>) -> Second {
    let exempt = policy.is_exempt(who.groups);
    match (factors, policy.require) {
        (Factors::One, _) | (Factors::Policy, MfaRequire::Off) => Second::NotAsked,
        (Factors::Two, _) if exempt => Second::Exempt,
        (Factors::Policy, MfaRequire::Optional | MfaRequire::On) if exempt => Second::NotAsked,
        (Factors::Two, _) | (Factors::Policy, MfaRequire::Optional | MfaRequire::On) if who.enrolled => {
            Second::Challenge
        }
        (Factors::Two, _) | (Factors::Policy, MfaRequire::On) => Second::Enrol,
        (Factors::Policy, MfaRequire::Optional) => Second::NotAsked,
    }
}
