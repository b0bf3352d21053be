//! Listening: drain, limits by address, the PROXY protocol, silent connections.

use super::support::*;
use super::upstream;
use crate::proxy::engine::certs::Certificates;
use crate::proxy::engine::certs::tests::Authority;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn trusting(who: &'static str) -> Option<crate::proxy::engine::accept::Trusted> {
    Some(Arc::new(move |ip: IpAddr| ip == who.parse::<IpAddr>().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_closes_idle_connections_and_finishes_what_is_under_way() {
    let (up, seen) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let mut idle = connect(gateway.addr).await;
    assert!(ask(&mut idle, "/hello").await.ends_with("hello"));
    let mut silent = connect(gateway.addr).await;
    let mut busy = connect(gateway.addr).await;
    busy.write_all(request("/wait", false).as_bytes()).await.unwrap();
    soon(seen.arrived.notified()).await;
    let (mut h2, h2_connection) = h2(gateway.addr).await;
    let (h2_answer, _) = h2.send_request(h2_request("/wait", false), true).unwrap();
    soon(seen.arrived.notified()).await;

    gateway.stop.send(true).unwrap();

    assert_eq!(rest(&mut idle).await, (vec![], false));
    assert_eq!(rest(&mut silent).await, (vec![], false));
    let told = soon(async {
        loop {
            match h2.clone().ready().await {
                Ok(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(told) => break told,
            }
        }
    });
    assert_eq!(told.await.reason(), Some(h2::Reason::NO_ERROR)); // GOAWAY
    assert!(!gateway.task.is_finished(), "two requests are under way");
    seen.release.add_permits(2);
    assert!(answer(&mut busy).await.ends_with("done"));
    let mut h2_body = soon(h2_answer).await.unwrap().into_body();
    assert_eq!(soon(h2_body.data()).await.unwrap().unwrap(), "done");
    let _ = soon(h2_connection).await.unwrap(); // over, by whoever closed first
    soon(gateway.task).await.unwrap();
    assert!(TcpStream::connect(gateway.addr).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_after_its_limit() {
    let (up, seen) = upstream::start().await;
    let gateway = Gateway::start(Config { drain: Duration::from_millis(50), ..Config::to(up) }).await;
    let mut busy = connect(gateway.addr).await;
    busy.write_all(request("/wait", false).as_bytes()).await.unwrap();
    soon(seen.arrived.notified()).await;
    gateway.stop.send(true).unwrap();
    soon(gateway.task).await.unwrap();
    assert_eq!(rest(&mut busy).await.0, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_no_more_connections_than_its_share() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config { per_address: 2, ..Config::to(up) }).await;
    let (mut one, mut two) = (connect(gateway.addr).await, connect(gateway.addr).await);
    ask(&mut one, "/hello").await;
    ask(&mut two, "/hello").await;
    assert_eq!(rest(&mut connect(gateway.addr).await).await.0, b"");
    drop(one);
    soon(async {
        loop {
            // the place comes back when the gateway has seen the end
            let mut next = connect(gateway.addr).await;
            let _ = next.write_all(request("/peer", false).as_bytes()).await;
            if rest(&mut next).await.0.starts_with(b"HTTP/1.1 200") {
                break;
            }
        }
    })
    .await;
    assert!(ask(&mut two, "/hello").await.ends_with("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_counted_by_the_named_client_and_by_the_64_of_ipv6() {
    let (up, _) = upstream::start().await;
    let config = Config { per_address: 1, trusted: trusting("127.0.0.1"), ..Config::to(up) };
    let gateway = Gateway::start(config).await;
    let from = async |client: &str| {
        let mut stream = connect(gateway.addr).await;
        stream.write_all(format!("PROXY TCP6 {client} ::1 1 443\r\n").as_bytes()).await.unwrap();
        stream
    };
    let mut first = from("2001:db8::1").await;
    ask(&mut first, "/hello").await;
    assert_eq!(rest(&mut from("2001:db8::ffff").await).await.0, b"");
    let mut other = from("2001:db8:0:1::1").await;
    assert!(ask(&mut other, "/hello").await.ends_with("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_names_the_client_and_stays_known_itself() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config { trusted: trusting("127.0.0.1"), ..Config::to(up) }).await;
    let v2 = [
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10".as_slice(),
        &[192, 0, 2, 7, 127, 0, 0, 1, 0x12, 0x34, 1, 187],
        &[4, 0, 1, 9], // a TLV
    ]
    .concat();
    for (header, client) in [
        (b"PROXY TCP4 192.0.2.1 127.0.0.1 5000 443\r\n".as_slice(), "192.0.2.1:5000"),
        (b"PROXY TCP6 2001:db8::5 ::1 5001 443\r\n", "[2001:db8::5]:5001"),
        (&v2, "192.0.2.7:4660"),
    ] {
        let mut stream = connect(gateway.addr).await;
        stream.write_all(&[header, request("/peer", false).as_bytes()].concat()).await.unwrap();
        assert!(answer(&mut stream).await.ends_with(&format!("\r\n\r\n{client}")));
    }
    // LOCAL: the proxy asks for itself
    let mut own = connect(gateway.addr).await;
    own.write_all(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0").await.unwrap();
    let own_addr = own.local_addr().unwrap();
    assert!(ask(&mut own, "/peer").await.ends_with(&format!("{own_addr}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_header_is_neither_taken_from_strangers_nor_dispensable() {
    let (up, seen) = upstream::start().await;
    let gateway = Gateway::start(Config { trusted: trusting("127.0.0.2"), ..Config::to(up) }).await;
    let mut stranger = connect(gateway.addr).await;
    let _ = stranger.write_all(b"PROXY TCP4 192.0.2.1 127.0.0.1 5000 443\r\n").await;
    let _ = stranger.write_all(request("/hello", false).as_bytes()).await;
    assert_eq!(rest(&mut stranger).await.0, b"");
    let gateway = Gateway::start(Config { trusted: trusting("127.0.0.1"), ..Config::to(up) }).await;
    let mut bare = connect(gateway.addr).await;
    bare.write_all(request("/hello", false).as_bytes()).await.unwrap();
    assert_eq!(rest(&mut bare).await.0, b"");
    // and without the protocol such a header is no HTTP
    let gateway = Gateway::start(Config::to(up)).await;
    let mut plain = connect(gateway.addr).await;
    let header = b"PROXY TCP4 192.0.2.1 127.0.0.1 5000 443\r\n";
    plain.write_all(&[header, request("/hello", false).as_bytes()].concat()).await.unwrap();
    assert!(!rest(&mut plain).await.0.starts_with(b"HTTP/1.1 200"));
    assert_eq!(seen.requests.load(std::sync::atomic::Ordering::SeqCst), 0);
}

fn tls() -> (Authority, Arc<rustls::ServerConfig>) {
    let authority = Authority::new();
    let files = authority.issue("app", &["app.test"]);
    let config = Certificates::load(vec![files]).unwrap().server_config().unwrap();
    (authority, config)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_header_comes_before_tls() {
    let (up, _) = upstream::start().await;
    let (authority, tls) = tls();
    let config = Config { trusted: trusting("127.0.0.1"), tls: Some(tls), ..Config::to(up) };
    let gateway = Gateway::start(config).await;
    let mut stream = connect(gateway.addr).await;
    stream.write_all(b"PROXY TCP4 192.0.2.1 127.0.0.1 5000 443\r\n").await.unwrap();
    let connector = TlsConnector::from(authority.client(&["http/1.1"]));
    let mut stream = soon(connector.connect("app.test".try_into().unwrap(), stream)).await.unwrap();
    assert!(ask(&mut stream, "/peer").await.ends_with("192.0.2.1:5000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_or_half_a_preface_is_closed() {
    let (up, _) = upstream::start().await;
    let limit = Duration::from_millis(100);
    let gateway = Gateway::start(Config { first_byte: limit, ..Config::to(up) }).await;
    let mut silent = connect(gateway.addr).await;
    let mut dripping = connect(gateway.addr).await;
    dripping.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r").await.unwrap();
    assert_eq!(rest(&mut silent).await.0, b"");
    assert_eq!(rest(&mut dripping).await.0, b"");
    let mut late = connect(gateway.addr).await;
    ask(&mut late, "/hello").await;
    tokio::time::sleep(limit * 2).await; // it is a limit on the first bytes only
    assert!(ask(&mut late, "/hello").await.ends_with("hello"));

    let (authority, tls) = tls();
    let gateway = Gateway::start(Config { first_byte: limit, tls: Some(tls), ..Config::to(up) }).await;
    for alpn in ["h2", "http/1.1"] {
        let connector = TlsConnector::from(authority.client(&[alpn]));
        let name = "app.test".try_into().unwrap();
        let mut silent = soon(connector.connect(name, connect(gateway.addr).await)).await.unwrap();
        let _ = silent.write_all(b"PRI * HTTP/2.0\r\n").await;
        assert!(!rest(&mut silent).await.0.starts_with(b"HTTP/1.1 200"), "{alpn}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_header_that_never_ends_is_given_ten_seconds() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config { trusted: trusting("127.0.0.1"), ..Config::to(up) }).await;
    let begun = tokio::time::Instant::now();
    let mut slow = connect(gateway.addr).await;
    slow.write_all(b"PROXY TCP4 192.0.2.1").await.unwrap();
    assert_eq!(rest(&mut slow).await.0, b"");
    assert_eq!(begun.elapsed().as_secs(), 10);
}
