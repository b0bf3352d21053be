//! The challenge: a second factor for a pending sign-in, or for a live session that is asked one.

use super::flow::{Answer, ChallengePage, SetCookies};
use super::service::Gate;
use super::sign_in::Beginning;
use super::verdict::Fault;
use crate::audit;
use crate::crypto::token::TokenKind;
use crate::factor::second::totp::{self, Algorithm, Totp, TotpParameters};
use crate::policy::{Policy, Second, TotpAlgorithm};
use crate::session::Cached;
use crate::store::record::OldToken;
use crate::store::{Account, Burn, Factor, Failed, Opened, Pending, Proof, Purpose, Session};
use crate::types::{Assurance, FactorId, Inbound, ReturnTo, SecondFactor, Timestamp, TokenRef};
use secrecy::SecretString;
use std::time::Duration;

/// Wrong codes that end a pending sign-in.
pub(super) const WRONG_CODES: u32 = 5;
/// A rotated session's old token still serves the requests that are under way.
const OLD_TOKEN: Duration = Duration::from_secs(10);

impl Gate {
    /// `to`: where the page was asked to lead back to; used where a live session begins a step-up.
    pub async fn challenge(&self, inbound: &Inbound, to: &ReturnTo) -> Result<ChallengePage, Fault> {
        if let Some((pending, account)) = self.pending(inbound).await?
            && self.belongs(inbound, &pending).await?
        {
            if !account.has_second_factor() {
                return Ok(ChallengePage::SetUp(pending.return_to(self.own_prefix())));
            }
            return Ok(self.ask(&pending, &account, SetCookies::new()));
        }
        let Some(session) = self.own_session(inbound).await? else { return Ok(ChallengePage::Gone) };
        if session.identity.assurance.second.is_some() {
            return Ok(ChallengePage::Met(to.clone()));
        }
        let Some(account) = self.parts.store.account(session.identity.user).await? else {
            return Ok(ChallengePage::Gone);
        };
        if !account.has_second_factor() {
            return Ok(match self.second_for(inbound, &account, to) {
                Second::Enrol => ChallengePage::SetUp(to.clone()),
                Second::NotAsked | Second::Challenge | Second::Exempt => ChallengePage::Met(to.clone()),
            });
        }
        let (pending, cookies) = self.begin_in_session(inbound, &session, to, false).await?;
        Ok(self.ask(&pending, &account, cookies))
    }

    /// A typed code.
    pub async fn answer(&self, inbound: &Inbound, form_token: &str, code: &str) -> Result<Answer, Fault> {
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(Answer::Gone) };
        if !self.form_is_of(&pending.token, form_token) {
            return Ok(Answer::Forged);
        }
        if !self.belongs(inbound, &pending).await? || !account.has_second_factor() {
            return Ok(Answer::Gone);
        }
        let (answer, outcome) = self.judge(inbound, &pending, &account, code).await?;
        let ended = matches!(answer, Answer::Ended { .. }) && outcome != audit::Challenge::Passed;
        self.record_challenge(inbound, account.id, if ended { audit::Challenge::FailedAndEnded } else { outcome });
        Ok(answer)
    }

    /// Tries the code on every factor; the one it fits burns its step and lets in, in one step of the store.
    async fn judge(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        account: &Account,
        code: &str,
    ) -> Result<(Answer, audit::Challenge), Fault> {
        let now = self.parts.clock.now();
        let mut replayed = false;
        for factor in &account.factors {
            let Some(step) = self.matching_step(account, factor, code, now)? else { continue };
            let Some((session, value)) = self.lifted(inbound, pending, now).await? else {
                return Ok((Answer::Gone, audit::Challenge::Failed));
            };
            let at = TokenRef { user: pending.user, hash: pending.token };
            let proof = Proof::Totp(Burn { factor: factor.id, step });
            let opened = self.parts.store.answer(at, proof, &session, now).await?;
            if opened != Opened::Replayed {
                let outcome = if opened == Opened::Yes { audit::Challenge::Passed } else { audit::Challenge::Failed };
                return Ok((self.done(inbound, pending, (&session, &value), opened).await?, outcome));
            }
            replayed = true;
        }
        Ok(if replayed {
            (self.failed(inbound, pending, |left| Answer::Used { left }).await?, audit::Challenge::Replayed)
        } else {
            (self.failed(inbound, pending, |left| Answer::Wrong { left }).await?, audit::Challenge::Failed)
        })
    }

    /// A pending step-up or enrolment counts only beside the session it was begun in.
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
        enrol: bool,
    ) -> Result<(Pending, SetCookies), Fault> {
        let id = session.identity.session;
        let purpose = if enrol { Purpose::Enrol { session: id } } else { Purpose::StepUp { session: id } };
        let first_at = session.identity.assurance.first_at;
        // the log's counter of now, not of the session's beginning: what ends other sessions spares this one
        let began = self.parts.store.head().await?.seq;
        let user = session.identity.user;
        self.begin(inbound, Beginning { user, purpose, to, began, first_at, password_at: first_at }).await
    }

    /// Counts a failure; the last one ends the pending sign-in.
    pub(super) async fn failed(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        answer: impl FnOnce(u32) -> Answer,
    ) -> Result<Answer, Fault> {
        let at = TokenRef { user: pending.user, hash: pending.token };
        Ok(match self.parts.store.fail_pending(at, WRONG_CODES, None, self.parts.clock.now()).await? {
            Failed::Left(left) => answer(left),
            Failed::Ended => Answer::Ended { cookies: self.pending_gone(inbound) },
            Failed::Gone => Answer::Gone,
        })
    }

    /// The session as it is once the second factor was given: a new one, or the live one lifted.
    pub(super) async fn lifted(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        now: Timestamp,
    ) -> Result<Option<(Session, SecretString)>, Fault> {
        let second = Some((SecondFactor::Totp, now));
        let Some(wanted) = pending.purpose.session() else {
            let assurance = Assurance { first_at: pending.first_at, second, trusted_until: None };
            return Ok(Some(self.new_session(inbound, pending, assurance)));
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
        session.assurance.second = second;
        Ok(Some((session, value)))
    }

    /// The answer to a step that opened or lifted a session.
    pub(super) async fn done(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        (session, value): (&Session, &SecretString),
        opened: Opened,
    ) -> Result<Answer, Fault> {
        Ok(match opened {
            Opened::Yes => {
                if let Some(old) = &session.old {
                    // the entry in the log does this on every node; here it must not be a moment late
                    self.parts.sessions.cache.forget(session.user, &old.token);
                }
                let cookies = self.opened(inbound, session, value).await;
                Answer::Done { cookies, to: pending.return_to(self.own_prefix()) }
            }
            Opened::Spent | Opened::Replayed => Answer::Gone,
            Opened::Ended => Answer::Ended { cookies: self.pending_gone(inbound) },
        })
    }

    fn ask(&self, pending: &Pending, account: &Account, cookies: SetCookies) -> ChallengePage {
        ChallengePage::Ask {
            name: account.name.clone(),
            digits: parameters(&self.parts.policy.load()).digits,
            form_token: self.forms.token(&pending.token.0),
            cookies,
        }
    }

    fn matching_step(
        &self,
        account: &Account,
        factor: &Factor,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<u64>, Fault> {
        let opened = self.open_totp(account, factor.id, &factor.sealed)?;
        Ok(opened.secret.matching_step(&opened.parameters, code, now))
    }

    /// A sealed secret of this account that does not open (wrong key file, tampered store) closes the gate.
    pub(super) fn open_totp(&self, account: &Account, factor: FactorId, sealed: &[u8]) -> Result<Totp, Fault> {
        let skew = parameters(&self.parts.policy.load()).skew;
        totp::open_factor(&self.parts.keys, account.id, factor, sealed, skew).map_err(|e| {
            tracing::error!(user = %account.id, %factor, error = %e, "a second factor cannot be opened");
            Fault::Seal("second factor")
        })
    }
}

/// What the policy says of new authenticators, in the factor's terms.
pub(super) fn parameters(policy: &Policy) -> TotpParameters {
    let t = policy.totp();
    let algorithm = match t.algorithm {
        TotpAlgorithm::Sha1 => Algorithm::Sha1,
        TotpAlgorithm::Sha256 => Algorithm::Sha256,
        TotpAlgorithm::Sha512 => Algorithm::Sha512,
    };
    TotpParameters { algorithm, digits: t.digits.into(), period: t.period.as_secs(), skew: t.skew.into() }
}
