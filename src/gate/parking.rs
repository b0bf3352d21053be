//! A form that meets the gate is not lost: it waits, sealed under a key that this browser alone holds, until its person has
//! signed in, has seen what it holds, and says *send*.
//!
//! ```text
//! POST /orders ─ refused ─ park ─▶ sign-in, challenge … ─▶ own page: what it holds, *send*
//!                                                              │ POST /orders, its body a marker
//!                          judged anew ◀───────────────────────┘
//!                            ├─ passes ─ taken, once ─ upstream gets the form in the marker's place
//!                            └─ refused ─ it waits on
//! ```
//! *Send* posts to the form's own address, so that the address bar is right and the app's relative links work without a
//! script. What it posts is a marker that is good for one form and one session; once the form is taken the marker is worth
//! nothing, so a reload sends nothing. The form is taken as late as can be, when the upstream's connection stands.

mod held;
mod page;

pub use held::Held;
pub use page::{FormPage, Shown};

use super::flow::SetCookies;
use super::service::Gate;
use super::verdict::{Fault, Passage};
use crate::crypto::FormKey;
use crate::store::{FormLimits, Parked, ParkedForm};
use crate::types::{FormId, Inbound, Kind, Mode, ReturnTo, SessionId, with_causes};
use bytes::Bytes;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// The largest body that is kept.
pub const LARGEST: usize = 256 << 10;
/// How long a form waits.
const WAITS: Duration = Duration::from_secs(600);
const LIMITS: FormLimits = FormLimits { of_a_network: 4, bytes: 64 << 20 };
/// One browser is one address: more could not wait anyway.
const OF_A_BROWSER: usize = 4;

/// A form as it came in.
#[derive(Debug)]
pub struct Posted {
    pub content_type: String,
    pub referer: Option<String>,
    pub body: Bytes,
}

/// Why a form is not kept. It is said before a password is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unkept {
    TooLarge,
    /// Not a form of a kind that can be shown and sent again.
    Kind,
    /// It came from a page of another site.
    Elsewhere,
    /// So many wait in this browser, or from this address.
    TooMany,
    /// So much waits in all.
    Full,
    /// The store failed.
    Failed,
}

/// What became of a form that met a refusal.
#[derive(Debug)]
pub struct Parking {
    pub cookies: SetCookies,
    /// Where the person sees it.
    pub kept: Result<ReturnTo, Unkept>,
}

/// What the page's *send* posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub id: FormId,
    token: String,
}

/// Why a form is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// It does not wait (any more): sent before, not wanted, or its time is over.
    Gone,
    /// Somebody else filled it in: it is dropped.
    OtherUser,
    /// The marker is not of this session, or not for this address. The form waits on.
    OtherSession { to: ReturnTo },
    /// Another site, or a script, posted the marker.
    Forged,
    /// The upstream could not be reached; it waits on.
    Waits { to: ReturnTo },
    /// The upstream failed after it had been given the form.
    Unsure,
}

/// A form on its way to the upstream.
pub struct Sending {
    id: FormId,
    pub held: Held,
    /// For the answer: the key is not needed any more.
    pub cookies: SetCookies,
    /// Where it is seen as long as it is not taken.
    pub to: ReturnTo,
    pub taken: bool,
}

impl NotSent {
    /// Where nothing else failed.
    pub fn status(&self) -> StatusCode {
        match self {
            NotSent::Gone => StatusCode::GONE,
            NotSent::OtherUser | NotSent::OtherSession { .. } | NotSent::Forged => StatusCode::FORBIDDEN,
            NotSent::Waits { .. } | NotSent::Unsure => StatusCode::BAD_GATEWAY,
        }
    }
}

impl Marker {
    /// The body's one field; what comes under this name is never the app's.
    pub const FIELD: &'static str = "portcullis_form";
    /// Bytes of the body: name, `=`, id, `.`, token.
    pub const LENGTH: usize = Self::FIELD.len() + 1 + 26 + 1 + 43;

    /// `None`: not a marker. One that nobody made is a marker all the same, that fits no form.
    pub fn read(body: &[u8]) -> Option<Self> {
        let value = body.strip_prefix(Self::FIELD.as_bytes())?.strip_prefix(b"=")?;
        let text = std::str::from_utf8(value).unwrap_or_default();
        let (id, token) = text.split_once('.').unwrap_or_default();
        Some(Marker { id: id.parse().unwrap_or(FormId::from_bytes([0; 16])), token: token.to_string() })
    }
    /// What has come so far may be the beginning of one.
    pub fn begins(body: &[u8]) -> bool {
        let name = [Self::FIELD.as_bytes(), b"="].concat();
        let n = body.len().min(name.len());
        body.get(..n) == name.get(..n)
    }
    fn text(&self) -> String {
        format!("{}.{}", self.id, self.token)
    }
}

impl Gate {
    /// Whether what was posted can be kept; `None`: it is no form that a person sent.
    pub fn keeps(&self, inbound: &Inbound, content_type: Option<&str>) -> Option<Result<(), Unkept>> {
        if inbound.method != Method::POST || inbound.kind != Kind::Navigation || !is_page(inbound) {
            return None;
        }
        Some(match (is_from_here(inbound), content_type.map(Held::is_of_a_form)) {
            (false, _) => Err(Unkept::Elsewhere),
            (true, Some(true)) => Ok(()),
            (true, Some(false) | None) => Err(Unkept::Kind),
        })
    }

    /// Keeps a form that met a refusal. For the user of a session that lives or ran out it is that user's alone.
    pub async fn park(&self, inbound: &Inbound, posted: Posted) -> Parking {
        match self.try_to_park(inbound, posted).await {
            Ok((keys, id)) => {
                let to = ReturnTo::form_page(self.own_prefix(), id, inbound.path.forwarded());
                Parking { cookies: self.form_cookie(inbound, &keys), kept: Ok(to) }
            }
            Err(why) => Parking { cookies: SetCookies::new(), kept: Err(why) },
        }
    }

    async fn try_to_park(&self, inbound: &Inbound, posted: Posted) -> Result<(Vec<FormKey>, FormId), Unkept> {
        let failed = |e: &dyn std::error::Error| {
            tracing::warn!(error = %with_causes(e), request_id = %inbound.request_id, "a form could not be kept");
            Unkept::Failed
        };
        let now = self.parts.clock.now();
        let mut keys = self.keys_of_forms(inbound);
        if keys.len() >= OF_A_BROWSER {
            // those that ran out are remembered by the cookie only
            let mut waiting = Vec::new();
            for key in keys {
                if self.parts.store.form(key.id(), now).await.map_err(|e| failed(&e))?.is_some() {
                    waiting.push(key);
                }
            }
            keys = waiting;
        }
        if keys.len() >= OF_A_BROWSER {
            return Err(Unkept::TooMany);
        }
        let entropy = self.parts.entropy.as_ref();
        let (key, held) = (FormKey::generate(entropy), Held::of(inbound, posted, self.session_ref(inbound)));
        let sealed = key.seal(entropy, &inbound.origin, &held.to_bytes());
        let (id, network) = (key.id(), inbound.client.network());
        let form = ParkedForm { id, network, ends: now.plus(WAITS), sealed };
        match self.parts.store.park_form(&form, LIMITS, now).await.map_err(|e| failed(&e))? {
            Parked::Yes => {
                keys.push(key);
                Ok((keys, id))
            }
            Parked::TooMany => Err(Unkept::TooMany),
            Parked::Full => Err(Unkept::Full),
        }
    }

    /// Opens the form that the marker means, for the session that passes. It stays where it is until it is taken.
    pub async fn open_form(
        &self,
        inbound: &Inbound,
        passage: &Passage,
        marker: &Marker,
    ) -> Result<Result<Sending, NotSent>, Fault> {
        if !is_page(inbound) || !is_from_here(inbound) {
            return Ok(Err(NotSent::Forged));
        }
        let to = self.form_page_of(inbound, marker);
        let Some((key, held)) = self.find_form(inbound, marker.id).await? else { return Ok(Err(NotSent::Gone)) };
        let Some(session) = passage.session() else { return Ok(Err(NotSent::OtherSession { to })) };
        if held.user.is_some_and(|user| user != session.identity.user) {
            self.parts.store.take_form(marker.id, self.parts.clock.now()).await?;
            return Ok(Err(NotSent::OtherUser));
        }
        let fits = self.forms.check(&bound_to(session.identity.session, marker.id), &marker.token);
        if !fits || held.target != inbound.target() {
            return Ok(Err(NotSent::OtherSession { to }));
        }
        let cookies = self.without_form(inbound, key.id());
        Ok(Ok(Sending { id: marker.id, held, cookies, to, taken: false }))
    }

    /// Takes the form that is about to be sent. False: somebody else has.
    pub async fn take_form(&self, sending: &mut Sending) -> Result<bool, Fault> {
        sending.taken = self.parts.store.take_form(sending.id, self.parts.clock.now()).await?.is_some();
        Ok(sending.taken)
    }

    /// Where the form of this marker is seen again.
    pub fn form_page_of(&self, inbound: &Inbound, marker: &Marker) -> ReturnTo {
        ReturnTo::form_page(self.own_prefix(), marker.id, inbound.path.forwarded())
    }

    /// Where somebody goes who has signed in: first to the form that waits in this browser, if one does, whatever way led
    /// here.
    pub(super) async fn onward(&self, inbound: &Inbound, to: ReturnTo) -> ReturnTo {
        if to.form().is_some() {
            return to;
        }
        match self.newest_form(inbound, to.path()).await {
            Ok(form) => form.unwrap_or(to),
            Err(e) => {
                tracing::warn!(error = %with_causes(&e), "whether a form waits could not be read after a sign-in");
                to
            }
        }
    }

    /// The form with the key to it, where this browser has one and it waits.
    async fn find_form(&self, inbound: &Inbound, id: FormId) -> Result<Option<(FormKey, Held)>, Fault> {
        let Some(key) = self.keys_of_forms(inbound).into_iter().find(|k| k.id() == id) else { return Ok(None) };
        let Some(sealed) = self.parts.store.form(id, self.parts.clock.now()).await? else { return Ok(None) };
        let opened = key.open(&inbound.origin, &sealed).ok().and_then(|plain| Held::from_bytes(&plain));
        if opened.is_none() {
            tracing::error!(form = %id, "a form that waits does not open with its own key");
        }
        Ok(opened.map(|held| (key, held)))
    }

    fn marker(&self, session: SessionId, id: FormId) -> Marker {
        Marker { id, token: self.forms.token(&bound_to(session, id)) }
    }

    /// Oldest first. One that is not ours makes none of the others worthless.
    fn keys_of_forms(&self, inbound: &Inbound) -> Vec<FormKey> {
        let texts = self.jar(inbound).form.unwrap_or_default().split('.').take(OF_A_BROWSER);
        texts.filter_map(|text| self.form_keys.read(&inbound.origin, text)).collect()
    }

    /// The cookie that holds these keys.
    fn form_cookie(&self, inbound: &Inbound, keys: &[FormKey]) -> SetCookies {
        let Some(n) = self.names(inbound) else { return SetCookies::new() };
        if keys.is_empty() {
            return n.remove(&n.form).into_iter().collect();
        }
        let texts: Vec<SecretString> = keys.iter().map(|k| self.form_keys.text(&inbound.origin, k)).collect();
        let texts: Vec<&str> = texts.iter().map(|t| t.expose_secret()).collect();
        n.set_for(&n.form, &SecretString::from(texts.join(".")), WAITS).into_iter().collect()
    }

    fn without_form(&self, inbound: &Inbound, id: FormId) -> SetCookies {
        let mut keys = self.keys_of_forms(inbound);
        keys.retain(|k| k.id() != id);
        self.form_cookie(inbound, &keys)
    }
}

/// What a marker's token is made over.
fn bound_to(session: SessionId, id: FormId) -> Vec<u8> {
    [b"portcullis/form".as_slice(), session.as_bytes(), id.as_bytes()].concat()
}

/// A page's own navigation, not a frame's.
fn is_page(inbound: &Inbound) -> bool {
    let f = &inbound.fetch;
    let silent = f.site.is_none() && f.mode.is_none() && f.dest.is_none();
    silent || (f.mode == Some(Mode::Navigate) && f.dest.as_deref() == Some("document"))
}

/// A page of this origin sent it: a browser that says so is believed, as scripts cannot make it lie.
fn is_from_here(inbound: &Inbound) -> bool {
    match inbound.fetch.site.as_deref() {
        Some(site) => site == "same-origin",
        None => inbound.is_same_origin(),
    }
}
