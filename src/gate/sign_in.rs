//! From a password to a session, or to the second factor that is asked first.
//!
//! ```text
//! password right ──▶ pending ──▶ (challenge | set-up) ──▶ session
//!                       └── nothing more asked ────────────▶ session
//! ```
//! A pending sign-in reaches nothing. Every session gets a token that nobody has seen before.

use super::flow::{Next, SetCookies, SignIn, Who};
use super::service::{Gate, subject};
use super::verdict::Fault;
use crate::audit;
use crate::crypto::token::TokenKind;
use crate::factor::first::{Checked, FirstError};
use crate::policy::{Requirement, Second};
use crate::store::{Account, Opened, Pending, Purpose, Session};
use crate::sys::random;
use crate::types::path::PathReading;
use crate::types::{
    Assurance, CanonicalPath, Inbound, Kind, ReturnTo, Seq, SessionId, Timestamp, TokenHash, TokenRef, UserId,
};
use secrecy::SecretString;
use std::time::Duration;

/// What a pending sign-in begins with.
pub(super) struct Beginning<'a> {
    pub user: UserId,
    pub purpose: Purpose,
    pub to: &'a ReturnTo,
    pub began: Seq,
    pub first_at: Timestamp,
    pub password_at: Timestamp,
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
        // read before the password is: what ends this user's sessions from now on ends this sign-in too
        let began = self.parts.store.head().await?.seq;
        let checked = self.parts.first.check(login, password).await.inspect_err(|e| {
            if matches!(e, FirstError::Busy) {
                self.record_password(inbound, login, None, audit::SignIn::Busy);
            }
        })?;
        let (user, why) = match &checked {
            Checked::Unknown => (None, audit::SignIn::UnknownUser),
            Checked::Wrong(user) => (Some(*user), audit::SignIn::WrongPassword),
            Checked::Disabled(user) => (Some(*user), audit::SignIn::Disabled),
            Checked::Passed(account) => (Some(account.id), audit::SignIn::FirstFactorPassed),
        };
        let Some(account) = checked.passed() else {
            self.record_password(inbound, login, user, why);
            return Ok(SignIn::Refused);
        };
        let now = self.parts.clock.now();
        let user = account.id;
        let step = Beginning { user, purpose: Purpose::SignIn, to, began, first_at: now, password_at: now };
        let (pending, mut cookies) = self.begin(inbound, step).await?;
        let next = match self.second_for(inbound, &account, to) {
            Second::Challenge => Next::Challenge(to.clone()),
            Second::Enrol => Next::SetUp(to.clone()),
            Second::NotAsked | Second::Exempt => {
                let assurance = Assurance { first_at: now, second: None, trusted_until: None };
                let (session, value) = self.new_session(inbound, &pending, assurance);
                let at = TokenRef { user: pending.user, hash: pending.token };
                match self.parts.store.open_session(at, &session, now).await? {
                    Opened::Yes => cookies = self.opened(inbound, &session, &value).await,
                    Opened::Spent | Opened::Ended | Opened::Replayed => return Ok(SignIn::Refused),
                }
                Next::Arrived(to.clone())
            }
        };
        let outcome = match next {
            Next::Arrived(_) => audit::SignIn::Passed,
            Next::Challenge(_) | Next::SetUp(_) => audit::SignIn::FirstFactorPassed,
        };
        self.record_password(inbound, login, Some(account.id), outcome);
        Ok(SignIn::Next { cookies, next })
    }

    /// Who asks for an own page.
    pub async fn who(&self, inbound: &Inbound) -> Result<Who, Fault> {
        if let Some(s) = self.own_session(inbound).await? {
            let policy = self.parts.policy.load_full();
            return Ok(Who::Session {
                name: s.identity.name.clone(),
                enrolled: s.enrolled,
                may_enrol: policy.may_enrol(&super::service::subject_of(&s)),
                form_token: self.forms.token(s.identity.session.as_bytes()),
            });
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
        Ok(account.map(|a| (pending, a)))
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
            admitted: None,
            drift: None,
        };
        self.parts.store.begin_pending(&pending).await?;
        let cookies = self.names(inbound).and_then(|n| n.set(&n.pending, &value)).into_iter().collect();
        Ok((pending, cookies))
    }

    /// What the return path asks of this person besides the password.
    pub(super) fn second_for(&self, inbound: &Inbound, account: &Account, to: &ReturnTo) -> Second {
        let mut target = inbound.clone();
        target.method = http::Method::GET;
        target.kind = Kind::Navigation;
        target.query = None;
        let reading = PathReading { encoded_slash: true, case_insensitive: false };
        if let Ok(path) = CanonicalPath::parse(to.path(), reading) {
            target.path = path;
        }
        match self.parts.policy.load().evaluate(&target, Some(&subject(account))) {
            Requirement::Factors { second, .. } => second,
            Requirement::Public { .. } | Requirement::Deny { .. } | Requirement::SignIn { .. } => Second::NotAsked,
        }
    }

    pub(super) fn new_session(
        &self,
        inbound: &Inbound,
        from: &Pending,
        assurance: Assurance,
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
            device: None,
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
