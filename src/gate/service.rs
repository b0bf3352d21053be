//! The gate as the rest of the process holds it.

use super::flow::{Answer, ChallengePage, SetUpPage, SignIn, SignedOut, Who};
use super::verdict::{Fault, Passage, Verdict};
use crate::types::{Inbound, ReturnTo};
use secrecy::SecretString;

/// One per process.
pub struct Gate {}

impl Gate {
    /// Judges one request.
    pub async fn admit(&self, _inbound: &Inbound) -> Result<Verdict, Fault> {
        todo!()
    }
    /// Asked once more after the exchange is registered with `live`: false where its session ended in between.
    pub fn still_good(&self, _passage: &Passage) -> bool {
        todo!()
    }
    /// The upstream has answered the app's own sign-out: our session ends too. The cookies remove ours.
    pub async fn signed_out_by_app(
        &self,
        _inbound: &Inbound,
        _passage: &Passage,
    ) -> Result<super::flow::SetCookies, Fault> {
        todo!()
    }
    pub async fn who(&self, _inbound: &Inbound) -> Result<Who, Fault> {
        todo!()
    }
    pub async fn sign_in(
        &self,
        _inbound: &Inbound,
        _login: &str,
        _password: &SecretString,
        _to: &ReturnTo,
    ) -> Result<SignIn, Fault> {
        todo!()
    }
    /// `to`: where the page was asked to lead back to; used where a live session begins a step-up.
    pub async fn challenge(&self, _inbound: &Inbound, _to: &ReturnTo) -> Result<ChallengePage, Fault> {
        todo!()
    }
    pub async fn answer(&self, _inbound: &Inbound, _form_token: &str, _code: &str) -> Result<Answer, Fault> {
        todo!()
    }
    pub async fn set_up(&self, _inbound: &Inbound, _to: &ReturnTo) -> Result<SetUpPage, Fault> {
        todo!()
    }
    /// The password on the set-up page's own form.
    pub async fn set_up_password(
        &self,
        _inbound: &Inbound,
        _form_token: &str,
        _password: &SecretString,
    ) -> Result<SetUpPage, Fault> {
        todo!()
    }
    pub async fn confirm(&self, _inbound: &Inbound, _form_token: &str, _code: &str) -> Result<Answer, Fault> {
        todo!()
    }
    pub async fn sign_out(&self, _inbound: &Inbound, _form_token: &str, _everywhere: bool) -> Result<SignedOut, Fault> {
        todo!()
    }
    /// The prefix of own pages, with both slashes.
    pub fn own_prefix(&self) -> &str {
        todo!()
    }
}
