//! The one thread that writes, with group commit.
//!
//! What is queued goes into one transaction, each job inside a savepoint of its own, so that a job that fails takes
//! nobody with it. Order after the commit: the follower applies the new log entries, then the answers are sent.

use super::{order, rows};
use crate::store::feed::Follower;
use crate::store::{Entry, Fact, Head, Result, StoreError};
use crate::types::Seq;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

/// A job's hold on the database.
pub(super) struct Writing<'a> {
    pub(super) db: &'a Connection,
    appended: &'a mut Vec<Entry>,
}

impl Writing<'_> {
    pub(super) fn append(&mut self, fact: &Fact) -> Result<Seq> {
        let text = serde_json::to_string(fact).map_err(|e| StoreError::corrupt("log entry", e))?;
        self.db.prepare_cached("INSERT INTO log(fact) VALUES (?1)")?.execute([text])?;
        let seq = Seq(self.db.last_insert_rowid().unsigned_abs());
        self.appended.push(Entry { seq, fact: fact.clone() });
        Ok(seq)
    }
}

enum Message {
    Job(Job),
    Follow(Option<Arc<dyn Follower>>, oneshot::Sender<Result<()>>),
    Look(oneshot::Sender<Result<()>>),
}

type Job = Box<dyn FnOnce(&mut rusqlite::Transaction<'_>, &mut Vec<Entry>) -> Answer + Send>;
/// Tells the caller, once it is known whether the batch was committed.
type Answer = Box<dyn FnOnce(bool) + Send>;

impl Writer {
    pub(super) fn start(db: Connection) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let delivered = head(&db)?.seq;
        let data_version = data_version(&db)?;
        let thread = Thread { db, follower: None, delivered, data_version };
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || thread.run(jobs))
            .map_err(|e| StoreError::unavailable("starting the embedded store's writer", e))?;
        Ok(Writer { queue })
    }

    /// Runs `f` in the next transaction; returns when it is committed and followed.
    pub(super) async fn run<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writing<'_>) -> Result<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |tx, appended| {
            let result = guarded(tx, appended, f);
            Box::new(move |committed| {
                let answer = if committed { result } else { Err(not_committed()) };
                let _ = tell.send(answer); // the caller may have gone away; what it asked is done all the same
            })
        });
        self.send(Message::Job(job), told).await
    }

    /// From the next entry on, this process' follower.
    pub(super) async fn follow(&self, follower: Option<Arc<dyn Follower>>) -> Result<()> {
        let (tell, told) = oneshot::channel();
        self.send(Message::Follow(follower, tell), told).await
    }

    /// Hands the follower what another process appended to the same file.
    pub(super) async fn look(&self) -> Result<()> {
        let (tell, told) = oneshot::channel();
        self.send(Message::Look(tell), told).await
    }

    async fn send<T>(&self, m: Message, told: oneshot::Receiver<Result<T>>) -> Result<T> {
        const DOING: &str = "handing work to the embedded store's writer";
        self.queue.send(m).await.map_err(|_| StoreError::unavailable(DOING, "the writer has stopped"))?;
        told.await.map_err(|e| StoreError::unavailable(DOING, e))?
    }
}

fn guarded<T>(
    tx: &mut rusqlite::Transaction<'_>,
    appended: &mut Vec<Entry>,
    f: impl FnOnce(&mut Writing<'_>) -> Result<T>,
) -> Result<T> {
    let before = appended.len();
    let attempt = || {
        let point = tx.savepoint()?;
        let value = f(&mut Writing { db: &point, appended })?;
        point.commit()?;
        Ok(value)
    };
    let result = attempt();
    if result.is_err() {
        appended.truncate(before); // the savepoint was rolled back when it was dropped
    }
    result
}

struct Thread {
    db: Connection,
    follower: Option<Arc<dyn Follower>>,
    /// The last entry that the follower has seen.
    delivered: Seq,
    /// SQLite's counter of other connections' commits.
    data_version: i64,
}

impl Thread {
    fn run(mut self, mut jobs: mpsc::Receiver<Message>) {
        let mut next = None;
        while let Some(m) = next.take().or_else(|| jobs.blocking_recv()) {
            match m {
                Message::Job(first) => {
                    let mut batch = vec![first];
                    while batch.len() < BATCH {
                        match jobs.try_recv() {
                            Ok(Message::Job(job)) => batch.push(job),
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit(batch);
                }
                Message::Follow(follower, tell) => {
                    let _ = tell.send(self.attach(follower));
                }
                Message::Look(tell) => {
                    let _ = tell.send(self.look());
                }
            }
        }
    }

    fn commit(&mut self, batch: Vec<Job>) {
        let mut appended = Vec::new();
        let mut answers = Vec::with_capacity(batch.len());
        let committed = match self.db.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(mut tx) => {
                answers.extend(batch.into_iter().map(|job| job(&mut tx, &mut appended)));
                tx.commit().map_err(|error| tracing::error!(%error, "the embedded store could not commit")).is_ok()
            }
            Err(error) => {
                tracing::error!(%error, "the embedded store could not begin to write");
                return; // the jobs and with them the callers' channels are dropped: unavailable
            }
        };
        if committed && !appended.is_empty() {
            self.deliver(appended);
        }
        for answer in answers {
            answer(committed);
        }
    }

    fn deliver(&mut self, appended: Vec<Entry>) {
        let gap = appended.first().is_some_and(|e| e.seq.0 != self.delivered.0 + 1);
        if gap {
            // another process wrote in between: in order, from the table
            if let Err(error) = self.catch_up() {
                tracing::error!(%error, "the embedded store's log could not be read");
                if let Some(f) = &self.follower {
                    f.flush();
                }
            }
        }
        for entry in appended {
            self.hand_over(&entry);
        }
    }

    fn hand_over(&mut self, entry: &Entry) {
        if entry.seq > self.delivered {
            if let Some(f) = &self.follower {
                f.apply(entry);
            }
            self.delivered = entry.seq;
        }
    }

    fn attach(&mut self, follower: Option<Arc<dyn Follower>>) -> Result<()> {
        let head = head(&self.db)?;
        self.delivered = head.seq;
        if let Some(f) = &follower {
            f.attached(&head);
            f.orders(order::all(&self.db)?);
        }
        self.follower = follower;
        Ok(())
    }

    fn look(&mut self) -> Result<()> {
        let version = data_version(&self.db)?;
        if version != self.data_version {
            self.catch_up()?;
            self.data_version = version;
        }
        Ok(())
    }

    fn catch_up(&mut self) -> Result<()> {
        for (seq, fact) in entries_after(&self.db, self.delivered)? {
            match serde_json::from_str(&fact) {
                Ok(fact) => self.hand_over(&Entry { seq, fact }),
                Err(error) => {
                    tracing::warn!(%error, seq = seq.0, "an unknown log entry: everything is read again");
                    if let Some(f) = &self.follower {
                        f.flush();
                        f.orders(order::all(&self.db)?);
                    }
                    self.delivered = seq;
                }
            }
        }
        Ok(())
    }
}

/// The log's end, and the file's name for itself.
pub(super) fn head(db: &Connection) -> Result<Head> {
    let seq = db.query_row("SELECT seq FROM sqlite_sequence WHERE name = 'log'", [], rows::seq);
    let incarnation = db.query_row("SELECT value FROM meta WHERE key = 'incarnation'", [], |r| r.get(0))?;
    Ok(Head { seq: seq.optional()?.unwrap_or_default(), incarnation })
}

fn entries_after(db: &Connection, seq: Seq) -> Result<Vec<(Seq, String)>> {
    let mut q = db.prepare_cached("SELECT seq, fact FROM log WHERE seq > ?1 ORDER BY seq")?;
    let found =
        q.query_map([rows::int(seq.0)], |r| Ok((rows::seq(r)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn data_version(db: &Connection) -> Result<i64> {
    Ok(db.query_row("PRAGMA data_version", [], |r| r.get(0))?)
}

fn not_committed() -> StoreError {
    StoreError::unavailable("writing to the embedded database", "the transaction could not be committed")
}

const QUEUE: usize = 1024;
/// Enough to share one sync among all who wait, few enough that the first does not wait long.
const BATCH: usize = 256;
