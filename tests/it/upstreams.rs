//! The servers behind an app: shared out, left out while they are down, spoken to over TLS and HTTP/2 as configured.

use crate::support::certificate::{Authority, https_app, https_app_for};
use crate::support::process::{free_port, local};
use crate::support::upstream::Upstream;
use crate::support::{Ask, Gateway, PUBLIC, Plan, Store, on_both_stores, until, within};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;

on_both_stores! {
    several_upstreams_share_the_requests,
    an_upstream_that_dies_costs_no_request_and_comes_back,
    a_websocket_finds_the_upstream_that_is_left,
    a_post_is_never_sent_twice,
    without_any_upstream_a_page_says_so_at_once,
    an_upstream_that_says_it_is_unwell_is_left_out,
    an_http2_upstream_is_asked_for_its_health_in_http2,
    an_upstream_is_verified_under_the_configured_name,
    an_upstream_that_demands_a_certificate_is_shown_ours,
    two_apps_with_different_authorities_share_no_connection,
    the_upstream_is_told_the_host_that_the_settings_say,
    the_name_given_to_the_upstream_becomes_the_origin_in_a_redirect,
}

/// Two upstreams behind one app that anybody may use.
async fn pair(store: Store, more: &str) -> (Gateway, Upstream, Upstream) {
    let (one, two) = (Upstream::start().await, Upstream::start().await);
    let plan = Plan::on(store).policy(PUBLIC).app(more);
    let plan = plan.upstream(&format!("http://{}", one.address)).upstream(&format!("http://{}", two.address));
    (plan.start().await, one, two)
}

/// So many requests at once; their statuses, each once.
async fn statuses(gateway: &Gateway, n: usize, ask: impl Fn() -> Ask) -> Vec<u16> {
    let all = (0..n).map(|_| {
        let (mut visitor, ask) = (gateway.visitor(), ask());
        async move { visitor.send(ask).await.status }
    });
    let mut all = futures::future::join_all(all).await;
    all.sort_unstable();
    all.dedup();
    all
}

async fn several_upstreams_share_the_requests(store: Store) {
    let (gateway, one, two) = pair(store, "").await;
    for _ in 0..20 {
        assert_eq!(gateway.visitor().get("/shared").await.status, 200);
    }
    let (one, two) = (one.count_of("GET /shared"), two.count_of("GET /shared"));
    assert!(one + two == 20 && one.abs_diff(two) <= 2, "{one} and {two}");
}

async fn an_upstream_that_dies_costs_no_request_and_comes_back(store: Store) {
    let (gateway, one, two) = pair(store, "").await;
    let get = || Ask::program("/");
    assert_eq!(statuses(&gateway, 20, get).await, [200]);
    one.stop().await;
    // faster than the health check, so it is the second try that finds the other one
    assert_eq!(statuses(&gateway, 60, get).await, [200]);
    assert_eq!(statuses(&gateway, 60, || Ask::bare("POST", "/order").body(b"one")).await, [200]);
    assert_eq!((one.count_of("POST /order"), two.count_of("POST /order")), (0, 60));
    until("the health check to see it", || async { gateway.log().contains("an upstream is down") }).await;
    assert_eq!(statuses(&gateway, 20, get).await, [200]);
    one.listen().await;
    let before = one.count();
    until("the upstream to be asked again", || async {
        assert_eq!(gateway.visitor().send(get()).await.status, 200);
        one.count() > before
    })
    .await;
}

async fn a_websocket_finds_the_upstream_that_is_left(store: Store) {
    use crate::support::stream::{Socket, handshake};
    let (gateway, one, two) = pair(store, "").await;
    one.stop().await;
    for _ in 0..4 {
        let mut socket = Socket::open(&gateway.visitor(), handshake("/ws")).await.unwrap();
        socket.echo("hello").await;
    }
    assert_eq!(two.count_of("GET /ws"), 4);
}

async fn a_post_is_never_sent_twice(store: Store) {
    let (gateway, one, two) = pair(store, "").await;
    for _ in 0..3 {
        // leaves connections to both that the next request may be sent on
        assert_eq!(statuses(&gateway, 4, || Ask::program("/")).await, [200]);
        let answer = gateway.visitor().send(Ask::bare("POST", "/hang-up").body(b"one order")).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
    }
    assert_eq!(one.count_of("POST /hang-up") + two.count_of("POST /hang-up"), 3);
}

async fn without_any_upstream_a_page_says_so_at_once(store: Store) {
    let (gateway, one, two) = pair(store, "").await;
    one.stop().await;
    two.stop().await;
    let begun = Instant::now();
    let answer = gateway.visitor().get("/").await;
    assert!(answer.status == 502 && answer.text().contains("<html"), "{}", answer.head);
    until("the health checks to see it", || async {
        gateway.visitor().get("/").await.status == 502 && gateway.log().contains("no upstream of the app is well")
    })
    .await;
    let answer = gateway.visitor().get("/").await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("The application cannot be reached"), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let program = gateway.visitor().send(Ask::program("/")).await;
    assert_eq!((program.status, program.header("content-type")), (502, Some("application/problem+json")));
    assert_eq!(gateway.visitor().get("/.portcullis/sign-in").await.status, 200, "our own pages need no upstream");
    two.listen().await;
    until("the app to be back", || async { gateway.visitor().get("/").await.status == 200 }).await;
}

async fn an_upstream_that_says_it_is_unwell_is_left_out(store: Store) {
    let (gateway, one, two) = pair(store, "health_path: /health?of=all").await;
    let check = one.requests().into_iter().find(|s| s.path() == "/health?of=all").expect("a check before the start");
    assert_eq!(check.header("host"), Some(gateway.authority()));
    assert_eq!((check.header("cookie"), check.header("x-auth-user")), (None, None));
    one.answer("/health", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    until("the check to fail", || async { gateway.log().contains("an upstream is down") }).await;
    two.forget();
    assert_eq!(statuses(&gateway, 10, || Ask::program("/after")).await, [200]);
    assert_eq!((one.count_of("GET /after"), two.count_of("GET /after")), (0, 10));
    one.answer("/health", "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    until("the upstream to be asked again", || async {
        gateway.visitor().send(Ask::program("/again")).await;
        one.count_of("GET /again") > 0
    })
    .await;
}

/// An app over HTTP/2 in plain; counts how often its health was asked for.
async fn h2c_app(well: Arc<AtomicBool>, asked: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind(local(free_port())).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (well, asked) = (well.clone(), asked.clone());
            tokio::spawn(async move {
                let Ok(mut connection) = h2::server::handshake(tcp).await else { return };
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let check = request.uri().path() == "/health";
                    asked.fetch_add(usize::from(check), Ordering::SeqCst);
                    let status = if check && !well.load(Ordering::SeqCst) { 500 } else { 200 };
                    let _ = respond.send_response(http::Response::builder().status(status).body(()).unwrap(), true);
                }
            });
        }
    });
    address
}

async fn an_http2_upstream_is_asked_for_its_health_in_http2(store: Store) {
    let (well, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let address = h2c_app(well.clone(), asked.clone()).await;
    let plan = Plan::on(store).policy(PUBLIC).app("health_path: /health");
    let gateway = plan.upstream(&format!("{{ url: http://{address}, http2: true }}")).start().await;
    assert_eq!(gateway.visitor().get("/").await.status, 200);
    assert!(asked.load(Ordering::SeqCst) > 0);
    well.store(false, Ordering::SeqCst);
    until("the check to fail", || async { gateway.visitor().get("/").await.status == 502 }).await;
    well.store(true, Ordering::SeqCst);
    until("the check to pass", || async { gateway.visitor().get("/").await.status == 200 }).await;
}

/// Certificates in files, as the settings name them.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        Files(TempDir::new().unwrap())
    }
    fn ca(&self, name: &str, authority: &Authority) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, authority.pem()).unwrap();
        path
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
}

async fn an_upstream_is_verified_under_the_configured_name(store: Store) {
    let (authority, files) = (Authority::new(), Files::new());
    let app = https_app(&authority.issue(&["app.internal"])).await;
    let ca = files.ca("ca.crt", &authority);
    for (name, status, body) in [
        ("server_name: app.internal", 200, "for app.internal, shown 0"),
        ("server_name: other.internal", 502, ""),
        ("server_name: 127.0.0.1", 502, ""),
    ] {
        let tls = format!("upstream_tls: {{ ca: {}, {name} }}", ca.display());
        let plan = Plan::on(store).policy(PUBLIC).upstream(&format!("https://{app}")).app(&tls);
        let answer = plan.start().await.visitor().send(Ask::program("/")).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(status == 502 || answer.text() == body, "{name}: {}", answer.text());
    }
}

async fn an_upstream_that_demands_a_certificate_is_shown_ours(store: Store) {
    let (authority, strangers, files) = (Authority::new(), Authority::new(), Files::new());
    let app = https_app_for(&authority, &authority.issue(&["localhost"])).await;
    let ca = files.ca("ca.crt", &authority);
    for (issuer, status) in [(Some(&authority), 200), (Some(&strangers), 502), (None, 502)] {
        let mut tls = format!("ca: {}", ca.display());
        if let Some(issuer) = issuer {
            let (cert, key) = (files.path().join("client.crt"), files.path().join("client.key"));
            issuer.issue(&["gateway.internal"]).write(&cert, &key);
            tls += &format!(", client: {{ cert: {}, key: {} }}", cert.display(), key.display());
        }
        let plan = Plan::on(store).policy(PUBLIC).upstream(&format!("https://localhost:{}", app.port()));
        let gateway = plan.app(&format!("upstream_tls: {{ {tls} }}")).start().await;
        let answer = within("an answer", gateway.visitor().send(Ask::program("/"))).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(status == 502 || answer.text() == "for localhost, shown 1", "{}", answer.text());
    }
}

async fn two_apps_with_different_authorities_share_no_connection(store: Store) {
    let (trusted, other, files) = (Authority::new(), Authority::new(), Files::new());
    let app = https_app(&trusted.issue(&["localhost"])).await;
    let (good, bad) = (files.ca("good.crt", &trusted), files.ca("bad.crt", &other));
    let url = format!("https://localhost:{}", app.port());
    let plan = Plan::on(store).policy(PUBLIC).upstream(&url);
    let second = format!("http://second.localhost:{}", plan.port());
    let item = format!(
        "  - {{ name: second, origins: [{second}], upstreams: [{url}], upstream_tls: {{ ca: {} }} }}",
        bad.display()
    );
    let gateway = plan.app(&format!("upstream_tls: {{ ca: {} }}", good.display())).another_app(&item).start().await;
    for _ in 0..3 {
        assert_eq!(gateway.visitor().send(Ask::program("/")).await.status, 200);
        // that connection stands ready now, to the same address and under the same name
        let mut visitor = gateway.visitor();
        visitor.origin = second.clone();
        assert_eq!(visitor.send(Ask::program("/")).await.status, 502);
    }
}

async fn the_upstream_is_told_the_host_that_the_settings_say(store: Store) {
    for setting in ["origin", "upstream", "inner.example"] {
        let gateway = Plan::on(store).policy(PUBLIC).app(&format!("host: {setting}")).start().await;
        let upstream = gateway.upstream.address.to_string();
        let host = match setting {
            "origin" => gateway.authority(),
            "upstream" => &upstream,
            name => name,
        };
        gateway.visitor().get("/").await;
        let seen = gateway.upstream.last();
        assert_eq!(seen.header("host"), Some(host), "{setting}");
        assert_eq!(seen.header("x-forwarded-host"), Some(gateway.authority()), "{setting}");
        crate::support::stream::Socket::open(&gateway.visitor(), crate::support::stream::handshake("/ws"))
            .await
            .unwrap();
        assert_eq!(gateway.upstream.last().header("host"), Some(host), "{setting}, of a WebSocket");
    }
}

async fn the_name_given_to_the_upstream_becomes_the_origin_in_a_redirect(store: Store) {
    let gateway = Plan::on(store).policy(PUBLIC).app("host: inner.example").start().await;
    let own = gateway.upstream.address;
    for (to, want) in [
        ("http://inner.example/next?a=b".to_string(), format!("{}/next?a=b", gateway.origin)),
        ("https://inner.example".into(), gateway.origin.clone()),
        (format!("http://inner.example:{}/x", own.port()), format!("{}/x", gateway.origin)),
        (format!("//{own}/x#y"), format!("{}/x#y", gateway.origin)),
        ("http://inner.example.evil/".into(), "http://inner.example.evil/".into()),
        ("/relative".into(), "/relative".into()),
    ] {
        gateway.upstream.answer("/r", &format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(gateway.visitor().get("/r").await.header("location"), Some(want.as_str()), "{to}");
    }
}
