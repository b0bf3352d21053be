//! Throttles: the counters of one user in one hash, those of nobody in a key each, which runs out by itself.

use super::Redis;
use super::session::millis;
use super::spent::Count;
use crate::store::throttle::{Attempt, ThrottleKey, ThrottleRule};
use crate::store::{Result, StoreError};
use crate::types::{Timestamp, UserId};
use std::time::Duration;

impl Redis {
    /// Counted in all of them or, where one holds, in none. All lie in one hash.
    pub(super) async fn count_attempt(
        &self,
        counters: &[(ThrottleKey, ThrottleRule)],
        now: Timestamp,
    ) -> Result<Attempt> {
        let Some((first, _)) = counters.first() else { return Ok(Attempt::Allowed) };
        let mut call = self.scripts.attempt.key(self.keys.throttle(first.user(), &first.name()));
        call.arg(now.as_millis());
        for (key, rule) in counters {
            let (most, span) = rule.window.map_or((String::new(), Duration::ZERO), |(n, span)| (n.to_string(), span));
            call.arg(key.name()).arg(rule.free).arg(millis(rule.wait)).arg(millis(rule.longest));
            call.arg(rule.disable_at.map(|n| n.to_string()).unwrap_or_default()).arg(most).arg(millis(span));
            call.arg(key.memory(rule).map_or(0, millis));
        }
        let said: Vec<String> = self.link.run("counting an attempt", &call).await?;
        let Some((said, written)) = said.split_first() else {
            return Err(StoreError::corrupt("answer to an attempt", "nothing"));
        };
        for ((key, _), value) in counters.iter().zip(written) {
            self.spent.keep_count((key.user(), key.name()), Count { value: value.clone(), now });
        }
        Ok(match said.as_str() {
            "0" => Attempt::Allowed,
            "-1" => Attempt::Disabled,
            until => {
                let until = until.parse().map_err(|e| StoreError::corrupt("answer to an attempt", e))?;
                Attempt::Held { until: Timestamp::from_millis(until) }
            }
        })
    }

    pub(super) async fn uncount(&self, key: &ThrottleKey, at: Timestamp) -> Result<()> {
        let counter = (key.user(), key.name());
        let mut call = self.scripts.passed.key(self.keys.throttle(counter.0, &counter.1));
        call.arg(at.as_millis()).arg(&counter.1);
        self.spent.forget_count(&counter);
        self.link.run("noting a success", &call).await
    }

    pub(super) async fn clear_throttles(&self, user: UserId) -> Result<()> {
        let mut cmd = redis::cmd("DEL");
        cmd.arg(self.keys.throttle(Some(user), ""));
        self.spent.forget_counts(user, |_| true);
        self.link.query("unlocking a user", &cmd).await
    }
}
