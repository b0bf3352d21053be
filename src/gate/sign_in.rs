//! From a password to a session, or to the second factor that is asked first.
//!
//! ```text
//! password right ──▶ pending ──▶ (challenge | set-up) ──▶ session
//!                       └── nothing more asked ────────────▶ session
//! ```
//! A pending sign-in reaches nothing. Every session gets a token that nobody has seen before.

use super::devices::Recognised;
use super::errand::Errand;
use super::flow::{Next, SetCookies, SignIn, Who};
use super::password::Tried;
use super::service::{Gate, rule_of, subject};
use super::verdict::Fault;
use crate::audit;
use crate::crypto::token::TokenKind;
use crate::policy::{Requirement, Second, Terms, Trust};
use crate::session::Effect;
use crate::store::{Account, Opened, Pending, Purpose, Session};
use crate::sys::random;
use crate::types::path::PathReading;
use crate::types::{
    Assurance, CanonicalPath, DeviceId, Inbound, Kind, Proofs, ReturnTo, Seq, SessionId, Timestamp, TokenHash,
    TokenRef, UserId,
};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// What a pending sign-in begins with.
pub(super) struct Beginning<'a> {
    pub user: UserId,
    pub purpose: Purpose,
    pub to: &'a ReturnTo,
    pub began: Seq,
    pub first_at: Timestamp,
    pub password_at: Timestamp,
    /// Digest of the enrolment code that was given.
    pub admitted: Option<[u8; 32]>,
}

/// What is asked of a person for what they came for, and by which rule.
pub(super) struct Asked {
    pub second: Second,
    pub terms: Terms,
    pub rule: Option<Arc<str>>,
}

/// How long a pending sign-in waits for the second factor.
pub(super) const PENDING: Duration = Duration::from_secs(600);

impl Gate {
    /// Checks name and password and goes as far as they reach for the return path.
    pub async fn sign_in(
        &self,
        inbound: &Inbound,
        login: &str,
        password: &SecretString,
        to: &ReturnTo,
    ) -> Result<SignIn, Fault> {
        self.recordable()?;
        // read before the password is: what ends this user's sessions from now on ends this sign-in too
        let began = self.parts.store.head().await?.seq;
        let account = match self.try_password(inbound, login, password).await? {
            Tried::Right(account) => account,
            Tried::Wrong => return Ok(SignIn::Refused),
            Tried::Held(held) => return Ok(SignIn::Held(held)),
        };
        let now = self.parts.clock.now();
        let user = account.id;
        let to = &self.onward(inbound, to.clone()).await;
        let effect = self.effect_at_door(inbound, &account, began);
        if effect.ends() {
            self.record_password(inbound, login, Some(user), audit::SignIn::Blocked);
            return Ok(SignIn::Refused);
        }
        let browser = self.recognise(inbound, user).await?.under(&effect);
        let step =
            Beginning { user, purpose: Purpose::SignIn, to, began, first_at: now, password_at: now, admitted: None };
        let (pending, mut cookies) = self.begin(inbound, step).await?;
        let trusted_until = browser.trusted_until(now);
        let asked = self.asked_at_door(inbound, &account, to, &effect);
        let (next, outcome) = match (asked.second, asked.terms.trust) {
            (Second::Challenge, Trust::Accept) if trusted_until.is_some() => {
                (Next::Arrived(to.clone()), audit::SignIn::PassedOnTrustedDevice)
            }
            (Second::Challenge, _) => (Next::Challenge(to.clone()), audit::SignIn::FirstFactorPassed),
            (Second::Enrol, _) => (Next::SetUp(to.clone()), audit::SignIn::FirstFactorPassed),
            (Second::NotAsked | Second::Exempt, _) => (Next::Arrived(to.clone()), audit::SignIn::Passed),
        };
        let session = match &next {
            Next::Arrived(_) => {
                let assurance = Assurance { first_at: now, second: None, trusted_until };
                match self.open_at_once(inbound, &pending, assurance, browser).await? {
                    Some((session, all)) => {
                        cookies = all;
                        Some(session)
                    }
                    None => return Ok(SignIn::Refused),
                }
            }
            Next::Challenge(_) | Next::SetUp(_) => {
                cookies.extend(browser.cookies);
                None
            }
        };
        self.record_signed_in(inbound, (user, login), (session, asked.rule), outcome);
        Ok(SignIn::Next { cookies, next })
    }

    /// The session of a password that is enough; `None` where the person's sessions were ended meanwhile.
    async fn open_at_once(
        &self,
        inbound: &Inbound,
        pending: &Pending,
        assurance: Assurance,
        browser: Recognised,
    ) -> Result<Option<(SessionId, SetCookies)>, Fault> {
        let device = self.device_for(browser.device.as_ref());
        let (mut session, value) = self.new_session(inbound, pending, assurance, device);
        session.trusted_since = assurance.trusted_until.and(browser.device.as_ref()).map(|d| d.trusted_since);
        let at = TokenRef { user: pending.user, hash: pending.token };
        match self.parts.store.open_session(at, &session, self.parts.clock.now()).await? {
            Opened::Yes => {}
            Opened::Spent | Opened::Ended | Opened::Replayed => return Ok(None),
        }
        let mut cookies = self.opened(inbound, &session, &value).await;
        cookies.extend(browser.cookies);
        cookies.extend(self.leave_device(inbound, &session, browser.device, false).await);
        Ok(Some((session.id, cookies)))
    }

    /// Who asks for an own page.
    pub async fn who(&self, inbound: &Inbound) -> Result<Who, Fault> {
        if let Some(s) = self.own_session(inbound).await? {
            let form_token = self.forms.token(s.identity.session.as_bytes());
            return Ok(Who::Session { name: s.identity.name.clone(), form_token });
        }
        Ok(match self.pending(inbound).await? {
            Some((p, account)) => Who::Pending { name: account.name, form_token: self.forms.token(&p.token.0) },
            None => Who::Nobody,
        })
    }

    /// The request's pending sign-in and its account.
    pub(super) async fn pending(&self, inbound: &Inbound) -> Result<Option<(Pending, Account)>, Fault> {
        let Some(at) = self.pending_ref(inbound) else { return Ok(None) };
        let Some(pending) = self.parts.store.pending(at, self.parts.clock.now()).await? else { return Ok(None) };
        if pending.origin != *inbound.origin {
            return Ok(None);
        }
        let account = self.parts.store.account(pending.user).await?.filter(|a| !a.disabled);
        let Some(account) = account else { return Ok(None) };
        // a step in a live session goes by how that session stands, which `belongs` asks
        let began = if pending.purpose.session().is_some() { Seq(u64::MAX) } else { pending.began };
        let ends = self.effect_at_door(inbound, &account, began).ends();
        Ok((!ends).then_some((pending, account)))
    }

    /// Starts a pending sign-in.
    pub(super) async fn begin(&self, inbound: &Inbound, step: Beginning<'_>) -> Result<(Pending, SetCookies), Fault> {
        let (value, token) =
            self.tokens.mint(TokenKind::Pending, &inbound.origin, step.user, self.parts.entropy.as_ref());
        let pending = Pending {
            token,
            user: step.user,
            origin: (*inbound.origin).clone(),
            purpose: step.purpose,
            return_to: step.to.as_str().to_string(),
            began: step.began,
            first_at: step.first_at,
            password_at: Some(step.password_at),
            ends: self.parts.clock.now().plus(PENDING),
            failures: 0,
            unconfirmed: None,
            codes: None,
            admitted: step.admitted,
            drift: None,
        };
        self.parts.store.begin_pending(&pending).await?;
        Ok((pending, self.pending_cookie(inbound, &value)))
    }

    pub(super) fn pending_cookie(&self, inbound: &Inbound, value: &SecretString) -> SetCookies {
        self.names(inbound).and_then(|n| n.set(&n.pending, value)).into_iter().collect()
    }

    /// What the errand asks of this person besides the password.
    pub(super) fn asked_for(&self, inbound: &Inbound, account: &Account, errand: &Errand) -> Asked {
        let mut target = inbound.clone();
        target.method = errand.method();
        target.kind = Kind::Navigation;
        target.query = None;
        let reading = PathReading { encoded_slash: true, case_insensitive: inbound.path.is_folded() };
        if let Ok(path) = CanonicalPath::parse(errand.path(), reading) {
            target.path = path;
        }
        let policy = self.parts.policy.load();
        let asked = policy.evaluate(&target, Some(&subject(account)));
        let rule = rule_of(&asked);
        let (second, terms) = match asked {
            Requirement::Factors { second, terms, .. } => (second, terms),
            Requirement::Public { .. } | Requirement::Deny { .. } | Requirement::SignIn { .. } => {
                (Second::NotAsked, Terms { trust: Trust::Refuse, ..Terms::PLAIN })
            }
        };
        Asked { second, terms, rule }
    }

    /// The same as a sign-in is asked it: a step-up that stands on the person is asked whatever the rule says, and no trusted
    /// device stands for it. So is the present second factor of who has to replace it.
    fn asked_at_door(&self, inbound: &Inbound, account: &Account, to: &ReturnTo, effect: &Effect) -> Asked {
        let asked = self.asked_for(inbound, account, &Errand::from(to));
        if effect.step_up.is_none() && !effect.re_enroll {
            return asked;
        }
        let second = if account.has_second_factor() { Second::Challenge } else { Second::Enrol };
        let terms = Terms { trust: Trust::Refuse, ..asked.terms };
        Asked { second, terms, ..asked }
    }

    pub(super) fn new_session(
        &self,
        inbound: &Inbound,
        from: &Pending,
        assurance: Assurance,
        device: DeviceId,
    ) -> (Session, SecretString) {
        let entropy = self.parts.entropy.as_ref();
        let (value, token) = self.tokens.mint(TokenKind::Session, &inbound.origin, from.user, entropy);
        let now = self.parts.clock.now();
        let lifetimes = self.parts.policy.load().session_lifetimes();
        let absolute_end = from.first_at.plus(lifetimes.absolute);
        let session = Session {
            id: SessionId::from_bytes(random(entropy)),
            token,
            old: None,
            user: from.user,
            origin: (*inbound.origin).clone(),
            began: from.began,
            assurance,
            idle_end: now.plus(lifetimes.idle).min(absolute_end),
            absolute_end,
            address: inbound.client.to_string(),
            browser: inbound.user_agent.clone(),
            device: Some(device),
            proofs: Proofs::default(),
            trusted_since: None,
        };
        (session, value)
    }

    /// The cookies of a new session; the one this browser had before ends.
    pub(super) async fn opened(&self, inbound: &Inbound, session: &Session, value: &SecretString) -> SetCookies {
        if let Ok(Some(before)) = self.session(inbound).await
            && before.identity.session != session.id
        {
            let ended = self.parts.store.end_session(before.identity.user, before.identity.session).await;
            if let Err(e) = ended {
                tracing::warn!(error = %e, "the browser's earlier session could not be ended");
            }
        }
        self.session_cookies(inbound, value)
    }

    /// Sets the session's cookie and removes the pending sign-in's.
    pub(super) fn session_cookies(&self, inbound: &Inbound, value: &SecretString) -> SetCookies {
        let Some(n) = self.names(inbound) else { return SetCookies::new() };
        [n.set(&n.session, value), n.remove(&n.pending)].into_iter().flatten().collect()
    }

    pub(super) fn pending_gone(&self, inbound: &Inbound) -> SetCookies {
        self.names(inbound).and_then(|n| n.remove(&n.pending)).into_iter().collect()
    }

    pub(super) fn form_is_of(&self, token: &TokenHash, given: &str) -> bool {
        self.forms.check(&token.0, given)
    }
}
