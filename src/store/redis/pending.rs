//! Pending sign-ins: fields of one hash per user.

use super::Redis;
use super::call::{Call, Script};
use super::script::of_user;
use crate::store::codec::{decode, encode};
use crate::store::record::Unconfirmed;
use crate::store::{Drift, Failed, Pending, Result};
use crate::types::{FactorId, Timestamp, TokenRef};
use std::time::Duration;

/// Record, failures, unconfirmed secret, drift, as the scripts answer.
type Row = (String, u32, String, String);

impl Redis {
    pub(super) async fn begin(&self, p: &Pending) -> Result<()> {
        let unconfirmed = match &p.unconfirmed {
            Some(u) => encode("unconfirmed secret", u)?,
            None => String::new(),
        };
        let mut call = of_user(&self.scripts.pending_begin, &self.keys, p.user);
        call.arg(p.token.hex()).arg(encode("pending sign-in", p)?).arg(p.failures).arg(unconfirmed);
        call.arg(super::session::millis(sweep_after(p))).arg(p.first_at.as_millis());
        self.link.run::<()>("beginning a sign-in", &call).await
    }

    pub(super) async fn read_pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
        let call = self.on_pending(&self.scripts.pending_read, at, now);
        let row: Option<Row> = self.link.read("reading a pending sign-in", &call).await?;
        row.map(pending).transpose()
    }

    pub(super) async fn offer(
        &self,
        at: TokenRef,
        offered: &Unconfirmed,
        now: Timestamp,
    ) -> Result<Option<(FactorId, Vec<u8>)>> {
        let mut call = self.on_pending(&self.scripts.pending_offer, at, now);
        call.arg(encode("unconfirmed secret", offered)?);
        let kept: Option<String> = self.link.run("offering a secret", &call).await?;
        let kept = kept.map(|t| decode::<Unconfirmed>("unconfirmed secret", &t)).transpose()?;
        Ok(kept.map(|u| (u.factor, u.sealed)))
    }

    pub(super) async fn fail(
        &self,
        at: TokenRef,
        (limit, drift): (u32, Option<Drift>),
        now: Timestamp,
    ) -> Result<Failed> {
        let mut call = self.on_pending(&self.scripts.pending_fail, at, now);
        call.arg(limit).arg(encode("drift", &drift)?);
        Ok(match self.link.run::<i64>("counting a wrong code", &call).await? {
            0 => Failed::Ended,
            left => u32::try_from(left).map_or(Failed::Gone, Failed::Left),
        })
    }

    pub(super) async fn take(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
        let call = self.on_pending(&self.scripts.pending_take, at, now);
        let row: Option<Row> = self.link.run("taking a pending sign-in", &call).await?;
        row.map(pending).transpose()
    }

    pub(super) fn on_pending<'a>(&self, script: &'a Script, at: TokenRef, now: Timestamp) -> Call<'a> {
        let mut call = of_user(script, &self.keys, at.user);
        call.arg(at.hash.hex()).arg(now.as_millis()).arg(self.floor().0);
        call
    }
}

fn pending((text, failures, unconfirmed, drift): Row) -> Result<Pending> {
    let unconfirmed = match unconfirmed.as_str() {
        "" => None,
        text => Some(decode("unconfirmed secret", text)?),
    };
    let p = Pending { failures, unconfirmed, ..decode("pending sign-in", &text)? };
    match drift.as_str() {
        "" => Ok(p),
        text => Ok(Pending { drift: decode("drift", text)?, ..p }),
    }
}

/// A pending record is swept this long after it was written.
pub(super) fn sweep_after(p: &Pending) -> Duration {
    p.ends.since(p.first_at) + SWEEP_MARGIN
}

/// Clocks of nodes and of the server differ; sweeping late does no harm.
const SWEEP_MARGIN: Duration = Duration::from_secs(600);
