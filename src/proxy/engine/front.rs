//! What a connection goes through around pingora: a limit on its first bytes before, its tunnel after.
//!
//! Reads nothing itself and decides nothing.

use super::conn::{Client, Conn};
use super::tunnel;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use std::sync::Arc;
use std::time::Duration;

/// Stands between the accept loop and an HTTP app under `Cuttable`.
pub struct Front<A> {
    inner: Arc<A>,
    first_byte: Duration,
}

impl<A> Front<A> {
    /// A connection whose first 24 bytes (a short request line, or the preface of HTTP/2) have not come when
    /// `first_byte` is over, or when a shutdown begins, is closed.
    pub fn new(inner: Arc<A>, first_byte: Duration) -> Self {
        Front { inner, first_byte }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Front<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let conn = Arc::new(Conn::default());
        let stream = Client::watch(stream, conn.clone(), self.first_byte, shutdown.clone());
        // the future of HTTP is boxed and gone after this line: a tunnel does not carry its room along
        let free = conn.scope(self.inner.process_new(stream, shutdown)).await;
        if let Some(left) = conn.take_left() {
            let (client, plan) = *left;
            Box::pin(tunnel::run(client, plan, shutdown.clone(), &conn)).await;
        }
        free
    }

    async fn cleanup(&self) {
        self.inner.cleanup().await;
    }
}
