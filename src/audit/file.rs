//! The audit's file: lines are added to its end and reach the disk before the next ones; nothing in it is ever changed.
//!
//! A day, or 64 MiB, is one file: then it is renamed to `NAME-FIRST-DAY.EXT` and a new one begins. What a killed process
//! or a full disk left of a line is cut off when the file is opened again. One process has it open at a time.

use super::chain::hash;
use super::line::Said;
use crate::types::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where it lies and for how long old files stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    pub path: PathBuf,
    pub keep: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the audit's file {} is written by another process: give each gateway its own (audit.file)", .0.display())]
    InUse(PathBuf),
    #[error("{} is not a file of the audit: name another one (audit.file), or move it away", .0.display())]
    NotOurs(PathBuf),
    #[error("the audit's file {} cannot be written", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

/// The end of what is there.
pub(super) struct Tail {
    pub(super) said: Said,
    pub(super) hash: String,
    /// Bytes of an unfinished line that were cut off.
    pub(super) cut: u64,
}

/// The file that lines are added to.
pub(super) struct Live {
    file: File,
    inode: u64,
    len: u64,
    /// Number and time of its first line.
    first: Option<(u64, Timestamp)>,
}

impl FileSettings {
    /// Opens it, makes it where there is none. `expected`: lines after this number are cut off, for they were not
    /// acknowledged; `None`: whatever is whole counts.
    pub(super) fn open(&self, expected: Option<u64>) -> Result<(Live, Option<Tail>), FileError> {
        let io = |cause| FileError::Io { path: self.path.clone(), cause };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path).map_err(io)?;
        match locked(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FileError::InUse(self.path.clone())),
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        let meta = file.metadata().map_err(io)?;
        let (mut len, mut tail) = (meta.len(), None);
        if len > 0 {
            let (end, found) = end_of(&mut file, len, expected).map_err(io)?;
            if found.is_none() && !begins_as_ours(&mut file).map_err(io)? {
                return Err(FileError::NotOurs(self.path.clone()));
            }
            if end < len {
                file.set_len(end).and_then(|()| file.sync_all()).map_err(io)?;
            }
            tail = found.map(|(said, hash)| Tail { said, hash, cut: len - end });
            len = end;
        }
        let first = first_line(&mut file).map_err(io)?;
        if tail.is_none() && expected.is_none() {
            tail = self.tail_of_newest_segment().map_err(io)?;
        }
        Ok((Live { file, inode: meta.ino(), len, first }, tail))
    }

    /// Gives the full file its own name; the next `open` makes a new one.
    pub(super) fn set_aside(&self, live: Live) -> io::Result<()> {
        let Some((seq, at)) = live.first else { return Ok(()) };
        std::fs::rename(&self.path, self.segment(seq, at))?;
        sync_folder(&self.path)
    }

    /// Removes old files whose time is over; the number and hash of the last line that is gone.
    pub(super) fn trim(&self, now: Timestamp) -> io::Result<Option<(u64, String)>> {
        let mut gone = None;
        for (_, day, path) in self.segments()? {
            // a day's last line is as young as the next day's first
            let ends = day.parse::<Timestamp>().unwrap_or(now).plus(DAY);
            if ends.plus(self.keep) > now {
                break;
            }
            let (mut file, len) = (File::open(&path)?, std::fs::metadata(&path)?.len());
            gone = end_of(&mut file, len, None)?.1.map(|(said, hash)| (said.seq, hash)).or(gone);
            std::fs::remove_file(&path)?;
        }
        if gone.is_some() {
            sync_folder(&self.path)?;
        }
        Ok(gone)
    }

    /// Lines after the number `after`, the newest `most` of those in the present file.
    pub(super) fn lines_after(&self, after: u64, most: usize) -> io::Result<Vec<String>> {
        let mut lines = std::collections::VecDeque::new();
        for line in BufReader::new(File::open(&self.path)?).lines() {
            let line = line?;
            if Said::by(line.as_bytes()).is_some_and(|s| s.seq > after) {
                lines.push_back(line);
                if lines.len() > most {
                    lines.pop_front();
                }
            }
        }
        Ok(lines.into())
    }

    fn tail_of_newest_segment(&self) -> io::Result<Option<Tail>> {
        let Some((_, _, path)) = self.segments()?.pop() else { return Ok(None) };
        let (mut file, len) = (File::open(&path)?, std::fs::metadata(&path)?.len());
        Ok(end_of(&mut file, len, None)?.1.map(|(said, hash)| Tail { said, hash, cut: 0 }))
    }

    fn segment(&self, first: u64, at: Timestamp) -> PathBuf {
        let (stem, end) = self.around();
        let day = at.to_string().chars().take(10).collect::<String>();
        self.path.with_file_name(format!("{stem}{first:012}-{day}{end}"))
    }

    /// Number of the first line, day and path of each, the oldest first.
    fn segments(&self) -> io::Result<Vec<(u64, String, PathBuf)>> {
        let (stem, end) = self.around();
        let mut all = Vec::new();
        for entry in std::fs::read_dir(folder_of(&self.path))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let middle = name.strip_prefix(&stem).and_then(|n| n.strip_suffix(&end));
            let Some((first, day)) = middle.and_then(|m| m.split_once('-')) else { continue };
            if let (Ok(first), Ok(_)) = (first.parse(), day.parse::<Timestamp>()) {
                all.push((first, day.to_owned(), entry.path()));
            }
        }
        all.sort();
        Ok(all)
    }

    /// What stands before and behind number and day.
    fn around(&self) -> (String, String) {
        let text = |s: Option<&std::ffi::OsStr>| s.map(|s| s.to_string_lossy().into_owned());
        let stem = text(self.path.file_stem()).unwrap_or_default();
        (format!("{stem}-"), text(self.path.extension()).map(|e| format!(".{e}")).unwrap_or_default())
    }
}

impl Live {
    /// Adds whole lines and waits for the disk.
    pub(super) fn append(&mut self, lines: &[String]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.len += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.first.is_none() {
            self.first = lines.first().and_then(|l| Said::by(l.as_bytes())).map(|s| (s.seq, s.at));
        }
        Ok(())
    }

    /// Another day has begun, or it is large.
    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        let another_day = |(_, at): (u64, Timestamp)| at.as_secs() / DAY.as_secs() != now.as_secs() / DAY.as_secs();
        self.len >= LARGEST || self.first.is_some_and(another_day)
    }

    /// Nobody has put another file into its place, or taken it away.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|m| m.ino() == self.inode)
    }
}

/// A process that was just killed, or a child that has not become its own program yet, lets go in a moment.
fn locked(file: &File) -> Result<(), TryLockError> {
    for _ in 0..20 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => moment(),
            done => return done,
        }
    }
    file.try_lock()
}

#[expect(clippy::disallowed_methods, reason = "called at start, or on a thread that may block")]
fn moment() {
    std::thread::sleep(Duration::from_millis(25));
}

/// Where the last whole line that counts ends, and what it says.
fn end_of(file: &mut File, len: u64, expected: Option<u64>) -> io::Result<(u64, Option<(Said, String)>)> {
    let start = len.saturating_sub(WINDOW);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    Read::by_ref(file).take(WINDOW).read_to_end(&mut bytes)?;
    let mut end = bytes.len();
    while end > 0 {
        let whole = bytes.get(..end).unwrap_or_default();
        let Some(body) = whole.strip_suffix(b"\n") else {
            end = whole.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            continue;
        };
        let begins = body.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = body.get(begins..).unwrap_or_default();
        match Said::by(line).filter(|s| expected.is_none_or(|e| s.seq <= e)) {
            Some(said) => return Ok((start + u64::try_from(end).unwrap_or(0), Some((said, hash(line))))),
            None => end = begins,
        }
    }
    Ok((start.min(len), None))
}

/// The file begins with a line of ours, or with what a killed process or a power cut may leave of one.
fn begins_as_ours(file: &mut File) -> io::Result<bool> {
    const BEGINS: &[u8] = b"{\"seq\":";
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(WINDOW).read_to_end(&mut bytes)?;
    let torn = !bytes.contains(&b'\n') && bytes.iter().zip(BEGINS).all(|(a, b)| a == b);
    Ok(torn || bytes.iter().all(|b| *b == 0) || first_line(file)?.is_some())
}

fn first_line(file: &mut File) -> io::Result<Option<(u64, Timestamp)>> {
    file.seek(SeekFrom::Start(0))?;
    let mut line = Vec::new();
    // no longer than the file says it is: a device has no end
    let len = file.metadata()?.len();
    BufReader::new(Read::by_ref(file).take(len.min(WINDOW))).read_until(b'\n', &mut line)?;
    Ok(Said::by(line.strip_suffix(b"\n").unwrap_or(&line)).map(|s| (s.seq, s.at)))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(folder_of(path))?.sync_all() {
        // not every file system can
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

const DAY: Duration = Duration::from_secs(86_400);
/// Bytes of one file.
const LARGEST: u64 = 64 << 20;
/// In the last so many bytes the last whole line is looked for; more than is ever written at once.
const WINDOW: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::Chain;
    use crate::audit::event::Event;
    use crate::audit::line::Fields;
    use crate::audit::outcome::Node;
    use crate::types::NodeId;

    const AT: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn settings(dir: &tempfile::TempDir) -> FileSettings {
        FileSettings { path: dir.path().join("audit.jsonl"), keep: DAY * 2 }
    }

    fn lines(many: u64) -> Vec<String> {
        let mut chain = Chain::new(NodeId::from_bytes([1; 16]), AT);
        let fields = Fields::of(&Event::Node { change: Node::Started }, None);
        (0..many).map(|_| chain.link(AT, &fields, None)).collect()
    }

    #[test]
    fn a_line_that_was_not_finished_is_cut_off_at_every_byte() {
        let dir = tempfile::tempdir().unwrap();
        let s = settings(&dir);
        let all = lines(3);
        let (mut live, none) = s.open(None).unwrap();
        assert!(none.is_none());
        live.append(&all[..2]).unwrap();
        drop(live);
        let whole = std::fs::read(&s.path).unwrap();
        for torn in 0..all[2].len() {
            std::fs::write(&s.path, [&whole, &all[2].as_bytes()[..torn]].concat()).unwrap();
            let (_, tail) = s.open(None).unwrap();
            let tail = tail.unwrap();
            assert_eq!((tail.said.seq, tail.hash, tail.cut), (2, hash(all[1].as_bytes()), torn as u64));
            assert_eq!(std::fs::read(&s.path).unwrap(), whole);
        }
        for torn in 0..all[0].len() {
            std::fs::write(&s.path, &all[0].as_bytes()[..torn]).unwrap();
            assert!(s.open(None).unwrap().1.is_none(), "{torn}");
        }
    }

    #[test]
    fn what_was_not_acknowledged_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let s = settings(&dir);
        s.open(None).unwrap().0.append(&lines(5)).unwrap();
        let tail = s.open(Some(3)).unwrap().1.unwrap();
        assert_eq!(tail.said.seq, 3);
        assert_eq!(std::fs::read_to_string(&s.path).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_file_of_something_else_or_of_another_process_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let s = settings(&dir);
        for other in ["notes\n", "notes", "{}\n", "{\"a\":1}\n{\"b\""] {
            std::fs::write(&s.path, other).unwrap();
            assert!(matches!(s.open(None), Err(FileError::NotOurs(_))), "{other:?}");
            assert_eq!(std::fs::read_to_string(&s.path).unwrap(), other);
        }
        std::fs::remove_file(&s.path).unwrap();
        let _first = s.open(None).unwrap();
        assert!(matches!(s.open(None), Err(FileError::InUse(_))));
    }

    #[test]
    fn a_day_is_a_file_and_the_oldest_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let s = settings(&dir);
        let mut chain = Chain::new(NodeId::from_bytes([1; 16]), AT);
        let fields = Fields::of(&Event::Node { change: Node::Started }, None);
        let mut last = Vec::new();
        for day in 0..5 {
            let now = AT.plus(DAY * day);
            let (mut live, tail) = s.open(None).unwrap();
            assert_eq!(tail.map(|t| t.said.seq).unwrap_or(0), u64::from(day));
            let line = chain.link(now, &fields, None);
            last.push(hash(line.as_bytes()));
            live.append(&[line]).unwrap();
            assert!(!live.is_full(now) && live.is_full(now.plus(DAY)));
            s.set_aside(live).unwrap();
        }
        assert_eq!(s.segments().unwrap().len(), 5);
        assert_eq!(s.trim(AT).unwrap(), None);
        assert_eq!(s.trim(AT.plus(DAY * 5)).unwrap(), Some((3, last[2].clone())));
        assert_eq!(s.segments().unwrap().len(), 2);
    }
}
