//! One line for each request, on the tracing target `access`. No query, no cookie, no header, no secret.

use super::engine::tunnel::Report;
use super::gateway::Context;
use crate::sys::lease;
use crate::types::{ClientIp, Inbound, UserId};
use http::Method;
use pingora::proxy::Session;
use std::sync::Arc;

/// What the line of a request says besides what only its end knows.
#[derive(Clone, Debug)]
pub struct Line {
    started: u64,
    pub verdict: &'static str,
    pub user: Option<UserId>,
    pub rule: Option<Arc<str>>,
}

/// What is known at the end.
struct End<'a> {
    status: u16,
    bytes: u64,
    received: u64,
    inbound: Option<&'a Inbound>,
    client: Option<ClientIp>,
    method: &'a Method,
    path: &'a str,
}

impl Line {
    pub fn begin() -> Self {
        Line { started: lease::now(), verdict: "malformed", user: None, rule: None }
    }

    /// Of an ordinary exchange, when it is over.
    pub fn exchange(&self, s: &Session, ctx: &Context, failed: Option<u16>) {
        let written = s.response_written().map(|r| r.status.as_u16());
        let req = s.req_header();
        self.write(&End {
            status: written.or(failed).unwrap_or(0), // 0: the client went away before an answer
            bytes: u64::try_from(s.body_bytes_sent()).unwrap_or(0),
            received: u64::try_from(s.body_bytes_read()).unwrap_or(0),
            inbound: ctx.inbound().map(|i| &**i),
            client: ctx.client,
            method: &req.method,
            path: req.uri.path(),
        });
    }

    /// Of a WebSocket, when it has ended; without a report where it never began.
    pub fn tunnel(&self, inbound: &Inbound, report: Option<Report>) {
        self.write(&End {
            status: 101,
            bytes: report.map_or(0, |r| r.to_client),
            received: report.map_or(0, |r| r.to_upstream),
            inbound: Some(inbound),
            client: Some(inbound.client),
            method: &inbound.method,
            path: inbound.path.forwarded(),
        });
    }

    fn write(&self, end: &End<'_>) {
        // a path that was never made canonical may hold anything the parser let through
        let raw = end.inbound.is_none().then(|| shown(end.path));
        let path = raw.as_deref().or(end.inbound.map(|i| i.path.forwarded())).unwrap_or_default();
        tracing::info!(
            target: "access",
            method = %shown(end.method.as_str()),
            path,
            status = end.status,
            verdict = self.verdict,
            app = end.inbound.map(|i| &*i.app.0),
            user = self.user.map(tracing::field::display),
            rule = self.rule.as_deref(),
            client = end.client.map(tracing::field::display),
            bytes = end.bytes,
            received = end.received,
            ms = lease::now().saturating_sub(self.started) / 1_000_000,
            request_id = end.inbound.map(|i| tracing::field::display(i.request_id)),
        );
    }
}

/// Text of a stranger, fit for one line: escaped and cut.
pub fn shown(s: &str) -> String {
    let escaped: String = s.chars().take(LONGEST).flat_map(char::escape_default).collect();
    escaped
}

const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_cannot_write_a_line_of_their_own() {
        let s = shown("/x\r\n2026 admin ok\u{1b}[2J\u{202e}\0é");
        assert!(s.bytes().all(|b| (b' '..=b'~').contains(&b)), "{s}");
        assert_eq!(shown(&"a".repeat(10_000)).len(), LONGEST);
    }
}
