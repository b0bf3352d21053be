//! The gate as the rest of the process holds it, and the judgement of one request.

use super::decide::{Decision, Proved, decide, under};
use super::verdict::{Denial, Fault, Passage, Refusal, Verdict};
use crate::audit::Audit;
use crate::crypto::token::TokenKind;
use crate::crypto::{Codes, FormKeys, Forms, KeyRing, Passwords, Tokens};
use crate::factor::first::Local;
use crate::policy::{Policy, Requirement, Subject};
use crate::session::lookup::LookupError;
use crate::session::marks::Person;
use crate::session::{Cached, CookieNames, Effect, Jar, Place, Sessions, marks};
use crate::store::{Account, Presented, Store};
use crate::sys::{Clock, Entropy};
use crate::types::{AppName, Assurance, Inbound, Kind, Origin, Proofs, ReturnTo, Seq, Timestamp, TokenRef};
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the gate is made of.
pub struct Parts {
    pub policy: Arc<ArcSwap<Policy>>,
    pub sessions: Arc<Sessions>,
    pub store: Arc<dyn Store>,
    pub first: Local,
    /// Digests backup codes under the same limits.
    pub passwords: Arc<Passwords>,
    pub keys: Arc<KeyRing>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub audit: Arc<Audit>,
    pub apps: BTreeMap<AppName, GateApp>,
    /// With both slashes.
    pub own_prefix: String,
}

/// What the gate knows of an app.
pub struct GateApp {
    pub origins: Vec<(Arc<Origin>, CookieNames)>,
    /// Judged paths of the app's own sign-out.
    pub sign_out: Vec<String>,
}

/// One per process.
pub struct Gate {
    pub(super) parts: Parts,
    pub(super) tokens: Tokens,
    pub(super) forms: Forms,
    pub(super) codes: Codes,
    pub(super) form_keys: FormKeys,
}

impl Gate {
    pub fn new(parts: Parts) -> Self {
        let (tokens, forms) = (Tokens::new(&parts.keys), Forms::new(&parts.keys));
        Gate { tokens, forms, codes: Codes::new(&parts.keys), form_keys: FormKeys::new(&parts.keys), parts }
    }

    /// The prefix of own pages, with both slashes.
    pub fn own_prefix(&self) -> &str {
        &self.parts.own_prefix
    }

    /// Judges one request.
    pub async fn admit(&self, inbound: &Inbound) -> Result<Verdict, Fault> {
        if inbound.path.is_under(&self.parts.own_prefix) {
            return Ok(Verdict::Local);
        }
        let policy = self.parts.policy.load();
        // first as a stranger: on a public rule no session is looked up or touched
        let asked = policy.evaluate(inbound, None);
        let to = || self.return_to(inbound);
        let (now, endings) = (self.parts.clock.now(), self.parts.sessions.cache.endings());
        match decide(&asked, None, now, ReturnTo::root) {
            Decision::Public { identify: false } => return Ok(self.public(inbound, &asked, None)),
            Decision::Refuse(r @ Refusal::Denied { .. }) => return Ok(Verdict::Refuse(r)),
            Decision::Public { identify: true } => {
                let known = self.known(inbound).await.unwrap_or_default();
                // told on a public rule where it would pass the default without being asked anything
                let session = known.filter(|(s, effect)| {
                    let (_, decision) = judged(&policy, inbound, (s, effect), now, ReturnTo::root);
                    matches!(decision, Decision::Pass | Decision::Public { .. })
                });
                return Ok(self.public(inbound, &asked, session.map(|(s, _)| s)));
            }
            Decision::Pass | Decision::Refuse(_) => {}
        }
        let Some((session, effect)) = self.known(inbound).await? else {
            return Ok(Verdict::Refuse(Refusal::SignIn { to: to() }));
        };
        let (asked, decision) = judged(&policy, inbound, (&session, &effect), now, to);
        match decision {
            Decision::Refuse(r) => Ok(Verdict::Refuse(r)),
            Decision::Public { identify } => Ok(self.public(inbound, &asked, Some(session).filter(|_| identify))),
            Decision::Pass => {
                if !self.origin_fits(inbound) {
                    return Ok(Verdict::Refuse(Refusal::Denied { rule: rule_of(&asked), why: Denial::Origin }));
                }
                self.parts.sessions.note(&session, policy.session_lifetimes().idle);
                let signs_out = self.signs_out(inbound);
                let (session, rule) = (Some(session), rule_of(&asked));
                Ok(Verdict::Pass(Passage { session, public: false, rule, signs_out, effect, endings }))
            }
        }
    }

    /// Asked once more after the exchange is registered with `live`: false where its session ended in between.
    pub fn still_good(&self, passage: &Passage, inbound: &Inbound) -> bool {
        let Some(s) = passage.session() else { return true };
        let cache = &self.parts.sessions.cache;
        let over = cache.endings() != passage.endings && cache.is_over(s.identity.user, s.identity.session, s.began);
        // an order that has come in between is not what the verdict was made under
        !over && self.effect(inbound, s) == passage.effect
    }

    /// Where a request came in, as orders see it.
    pub fn place(inbound: &Inbound) -> Place<'_> {
        Place { app: &inbound.app, from: inbound.client }
    }

    /// What orders come to for a session at this request.
    pub(super) fn effect(&self, inbound: &Inbound, session: &Cached) -> Effect {
        self.parts.sessions.effect(session, Self::place(inbound))
    }

    /// The same for a person who signs in, or is about to do more in a sign-in that began there.
    pub(super) fn effect_at_door(&self, inbound: &Inbound, account: &Account, began: Seq) -> Effect {
        let marks = self.parts.sessions.marks();
        if marks.is_empty() {
            return Effect::default();
        }
        let (person, none) = (Person::of(account), Proofs::default());
        let subject = marks::Subject {
            user: account.id,
            name: &account.name,
            email: account.email.as_ref(),
            groups: &account.groups,
            session: None,
            device: None,
            app: Some(&inbound.app),
            addresses: [Some(inbound.client.0), None],
            began,
            proofs: &none,
            person: &person,
        };
        marks.effect(&subject, self.parts.clock.now())
    }

    /// Data that the client sent on an open stream of the session.
    pub fn note_activity(&self, passage: &Passage) {
        if let Some(s) = &passage.session {
            self.parts.sessions.note(s, self.parts.policy.load().session_lifetimes().idle);
        }
    }

    /// The same for a stream that outlives its request; `None` where nobody is signed in.
    pub fn activity(self: &Arc<Self>, passage: &Passage) -> Option<Arc<dyn Fn() + Send + Sync>> {
        let (gate, session) = (self.clone(), passage.session.clone()?);
        Some(Arc::new(move || {
            gate.parts.sessions.note(&session, gate.parts.policy.load().session_lifetimes().idle);
        }))
    }

    /// The live session of the request's cookie; an old token of a rotated session counts for a moment.
    pub(super) async fn session(&self, inbound: &Inbound) -> Result<Option<Arc<Cached>>, Fault> {
        Ok(self.known(inbound).await?.map(|(session, _)| session))
    }

    /// The same, with what orders leave of it.
    async fn known(&self, inbound: &Inbound) -> Result<Option<(Arc<Cached>, Effect)>, Fault> {
        let Some(at) = self.session_ref(inbound) else { return Ok(None) };
        Ok(self.parts.sessions.find(at, Self::place(inbound)).await?)
    }

    /// For own pages: the present token only.
    pub(super) async fn own_session(&self, inbound: &Inbound) -> Result<Option<Arc<Cached>>, Fault> {
        Ok(self.session(inbound).await?.filter(|s| s.presented == Presented::Current))
    }

    pub(super) fn session_ref(&self, inbound: &Inbound) -> Option<TokenRef> {
        let jar = self.jar(inbound);
        self.tokens.check(TokenKind::Session, &inbound.origin, jar.session?)
    }

    pub(super) fn pending_ref(&self, inbound: &Inbound) -> Option<TokenRef> {
        let jar = self.jar(inbound);
        self.tokens.check(TokenKind::Pending, &inbound.origin, jar.pending?)
    }

    pub(super) fn jar<'a>(&self, inbound: &'a Inbound) -> Jar<'a> {
        let jar = self.names(inbound).map(|n| Jar::read(&inbound.cookies, n)).unwrap_or_default();
        if jar.odd {
            self.record_odd_cookie(inbound, self.names(inbound).map_or("", |n| n.session.as_str()));
        }
        jar
    }

    pub(super) fn names(&self, inbound: &Inbound) -> Option<&CookieNames> {
        let app = self.parts.apps.get(&inbound.app)?;
        app.origins.iter().find(|(o, _)| Arc::ptr_eq(o, &inbound.origin) || o == &inbound.origin).map(|(_, n)| n)
    }

    pub(super) fn return_to(&self, inbound: &Inbound) -> ReturnTo {
        ReturnTo::parse(&inbound.target(), &self.parts.own_prefix)
    }

    fn public(&self, inbound: &Inbound, asked: &Requirement<'_>, session: Option<Arc<Cached>>) -> Verdict {
        if !self.origin_fits(inbound) {
            return Verdict::Refuse(Refusal::Denied { rule: rule_of(asked), why: Denial::Origin });
        }
        let (rule, effect) = (rule_of(asked), Effect::default());
        Verdict::Pass(Passage { session, public: true, rule, signs_out: false, effect, endings: 0 })
    }

    /// A WebSocket handshake carries cookies from anywhere, and no CORS check stops it (RFC 6455 §10.2).
    fn origin_fits(&self, inbound: &Inbound) -> bool {
        if inbound.kind != Kind::WebSocket {
            return true;
        }
        let Some(given) = inbound.origin_header.as_deref().and_then(|o| o.parse::<Origin>().ok()) else { return false };
        let app = self.parts.apps.get(&inbound.app);
        app.is_some_and(|a| a.origins.iter().any(|(o, _)| **o == given))
    }

    fn signs_out(&self, inbound: &Inbound) -> bool {
        let by_person = inbound.method == http::Method::POST
            || (inbound.method == http::Method::GET && inbound.kind == Kind::Navigation);
        let app = self.parts.apps.get(&inbound.app);
        by_person && app.is_some_and(|a| a.sign_out.iter().any(|p| p == inbound.path.judged()))
    }
}

/// What is asked of a session's person here, and what that comes to under the orders.
fn judged<'p>(
    policy: &'p Policy,
    inbound: &Inbound,
    (session, effect): (&Cached, &Effect),
    now: Timestamp,
    to: impl Fn() -> ReturnTo,
) -> (Requirement<'p>, Decision) {
    let asked = policy.evaluate(inbound, Some(&subject_of(session)));
    let proved = Proved { assurance: &counting(session, effect), person: &session.person };
    let decision = decide(&asked, Some(proved), now, &to);
    (asked, under(decision, effect, &to))
}

/// What the session has proved, as far as orders let it count.
fn counting(s: &Cached, effect: &Effect) -> Assurance {
    let assurance = s.identity.assurance;
    let trusted = s.trusted_since.is_none_or(|since| effect.trusts(since));
    Assurance { trusted_until: assurance.trusted_until.filter(|_| trusted), ..assurance }
}

pub(super) fn subject_of(s: &Cached) -> Subject<'_> {
    Subject { name: &s.identity.name, groups: &s.identity.groups, enrolled: s.enrolled }
}

pub(super) fn subject(a: &Account) -> Subject<'_> {
    Subject { name: &a.name, groups: &a.groups, enrolled: a.has_second_factor() }
}

pub(super) fn rule_of(asked: &Requirement<'_>) -> Option<Arc<str>> {
    match asked {
        Requirement::Public { rule, .. } => Some(Arc::clone(rule)),
        Requirement::Deny { rule } | Requirement::SignIn { rule } | Requirement::Factors { rule, .. } => {
            rule.map(Arc::clone)
        }
    }
}

impl From<LookupError> for Fault {
    fn from(e: LookupError) -> Self {
        match e {
            LookupError::NoLease => Fault::NoLease,
            LookupError::Store(e) => Fault::Store(e),
        }
    }
}
