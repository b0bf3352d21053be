//! Sessions: fields of one hash per user, found by token in one round trip together with the account.

use super::Redis;
use super::account::account;
use super::call::{Call, Script};
use super::script::of_user;
use super::spent::Spent;
use crate::store::codec::{decode, encode};
use crate::store::{Fact, Opened, Proof, Result, Session, StoreError, Stored, Touch};
use crate::types::{Seq, SessionId, Timestamp, TokenRef, UserId};
use futures::future::try_join_all;
use std::collections::HashMap;
use std::time::Duration;

/// How a pending sign-in becomes a session.
#[derive(Clone, Copy)]
pub(super) struct Entrance<'a> {
    pub(super) way: &'static str,
    pub(super) from: TokenRef,
    pub(super) session: &'a Session,
    pub(super) now: Timestamp,
}

impl Redis {
    pub(super) async fn enter(&self, e: Entrance<'_>) -> Result<Opened> {
        let said: String = self.link.run("opening a session", &self.entering(&self.scripts.enter, e)?).await?;
        self.entered(e, &said, &[]).await
    }

    /// The same, if the proof can be spent.
    pub(super) async fn enter_with(&self, e: Entrance<'_>, proof: Proof) -> Result<Opened> {
        let user = e.session.user;
        // a backup code may be the last one, and nodes know what somebody can give
        let changed = match proof {
            Proof::Totp(_) => None,
            Proof::Backup { .. } => Some(Fact::UserChanged { user }),
        };
        let (call, spent) = match proof {
            Proof::Totp(burn) => {
                let mut call = self.entering(&self.scripts.answer_totp, e)?;
                call.arg(burn.factor.to_string()).arg(burn.step);
                (call, Spent::Step { user, factor: burn.factor, step: burn.step, used: e.now })
            }
            Proof::Backup { set, digest } => {
                let mut call = self.entering(&self.scripts.answer_backup, e)?;
                call.arg(set.to_string()).arg(data_encoding::HEXLOWER.encode(&digest));
                (call, Spent::Code { user, set, digest })
            }
        };
        let said: String = self.link.run("answering a challenge", &call).await?;
        let opened = self.entered(e, &said, changed.as_slice()).await?;
        if opened == Opened::Yes {
            self.spent.keep(spent);
        }
        Ok(opened)
    }

    pub(super) fn entering<'a>(&self, script: &'a Script, e: Entrance<'_>) -> Result<Call<'a>> {
        let s = e.session;
        let mut call = of_user(script, &self.keys, s.user);
        call.arg(e.way).arg(e.from.hash.hex()).arg(e.now.as_millis()).arg(self.floor().0);
        call.arg(s.id.to_string()).arg(s.token.hex());
        call.arg(s.old.as_ref().map(|o| o.token.hex()).unwrap_or_default()).arg(encode("session", s)?);
        call.arg(s.began.0).arg(s.idle_end.as_millis()).arg(millis(s.absolute_end.since(e.now) + SWEEP_MARGIN));
        Ok(call)
    }

    pub(super) async fn entered(&self, e: Entrance<'_>, said: &str, then: &[Fact]) -> Result<Opened> {
        let (user, session) = (e.session.user, e.session.id);
        match said {
            "opened" => self.append_facts(then).await?,
            "rotated" => self.append_facts(&[&[Fact::SessionRotated { user, session }], then].concat()).await?,
            "spent" => return Ok(Opened::Spent),
            "replayed" => return Ok(Opened::Replayed),
            "ended" => return Ok(Opened::Ended),
            _ => return Err(StoreError::corrupt("answer to an opening", said.to_owned())),
        };
        Ok(Opened::Yes)
    }

    pub(super) async fn find_session(&self, at: TokenRef, now: Timestamp) -> Result<Option<Stored>> {
        let mut call = of_user(&self.scripts.session_read, &self.keys, at.user);
        call.arg(at.hash.hex());
        type Row = (String, u64, u64, HashMap<String, String>);
        let row: Option<Row> = self.link.read("reading a session", &call).await?;
        let Some((text, began, idle_end, fields)) = row else { return Ok(None) };
        let session = session(&text, began, idle_end)?;
        if !self.counts(&session, now) || session.opens(&at.hash, now).is_none() {
            return Ok(None);
        }
        Ok(account(fields)?.map(|account| Stored { session, account }))
    }

    pub(super) async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let [_, key, ..] = self.keys.user(user);
        let mut cmd = redis::cmd("HGETALL");
        cmd.arg(key);
        let fields: HashMap<String, String> = self.link.query("listing sessions", &cmd).await?;
        let number = |kind: &str, id: &str| {
            let text = fields.get(&format!("{kind}:{id}")).map_or("0", String::as_str);
            text.parse::<u64>().map_err(|e| StoreError::corrupt("session", e))
        };
        let mut found = Vec::new();
        for (id, text) in fields.iter().filter(|(f, _)| f.parse::<SessionId>().is_ok()) {
            let s = session(text, number("b", id)?, number("i", id)?)?;
            if self.counts(&s, now) {
                found.push(s);
            }
        }
        found.sort_by_key(|s| s.id);
        Ok(found)
    }

    pub(super) async fn touch_all(&self, many: &[Touch]) -> Result<()> {
        let touching = many.iter().map(|t| async move {
            let mut call = of_user(&self.scripts.touch, &self.keys, t.user);
            call.arg(t.session.to_string()).arg(t.idle_end.as_millis());
            self.link.read::<()>("noting activity", &call).await
        });
        try_join_all(touching).await.map(drop)
    }

    pub(super) async fn end_one(&self, user: UserId, session: SessionId) -> Result<Option<Seq>> {
        let [_, key, ..] = self.keys.user(user);
        let mut cmd = redis::cmd("HEXISTS");
        cmd.arg(key).arg(session.to_string());
        let there: bool = self.link.query("ending a session", &cmd).await?;
        if !there {
            return Ok(None);
        }
        let seq = self.append_facts(&[Fact::SessionEnded { user, session }]).await?;
        Ok(self.forget_session(user, session).await?.then_some(seq))
    }

    pub(super) async fn forget_session(&self, user: UserId, session: SessionId) -> Result<bool> {
        let mut call = of_user(&self.scripts.session_end, &self.keys, user);
        call.arg(session.to_string());
        self.link.run("ending a session", &call).await
    }

    pub(super) async fn end_all(&self, user: UserId, except: Option<SessionId>) -> Result<Seq> {
        let seq = self.append_facts(&[Fact::UserEnded { user, except }]).await?;
        self.mark_ended(user, except, seq).await?;
        Ok(seq)
    }

    /// False: the mark was there already.
    pub(super) async fn mark_ended(&self, user: UserId, except: Option<SessionId>, seq: Seq) -> Result<bool> {
        let mut call = of_user(&self.scripts.user_end, &self.keys, user);
        call.arg(seq.0).arg(except.map(|s| s.to_string()).unwrap_or_default());
        self.link.run("ending a user's sessions", &call).await
    }

    fn counts(&self, s: &Session, now: Timestamp) -> bool {
        s.lives(now) && s.began >= self.floor()
    }
}

fn session(text: &str, began: u64, idle_end: u64) -> Result<Session> {
    Ok(Session { began: Seq(began), idle_end: Timestamp::from_millis(idle_end), ..decode("session", text)? })
}

pub(super) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// Clocks of nodes and of the server differ; sweeping late does no harm.
pub(super) const SWEEP_MARGIN: Duration = Duration::from_secs(3600);
pub(super) const WRITE_ATTEMPTS: usize = 16;
