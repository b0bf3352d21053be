//! WebSockets: the handshake with the upstream, then the connection leaves pingora for a tunnel of our own.
//!
//! The upstream gets the same sanitised head as in any other request. `Origin` was the gate's to judge.

use super::super::access::{AccessLog, Line};
use super::super::engine::cut;
use super::super::engine::tunnel::{self, Answer, Plan, Report};
use super::super::framing::Refused;
use super::super::headers;
use super::{Context, Gateway, TRIES, no_upstream};
use crate::live::Exchange;
use crate::types::Inbound;
use pingora::ErrorType::InternalError;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::{Error, Result};
use std::io;
use std::sync::Arc;

/// True: a tunnel has been left behind, or the answer written. False: the upstream has answered something else than 101,
/// and that answer takes the ordinary path.
pub async fn open(g: &Gateway, s: &mut Session, ctx: &mut Context) -> Result<bool> {
    loop {
        ctx.tries += 1;
        let avoid = ctx.target.as_ref().map(|t| t.tunnel.addr);
        let target = g.pool(ctx)?.next(avoid).ok_or_else(|| no_upstream(s, ctx))?;
        ctx.target = Some(target.clone());
        let mut head = s.req_header().clone();
        g.dress(&mut head, ctx)?;
        match tunnel::open(&target.tunnel, head).await {
            Ok(Answer::Switched(up, head, early)) => {
                let head = switched(*head, ctx)?;
                let idle = ctx.route()?.0.app.timeouts.idle;
                let on_client_data = ctx.passage.as_ref().and_then(|p| g.gate.activity(p));
                let done = done(g.log.clone(), ctx);
                let plan = Plan { up, head, early, idle, switch: None, lease: None, done, on_client_data };
                // otherwise pingora closes the connection, or loses bytes that came early
                s.set_keepalive(Some(60));
                s.set_keepalive_reuses_remaining(None);
                s.set_pipelining_enabled(false);
                return if cut::hand_over(plan) { Ok(true) } else { Err(Error::new(InternalError)) };
            }
            Ok(Answer::Other(begun)) => {
                ctx.replay = Some(begun);
                return Ok(false);
            }
            // nothing was sent yet
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused && ctx.tries < TRIES => {}
            Err(e) => return Err(failed(ctx, &e)),
        }
    }
}

fn switched(mut head: ResponseHeader, ctx: &Context) -> Result<Vec<u8>> {
    let (site, _) = ctx.route()?;
    headers::toward_client(&mut head, site, true)?;
    Ok(tunnel::head_101(&head))
}

fn done(log: Arc<dyn AccessLog>, ctx: &mut Context) -> Option<Box<dyn FnOnce(Report) + Send + Sync>> {
    let (line, exchange) = (ctx.line.take()?, ctx.exchange.take());
    let open = Open { log, line, inbound: ctx.inbound()?.clone(), report: None, _exchange: exchange };
    Some(Box::new(move |report| open.ended(report)))
}

/// What is left to do at the tunnel's end, or when it turns out that it will not begin. Its place in the registry is held
/// until then.
struct Open {
    log: Arc<dyn AccessLog>,
    line: Line,
    inbound: Arc<Inbound>,
    report: Option<Report>,
    _exchange: Option<Exchange>,
}

impl Open {
    fn ended(mut self, report: Report) {
        self.report = Some(report);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.line.tunnel(&*self.log, &self.inbound, self.report);
    }
}

fn failed(ctx: &mut Context, e: &io::Error) -> Box<Error> {
    let app = ctx.inbound().map(|i| &*i.app.0);
    tracing::warn!(app, error = %e, "a WebSocket to the upstream failed");
    ctx.refuse(match e.kind() {
        io::ErrorKind::TimedOut => Refused { status: 504, why: "the app did not answer in time" },
        _ => Refused { status: 502, why: "the app could not be reached" },
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::engine::tunnel::End;
    use super::super::super::{hosts::Hosts, inbound, settings::samples};
    use super::*;
    use crate::live::Registry;
    use crate::session::{Place, identity::sample};
    use crate::types::{AppName, ClientIp, RequestId};

    struct Quiet;
    impl AccessLog for Quiet {
        fn finished(&self, _: &super::super::super::access::Finished<'_>) {}
        fn untrusted_forward(&self) {}
    }

    fn context(registry: &Arc<Registry>) -> Context {
        let hosts = Hosts::new(&[Arc::new(samples::app("a", &["https://a.example"], "http://127.0.0.1:1"))]);
        let site = hosts.find(b"a.example").unwrap();
        let arrived = inbound::Arrived {
            method: &http::Method::GET,
            uri: &http::Uri::from_static("/ws"),
            headers: &http::HeaderMap::new(),
            upgrade: super::super::Upgrade::WebSocket,
            client: ClientIp::new("192.0.2.1".parse().unwrap()),
            request_id: RequestId::from_bytes([1; 16]),
        };
        let mut ctx = Context::new();
        ctx.routed(site.clone(), Arc::new(inbound::read(&arrived, site).unwrap()));
        let place = Place { app: &AppName("a".into()), from: arrived.client };
        ctx.exchange = Some(registry.register(&sample(1), place));
        ctx
    }

    #[test]
    fn a_tunnel_keeps_its_place_in_the_registry_until_it_has_ended() {
        let registry = Registry::new();
        let mut ctx = context(&registry);
        let done = done(Arc::new(Quiet), &mut ctx).unwrap();
        drop(ctx);
        assert_eq!(registry.count(), 1);
        done(Report { end: End::Closed, to_client: 1, to_upstream: 2, frames: 1, polite: false });
        assert_eq!(registry.count(), 0);
    }

    #[test]
    fn a_tunnel_that_never_began_leaves_no_place_behind() {
        let registry = Registry::new();
        let mut ctx = context(&registry);
        drop(done(Arc::new(Quiet), &mut ctx));
        assert_eq!(registry.count(), 0);
    }
}
