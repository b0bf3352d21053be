//! Requests whose length or ends can be read in two ways are refused and the connection closed (RFC 9112 section 6.3).

use crate::support::raw::react;
use crate::support::{Gateway, Plan, Store, Visitor, on_both_stores};

on_both_stores! {
    what_can_be_framed_in_two_ways_is_refused,
    odd_lines_and_names_are_refused,
    odd_but_clear_requests_go_on_in_one_form,
    a_broken_chunked_body_ends_both_sides,
    what_follows_a_refused_body_is_never_a_request,
    requests_sent_early_are_judged_each_for_itself,
    an_upgrade_to_anything_else_is_dropped,
    an_upgrade_with_a_body_is_refused,
    expectations_are_met_or_refused,
    a_client_that_closes_its_side_is_taken_for_gone,
    an_answer_cannot_be_split_by_what_the_client_sends,
}

/// A gateway where everything is public, so that only framing decides.
async fn open(store: Store) -> Gateway {
    let policy = "version: 1\nrules:\n  - { name: all, match: { path: / }, allow: public }\n";
    Plan::on(store).policy(policy).start().await
}

const POST: &str = "POST /p HTTP/1.1\r\nHost: {host}\r\n";
const GET: &str = "GET /g HTTP/1.1\r\nHost: {host}\r\n";

/// Each is refused with this status, closed, and never heard of by the upstream.
async fn refused(gateway: &Gateway, status: u16, requests: &[String]) {
    for request in requests {
        let reaction = gateway.react(request).await;
        assert_eq!(reaction.statuses(), [status], "{request:?}: {}", reaction.text());
        assert!(reaction.closed, "{request:?}");
        assert_eq!(gateway.upstream.count(), 0, "{request:?} went on");
    }
}

async fn what_can_be_framed_in_two_ways_is_refused(store: Store) {
    let gateway = open(store).await;
    let chunked = "2\r\nab\r\n0\r\n\r\n";
    let requests = [
        format!("{POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"),
        format!("{POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{chunked}"),
        format!("{POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"),
        format!("{POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
        format!("{POST}Content-Length: 2, 2\r\n\r\nab"),
        format!("{POST}Content-Length: +2\r\n\r\nab"),
        format!("{POST}Content-Length: 0x2\r\n\r\nab"),
        format!("{POST}Content-Length: -1\r\n\r\nab"),
        format!("{POST}Content-Length: 99999999999999999999\r\n\r\nab"),
        format!("{POST}Transfer-Encoding: gzip, chunked\r\n\r\n{chunked}"),
        format!("{POST}Transfer-Encoding: chunked, gzip\r\n\r\n{chunked}"),
        format!("{POST}Transfer-Encoding: chunked, identity\r\n\r\n{chunked}"),
        format!("{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"),
        format!("{POST}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab"),
        format!("{POST}Transfer-Encoding: xchunked\r\n\r\n{chunked}"),
        format!("{POST}Transfer-Encoding: \x0bchunked\r\n\r\n{chunked}"),
        format!("POST /p HTTP/1.0\r\nHost: {{host}}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"),
    ];
    refused(&gateway, 400, &requests).await;
}

async fn odd_lines_and_names_are_refused(store: Store) {
    let gateway = open(store).await;
    let requests = [
        format!("{GET}X-A: b\r\n c\r\n\r\n"),
        "GET /g HTTP/1.1\nHost: {host}\nX-A: b\n\n".into(),
        format!("{GET}X-A: b\nX-Auth-User: evil\r\n\r\n"),
        format!("{GET}X-A: b\rX-Auth-User: evil\r\n\r\n"),
        format!("{GET}X-A: b\0c\r\n\r\n"),
        format!("{GET}X-A : b\r\n\r\n"),
        "GET /g HTTP/1.1\r\n X-A: b\r\nHost: {host}\r\n\r\n".into(),
        format!("{GET}: b\r\n\r\n"),
        format!("\r\n\r\n{GET}\r\n"),
        "GET /g HTTP/1.2\r\nHost: {host}\r\n\r\n".into(),
        format!("{GET}Connection: X-Auth-User\r\nX-Auth-User: evil\r\n\r\n"),
        format!("{GET}Connection: Host\r\n\r\n"),
        format!("{GET}Cookie: a=b\r\nConnection: Cookie\r\n\r\n"),
    ];
    refused(&gateway, 400, &requests).await;
    for bytes in
        [&b"GET /\xff\xc3\xa4 HTTP/1.1\r\nHost: {host}\r\n\r\n"[..], b"GET / HTTP/1.1\r\nHost: x\r\nX-\xe4: b\r\n\r\n"]
    {
        let reaction = react(gateway.address, bytes).await;
        assert_eq!(reaction.statuses(), [400]);
    }
    assert_eq!(gateway.react("GET /a/path/longer/than/a/preface\r\n\r\n").await.statuses(), [400], "HTTP/0.9");
    assert_eq!(gateway.upstream.count(), 0);
}

async fn odd_but_clear_requests_go_on_in_one_form(store: Store) {
    let gateway = open(store).await;
    let chunk_extension = "2;a=\"b\"\r\nab\r\n0\r\n\r\n";
    for (request, body) in [
        (format!("{POST}Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"), "ab"),
        (format!("{POST}Transfer-Encoding: chunked\r\n\r\n{chunk_extension}"), "ab"),
        (format!("{POST}Content-Length: 2\r\n\r\nab"), "ab"),
        (format!("{GET}Content-Length: 2\r\n\r\nab"), "ab"),
        (format!("{GET}TE: trailers\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nConnection: close\r\n\r\n"), ""),
    ] {
        let reaction = gateway.react(&request).await;
        assert_eq!(reaction.statuses(), [200], "{request:?}: {}", reaction.text());
        let seen = gateway.upstream.last();
        assert_eq!(String::from_utf8_lossy(&seen.body), body, "{request:?}");
        let lengths = seen.all("content-length").len() + seen.all("transfer-encoding").len();
        assert!(lengths <= 1 && seen.header("keep-alive").is_none() && seen.header("proxy-connection").is_none());
    }
}

async fn a_broken_chunked_body_ends_both_sides(store: Store) {
    let gateway = open(store).await;
    for body in [
        "2\nab\n0\n\n",
        "0x2\r\nab\r\n0\r\n\r\n",
        "2\r\nabXX0\r\n\r\n",
        "-1\r\nab\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nab",
    ] {
        let reaction = gateway.react(&format!("{POST}Transfer-Encoding: chunked\r\n\r\n{body}{GET}\r\n")).await;
        assert!(reaction.closed && reaction.statuses() == [400], "{body:?}: {}", reaction.text());
    }
    let bodies = gateway.upstream.requests();
    assert!(bodies.iter().all(|seen| seen.path() == "/p" && seen.body.is_empty()), "{bodies:?}");
}

async fn what_follows_a_refused_body_is_never_a_request(store: Store) {
    let gateway = Plan::on(store).start().await;
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n";
    let length = hidden.replace("{host}", gateway.authority()).len();
    for head in [POST, "POST /.portcullis/sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.example\r\n"] {
        let reaction = gateway.react(&format!("{head}Content-Length: {length}\r\n\r\n{hidden}")).await;
        assert_eq!(reaction.statuses().len(), 1, "{}", reaction.text());
        assert!(!reaction.text().contains("smuggled"), "{}", reaction.text());
    }
}

async fn requests_sent_early_are_judged_each_for_itself(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    gateway.upstream.forget();
    let with = |v: &Visitor, path: &str| v.head(&crate::support::Ask::program(path));
    let three = with(&alice, "/1") + &with(&gateway.visitor(), "/2") + &with(&alice, "/3");
    let reaction = gateway.react(&three).await;
    assert_eq!(reaction.statuses(), [200, 401, 200], "{}", reaction.text());
    let paths: Vec<_> = gateway.upstream.requests().iter().map(|s| s.path().to_string()).collect();
    assert_eq!(paths, ["/1", "/3"]);
}

async fn an_upgrade_to_anything_else_is_dropped(store: Store) {
    let gateway = open(store).await;
    for upgrade in ["h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "foo", "TLS/1.0", "websocket, h2c"] {
        let request = format!("{GET}Connection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n");
        let reaction = gateway.react(&request).await;
        assert!(reaction.statuses() == [200] || reaction.statuses() == [400], "{upgrade}: {}", reaction.text());
        for seen in gateway.upstream.requests() {
            assert_eq!((seen.header("upgrade"), seen.header("http2-settings")), (None, None), "{upgrade}");
        }
    }
    // a plain Java client asks for h2c first and must be served
    let java = format!("{GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
    assert_eq!(gateway.react(&java).await.statuses(), [200]);
}

async fn an_upgrade_with_a_body_is_refused(store: Store) {
    let gateway = open(store).await;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    refused(&gateway, 400, &[format!("{POST}{upgrade}Content-Length: 2\r\n\r\nab")]).await;
}

async fn expectations_are_met_or_refused(store: Store) {
    let gateway = open(store).await;
    let reaction = gateway.react(&format!("{POST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab")).await;
    assert_eq!(reaction.statuses().last(), Some(&200), "{}", reaction.text());
    let reaction = gateway.react(&format!("{POST}Expect: foo\r\nContent-Length: 2\r\n\r\nab")).await;
    assert_eq!(reaction.statuses(), [417]);
}

async fn a_client_that_closes_its_side_is_taken_for_gone(store: Store) {
    use tokio::io::AsyncWriteExt;
    let gateway = open(store).await;
    let mut tcp = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
    tcp.write_all(format!("{GET}\r\n").replace("{host}", gateway.authority()).as_bytes()).await.unwrap();
    tcp.shutdown().await.unwrap();
    assert!(crate::support::raw::listen(&mut tcp).await.closed);
    assert_eq!(gateway.visitor().get("/").await.status, 200, "and nobody else notices");
}

async fn an_answer_cannot_be_split_by_what_the_client_sends(store: Store) {
    let gateway = Plan::on(store).start().await;
    for target in ["/?x=%0d%0aSet-Cookie:%20a=b", "/x?%0D%0A%0D%0A<script>", "/?to=\u{e5}\u{98}\u{8a}"] {
        let reaction =
            gateway.react(&format!("GET {target} HTTP/1.1\r\nHost: {{host}}\r\nAccept: text/html\r\n\r\n")).await;
        let head = reaction.text().split("\r\n\r\n").next().unwrap().to_string();
        assert_eq!(reaction.statuses().len(), 1, "{target}");
        assert!(!head.lines().any(|l| l.to_lowercase().starts_with("set-cookie")), "{head}");
    }
}
