//! Which second factors a challenge takes, and whether a live session is asked one at all.
//!
//! What a rule asks (`fresh`, `methods`) and what an order asks are answered on one page, by one code where one will do.

use super::errand::Errand;
use super::flow::Method;
use super::service::Gate;
use super::verdict::Fault;
use crate::policy::Second;
use crate::session::Cached;
use crate::session::marks::Person;
use crate::store::{Account, Pending, Purpose};
use crate::types::{Inbound, Methods, SecondFactor};

/// Second factors that a page offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub methods: Methods,
    /// The one that is asked unless the person would rather give another.
    pub first: Method,
    /// The person has backup codes, which do not count here but would sign in.
    pub backup_at_door: bool,
}

impl Offer {
    /// `None`: the person has none of these.
    fn of(methods: Methods) -> Option<Self> {
        let first = [Method::Totp, Method::BackupCode].into_iter().find(|m| methods.contains(m.factor()))?;
        Some(Offer { methods, first, backup_at_door: false })
    }
    /// What the person would rather give, where it counts.
    pub fn pick(&self, wish: Option<Method>) -> Method {
        wish.filter(|m| self.methods.contains(m.factor())).unwrap_or(self.first)
    }
}

/// What a session has to do before it may go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// None of the person's second factors counts there.
    Impossible,
    Ask(Offer),
}

impl Gate {
    /// What the challenge of a live session of somebody with a second factor comes to.
    pub(super) fn step_up(&self, inbound: &Inbound, (session, account): (&Cached, &Account), errand: &Errand) -> Step {
        let asked = self.asked_for(inbound, account, errand);
        let proved = session.identity.assurance.second;
        let met = proved.is_some_and(|second| asked.terms.are_met_by(second, self.parts.clock.now()));
        let by_rule = (asked.second == Second::Challenge && !met).then_some(asked.terms.methods);
        let by_order = self.effect(inbound, session).step_up.map(|named| Methods::of_step_up(&named));
        let counts = match (by_order, by_rule) {
            (Some(order), Some(rule)) => order.narrowed(rule),
            (Some(one), None) | (None, Some(one)) => one,
            // whoever has given none may give one unasked
            (None, None) if proved.is_none() => Methods::ALL,
            (None, None) => return Step::Nothing,
        };
        let has = Person::of(account).has();
        let Some(offer) = Offer::of(counts.and(has)) else { return Step::Impossible };
        let code = SecondFactor::BackupCode;
        let backup_at_door = by_order.is_none() && has.contains(code) && !offer.methods.contains(code);
        Step::Ask(Offer { backup_at_door, ..offer })
    }

    /// What the challenge of a sign-in takes. A backup code always signs in (who lost the phone has to get to their account);
    /// whether it is enough for the page is judged there. An order is stricter: it says what signs in.
    pub(super) fn offer_at_door(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        errand: &Errand,
    ) -> Offer {
        let (has, asked) = (Person::of(account).has(), self.asked_for(inbound, account, errand));
        let by_rule = if asked.second == Second::Challenge { asked.terms.methods } else { Methods::ALL };
        let by_order = self.effect_at_door(inbound, account, pending.began).step_up;
        let counts = match by_order.map(|named| Methods::of_step_up(&named)) {
            Some(order) => order.narrowed(by_rule).and(has),
            None => by_rule.or([SecondFactor::BackupCode].into_iter().collect()).and(has),
        };
        // who has nothing that counts signs in with what they have, and is told why on the page itself
        let offer = Offer::of(counts).or(Offer::of(has));
        let none = Offer { methods: Methods::PRESENT, first: Method::Totp, backup_at_door: false };
        let offer = offer.unwrap_or(none);
        let first = Offer::of(offer.methods.narrowed(by_rule)).map_or(offer.first, |o| o.first);
        Offer { first, ..offer }
    }

    /// As what a typed code is judged: a method that is not offered is ignored.
    pub(super) async fn judged_as(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        errand: &Errand,
        wish: Method,
    ) -> Result<Method, Fault> {
        let session = match pending.purpose.session() {
            Some(_) => self.own_session(inbound).await?,
            None => None,
        };
        let step = session.map_or(Step::Nothing, |s| self.step_up(inbound, (&s, account), errand));
        Ok(match step {
            Step::Ask(offer) => offer.pick(Some(wish)),
            Step::Nothing | Step::Impossible => {
                self.offer_at_door(inbound, (pending, account), errand).pick(Some(wish))
            }
        })
    }

    /// What the challenge is for: a sign-in has kept it, a step in a session is told it by its page.
    pub(super) fn errand_of(&self, pending: &Pending, told: &Errand) -> Errand {
        match pending.purpose {
            Purpose::StepUp { .. } => told.clone(),
            Purpose::SignIn | Purpose::Enrol { .. } | Purpose::Replace { .. } | Purpose::Codes { .. } => {
                Errand::from(&pending.return_to(self.own_prefix()))
            }
        }
    }
}
