//! The one namespace of names and addresses: a key each, holding `<user>|<seconds>|<microseconds>` of the reservation.
//!
//! A reservation whose account does not bear the name (its maker crashed) may be taken over once it is old enough that no
//! living maker can still be between reserving and writing.

use super::Redis;
use super::account::bears;
use crate::store::{Result, StoreError};
use crate::types::UserId;

/// A name reserved by this call.
pub(super) struct Claim {
    pub(super) key: String,
    pub(super) reservation: String,
}

impl Redis {
    pub(super) async fn holder(&self, key: &str) -> Result<Option<UserId>> {
        self.reservation(key).await?.map(|r| user_of(&r)).transpose()
    }

    pub(super) async fn reservation(&self, key: &str) -> Result<Option<String>> {
        let mut cmd = redis::cmd("GET");
        cmd.arg(self.keys.login(key));
        self.link.query("looking up a name", &cmd).await
    }

    /// `None`: somebody else has it.
    pub(super) async fn claim(&self, user: UserId, key: &str) -> Result<Option<Claim>> {
        let (won, found, now) = self.reserve(user, key, "").await?;
        if won {
            return Ok(Some(Claim { key: key.into(), reservation: found }));
        }
        let other = user_of(&found)?;
        let age = now.saturating_sub(seconds_of(&found)?);
        let borne = self.read_account(other).await?.is_some_and(|a| bears(&a, key));
        if borne || age < DEAD_AFTER_SECONDS {
            return Ok(None);
        }
        let (won, found, _) = self.reserve(user, key, &found).await?;
        Ok(won.then(|| Claim { key: key.into(), reservation: found }))
    }

    pub(super) async fn give_back(&self, claims: &[Claim]) -> Result<()> {
        for c in claims {
            self.release(&c.key, &c.reservation).await?;
        }
        Ok(())
    }

    pub(super) async fn release(&self, key: &str, reservation: &str) -> Result<()> {
        let mut call = self.scripts.login_release.key(self.keys.login(key));
        call.arg(reservation);
        self.link.run("giving a name back", &call).await
    }

    async fn reserve(&self, user: UserId, key: &str, dead: &str) -> Result<(bool, String, u64)> {
        let mut call = self.scripts.login_reserve.key(self.keys.login(key));
        call.arg(user.to_string()).arg(dead);
        let (won, reservation, now): (u8, String, u64) = self.link.run("reserving a name", &call).await?;
        Ok((won == 1, reservation, now))
    }
}

fn user_of(reservation: &str) -> Result<UserId> {
    let id = reservation.split('|').next().unwrap_or_default();
    id.parse().map_err(|e| StoreError::corrupt("reservation of a name", e))
}

fn seconds_of(reservation: &str) -> Result<u64> {
    let s = reservation.split('|').nth(1).unwrap_or_default();
    s.parse().map_err(|e| StoreError::corrupt("reservation of a name", e))
}

const DEAD_AFTER_SECONDS: u64 = 10;
