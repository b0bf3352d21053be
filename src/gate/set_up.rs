//! Setting up the first authenticator: nothing is active until one of its codes has come back.
//!
//! The unconfirmed secret lies sealed in the pending record, one for each, so that a reload shows the same one and an
//! abandoned set-up leaves no trace after ten minutes.

use super::challenge::parameters;
use super::flow::{Answer, SetCookies, SetUpKey, SetUpPage};
use super::service::{Gate, subject};
use super::sign_in::Beginning;
use super::verdict::Fault;
use crate::audit;
use crate::factor::second::{self, totp};
use crate::policy::Second;
use crate::store::{Account, Confirmation, Factor, Opened, Pending, Purpose};
use crate::sys::random;
use crate::types::{FactorId, Inbound, ReturnTo, SecondFactor, TokenRef};
use secrecy::SecretString;
use std::time::Duration;

/// How long a typed password stands for a new one on the set-up form.
const PASSWORD_FRESH: Duration = Duration::from_secs(600);

impl Gate {
    /// The set-up page of who asks for it.
    pub async fn set_up(&self, inbound: &Inbound, to: &ReturnTo) -> Result<SetUpPage, Fault> {
        if let Some((pending, account)) = self.pending(inbound).await?
            && self.enrols(inbound, &pending).await?
        {
            let to = pending.return_to(self.own_prefix());
            if account.has_second_factor() {
                return Ok(SetUpPage::AlreadyOn { to });
            }
            return self.show(inbound, &pending, &account, SetCookies::new()).await;
        }
        let Some(session) = self.own_session(inbound).await? else { return Ok(SetUpPage::Gone) };
        let Some(account) = self.parts.store.account(session.identity.user).await? else { return Ok(SetUpPage::Gone) };
        if account.has_second_factor() {
            return Ok(SetUpPage::AlreadyOn { to: to.clone() });
        }
        let offered = self.parts.policy.load().may_enrol(&subject(&account));
        if !offered && self.second_for(inbound, &account, to) != Second::Enrol {
            return Ok(SetUpPage::NotOffered { to: to.clone() });
        }
        let (pending, cookies) = self.begin_in_session(inbound, &session, to, true).await?;
        self.show(inbound, &pending, &account, cookies).await
    }

    /// The password on the set-up page's own form.
    pub async fn set_up_password(
        &self,
        inbound: &Inbound,
        form_token: &str,
        password: &SecretString,
    ) -> Result<SetUpPage, Fault> {
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(SetUpPage::Gone) };
        if !self.form_is_of(&pending.token, form_token) || !self.enrols(inbound, &pending).await? {
            return Ok(SetUpPage::Gone);
        }
        if self.parts.first.check(account.name.as_str(), password).await?.passed().is_none() {
            self.record_password(inbound, account.name.as_str(), Some(account.id), audit::SignIn::WrongPassword);
            return Ok(match self.failed(inbound, &pending, |left| Answer::Wrong { left }).await? {
                Answer::Wrong { .. } => self.ask_password(&pending, &account, SetCookies::new(), true),
                _ => SetUpPage::Gone,
            });
        }
        self.record_password(inbound, account.name.as_str(), Some(account.id), audit::SignIn::FirstFactorPassed);
        // the record is replaced, not changed: the cookie from before the password must open nothing new
        let now = self.parts.clock.now();
        let at = TokenRef { user: pending.user, hash: pending.token };
        let Some(old) = self.parts.store.take_pending(at, now).await? else { return Ok(SetUpPage::Gone) };
        let to = old.return_to(self.own_prefix());
        let Pending { user, purpose, began, first_at, .. } = old;
        let step = Beginning { user, purpose, to: &to, began, first_at, password_at: now };
        let (pending, cookies) = self.begin(inbound, step).await?;
        self.show(inbound, &pending, &account, cookies).await
    }

    /// The first code of the new authenticator: with it the factor is active and this sign-in has two factors.
    pub async fn confirm(&self, inbound: &Inbound, form_token: &str, code: &str) -> Result<Answer, Fault> {
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(Answer::Gone) };
        if !self.form_is_of(&pending.token, form_token) {
            return Ok(Answer::Forged);
        }
        let Some(unconfirmed) = &pending.unconfirmed else { return Ok(Answer::Gone) };
        if account.has_second_factor() || !self.enrols(inbound, &pending).await? || !self.is_fresh(&pending) {
            return Ok(Answer::Gone);
        }
        let now = self.parts.clock.now();
        let totp = self.open_totp(&account, unconfirmed.factor, &unconfirmed.sealed)?;
        let Some(step) = totp.secret.matching_step(&totp.parameters, code, now) else {
            self.record_enrolment(inbound, account.id, audit::Enrolment::Failed);
            return self.failed(inbound, &pending, |left| Answer::Wrong { left }).await;
        };
        let factor = Factor {
            id: unconfirmed.factor,
            kind: SecondFactor::Totp,
            name: second::entry(SecondFactor::Totp).label.to_string(),
            sealed: unconfirmed.sealed.clone(),
            created: now,
            last_used: Some(now),
            last_step: Some(step),
        };
        let Some((session, value)) = self.lifted(inbound, &pending, now).await? else { return Ok(Answer::Gone) };
        let at = TokenRef { user: pending.user, hash: pending.token };
        let confirmation = Confirmation { factor, session, codes: None, enrolment_code: None };
        let opened = self.parts.store.confirm_enrolment(at, &confirmation, now).await?;
        if opened == Opened::Yes {
            self.record_enrolment(inbound, account.id, audit::Enrolment::Confirmed);
        }
        self.done(inbound, &pending, (&confirmation.session, &value), opened).await
    }

    /// Only a sign-in, or an enrolment begun in this very session, leads to set-up.
    async fn enrols(&self, inbound: &Inbound, pending: &Pending) -> Result<bool, Fault> {
        match pending.purpose {
            Purpose::SignIn | Purpose::Enrol { .. } => self.belongs(inbound, pending).await,
            Purpose::StepUp { .. } | Purpose::Replace { .. } | Purpose::Codes { .. } => Ok(false),
        }
    }

    fn is_fresh(&self, pending: &Pending) -> bool {
        pending.password_at.is_some_and(|at| self.parts.clock.now().since(at) < PASSWORD_FRESH)
    }

    async fn show(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        cookies: SetCookies,
    ) -> Result<SetUpPage, Fault> {
        if !self.is_fresh(pending) {
            return Ok(self.ask_password(pending, account, cookies, false));
        }
        let policy = self.parts.policy.load_full();
        let entropy = self.parts.entropy.as_ref();
        let factor = FactorId::from_bytes(random(entropy));
        let parameters = parameters(&policy);
        let sealed = totp::seal_new(&self.parts.keys, entropy, account.id, factor, &parameters);
        let at = TokenRef { user: pending.user, hash: pending.token };
        let kept = self.parts.store.offer_secret(at, &sealed, factor, self.parts.clock.now()).await?;
        let Some((kept, sealed)) = kept else { return Ok(SetUpPage::Gone) };
        if kept == factor {
            self.record_enrolment(inbound, account.id, audit::Enrolment::Begun);
        }
        let totp = self.open_totp(account, kept, &sealed)?;
        let issuer = policy.totp().issuer.as_deref().unwrap_or(inbound.origin.host.as_str()).to_string();
        Ok(SetUpPage::Show {
            name: account.name.clone(),
            key: SetUpKey {
                uri: totp.secret.uri(&totp.parameters, &issuer, account.name.as_str()),
                base32: totp.secret.base32(),
            },
            digits: totp.parameters.digits,
            form_token: self.forms.token(&pending.token.0),
            cookies,
        })
    }

    fn ask_password(&self, pending: &Pending, account: &Account, cookies: SetCookies, wrong: bool) -> SetUpPage {
        let form_token = self.forms.token(&pending.token.0);
        SetUpPage::AskPassword { name: account.name.clone(), form_token, cookies, wrong }
    }
}
