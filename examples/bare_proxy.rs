//! The engine with the gateway's settings and nothing else: no gate, no identity, no header of ours. `bench/run` compares the
//! gateway with it; it protects nothing.
//!
//! `bare_proxy LISTEN UPSTREAM`, such as `bare_proxy 127.0.0.1:8081 127.0.0.1:9000`.

use async_trait::async_trait;
use pingora::Result;
use pingora::apps::HttpServerOptions;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

struct Bare {
    upstream: SocketAddr,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn early_request_filter(&self, s: &mut Session, _: &mut ()) -> Result<()> {
        s.set_pipelining_enabled(true);
        s.set_total_drain_timeout(Some(Duration::from_secs(5)));
        s.set_read_timeout(Some(Duration::from_secs(300)));
        s.set_write_timeout(Some(Duration::from_secs(300)));
        Ok(())
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        let mut peer = HttpPeer::new(self.upstream, false, String::new());
        let o = &mut peer.options;
        o.connection_timeout = Some(Duration::from_secs(5));
        o.total_connection_timeout = Some(Duration::from_secs(5));
        o.read_timeout = Some(Duration::from_secs(300));
        o.write_timeout = Some(Duration::from_secs(300));
        o.idle_timeout = Some(Duration::from_secs(50));
        Ok(Box::new(peer))
    }
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let listen = words.next().ok_or(USAGE)?;
    let upstream = words.next().ok_or(USAGE)?.parse()?;
    let conf = ServerConf {
        threads: std::thread::available_parallelism()?.get(),
        upstream_keepalive_pool_size: 128,
        max_retries: 3,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, Bare { upstream });
    if let Some(app) = service.app_logic_mut() {
        let mut options = HttpServerOptions::default();
        options.h2c = true;
        options.keepalive_request_limit = Some(1000);
        options.h2_idle_timeout = Some(Duration::from_secs(60));
        app.server_options = Some(options);
    }
    service.add_tcp(&listen);
    server.add_service(service);
    server.run_forever()
}

const USAGE: &str = "usage: bare_proxy LISTEN UPSTREAM";
