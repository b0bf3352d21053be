//! Appending to the log and asking where it stands.

use super::script::of_log;
use super::{Redis, Result};
use crate::store::{Fact, Head, StoreError};
use crate::types::Seq;

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
