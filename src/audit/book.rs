//! The chain and its file together: writes events as lines, signs checkpoints, begins new files. Blocking.

use super::chain::{Chain, Checkpoint};
use super::event::Event;
use super::file::{FileError, FileSettings, Live};
use super::line::{Fields, PolicyStamp, Said};
use crate::crypto::AuditKeys;
use crate::store::audit::AuditRow;
use crate::types::{NodeId, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// An event that is to be written.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) at: Timestamp,
    pub(super) fields: Fields,
    pub(super) policy: Arc<PolicyStamp>,
}

/// One per node.
pub(super) struct Book {
    chain: Chain,
    keys: AuditKeys,
    /// `None`: the store alone keeps the lines.
    settings: Option<FileSettings>,
    /// `None`: to be opened (again).
    live: Option<Live>,
    /// The last hour in which old files were looked for.
    trimmed: u64,
    /// What reached the file since it was asked for.
    written: Written,
}

/// What came of writing.
#[derive(Default)]
pub(super) struct Written {
    pub(super) rows: Vec<AuditRow>,
    pub(super) checkpoints: Vec<Checkpoint>,
}

impl Book {
    /// Goes on where the file ends. `fresh`: the id of a node whose file begins here. A file that cannot be opened now is
    /// tried again later; one that is not ours to write is an error.
    pub(super) fn open(
        settings: Option<FileSettings>,
        keys: AuditKeys,
        fresh: NodeId,
        now: Timestamp,
    ) -> Result<(Self, Option<FileError>), FileError> {
        let (chain, written) = (Chain::new(fresh, now), Written::default());
        let mut book = Book { chain, keys, settings, live: None, trimmed: 0, written };
        match book.open_file(None, now) {
            Ok(()) => Ok((book, None)),
            Err(e @ FileError::Io { .. }) => Ok((book, Some(e))),
            Err(e) => Err(e),
        }
    }

    pub(super) fn node(&self) -> NodeId {
        self.chain.node
    }
    pub(super) fn seq(&self) -> u64 {
        self.chain.seq
    }
    pub(super) fn has_file(&self) -> bool {
        self.settings.is_some()
    }
    pub(super) fn settings(&self) -> Option<&FileSettings> {
        self.settings.as_ref()
    }

    /// Writes all of it or nothing; `sign`: with a checkpoint, due or not.
    pub(super) fn write(&mut self, batch: &[Waiting], now: Timestamp, sign: bool) -> Result<(), FileError> {
        self.make_room(now)?;
        let due = now.since(self.chain.signed_at) >= MINUTE || sign;
        self.commit(|chain, keys| {
            let mut lines: Vec<_> = batch.iter().map(|w| chain.link(w.at, &w.fields, Some(&w.policy))).collect();
            if due && chain.unsigned > 0 {
                lines.push(chain.checkpoint(now, keys));
            }
            lines
        })
    }

    /// What was written since it was asked for the last time.
    pub(super) fn take_written(&mut self) -> Written {
        std::mem::take(&mut self.written)
    }

    /// Adds lines to chain and file, or to neither.
    fn commit(&mut self, make: impl FnOnce(&mut Chain, &AuditKeys) -> Vec<String>) -> Result<(), FileError> {
        let before = self.chain.clone();
        let lines = make(&mut self.chain, &self.keys);
        if let Err(e) = self.append(&lines) {
            // what reached the file of it is cut off when it is opened again
            (self.chain, self.live) = (before, None);
            return Err(e);
        }
        for line in lines {
            let Some(said) = Said::by(line.as_bytes()) else { continue };
            if said.event == CHECKPOINT {
                let hash = super::chain::hash(line.as_bytes());
                self.written.checkpoints.push(Checkpoint { node: said.node, seq: said.seq, hash });
            }
            self.written.rows.push(said.row(line));
        }
        Ok(())
    }

    fn append(&mut self, lines: &[String]) -> Result<(), FileError> {
        let (Some(settings), false) = (&self.settings, lines.is_empty()) else { return Ok(()) };
        let io = |cause| FileError::Io { path: settings.path.clone(), cause };
        match &mut self.live {
            Some(live) => live.append(lines).map_err(io),
            None => Err(io(std::io::ErrorKind::NotFound.into())),
        }
    }

    /// The file is open and has room: opens it again where it failed or was taken away, ends it where it is full.
    fn make_room(&mut self, now: Timestamp) -> Result<(), FileError> {
        let Some(settings) = self.settings.clone() else { return Ok(()) };
        let io = |cause| FileError::Io { path: settings.path.clone(), cause };
        if self.live.as_ref().is_none_or(|live| !live.is_at(&settings.path)) {
            self.live = None;
            self.open_file(Some(self.chain.seq), now)?;
        }
        if self.live.as_ref().is_some_and(|l| l.is_full(now)) {
            if self.chain.unsigned > 0 {
                self.commit(|chain, keys| vec![chain.checkpoint(now, keys)])?;
            }
            if let Some(full) = self.live.take() {
                settings.set_aside(full).map_err(io)?;
            }
            self.open_file(Some(self.chain.seq), now)?;
        }
        if now.as_secs() / 3600 != self.trimmed {
            self.trimmed = now.as_secs() / 3600;
            if let Some((through, hash)) = settings.trim(now).map_err(io)? {
                let fields = Fields::of(&Event::Trimmed { through, hash }, None);
                self.commit(|chain, _| vec![chain.link(now, &fields, None)])?;
            }
        }
        Ok(())
    }

    fn open_file(&mut self, expected: Option<u64>, now: Timestamp) -> Result<(), FileError> {
        let Some(settings) = &self.settings else { return Ok(()) };
        let (live, tail) = settings.open(expected)?;
        self.live = Some(live);
        if let (None, Some(tail)) = (expected, tail) {
            let (node, seq, hash) = (tail.said.node, tail.said.seq, tail.hash);
            let unsigned = u64::from(tail.said.event != CHECKPOINT);
            self.chain = Chain { node, seq, hash, unsigned, signed_at: now };
            if tail.cut > 0 {
                let fields = Fields::of(&Event::Repaired { bytes: tail.cut }, None);
                self.commit(|chain, _| vec![chain.link(now, &fields, None)])?;
            }
        }
        Ok(())
    }
}

const CHECKPOINT: &str = "checkpoint";
/// A checkpoint each minute with events.
const MINUTE: Duration = Duration::from_secs(60);
