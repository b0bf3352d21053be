//! Forms that wait: one key each, which runs out by itself, and the counts of all beside them in the same slot.
//!
//! What was taken here is taken again from a server that forgot it at a failover (`spent`): a form is sent once.

use super::Redis;
use super::call::{Call, Script};
use super::session::millis;
use super::spent::Spent;
use crate::store::{FormLimits, FormStore, Parked, ParkedForm, Result, StoreError};
use crate::types::{FormId, Timestamp};
use std::time::Duration;

#[async_trait::async_trait]
impl FormStore for Redis {
    async fn park_form(&self, form: &ParkedForm, limits: FormLimits, now: Timestamp) -> Result<Parked> {
        let mut call = self.on_form(&self.scripts.form_park, form.id);
        call.arg(form.id.to_string()).arg(form.network.to_string()).arg(form.ends.as_millis());
        call.arg(millis(form.ends.since(now) + SWEEP_MARGIN)).arg(now.as_millis());
        call.arg(limits.of_a_network).arg(limits.bytes).arg(form.sealed.as_slice());
        match self.link.run::<u8>("keeping a form", &call).await? {
            0 => Ok(Parked::Yes),
            1 => Ok(Parked::TooMany),
            2 => Ok(Parked::Full),
            other => Err(StoreError::corrupt("answer to a form", other.to_string())),
        }
    }

    async fn form(&self, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        let mut call = self.on_form(&self.scripts.form_read, id);
        call.arg(id.to_string()).arg(now.as_millis());
        self.link.read("reading a form", &call).await
    }

    async fn take_form(&self, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        let mut call = self.on_form(&self.scripts.form_take, id);
        call.arg(id.to_string()).arg(now.as_millis());
        let taken: Option<Vec<u8>> = self.link.run("taking a form", &call).await?;
        if taken.is_some() {
            self.spent.keep(Spent::Form { id });
        }
        Ok(taken)
    }
}

impl Redis {
    /// True where the server had it again.
    pub(super) async fn drop_form(&self, id: FormId) -> Result<bool> {
        let mut call = self.on_form(&self.scripts.form_drop, id);
        call.arg(id.to_string());
        self.link.run("writing back that a form was sent", &call).await
    }

    fn on_form<'a>(&self, script: &'a Script, id: FormId) -> Call<'a> {
        let mut call = script.prepare_invoke();
        for key in self.keys.form(id) {
            call.key(key);
        }
        call
    }
}

/// Clocks of nodes and of the server differ; sweeping late does no harm.
const SWEEP_MARGIN: Duration = Duration::from_secs(600);
