//! From a head to the gate's verdict, and what follows from it at once.
//!
//! The order is the point: an exchange is registered *before* its session is asked for again, so that a cut between
//! the two is seen by one or the other; and the lease is looked at before any byte moves.

use super::super::client;
use super::super::engine::cut;
use super::super::hosts::Site;
use super::super::inbound::{self, Arrived};
use super::super::local::{self, Cause};
use super::super::response::UNREGISTER;
use super::{Context, Gateway, UNAVAILABLE, host_of, parking};
use crate::gate::{Fault, Gate, Passage, Verdict};
use crate::types::Inbound;
use pingora::Result;
use pingora::proxy::Session;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// The answer has been written.
    Answered,
    /// The context holds a passage.
    Upstream,
}

pub async fn admit(g: &Gateway, s: &mut Session, ctx: &mut Context) -> Result<Next> {
    let (site, inbound) = arrive(g, s, ctx)?;
    ctx.routed(site.clone(), inbound.clone());
    if !site.app.service_worker && inbound::is_worker_above(&inbound, &s.req_header().headers, &g.settings.own_prefix) {
        ctx.verdict("local");
        Box::pin(local::say(s, "text/javascript; charset=utf-8", UNREGISTER)).await?;
        return Ok(Next::Answered);
    }
    // what the page of a form that waits has posted is never the app's
    let marker = match parking::is_posted(&inbound) {
        true => Box::pin(parking::marker(s, &inbound, &g.settings.own_prefix)).await?,
        false => None,
    };
    // a session that ends between verdict and registration is judged once more, then it is gone for good
    for _ in 0..2 {
        match g.gate.admit(&inbound).await {
            Ok(Verdict::Pass(passage)) => {
                if let Some(marker) = &marker
                    && let Err(why) = Box::pin(parking::open(g, ctx, (&inbound, &passage), marker)).await?
                {
                    ctx.verdict("local");
                    let cause = Cause::NotSent(why.status(), why);
                    Box::pin(local::serve(s, &g.local, &inbound, cause)).await?;
                    return Ok(Next::Answered);
                }
                if enter(g, ctx, passage, &inbound)? {
                    return Ok(Next::Upstream);
                }
            }
            Ok(Verdict::Local) => {
                ctx.verdict("local");
                Box::pin(local::serve(s, &g.local, &inbound, Cause::Page)).await?;
                return Ok(Next::Answered);
            }
            Ok(Verdict::Refuse(refusal)) => {
                ctx.verdict("refuse");
                let cause = match parking::is_posted(&inbound) {
                    true => Box::pin(parking::keep(g, s, ctx, (refusal, marker))).await?,
                    false => Cause::Refusal(refusal, None),
                };
                Box::pin(local::serve(s, &g.local, &inbound, cause)).await?;
                return Ok(Next::Answered);
            }
            Err(fault) => return Err(faulted(ctx, &inbound, &fault)),
        }
    }
    ctx.verdict("fault");
    Err(ctx.refuse(UNAVAILABLE))
}

fn arrive(g: &Gateway, s: &Session, ctx: &mut Context) -> Result<(Arc<Site>, Arc<Inbound>)> {
    let req = s.req_header();
    let site = g.hosts.find(host_of(req)).map_err(|r| ctx.refuse(r))?;
    let peer = s.client_addr().and_then(|a| a.as_inet()).map(|a| a.ip());
    let peer = peer.ok_or_else(|| ctx.refuse(UNAVAILABLE))?;
    let trusted = &g.settings.trusted_proxies;
    if client::is_ignored_claim(peer, trusted, &req.headers) && !g.untrusted_noticed.swap(true, Ordering::Relaxed) {
        g.log.untrusted_forward();
        tracing::warn!(%peer, "a proxy names visitors' addresses and is not in trusted_proxies: they all count as one");
    }
    let client = client::address(peer, trusted, &req.headers);
    ctx.client = Some(client);
    let arrived = Arrived {
        method: &req.method,
        uri: &req.uri,
        headers: &req.headers,
        upgrade: ctx.upgrade,
        client,
        request_id: g.ids.next(),
    };
    let inbound = inbound::read(&arrived, site).map_err(|r| ctx.refuse(r))?;
    Ok((site.clone(), Arc::new(inbound)))
}

/// False: the session has ended since the verdict.
fn enter(g: &Gateway, ctx: &mut Context, passage: Passage, inbound: &Inbound) -> Result<bool> {
    if let Some(session) = passage.session() {
        let exchange = g.live.register(session, Gate::place(inbound));
        if !g.gate.still_good(&passage, inbound) {
            return Ok(false);
        }
        if !g.lease.held() {
            return Err(ctx.refuse(UNAVAILABLE)); // not bound yet, so the answer is not held
        }
        if exchange.switch().is_thrown() {
            return Ok(false);
        }
        // this poll goes on after the bind: the loss may have come just before it
        if !cut::bind(exchange.switch().clone()) || !g.lease.held() {
            return Err(ctx.refuse(UNAVAILABLE));
        }
        ctx.exchange = Some(exchange);
    }
    if let Some(line) = &mut ctx.line {
        line.verdict = "pass";
        line.user = passage.identity().map(|i| i.user);
        line.rule = passage.rule().cloned();
    }
    ctx.passage = Some(passage);
    Ok(true)
}

pub fn faulted(ctx: &mut Context, inbound: &Inbound, fault: &Fault) -> Box<pingora::Error> {
    ctx.verdict("fault");
    let cause = std::error::Error::source(fault).map(ToString::to_string);
    tracing::error!(error = %fault, cause, request_id = %inbound.request_id, "the gate is closed");
    ctx.refuse(UNAVAILABLE)
}
