//! Streams of sessions whose time is up: they end with the session, however busy they are.

use crate::audit::Metrics;
use crate::live::Registry;
use crate::store::Store;
use crate::sys::Clock;

/// Looks at all sessions with exchanges under way, once. One that looks idle here may be busy on another node: the store
/// knows.
pub async fn cut_the_due(live: &Registry, store: &dyn Store, clock: &dyn Clock, metrics: &Metrics) {
    let now = clock.now();
    for due in live.due(now) {
        let (user, session) = (due.identity.user, due.identity.session);
        if now < due.absolute_end {
            match store.sessions_of(user, now).await {
                Ok(all) => {
                    if let Some(s) = all.iter().find(|s| s.id == session) {
                        due.lives_until(s.idle_end);
                        continue;
                    }
                }
                // asked again in a moment; without the store the lease ends it soon
                Err(_) => continue,
            }
        }
        let cut = live.cut_session(session);
        metrics.exchanges_cut(cut);
        tracing::info!(%session, cut, "live exchanges cut: their session's time is up");
    }
}
