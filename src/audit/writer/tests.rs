//! The writer against files and stores, with a clock of its own.

use super::*;
use crate::audit::line::Said;
use crate::audit::outcome::{Account, Reporter, SignIn};
use crate::audit::verify::{Report, Verifier};
use crate::audit::{FileSettings, Metrics, PolicyStamp, Settings, Source};
use crate::crypto::keys::tests::ring;
use crate::crypto::{AuditKeys, AuditVerifier, KeyRing};
use crate::factor::fake::FakeStore;
use crate::store::audit::{AuditCursor, AuditFilter, AuditFrom};
use crate::store::embedded::Embedded;
use crate::sys::{ManualClock, SystemEntropy};
use crate::types::{ClientIp, UserId};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// One node: its folder, keys, clock and store.
struct Place {
    dir: tempfile::TempDir,
    keys: KeyRing,
    clock: Arc<ManualClock>,
    store: Arc<dyn AuditStore>,
    with_file: bool,
}

impl Place {
    fn new() -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::at(START)));
        Place { dir, keys: ring(), clock, store: Embedded::memory().unwrap(), with_file: true }
    }
    /// Moves the clock forward to this moment.
    fn at(&self, t: Timestamp) {
        self.clock.advance(t.since(self.clock.now()));
    }
    fn file(&self) -> PathBuf {
        self.dir.path().join("audit.jsonl")
    }
    fn open(&self) -> (Arc<Audit>, Writer) {
        let file = FileSettings { path: self.file(), keep: Duration::from_secs(86_400 * 400) };
        let settings = Settings {
            file: Some(file).filter(|_| self.with_file),
            store_keep: Duration::from_secs(86_400 * 30),
            store_max: 1 << 30,
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let parts = Parts { settings, store: self.store.clone(), keys: AuditKeys::new(&self.keys), metrics };
        let (audit, writer) = Audit::open(parts, self.clock.clone(), &SystemEntropy).unwrap();
        audit.policy_is(PolicyStamp { hash: "abc".into(), version: 1 });
        (audit, writer)
    }
    fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(self.file()).unwrap().lines().map(str::to_owned).collect()
    }
    fn verified(&self, files: &[&Path]) -> Report {
        let keys = AuditVerifier::of_jwks(&AuditKeys::new(&self.keys).jwks());
        let mut v = Verifier::new(&keys, vec![], false);
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().enumerate().for_each(|(n, l)| v.take(("f", n as u64 + 1), l.as_bytes()));
        }
        v.finish()
    }
    async fn stored(&self) -> Vec<String> {
        let (filter, mut from, mut all) = (AuditFilter::default(), AuditCursor::START, Vec::new());
        loop {
            let page = self.store.audit_page(&filter, AuditFrom::After(from), 1000).await.unwrap();
            all.extend(page.rows.into_iter().map(|r| r.line));
            match page.next {
                Some(next) => from = next,
                None => return all,
            }
        }
    }
}

fn change(n: u32) -> Event {
    Event::AccountChange {
        source: Source::default(),
        caller: "socket".into(),
        by: Reporter::Socket,
        user: UserId::from_bytes([7; 16]),
        name: format!("user{n}"),
        change: Account::Added,
        reason: None,
    }
}

fn seqs(lines: &[String]) -> Vec<u64> {
    lines.iter().map(|l| Said::by(l.as_bytes()).unwrap().seq).collect()
}

#[tokio::test]
async fn the_numbers_have_no_gap_over_ends_of_every_kind_and_all_verifies() {
    let place = Place::new();
    for run in 0..7 {
        let (audit, mut writer) = place.open();
        (0..700).for_each(|n| audit.record(&change(n), place.clock.now()));
        if run % 2 == 0 {
            writer.finish().await;
        } else {
            while writer.turn(false).await {}
            drop(writer); // as kill -9 leaves it, and half a line behind
            let mut torn = std::fs::OpenOptions::new().append(true).open(place.file()).unwrap();
            std::io::Write::write_all(&mut torn, br#"{"seq":99999,"at""#).unwrap();
        }
        place.clock.advance(Duration::from_secs(30));
    }
    let lines = place.lines();
    assert_eq!(seqs(&lines), (1..=lines.len() as u64).collect::<Vec<_>>());
    assert!(lines.len() > 7 * 700);
    let report = place.verified(&[&place.file()]);
    assert!(report.faults.is_empty() && report.nodes.len() == 1, "{report:?}");
    assert_eq!(place.stored().await, lines);
    let when = regex::Regex::new(r#""at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","#).unwrap();
    assert!(lines.iter().all(|l| when.is_match(l)));
    let stamped = r#""policy":"abc","policy_version":1"#;
    assert!(lines.iter().filter(|l| l.contains("account_change")).all(|l| l.contains(stamped)));
}

#[tokio::test]
async fn a_checkpoint_is_signed_each_minute_with_events() {
    let place = Place::new();
    let (audit, mut writer) = place.open();
    for seconds in [0, 30, 61, 62, 200, 300] {
        place.at(START.plus(Duration::from_secs(seconds)));
        if seconds != 200 {
            audit.record(&change(0), place.clock.now());
        }
        writer.turn(false).await;
    }
    let kinds: Vec<_> = place.lines().iter().map(|l| Said::by(l.as_bytes()).unwrap().event).collect();
    let (e, c) = ("account_change", "checkpoint");
    assert_eq!(kinds, [e, e, e, c, e, c, e, c]);
    assert_eq!(audit.checkpoint().unwrap().seq, 8);
    assert_eq!(place.verified(&[&place.file()]).faults, []);
}

#[tokio::test]
async fn a_full_disk_refuses_and_what_waited_is_written_when_there_is_room() {
    let place = Place::new();
    std::os::unix::fs::symlink("/dev/full", place.file()).unwrap();
    let (audit, mut writer) = place.open();
    assert!(audit.is_writable());
    for n in 0..5 {
        audit.record(&change(n), place.clock.now());
        writer.turn(false).await;
    }
    assert!(!audit.is_writable());
    assert!(matches!(audit.state(), State::Broken(why) if why.contains("No space left")));
    std::fs::remove_file(place.file()).unwrap();
    writer.turn(false).await;
    assert!(audit.is_writable() && audit.state() == State::Good);
    assert_eq!(seqs(&place.lines()), [1, 2, 3, 4, 5]);
    assert_eq!(place.stored().await, place.lines());
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_begun_again_and_its_absence_shows() {
    let place = Place::new();
    let (audit, mut writer) = place.open();
    audit.record(&change(0), place.clock.now());
    writer.turn(false).await;
    let moved = place.dir.path().join("moved");
    std::fs::rename(place.file(), &moved).unwrap();
    audit.record(&change(1), place.clock.now());
    writer.finish().await;
    assert_eq!(place.verified(&[&moved, &place.file()]).faults, []);
    assert_eq!(place.verified(&[&place.file()]).faults.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_away_stops_nothing_while_the_file_is_written() {
    let place = Place { store: Arc::new(FakeStore::default()), ..Place::new() };
    let (audit, mut writer) = place.open();
    audit.record(&change(0), place.clock.now());
    writer.turn(false).await;
    assert!(audit.is_writable() && matches!(audit.state(), State::Behind(_)));
    drop(writer);
    let place = Place { store: Embedded::memory().unwrap(), ..place };
    let (audit, mut writer) = place.open();
    audit.record(&change(1), place.clock.now());
    writer.finish().await;
    assert_eq!(place.stored().await, place.lines());
}

#[tokio::test]
async fn without_a_file_the_store_alone_has_to_work() {
    let place = Place { store: Arc::new(FakeStore::default()), with_file: false, ..Place::new() };
    let (audit, mut writer) = place.open();
    audit.record(&change(0), place.clock.now());
    writer.turn(false).await;
    assert!(!audit.is_writable() && matches!(audit.state(), State::Broken(_)));
    let place = Place { store: Embedded::memory().unwrap(), ..place };
    let (audit, mut writer) = place.open();
    audit.record(&change(0), place.clock.now());
    writer.finish().await;
    assert!(audit.is_writable());
    assert_eq!(seqs(&place.stored().await), [1, 2]);
}

#[tokio::test]
async fn each_day_is_a_file_that_ends_with_a_checkpoint() {
    let place = Place::new();
    let (audit, mut writer) = place.open();
    for day in 0..3 {
        place.at(START.plus(Duration::from_secs(86_400 * day)));
        audit.record(&change(0), place.clock.now());
        writer.turn(false).await;
    }
    writer.finish().await;
    let mut files: Vec<_> = std::fs::read_dir(place.dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
    let days = ["audit-000000000001-2023-11-14.jsonl", "audit-000000000003-2023-11-15.jsonl", "audit.jsonl"];
    assert_eq!(names, days);
    let report = place.verified(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    assert_eq!((report.faults.as_slice(), report.unsigned, report.checkpoints), (&[][..], 0, 3));
}

/// A million failures before a right password, in an hour, by a thousand addresses.
#[tokio::test]
async fn a_flood_of_a_million_failures_fills_neither_file_nor_store() {
    let place = Place::new();
    let path = place.dir.path().join("p.db");
    let place = Place { store: Embedded::open(&path).unwrap(), ..place };
    let (audit, mut writer) = place.open();
    let failure = |n: u64| {
        let from = ClientIp(Ipv4Addr::from(0x0a00_0000 + u32::try_from(n % 1000).unwrap()).into());
        let source = Source { from: Some(from), ..Source::default() };
        // half against one account, half with a thousand names that nobody has
        let (user, login) = match n % 2 {
            0 => (Some(UserId::from_bytes([7; 16])), "alice".to_string()),
            _ => (None, format!("name{}", n / 2 % 1000)),
        };
        Event::SignIn { source, user, login, outcome: SignIn::WrongPassword }
    };
    for n in 0..MILLION {
        let now = START.plus(Duration::from_millis(n * 3600 / 1000));
        audit.record(&failure(n), now);
        if n % 10_000 == 0 {
            place.at(now);
            while writer.turn(false).await {}
        }
    }
    place.at(START.plus(Duration::from_secs(3700)));
    writer.finish().await;
    let (file, lines) = (std::fs::metadata(place.file()).unwrap().len(), place.lines());
    let size = |end: &str| std::fs::metadata(format!("{}{end}", path.display())).map_or(0, |m| m.len());
    let store = size(".audit") + size(".audit-wal");
    let told: u64 = lines.iter().map(|l| counted(l)).sum();
    println!("{MILLION} failures: {} lines, file {file} bytes, store {store} bytes", lines.len());
    assert_eq!(told, MILLION, "every failure is written or counted");
    assert!(lines.len() < 10_000 && file < 5 << 20 && store < 10 << 20, "{} {file} {store}", lines.len());
    assert_eq!(place.verified(&[&place.file()]).faults, []);
    assert_eq!(seqs(&place.stored().await).len(), lines.len());
}

fn counted(line: &str) -> u64 {
    let fields: serde_json::Value = serde_json::from_str(line).unwrap();
    match fields["event"].as_str().unwrap() {
        "sign_in" => 1,
        "failures" => fields["count"].as_u64().unwrap(),
        _ => 0,
    }
}

const MILLION: u64 = 1_000_000;
