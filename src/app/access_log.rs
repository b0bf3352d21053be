//! The access log: one line a request on stderr, and the counters.
//!
//! Lines are put into a buffer and written by a thread of their own: a request never waits for whoever reads the log.
//! What was buffered when the process is killed is lost, a tenth of a second at most; the audit does not go this way.

use crate::audit::metrics::{Answered, Metrics};
use crate::config::{LogFormat, LogSettings};
use crate::proxy::access::{AccessLog, Finished};
use crate::proxy::engine::tunnel::End;
use crate::sys::{Clock, lock};
use crate::types::AppName;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// One per process.
pub struct Requests {
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    answered: BTreeMap<AppName, Answered>,
    /// Of requests that belonged to no app.
    unrouted: Answered,
    lines: Option<(LogFormat, Arc<Buffer>)>,
}

/// What a line says; the order is the order of its fields.
#[derive(Serialize)]
struct Line<'a> {
    /// Milliseconds since the Unix epoch.
    at: u64,
    target: &'static str,
    method: &'a str,
    path: &'a str,
    status: u16,
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<crate::types::UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<std::net::IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    bytes: u64,
    received: u64,
    ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<crate::types::RequestId>,
}

impl Requests {
    /// Access lines are of the level `info`.
    pub fn new<'a>(
        settings: &LogSettings,
        apps: impl Iterator<Item = &'a AppName>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let lines = match settings.level >= tracing::Level::INFO {
            true => Some((settings.format, Buffer::start()?)),
            false => None,
        };
        let answered = apps.map(|app| (app.clone(), metrics.requests_of(Some(&app.0)))).collect();
        Ok(Requests { answered, unrouted: metrics.requests_of(None), metrics, clock, lines })
    }
}

impl AccessLog for Requests {
    fn finished(&self, r: &Finished<'_>) {
        let app = r.inbound.map(|i| &*i.app.0);
        let answered = r.inbound.and_then(|i| self.answered.get(&i.app)).unwrap_or(&self.unrouted);
        self.metrics.request_finished(answered, r.status, r.took);
        self.metrics.verdict(r.rule, r.verdict);
        let Some((format, buffer)) = &self.lines else { return };
        let (method, path) = (r.method(), r.path());
        let line = Line {
            at: self.clock.now().as_millis(),
            target: "access",
            method: &method,
            path: &path,
            status: r.status,
            verdict: r.verdict,
            app,
            user: r.user,
            rule: r.rule,
            client: r.client.map(|c| c.0),
            end: r.end.map(ended),
            bytes: r.sent,
            received: r.received,
            ms: r.took.as_millis(),
            request_id: r.inbound.map(|i| i.request_id),
        };
        buffer.add(|out| write(out, *format, &line));
    }

    fn untrusted_forward(&self) {
        self.metrics.untrusted_forward_seen();
    }
}

/// How a WebSocket ended.
fn ended(end: End) -> &'static str {
    match end {
        End::Closed => "closed",
        End::Error => "error",
        End::Idle => "idle",
        End::Cut => "cut",
        End::Drain => "drain",
    }
}

fn write(out: &mut Vec<u8>, format: LogFormat, line: &Line<'_>) {
    let written = match format {
        LogFormat::Json => serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from),
        LogFormat::Text => {
            let Line { method, path, status, verdict, ms, bytes, .. } = line;
            write!(out, "access: {status} {method} {path} ({verdict}, {ms} ms, {bytes} bytes")
                .and_then(|()| line.user.map_or(Ok(()), |u| write!(out, ", user {u}")))
                .and_then(|()| line.request_id.map_or(Ok(()), |id| write!(out, ", request {id}")))
                .and_then(|()| write!(out, ")"))
        }
    };
    // a buffer in memory takes everything; were it otherwise, the line would only be short
    let _ = written;
    out.push(b'\n');
}

/// Lines that wait for their thread.
struct Buffer {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
}

impl Buffer {
    fn start() -> std::io::Result<Arc<Self>> {
        let buffer = Arc::new(Buffer { waiting: Mutex::default(), filled: Condvar::new() });
        let writer = buffer.clone();
        std::thread::Builder::new().name("access-log".to_string()).spawn(move || writer.run())?;
        Ok(buffer)
    }

    fn add(&self, line: impl FnOnce(&mut Vec<u8>)) {
        let mut waiting = lock(&self.waiting);
        if waiting.bytes.len() > LIMIT {
            waiting.dropped += 1;
            return;
        }
        let before = waiting.bytes.len();
        line(&mut waiting.bytes);
        if before < WRITE_AT && waiting.bytes.len() >= WRITE_AT {
            self.filled.notify_one();
        }
    }

    fn run(&self) {
        let mut writing = Vec::new();
        loop {
            let mut waiting = lock(&self.waiting);
            if waiting.bytes.len() < WRITE_AT {
                let woken = self.filled.wait_timeout(waiting, WRITE_AFTER);
                waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            std::mem::swap(&mut writing, &mut waiting.bytes);
            let dropped = std::mem::take(&mut waiting.dropped);
            drop(waiting);
            if dropped > 0 {
                tracing::warn!(dropped, "access lines dropped: nobody reads the log fast enough");
            }
            // nobody is left to tell that stderr is closed
            let _ = std::io::stderr().lock().write_all(&writing);
            writing.clear();
        }
    }
}

/// A batch is written when it is this large or this old.
const WRITE_AT: usize = 32 * 1024;
const WRITE_AFTER: Duration = Duration::from_millis(100);
/// More than this is not kept for a reader that stands still.
const LIMIT: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line<'static> {
        Line {
            at: 1,
            target: "access",
            method: "GET",
            path: "/a",
            status: 200,
            verdict: "pass",
            app: Some("x"),
            user: None,
            rule: None,
            client: None,
            end: None,
            bytes: 1,
            received: 0,
            ms: 3,
            request_id: None,
        }
    }

    #[test]
    fn a_line_is_one_line_in_both_formats() {
        for (format, want) in [
            (LogFormat::Text, "access: 200 GET /a (pass, 3 ms, 1 bytes)\n".to_string()),
            (
                LogFormat::Json,
                concat!(
                    r#"{"at":1,"target":"access","method":"GET","path":"/a","status":200,"verdict":"pass","app":"x","#,
                    r#""bytes":1,"received":0,"ms":3}"#,
                    "\n"
                )
                .to_string(),
            ),
        ] {
            let mut out = Vec::new();
            write(&mut out, format, &line());
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }

    #[test]
    fn a_reader_that_stands_still_costs_lines_and_not_memory() {
        let buffer = Buffer { waiting: Mutex::default(), filled: Condvar::new() };
        for _ in 0..3 {
            buffer.add(|out| out.resize(out.len() + LIMIT, b'x'));
        }
        let waiting = buffer.waiting.lock().unwrap();
        assert_eq!((waiting.bytes.len(), waiting.dropped), (2 * LIMIT, 1));
    }
}
