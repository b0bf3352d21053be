//! Signing out: here, everywhere, or of a sign-in that is not finished; and with the app's own sign-out.

use super::flow::{SetCookies, SignedOut};
use super::service::Gate;
use super::verdict::{Fault, Passage};
use crate::types::{Inbound, TokenRef};

impl Gate {
    /// Ends what the form token was made for: the session, or the pending sign-in.
    pub async fn sign_out(&self, inbound: &Inbound, form_token: &str, everywhere: bool) -> Result<SignedOut, Fault> {
        let mut ended = false;
        if let Some(s) = self.own_session(inbound).await?
            && self.forms.check(s.identity.session.as_bytes(), form_token)
        {
            let user = s.identity.user;
            if everywhere {
                self.parts.store.end_user(user, None).await?;
            } else {
                self.parts.store.end_session(user, s.identity.session).await?;
            }
            self.record_sign_out(inbound, (user, s.identity.session), everywhere);
            ended = true;
        }
        if let Some((pending, _)) = self.pending(inbound).await?
            && (ended || self.form_is_of(&pending.token, form_token))
        {
            let at = TokenRef { user: pending.user, hash: pending.token };
            self.parts.store.take_pending(at, self.parts.clock.now()).await?;
            ended = true;
        }
        Ok(if ended { SignedOut::Done { cookies: self.all_gone(inbound, everywhere) } } else { SignedOut::Forged })
    }

    /// The upstream has answered the app's own sign-out: our session ends too. The cookies remove ours.
    pub async fn signed_out_by_app(&self, inbound: &Inbound, passage: &Passage) -> Result<SetCookies, Fault> {
        let Some(session) = passage.session() else { return Ok(SetCookies::new()) };
        let (user, session) = (session.identity.user, session.identity.session);
        self.parts.store.end_session(user, session).await?;
        self.record_sign_out_by_app(inbound, user, session);
        Ok(self.all_gone(inbound, false))
    }

    /// Forms that wait too, for whoever comes next must not see them. `device`: what the browser is known by is gone as well.
    fn all_gone(&self, inbound: &Inbound, device: bool) -> SetCookies {
        let Some(n) = self.names(inbound) else { return SetCookies::new() };
        let known = device.then(|| n.remove(&n.device)).flatten();
        [n.remove(&n.session), n.remove(&n.pending), n.remove(&n.form), known].into_iter().flatten().collect()
    }
}
