//! What runs beside the requests.

use crate::session::Cached;
use crate::sys::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Does `work` every `every` until `stop`.
pub async fn every(every: Duration, stop: CancellationToken, mut work: impl AsyncFnMut()) {
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => work().await,
            () = stop.cancelled() => return,
        }
    }
}

/// For sweeping the session cache.
pub fn is_live(clock: &Arc<dyn Clock>) -> impl Fn(&Cached) -> bool {
    let now = clock.now();
    move |s| s.is_live(now)
}
