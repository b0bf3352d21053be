//! Devices: one hash per user, with tokens, last use and trust as fields of their own.

use super::Redis;
use super::script::of_user;
use super::session::{SWEEP_MARGIN, WRITE_ATTEMPTS, millis};
use super::spent::Spent;
use crate::store::codec::{decode, encode};
use crate::store::device::{GRACE, PreviousToken};
use crate::store::{Device, DeviceLimits, Fact, Result, StoreError, Used};
use crate::types::{DeviceId, DeviceRef, SessionId, Timestamp, TokenHash, UserId};
use std::collections::HashMap;

impl Redis {
    pub(super) async fn keep_device(&self, d: &Device, session: SessionId, limits: DeviceLimits) -> Result<bool> {
        let mut call = of_user(&self.scripts.device_put, &self.keys, d.user);
        call.arg(session.to_string()).arg(self.floor().0).arg(d.id.to_string()).arg(encode("device", d)?);
        call.arg(d.token.hex()).arg(d.previous.map(|p| previous_text(&p)).unwrap_or_default());
        call.arg(d.last_used.as_millis()).arg(d.trusted_until.map_or(0, |t| t.as_millis()));
        call.arg(limits.trusted).arg(limits.known).arg(millis(d.ends.since(d.last_used) + SWEEP_MARGIN));
        self.link.run("keeping a device", &call).await
    }

    pub(super) async fn rotate_device(&self, at: DeviceRef, next: TokenHash, now: Timestamp) -> Result<Used> {
        let used = self.try_device(at, Some(next), now).await?;
        if matches!(used, Used::Rotated(_)) {
            self.spent.keep(Spent::Rotation { at, next, now });
        }
        Ok(used)
    }

    /// Without a next token it only looks, and says `Rotated` of the present one all the same.
    pub(super) async fn try_device(&self, at: DeviceRef, next: Option<TokenHash>, now: Timestamp) -> Result<Used> {
        let mut call = of_user(&self.scripts.device_use, &self.keys, at.user);
        call.arg(at.device.to_string()).arg(at.hash.hex()).arg(now.as_millis());
        call.arg(next.map(|n| n.hex()).unwrap_or_default()).arg(millis(GRACE));
        type Row = (String, String, String, String, String, String);
        let row: Option<Row> = match next {
            Some(_) => self.link.run("using a device", &call).await?,
            None => self.link.read("looking at a device", &call).await?,
        };
        let Some((said, text, token, previous, last_used, trusted)) = row else { return Ok(Used::Unknown) };
        let device = device(&text, &token, &previous, (&last_used, &trusted))?;
        match said.as_str() {
            "present" => Ok(Used::Rotated(device)),
            "previous" => Ok(Used::Previous(device)),
            "stale" => Ok(Used::Stale(device)),
            _ => Err(StoreError::corrupt("answer to a device's use", said)),
        }
    }

    pub(super) async fn find_device(&self, at: DeviceRef, now: Timestamp) -> Result<Option<Device>> {
        Ok(match self.try_device(at, None, now).await? {
            Used::Rotated(d) | Used::Previous(d) => Some(d),
            Used::Stale(_) | Used::Unknown => None,
        })
    }

    pub(super) async fn list_devices(&self, user: UserId, now: Timestamp) -> Result<Vec<Device>> {
        let mut cmd = redis::cmd("HGETALL");
        cmd.arg(self.keys.devices(user));
        let fields: HashMap<String, String> = self.link.query("listing devices", &cmd).await?;
        let field = |kind: &str, id: &str| fields.get(&format!("{kind}:{id}")).map_or("", String::as_str);
        let mut found = Vec::new();
        for (id, text) in fields.iter().filter(|(f, _)| f.parse::<DeviceId>().is_ok()) {
            found.push(device(text, field("t", id), field("p", id), (field("l", id), field("u", id)))?);
        }
        found.retain(|d| now < d.ends);
        found.sort_by_key(|d| (std::cmp::Reverse(d.last_used), d.id));
        Ok(found)
    }

    /// A session that comes while its device ends is logged in another round: what is ended is in the log before.
    pub(super) async fn end_one_device(&self, user: UserId, device: DeviceId) -> Result<bool> {
        let mut logged: Vec<String> = Vec::new();
        for _ in 0..WRITE_ATTEMPTS {
            let mut call = of_user(&self.scripts.device_end, &self.keys, user);
            call.arg(device.to_string());
            for session in &logged {
                call.arg(session);
            }
            let said: Vec<String> = self.link.run("ending a device", &call).await?;
            let Some((gone, left)) = said.split_first() else {
                return Err(StoreError::corrupt("answer to a device's end", "nothing"));
            };
            if gone == "1" {
                self.spent.keep(Spent::Device { user, device });
                return Ok(true);
            }
            if left.is_empty() {
                return Ok(false);
            }
            let mut facts = Vec::with_capacity(left.len());
            for session in left {
                let session = session.parse().map_err(|e| StoreError::corrupt("session", e))?;
                facts.push(Fact::SessionEnded { user, session });
            }
            self.append_facts(&facts).await?;
            logged.extend_from_slice(left);
        }
        Err(StoreError::unavailable("ending a device", "sessions are begun with it all the time"))
    }
}

/// What the fields say wins over the record's text.
fn device(text: &str, token: &str, previous: &str, (last_used, trusted): (&str, &str)) -> Result<Device> {
    let d: Device = decode("device", text)?;
    let broken = |what: &str| StoreError::corrupt("device", what.to_owned());
    let previous = match previous {
        "" => None,
        text => {
            let (token, until) = text.split_once('|').ok_or_else(|| broken("previous token"))?;
            let until = time(until).ok_or_else(|| broken("previous token"))?;
            Some(PreviousToken { token: hash(token).ok_or_else(|| broken("previous token"))?, until })
        }
    };
    let token = hash(token).ok_or_else(|| broken("token"))?;
    let last_used = time(last_used).ok_or_else(|| broken("last use"))?;
    Ok(Device { token, previous, last_used, trusted_until: time(trusted), ..d })
}

fn previous_text(p: &PreviousToken) -> String {
    format!("{}|{}", p.token.hex(), p.until.as_millis())
}

fn hash(hex: &str) -> Option<TokenHash> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok().map(TokenHash)
}

fn time(millis: &str) -> Option<Timestamp> {
    millis.parse().ok().map(Timestamp::from_millis)
}
