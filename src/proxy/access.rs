//! What is told of each request when it is over. No query, no cookie, no header, no secret.

use super::engine::tunnel::{End, Report};
use super::gateway::Context;
use crate::sys::lease;
use crate::types::{ClientIp, Inbound, UserId, shown_path};
use http::Method;
use pingora::proxy::Session;
use std::sync::Arc;
use std::time::Duration;

/// Who is told: writes the access line, counts. Must not block.
pub trait AccessLog: Send + Sync + 'static {
    fn finished(&self, request: &Finished<'_>);
    /// A proxy that nobody trusts names visitors' addresses.
    fn untrusted_forward(&self);
}

/// A request that is over.
pub struct Finished<'a> {
    /// 0: the client went away before an answer.
    pub status: u16,
    pub verdict: &'static str,
    pub user: Option<UserId>,
    pub rule: Option<&'a str>,
    pub took: Duration,
    /// How a WebSocket ended.
    pub end: Option<End>,
    /// Bytes of bodies, sent to the client and received from it.
    pub sent: u64,
    pub received: u64,
    /// `None` where the request was not understood.
    pub inbound: Option<&'a Inbound>,
    pub client: Option<ClientIp>,
    method: &'a Method,
    path: &'a str,
}

impl Finished<'_> {
    /// Fit for a line.
    pub fn method(&self) -> String {
        shown(self.method.as_str())
    }
    /// A path that was never made canonical may hold anything the parser let through. The secret of a hook that was called
    /// here by mistake is cut.
    pub fn path(&self) -> std::borrow::Cow<'_, str> {
        match self.inbound {
            Some(i) => shown_path(i.path.forwarded()),
            None => shown(&shown_path(self.path)).into(),
        }
    }
}

/// What is known of a request before its end.
#[derive(Clone, Debug)]
pub struct Line {
    started: u64,
    pub verdict: &'static str,
    pub user: Option<UserId>,
    pub rule: Option<Arc<str>>,
}

impl Line {
    pub fn begin() -> Self {
        Line { started: lease::now(), verdict: "malformed", user: None, rule: None }
    }

    /// Of an ordinary exchange, when it is over.
    pub fn exchange(&self, log: &dyn AccessLog, s: &Session, ctx: &Context) {
        let written = s.response_written().map(|r| r.status.as_u16());
        let req = s.req_header();
        log.finished(&Finished {
            status: written.or(ctx.failed).unwrap_or(0),
            sent: u64::try_from(s.body_bytes_sent()).unwrap_or(0),
            received: u64::try_from(s.body_bytes_read()).unwrap_or(0),
            inbound: ctx.inbound().map(|i| &**i),
            client: ctx.client,
            method: &req.method,
            path: req.uri.path(),
            ..self.so_far()
        });
    }

    /// Of a WebSocket, when it has ended; without a report where it never began.
    pub fn tunnel(&self, log: &dyn AccessLog, inbound: &Inbound, report: Option<Report>) {
        log.finished(&Finished {
            status: 101,
            end: report.map(|r| r.end),
            sent: report.map_or(0, |r| r.to_client),
            received: report.map_or(0, |r| r.to_upstream),
            inbound: Some(inbound),
            client: Some(inbound.client),
            ..self.so_far()
        });
    }

    fn so_far(&self) -> Finished<'_> {
        Finished {
            status: 0,
            end: None,
            verdict: self.verdict,
            user: self.user,
            rule: self.rule.as_deref(),
            took: Duration::from_nanos(lease::now().saturating_sub(self.started)),
            sent: 0,
            received: 0,
            inbound: None,
            client: None,
            method: &Method::GET,
            path: "",
        }
    }
}

/// Text of a stranger, fit for one line: escaped and cut.
fn shown(s: &str) -> String {
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
