//! What orders come to for somebody. Pure and table-tested.

use super::meets::meets;
use crate::session::marks::{Effect, Subject};
use crate::store::{Action, NoMethod, Order};
use crate::types::{SecondFactor, Seq, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// After a step-up that somebody could not do, enrolling takes an administrator's code for so long: who holds the password
/// must not get in by an authenticator of their own.
const ENROLMENT_LOCK: Duration = Duration::from_secs(86_400);

/// Adds what one order comes to, if it meets them.
pub(super) fn judge(order: &Order, s: &Subject<'_>, now: Timestamp, effect: &mut Effect) {
    if !meets(&order.select, s) {
        return;
    }
    let before = s.began < order.seq;
    let stands = order.lifted.is_none();
    match &order.action {
        Action::SignOut => effect.over |= before,
        Action::ForgetDevices => effect.trust_after = effect.trust_after.max(order.seq),
        Action::Block { until } => {
            effect.over |= before;
            effect.blocked |= stands && until.is_none_or(|until| now < until);
        }
        Action::StepUp { methods, until, if_no_method } if stands => {
            effect.code_to_enrol |= now < order.at.plus(ENROLMENT_LOCK);
            if is_met(order.seq, methods, s) {
                return;
            }
            match if_no_method {
                _ if s.person.can(methods) => effect.over |= before && until.is_some_and(|until| until <= now),
                NoMethod::SignOut => effect.over |= before,
                NoMethod::Block => effect.blocked = true,
            }
            effect.proof_after = effect.proof_after.max(order.seq);
            effect.step_up = Some(both(effect.step_up.take(), methods));
        }
        Action::ReEnroll if stands => match s.person.enrolled {
            Some(oldest) if oldest >= order.seq => {}
            Some(_) => {
                effect.proof_after = effect.proof_after.max(order.seq);
                effect.re_enroll = true;
            }
            // nothing to prove it with: a reset, and the code that comes with it, is the way back
            None => {
                effect.over |= before;
                effect.blocked |= !s.person.may_enrol_by_code;
                effect.code_to_enrol = true;
            }
        },
        Action::StepUp { .. } | Action::ReEnroll => {}
    }
}

/// A session from before must do it itself; a later one is asked no more once the person has done it anywhere.
fn is_met(order: Seq, methods: &BTreeSet<SecondFactor>, s: &Subject<'_>) -> bool {
    s.proofs.since(order, methods) || (s.began >= order && s.person.proofs.since(order, methods))
}

/// What meets two orders at once, as far as there is something.
fn both(one: Option<BTreeSet<SecondFactor>>, other: &BTreeSet<SecondFactor>) -> BTreeSet<SecondFactor> {
    match one {
        Some(one) if other.is_empty() => one,
        Some(one) if !one.is_disjoint(other) => one.intersection(other).copied().collect(),
        Some(_) | None => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ORDER, Somebody, order};
    use super::*;
    use crate::session::marks::Person;
    use crate::types::Proofs;

    const AT: Timestamp = Timestamp::from_secs(1000);

    fn after(seconds: u64) -> Timestamp {
        AT.plus(Duration::from_secs(seconds))
    }

    fn effect(action: Action, who: &Somebody, now: Timestamp) -> Effect {
        let mut e = Effect::default();
        judge(&Order { at: AT, ..order(action) }, &who.subject(), now, &mut e);
        e
    }

    fn proofs(method: SecondFactor, began: u64) -> Proofs {
        let mut p = Proofs::default();
        p.note(method, Seq(began));
        p
    }

    fn began(seq: u64) -> Somebody {
        Somebody { began: Seq(seq), ..Somebody::alice() }
    }

    fn step_up(methods: &[SecondFactor], if_no_method: NoMethod) -> Action {
        Action::StepUp { methods: methods.iter().copied().collect(), until: Some(after(60)), if_no_method }
    }

    #[test]
    fn a_sign_out_meets_what_began_before_it_and_nothing_later() {
        assert!(effect(Action::SignOut, &began(ORDER - 1), AT).over);
        assert_eq!(effect(Action::SignOut, &began(ORDER), AT), Effect::default());
    }

    #[test]
    fn a_block_holds_until_its_time_and_what_it_ended_stays_over() {
        let block = |until| Action::Block { until };
        let (old, new) = (began(ORDER - 1), began(ORDER + 1));
        assert!(effect(block(None), &new, after(1_000_000)).blocked);
        assert!(effect(block(Some(after(10))), &new, after(9)).blocked);
        assert_eq!(effect(block(Some(after(10))), &new, after(10)), Effect::default());
        assert!(effect(block(Some(after(10))), &old, after(10)).over);
        let lifted = Order { lifted: Some(after(1)), ..order(block(None)) };
        let on = |who: &Somebody| {
            let mut e = Effect::default();
            judge(&lifted, &who.subject(), after(2), &mut e);
            e
        };
        assert_eq!(on(&new), Effect::default());
        assert!(on(&old).over && !on(&old).blocked);
    }

    #[test]
    fn a_step_up_stands_until_the_session_itself_gave_a_second_factor() {
        use SecondFactor::{BackupCode, Totp};
        let any = step_up(&[], NoMethod::SignOut);
        let totp = step_up(&[Totp], NoMethod::SignOut);
        let backup = step_up(&[BackupCode], NoMethod::SignOut);
        let with = |own, persons, seq| Somebody {
            began: Seq(seq),
            proofs: own,
            person: Person { proofs: persons, ..Somebody::alice().person },
            ..Somebody::alice()
        };
        let none = Proofs::default;
        let table = [
            (&any, with(none(), none(), ORDER - 1), true),
            (&any, with(none(), none(), ORDER + 1), true),
            (&any, with(proofs(Totp, ORDER - 1), none(), ORDER - 1), true),
            (&any, with(proofs(Totp, ORDER), none(), ORDER - 1), false),
            (&any, with(proofs(BackupCode, ORDER), none(), ORDER - 1), true),
            (&backup, with(proofs(BackupCode, ORDER), none(), ORDER - 1), false),
            (&backup, with(proofs(Totp, ORDER), none(), ORDER - 1), true),
            (&totp, with(proofs(BackupCode, ORDER), none(), ORDER - 1), true),
            (&totp, with(proofs(Totp, ORDER), none(), ORDER - 1), false),
            // what the person gave elsewhere: good for a later session, not for one that may be a thief's
            (&any, with(none(), proofs(Totp, ORDER), ORDER - 1), true),
            (&any, with(none(), proofs(Totp, ORDER), ORDER + 1), false),
        ];
        for (action, who, asked) in table {
            let e = effect(action.clone(), &who, after(1));
            assert_eq!(e.step_up.is_some(), asked, "{action:?} {who:?}");
            assert!(!e.ends() && e.stops() == asked && e.trusts(Seq(u64::MAX)) != asked);
        }
    }

    #[test]
    fn a_step_up_that_is_not_done_in_time_ends_the_session_and_stays_on_the_person() {
        let action = step_up(&[], NoMethod::SignOut);
        assert!(effect(action.clone(), &began(ORDER - 1), after(60)).over);
        let later = effect(action, &began(ORDER + 1), after(1_000_000));
        assert!(!later.over && later.step_up.is_some());
    }

    #[test]
    fn who_cannot_do_a_step_up_is_signed_out_or_blocked_and_enrols_by_code() {
        let bare = Somebody { person: Person::default(), ..Somebody::alice() };
        let later = Somebody { began: Seq(ORDER + 1), ..bare.clone() };
        let e = effect(step_up(&[], NoMethod::SignOut), &bare, after(1));
        assert!(e.over && e.code_to_enrol && !e.blocked);
        let e = effect(step_up(&[], NoMethod::SignOut), &later, after(1));
        assert!(!e.over && e.step_up.is_some() && e.code_to_enrol);
        assert!(!effect(step_up(&[], NoMethod::SignOut), &later, after(86_400)).code_to_enrol);
        assert!(effect(step_up(&[], NoMethod::Block), &bare, after(1)).blocked);
        assert!(effect(step_up(&[], NoMethod::Block), &later, after(1)).blocked);
        let by_code_only = Somebody {
            person: Person { methods: [SecondFactor::Totp].into(), ..Person::default() },
            ..Somebody::alice()
        };
        assert!(effect(step_up(&[SecondFactor::BackupCode], NoMethod::SignOut), &by_code_only, after(1)).over);
    }

    #[test]
    fn after_re_enroll_factors_from_before_are_good_only_for_being_replaced() {
        let with = |enrolled: Option<u64>, code| Somebody {
            person: Person { enrolled: enrolled.map(Seq), may_enrol_by_code: code, ..Person::default() },
            ..Somebody::alice()
        };
        let e = |who: &Somebody| effect(Action::ReEnroll, who, after(1));
        assert!(e(&with(Some(ORDER - 1), false)).re_enroll);
        assert_eq!(e(&with(Some(ORDER), false)), Effect::default());
        let (bare, reset) = (e(&with(None, false)), e(&with(None, true)));
        assert!(bare.blocked && bare.over && bare.code_to_enrol);
        assert!(!reset.blocked && reset.over && reset.code_to_enrol);
    }

    #[test]
    fn forgotten_devices_are_trusted_again_only_by_trust_given_later() {
        let e = effect(Action::ForgetDevices, &began(ORDER - 1), AT);
        assert!(!e.stops() && !e.trusts(Seq(ORDER - 1)) && e.trusts(Seq(ORDER)));
    }

    #[test]
    fn orders_add_up() {
        use SecondFactor::{BackupCode, Totp};
        let mut e = Effect::default();
        let who = began(ORDER - 1);
        for methods in [&[][..], &[Totp, BackupCode], &[Totp]] {
            judge(&order(step_up(methods, NoMethod::SignOut)), &who.subject(), Timestamp::default(), &mut e);
        }
        assert_eq!(e.step_up, Some([Totp].into()));
        judge(&order(Action::SignOut), &who.subject(), Timestamp::default(), &mut e);
        assert!(e.over && e.step_up.is_some());
    }
}
