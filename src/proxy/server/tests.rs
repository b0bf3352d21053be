//! The plain listener over real sockets: what the engine does to a request before our own functions see it, and what the
//! client gets. It has no gate, so it shows the framing by itself.

use super::super::settings::{self, Redirect, samples};
use super::*;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

struct Running {
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

async fn start(acme: Option<PathBuf>) -> Running {
    let here: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let apps = vec![
        Arc::new(samples::app("intranet", &["https://app.example.com"], "http://127.0.0.1:9")),
        Arc::new(samples::app("other", &["https://other.example.com:8443"], "http://127.0.0.1:9")),
        Arc::new(samples::app("dev", &["http://localhost:8080"], "http://127.0.0.1:9")),
    ];
    let settings = Arc::new(Settings {
        public: settings::Listen { address: here, tls: None },
        redirect: Some(Redirect { address: here, acme: acme.clone() }),
        trusted_proxies: vec![],
        proxy_protocol: false,
        apps,
        own_prefix: "/.portcullis/".into(),
        limits: samples::limits(),
        drain: Duration::from_secs(5),
    });
    let (tcp, address) = listen(here).await.unwrap();
    let to_https = ToHttps { settings: settings.clone(), hosts: Hosts::new(&settings.apps), acme };
    let (stop, shutdown) = watch::channel(false);
    let here = Worker { runtime: Handle::current(), app: app(to_https, Lease::always()) };
    tokio::spawn(accept::serve(plain(tcp, &settings), vec![here], shutdown));
    Running { address, _stop: stop }
}

/// Everything that comes back until the connection ends.
async fn ask(to: &Running, raw: &[u8]) -> String {
    let mut s = TcpStream::connect(to.address).await.unwrap();
    s.write_all(raw).await.unwrap();
    let mut all = Vec::new();
    let mut part = [0; 4096];
    // a reset after the answer is an end too
    while let Ok(n) = timeout(Duration::from_secs(60), s.read(&mut part)).await.unwrap() {
        if n == 0 {
            break;
        }
        all.extend_from_slice(&part[..n]);
    }
    String::from_utf8(all).unwrap()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0)
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_lead_to_the_configured_origin() {
    let r = start(None).await;
    for (host, target, want) in [
        ("app.example.com", "/a?b=c", "https://app.example.com/a?b=c"),
        ("APP.example.com.:80", "//evil", "https://app.example.com//evil"),
        ("other.example.com", "/", "https://other.example.com:8443/"),
    ] {
        let answer = ask(&r, format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await;
        assert_eq!((status(&answer), header(&answer, "location")), (308, Some(want)), "{answer}");
        assert_eq!(header(&answer, "server"), None);
    }
    for host in ["evil.example", "localhost:8080", "", "a, b", "app.example.com@evil"] {
        let answer = ask(&r, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n              ").as_bytes()).await;
        assert!(matches!(status(&answer), 400 | 421) && header(&answer, "location").is_none(), "{host}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_are_answered_from_their_folder_and_from_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("acme")).unwrap();
    std::fs::write(folder.path().join("acme/token"), "token.thumb").unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    let r = start(Some(folder.path().join("acme"))).await;
    let get =
        async |path: &str| ask(&r, format!("GET {path} HTTP/1.1\r\nHost: app.example.com\r\n\r\n").as_bytes()).await;
    assert!(get("/.well-known/acme-challenge/token").await.ends_with("\r\n\r\ntoken.thumb"));
    assert_eq!(status(&get("/.well-known/acme-challenge/none").await), 404);
    for path in ["/.well-known/acme-challenge/../secret", "/.well-known/acme-challenge/..%2fsecret"] {
        let answer = get(path).await;
        assert_eq!(status(&answer), 308, "{answer}"); // an ordinary address, for the gate behind to judge
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_requests_are_refused_and_the_connection_ends() {
    let r = start(None).await;
    let host = "Host: app.example.com\r\n";
    for (want, request) in [
        (400, format!("POST / HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        (400, format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")),
        (400, format!("POST / HTTP/1.1\r\n{host}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab")),
        (400, format!("POST / HTTP/1.1\r\n{host}Content-Length: 2, 2\r\n\r\nab")),
        (400, format!("POST / HTTP/1.1\r\n{host}Content-Length: +2\r\n\r\nab")),
        (400, format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        (400, format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n")),
        (400, format!("POST / HTTP/1.0\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        (400, format!("GET / HTTP/1.1\n{host}\r\n")),
        (400, "GET / HTTP/1.1\r\nHost: app.example.com\nX: y\r\n\r\n".into()),
        (400, "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n".into()),
        (400, format!("GET / HTTP/1.1\r\n{host}{host}\r\n")),
        (400, "GET http://app.example.com/ HTTP/1.1\r\nHost: app.example.com\r\n\r\n".into()),
        (400, format!("GET /a#b HTTP/1.1\r\n{host}\r\n")),
        (400, format!("GET /a\\b HTTP/1.1\r\n{host}\r\n")),
        (400, format!("GET / HTTP/1.1\r\n{host}Connection: close, X-Auth-User\r\n\r\n")),
        (405, "CONNECT app.example.com:443 HTTP/1.1\r\nHost: app.example.com:443\r\n\r\n".into()),
        (405, format!("TRACE / HTTP/1.1\r\n{host}\r\n")),
        (405, format!("get / HTTP/1.1\r\n{host}\r\n")),
        (417, format!("GET / HTTP/1.1\r\n{host}Expect: magic\r\n\r\n")),
        (414, format!("GET /{} HTTP/1.1\r\n{host}\r\n", "a".repeat(9000))),
        (431, format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "a".repeat(70_000))),
        (431, format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(120))),
        (308, format!("GET / HTTP/1.1\r\n{host}Upgrade: h2c\r\nConnection: upgrade\r\n\r\n")),
    ] {
        let twice = request.clone() + "GET /second HTTP/1.1\r\nHost: app.example.com\r\n\r\n";
        let answer = ask(&r, twice.as_bytes()).await;
        let shown: String = request.chars().take(120).collect();
        assert_eq!(status(&answer), want, "{shown:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "what follows is never a request: {shown:?}: {answer}");
        assert_eq!(header(&answer, "allow").is_some(), want == 405, "{answer}");
    }
}
