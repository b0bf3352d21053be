//! The audit record: who did what to whom, from where, and how it ended; and the metrics beside it.
//!
//! Never a secret, never a whole cookie: the events have no field that could hold one. What a visitor typed is cut and
//! escaped here and nowhere else, so that one event stays one line (CWE-117).

pub mod clean;
pub mod event;
pub mod metrics;
pub mod outcome;

pub use event::{Event, Source};
pub use metrics::Metrics;
#[cfg_attr(
    not(test),
    expect(
        unused_imports,
        reason = "the words of flows that are on their way: backup codes, devices, throttles, keys"
    )
)]
pub use outcome::{
    Account, BackupCodes, Challenge, Device, Enrolment, Keys, Limit, Mfa, Node, PolicyChange, Reporter, SignIn,
};

use crate::types::Timestamp;
use serde_json::Value;

/// Where events are written to. One per process.
#[derive(Debug, Default)]
pub struct Audit {}

impl Audit {
    pub fn new() -> Self {
        Audit {}
    }

    /// Writes one event as one line. `at`: when it happened, by the caller's clock.
    pub fn record(&self, event: &Event, at: Timestamp) {
        write_line(&Line::of(event), at);
    }
}

/// An event as flat text fields, cleaned.
struct Line(serde_json::Map<String, Value>);

impl Line {
    fn of(event: &Event) -> Self {
        let fields = match serde_json::to_value(event) {
            Ok(Value::Object(fields)) => fields,
            // An event is plain data with text keys; were this wrong, the line below would show it as an empty one.
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        Line(fields.into_iter().map(|(k, v)| (k, cleaned(v))).collect())
    }
    fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

fn cleaned(v: Value) -> Value {
    match v {
        Value::String(s) => Value::String(clean::text(&s).into_owned()),
        Value::Bool(b) => Value::String(b.to_string()),
        Value::Number(n) => Value::String(n.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => v,
    }
}

/// Every field that an event may have: a test holds this list against the events.
#[cfg(test)]
const FIELDS: [&str; 25] = [
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
];

fn write_line(line: &Line, at: Timestamp) {
    tracing::info!(
        target: "audit",
        at = at.as_millis(),
        event = line.field("event"),
        outcome = line.field("outcome"),
        user = line.field("user"),
        name = line.field("name"),
        login = line.field("login"),
        by = line.field("by"),
        from = line.field("from"),
        app = line.field("app"),
        session = line.field("session"),
        request = line.field("request"),
        factor = line.field("factor"),
        change = line.field("change"),
        cookie = line.field("cookie"),
        everywhere = line.field("everywhere"),
        count = line.field("count"),
        rule = line.field("rule"),
        reason = line.field("reason"),
        left = line.field("left"),
        device = line.field("device"),
        limit = line.field("limit"),
        until = line.field("until"),
        key = line.field("key"),
        method = line.field("method"),
        path = line.field("path"),
        status = line.field("status"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{AppName, ClientIp, RequestId, SecondFactor, SessionId, UserId};
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
                user,
                name: "mia".into(),
                change: Account::MfaReset,
                reason: Some("lost phone".into()),
            },
            Event::Policy { by: Reporter::File, change: PolicyChange::Rejected, reason: Some("line 1".into()) },
            Event::Keys { by: Reporter::Offline, key: "abcd".into(), change: Keys::Retired },
            Event::ApiCall {
                source,
                by: Reporter::Api,
                method: "PUT".into(),
                path: "/api/v1/users/x".into(),
                status: 204,
            },
            Event::Node { change: Node::Started },
        ]
    }

    #[test]
    fn every_field_of_every_event_is_written() {
        for event in every_event() {
            let out: Value = serde_json::from_str(&written(&event)).unwrap();
            for (field, value) in Line::of(&event).0 {
                assert!(FIELDS.contains(&field.as_str()), "{field} of {event:?} is not in the list");
                assert_eq!(out.get(&field), Some(&value), "{field} of {event:?}");
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
