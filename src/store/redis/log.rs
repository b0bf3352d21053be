//! Appending to the log and asking where it stands.

use super::script::of_log;
use super::{Redis, Result, nanos, place};
use crate::store::{Fact, Head, StoreError};
use crate::sys::{lease, lock};
use crate::types::Seq;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What this node told the log in the last minute, read by anybody or not: a server may fail in between.
#[derive(Default)]
pub(super) struct Told {
    facts: Mutex<VecDeque<(u64, Seq, Fact)>>,
    highest: AtomicU64,
}

impl Told {
    fn keep(&self, seq: Seq, fact: &Fact) {
        self.reached(seq);
        let at = lease::now();
        let mut facts = lock(&self.facts);
        while facts.front().is_some_and(|(then, ..)| then + nanos(place::REMEMBERED) < at) || facts.len() >= MOST {
            facts.pop_front();
        }
        facts.push_back((at, seq, fact.clone()));
    }
    /// An entry of this number was appended here.
    pub(super) fn reached(&self, seq: Seq) {
        self.highest.fetch_max(seq.0, Ordering::SeqCst);
    }
    pub(super) fn highest(&self) -> u64 {
        self.highest.load(Ordering::SeqCst)
    }
    pub(super) fn recent(&self) -> Vec<(Seq, Fact)> {
        let since = lease::now().saturating_sub(nanos(place::REMEMBERED));
        let facts = lock(&self.facts);
        facts.iter().filter(|(at, ..)| *at >= since).map(|(_, seq, fact)| (*seq, fact.clone())).collect()
    }
}

const MOST: usize = 100_000;

impl Redis {
    /// All in one step, in this order; the last one's position.
    pub(super) async fn append_facts(&self, facts: &[Fact]) -> Result<Seq> {
        if facts.is_empty() {
            return Ok(Seq(0));
        }
        let mut call = of_log(&self.scripts.append, &self.keys);
        for fact in facts {
            call.arg(fact_text(fact)?).arg(u8::from(*fact == Fact::Everything));
        }
        let seq: u64 = self.link.run("appending to the log", &call).await?;
        let first = (seq + 1).saturating_sub(facts.len() as u64);
        for (n, fact) in (first..).zip(facts) {
            self.told.keep(Seq(n), fact);
        }
        if facts.contains(&Fact::Everything) {
            self.raise_floor(seq);
        }
        Ok(Seq(seq))
    }

    /// A fact that somebody tells by itself: logged, then done.
    pub(super) async fn tell(&self, fact: &Fact) -> Result<Seq> {
        let seq = self.append_facts(std::slice::from_ref(fact)).await?;
        self.settle(seq, fact).await?;
        Ok(seq)
    }

    /// Does in the user's slot what an entry of the log says. True where it was not done yet: its writer crashed between
    /// the two, or the store lost it.
    pub(super) async fn settle(&self, seq: Seq, fact: &Fact) -> Result<bool> {
        match fact {
            Fact::SessionEnded { user, session } => self.forget_session(*user, *session).await,
            Fact::UserEnded { user, except } => self.mark_ended(*user, *except, seq).await,
            Fact::SessionRotated { .. } | Fact::UserChanged { .. } | Fact::Everything => Ok(false),
            // kept in the log's own slot, by the step that appends them
            Fact::Order { .. } | Fact::Lifted { .. } => Ok(false),
            Fact::TokenRevoked { token, at } => self.revoke_again(*token, *at).await,
        }
    }

    pub(super) async fn read_head(&self) -> Result<Head> {
        let call = of_log(&self.scripts.head, &self.keys);
        let (seq, born, replid): (u64, String, String) = self.link.read("asking where the log stands", &call).await?;
        Ok(Head { seq: Seq(seq), incarnation: format!("{born}.{replid}") })
    }

    pub(super) async fn learn_floor(&self) -> Result<()> {
        let mut cmd = redis::cmd("GET");
        cmd.arg(self.keys.everything());
        let all: Option<u64> = self.link.query("asking where the log stands", &cmd).await?;
        self.raise_floor(all.unwrap_or(0));
        Ok(())
    }
}

pub(super) fn fact_text(fact: &Fact) -> Result<String> {
    serde_json::to_string(fact).map_err(|e| StoreError::corrupt("log entry", e))
}
