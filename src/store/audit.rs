//! The audit's rows as a store keeps them: searchable, bounded, in the order in which they came.
//!
//! A store reads no line: what it searches by stands beside it. The chain that the lines form is the audit's business.

use super::Result;
use crate::types::{NodeId, Timestamp, UserId};
use async_trait::async_trait;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The part of a store that keeps the audit; every [`Store`](super::Store) is one.
#[async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// Keeps rows of one node, in their order, as one step. Those up to the highest number that is kept of that node are
    /// left out, so that who does not know whether a call worked may repeat it. Where nobody removes what is too old,
    /// all goes `keep` after the last row came.
    async fn append_audit(&self, rows: &[AuditRow], keep: Duration) -> Result<()>;
    /// The highest number that was kept of this node; 0: none.
    async fn audit_seq(&self, node: NodeId) -> Result<u64>;
    /// Up to `limit` rows, and from where to go on.
    async fn audit_page(&self, filter: &AuditFilter, from: AuditFrom, limit: usize) -> Result<AuditPage>;
    /// Removes what is over the bounds, the oldest first; how many rows.
    async fn trim_audit(&self, bounds: AuditBounds, now: Timestamp) -> Result<u64>;
}

/// One line of the audit and what it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub node: NodeId,
    /// Counts the node's lines, without gaps, from 1.
    pub seq: u64,
    pub at: Timestamp,
    pub kind: String,
    pub user: Option<UserId>,
    pub actor: String,
    pub line: String,
}

/// Which rows are wanted; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub user: Option<UserId>,
    pub actor: Option<String>,
    pub kind: Option<String>,
    pub from: Option<Timestamp>,
    /// Not included.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    pub(super) fn covers(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
    /// Where rows of the wanted time lie. A row is never placed before its own time; one that waited for its store lies
    /// later, by this at most where `until` is asked for.
    pub(super) fn places(&self) -> (AuditCursor, AuditCursor) {
        let first = self.from.map_or(AuditCursor::START, |t| AuditCursor { ms: t.as_millis(), n: 0 });
        let last = self.until.map_or(AuditCursor::END, |t| AuditCursor { ms: t.plus(LATE).as_millis(), n: 0 });
        (first, last.min(AuditCursor::END))
    }
}

/// The place of a row: when it came, never before the row's own time, and which of that millisecond it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditCursor {
    pub(super) ms: u64,
    pub(super) n: u64,
}

impl AuditCursor {
    /// Before all rows.
    pub const START: Self = AuditCursor { ms: 0, n: 0 };
    /// Behind all rows: fits the stores' numbers.
    pub(super) const END: Self = AuditCursor { ms: (1 << 42) - 1, n: 0 };
}
impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.n)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in the audit: give one as an answer told it")]
pub struct BadCursor;

impl FromStr for AuditCursor {
    type Err = BadCursor;
    fn from_str(s: &str) -> std::result::Result<Self, BadCursor> {
        let (ms, n) = s.split_once('-').ok_or(BadCursor)?;
        let digits = |s: &&str| s.bytes().all(|b| b.is_ascii_digit());
        let number = |s: &str| Some(s).filter(digits).and_then(|s| s.parse().ok()).ok_or(BadCursor);
        let place = AuditCursor { ms: number(ms)?, n: number(n)? };
        if place.ms <= Self::END.ms && place.n < 1 << 20 { Ok(place) } else { Err(BadCursor) }
    }
}

/// From where on, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFrom {
    /// The newest first.
    Newest,
    /// Those before it, the newest first.
    Before(AuditCursor),
    /// Those after it, the oldest first.
    After(AuditCursor),
}

/// One page of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    pub rows: Vec<AuditEntry>,
    /// From where to go on the same way. A page may be short, even empty, and still have one: so far was searched.
    pub next: Option<AuditCursor>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub place: AuditCursor,
    pub line: String,
}

/// How much is kept; the oldest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditBounds {
    pub keep: Duration,
    pub max_bytes: u64,
}

/// A row that waited longer than this for its store is not found by an `until` in that time.
const LATE: Duration = Duration::from_secs(3600);
