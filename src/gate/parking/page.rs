//! The page that shows a form that waits, to the one person who may see it.

use super::super::flow::SetCookies;
use super::super::service::Gate;
use super::super::verdict::{Fault, Refusal, Verdict};
use super::{Held, bound_to};
use crate::session::Cached;
use crate::types::path::PathReading;
use crate::types::{CanonicalPath, FormId, Inbound, ReturnTo, UserName};
use http::Method;
use std::sync::Arc;

/// What the page shows.
pub enum FormPage {
    /// Something is asked before: sign-in or a second factor.
    Asked(Refusal),
    /// It does not wait (any more).
    Gone,
    /// Somebody else filled it in: it is dropped, unseen.
    OtherUser {
        cookies: SetCookies,
    },
    Show(Box<Shown>),
}

pub struct Shown {
    pub name: UserName,
    pub held: Held,
    pub id: FormId,
    /// What *send* posts.
    pub marker: String,
}

impl Gate {
    /// The page of the form that `to` leads to.
    pub async fn form_page(&self, inbound: &Inbound, to: &ReturnTo) -> Result<FormPage, Fault> {
        let Some(session) = self.own_session(inbound).await? else {
            return Ok(FormPage::Asked(Refusal::SignIn { to: to.clone() }));
        };
        let Some(id) = to.form() else { return Ok(FormPage::Gone) };
        let Some((_, held)) = self.find_form(inbound, id).await? else { return Ok(FormPage::Gone) };
        if held.user.is_some_and(|user| user != session.identity.user) {
            self.parts.store.take_form(id, self.parts.clock.now()).await?;
            return Ok(FormPage::OtherUser { cookies: self.without_form(inbound, id) });
        }
        // what would be asked at *send* is asked before, so that nobody presses it in vain
        if let Some(asked) = self.asked_before(inbound, &held, to).await? {
            return Ok(FormPage::Asked(asked));
        }
        let marker = self.marker(session.identity.session, id).text();
        Ok(FormPage::Show(Box::new(Shown { name: session.identity.name.clone(), held, id, marker })))
    }

    /// The person does not want it sent. The cookies; `None`: the token is not of this page.
    pub async fn discard_form(
        &self,
        inbound: &Inbound,
        id: FormId,
        token: &str,
    ) -> Result<Option<(SetCookies, ReturnTo)>, Fault> {
        let Some(session) = self.own_session(inbound).await? else { return Ok(None) };
        if !self.is_marker_of(&session, id, token) {
            return Ok(None);
        }
        let back = self.find_form(inbound, id).await?.and_then(|(_, held)| self.page_before(inbound, &held));
        self.parts.store.take_form(id, self.parts.clock.now()).await?;
        Ok(Some((self.without_form(inbound, id), back.unwrap_or_else(ReturnTo::root))))
    }

    /// The newest form that waits in this browser; `at`: where its page leads on to.
    pub(in crate::gate) async fn newest_form(&self, inbound: &Inbound, at: &str) -> Result<Option<ReturnTo>, Fault> {
        let Some(key) = self.keys_of_forms(inbound).pop() else { return Ok(None) };
        let waits = self.parts.store.form(key.id(), self.parts.clock.now()).await?.is_some();
        Ok(waits.then(|| ReturnTo::form_page(self.own_prefix(), key.id(), at)))
    }

    fn is_marker_of(&self, session: &Arc<Cached>, id: FormId, token: &str) -> bool {
        let Some((of, token)) = token.split_once('.') else { return false };
        of.parse() == Ok(id) && self.forms.check(&bound_to(session.identity.session, id), token)
    }

    async fn asked_before(&self, inbound: &Inbound, held: &Held, to: &ReturnTo) -> Result<Option<Refusal>, Fault> {
        let (path, query) = held.target.split_once('?').map_or((held.target.as_str(), None), |(p, q)| (p, Some(q)));
        let reading = PathReading { encoded_slash: true, case_insensitive: false };
        let Ok(path) = CanonicalPath::parse(path, reading) else { return Ok(None) };
        let target = Inbound { method: Method::POST, path, query: query.map(String::from), ..inbound.clone() };
        Ok(match Box::pin(self.admit(&target)).await? {
            Verdict::Refuse(refusal) => refusal.leading_to(to.clone()),
            Verdict::Pass(_) | Verdict::Local => None,
        })
    }

    /// The page of the app that the form was filled in on.
    fn page_before(&self, inbound: &Inbound, held: &Held) -> Option<ReturnTo> {
        let path = held.referer.as_deref()?.strip_prefix(&inbound.origin.to_string())?;
        Some(ReturnTo::parse(path, self.own_prefix()))
    }
}
