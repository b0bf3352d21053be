//! The pages before an authenticator is active: the password, where one is needed the enrolment code, then the key.
//!
//! The unconfirmed secret lies sealed in the pending record, one for each, so that a reload shows the same one and an
//! abandoned set-up leaves no trace after ten minutes.

use super::errand::Errand;
use super::flow::{AskAgain, SetCookies, SetUpKey, SetUpPage};
use super::judge::parameters;
use super::password::Tried;
use super::service::{Gate, subject};
use super::sign_in::Beginning;
use super::verdict::Fault;
use crate::audit;
use crate::crypto::code;
use crate::factor::second::totp;
use crate::policy::Second;
use crate::store::{Account, CodeKind, Failed, Pending, Purpose};
use crate::sys::random;
use crate::types::{FactorId, Inbound, ReturnTo, Seq, TokenRef};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// How long a typed password stands for a new one on the set-up form.
const PASSWORD_FRESH: Duration = Duration::from_secs(600);

impl Gate {
    /// The set-up page of who asks for it.
    pub async fn set_up(&self, inbound: &Inbound, to: &ReturnTo) -> Result<SetUpPage, Fault> {
        self.recordable()?;
        if let Some((pending, account)) = self.enrolling(inbound).await? {
            let to = pending.return_to(self.own_prefix());
            if account.has_second_factor() {
                return Ok(SetUpPage::AlreadyOn { to });
            }
            return self.next_step(inbound, &pending, &account, SetCookies::new()).await;
        }
        let Some(session) = self.own_session(inbound).await? else { return Ok(SetUpPage::Gone) };
        let Some(account) = self.parts.store.account(session.identity.user).await? else { return Ok(SetUpPage::Gone) };
        if account.has_second_factor() {
            return Ok(SetUpPage::AlreadyOn { to: to.clone() });
        }
        let offered = self.parts.policy.load().may_enrol(&subject(&account));
        let ordered = self.effect(inbound, &session).step_up.is_some();
        if !offered && !ordered && self.asked_for(inbound, &account, &Errand::from(to)).second != Second::Enrol {
            return Ok(SetUpPage::NotOffered { to: to.clone() });
        }
        let purpose = Purpose::Enrol { session: session.identity.session };
        let (pending, cookies) = self.begin_in_session(inbound, &session, to, purpose).await?;
        self.next_step(inbound, &pending, &account, cookies).await
    }

    /// The password on the set-up page's own form.
    pub async fn set_up_password(
        &self,
        inbound: &Inbound,
        form_token: &str,
        password: &SecretString,
    ) -> Result<SetUpPage, Fault> {
        self.recordable()?;
        let Some((pending, account)) = self.enrolling(inbound).await? else { return Ok(SetUpPage::Gone) };
        if !self.form_is_of(&pending.token, form_token) {
            return Ok(SetUpPage::Gone);
        }
        match self.try_password(inbound, account.name.as_str(), password).await? {
            Tried::Right(right) if right.id == account.id => {}
            Tried::Held(held) => return Ok(SetUpPage::Held(held)),
            Tried::Right(_) | Tried::Wrong => {
                let ask = self.ask_again(&pending, &account, SetCookies::new(), true);
                return self.failed_step(&pending, SetUpPage::AskPassword(ask)).await;
            }
        }
        self.record_password(inbound, account.name.as_str(), Some(account.id), audit::SignIn::FirstFactorPassed);
        let now = self.parts.clock.now();
        self.renewed(inbound, &pending, &account, |step| Beginning { password_at: now, ..step }).await
    }

    /// The enrolment code that an administrator gave.
    pub async fn set_up_code(&self, inbound: &Inbound, form_token: &str, typed: &str) -> Result<SetUpPage, Fault> {
        self.recordable()?;
        let Some((pending, account)) = self.enrolling(inbound).await? else { return Ok(SetUpPage::Gone) };
        if !self.form_is_of(&pending.token, form_token) || !self.is_fresh(&pending) {
            return Ok(SetUpPage::Gone);
        }
        let counted = match self.count_code(inbound, account.id, CodeKind::Enrolment).await? {
            Ok(counted) => counted,
            Err(held) => {
                self.record_enrolment(inbound, account.id, audit::Enrolment::Throttled);
                return Ok(SetUpPage::Held(held));
            }
        };
        let now = self.parts.clock.now();
        let kept = account.enrolment_code.as_ref().filter(|c| now < c.ends).map(|c| c.digest);
        let code = code::canonical(typed, code::ENROLMENT);
        let right = kept.zip(code).filter(|(d, c)| self.codes.is_enrolment(account.id, c.expose_secret(), d));
        let Some((digest, _)) = right else {
            self.record_enrolment(inbound, account.id, audit::Enrolment::WrongEnrolmentCode);
            let ask = self.ask_again(&pending, &account, SetCookies::new(), true);
            return self.failed_step(&pending, SetUpPage::AskEnrolmentCode(ask)).await;
        };
        self.passed(&counted).await?;
        self.renewed(inbound, &pending, &account, |step| Beginning { admitted: Some(digest), ..step }).await
    }

    /// A sign-in, or an enrolment begun in this very session, that leads to set-up.
    async fn enrolling(&self, inbound: &Inbound) -> Result<Option<(Pending, Account)>, Fault> {
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(None) };
        let enrols = matches!(pending.purpose, Purpose::SignIn | Purpose::Enrol { .. });
        Ok((enrols && self.belongs(inbound, &pending).await?).then_some((pending, account)))
    }

    /// The first authenticator of this person takes an enrolment code: by the policy, or because an administrator reset
    /// the account and gave one, without which nobody can enrol in it.
    ///
    /// An order locks it too: who holds the password must not get in by an authenticator of their own.
    pub(super) fn needs_code(&self, inbound: &Inbound, account: &Account) -> bool {
        account.enrolment_code.is_some()
            || self.parts.policy.load().enrols_by_code(&account.groups)
            || self.effect_at_door(inbound, account, Seq(u64::MAX)).code_to_enrol
    }

    pub(super) fn is_fresh(&self, pending: &Pending) -> bool {
        pending.password_at.is_some_and(|at| self.parts.clock.now().since(at) < PASSWORD_FRESH)
    }

    /// The code given is still the account's.
    pub(super) fn is_admitted(&self, inbound: &Inbound, pending: &Pending, account: &Account) -> bool {
        let kept = account.enrolment_code.as_ref().map(|c| c.digest);
        !self.needs_code(inbound, account) || (pending.admitted.is_some() && pending.admitted == kept)
    }

    /// What is still to be asked, or the key.
    async fn next_step(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        cookies: SetCookies,
    ) -> Result<SetUpPage, Fault> {
        if !self.is_fresh(pending) {
            return Ok(SetUpPage::AskPassword(self.ask_again(pending, account, cookies, false)));
        }
        if !self.is_admitted(inbound, pending, account) {
            return Ok(SetUpPage::AskEnrolmentCode(self.ask_again(pending, account, cookies, false)));
        }
        self.show_key(inbound, pending, account, cookies).await
    }

    /// The key of the authenticator to be; a reload shows the same one.
    pub(super) async fn show_key(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        cookies: SetCookies,
    ) -> Result<SetUpPage, Fault> {
        let policy = self.parts.policy.load_full();
        let entropy = self.parts.entropy.as_ref();
        let factor = FactorId::from_bytes(random(entropy));
        let sealed = totp::seal_new(&self.parts.keys, entropy, account.id, factor, &parameters(&policy));
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

    /// The record is replaced, not changed: the cookie from before must open nothing new.
    async fn renewed(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        change: impl FnOnce(Beginning<'_>) -> Beginning<'_>,
    ) -> Result<SetUpPage, Fault> {
        let at = TokenRef { user: pending.user, hash: pending.token };
        let Some(old) = self.parts.store.take_pending(at, self.parts.clock.now()).await? else {
            return Ok(SetUpPage::Gone);
        };
        let to = old.return_to(self.own_prefix());
        let Pending { user, purpose, began, first_at, password_at, admitted, .. } = old;
        let password_at = password_at.unwrap_or_default();
        let step = Beginning { user, purpose, to: &to, began, first_at, password_at, admitted };
        let (pending, cookies) = self.begin(inbound, change(step)).await?;
        self.next_step(inbound, &pending, account, cookies).await
    }

    async fn failed_step(&self, pending: &Pending, again: SetUpPage) -> Result<SetUpPage, Fault> {
        let at = TokenRef { user: pending.user, hash: pending.token };
        let most = self.parts.policy.load().throttle().codes_sign_in;
        Ok(match self.parts.store.fail_pending(at, most, None, self.parts.clock.now()).await? {
            Failed::Left(_) => again,
            Failed::Ended | Failed::Gone => SetUpPage::Gone,
        })
    }

    fn ask_again(&self, pending: &Pending, account: &Account, cookies: SetCookies, wrong: bool) -> AskAgain {
        AskAgain { name: account.name.clone(), form_token: self.forms.token(&pending.token.0), cookies, wrong }
    }
}
