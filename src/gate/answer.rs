//! What was typed at a challenge: counted, judged, and where it is right, the session that it opens or lifts.

use super::challenge::is_challenge;
use super::errand::Errand;
use super::flow::{After, Answer, Given, Hint, Method, SetCookies};
use super::judge::drifted;
use super::service::Gate;
use super::verdict::Fault;
use crate::audit;
use crate::crypto::token::TokenKind;
use crate::store::record::OldToken;
use crate::store::{Account, CodeKind, Device, Drift, Failed, Opened, Pending, Proof, Purpose, Session};
use crate::types::{Assurance, Inbound, SecondFactor, Timestamp, TokenRef};
use secrecy::SecretString;
use std::time::Duration;

/// A rotated session's old token still serves the requests that are under way.
const OLD_TOKEN: Duration = Duration::from_secs(10);

/// A session that a right code opens or lifts, with its new token.
pub(super) struct Lifted {
    pub session: Session,
    pub value: SecretString,
    /// The browser, where it is known.
    pub known: Option<Device>,
}

/// What a typed code came to.
enum Judged {
    Opened(Opened, Box<Lifted>),
    Wrong(Option<Drift>),
    Used,
    /// There is no session to lift any more.
    Gone,
}

impl Gate {
    /// A typed code. `told`: what the page was opened for, as it was for `challenge`.
    pub async fn answer(
        &self,
        inbound: &Inbound,
        form_token: &str,
        given: Given<'_>,
        told: &Errand,
    ) -> Result<Answer, Fault> {
        self.recordable()?;
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(Answer::Gone) };
        if !self.form_is_of(&pending.token, form_token) {
            return Ok(Answer::Forged);
        }
        if !is_challenge(&pending) || !self.belongs(inbound, &pending).await? || !account.has_second_factor() {
            return Ok(Answer::Gone);
        }
        let errand = self.errand_of(&pending, told);
        let method = self.judged_as(inbound, (&pending, &account), &errand, given.method).await?;
        let (kind, factor) = match method {
            Method::Totp => (CodeKind::Totp, SecondFactor::Totp),
            Method::BackupCode => (CodeKind::Backup, SecondFactor::BackupCode),
        };
        let begun_in = pending.purpose.session();
        let record = |outcome| self.record_challenge(inbound, (account.id, begun_in), factor, outcome);
        let counted = match self.count_code(inbound, account.id, kind).await? {
            Ok(counted) => counted,
            Err(held) => {
                record(audit::Challenge::Throttled);
                return Ok(Answer::Held(held));
            }
        };
        let judged = match method {
            Method::Totp => self.judge_totp(inbound, &pending, &account, given.code).await?,
            Method::BackupCode => self.judge_backup(inbound, &pending, &account, given.code).await?,
        };
        match judged {
            Judged::Opened(Opened::Yes, lifted) => {
                self.passed(&counted).await?;
                let session = Some(lifted.session.id);
                self.record_challenge(inbound, (account.id, session), factor, audit::Challenge::Passed);
                self.completed(inbound, (&pending, &account), *lifted, (given, errand)).await
            }
            Judged::Opened(opened, _) => {
                record(audit::Challenge::Failed);
                Ok(self.not_opened(inbound, opened))
            }
            Judged::Gone => {
                record(audit::Challenge::Failed);
                Ok(Answer::Gone)
            }
            Judged::Wrong(drift) => {
                let hint = self.clock_hint(&account, &pending, drift);
                let answer = self.failed(inbound, &pending, drift, |left| Answer::Wrong { left, hint }).await?;
                record(ended_or(&answer, audit::Challenge::Failed));
                Ok(answer)
            }
            Judged::Used => {
                let answer = self.failed(inbound, &pending, None, |left| Answer::Used { left }).await?;
                record(ended_or(&answer, audit::Challenge::Replayed));
                Ok(answer)
            }
        }
    }

    /// Tries the code on every factor; the one it fits burns its step and lets in, in one step of the store.
    async fn judge_totp(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        code: &str,
    ) -> Result<Judged, Fault> {
        let now = self.parts.clock.now();
        let mut used = false;
        for factor in &account.factors {
            let Some(burn) = self.matching(account, factor, code, now)? else { continue };
            let second = (SecondFactor::Totp, now);
            let Some(lifted) = self.lifted(inbound, (pending, account), second).await? else { return Ok(Judged::Gone) };
            let at = TokenRef { user: pending.user, hash: pending.token };
            let opened = self.parts.store.answer(at, Proof::Totp(burn), &lifted.session, now).await?;
            if opened != Opened::Replayed {
                return Ok(Judged::Opened(opened, Box::new(lifted)));
            }
            used = true;
        }
        Ok(if used { Judged::Used } else { Judged::Wrong(self.drift(account, code, now)?) })
    }

    /// One hash, whatever was typed; what cannot be a backup code costs none.
    async fn judge_backup(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        code: &str,
    ) -> Result<Judged, Fault> {
        let Some(proof) = self.backup_proof(account, code).await? else { return Ok(Judged::Wrong(None)) };
        let now = self.parts.clock.now();
        let second = (SecondFactor::BackupCode, now);
        let Some(lifted) = self.lifted(inbound, (pending, account), second).await? else { return Ok(Judged::Gone) };
        let at = TokenRef { user: pending.user, hash: pending.token };
        let opened = self.parts.store.answer(at, proof, &lifted.session, now).await?;
        // whether it was used or never one is not told: the digest of a used one is gone
        Ok(match opened {
            Opened::Replayed => Judged::Wrong(None),
            Opened::Yes | Opened::Spent | Opened::Ended => Judged::Opened(opened, Box::new(lifted)),
        })
    }

    /// Signed in: what the browser gets, and which page comes first.
    async fn completed(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        lifted: Lifted,
        (given, errand): (Given<'_>, Errand),
    ) -> Result<Answer, Fault> {
        let mut cookies = self.opened_or_lifted(inbound, &lifted).await;
        let trust = given.remember && self.remember_for(inbound, account, &errand).is_some();
        let to = self.onward(inbound, errand.to).await;
        cookies.extend(self.leave_device(inbound, &lifted.session, lifted.known, trust).await);
        let by_code = lifted.session.assurance.second.is_some_and(|(m, _)| m == SecondFactor::BackupCode);
        if by_code {
            let left = account.backup.as_ref().map_or(0, |b| b.left.saturating_sub(1));
            self.record_codes(inbound, account.id, audit::BackupCodes::Spent { left });
            // who stepped up is where they were; who signed in by one may have lost the phone
            let next = if pending.purpose == Purpose::SignIn { After::Account(to) } else { After::To(to) };
            return Ok(Answer::Done { cookies, next });
        }
        // who never said that the codes are saved may not have them
        let saved = account.backup.as_ref().is_some_and(|b| b.saved);
        if pending.purpose == Purpose::SignIn && !saved {
            match self.renew_codes(inbound, &lifted.session, &to).await {
                Ok(Some(shown)) => {
                    cookies.extend(shown);
                    return Ok(Answer::Done { cookies, next: After::Codes(to) });
                }
                Ok(None) => {}
                // the sign-in stands; the codes are offered again at the next one
                Err(e) => tracing::warn!(error = %e, "new backup codes could not be made after a sign-in"),
            }
        }
        Ok(Answer::Done { cookies, next: After::To(to) })
    }

    /// Counts a failure; the last one ends the pending sign-in.
    pub(super) async fn failed(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        drift: Option<Drift>,
        answer: impl FnOnce(u32) -> Answer,
    ) -> Result<Answer, Fault> {
        let at = TokenRef { user: pending.user, hash: pending.token };
        let most = self.parts.policy.load().throttle().codes_sign_in;
        Ok(match self.parts.store.fail_pending(at, most, drift, self.parts.clock.now()).await? {
            Failed::Left(left) => answer(left),
            Failed::Ended => Answer::Ended { cookies: self.pending_gone(inbound) },
            Failed::Gone => Answer::Gone,
        })
    }

    /// The session as it is once the second factor was given: a new one, or the live one lifted.
    pub(super) async fn lifted(
        &self,
        inbound: &Inbound,
        (pending, account): (&Pending, &Account),
        second: (SecondFactor, Timestamp),
    ) -> Result<Option<Lifted>, Fault> {
        let known = self.known_browser(inbound, pending.user).await?;
        let now = second.1;
        let Some(wanted) = pending.purpose.session() else {
            // trust that an order ended is none; a step-up that stands is done by this very code
            let after = self.effect_at_door(inbound, account, pending.began).trust_after;
            let known = known.map(|d| match d.trusted_since >= after {
                true => d,
                false => Device { trusted_until: None, ..d },
            });
            let trusted_until = known.as_ref().filter(|d| d.trusts(now)).and_then(|d| d.trusted_until);
            let assurance = Assurance { first_at: pending.first_at, second: Some(second), trusted_until };
            let device = self.device_for(known.as_ref());
            let (mut session, value) = self.new_session(inbound, pending, assurance, device);
            session.proofs.note(second.0, pending.began);
            session.trusted_since = known.as_ref().filter(|d| d.trusts(now)).map(|d| d.trusted_since);
            return Ok(Some(Lifted { session, value, known }));
        };
        let Some(at) = self.session_ref(inbound) else { return Ok(None) };
        let Some(stored) = self.parts.store.session(at, now).await?.filter(|s| s.session.id == wanted) else {
            return Ok(None);
        };
        let mut session = stored.session;
        let entropy = self.parts.entropy.as_ref();
        let (value, token) = self.tokens.mint(TokenKind::Session, &inbound.origin, session.user, entropy);
        session.old = Some(OldToken { token: session.token, until: now.plus(OLD_TOKEN), assurance: session.assurance });
        session.token = token;
        session.assurance.second = Some(second);
        session.proofs.note(second.0, pending.began);
        session.device = Some(self.device_for(known.as_ref()));
        Ok(Some(Lifted { session, value, known }))
    }

    /// The cookies of a session that a step opened or lifted.
    pub(super) async fn opened_or_lifted(&self, inbound: &Inbound, lifted: &Lifted) -> SetCookies {
        if let Some(old) = &lifted.session.old {
            // the entry in the log does this on every node; here it must not be a moment late
            self.parts.sessions.cache.forget(lifted.session.user, &old.token);
        }
        self.opened(inbound, &lifted.session, &lifted.value).await
    }

    /// The answer to a right code that came too late.
    pub(super) fn not_opened(&self, inbound: &Inbound, opened: Opened) -> Answer {
        match opened {
            Opened::Yes | Opened::Spent | Opened::Replayed => Answer::Gone,
            Opened::Ended => Answer::Ended { cookies: self.pending_gone(inbound) },
        }
    }

    fn clock_hint(&self, account: &Account, pending: &Pending, drift: Option<Drift>) -> Option<Hint> {
        let period = account.factors.first().and_then(|f| self.open_totp(account, f.id, &f.sealed).ok());
        drifted(pending.drift, drift, period.map_or(30, |t| t.parameters.period))
    }
}

fn ended_or(answer: &Answer, outcome: audit::Challenge) -> audit::Challenge {
    match answer {
        Answer::Ended { .. } => audit::Challenge::FailedAndEnded,
        Answer::Done { .. }
        | Answer::Wrong { .. }
        | Answer::Used { .. }
        | Answer::Held(_)
        | Answer::Gone
        | Answer::Forged => outcome,
    }
}
