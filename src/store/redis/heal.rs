//! Writing back what a store that came back without it has lost.
//!
//! Redis loses acknowledged writes at a failover, at a restart without data, at the restore of a backup. Every node
//! remembers a minute of the log and writes it back, idempotently; what nobody can know any more ends everything.

use super::Redis;
use super::follow::Tail;
use super::log::fact_text;
use super::place::{Place, Seen};
use super::script::of_log;
use crate::store::{Fact, Result};
use crate::sys::{SystemEntropy, random};
use crate::types::Seq;
use redis::aio::MultiplexedConnection;

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
    pub(super) async fn look(&self, con: &mut MultiplexedConnection, place: Option<&Place>) -> Result<(Tail, Verdict)> {
        let mut call = of_log(&self.scripts.attach, &self.keys);
        call.arg(place.map_or("0-0", |p| &p.id)).arg(new_name());
        let answer = call.invoke_async(con).await;
        let (seq, id, born, replid, all, mine, oldest, counter): (u64, String, String, String, u64, u64, u64, u64) =
            answer.map_err(|e| super::error::failed("finding one's place in the log", e))?;
        let verdict = match place {
            None => Verdict::Same,
            Some(p) if p.born != born => Verdict::Another,
            Some(p) if seq < p.seq || counter < p.seq => Verdict::Parted,
            Some(p) if mine == p.seq && p.seq > 0 => Verdict::Same,
            // nothing had ever been logged
            Some(p) if p.seq == 0 && oldest <= 1 => Verdict::Same,
            Some(p) if mine == 0 && oldest > p.seq + 1 => Verdict::Trimmed,
            Some(_) => Verdict::Parted,
        };
        Ok((Tail { seq, id, born, replid, all }, verdict))
    }

    pub(super) async fn heal(&self, con: &mut MultiplexedConnection, place: &Place, verdict: Verdict) -> Result<()> {
        let common = match verdict {
            Verdict::Same | Verdict::Trimmed => return Ok(()),
            Verdict::Parted => self.common_past(con, place).await?,
            Verdict::Another => None,
        };
        let lost: Vec<&Seen> = place.recent.iter().filter(|s| common.is_none_or(|c| s.seq > c)).collect();
        // without a common past more may be lost than is remembered here
        self.carry_on(con, place.seq, common.is_none()).await?;
        let mut healed = 0;
        for seen in lost {
            let Some(fact) = &seen.fact else { continue };
            if self.settle(Seq(seen.seq), fact).await? {
                self.append_facts(std::slice::from_ref(fact)).await?;
                healed += 1;
            }
        }
        healed += self.respend().await? + self.restore_orders().await?;
        tracing::warn!(healed, everything = common.is_none(), "wrote back what the store had lost");
        Ok(())
    }

    /// The newest entry seen here that is still in the log.
    async fn common_past(&self, con: &mut MultiplexedConnection, place: &Place) -> Result<Option<u64>> {
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
    async fn carry_on(&self, con: &mut MultiplexedConnection, seen: u64, everything: bool) -> Result<()> {
        let mut call = of_log(&self.scripts.carry, &self.keys);
        call.arg(seen).arg(u8::from(everything)).arg(fact_text(&Fact::Everything)?).arg(new_name());
        call.invoke_async::<()>(con).await.map_err(|e| super::error::failed("carrying the log's counter on", e))
    }
}

fn new_name() -> String {
    data_encoding::HEXLOWER.encode(&random::<16>(&SystemEntropy))
}
