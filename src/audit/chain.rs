//! The hash chain: each line names the SHA-256 of the line before it, so that none can be changed, moved or taken out
//! without every later one showing it; checkpoints are signed, so that nobody without the key can write another chain.
//!
//! ```text
//! line n-1 ── SHA-256 of its bytes, without the line's end ──▶ prev of line n
//! checkpoint = a line with "key" and "sig" at its end; the signature is over all that stands before ,"sig"
//! ```

use super::line::{Fields, Link, PolicyStamp, compose};
use crate::crypto::AuditKeys;
use crate::types::{NodeId, Timestamp};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Before the first line.
pub(super) const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) fn hash(line: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(line))
}

/// The end of a node's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) node: NodeId,
    /// Of the last line.
    pub(super) seq: u64,
    /// Of the last line.
    pub(super) hash: String,
    /// Lines that no checkpoint vouches for yet.
    pub(super) unsigned: u64,
    pub(super) signed_at: Timestamp,
}

impl Chain {
    /// One without a line.
    pub(super) fn new(node: NodeId, now: Timestamp) -> Self {
        Chain { node, seq: 0, hash: NO_LINE.into(), unsigned: 0, signed_at: now }
    }

    /// The next line.
    pub(super) fn link(&mut self, at: Timestamp, fields: &Fields, policy: Option<&PolicyStamp>) -> String {
        let link = Link { node: self.node, seq: self.seq + 1, prev: &self.hash };
        let line = compose(at, &link, fields, policy);
        self.took(&line);
        self.unsigned += 1;
        line
    }

    /// A signed line.
    pub(super) fn checkpoint(&mut self, at: Timestamp, keys: &AuditKeys) -> String {
        let (seq, node) = (self.seq + 1, self.node);
        let head = format!(r#"{{"seq":{seq},"at":"{at}","node":"{node}","event":"checkpoint","#);
        let (mut line, signature) = keys.signed(|key| format!(r#"{head}"prev":"{}","key":"{key}""#, self.hash));
        line.push_str(&format!("{SIGNATURE}{signature}\"}}"));
        self.took(&line);
        (self.unsigned, self.signed_at) = (0, at);
        line
    }

    fn took(&mut self, line: &str) {
        self.seq += 1;
        self.hash = hash(line.as_bytes());
    }
}

/// Stands between what is signed and the signature.
pub(super) const SIGNATURE: &str = r#","sig":""#;

/// A line that somebody vouches for, told in the log and by the API: from it on back, nothing can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub node: NodeId,
    pub seq: u64,
    /// SHA-256 of the checkpoint's own line, in hex.
    pub hash: String,
}
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.node, self.seq, self.hash)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: give it as the log tells it, NODE:NUMBER:HASH")]
pub struct BadCheckpoint;

impl FromStr for Checkpoint {
    type Err = BadCheckpoint;
    fn from_str(s: &str) -> Result<Self, BadCheckpoint> {
        let mut parts = s.trim().split(':');
        let (node, seq, hash) = (parts.next(), parts.next(), parts.next());
        let node = node.and_then(|n| n.parse().ok()).ok_or(BadCheckpoint)?;
        let seq = seq.and_then(|n| n.parse().ok()).ok_or(BadCheckpoint)?;
        let hash = hash.filter(|h| h.len() == NO_LINE.len() && h.bytes().all(|b| b.is_ascii_hexdigit()));
        match parts.next() {
            None => Ok(Checkpoint { node, seq, hash: hash.ok_or(BadCheckpoint)?.to_ascii_lowercase() }),
            Some(_) => Err(BadCheckpoint),
        }
    }
}
