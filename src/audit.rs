//! The audit record: who did what to whom, from where, and how it ended; and the metrics beside it.
//!
//! Never a secret, never a whole cookie: the events have no field that could hold one. What a visitor typed is cut and
//! escaped here and nowhere else, so that one event stays one line (CWE-117).
//!
//! An event goes to the log at once, then through a bounded queue to the node's hash chain in a file ([`writer`], `book`,
//! `chain`) and to the store, where it can be searched. Whoever does what must not happen unrecorded asks
//! [`Audit::is_writable`] before.

mod book;
mod chain;
pub mod clean;
pub mod event;
pub mod export;
mod file;
mod flood;
mod line;
pub mod metrics;
mod ocsf;
pub mod outcome;
mod queue;
pub mod verify;
pub mod writer;

pub use crate::store::StoreError as ReadError;
pub use crate::store::audit::{AuditCursor, AuditEntry, AuditFilter, AuditFrom, AuditPage};
pub use chain::Checkpoint;
pub use event::{Event, Source};
pub use file::{FileError, FileSettings};
pub use line::PolicyStamp;
pub use metrics::Metrics;
pub use outcome::{
    Account, Alarm, BackupCodes, Challenge, Device, Enrolment, Keys, Limit, Mfa, Node, OrderChange, PolicyChange,
    Reporter, SignIn, Token,
};
pub use queue::State;
pub use writer::Writer;

use crate::crypto::AuditKeys;
use crate::store::audit::AuditStore;
use crate::store::{Result, StoreError};
use crate::sys::{Clock, Entropy, lock};
use crate::types::Timestamp;
use arc_swap::ArcSwap;
use book::Waiting;
use flood::Flood;
use line::Fields;
use queue::Queue;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Where events go and for how long they stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `None`: the store alone keeps them.
    pub file: Option<FileSettings>,
    pub store_keep: Duration,
    /// Bytes.
    pub store_max: u64,
}

/// What an audit is made of.
pub struct Parts {
    pub settings: Settings,
    pub store: Arc<dyn AuditStore>,
    pub keys: AuditKeys,
    pub metrics: Arc<Metrics>,
}

/// Takes events. One per process.
pub struct Audit {
    keys: Option<AuditKeys>,
    store: Option<Arc<dyn AuditStore>>,
    metrics: Option<Arc<Metrics>>,
    flood: Mutex<Flood>,
    policy: ArcSwap<PolicyStamp>,
    /// Nobody takes from it where there is no writer.
    queue: Queue,
    checkpoint: Mutex<Option<Checkpoint>>,
}

impl Audit {
    /// To the log only.
    #[cfg(test)]
    pub fn new() -> Self {
        Self::of(None, None, None)
    }

    /// With the writer that has to run beside it.
    pub fn open(
        parts: Parts,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> std::result::Result<(Arc<Self>, Writer), FileError> {
        let (keys, store) = (parts.keys.clone(), parts.store.clone());
        let audit = Arc::new(Self::of(Some(keys), Some(store), Some(parts.metrics.clone())));
        let writer = Writer::open(audit.clone(), parts, clock, entropy)?;
        Ok((audit, writer))
    }

    fn of(keys: Option<AuditKeys>, store: Option<Arc<dyn AuditStore>>, metrics: Option<Arc<Metrics>>) -> Self {
        Audit {
            keys,
            store,
            metrics,
            flood: Mutex::default(),
            policy: ArcSwap::default(),
            queue: Queue::default(),
            checkpoint: Mutex::default(),
        }
    }

    /// Takes one event. `at`: when it happened, by the caller's clock. Failures before a right password are written up to
    /// a number a minute and counted beyond it.
    pub fn record(&self, event: &Event, at: Timestamp) {
        self.roll(at);
        if self.flood().admits(event) {
            self.put(event, at);
        } else {
            self.metrics.iter().for_each(|m| m.audit_counted());
        }
    }

    /// The policy that events from now on happen under.
    pub fn policy_is(&self, stamp: PolicyStamp) {
        self.policy.store(Arc::new(stamp));
    }

    /// Whether what happens now can be recorded. Asked before a sign-in, a challenge, an enrolment, a change of an
    /// account; cheap.
    pub fn is_writable(&self) -> bool {
        self.queue.is_writable()
    }
    pub fn state(&self) -> State {
        self.queue.state()
    }

    /// What the store has of it.
    pub async fn page(&self, filter: &AuditFilter, from: AuditFrom, limit: usize) -> Result<AuditPage> {
        match &self.store {
            Some(store) => store.audit_page(filter, from, limit).await,
            None => Err(StoreError::unavailable("reading the audit", "no store keeps it")),
        }
    }
    /// The public keys that checkpoints are checked with (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.as_ref().map(AuditKeys::jwks).unwrap_or_default()
    }
    /// The last one that this process signed.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        lock(&self.checkpoint).clone()
    }

    /// What was only counted in the minute before.
    fn roll(&self, now: Timestamp) {
        let rolled = self.flood().roll(now);
        if let Some((at, events)) = rolled {
            events.iter().for_each(|e| self.put(e, at));
        }
    }

    fn put(&self, event: &Event, at: Timestamp) {
        let waiting = self.prepared(event, at);
        write_to_log(&waiting.fields, at);
        if self.store.is_some() && !self.queue.push(waiting) {
            tracing::error!("an audit event had to be thrown away: too many wait to be written");
        }
    }

    fn prepared(&self, event: &Event, at: Timestamp) -> Waiting {
        Waiting { at, fields: Fields::of(event, self.keys.as_ref()), policy: self.policy.load_full() }
    }

    fn flood(&self) -> MutexGuard<'_, Flood> {
        lock(&self.flood)
    }
}

/// Every field that an event may have: a test holds this list against the events.
#[cfg(test)]
const FIELDS: [&str; 32] = [
    "event",
    "outcome",
    "user",
    "name",
    "login",
    "by",
    "from",
    "app",
    "session",
    "request",
    "factor",
    "change",
    "cookie",
    "everywhere",
    "count",
    "rule",
    "reason",
    "left",
    "device",
    "limit",
    "until",
    "key",
    "method",
    "path",
    "status",
    "of",
    "bytes",
    "through",
    "hash",
    "order",
    "case",
    "caller",
];

fn write_to_log(fields: &Fields, at: Timestamp) {
    tracing::info!(
        target: "audit",
        at = at.as_millis(),
        event = fields.text("event"),
        outcome = fields.text("outcome"),
        user = fields.text("user"),
        name = fields.text("name"),
        login = fields.text("login"),
        by = fields.text("by"),
        caller = fields.text("caller"),
        from = fields.text("from"),
        app = fields.text("app"),
        session = fields.text("session"),
        request = fields.text("request"),
        factor = fields.text("factor"),
        change = fields.text("change"),
        cookie = fields.text("cookie"),
        everywhere = fields.text("everywhere"),
        count = fields.text("count"),
        rule = fields.text("rule"),
        reason = fields.text("reason"),
        order = fields.text("order"),
        case = fields.text("case"),
        left = fields.text("left"),
        device = fields.text("device"),
        limit = fields.text("limit"),
        until = fields.text("until"),
        key = fields.text("key"),
        method = fields.text("method"),
        path = fields.text("path"),
        status = fields.text("status"),
        of = fields.text("of"),
        bytes = fields.text("bytes"),
        through = fields.text("through"),
        hash = fields.text("hash"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{AppName, ClientIp, RequestId, SecondFactor, SessionId, UserId};
    use serde_json::Value;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl Write for Sink {
        fn write(&mut self, b: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(b);
            Ok(b.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(event: &Event) -> String {
        let sink = Sink::default();
        let to = sink.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || to.clone()).finish();
        tracing::subscriber::with_default(subscriber, || Audit::new().record(event, Timestamp::from_secs(7)));
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const AT: Timestamp = Timestamp::from_secs(9);

    fn source() -> Source {
        Source {
            from: Some(ClientIp([192, 0, 2, 1].into())),
            app: Some(AppName("intranet".into())),
            session: Some(SessionId::from_bytes([2; 16])),
            request: Some(RequestId::from_bytes([3; 16])),
            rule: Some("admin area".into()),
        }
    }

    fn every_event() -> Vec<Event> {
        let (user, source) = (UserId::from_bytes([1; 16]), source());
        vec![
            Event::SignIn {
                source: source.clone(),
                user: Some(user),
                login: "mia".into(),
                outcome: SignIn::WrongPassword,
            },
            Event::SignOut { source: source.clone(), user, everywhere: true, by: Reporter::Person },
            Event::Challenge { source: source.clone(), user, factor: SecondFactor::Totp, outcome: Challenge::Replayed },
            Event::Enrolment {
                source: source.clone(),
                user,
                factor: SecondFactor::Totp,
                outcome: Enrolment::Confirmed,
            },
            Event::BackupCodes { source: source.clone(), user, change: BackupCodes::Spent { left: 3 } },
            Event::Device { source: source.clone(), user, device: "d".into(), change: Device::Theft },
            Event::Mfa { source: source.clone(), user, change: Mfa::Replaced },
            Event::Throttle { source: source.clone(), user: Some(user), limit: Limit::TotpCodes, until: Some(AT) },
            Event::DuplicateCookie { source: source.clone(), cookie: "__Host-x".into(), count: 2 },
            Event::AccountChange {
                source: source.clone(),
                by: Reporter::Socket,
                caller: "socket".into(),
                user,
                name: "mia".into(),
                change: Account::MfaReset,
                reason: Some("lost phone".into()),
            },
        ]
    }

    fn every_event_of_operators() -> Vec<Event> {
        vec![
            Event::Policy { by: Reporter::File, change: PolicyChange::Rejected, reason: Some("line 1".into()) },
            Event::Keys { by: Reporter::Offline, key: "abcd".into(), change: Keys::Retired },
            Event::Disconnect {
                by: Reporter::Api,
                name: "soc".into(),
                key: "o".into(),
                change: OrderChange::Placed,
                order: "{}".into(),
                reason: Some("alert".into()),
                case: Some("INC-1".into()),
            },
            Event::ApiCall {
                source: source(),
                by: Reporter::Api,
                caller: Some("token:soc".into()),
                method: "PUT".into(),
                path: "/api/v1/users/x".into(),
                status: 204,
                reason: Some("wrong token"),
            },
            Event::Token {
                by: Reporter::Api,
                caller: "token:soc".into(),
                key: "t".into(),
                name: "siem".into(),
                change: Token::Created,
            },
            Event::Alarm {
                by: Reporter::Api,
                caller: "token:soc".into(),
                limit: Alarm::UsersPerHour,
                count: 100,
                until: AT,
            },
            Event::Node { change: Node::Started },
            Event::Failures { source: Source::default(), of: "sign_in", user: None, count: 5 },
            Event::Lost { count: 5 },
            Event::Repaired { bytes: 5 },
            Event::Trimmed { through: 5, hash: "00".into() },
        ]
    }

    #[test]
    fn every_field_of_every_event_is_written() {
        for event in every_event().into_iter().chain(every_event_of_operators()) {
            let out: Value = serde_json::from_str(&written(&event)).unwrap();
            let fields = Fields::of(&event, None);
            for field in fields.all().keys() {
                assert!(FIELDS.contains(&field.as_str()), "{field} of {event:?} is not in the list");
                assert_eq!(
                    out.get(field).and_then(Value::as_str),
                    fields.text(field).as_deref(),
                    "{field} of {event:?}"
                );
            }
            assert_eq!(out.get("at"), Some(&Value::from(7000)));
        }
    }

    #[test]
    fn what_a_stranger_types_stays_in_one_short_line() {
        for typed in ["a\r\n2026 admin ok", "\x1b[2J", "\u{202e}nimda", "a\0b", &"x".repeat(1_000_000)] {
            let event =
                Event::SignIn { source: source(), user: None, login: typed.into(), outcome: SignIn::UnknownUser };
            let line = written(&event);
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(line.len() < 1024 && line.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line}");
        }
    }
}
