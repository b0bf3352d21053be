//! Writes what was recorded, beside the requests: first the file, then the store.
//!
//! ```text
//! record ─ queue ─ book: chain + file, on a thread that may block ─ rows ─ store
//!            └────── stays until the file has it ──────┘            └─ stay until the store has them
//! ```
//!
//! A file that cannot be written, or no file and a store that cannot, is `Broken`: what must not happen unrecorded is
//! refused until it works again. A store that is away while the file works is only `Behind`.

use super::book::{Book, Waiting, Written};
use super::chain::Checkpoint;
use super::event::Event;
use super::file::FileError;
use super::queue::State;
use super::{Audit, Parts};
use crate::store::audit::{AuditBounds, AuditRow, AuditStore};
use crate::store::{Result, StoreError};
use crate::sys::{Clock, Entropy, lock, random};
use crate::types::{NodeId, Timestamp, with_causes};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One per process.
pub struct Writer {
    audit: Arc<Audit>,
    store: Arc<dyn AuditStore>,
    clock: Arc<dyn Clock>,
    bounds: AuditBounds,
    /// `None` while it writes, and for good where writing panicked.
    book: Option<Book>,
    /// Taken from the queue and not in the file yet.
    unwritten: Vec<Waiting>,
    /// In the file and not in the store yet.
    unshipped: VecDeque<AuditRow>,
    /// What an earlier process of this node left in the file alone was shipped.
    caught_up: bool,
    trimmed_at: Option<Timestamp>,
    /// Why the file could not be written the last time.
    file_fault: Option<String>,
    store_fault: Option<String>,
}

impl Writer {
    pub(super) fn open(
        audit: Arc<Audit>,
        parts: Parts,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> std::result::Result<Self, FileError> {
        let fresh = NodeId::from_bytes(random(entropy));
        let (book, fault) = Book::open(parts.settings.file, parts.keys, fresh, clock.now())?;
        let bounds = AuditBounds { keep: parts.settings.store_keep, max_bytes: parts.settings.store_max };
        let writer = Writer {
            audit,
            store: parts.store,
            clock,
            bounds,
            caught_up: book.seq() == 0,
            book: Some(book),
            unwritten: Vec::new(),
            unshipped: VecDeque::new(),
            trimmed_at: None,
            file_fault: fault.map(|e| with_causes(&e)),
            store_fault: None,
        };
        writer.tell();
        Ok(writer)
    }

    /// Until `stop`; then once more, with a checkpoint.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let audit = self.audit.clone();
        while !stop.is_cancelled() {
            let more = self.turn(false).await;
            if more && self.file_fault.is_none() {
                continue;
            }
            tokio::select! {
                () = audit.queue_came() => {}
                _ = tick.tick() => {}
                () = stop.cancelled() => break,
            }
            if self.file_fault.is_some() {
                // what comes meanwhile does not make a full disk emptier
                tick.tick().await;
            }
        }
        self.finish().await;
    }

    /// Writes all that waits, as far as it can be written.
    pub async fn finish(&mut self) {
        while self.turn(true).await && self.file_fault.is_none() {}
    }

    /// One batch; whether more waits.
    pub(super) async fn turn(&mut self, sign: bool) -> bool {
        let now = self.clock.now();
        self.audit.roll(now);
        let room = BATCH.saturating_sub(self.unwritten.len());
        self.unwritten.extend(self.audit.take(room));
        self.write(now, sign).await;
        self.store_fault = match self.ship(now).await {
            Ok(()) => None,
            Err(e) => {
                self.audit.failed("store");
                Some(with_causes(&e))
            }
        };
        self.bound();
        self.tell();
        self.audit.waits() > self.unwritten.len()
    }

    async fn write(&mut self, now: Timestamp, sign: bool) {
        let Some(mut book) = self.book.take() else { return };
        let lost = self.audit.lost(now);
        self.unwritten.extend(lost);
        let batch = std::mem::take(&mut self.unwritten);
        let work = tokio::task::spawn_blocking(move || {
            let done = book.write(&batch, now, sign);
            let written = book.take_written();
            (book, batch, done, written)
        });
        let (book, batch, done, Written { rows, checkpoints }) = match work.await {
            Ok(done) => done,
            Err(e) => {
                self.file_fault = Some(format!("the writer has failed: {e}; restart the gateway"));
                return;
            }
        };
        self.book = Some(book);
        self.unshipped.extend(rows);
        checkpoints.into_iter().for_each(|c| self.audit.signed(c));
        match done {
            Ok(()) => {
                self.file_fault = None;
                self.audit.wrote(batch.len());
            }
            Err(e) => {
                self.audit.failed("file");
                self.file_fault = Some(with_causes(&e));
                self.unwritten = batch;
            }
        }
    }

    /// Gives the store what it does not have.
    async fn ship(&mut self, now: Timestamp) -> Result<()> {
        self.catch_up(now).await?;
        while !self.unshipped.is_empty() {
            let some: Vec<_> = self.unshipped.iter().take(SHIPMENT).cloned().collect();
            self.store.append_audit(&some, self.bounds.keep).await?;
            self.unshipped.drain(..some.len());
        }
        if self.trimmed_at.is_none_or(|at| now.since(at) >= TRIM) {
            self.store.trim_audit(self.bounds, now).await?;
            self.trimmed_at = Some(now);
        }
        Ok(())
    }

    /// What was in the file when an earlier process ended, and not in the store.
    async fn catch_up(&mut self, now: Timestamp) -> Result<()> {
        let (false, Some(book)) = (self.caught_up, &self.book) else { return Ok(()) };
        let (node, settings) = (book.node(), book.settings().cloned());
        let there = self.store.audit_seq(node).await?;
        let first = self.unshipped.front().map_or(book.seq() + 1, |r| r.seq);
        if let Some(settings) = settings.filter(|_| there + 1 < first) {
            let reading = tokio::task::spawn_blocking(move || settings.lines_after(there, MOST_UNSHIPPED));
            let read = reading.await.map_err(|e| StoreError::unavailable(CATCHING_UP, e))?;
            let oldest =
                now.as_millis().saturating_sub(u64::try_from(self.bounds.keep.as_millis()).unwrap_or(u64::MAX));
            let rows = read.map_err(|e| StoreError::unavailable(CATCHING_UP, e))?.into_iter();
            let rows = rows.filter_map(|l| Some(super::line::Said::by(l.as_bytes())?.row(l)));
            let missing: Vec<_> = rows.filter(|r| r.seq < first && r.at.as_millis() >= oldest).collect();
            missing.into_iter().rev().for_each(|r| self.unshipped.push_front(r));
        }
        self.caught_up = true;
        Ok(())
    }

    /// What waits for a store that stays away is bounded; the file has it.
    fn bound(&mut self) {
        let over = self.unshipped.len().saturating_sub(MOST_UNSHIPPED);
        if over > 0 {
            self.unshipped.drain(..over);
            self.audit.unsearchable(over);
        }
    }

    fn tell(&self) {
        let has_file = self.book.as_ref().is_some_and(Book::has_file);
        let state = match (&self.file_fault, &self.store_fault) {
            (Some(why), _) => State::Broken(why.clone()),
            (None, Some(why)) if !has_file || self.unshipped.len() >= MOST_UNSHIPPED / 2 => State::Broken(why.clone()),
            (None, Some(why)) => State::Behind(why.clone()),
            (None, None) => State::Good,
        };
        self.audit.stands(state, self.unwritten.len() + self.unshipped.len());
    }
}

impl Audit {
    async fn queue_came(&self) {
        self.queue.came.notified().await;
    }
    fn take(&self, most: usize) -> Vec<Waiting> {
        self.queue.take(most)
    }
    fn wrote(&self, many: usize) {
        self.queue.wrote(many);
        self.metrics.iter().for_each(|m| m.audit_written(many));
    }
    /// Taken or not, as long as it is not in the file.
    fn waits(&self) -> usize {
        self.queue.count()
    }
    /// What had to be thrown away, as an event.
    fn lost(&self, now: Timestamp) -> Option<Waiting> {
        let count = self.queue.take_lost();
        if count == 0 {
            return None;
        }
        self.metrics.iter().for_each(|m| m.audit_lost(count));
        self.queue.took_one_more();
        Some(self.prepared(&Event::Lost { count }, now))
    }
    fn failed(&self, sink: &'static str) {
        self.metrics.iter().for_each(|m| m.audit_failed(sink));
    }
    fn unsearchable(&self, rows: usize) {
        tracing::error!(rows, "the store was away too long: so many audit events are in the file only");
    }
    fn signed(&self, checkpoint: Checkpoint) {
        tracing::info!(target: "audit", event = "checkpoint", checkpoint = %checkpoint);
        *lock(&self.checkpoint) = Some(checkpoint);
    }
    fn stands(&self, state: State, waiting: usize) {
        let told = state.clone();
        let news = self.queue.set(state);
        self.metrics.iter().for_each(|m| m.audit_waiting(waiting.max(self.queue.count()), self.queue.is_writable()));
        if news {
            match told {
                State::Good => tracing::info!("the audit is written again"),
                State::Behind(why) => tracing::warn!(why, "audit events wait for the store; the file has them"),
                State::Broken(why) => {
                    tracing::error!(why, "the audit cannot be written: sign-ins and changes of accounts are refused");
                }
            }
        }
    }
}

const CATCHING_UP: &str = "reading what the audit's file has and the store has not";
const TICK: Duration = Duration::from_secs(1);
const TRIM: Duration = Duration::from_secs(60);
/// Events that share one sync.
const BATCH: usize = 1024;
/// Rows that share one step of the store.
const SHIPMENT: usize = 256;
const MOST_UNSHIPPED: usize = 10_000;

#[cfg(test)]
mod tests;
