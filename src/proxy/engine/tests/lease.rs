//! Holding: without the lease everything of a session stands still, and goes on with every byte in place.

use super::support::*;
use super::upstream::{self, Numbers, Seen};
use crate::sys::lease::{Lease, now};
use bytes::Bytes;
use futures::future::poll_fn;
use futures::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
fn back(lease: &Lease) {
    lease.renew(now(), Duration::from_secs(3600));
}

/// What a client in the background has received; `bent` when a byte was out of place or the stream ended.
#[derive(Clone, Default)]
struct Flow {
    bytes: Arc<AtomicU64>,
    bent: Arc<AtomicBool>,
}
impl Flow {
    fn got(&self, numbers: &mut Numbers, bytes: &[u8]) {
        if !numbers.follows(bytes) {
            self.bent.store(true, SeqCst);
        }
        self.bytes.fetch_add(bytes.len() as u64, SeqCst);
    }
    fn end(&self) {
        self.bent.store(true, SeqCst);
    }
}

async fn h1_download(addr: SocketAddr, path: &str, session: bool) -> Flow {
    let flow = Flow::default();
    let mut stream = connect(addr).await;
    stream.write_all(request(path, session).as_bytes()).await.unwrap();
    let f = flow.clone();
    tokio::spawn(async move {
        upstream::read_head(&mut stream).await.unwrap();
        let (mut numbers, mut buf) = (Numbers::default(), vec![0; 65536]);
        while let Ok(n @ 1..) = stream.read(&mut buf).await {
            f.got(&mut numbers, &buf[..n]);
        }
        f.end();
    });
    flow
}

async fn h1_upload(addr: SocketAddr) {
    let mut stream = connect(addr).await;
    let head = b"POST /sink HTTP/1.1\r\nHost: app.test\r\nx-session: 1\r\nContent-Length: 80000000000\r\n\r\n";
    stream.write_all(head).await.unwrap();
    tokio::spawn(async move {
        let mut numbers = Numbers::default();
        while stream.write_all(&numbers.make(2048)).await.is_ok() {}
    });
}

/// One message in flight: a wake-up that is lost stops it for ever.
async fn echo(addr: SocketAddr) -> Flow {
    let flow = Flow::default();
    let mut ws = websocket(addr, "/ws", true).await;
    let f = flow.clone();
    tokio::spawn(async move {
        let (mut sent, mut got) = (Numbers::default(), Numbers::default());
        for size in [1, 100, 3000].into_iter().cycle() {
            if ws.send(Message::Binary(sent.make(size).into())).await.is_err() {
                break;
            }
            let Some(Ok(Message::Binary(bytes))) = ws.next().await else { break };
            f.got(&mut got, &bytes);
        }
        f.end();
    });
    flow
}

async fn h2_download(send: &mut h2::client::SendRequest<Bytes>, path: &str, session: bool) -> Flow {
    let flow = Flow::default();
    let (answer, _) = send.send_request(h2_request(path, session), true).unwrap();
    let f = flow.clone();
    tokio::spawn(async move {
        let mut body = answer.await.unwrap().into_body();
        let mut numbers = Numbers::default();
        while let Some(Ok(bytes)) = body.data().await {
            let _ = body.flow_control().release_capacity(bytes.len());
            f.got(&mut numbers, &bytes);
        }
        f.end();
    });
    flow
}

fn h2_upload(send: &mut h2::client::SendRequest<Bytes>) {
    let (answer, mut body) = send.send_request(h2_request("/sink", true), false).unwrap();
    tokio::spawn(async move {
        let _answer = answer;
        let mut numbers = Numbers::default();
        loop {
            let mut bytes = Bytes::from(numbers.make(512));
            while !bytes.is_empty() {
                body.reserve_capacity(bytes.len());
                let Some(Ok(n)) = poll_fn(|cx| body.poll_capacity(cx)).await else { return };
                if body.send_data(bytes.split_to(n.min(bytes.len())), false).is_err() {
                    return;
                }
            }
        }
    });
}

/// The counters move, each by itself.
async fn all_move(counters: &[Arc<AtomicU64>]) {
    let before: Vec<u64> = counters.iter().map(|c| c.load(SeqCst)).collect();
    soon(async {
        for (counter, before) in counters.iter().zip(before) {
            while counter.load(SeqCst) == before {
                sleep(ms(1)).await;
            }
        }
    })
    .await;
}

/// What is in kernel buffers still arrives; after that nothing does.
async fn all_stand_still(counters: &[Arc<AtomicU64>]) {
    let look = || counters.iter().map(|c| c.load(SeqCst)).collect::<Vec<_>>();
    soon(async {
        let mut last = look();
        loop {
            sleep(ms(150)).await;
            let now = look();
            if now == last {
                break;
            }
            last = now;
        }
    })
    .await;
    let before = look();
    sleep(ms(300)).await;
    assert_eq!(before, look(), "a byte has moved without the lease");
}

fn sunk(seen: &Arc<Seen>) -> Arc<AtomicU64> {
    let counter = Arc::new(AtomicU64::new(0));
    let (c, seen) = (counter.clone(), seen.clone());
    tokio::spawn(async move {
        loop {
            c.store(seen.sunk.load(SeqCst), SeqCst);
            sleep(ms(1)).await;
        }
    });
    counter
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_sessions_stands_still_and_goes_on_whole() {
    let (up, seen) = upstream::start().await;
    let (up2, seen2) = upstream::start().await; // two uploads are told apart
    let lease = Lease::always();
    let gateway = Gateway::start(Config { lease: lease.clone(), ..Config::to(up) }).await;
    let gateway2 = Gateway::start(Config { lease: lease.clone(), ..Config::to(up2) }).await;
    let (mut send, _connection) = h2(gateway.addr).await;
    let flows = [
        h1_download(gateway.addr, "/numbers", true).await,
        h1_download(gateway.addr, "/ticks", true).await,
        echo(gateway.addr).await,
        h2_download(&mut send, "/ticks", true).await,
    ];
    h1_upload(gateway.addr).await;
    let (mut send2, _connection2) = h2(gateway2.addr).await;
    h2_upload(&mut send2);
    let public =
        [h1_download(gateway.addr, "/ticks", false).await.bytes, h2_download(&mut send, "/ticks", false).await.bytes];
    let mut counters: Vec<_> = flows.iter().map(|f| f.bytes.clone()).collect();
    counters.extend([sunk(&seen), sunk(&seen2)]);
    all_move(&counters).await;

    lease.give_up();
    all_stand_still(&counters).await;
    all_move(&public).await;

    back(&lease);
    all_move(&counters).await;
    all_move(&counters).await;
    assert!(flows.iter().all(|f| !f.bent.load(SeqCst)), "lost or bent");
    assert!(!seen.bent.load(SeqCst) && !seen2.bent.load(SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_tunnel_passes_nothing_until_the_lease_is_back_and_can_be_cut_meanwhile() {
    let (up, _) = upstream::start().await;
    let lease = Lease::always();
    let gateway = Gateway::start(Config { lease: lease.clone(), ..Config::to(up) }).await;
    let mut ws = websocket(gateway.addr, "/ws", true).await;
    lease.give_up();
    ws.send("late".into()).await.unwrap();
    assert!(tokio::time::timeout(ms(200), ws.next()).await.is_err(), "a byte has moved");
    back(&lease);
    assert_eq!(soon(ws.next()).await.unwrap().unwrap().into_text().unwrap(), "late");
    lease.give_up();
    gateway.session.cancel();
    assert!(soon(ws.next()).await.unwrap().unwrap().is_close());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_streams_survive_a_lease_that_comes_and_goes() {
    let (up, _) = upstream::start().await;
    let lease = Lease::always();
    let gateway = Gateway::start(Config { lease: lease.clone(), ..Config::to(up) }).await;
    let mut flows = vec![];
    for _ in 0..120 {
        flows.push(echo(gateway.addr).await);
    }
    for i in 0..40 {
        flows.push(h1_download(gateway.addr, if i < 4 { "/numbers" } else { "/ticks" }, true).await);
    }
    let mut connections = vec![];
    for _ in 0..4 {
        let (mut send, _) = h2(gateway.addr).await;
        for i in 0..10 {
            flows.push(h2_download(&mut send, if i == 0 { "/numbers" } else { "/ticks" }, true).await);
        }
        connections.push(send);
    }
    let counters: Vec<_> = flows.iter().map(|f| f.bytes.clone()).collect();
    all_move(&counters).await;

    let losses = tokio::task::spawn_blocking(move || toggle(&lease, Duration::from_secs(2))).await.unwrap();

    all_move(&counters).await;
    assert!(losses > 100);
    assert!(flows.iter().all(|f| !f.bent.load(SeqCst)), "lost or bent");
}

/// On a thread of its own: the runtime is busy. Ends with the lease held.
fn toggle(lease: &Lease, how_long: Duration) -> u64 {
    let end = now() + u64::try_from(how_long.as_nanos()).unwrap();
    let mut losses = 0;
    while now() < end {
        lease.give_up();
        std::thread::park_timeout(ms(1 + losses % 4));
        back(lease);
        std::thread::park_timeout(ms(1 + losses / 4 % 4));
        losses += 1;
    }
    losses
}
