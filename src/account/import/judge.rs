//! Whether rows can become accounts here, and making them.

use super::{Mistake, Row, doubles};
use crate::account::{AccountError, Accounts, NewUser, canonical_locale};
use crate::types::{Email, GroupName, Login, PasswordHash, UserName};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;

/// Rows after judging. Accounts may be made where there is no mistake.
#[derive(Debug)]
pub struct Judged {
    pub mistakes: Vec<Mistake>,
    /// Accounts of these names are there already.
    pub skipped: Vec<UserName>,
    ready: Vec<(u32, NewUser, Option<PasswordHash>)>,
}

/// What became of an import.
#[derive(Debug, Default)]
pub struct Imported {
    pub added: Vec<crate::account::Account>,
    pub skipped: Vec<UserName>,
    /// Taken by somebody else since they were judged.
    pub failed: Vec<Mistake>,
}

impl Accounts {
    /// Judges all rows and tells everything that is wrong. `skip_existing`: a name that is taken is no mistake.
    pub async fn judge_import(&self, rows: &[Row], skip_existing: bool) -> Result<Judged, AccountError> {
        let mut judged = Judged { mistakes: doubles(rows), skipped: Vec::new(), ready: Vec::new() };
        for row in rows {
            let mut wrong = Vec::new();
            let parsed = self.parse(row, &mut wrong);
            judged.mistakes.extend(wrong.into_iter().map(|what| Mistake::new(row.line, what)));
            let Some((new, hash)) = parsed else { continue };
            match self.clash(&new).await? {
                None => judged.ready.push((row.line, new, hash)),
                Some(AccountError::NameTaken(name)) if skip_existing => judged.skipped.push(name),
                Some(taken) => judged.mistakes.push(Mistake::new(row.line, format!("{taken}."))),
            }
        }
        judged.mistakes.sort();
        Ok(judged)
    }

    /// Makes the accounts of rows without mistakes.
    pub async fn import(&self, judged: Judged) -> Result<Imported, AccountError> {
        let mut done = Imported { skipped: judged.skipped, ..Imported::default() };
        for (line, new, hash) in judged.ready {
            // without enrolment codes: `reset_mfa` gives one to each who needs it
            let hash = match (hash, &new.password) {
                (None, Some(password)) => Some(self.passwords.hash(password, &*self.entropy).await?),
                (hash, _) => hash,
            };
            match self.create(new, hash, false).await {
                Ok((account, _)) => done.added.push(account),
                Err(e @ (AccountError::NameTaken(_) | AccountError::EmailTaken(_))) => {
                    done.failed.push(Mistake::new(line, format!("{e}.")));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    async fn clash(&self, new: &NewUser) -> Result<Option<AccountError>, AccountError> {
        if self.store.account_by_login(&Login::Name(new.name.clone())).await?.is_some() {
            return Ok(Some(AccountError::NameTaken(new.name.clone())));
        }
        let Some(email) = new.email.clone() else { return Ok(None) };
        let taken = self.store.account_by_login(&Login::Email(email.clone())).await?.is_some();
        Ok(taken.then_some(AccountError::EmailTaken(email)))
    }

    /// `None` where something is wrong; what, is in `wrong`. Never quotes a password or a hash.
    fn parse(&self, row: &Row, wrong: &mut Vec<String>) -> Option<(NewUser, Option<PasswordHash>)> {
        let shown = crate::policy::read::shown;
        let name = UserName::parse(&row.name).map_err(|e| wrong.push(format!("`{}`: {e}.", shown(&row.name))));
        let email = row.email.as_deref().map(|e| Email::parse(e).map_err(|why| format!("`{}`: {why}.", shown(e))));
        let email = email.transpose().map_err(|e| wrong.push(e));
        let mut groups = BTreeSet::new();
        for g in &row.groups {
            match GroupName::parse(g) {
                Ok(group) => drop(groups.insert(group)),
                Err(e) => wrong.push(format!("group `{}`: {e}.", shown(g))),
            }
        }
        let locale = row.locale.clone().map(canonical_locale).transpose().map_err(|e| wrong.push(format!("{e}.")));
        let hash = row.password_hash.as_ref().map(|h| self.passwords.adopt(h.expose_secret()));
        let hash = hash.transpose().map_err(|e| wrong.push(format!("{e}.")));
        if row.password.is_some() && row.password_hash.is_some() {
            wrong.push("a password and a password hash. Give one of the two.".into());
        }
        if let (Ok(name), Ok(email), Some(password)) = (&name, &email, &row.password)
            && let Err(e) = self.rules.judge(password, name, email.as_ref())
        {
            wrong.push(format!("the password does not do: {e}."));
        }
        if !wrong.is_empty() {
            return None;
        }
        let (Ok(name), Ok(email), Ok(locale), Ok(hash)) = (name, email, locale, hash) else { return None };
        let disabled = row.disabled;
        Some((NewUser { name, email, groups, locale, disabled, password: row.password.clone() }, hash))
    }
}
