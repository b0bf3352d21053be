//! The order of things in one exchange, as pingora's engine calls it.
//!
//! framing → inbound → `gate::admit` → registered → asked again → bound → upstream. Holds no rule of its own: there is no
//! upstream peer without the gate's `Passage` in the context.

mod admit;
mod context;
mod parking;
mod request_ids;
mod websocket;

pub use context::Context;
pub use request_ids::RequestIds;

use super::access::AccessLog;
use super::engine::cut;
use super::engine::peer_end::PeerEnd;
use super::engine::tunnel::Replay;
use super::framing::{self, Head, Refused, Upgrade};
use super::headers::{self, Outgoing};
use super::hosts::Hosts;
use super::identity::AssertionSigner;
use super::local;
use super::response;
use super::settings::Settings;
use super::upstream::{Pool, REPLAY_GROUP, Target};
use crate::gate::Gate;
use crate::live::Registry;
use crate::sys::lease::Lease;
use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use http::header::{HOST, SET_COOKIE, UPGRADE};
use http::{Method, StatusCode};
use pingora::ErrorType::{
    self, ConnectError, ConnectNoRoute, ConnectRefused, ConnectTimedout, InternalError, ReadTimedout, SocketError,
};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, Result};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Everything one exchange needs, one a worker. What each request counts up and down is the worker's own: shared, it would
/// travel between the processors with every request.
pub struct Gateway {
    pub settings: Arc<Settings>,
    pub hosts: Hosts,
    /// One an app, in the order of the settings.
    pub pools: Vec<Arc<Pool>>,
    pub gate: Arc<Gate>,
    pub live: Arc<Registry>,
    pub lease: Arc<Lease>,
    pub local: Router,
    pub signer: Arc<dyn AssertionSigner>,
    pub ids: RequestIds,
    pub log: Arc<dyn AccessLog>,
    /// A proxy that nobody trusts has been noticed; said once.
    pub untrusted_noticed: Arc<AtomicBool>,
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::new()
    }

    /// None: the one that is there by default compresses, and we never do.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn early_request_filter(&self, s: &mut Session, ctx: &mut Context) -> Result<()> {
        cut::seen();
        // without it a client that sends its next request early gets the current one aborted
        s.set_pipelining_enabled(true);
        s.set_total_drain_timeout(Some(UNREAD_BODY));
        ctx.upgrade = check(s, &self.settings).map_err(|r| ctx.refuse(r))?;
        if ctx.upgrade == Upgrade::Ignore {
            s.req_header_mut().remove_header(&UPGRADE);
        }
        Ok(())
    }

    async fn request_filter(&self, s: &mut Session, ctx: &mut Context) -> Result<bool> {
        if admit::admit(self, s, ctx).await? == admit::Next::Answered {
            return Ok(true);
        }
        let (site, _) = ctx.route()?;
        let (limit, idle) = (site.app.body_limit, site.app.timeouts.idle);
        let announced = s.get_header(http::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|n| n > limit) {
            return Err(ctx.refuse(TOO_LARGE));
        }
        if ctx.upgrade == Upgrade::WebSocket {
            return Box::pin(websocket::open(self, s, ctx)).await; // rare: its room is not part of every request
        }
        s.set_read_timeout(Some(idle));
        s.set_write_timeout(Some(idle));
        if !s.is_body_empty() {
            cut::progress();
        }
        Ok(false)
    }

    async fn upstream_peer(&self, s: &mut Session, ctx: &mut Context) -> Result<Box<HttpPeer>> {
        if ctx.passage.is_none() {
            return Error::e_explain(InternalError, "no passage");
        }
        if let Some(begun) = &ctx.replay {
            let target = ctx.target.as_ref().ok_or_else(|| Error::new(InternalError))?;
            return Ok(Box::new(replaying(target, begun)));
        }
        ctx.tries += 1;
        let failed = ctx.target.as_ref().map(|t| t.tunnel.addr);
        let target = self.pool(ctx)?.next(failed).ok_or_else(|| no_upstream(s, ctx))?;
        ctx.target = Some(target.clone());
        Ok(Box::new(target.peer.clone()))
    }

    async fn upstream_request_filter(&self, _: &mut Session, req: &mut RequestHeader, ctx: &mut Context) -> Result<()> {
        if ctx.sending.is_some() {
            Box::pin(parking::take(self, ctx)).await?; // rare: its room is not part of every request
        }
        self.dress(req, ctx)
    }

    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        ctx: &mut Context,
    ) -> Result<()> {
        if let Some(sending) = &ctx.sending {
            parking::put_in(body, end, sending);
        }
        if end && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None; // else the chunked end is written twice (an empty last DATA frame of HTTP/2)
        }
        if end {
            cut::nothing_owed();
            ctx.await_head()?;
        } else {
            cut::progress();
        }
        // the request itself was noted by its verdict
        if let Some(passage) = ctx.passage.as_ref().filter(|_| body.is_some()) {
            self.gate.note_activity(passage);
        }
        ctx.body += body.as_ref().map_or(0, |b| u64::try_from(b.len()).unwrap_or(u64::MAX));
        let limit = ctx.route()?.0.app.body_limit;
        if ctx.body > limit { Err(ctx.refuse(TOO_LARGE)) } else { Ok(()) }
    }

    async fn connected_to_upstream(
        &self,
        _: &mut Session,
        _reused: bool,
        peer: &HttpPeer,
        fd: RawFd,
        digest: Option<&Digest>,
        ctx: &mut Context,
    ) -> Result<()> {
        // a connection of HTTP/2 is shared: its other requests must not pay for one that waits
        let own = peer.options.alpn.get_max_http_version() == 1 && ctx.replay.is_none();
        let local = digest.and_then(|d| d.socket_digest.as_ref()?.local_addr()?.as_inet().copied());
        ctx.peer_end = local.filter(|_| own).map(|local| PeerEnd { fd, local });
        Ok(())
    }

    async fn response_filter(&self, _: &mut Session, res: &mut ResponseHeader, ctx: &mut Context) -> Result<()> {
        let (site, inbound) = ctx.route()?;
        let passage = ctx.passage.as_ref().ok_or_else(|| Error::new(InternalError))?;
        headers::toward_client(res, site, passage.session().is_some())?;
        if res.status.is_informational() {
            return Ok(());
        }
        cut::nothing_owed(); // from here on the two may talk as long as they like
        for cookie in ctx.sending.iter().flat_map(|s| &s.cookies) {
            res.append_header(SET_COOKIE, cookie)?;
        }
        if passage.signs_out() {
            // ending the session cuts its exchanges; this one has to tell the client
            if let Some(exchange) = &ctx.exchange {
                exchange.spare();
            }
            let cookies = Box::pin(self.gate.signed_out_by_app(inbound, passage)).await.map_err(|fault| {
                tracing::error!(error = %fault, request_id = %inbound.request_id, "the session could not be ended");
                response::refused(UNAVAILABLE)
            })?;
            for cookie in cookies {
                res.append_header(SET_COOKIE, cookie)?;
            }
        }
        Ok(())
    }

    fn fail_to_connect(&self, _: &mut Session, _: &HttpPeer, ctx: &mut Context, mut e: Box<Error>) -> Box<Error> {
        // nothing was sent, so any method may be tried again; a slow server only where there is another
        let quick = matches!(e.etype(), ConnectRefused | ConnectError | ConnectNoRoute | SocketError);
        let another = self.pool(ctx).is_ok_and(|p| p.has_several());
        let may = ctx.replay.is_none() && ctx.tries < TRIES;
        e.set_retry(may && another && (quick || *e.etype() == ConnectTimedout));
        e
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        s: &mut Session,
        mut e: Box<Error>,
        ctx: &mut Context,
        reused: bool,
    ) -> Box<Error> {
        if cut::answer_was_late() {
            return Error::explain(ReadTimedout, "no response head in time").into_up();
        }
        // a reused connection may have been closed by the upstream before it read anything
        let safe = matches!(s.req_header().method, Method::GET | Method::HEAD | Method::OPTIONS);
        let whole = !s.as_ref().retry_buffer_truncated() && s.response_written().is_none();
        e.retry.decide_reuse(reused && safe && whole && ctx.replay.is_none() && ctx.tries < TRIES);
        e
    }

    async fn fail_to_proxy(&self, s: &mut Session, e: &Error, ctx: &mut Context) -> FailToProxy {
        let answer = response::status_of(e).map(|r| ctx.refused.filter(|own| own.status == r.status).unwrap_or(r));
        let code = answer.map_or(0, |r| r.status);
        ctx.failed = Some(code);
        self.tell(s, e, ctx);
        if let Some(r) = answer
            && let Err(gone) = self.answer(s, ctx, r).await
        {
            tracing::debug!(error = %gone, "the client did not wait for the answer");
        }
        FailToProxy { error_code: code, can_reuse_downstream: false }
    }

    async fn logging(&self, s: &mut Session, _: Option<&Error>, ctx: &mut Context) {
        if let Some(line) = &ctx.line {
            line.exchange(&*self.log, s, ctx);
        }
    }

    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        true // `tell` says what is ours to say; a client that goes away is no error
    }

    fn suppress_proxy_warn_log(&self, _: &Session, _: &Context, _: &Error, _: ProxyWarnLogContext) -> bool {
        true
    }

    fn request_summary(&self, _: &Session, ctx: &Context) -> String {
        ctx.inbound().map(|i| i.request_id.to_string()).unwrap_or_default()
    }
}

impl Gateway {
    fn pool(&self, ctx: &Context) -> Result<&Arc<Pool>> {
        let (site, _) = ctx.route()?;
        self.pools.get(site.index).ok_or_else(|| Error::new(InternalError))
    }

    /// Makes the client's head into what the upstream gets.
    fn dress(&self, req: &mut RequestHeader, ctx: &Context) -> Result<()> {
        let (site, inbound) = ctx.route()?;
        let passage = ctx.passage.as_ref().ok_or_else(|| Error::new(InternalError))?;
        let host = ctx.target.as_ref().and_then(|t| t.host.as_ref());
        if let Some(sending) = &ctx.sending {
            parking::put_on(req, sending)?;
        }
        let session = passage.visitor();
        headers::toward_upstream(req, &Outgoing { site, inbound, session, signer: &*self.signer, host })
    }

    /// One line where something of ours or of an upstream went wrong.
    fn tell(&self, s: &Session, e: &Error, ctx: &Context) {
        let ours = matches!(e.esource(), ErrorSource::Internal | ErrorSource::Unset);
        if (ours || *e.esource() == ErrorSource::Upstream) && !matches!(e.etype(), ErrorType::HTTPStatus(_)) {
            let app = ctx.inbound().map(|i| &*i.app.0);
            let request_id = ctx.inbound().map(|i| tracing::field::display(i.request_id));
            let begun = s.response_written().is_some();
            tracing::warn!(app, request_id, begun, error = %e, "an exchange with the upstream failed");
        }
    }

    /// A page where the request was understood, a line of text where it was not.
    async fn answer(&self, s: &mut Session, ctx: &Context, r: Refused) -> Result<()> {
        s.set_keepalive(None); // what is left of the body is not read
        if s.response_written().is_some_and(|w| !w.status.is_informational()) {
            return Ok(());
        }
        match (ctx.inbound(), StatusCode::from_u16(r.status)) {
            (Some(inbound), Ok(status)) => {
                local::serve(s, &self.local, inbound, parking::failed(ctx, status, r.why)).await.map(drop)
            }
            _ => response::tiny(s, r).await,
        }
    }
}

/// Before anything else looks at the request.
pub fn check(s: &Session, settings: &Settings) -> std::result::Result<Upgrade, Refused> {
    let req = s.req_header();
    if let Some(h1) = s.as_http1() {
        framing::raw_head(&h1.get_headers_raw_bytes(), &settings.limits)?;
    }
    let head = Head {
        method: &req.method,
        version: req.version,
        target: req.raw_path(),
        authority: req.uri.authority().map(|a| a.as_str()),
        headers: &req.headers,
    };
    framing::head(&head, &settings.limits)
}

/// `Host` or `:authority`; `check` has seen to it that there is exactly one.
pub fn host_of(req: &RequestHeader) -> &[u8] {
    let authority = || req.uri.authority().map(|a| a.as_str().as_bytes());
    req.headers.get(HOST).map(|h| h.as_bytes()).or_else(authority).unwrap_or_default()
}

/// A peer that gives pingora an answer which has been begun; whatever is written to it goes nowhere.
fn replaying(target: &Target, begun: &Arc<Replay>) -> HttpPeer {
    let mut peer = HttpPeer::new(target.tunnel.addr, false, String::new());
    peer.options.custom_l4 = Some(begun.clone());
    peer.options.read_timeout = target.peer.options.read_timeout;
    peer.group_key = REPLAY_GROUP;
    peer
}

fn no_upstream(_: &Session, ctx: &Context) -> Box<Error> {
    let app = ctx.inbound().map(|i| &*i.app.0);
    tracing::warn!(app, "no upstream of the app is well");
    response::refused(Refused { status: 502, why: "no upstream of the app is well" })
}

/// The gateway itself cannot serve; what an app cannot is 502 or 504.
pub const UNAVAILABLE: Refused = Refused { status: 503, why: "the service is not available now" };
const TOO_LARGE: Refused = Refused { status: 413, why: "the request body is too large" };

/// Of one request, the first included.
const TRIES: u32 = 3;

/// A body that nobody wants is read for this long after the answer, so that the client sees the answer.
const UNREAD_BODY: Duration = Duration::from_secs(5);
