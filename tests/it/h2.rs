//! HTTP/2: the same gate for each stream, cookies joined, trailers carried, floods ended.

use crate::support::{Gateway, Plan, Store, Visitor, on_both_stores, within};
use bytes::Bytes;
use h2::client::SendRequest;
use h2::{RecvStream, client};
use http::{HeaderMap, Request, Response};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

on_both_stores! {
    a_session_is_known_over_h2_and_split_cookies_are_joined,
    each_stream_is_judged_for_itself,
    the_authority_and_a_host_must_agree,
    a_body_over_h2_arrives_whole,
    grpc_trailers_pass,
    one_cut_stream_leaves_the_others_alone,
    an_order_ends_the_streams_of_whom_it_meets_on_a_shared_connection,
    a_flood_of_resets_ends_the_connection_and_nobody_elses,
    a_head_that_never_ends_ends_the_connection_and_nobody_elses,
    too_many_headers_over_h2_are_refused,
}

async fn connect(gateway: &Gateway) -> SendRequest<Bytes> {
    let tcp = TcpStream::connect(gateway.address).await.unwrap();
    let (send, connection) = within("h2", client::handshake(tcp)).await.unwrap();
    tokio::spawn(connection);
    send
}

fn request(visitor: &Visitor, path: &str) -> Request<()> {
    let mut request = Request::builder().uri(format!("http://{}{path}", visitor.authority())).body(()).unwrap();
    for (name, value) in &visitor.cookies {
        request.headers_mut().append("cookie", format!("{name}={value}").parse().unwrap());
    }
    request
}

async fn ask(send: &mut SendRequest<Bytes>, request: Request<()>) -> Result<Response<RecvStream>, h2::Error> {
    within("an answer over h2", async {
        let mut send = send.clone().ready().await?;
        let (answer, _) = send.send_request(request, true)?;
        answer.await
    })
    .await
}

async fn text(answer: Response<RecvStream>) -> (String, Option<HeaderMap>) {
    let mut body = answer.into_body();
    let mut all = Vec::new();
    while let Some(chunk) = within("a body over h2", body.data()).await {
        let chunk = chunk.unwrap();
        body.flow_control().release_capacity(chunk.len()).unwrap();
        all.extend_from_slice(&chunk);
    }
    (String::from_utf8(all).unwrap(), body.trailers().await.unwrap())
}

async fn a_session_is_known_over_h2_and_split_cookies_are_joined(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut send = connect(&gateway).await;
    let mut with_more = request(&alice, "/h2");
    with_more.headers_mut().append("cookie", "theme=dark".parse().unwrap());
    with_more.headers_mut().append("cookie", "lang=fr".parse().unwrap());
    with_more.headers_mut().append("x_auth_user", "root".parse().unwrap());
    let answer = ask(&mut send, with_more).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(text(answer).await.0, "hello from the app: /h2\n");
    let seen = gateway.upstream.last();
    assert_eq!(seen.header("cookie"), Some("theme=dark; lang=fr"));
    assert_eq!(seen.header("x-auth-user"), Some("alice"));
    assert!(!seen.head.contains("root"));
}

async fn each_stream_is_judged_for_itself(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut send = connect(&gateway).await;
    assert_eq!(ask(&mut send, request(&alice, "/")).await.unwrap().status(), 200);
    assert_eq!(ask(&mut send, request(&gateway.visitor(), "/")).await.unwrap().status(), 401);
    alice.clone().sign_out(false).await;
    assert_ne!(ask(&mut send, request(&alice, "/")).await.unwrap().status(), 200, "the same connection after sign-out");
}

async fn the_authority_and_a_host_must_agree(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: all, match: { path: / }, allow: public }\n";
    let gateway = Plan::on(store).policy(policy).start().await;
    let visitor = gateway.visitor();
    let mut send = connect(&gateway).await;
    let mut other_host = request(&visitor, "/");
    other_host.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert!(ask(&mut send, other_host).await.map_or(true, |a| a.status() == 400));
    let elsewhere = Request::builder().uri("http://evil.example/").body(()).unwrap();
    assert!(ask(&mut send, elsewhere).await.map_or(true, |a| a.status() == 421));
    let with_user = Request::builder().uri(format!("http://u@{}/", visitor.authority())).body(()).unwrap();
    assert!(ask(&mut send, with_user).await.map_or(true, |a| a.status() == 400 || a.status() == 421));
    assert_eq!(gateway.upstream.count(), 0);
    assert_eq!(ask(&mut connect(&gateway).await, request(&visitor, "/")).await.unwrap().status(), 200);
}

async fn a_body_over_h2_arrives_whole(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut send = connect(&gateway).await;
    for size in [0, 1, 10_000, 60_000] {
        let mut post = request(&alice, "/post");
        *post.method_mut() = http::Method::POST;
        let mut ready = send.clone().ready().await.unwrap();
        let (answer, mut body) = ready.send_request(post, false).unwrap();
        body.send_data(Bytes::from(vec![b'z'; size]), false).unwrap();
        body.send_data(Bytes::new(), true).unwrap(); // the end in a frame of its own
        assert_eq!(within("the answer", answer).await.unwrap().status(), 200);
        assert_eq!(gateway.upstream.last().body.len(), size);
        // the upstream's connection is fit for the next request: nothing was written past the end
        assert_eq!(
            text(ask(&mut send, request(&alice, "/next")).await.unwrap()).await.0,
            "hello from the app: /next\n"
        );
    }
}

async fn grpc_trailers_pass(store: Store) {
    let listener =
        TcpListener::bind(crate::support::process::local(crate::support::process::free_port())).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(tcp).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
                    let mut body = respond.send_response(head, false).unwrap();
                    body.send_data(Bytes::from_static(b"\0\0\0\0\x02ok"), false).unwrap();
                    body.send_trailers(HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]))
                        .unwrap();
                }
            });
        }
    });
    let gateway = Plan::on(store).upstream(&format!("{{ url: http://{address}, http2: true }}")).start().await;
    gateway.add_user("alice", &["staff"]);
    let mut alice = gateway.visitor();
    alice.give_password("alice", crate::support::PASSWORD, "/").await;
    let mut call = request(&alice, "/orders.v1.Orders/List");
    *call.method_mut() = http::Method::POST;
    call.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    call.headers_mut().insert("te", "trailers".parse().unwrap());
    let answer = ask(&mut connect(&gateway).await, call).await.unwrap();
    assert_eq!(answer.status(), 200);
    let (body, trailers) = text(answer).await;
    assert_eq!(body, "\0\0\0\0\x02ok");
    assert_eq!(trailers.expect("trailers")["grpc-status"], "0");
}

async fn one_cut_stream_leaves_the_others_alone(store: Store) {
    let policy =
        "version: 1\nrules:\n  - { name: open, match: { path: /events/, networks: [127.0.0.0/8] }, allow: public }\n";
    let gateway = Gateway::with_alice(store, policy).await;
    let (alice, other) = (gateway.alice().await, gateway.alice().await);
    let cut = async || drop(alice.clone().sign_out(false).await);
    only_the_first_is_cut(&gateway, (&alice, &other), cut).await;
}

async fn an_order_ends_the_streams_of_whom_it_meets_on_a_shared_connection(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    gateway.add_user("bob", &[]);
    let (alice, mut bob) = (gateway.alice().await, gateway.visitor());
    bob.sign_in("bob").await;
    let cut = async || drop(gateway.disconnect(json!({ "user": "alice" }), "sign_out", json!({})).await);
    only_the_first_is_cut(&gateway, (&alice, &bob), cut).await;
}

/// Two downloads on one connection.
async fn only_the_first_is_cut(gateway: &Gateway, (alice, other): (&Visitor, &Visitor), cut: impl AsyncFnOnce()) {
    let mut send = connect(gateway).await;
    let mut ticks = ask(&mut send, request(alice, "/download")).await.unwrap().into_body();
    let mut others = ask(&mut send, request(other, "/download")).await.unwrap().into_body();
    for stream in [&mut ticks, &mut others] {
        let first = within("the first bytes", stream.data()).await.unwrap().unwrap();
        stream.flow_control().release_capacity(first.len()).unwrap();
    }
    cut().await;
    within("the cut", async {
        while let Some(Ok(chunk)) = ticks.data().await {
            let _ = ticks.flow_control().release_capacity(chunk.len());
        }
    })
    .await;
    for _ in 0..20 {
        let chunk = within("the other stream", others.data()).await.unwrap().unwrap();
        others.flow_control().release_capacity(chunk.len()).unwrap();
    }
    assert_eq!(ask(&mut send, request(other, "/")).await.unwrap().status(), 200);
}

async fn a_flood_of_resets_ends_the_connection_and_nobody_elses(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut bystander = connect(&gateway).await;
    let send = connect(&gateway).await;
    let mut ended = false;
    for _ in 0..5000 {
        let Ok(Ok(mut ready)) = tokio::time::timeout(Duration::from_secs(5), send.clone().ready()).await else {
            ended = true;
            break;
        };
        let Ok((answer, mut body)) = ready.send_request(request(&alice, "/events"), false) else {
            ended = true;
            break;
        };
        body.send_reset(h2::Reason::CANCEL);
        drop(answer);
        tokio::task::yield_now().await;
    }
    assert!(ended, "rapid resets go on for ever");
    assert_eq!(ask(&mut bystander, request(&alice, "/")).await.unwrap().status(), 200);
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

/// A frame of HTTP/2 without flags (RFC 9113 §4.1).
fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

async fn a_head_that_never_ends_ends_the_connection_and_nobody_elses(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut bystander = connect(&gateway).await;
    let mut flood = TcpStream::connect(gateway.address).await.unwrap();
    let start =
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, b""), frame(HEADERS, 1, b"")].concat();
    flood.write_all(&start).await.unwrap();
    let (mut answers, mut flood) = flood.into_split();
    let told = tokio::spawn(async move { answers.read_to_end(&mut Vec::new()).await.is_ok() });
    // a literal field `a: b` without indexing (RFC 7541 §6.2.2), ten thousand times and more
    let more = frame(CONTINUATION, 1, b"\x00\x01a\x01b").repeat(100);
    for _ in 0..100 {
        if flood.write_all(&more).await.is_err() {
            break;
        }
    }
    // the write side stays open: the end that is seen is the gateway's
    let _ = within("the end of the connection", told).await.unwrap();
    assert_eq!(ask(&mut bystander, request(&alice, "/")).await.unwrap().status(), 200);
}

async fn too_many_headers_over_h2_are_refused(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    gateway.upstream.forget();
    let mut many = request(&alice, "/");
    for n in 0..200 {
        let name = http::HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap();
        many.headers_mut().append(name, "y".parse().unwrap());
    }
    let answer = ask(&mut connect(&gateway).await, many).await;
    assert!(answer.map_or(true, |a| a.status() == 431));
    assert_eq!(gateway.upstream.count(), 0);
}
