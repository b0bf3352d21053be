//! The challenge: a second factor for a pending sign-in, or for a live session that is asked one.

use super::flow::{Asked, ChallengePage, Method, SetCookies};
use super::service::Gate;
use super::sign_in::Beginning;
use super::verdict::Fault;
use crate::policy::{Second, Trust};
use crate::session::Cached;
use crate::store::{Account, Pending, Purpose};
use crate::types::{Inbound, ReturnTo, SecondFactor};

impl Gate {
    /// `to`: where the page was asked to lead back to; used where a live session begins a step-up. `method`: what the
    /// person would rather be asked; one that is not there is ignored.
    pub async fn challenge(
        &self,
        inbound: &Inbound,
        to: &ReturnTo,
        method: Option<Method>,
    ) -> Result<ChallengePage, Fault> {
        if let Some((pending, account)) = self.pending(inbound).await?
            && is_challenge(&pending)
            && self.belongs(inbound, &pending).await?
        {
            if !account.has_second_factor() {
                return Ok(ChallengePage::SetUp(pending.return_to(self.own_prefix())));
            }
            return Ok(self.ask(inbound, (&pending, &account), method, SetCookies::new()));
        }
        let Some(session) = self.own_session(inbound).await? else { return Ok(ChallengePage::Gone) };
        let ordered = self.effect(inbound, &session).step_up.is_some();
        if session.identity.assurance.second.is_some() && !ordered {
            return Ok(ChallengePage::Met(to.clone()));
        }
        let Some(account) = self.parts.store.account(session.identity.user).await? else {
            return Ok(ChallengePage::Gone);
        };
        if !account.has_second_factor() {
            return Ok(match self.second_for(inbound, &account, to).0 {
                _ if ordered => ChallengePage::SetUp(to.clone()),
                Second::Enrol => ChallengePage::SetUp(to.clone()),
                Second::NotAsked | Second::Challenge | Second::Exempt => ChallengePage::Met(to.clone()),
            });
        }
        let purpose = Purpose::StepUp { session: session.identity.session };
        let (pending, cookies) = self.begin_in_session(inbound, &session, to, purpose).await?;
        Ok(self.ask(inbound, (&pending, &account), method, cookies))
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
    pub(super) fn remember_for(&self, inbound: &Inbound, pending: &Pending, account: &Account) -> Option<u64> {
        let to = pending.return_to(self.own_prefix());
        let policy = self.parts.policy.load_full();
        let offered = self.second_for(inbound, account, &to) == (Second::Challenge, Trust::Accept);
        policy.trusted_devices().filter(|_| offered).map(|t| t.remember.as_secs() / 86_400)
    }

    fn ask(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        method: Option<Method>,
        cookies: SetCookies,
    ) -> ChallengePage {
        // an order may ask for one of them
        let asked = self.effect_at_door(inbound, account, pending.began).step_up.unwrap_or_default();
        let will_do = |m| asked.is_empty() || asked.contains(&m);
        let backup = has_codes(account) && will_do(SecondFactor::BackupCode);
        let totp = !backup || will_do(SecondFactor::Totp);
        let method = match method {
            Some(Method::BackupCode) if backup => Method::BackupCode,
            Some(_) | None if totp => Method::Totp,
            Some(_) | None => Method::BackupCode,
        };
        ChallengePage::Ask(Asked {
            name: account.name.clone(),
            method,
            backup,
            digits: self.digits(account),
            remember: self.remember_for(inbound, pending, account),
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

/// There are backup codes left.
pub(super) fn has_codes(account: &Account) -> bool {
    account.backup.as_ref().is_some_and(|b| b.left > 0)
}
