//! A typed password, at sign-in or on a form of a signed-in person: throttled, judged, put on record.

use super::flow::Held;
use super::service::Gate;
use super::throttle::Guess;
use super::verdict::Fault;
use crate::audit;
use crate::factor::first::{Checked, FirstError};
use crate::store::Account;
use crate::types::{Inbound, Login};
use secrecy::SecretString;

/// What became of a password.
pub(super) enum Tried {
    Right(Box<Account>),
    /// On record by now; the visitor gets one answer for all reasons.
    Wrong,
    Held(Held),
}

impl Gate {
    /// Judges name and password. A right one is put on record by the caller, who knows where it led.
    pub(super) async fn try_password(
        &self,
        inbound: &Inbound,
        login: &str,
        password: &SecretString,
    ) -> Result<Tried, Fault> {
        let account = self.parts.first.find(login).await?;
        let known = match &account {
            Some(a) => self.known_browser(inbound, a.id).await?,
            None => None,
        };
        let folded = Login::parse(login).map_or_else(|| login.to_string(), |l| l.key().to_string());
        let guess = match (&account, known) {
            (Some(a), Some(device)) => Guess::OnKnownBrowser(a.id, device.id),
            (Some(a), None) => Guess::Of(a.id),
            (None, _) => Guess::OfNobody(&folded),
        };
        let user = account.as_ref().map(|a| a.id);
        let counted = match self.count_password(inbound, guess).await? {
            Ok(counted) => counted,
            Err(held) => {
                self.record_password(inbound, login, user, audit::SignIn::Throttled);
                return Ok(Tried::Held(held));
            }
        };
        // where too many are being checked it stays counted: it was not judged, but giving it back would clear the others
        let checked = self.parts.first.judge(account, password).await.inspect_err(|e| {
            if matches!(e, FirstError::Busy) {
                self.record_password(inbound, login, user, audit::SignIn::Busy);
            }
        })?;
        let why = match checked {
            Checked::Passed(account) => {
                self.passed(&counted).await?;
                return Ok(Tried::Right(account));
            }
            Checked::Unknown => audit::SignIn::UnknownUser,
            Checked::Wrong(_) => audit::SignIn::WrongPassword,
            Checked::Disabled(_) => audit::SignIn::Disabled,
        };
        self.record_password(inbound, login, user, why);
        Ok(Tried::Wrong)
    }
}
