//! The audit as one stream, with an index of entries for each user, all in one slot.
//!
//! Kinds and actors have no index: such a search reads the stream, a bounded piece a call, and says how far it came.

use super::Redis;
use super::call::Script;
use super::error::failed;
use crate::store::audit::{
    AuditBounds, AuditCursor, AuditEntry, AuditFilter, AuditFrom, AuditPage, AuditRow, AuditStore,
};
use crate::store::{Result, StoreError};
use crate::types::{NodeId, Timestamp, UserId};
use redis::streams::{StreamId, StreamRangeReply};
use redis::{FromRedisValue, cmd};
use std::time::Duration;

pub(super) struct Scripts {
    append: Script,
    of_user: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Scripts {
            append: Script::new(include_str!("lua/audit_append.lua")),
            of_user: Script::new(include_str!("lua/audit_of.lua")),
        }
    }
}

/// A piece of the stream.
struct Piece {
    entries: Vec<StreamId>,
    /// The last place looked at; `None`: there was nothing.
    looked: Option<AuditCursor>,
    /// Nothing lies behind it.
    ended: bool,
}

#[async_trait::async_trait]
impl AuditStore for Redis {
    async fn append_audit(&self, rows: &[AuditRow], keep: Duration) -> Result<()> {
        let Some(node) = rows.first().map(|r| r.node) else { return Ok(()) };
        let mut call = self.audit.append.key(self.keys.audit("log"));
        call.key(self.audit_node(node)).arg(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX));
        let mut users: Vec<UserId> = Vec::new();
        for row in rows.iter().filter(|r| r.node == node) {
            let index = row.user.map_or(0, |user| match users.iter().position(|u| *u == user) {
                Some(at) => at + 1,
                None => {
                    users.push(user);
                    call.key(self.audit_index(user));
                    users.len()
                }
            });
            call.arg(row.seq).arg(row.at.as_millis()).arg(&row.kind).arg(&row.actor).arg(index).arg(&row.line);
        }
        self.link.read::<String>("appending to the audit", &call).await.map(drop)
    }

    async fn audit_seq(&self, node: NodeId) -> Result<u64> {
        let mut get = cmd("GET");
        get.arg(self.audit_node(node));
        Ok(self.link.query::<Option<u64>>("asking how far the audit came", &get).await?.unwrap_or(0))
    }

    async fn audit_page(&self, filter: &AuditFilter, from: AuditFrom, limit: usize) -> Result<AuditPage> {
        let mut page = AuditPage::default();
        let mut from = from;
        for _ in 0..PIECES {
            let piece = self.audit_piece(filter, from).await?;
            for entry in &piece.entries {
                let Some(row) = wanted(filter, entry)? else { continue };
                if page.rows.len() == limit {
                    page.next = page.rows.last().map(|r| r.place);
                    return Ok(page);
                }
                page.rows.push(row);
            }
            page.next = piece.looked.filter(|_| !piece.ended);
            let Some(place) = page.next else { break };
            from = match from {
                AuditFrom::Newest | AuditFrom::Before(_) => AuditFrom::Before(place),
                AuditFrom::After(_) => AuditFrom::After(place),
            };
        }
        Ok(page)
    }

    async fn trim_audit(&self, bounds: AuditBounds, now: Timestamp) -> Result<u64> {
        const DOING: &str = "trimming the audit";
        let stream = self.keys.audit("log");
        let keep = u64::try_from(bounds.keep.as_millis()).unwrap_or(u64::MAX);
        let mut trim = cmd("XTRIM");
        trim.arg(&stream).arg("MINID").arg(now.as_millis().saturating_sub(keep));
        let gone: u64 = self.link.query(DOING, &trim).await?;
        let mut size = cmd("MEMORY");
        size.arg("USAGE").arg(&stream);
        let bytes: Option<u64> = self.link.query(DOING, &size).await?;
        let mut length = cmd("XLEN");
        length.arg(&stream);
        let length: u64 = self.link.query(DOING, &length).await?;
        let bytes = bytes.unwrap_or(0).saturating_add(length.saturating_mul(INDEX_ENTRY));
        if bytes <= bounds.max_bytes {
            return Ok(gone);
        }
        // to nine tenths, so that it does not have to be done again at once
        let left = u128::from(length) * u128::from(bounds.max_bytes) * 9 / (u128::from(bytes) * 10);
        let mut trim = cmd("XTRIM");
        trim.arg(&stream).arg("MAXLEN").arg(u64::try_from(left).unwrap_or(u64::MAX));
        Ok(gone + self.link.query::<u64>(DOING, &trim).await?)
    }
}

impl Redis {
    fn audit_node(&self, node: NodeId) -> String {
        self.keys.audit(&format!("n:{node}"))
    }
    fn audit_index(&self, user: UserId) -> String {
        self.keys.audit(&format!("u:{user}"))
    }

    async fn audit_piece(&self, filter: &AuditFilter, from: AuditFrom) -> Result<Piece> {
        let (first, behind) = filter.places();
        match filter.user {
            Some(user) => self.audit_of(user, (first, behind), from).await,
            None => self.audit_of_all((first, behind), from).await,
        }
    }

    async fn audit_of_all(&self, (first, behind): (AuditCursor, AuditCursor), from: AuditFrom) -> Result<Piece> {
        let (name, start, end) = match from {
            AuditFrom::Newest => ("XREVRANGE", format!("({behind}"), first.to_string()),
            AuditFrom::Before(place) => ("XREVRANGE", format!("({}", behind.min(place)), first.to_string()),
            AuditFrom::After(place) if place < first => ("XRANGE", first.to_string(), format!("({behind}")),
            AuditFrom::After(place) => ("XRANGE", format!("({place}"), format!("({behind}")),
        };
        let mut range = cmd(name);
        range.arg(self.keys.audit("log")).arg(start).arg(end).arg("COUNT").arg(PIECE);
        let entries = self.link.query::<StreamRangeReply>(READING, &range).await?.ids;
        let looked = entries.last().map(place_of).transpose()?;
        Ok(Piece { ended: entries.len() < PIECE, entries, looked })
    }

    async fn audit_of(
        &self,
        user: UserId,
        (first, behind): (AuditCursor, AuditCursor),
        from: AuditFrom,
    ) -> Result<Piece> {
        let (name, start, end) = match from {
            AuditFrom::Newest => ("ZREVRANGEBYLEX", format!("({}", member(behind)), format!("[{}", member(first))),
            AuditFrom::Before(place) => {
                ("ZREVRANGEBYLEX", format!("({}", member(behind.min(place))), format!("[{}", member(first)))
            }
            AuditFrom::After(place) if place < first => {
                ("ZRANGEBYLEX", format!("[{}", member(first)), format!("({}", member(behind)))
            }
            AuditFrom::After(place) => ("ZRANGEBYLEX", format!("({}", member(place)), format!("({}", member(behind))),
        };
        let mut call = self.audit.of_user.key(self.keys.audit("log"));
        call.key(self.audit_index(user)).arg(name).arg(start).arg(end).arg(PIECE);
        let (last, many, found): (String, usize, StreamRangeReply) = self.link.read(READING, &call).await?;
        let looked = if last.is_empty() { None } else { Some(place(&last)?) };
        Ok(Piece { entries: found.ids, looked, ended: many < PIECE })
    }
}

/// The row, if the filter wants it; the user's index has already said whose it is.
fn wanted(filter: &AuditFilter, entry: &StreamId) -> Result<Option<AuditEntry>> {
    let at = Timestamp::from_millis(field(entry, "t")?);
    let is = |wanted: &Option<String>, name| match wanted {
        Some(wanted) => Ok(*wanted == field::<String>(entry, name)?),
        None => Ok::<_, StoreError>(true),
    };
    if !filter.covers(at) || !is(&filter.kind, "k")? || !is(&filter.actor, "a")? {
        return Ok(None);
    }
    Ok(Some(AuditEntry { place: place_of(entry)?, line: field(entry, "l")? }))
}

fn field<T: FromRedisValue>(entry: &StreamId, name: &str) -> Result<T> {
    let value = entry.map.get(name).ok_or_else(|| StoreError::corrupt("audit entry", "a field is missing"))?;
    T::from_redis_value(value.clone()).map_err(|e| failed(READING, e.into()))
}

fn place_of(entry: &StreamId) -> Result<AuditCursor> {
    place(&entry.id)
}
fn place(id: &str) -> Result<AuditCursor> {
    id.parse().map_err(|e| StoreError::corrupt("audit entry's id", e))
}

/// Of one length, so that their order as texts is their order.
fn member(place: AuditCursor) -> String {
    format!("{:013}-{:07}", place.ms, place.n)
}

const READING: &str = "reading the audit";
/// Entries that are read at once, and how often in one call.
const PIECE: usize = 500;
const PIECES: usize = 20;
/// Bytes of an entry of an index.
const INDEX_ENTRY: u64 = 48;
