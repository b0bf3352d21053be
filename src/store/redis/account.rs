//! Accounts: one hash each, with the steps of its factors as fields of their own.
//!
//! Creation and renaming cross slots: names are reserved first (`login`), then the roster, then the account, and what was
//! reserved in vain is given back. The roster may name too many, never too few.

use super::Redis;
use super::call::Call;
use super::login::Claim;
use super::script::of_user;
use super::spent::Spent;
use crate::store::codec::{decode, encode};
use crate::store::record::BackupStock;
use crate::store::{Account, Burn, Changed, Created, Ends, Fact, Factor, Result, Step, StoreError};
use crate::types::{Login, Seq, SessionId, Timestamp, UserId};
use futures::future::try_join_all;
use std::collections::HashMap;

impl Redis {
    pub(super) async fn read_account(&self, user: UserId) -> Result<Option<Account>> {
        let mut cmd = redis::cmd("HGETALL");
        cmd.arg(self.keys.account(user));
        account(self.link.query("reading an account", &cmd).await?)
    }

    pub(super) async fn find_account(&self, login: &Login) -> Result<Option<Account>> {
        let Some(user) = self.holder(login.key()).await? else { return Ok(None) };
        // a reservation left behind by a crash names an account that does not bear it
        Ok(self.read_account(user).await?.filter(|a| bears(a, login.key())))
    }

    pub(super) async fn create(&self, a: &Account) -> Result<Created> {
        let Some(name) = self.claim(a.id, a.name.as_str()).await? else { return Ok(Created::NameTaken) };
        let mut claims = vec![name];
        if let Some(email) = &a.email {
            match self.claim(a.id, email.as_str()).await? {
                Some(claim) => claims.push(claim),
                None => {
                    self.give_back(&claims).await?;
                    return Ok(Created::EmailTaken);
                }
            }
        }
        self.enlist(a).await?;
        let mut call = of_user(&self.scripts.account_create, &self.keys, a.id);
        head_args(&mut call, a)?;
        for f in &a.factors {
            factor_args(&mut call, f);
        }
        let made: u8 = self.link.run("creating an account", &call).await?;
        if made == 0 {
            return Ok(Created::NameTaken); // by this very account
        }
        if !self.still_held(&claims).await? {
            // this process stood still for so long that its reservation was taken over
            let gone = of_user(&self.scripts.account_drop, &self.keys, a.id);
            let _: u8 = self.link.run("creating an account", &gone).await?;
            self.strike(a.id, a.name.as_str()).await?;
            self.give_back(&claims).await?;
            return Ok(Created::NameTaken);
        }
        Ok(Created::Yes)
    }

    pub(super) async fn change(&self, a: &Account, ends: Ends) -> Result<Changed> {
        let Some(stored) = self.read_account(a.id).await? else { return Ok(Changed::Gone) };
        if stored.version != a.version {
            return Ok(Changed::Outdated);
        }
        let mut claims = Vec::new();
        let wanted = [(Some(a.name.as_str()), Changed::NameTaken), (email(a), Changed::EmailTaken)];
        for (key, taken) in wanted {
            let Some(key) = key.filter(|k| !bears(&stored, k)) else { continue };
            match self.claim(a.id, key).await? {
                Some(claim) => claims.push(claim),
                None => {
                    self.give_back(&claims).await?;
                    return Ok(taken);
                }
            }
        }
        let written = self.write_change(a, ends).await?;
        if written == Changed::Yes {
            self.leave(&stored, a).await?;
            self.append_facts(&[Fact::UserChanged { user: a.id }]).await?;
        } else {
            let now = self.read_account(a.id).await?;
            claims.retain(|c| !now.as_ref().is_some_and(|n| bears(n, &c.key)));
            self.give_back(&claims).await?;
        }
        Ok(written)
    }

    /// The ending is logged before the change is written: should the write then lose against another writer's, sessions
    /// end that need not have, never the other way round.
    async fn write_change(&self, a: &Account, ends: Ends) -> Result<Changed> {
        let (ending, except) = match ends {
            Ends::Nothing => (None, None),
            Ends::Others(except) => (Some(Fact::UserEnded { user: a.id, except }), except),
            Ends::Everything => (Some(Fact::UserEnded { user: a.id, except: None }), None),
        };
        let seq = match &ending {
            Some(fact) => self.append_facts(std::slice::from_ref(fact)).await?,
            None => Seq(0),
        };
        self.enlist(a).await?;
        let mut call = of_user(&self.scripts.account_change, &self.keys, a.id);
        change_args(&mut call, a, (seq, except))?;
        call.arg("").arg("").arg(0); // backup codes stay, no step is burnt
        for f in &a.factors {
            factor_args(&mut call, f);
        }
        let said: String = self.link.run("changing an account", &call).await?;
        match said.as_str() {
            "yes" => Ok(Changed::Yes),
            "gone" => Ok(Changed::Gone),
            "outdated" => Ok(Changed::Outdated),
            _ => Err(StoreError::corrupt("answer to a change", said)),
        }
    }

    /// Gives up the names that the account no longer bears.
    async fn leave(&self, before: &Account, after: &Account) -> Result<()> {
        for key in [Some(before.name.as_str()), email(before)].into_iter().flatten() {
            if !bears(after, key) {
                self.release(key, &before.id.to_string()).await?;
            }
        }
        if before.name != after.name {
            self.strike(before.id, before.name.as_str()).await?;
        }
        Ok(())
    }

    pub(super) async fn read_roster(&self, after: Option<&str>, limit: usize) -> Result<Vec<Account>> {
        let mut found = Vec::new();
        let mut from = after.map_or_else(|| "-".to_owned(), |name| format!("[{name}\u{1}"));
        while found.len() < limit {
            let mut cmd = redis::cmd("ZRANGEBYLEX");
            cmd.arg(self.keys.roster()).arg(&from).arg("+").arg("LIMIT").arg(0).arg(limit - found.len());
            let members: Vec<String> = self.link.query("reading the roster", &cmd).await?;
            let Some(last) = members.last() else { break };
            from = format!("({last}");
            let named = members.iter().filter_map(|m| m.split_once('\0'));
            let read = named.map(|(name, id)| async move {
                let user = id.parse().map_err(|e| StoreError::corrupt("roster", e))?;
                Ok::<_, StoreError>(self.read_account(user).await?.filter(|a| a.name.as_str() == name))
            });
            found.extend(try_join_all(read).await?.into_iter().flatten());
        }
        Ok(found)
    }

    pub(super) async fn count(&self) -> Result<u64> {
        let mut cmd = redis::cmd("ZCARD");
        cmd.arg(self.keys.roster());
        self.link.query("counting accounts", &cmd).await
    }

    async fn enlist(&self, a: &Account) -> Result<()> {
        let mut cmd = redis::cmd("ZADD");
        cmd.arg(self.keys.roster()).arg(0).arg(format!("{}\0{}", a.name, a.id));
        self.link.query("writing the roster", &cmd).await
    }

    pub(super) async fn strike(&self, user: UserId, name: &str) -> Result<()> {
        let mut cmd = redis::cmd("ZREM");
        cmd.arg(self.keys.roster()).arg(format!("{name}\0{user}"));
        self.link.query("writing the roster", &cmd).await
    }

    async fn still_held(&self, claims: &[Claim]) -> Result<bool> {
        for c in claims {
            if self.reservation(&c.key).await?.is_none_or(|r| r != c.reservation) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) async fn accept_step(&self, user: UserId, burn: Burn, now: Timestamp) -> Result<Step> {
        let mut call = of_user(&self.scripts.accept_step, &self.keys, user);
        call.arg(burn.factor.to_string()).arg(burn.step).arg(now.as_millis());
        match self.link.run::<i8>("accepting a TOTP step", &call).await? {
            1 => {
                self.remember_step(user, burn, now);
                Ok(Step::Accepted)
            }
            0 => Ok(Step::Replayed),
            _ => Ok(Step::NotEnrolled),
        }
    }

    pub(super) fn remember_step(&self, user: UserId, burn: Burn, used: Timestamp) {
        self.spent.keep(Spent::Step { user, factor: burn.factor, step: burn.step, used });
    }
}

/// What the hash holds; fields that change by themselves win over the record's text.
pub(super) fn account(fields: HashMap<String, String>) -> Result<Option<Account>> {
    if fields.is_empty() {
        return Ok(None);
    }
    let text = fields.get("rec").ok_or_else(|| StoreError::corrupt("account", "the record is missing"))?;
    let mut a: Account = decode("account", text)?;
    for f in &mut a.factors {
        let number = |kind: &str| fields.get(&format!("{kind}:{}", f.id)).and_then(|v| v.parse::<u64>().ok());
        let (step, used) = (number("step"), number("used").filter(|u| *u > 0).map(Timestamp::from_millis));
        f.last_step = f.last_step.max(step);
        f.last_used = f.last_used.max(used);
    }
    let last = fields.get("last").and_then(|v| v.parse().ok()).map(Timestamp::from_millis);
    a.last_sign_in = a.last_sign_in.max(last);
    a.backup = backup(&fields)?;
    for (field, began) in &fields {
        let Some(method) = field.strip_prefix("proof:") else { continue };
        let broken = |e: serde_json::Error| StoreError::corrupt("account", e);
        let method = serde_json::from_value(method.into()).map_err(broken)?;
        a.proofs.note(method, Seq(serde_json::from_str(began).map_err(broken)?));
    }
    Ok(Some(a))
}

fn backup(fields: &HashMap<String, String>) -> Result<Option<BackupStock>> {
    let Some(set) = fields.get("b:set") else { return Ok(None) };
    let broken = |what: &'static str| StoreError::corrupt("backup codes", what);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let salt = data_encoding::HEXLOWER.decode(field("b:salt").as_bytes()).map_err(|_| broken("salt"))?;
    let made = field("b:made").parse().map_err(|_| broken("made"))?;
    let left = fields.keys().filter(|f| f.starts_with("b:c:")).count();
    Ok(Some(BackupStock {
        set: set.parse().map_err(|_| broken("set"))?,
        salt,
        left: u32::try_from(left).unwrap_or(u32::MAX),
        saved: field("b:saved") == "1",
        made: Timestamp::from_millis(made),
    }))
}

pub(super) fn bears(a: &Account, key: &str) -> bool {
    a.name.as_str() == key || email(a) == Some(key)
}

fn email(a: &Account) -> Option<&str> {
    a.email.as_ref().map(|e| e.as_str())
}

fn head_args(call: &mut Call<'_>, a: &Account) -> Result<()> {
    call.arg(encode("account", a)?).arg(a.version).arg(u8::from(a.disabled)).arg(a.name.as_str());
    call.arg(email(a).unwrap_or_default());
    Ok(())
}

/// Writes the next version of `a` over the one that was read, and ends what ends with it.
pub(super) fn change_args(call: &mut Call<'_>, a: &Account, (ending, except): (Seq, Option<SessionId>)) -> Result<()> {
    head_args(call, &Account { version: a.version + 1, ..a.clone() })?;
    call.arg(a.version).arg(ending.0).arg(except.map(|s| s.to_string()).unwrap_or_default());
    Ok(())
}

fn factor_args(call: &mut Call<'_>, f: &Factor) {
    call.arg(f.id.to_string()).arg(step_text(f)).arg(f.last_used.map_or(0, |t| t.as_millis()));
}

/// A factor whose step was never used is enrolled all the same: its field exists.
pub(super) fn step_text(f: &Factor) -> String {
    f.last_step.map_or_else(|| "-1".into(), |s| s.to_string())
}
