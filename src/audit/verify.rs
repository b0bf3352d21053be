//! Whether lines of the audit are as they were written: none changed, moved, added or taken out.
//!
//! Needs public keys only. What stands behind the last checkpoint is held together by the chain, but nobody vouches for
//! it yet; that the end was cut off shows by a checkpoint known from elsewhere, the log or the API.

use super::chain::{Checkpoint, NO_LINE, SIGNATURE, hash};
use super::line::Said;
use crate::crypto::AuditVerifier;
use crate::types::NodeId;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub lines: u64,
    pub checkpoints: u64,
    /// Behind the last checkpoint of their node.
    pub unsigned: u64,
    pub nodes: Vec<NodeReport>,
    /// In the order of the lines; empty: all is as it was written.
    pub faults: Vec<Fault>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    pub node: NodeId,
    pub first: u64,
    pub last: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub file: String,
    /// 0: of the file as a whole.
    pub line: u64,
    pub what: String,
}

/// Takes line after line; files of one node in the order in which they were written.
pub struct Verifier<'a> {
    keys: &'a AuditVerifier,
    known: Vec<Checkpoint>,
    /// The first lines may be missing.
    partial: bool,
    nodes: BTreeMap<NodeId, Seen>,
    report: Report,
}

/// How far a node's chain was followed.
struct Seen {
    first: u64,
    first_at: (String, u64),
    last: u64,
    hash: String,
    unsigned: u64,
    /// Up to which line older files were removed, as the chain itself says.
    trimmed: u64,
    /// The first checkpoint by a key that is not known, with no later one by a known key: that would vouch for it too.
    unknown: Option<((String, u64), String)>,
}

impl<'a> Verifier<'a> {
    /// `known`: checkpoints from elsewhere that have to be in the chain.
    pub fn new(keys: &'a AuditVerifier, known: Vec<Checkpoint>, partial: bool) -> Self {
        Verifier { keys, known, partial, nodes: BTreeMap::new(), report: Report::default() }
    }

    /// `line`: without its end. `place`: the file and the line's number.
    pub fn take(&mut self, place: (&str, u64), line: &[u8]) {
        let Some(said) = Said::by(line) else {
            return self.fault(place, "not a line of the audit");
        };
        self.report.lines += 1;
        let own = hash(line);
        let new = || Seen {
            first: said.seq,
            first_at: (place.0.to_owned(), place.1),
            last: said.seq.wrapping_sub(1),
            hash: said.prev.clone(),
            unsigned: 0,
            trimmed: 0,
            unknown: None,
        };
        let seen = self.nodes.entry(said.node).or_insert_with(new);
        let (wanted, prev) = (seen.last.wrapping_add(1), std::mem::replace(&mut seen.hash, own.clone()));
        seen.last = said.seq;
        seen.unsigned += 1;
        if said.seq != wanted {
            self.fault(
                place,
                format!("number {} where {wanted} belongs: lines are missing, moved or doubled", said.seq),
            );
        } else if said.prev != prev || (said.seq == 1 && said.prev != NO_LINE) {
            self.fault(place, "the line before it is not the one that was there when it was written");
        }
        self.compare_known(place, &said, &own);
        match said.event.as_str() {
            "checkpoint" => self.checkpoint(place, &said, line),
            "trimmed" => self.trimmed(&said, line),
            _ => {}
        }
    }

    /// All were taken.
    pub fn finish(mut self) -> Report {
        for (node, seen) in std::mem::take(&mut self.nodes) {
            let missing = seen.first > 1 && seen.first > seen.trimmed.saturating_add(1);
            if missing && !self.partial {
                let what = format!(
                    "begins with number {}: give the files before it too, or say that they are left out (--partial)",
                    seen.first
                );
                self.fault((&seen.first_at.0, seen.first_at.1), what);
            }
            if let Some(((file, line), key)) = seen.unknown {
                let what = format!("signed with the key {key}, which is not known: give its public key (--keys)");
                self.fault((&file, line), what);
            }
            let cut: Vec<_> = self.known.iter().filter(|k| k.node == node && k.seq > seen.last).cloned().collect();
            for known in cut {
                let what = format!("the chain of {node} ends with {}, before the checkpoint {}", seen.last, known.seq);
                self.fault((&seen.first_at.0, 0), what);
            }
            self.known.retain(|k| k.node != node);
            self.report.unsigned += seen.unsigned;
            self.report.nodes.push(NodeReport { node, first: seen.first, last: seen.last });
        }
        for known in std::mem::take(&mut self.known) {
            self.fault(("", 0), format!("no line of {}, of which a checkpoint is known", known.node));
        }
        self.report
    }

    fn compare_known(&mut self, place: (&str, u64), said: &Said, own: &str) {
        let other = self.known.iter().any(|k| k.node == said.node && k.seq == said.seq && k.hash != own);
        if other {
            self.fault(place, format!("not the checkpoint {} that is known", said.seq));
        }
    }

    fn checkpoint(&mut self, place: (&str, u64), said: &Said, line: &[u8]) {
        let signed = std::str::from_utf8(line).ok().and_then(|l| l.rsplit_once(SIGNATURE));
        let key = serde_json::from_slice::<Value>(line).ok();
        let key = key.as_ref().and_then(|v| v.get("key")?.as_str());
        match (signed.and_then(|(text, s)| Some((text, s.strip_suffix("\"}")?))), key) {
            (Some(_), Some(key)) if !self.keys.knows(key) => {
                if let Some(seen) = self.nodes.get_mut(&said.node) {
                    seen.unknown.get_or_insert(((place.0.to_owned(), place.1), key.to_owned()));
                }
            }
            (Some((text, signature)), Some(key)) if self.keys.check(key, text.as_bytes(), signature) => {
                self.report.checkpoints += 1;
                if let Some(seen) = self.nodes.get_mut(&said.node) {
                    (seen.unsigned, seen.unknown) = (0, None);
                }
            }
            _ => self.fault(place, "a checkpoint that was not signed with the gateway's key"),
        }
    }

    fn trimmed(&mut self, said: &Said, line: &[u8]) {
        let through = serde_json::from_slice::<Value>(line).ok().and_then(|v| v.get("through")?.as_u64());
        if let (Some(seen), Some(through)) = (self.nodes.get_mut(&said.node), through) {
            seen.trimmed = seen.trimmed.max(through);
        }
    }

    fn fault(&mut self, (file, line): (&str, u64), what: impl Into<String>) {
        if self.report.faults.len() < MOST_FAULTS {
            self.report.faults.push(Fault { file: file.to_owned(), line, what: what.into() });
        }
    }
}

/// Of one that is broken all over, the first ones tell enough.
const MOST_FAULTS: usize = 100;

/// The node and number of a file's first line, to bring files into their order.
pub fn first_of(line: &[u8]) -> Option<(NodeId, u64)> {
    Said::by(line).map(|s| (s.node, s.seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::Chain;
    use crate::audit::event::Event;
    use crate::audit::line::Fields;
    use crate::audit::outcome::Node;
    use crate::crypto::AuditKeys;
    use crate::crypto::keys::tests::ring;
    use crate::types::Timestamp;

    fn chain(keys: &AuditKeys, many: u64) -> Vec<String> {
        let at = Timestamp::from_secs(1_700_000_000);
        let mut chain = Chain::new(NodeId::from_bytes([1; 16]), at);
        let fields = Fields::of(&Event::Node { change: Node::Started }, None);
        (1..=many)
            .map(|n| if n % 5 == 0 { chain.checkpoint(at, keys) } else { chain.link(at, &fields, None) })
            .collect()
    }

    fn verified(keys: &AuditKeys, lines: &[String], known: Vec<Checkpoint>) -> Report {
        let keys = AuditVerifier::of_jwks(&keys.jwks());
        let mut v = Verifier::new(&keys, known, false);
        for (n, line) in lines.iter().enumerate() {
            v.take(("a", n as u64 + 1), line.as_bytes());
        }
        v.finish()
    }

    fn known(lines: &[String], seq: u64) -> Checkpoint {
        let hash = hash(lines[usize::try_from(seq).unwrap() - 1].as_bytes());
        format!("{}:{seq}:{hash}", NodeId::from_bytes([1; 16])).parse().unwrap()
    }

    #[test]
    fn an_untouched_chain_is_whole() {
        let keys = AuditKeys::new(&ring());
        let lines = chain(&keys, 12);
        let report = verified(&keys, &lines, vec![known(&lines, 10)]);
        assert_eq!((report.faults.as_slice(), report.lines, report.checkpoints, report.unsigned), (&[][..], 12, 2, 2));
    }

    #[test]
    fn every_change_reorder_and_removal_is_found() {
        let keys = AuditKeys::new(&ring());
        let whole = chain(&keys, 11);
        for n in 0..10 {
            let mut changed = whole.clone();
            changed[n] = changed[n].replace("2023", "2022");
            let mut removed = whole.clone();
            removed.remove(n);
            let mut doubled = whole.clone();
            doubled.insert(n, whole[n].clone());
            let mut moved = whole.clone();
            moved.swap(n, n + 1);
            for lines in [changed, removed, doubled, moved] {
                assert!(!verified(&keys, &lines, vec![]).faults.is_empty(), "line {n} of {lines:#?}");
            }
        }
    }

    #[test]
    fn a_chain_written_anew_without_the_key_is_found() {
        let (keys, other) = (AuditKeys::new(&ring()), AuditKeys::new(&ring()));
        let faults = verified(&keys, &chain(&other, 10), vec![]).faults;
        assert!(faults[0].what.contains("not known"), "{faults:?}");
        let id = |keys: &AuditKeys| keys.signed(str::to_owned).0;
        let forged: Vec<_> = chain(&other, 10).iter().map(|l| l.replace(&id(&other), &id(&keys))).collect();
        assert!(verified(&keys, &forged, vec![]).faults[0].what.contains("not signed"));
    }

    #[test]
    fn a_later_checkpoint_vouches_for_those_of_a_key_that_is_gone() {
        let (gone, keys) = (AuditKeys::new(&ring()), AuditKeys::new(&ring()));
        let at = Timestamp::from_secs(1_700_000_000);
        let fields = Fields::of(&Event::Node { change: Node::Started }, None);
        let mut chain = Chain::new(NodeId::from_bytes([1; 16]), at);
        let mut lines = vec![chain.link(at, &fields, None), chain.checkpoint(at, &gone)];
        assert_eq!(verified(&keys, &lines, vec![]).faults.len(), 1);
        lines.extend([chain.link(at, &fields, None), chain.checkpoint(at, &keys)]);
        let report = verified(&keys, &lines, vec![]);
        assert_eq!((report.faults.as_slice(), report.checkpoints), (&[][..], 1));
    }

    #[test]
    fn a_cut_end_shows_by_a_known_checkpoint() {
        let keys = AuditKeys::new(&ring());
        let lines = chain(&keys, 10);
        assert!(verified(&keys, &lines[..7], vec![]).faults.is_empty());
        assert_eq!(verified(&keys, &lines[..7], vec![known(&lines, 10)]).faults.len(), 1);
        assert_eq!(verified(&keys, &[], vec![known(&lines, 10)]).faults.len(), 1);
        let other = Checkpoint { hash: hash(b"x"), ..known(&lines, 10) };
        assert_eq!(verified(&keys, &lines, vec![other]).faults.len(), 1);
    }
}
