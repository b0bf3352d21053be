//! What is known of one exchange so far.

use super::super::access::Line;
use super::super::engine::cut;
use super::super::engine::peer_end::PeerEnd;
use super::super::engine::tunnel::Replay;
use super::super::framing::{Refused, Upgrade};
use super::super::hosts::Site;
use super::super::response;
use super::super::upstream::Target;
use crate::gate::{NotSent, Passage, Sending};
use crate::live::Exchange;
use crate::types::{ClientIp, Inbound};
use pingora::ErrorType::InternalError;
use pingora::{Error, Result};
use std::sync::Arc;

pub struct Context {
    /// `None` once a tunnel has taken it over.
    pub line: Option<Line>,
    pub upgrade: Upgrade,
    pub client: Option<ClientIp>,
    route: Option<(Arc<Site>, Arc<Inbound>)>,
    pub passage: Option<Passage>,
    /// Holds the place in the registry as long as bytes of a session move.
    pub exchange: Option<Exchange>,
    pub target: Option<Arc<Target>>,
    pub replay: Option<Arc<Replay>>,
    /// The upstream connection of this try; `None`: one whose wait is not ours to limit.
    pub peer_end: Option<PeerEnd>,
    /// The form that goes upstream in the place of what the client sends.
    pub sending: Option<Box<Sending>>,
    /// Why it does not.
    pub not_sent: Option<NotSent>,
    /// Bytes of the request body so far.
    pub body: u64,
    pub tries: u32,
    pub refused: Option<Refused>,
    /// Status of an exchange that failed; 0: nobody was left to answer.
    pub failed: Option<u16>,
}

impl Context {
    pub fn new() -> Self {
        Context {
            line: Some(Line::begin()),
            upgrade: Upgrade::Absent,
            client: None,
            route: None,
            passage: None,
            exchange: None,
            target: None,
            replay: None,
            peer_end: None,
            sending: None,
            not_sent: None,
            body: 0,
            tries: 0,
            refused: None,
            failed: None,
        }
    }

    pub fn inbound(&self) -> Option<&Arc<Inbound>> {
        self.route.as_ref().map(|(_, inbound)| inbound)
    }

    /// Where the request goes and what it says; an error before `routed`.
    pub fn route(&self) -> Result<(&Arc<Site>, &Arc<Inbound>)> {
        self.route.as_ref().map(|(s, i)| (s, i)).ok_or_else(|| Error::explain(InternalError, "not routed"))
    }

    pub fn routed(&mut self, site: Arc<Site>, inbound: Arc<Inbound>) {
        self.route = Some((site, inbound));
    }

    /// Ends the exchange with this answer.
    pub fn refuse(&mut self, r: Refused) -> Box<Error> {
        self.refused = Some(r);
        response::refused(r)
    }

    pub fn verdict(&mut self, verdict: &'static str) {
        if let Some(line) = &mut self.line {
            line.verdict = verdict;
        }
    }

    /// The request has been sent to its end: from now on the upstream's time runs.
    pub fn await_head(&self) -> Result<()> {
        if let Some(end) = self.peer_end {
            cut::await_answer(end, self.route()?.0.app.timeouts.head);
        }
        Ok(())
    }
}
