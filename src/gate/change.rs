//! What a signed-in person changes of their second factor: new backup codes, another authenticator, none.
//!
//! Each takes a fresh code on its own form: an earlier challenge, a trusted device or a backup code is none. Who has signed
//! in with a backup code a moment ago may give the password instead, for what a lost phone needs; but not make new codes.

use super::flow::change::{AskChange, Change, ChangePage, Changed, Overview, OwnPage, ProofAsked, WhyNot};
use super::password::Tried;
use super::service::{Gate, subject};
use super::throttle::Counted;
use super::verdict::Fault;
use crate::audit;
use crate::session::Cached;
use crate::store::{Account, Burn, CodeKind, Purpose, Replaced, Session, Step};
use crate::types::{Inbound, ReturnTo, SecondFactor, Timestamp};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// How long a backup code given at sign-in opens what a lost phone needs.
const AFTER_BACKUP_CODE: Duration = Duration::from_secs(900);

/// What the form brought.
pub enum Fresh<'a> {
    Code(&'a str),
    Password(&'a SecretString),
}

/// A fresh code, not burnt yet, or the password.
struct Proven {
    burn: Option<Burn>,
    counted: Option<Counted>,
}

/// Who changes what.
struct Asker {
    session: Arc<Cached>,
    account: Account,
}

impl Gate {
    /// `/.portcullis/`
    pub async fn overview(&self, inbound: &Inbound) -> Result<OwnPage, Fault> {
        let Some(Asker { session, account }) = self.asker(inbound).await? else {
            return Ok(match self.pending(inbound).await? {
                Some(_) => OwnPage::Pending,
                None => OwnPage::Nobody,
            });
        };
        let enrolled = account.has_second_factor();
        let by_password = |what| enrolled && self.asked(inbound, (&session, &account), what) == ProofAsked::Password;
        Ok(OwnPage::Show(Overview {
            form_token: self.forms.token(session.identity.session.as_bytes()),
            enrolled,
            may_enrol: self.parts.policy.load().may_enrol(&subject(&account)),
            left: account.backup.as_ref().map_or(0, |b| b.left),
            by_backup_code: enrolled && backup_code_at(&session).is_some(),
            may_replace: by_password(Change::Replace),
            may_disable: by_password(Change::Disable),
            form: self.newest_form(inbound, "/").await?,
            name: account.name,
        }))
    }

    /// The form that asks for what the change takes.
    pub async fn change_page(&self, inbound: &Inbound, what: Change) -> Result<ChangePage, Fault> {
        let Some(Asker { session, account }) = self.asker(inbound).await? else { return Ok(ChangePage::Gone) };
        if !account.has_second_factor() {
            return Ok(ChangePage::NotOn);
        }
        Ok(ChangePage::Ask(AskChange {
            by: self.asked(inbound, (&session, &account), what),
            left: account.backup.as_ref().map_or(0, |b| b.left),
            form_token: self.forms.token(session.identity.session.as_bytes()),
            name: account.name,
        }))
    }

    /// The form was sent. `Replace` goes on to the new key, `Codes` to the new codes.
    pub async fn change(
        &self,
        inbound: &Inbound,
        what: Change,
        form_token: &str,
        fresh: Fresh<'_>,
    ) -> Result<Changed, Fault> {
        self.recordable()?;
        let Some(asker) = self.asker(inbound).await? else { return Ok(Changed::Gone) };
        if !self.forms.check(asker.session.identity.session.as_bytes(), form_token) {
            return Ok(Changed::Forged);
        }
        if !asker.account.has_second_factor() {
            return Ok(Changed::NotOn);
        }
        let proven = match self.prove(inbound, what, &asker, fresh).await? {
            Ok(proven) => proven,
            Err(refused) => return Ok(refused),
        };
        let changed = match what {
            Change::Codes => self.regenerate(inbound, &asker, proven.burn).await?,
            Change::Replace => self.begin_replacing(inbound, &asker, proven.burn).await?,
            Change::Disable => self.disable(inbound, &asker, proven.burn).await?,
        };
        if let (Changed::Done { .. }, Some(counted)) = (&changed, &proven.counted) {
            self.passed(counted).await?;
        }
        Ok(changed)
    }

    /// Judges what the form brought. A code is burnt by the verb that makes the change.
    async fn prove(
        &self,
        inbound: &Inbound,
        what: Change,
        asker: &Asker,
        fresh: Fresh<'_>,
    ) -> Result<Result<Proven, Changed>, Fault> {
        let user = asker.account.id;
        match (self.asked(inbound, (&asker.session, &asker.account), what), fresh) {
            (ProofAsked::Nothing(why), _) => Ok(Err(Changed::Refused(why))),
            (ProofAsked::Password, Fresh::Password(password)) => {
                Ok(match self.try_password(inbound, asker.account.name.as_str(), password).await? {
                    Tried::Right(account) if account.id == user => Ok(Proven { burn: None, counted: None }),
                    Tried::Right(_) | Tried::Wrong => Err(Changed::Wrong),
                    Tried::Held(held) => Err(Changed::Held(held)),
                })
            }
            (ProofAsked::Code { .. }, Fresh::Code(code)) => {
                let session = Some(asker.session.identity.session);
                let record = |outcome| self.record_challenge(inbound, (user, session), SecondFactor::Totp, outcome);
                let counted = match self.count_code(inbound, user, CodeKind::Totp).await? {
                    Ok(counted) => counted,
                    Err(held) => {
                        record(audit::Challenge::Throttled);
                        return Ok(Err(Changed::Held(held)));
                    }
                };
                let now = self.parts.clock.now();
                for factor in &asker.account.factors {
                    if let Some(burn) = self.matching(&asker.account, factor, code, now)? {
                        return Ok(Ok(Proven { burn: Some(burn), counted: Some(counted) }));
                    }
                }
                record(audit::Challenge::Failed);
                Ok(Err(Changed::Wrong))
            }
            // the form of before another factor was given: what it brought is not what is asked now
            (ProofAsked::Password, Fresh::Code(_)) | (ProofAsked::Code { .. }, Fresh::Password(_)) => {
                Ok(Err(Changed::Wrong))
            }
        }
    }

    async fn regenerate(&self, inbound: &Inbound, asker: &Asker, burn: Option<Burn>) -> Result<Changed, Fault> {
        let Some(session) = self.stored_session(inbound, asker).await? else { return Ok(Changed::Gone) };
        let (replaced, cookies) = self.replace_codes(inbound, &session, &ReturnTo::root(), burn).await?;
        Ok(self.changed(inbound, asker, replaced, cookies))
    }

    async fn begin_replacing(&self, inbound: &Inbound, asker: &Asker, burn: Option<Burn>) -> Result<Changed, Fault> {
        if let Some(Burn { factor, step }) = burn {
            let now = self.parts.clock.now();
            let replaced = match self.parts.store.accept_totp_step(asker.account.id, factor, step, now).await? {
                Step::Accepted => Replaced::Yes,
                Step::Replayed => Replaced::Replayed,
                Step::NotEnrolled => Replaced::NotEnrolled,
            };
            if replaced != Replaced::Yes {
                return Ok(self.changed(inbound, asker, replaced, Vec::new()));
            }
        }
        let purpose = Purpose::Replace { session: asker.session.identity.session };
        let (_, cookies) = self.begin_in_session(inbound, &asker.session, &ReturnTo::root(), purpose).await?;
        Ok(Changed::Done { cookies })
    }

    async fn disable(&self, inbound: &Inbound, asker: &Asker, burn: Option<Burn>) -> Result<Changed, Fault> {
        let (user, session) = (asker.account.id, asker.session.identity.session);
        let now = self.parts.clock.now();
        let replaced = self.parts.store.disable_mfa(user, burn, Some(session), now).await?;
        if replaced == Replaced::Yes {
            self.record_mfa(inbound, (user, session), audit::Mfa::Disabled);
        }
        Ok(self.changed(inbound, asker, replaced, self.pending_gone(inbound)))
    }

    fn changed(
        &self,
        inbound: &Inbound,
        asker: &Asker,
        replaced: Replaced,
        cookies: Vec<http::HeaderValue>,
    ) -> Changed {
        match replaced {
            Replaced::Yes => Changed::Done { cookies },
            Replaced::Replayed => {
                let who = (asker.account.id, Some(asker.session.identity.session));
                self.record_challenge(inbound, who, SecondFactor::Totp, audit::Challenge::Replayed);
                Changed::Used
            }
            Replaced::NotEnrolled => Changed::NotOn,
        }
    }

    async fn asker(&self, inbound: &Inbound) -> Result<Option<Asker>, Fault> {
        let Some(session) = self.own_session(inbound).await? else { return Ok(None) };
        let account = self.parts.store.account(session.identity.user).await?;
        Ok(account.map(|account| Asker { session, account }))
    }

    /// The session as it is stored, by its present token.
    async fn stored_session(&self, inbound: &Inbound, asker: &Asker) -> Result<Option<Session>, Fault> {
        let Some(at) = self.session_ref(inbound) else { return Ok(None) };
        let stored = self.parts.store.session(at, self.parts.clock.now()).await?;
        Ok(stored.map(|s| s.session).filter(|s| s.id == asker.session.identity.session))
    }

    /// What a change takes in this session.
    fn asked(&self, inbound: &Inbound, (session, account): (&Cached, &Account), what: Change) -> ProofAsked {
        // one from before an order is none: the session may be a thief's by now
        let after = self.effect(inbound, session).proof_after;
        let given = session.proofs.last().unwrap_or_default();
        let Some(at) = backup_code_at(session).filter(|_| given >= after) else {
            return ProofAsked::Code { digits: self.digits(account) };
        };
        let recent = self.parts.clock.now().since(at) < AFTER_BACKUP_CODE;
        match what {
            Change::Codes => ProofAsked::Nothing(WhyNot::CodesByBackupCode),
            Change::Disable if !self.parts.policy.load().backup_may_disable() => {
                ProofAsked::Nothing(WhyNot::NotByBackupCode)
            }
            Change::Replace | Change::Disable if recent => ProofAsked::Password,
            Change::Replace | Change::Disable => ProofAsked::Nothing(WhyNot::TooLate),
        }
    }
}

/// When the session's second factor was given, where that was a backup code.
fn backup_code_at(session: &Cached) -> Option<Timestamp> {
    match session.identity.assurance.second {
        Some((SecondFactor::BackupCode, at)) => Some(at),
        Some((SecondFactor::Totp, _)) | None => None,
    }
}
