//! The first code of a new authenticator: with it, in one step, the factor is active, its step burnt, its backup codes
//! stored and this session two-factor.

use super::answer::Lifted;
use super::backup::NewSet;
use super::flow::{After, Answer, Hint, SetCookies, SetUpPage};
use super::judge::{drift_of, drifted};
use super::service::Gate;
use super::verdict::Fault;
use crate::audit;
use crate::factor::second::{self, totp::Totp, totp::TotpParameters};
use crate::store::record::Unconfirmed;
use crate::store::{Account, Confirmation, Device, Factor, Opened, Pending, Purpose};
use crate::types::{Inbound, SecondFactor, Seq, Timestamp, TokenRef};

impl Gate {
    /// The page of a session that replaces its authenticator; `None`: nothing is under way.
    pub async fn replacing(&self, inbound: &Inbound) -> Result<Option<SetUpPage>, Fault> {
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(None) };
        if !matches!(pending.purpose, Purpose::Replace { .. }) || !self.belongs(inbound, &pending).await? {
            return Ok(None);
        }
        Ok(Some(self.show_key(inbound, &pending, &account, SetCookies::new()).await?))
    }

    pub async fn confirm(&self, inbound: &Inbound, form_token: &str, code: &str) -> Result<Answer, Fault> {
        self.recordable()?;
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(Answer::Gone) };
        if !self.form_is_of(&pending.token, form_token) {
            return Ok(Answer::Forged);
        }
        let Some(unconfirmed) = &pending.unconfirmed else { return Ok(Answer::Gone) };
        if !self.may_confirm(inbound, &pending, &account) || !self.belongs(inbound, &pending).await? {
            return Ok(Answer::Gone);
        }
        let now = self.parts.clock.now();
        let totp = self.open_totp(&account, unconfirmed.factor, &unconfirmed.sealed)?;
        let Some(step) = totp.secret.matching_step(&totp.parameters, code, now) else {
            self.record_enrolment(inbound, account.id, audit::Enrolment::Failed);
            let drift = drift_of(&totp, code, now);
            let clock = drifted(pending.drift, drift, totp.parameters.period);
            let hint = clock.or_else(|| other_parameters(&totp, code, now));
            return self.failed(inbound, &pending, drift, |left| Answer::Wrong { left, hint }).await;
        };
        let factor = confirmed(unconfirmed, pending.began, (step, now));
        let Some(lifted) = self.lifted(inbound, (&pending, &account), (SecondFactor::Totp, now)).await? else {
            return Ok(Answer::Gone);
        };
        self.activate(inbound, (&pending, &account), factor, lifted).await
    }

    async fn activate(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        factor: Factor,
        lifted: Lifted,
    ) -> Result<Answer, Fault> {
        let to = self.onward(inbound, pending.return_to(self.own_prefix())).await;
        let replaces = matches!(pending.purpose, Purpose::Replace { .. });
        let set = match replaces {
            true => None,
            false => Some(self.new_set(inbound, &lifted.session, &to, pending.began).await?),
        };
        let (codes, shown) = match set {
            Some(NewSet { backup, shown, cookies }) => (Some((backup, shown)), Some(cookies)),
            None => (None, None),
        };
        let enrolment_code = pending.admitted.filter(|_| self.needs_code(inbound, account));
        let c = Confirmation { factor, session: lifted.session.clone(), codes, enrolment_code };
        let at = TokenRef { user: pending.user, hash: pending.token };
        let opened = self.parts.store.confirm_enrolment(at, &c, self.parts.clock.now()).await?;
        if opened != Opened::Yes {
            return Ok(self.not_opened(inbound, opened));
        }
        let mut cookies = self.opened_or_lifted(inbound, &lifted).await;
        if replaces {
            self.record_mfa(inbound, (account.id, lifted.session.id), audit::Mfa::Replaced);
        } else {
            self.record_enrolled(inbound, (account.id, lifted.session.id));
            self.record_codes(inbound, account.id, audit::BackupCodes::Made);
        }
        // a change of factors ends all trust, this browser's too: what was read before it must not bring it back
        let known = lifted.known.map(|d| Device { trusted_until: None, ..d });
        cookies.extend(self.leave_device(inbound, &lifted.session, known, false).await);
        let next = match shown {
            Some(shown) => {
                cookies.extend(shown);
                After::Codes(to)
            }
            None => After::Account(to),
        };
        Ok(Answer::Done { cookies, next })
    }

    fn may_confirm(&self, inbound: &Inbound, pending: &Pending, account: &Account) -> bool {
        match pending.purpose {
            Purpose::SignIn | Purpose::Enrol { .. } => {
                !account.has_second_factor() && self.is_fresh(pending) && self.is_admitted(inbound, pending, account)
            }
            Purpose::Replace { .. } => account.has_second_factor(),
            Purpose::StepUp { .. } | Purpose::Codes { .. } => false,
        }
    }
}

fn confirmed(unconfirmed: &Unconfirmed, enrolled: Seq, (step, now): (u64, Timestamp)) -> Factor {
    Factor {
        id: unconfirmed.factor,
        kind: SecondFactor::Totp,
        name: second::entry(SecondFactor::Totp).label.to_string(),
        sealed: unconfirmed.sealed.clone(),
        created: now,
        last_used: Some(now),
        last_step: Some(step),
        enrolled,
    }
}

/// Some apps ignore what the key says and make codes by the usual parameters. The key is not active yet and its owner has
/// it, so telling gives nothing away.
fn other_parameters(totp: &Totp, code: &str, now: Timestamp) -> Option<Hint> {
    let wanted = totp.parameters;
    let usual = TotpParameters { skew: wanted.skew, ..TotpParameters::default() };
    let fits = usual != wanted && totp.secret.matching_step(&usual, code, now).is_some();
    let (algorithm, digits, period) = (wanted.algorithm.name(), wanted.digits, wanted.period);
    fits.then_some(Hint::Parameters { algorithm, digits, period })
}
