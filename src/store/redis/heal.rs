//! Writing back what a store that came back without it has lost.
//!
//! Redis loses acknowledged writes at a failover, at a restart without data, at the restore of a backup. Every node
//! remembers a minute of the log and writes it back, idempotently; what nobody can know any more ends everything.

use super::Redis;
use super::follow::Tail;
use super::log::fact_text;
use super::place::{Place, Seen};
use super::reach::Con;
use super::script::of_log;
use crate::store::{Fact, Result};
use crate::sys::{SystemEntropy, random};
use crate::types::Seq;
use futures::future::try_join_all;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// What the server's log is to a node that has seen one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same, perhaps longer.
    Same,
    /// The same, but the node was away for so long that its place was trimmed off.
    Trimmed,
    /// Another past: entries that were seen are not in it.
    Parted,
    /// Another store: emptied or replaced.
    Another,
}

impl Redis {
    pub(super) async fn look(&self, con: &mut Con, place: Option<&Place>) -> Result<(Tail, Verdict)> {
        let mut call = of_log(&self.scripts.attach, &self.keys);
        call.arg(place.map_or("0-0", |p| &p.id)).arg(new_name());
        let answer = call.invoke_async(con).await;
        let (seq, id, born, replid, all, mine, oldest, counter, age): (
            u64,
            String,
            String,
            String,
            u64,
            u64,
            u64,
            u64,
            u64,
        ) = answer.map_err(|e| super::error::failed("finding one's place in the log", e))?;
        // an entry of one's own may not have been read yet when the server failed
        let seen = place.map_or(0, |p| p.seq.max(self.told.highest()));
        let verdict = match place {
            None => Verdict::Same,
            Some(p) if p.born != born => Verdict::Another,
            Some(_) if seq < seen || counter < seen => Verdict::Parted,
            Some(p) if mine == p.seq && p.seq > 0 => Verdict::Same,
            // nothing had ever been logged
            Some(p) if p.seq == 0 && oldest <= 1 => Verdict::Same,
            Some(p) if mine == 0 && oldest > p.seq + 1 => Verdict::Trimmed,
            Some(_) => Verdict::Parted,
        };
        Ok((Tail { seq, id, born, replid, all, age: Duration::from_millis(age) }, verdict))
    }

    /// After a restart or a failover: also where the log is whole, what lies beside it may not be.
    pub(super) async fn heal(&self, con: &mut Con, place: &Place, verdict: Verdict) -> Result<()> {
        let everything = match verdict {
            Verdict::Same | Verdict::Trimmed => None,
            // without a common past more may be lost than is remembered here
            Verdict::Parted => Some(self.common_past(con, place).await?.is_none()),
            Verdict::Another => Some(true),
        };
        if let Some(everything) = everything {
            self.carry_on(con, place.seq.max(self.told.highest()), everything).await?;
        }
        let healed = self.write_back(&place.recent).await?;
        tracing::warn!(healed, everything = everything == Some(true), "wrote back what the store had lost");
        Ok(())
    }

    /// Does again what is remembered, and tells it again where it had to be done. How much was missing.
    pub(super) async fn write_back(&self, recent: &VecDeque<Seen>) -> Result<usize> {
        let applied: HashSet<u64> = recent.iter().map(|seen| seen.seq).collect();
        let mut facts: Vec<(Seq, Fact)> =
            recent.iter().filter_map(|s| s.fact.clone().map(|fact| (Seq(s.seq), fact))).collect();
        facts.extend(self.told.recent().into_iter().filter(|(seq, _)| !applied.contains(&seq.0)));
        let mut healed = 0;
        for some in facts.chunks(AT_ONCE) {
            healed +=
                try_join_all(some.iter().map(|(seq, fact)| self.end_again(*seq, fact))).await?.iter().sum::<usize>();
        }
        Ok(healed + self.respend().await? + self.restore_orders().await?)
    }

    async fn end_again(&self, seq: Seq, fact: &Fact) -> Result<usize> {
        if !self.settle(seq, fact).await? {
            return Ok(0);
        }
        self.append_facts(std::slice::from_ref(fact)).await?;
        Ok(1)
    }

    /// The newest entry seen here that is still in the log.
    async fn common_past(&self, con: &mut Con, place: &Place) -> Result<Option<u64>> {
        let seen: Vec<&Seen> = place.recent.iter().rev().collect();
        for some in seen.chunks(500) {
            let mut call = of_log(&self.scripts.find, &self.keys);
            for s in some {
                call.arg(&s.id).arg(s.seq);
            }
            let at: usize = call.invoke_async(con).await.map_err(|e| super::error::failed("comparing the log", e))?;
            if let Some(s) = at.checked_sub(1).and_then(|i| some.get(i)) {
                return Ok(Some(s.seq));
            }
        }
        Ok(None)
    }

    /// Lets the counter leap over everything anybody has seen.
    async fn carry_on(&self, con: &mut Con, seen: u64, everything: bool) -> Result<()> {
        let mut call = of_log(&self.scripts.carry, &self.keys);
        call.arg(seen).arg(u8::from(everything)).arg(fact_text(&Fact::Everything)?).arg(new_name());
        call.invoke_async::<()>(con).await.map_err(|e| super::error::failed("carrying the log's counter on", e))
    }
}

fn new_name() -> String {
    data_encoding::HEXLOWER.encode(&random::<16>(&SystemEntropy))
}

/// Facts that are written back side by side.
const AT_ONCE: usize = 16;
