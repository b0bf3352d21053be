//! What is known of one exchange so far.

use super::super::access::Line;
use super::super::engine::cut;
use super::super::engine::peer_end::PeerEnd;
use super::super::engine::tunnel::Replay;
use super::super::framing::{Refused, Upgrade};
use super::super::hosts::Site;
use super::super::response;
use super::super::upstream::Target;
use crate::gate::Passage;
use crate::live::Exchange;
use crate::types::{ClientIp, Inbound};
use pingora::ErrorType::InternalError;
use pingora::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub struct Context {
    /// `None` once a tunnel has taken it over.
    pub line: Option<Line>,
    pub upgrade: Upgrade,
    pub client: Option<ClientIp>,
    route: Option<(Arc<Site>, Arc<Inbound>)>,
    pub passage: Option<Passage>,
    /// Holds the place in the registry as long as bytes of a session move.
    pub exchange: Option<Exchange>,
    sign_out: Option<SignOut>,
    pub target: Option<Arc<Target>>,
    pub replay: Option<Arc<Replay>>,
    /// The upstream connection of this try; `None`: one whose wait is not ours to limit.
    pub peer_end: Option<PeerEnd>,
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
            sign_out: None,
            target: None,
            replay: None,
            peer_end: None,
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

    /// The token that cuts this exchange. The app's own sign-out gets one that follows its session's until
    /// `spare_this_exchange`: the answer to it must outlive the session.
    pub fn token(&mut self, exchange: &Exchange, signs_out: bool) -> CancellationToken {
        if !signs_out {
            return exchange.token().clone();
        }
        let sign_out = SignOut::follow(exchange.token().clone());
        let token = sign_out.token.clone();
        self.sign_out = Some(sign_out);
        token
    }

    /// The request has been sent to its end: from now on the upstream's time runs.
    pub fn await_head(&self) -> Result<()> {
        if let Some(end) = self.peer_end {
            cut::await_answer(end, self.route()?.0.app.timeouts.head);
        }
        Ok(())
    }

    pub fn spare_this_exchange(&self) {
        if let Some(s) = &self.sign_out {
            s.spared.store(true, Ordering::SeqCst);
        }
    }
}

/// An exchange that ends its own session.
struct SignOut {
    token: CancellationToken,
    spared: Arc<AtomicBool>,
    _follows: AbortOnDropHandle<()>,
}

impl SignOut {
    fn follow(session: CancellationToken) -> Self {
        let (token, spared) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let (own, is_spared) = (token.clone(), spared.clone());
        let follows = tokio::spawn(async move {
            session.cancelled().await;
            if !is_spared.load(Ordering::SeqCst) {
                own.cancel();
            }
        });
        SignOut { token, spared, _follows: AbortOnDropHandle::new(follows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Registry;
    use crate::session::{Place, identity::sample};
    use crate::types::{AppName, SessionId};

    fn exchange() -> (Arc<Registry>, Exchange, SessionId) {
        let registry = Registry::new();
        let who = sample(1);
        let place = Place { app: &AppName("a".into()), from: ClientIp::new([192, 0, 2, 1].into()) };
        let exchange = registry.register(&who, place);
        (registry, exchange, who.identity.session)
    }

    #[tokio::test]
    async fn a_sign_out_is_cut_with_its_session_until_it_is_what_ends_it() {
        let (registry, exchange, session) = exchange();
        let mut ctx = Context::new();
        let token = ctx.token(&exchange, true);
        registry.cut_session(session);
        token.cancelled().await; // somebody else's cut

        let (registry, exchange, session) = self::exchange();
        let mut ctx = Context::new();
        let token = ctx.token(&exchange, true);
        ctx.spare_this_exchange();
        registry.cut_session(session);
        exchange.token().cancelled().await;
        for _ in 0..10 {
            tokio::task::yield_now().await; // the follower has run by now
        }
        assert!(!token.is_cancelled());
    }

    #[test]
    fn an_ordinary_exchange_has_its_sessions_token() {
        let (registry, exchange, session) = exchange();
        let token = Context::new().token(&exchange, false);
        registry.cut_session(session);
        assert!(token.is_cancelled());
    }
}
