//! The challenge: a second factor for a pending sign-in, or for a live session that is asked one.

use super::errand::Errand;
use super::flow::{Asked, ChallengePage, Method, SetCookies};
use super::service::Gate;
use super::sign_in::Beginning;
use super::step_up::{Offer, Step};
use super::verdict::Fault;
use crate::policy::{Second, Trust};
use crate::session::Cached;
use crate::store::{Account, Pending, Purpose};
use crate::types::{Inbound, ReturnTo, SecondFactor};

impl Gate {
    /// `told`: what the page was opened for; counts where a live session is asked. `method`: what the person would rather be
    /// asked; one that is not there is ignored.
    pub async fn challenge(
        &self,
        inbound: &Inbound,
        told: &Errand,
        method: Option<Method>,
    ) -> Result<ChallengePage, Fault> {
        let under_way = self.pending(inbound).await?.filter(|(p, _)| is_challenge(p));
        if let Some((pending, account)) = &under_way
            && pending.purpose == Purpose::SignIn
        {
            let errand = self.errand_of(pending, told);
            if !account.has_second_factor() {
                return Ok(ChallengePage::SetUp(errand.to));
            }
            let offer = self.offer_at_door(inbound, (pending, account), &errand);
            return Ok(self.ask(inbound, (pending, account), (&errand, offer.pick(method), offer), SetCookies::new()));
        }
        let Some(session) = self.own_session(inbound).await? else { return Ok(ChallengePage::Gone) };
        let Some(account) = self.parts.store.account(session.identity.user).await? else {
            return Ok(ChallengePage::Gone);
        };
        if !account.has_second_factor() {
            let ordered = self.effect(inbound, &session).step_up.is_some();
            let enrols = ordered || self.asked_for(inbound, &account, told).second == Second::Enrol;
            let to = told.to.clone();
            return Ok(if enrols { ChallengePage::SetUp(to) } else { ChallengePage::Met(to) });
        }
        let offer = match self.step_up(inbound, (&session, &account), told) {
            Step::Nothing => return Ok(ChallengePage::Met(told.to.clone())),
            Step::Impossible => return Ok(ChallengePage::NoMethod),
            Step::Ask(offer) => offer,
        };
        let purpose = Purpose::StepUp { session: session.identity.session };
        // one for all tabs, which tell their errands themselves: a second one would make the first tab's form worthless
        let (pending, cookies) = match under_way {
            Some((pending, _)) if pending.purpose == purpose => (pending, SetCookies::new()),
            Some(_) | None => self.begin_in_session(inbound, &session, &told.to, purpose).await?,
        };
        Ok(self.ask(inbound, (&pending, &account), (told, offer.pick(method), offer), cookies))
    }

    /// A pending step inside a session counts only beside the session it was begun in.
    pub(super) async fn belongs(&self, inbound: &Inbound, pending: &Pending) -> Result<bool, Fault> {
        let Some(wanted) = pending.purpose.session() else { return Ok(true) };
        Ok(self.own_session(inbound).await?.is_some_and(|s| s.identity.session == wanted))
    }

    /// Begins a step inside a live session.
    pub(super) async fn begin_in_session(
        &self,
        inbound: &Inbound,
        session: &Cached,
        to: &ReturnTo,
        purpose: Purpose,
    ) -> Result<(Pending, SetCookies), Fault> {
        let first_at = session.identity.assurance.first_at;
        // the log's counter of now, not of the session's beginning: what ends other sessions spares this one
        let began = self.parts.store.head().await?.seq;
        let user = session.identity.user;
        let step = Beginning { user, purpose, to, began, first_at, password_at: first_at, admitted: None };
        self.begin(inbound, step).await
    }

    /// For how many days the browser may be remembered here; `None` where the tick is not offered.
    pub(super) fn remember_for(&self, inbound: &Inbound, account: &Account, errand: &Errand) -> Option<u64> {
        let policy = self.parts.policy.load_full();
        let asked = self.asked_for(inbound, account, errand);
        let offered = asked.second == Second::Challenge && asked.terms.trust == Trust::Accept;
        policy.trusted_devices().filter(|_| offered).map(|t| t.remember.as_secs() / 86_400)
    }

    fn ask(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        (errand, method, offer): (&Errand, Method, Offer),
        cookies: SetCookies,
    ) -> ChallengePage {
        ChallengePage::Ask(Asked {
            name: account.name.clone(),
            method,
            step_up: pending.purpose.session().is_some(),
            totp: offer.methods.contains(SecondFactor::Totp),
            backup: offer.methods.contains(SecondFactor::BackupCode),
            backup_at_door: offer.backup_at_door,
            digits: self.digits(account),
            remember: self.remember_for(inbound, account, errand),
            form_token: self.forms.token(&pending.token.0),
            cookies,
        })
    }
}

/// A sign-in or a step-up; not what else a browser may have under way.
pub(super) fn is_challenge(pending: &Pending) -> bool {
    match pending.purpose {
        Purpose::SignIn | Purpose::StepUp { .. } => true,
        Purpose::Enrol { .. } | Purpose::Replace { .. } | Purpose::Codes { .. } => false,
    }
}
