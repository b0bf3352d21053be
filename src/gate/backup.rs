//! Backup codes: a set is made, shown until its owner ticks that it is saved or ten minutes pass, and never again.
//!
//! The plain codes lie sealed in the pending record of the browser they were made in, and nowhere else.

use super::flow::SetCookies;
use super::flow::change::{CodesPage, Saved, Shown};
use super::service::Gate;
use super::sign_in::PENDING;
use super::verdict::Fault;
use crate::audit;
use crate::crypto::token::TokenKind;
use crate::crypto::{Aad, code, open, seal};
use crate::store::record::ShownCodes;
use crate::store::{Account, Burn, NewBackup, Pending, Purpose, Replaced, Session};
use crate::sys::random;
use crate::types::{Inbound, ReturnTo, Seq, SetId, TokenRef, UserId};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Codes of a set.
const CODES: usize = 10;
const SEALED_AS: &str = "backup codes";

/// A new set, not stored yet, and the record that shows it.
pub(super) struct NewSet {
    pub backup: NewBackup,
    pub shown: Pending,
    /// Of the record.
    pub cookies: SetCookies,
}

impl Gate {
    /// Ten codes, for a session that is there or about to be.
    pub(super) async fn new_set(
        &self,
        inbound: &Inbound,
        session: &Session,
        to: &ReturnTo,
        began: Seq,
    ) -> Result<NewSet, Fault> {
        let (user, now, entropy) = (session.user, self.parts.clock.now(), self.parts.entropy.as_ref());
        let set = SetId::from_bytes(random(entropy));
        let codes: Vec<SecretString> = (0..CODES).map(|_| code::generate(entropy, code::BACKUP)).collect();
        let sealed = self.seal_codes(user, set, &codes);
        let salt = self.parts.passwords.new_salt(entropy);
        let digests = self.parts.passwords.digests(&salt, codes).await?;
        let (value, token) = self.tokens.mint(TokenKind::Pending, &inbound.origin, user, entropy);
        let shown = Pending {
            token,
            user,
            origin: (*inbound.origin).clone(),
            purpose: Purpose::Codes { session: session.id },
            return_to: to.as_str().to_string(),
            began,
            first_at: session.assurance.first_at,
            password_at: None,
            ends: now.plus(PENDING),
            failures: 0,
            unconfirmed: None,
            codes: Some(ShownCodes { set, sealed }),
            admitted: None,
            drift: None,
        };
        let backup = NewBackup { set, salt, digests, made: now };
        Ok(NewSet { backup, shown, cookies: self.pending_cookie(inbound, &value) })
    }

    /// Another set in the place of one that was never said to be saved; the cookies lead to it. `None`: no factor any more.
    pub(super) async fn renew_codes(
        &self,
        inbound: &Inbound,
        session: &Session,
        to: &ReturnTo,
    ) -> Result<Option<SetCookies>, Fault> {
        Ok(match self.replace_codes(inbound, session, to, None).await? {
            (Replaced::Yes, cookies) => Some(cookies),
            (Replaced::Replayed | Replaced::NotEnrolled, _) => None,
        })
    }

    /// The old set ends in the step that stores the new one; so does the code that was given for it.
    pub(super) async fn replace_codes(
        &self,
        inbound: &Inbound,
        session: &Session,
        to: &ReturnTo,
        burn: Option<Burn>,
    ) -> Result<(Replaced, SetCookies), Fault> {
        let began = self.parts.store.head().await?.seq;
        let new = self.new_set(inbound, session, to, began).await?;
        let now = self.parts.clock.now();
        let replaced = self.parts.store.replace_backup(burn, &new.backup, &new.shown, now).await?;
        if replaced == Replaced::Yes {
            self.record_codes(inbound, session.user, audit::BackupCodes::Regenerated);
        }
        Ok((replaced, new.cookies))
    }

    /// The codes, as long as they are shown.
    pub async fn codes(&self, inbound: &Inbound) -> Result<CodesPage, Fault> {
        if let Some((pending, account)) = self.shown(inbound).await?
            && let Some(codes) = self.open_codes(&pending, &account)?
        {
            return Ok(CodesPage::Show(Shown {
                name: account.name,
                codes,
                form_token: self.forms.token(&pending.token.0),
                to: pending.return_to(self.own_prefix()),
            }));
        }
        Ok(match self.own_session(inbound).await? {
            Some(_) => CodesPage::Over,
            None => CodesPage::Gone,
        })
    }

    /// The tick: they are never shown again.
    pub async fn codes_saved(&self, inbound: &Inbound, form_token: &str) -> Result<Saved, Fault> {
        self.recordable()?;
        let Some((pending, account)) = self.shown(inbound).await? else {
            return Ok(match self.own_session(inbound).await? {
                Some(_) => Saved::Over,
                None => Saved::Gone,
            });
        };
        if !self.form_is_of(&pending.token, form_token) {
            return Ok(Saved::Forged);
        }
        let at = TokenRef { user: pending.user, hash: pending.token };
        if !self.parts.store.codes_saved(at, self.parts.clock.now()).await? {
            return Ok(Saved::Over);
        }
        self.record_codes(inbound, account.id, audit::BackupCodes::Saved);
        let to = self.onward(inbound, pending.return_to(self.own_prefix())).await;
        Ok(Saved::Done { cookies: self.pending_gone(inbound), to })
    }

    /// The record by which this browser's session sees its new codes.
    async fn shown(&self, inbound: &Inbound) -> Result<Option<(Pending, Account)>, Fault> {
        let Some((pending, account)) = self.pending(inbound).await? else { return Ok(None) };
        let of_codes = matches!(pending.purpose, Purpose::Codes { .. });
        Ok((of_codes && self.belongs(inbound, &pending).await?).then_some((pending, account)))
    }

    fn seal_codes(&self, user: UserId, set: SetId, codes: &[SecretString]) -> Vec<u8> {
        let mut plain = Zeroizing::new(String::with_capacity(CODES * (code::BACKUP + 1)));
        for c in codes {
            plain.push_str(c.expose_secret());
            plain.push('\n');
        }
        let item = set.to_string();
        let aad = Aad { purpose: SEALED_AS, user, item: &item };
        seal(&self.parts.keys, self.parts.entropy.as_ref(), &aad, plain.as_bytes())
    }

    /// `None`: the account has another set by now, or none.
    fn open_codes(&self, pending: &Pending, account: &Account) -> Result<Option<Vec<SecretString>>, Fault> {
        let Some(shown) = &pending.codes else { return Ok(None) };
        if account.backup.as_ref().is_none_or(|b| b.set != shown.set || b.saved) {
            return Ok(None);
        }
        let item = shown.set.to_string();
        let aad = Aad { purpose: SEALED_AS, user: pending.user, item: &item };
        let plain = open(&self.parts.keys, &aad, &shown.sealed).map_err(|e| {
            tracing::error!(user = %pending.user, error = %e, "backup codes cannot be opened");
            Fault::Seal("backup codes")
        })?;
        let text = std::str::from_utf8(&plain).map_err(|_| Fault::Seal("backup codes"))?;
        Ok(Some(text.lines().map(SecretString::from).collect()))
    }
}
