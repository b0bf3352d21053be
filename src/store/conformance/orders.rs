//! Orders: placed once, lifted once, told to everybody who follows, kept over what a server loses.

use super::feed::{LONG, emptied, node, redis_node, short};
use super::sample::*;
use super::server::{Server, until};
use crate::store::embedded::Embedded;
use crate::store::feed::Feed;
use crate::store::order::Met;
use crate::store::order::Sketch;
use crate::store::{Ack, Action, Fact, Order, OrderStore, Select, Store, UserSelect};
use crate::types::{NodeId, OrderId, Seq};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn order(action: Action) -> Order {
    let user = Some(UserSelect { key: "alice".into(), id: None });
    Order {
        id: OrderId::from_bytes(*user_id().as_bytes()),
        seq: Seq(0),
        select: Select { user, ..Select::default() },
        action,
        reason: "stolen laptop".into(),
        case: Some("INC-1".into()),
        by: "soc".into(),
        at: NOW,
        notify: false,
        idempotency: None,
        asked: None,
        lifted: None,
    }
}

const BLOCK: Action = Action::Block { until: None };

pub(super) async fn an_order_is_in_the_log_and_is_kept(s: Arc<impl Store>) {
    let before = s.head().await.unwrap().seq;
    let (first, second) = (order(Action::SignOut), order(BLOCK));
    let placed = s.place_order(&first).await.unwrap();
    assert_eq!(placed.order, Order { seq: Seq(before.0 + 1), ..first.clone() });
    assert!(!placed.repeated);
    let then = s.place_order(&second).await.unwrap().order;
    assert!(then.seq > placed.order.seq);
    assert_eq!(s.orders().await.unwrap(), [placed.order.clone(), then]);
    assert_eq!(s.order(first.id).await.unwrap(), Some(placed.order));
    assert_eq!(s.order(order(BLOCK).id).await.unwrap(), None);
    assert_eq!(s.head().await.unwrap().seq, Seq(before.0 + 2));
}

pub(super) async fn of_a_hundred_orders_with_one_key_one_is_placed(s: Arc<impl Store>) {
    let place = |s: Arc<_>, _| async move {
        let one = Order { idempotency: Some([7; 32]), ..order(Action::SignOut) };
        OrderStore::place_order(&*s, &one).await.unwrap()
    };
    let placed = hundred(&s, place).await;
    assert_eq!(placed.iter().filter(|p| !p.repeated).count(), 1);
    assert!(placed.iter().all(|p| p.order == placed[0].order));
    assert_eq!(s.orders().await.unwrap().len(), 1);
    let other = Order { idempotency: Some([8; 32]), ..order(Action::SignOut) };
    assert!(!s.place_order(&other).await.unwrap().repeated);
}

pub(super) async fn of_a_hundred_who_lift_an_order_one_does(s: Arc<impl Store>) {
    let one = s.place_order(&order(BLOCK)).await.unwrap().order;
    let id = one.id;
    let lift = move |s: Arc<_>, _| async move { OrderStore::lift_order(&*s, id, later(5)).await.unwrap() };
    let lifted = hundred(&s, lift).await;
    let mut done = lifted.into_iter().flatten();
    let l = done.next().unwrap();
    assert!(done.next().is_none() && l.seq > one.seq);
    assert_eq!(l.order, Order { lifted: Some(later(5)), ..one });
    assert_eq!(s.order(id).await.unwrap(), Some(l.order));
    assert_eq!(s.lift_order(order(BLOCK).id, NOW).await.unwrap(), None);
}

pub(super) async fn a_second_factor_is_noted_of_the_person_too(s: Arc<impl Store>) {
    use crate::store::{Burn, Opened, Proof, Purpose};
    use crate::types::SecondFactor::Totp;
    let f = factor(Some(1));
    let a = created(&*s, crate::store::Account { factors: vec![f.clone()], ..account("alice", None) }).await;
    let answered = async |step, began| {
        let p = pending(&*s, a.id, Purpose::SignIn).await;
        let mut session = session_for(a.id, p.began);
        session.proofs.note(Totp, began);
        let burn = Proof::Totp(Burn { factor: f.id, step });
        assert_eq!(s.answer(at(&p), burn, &session, NOW).await.unwrap(), Opened::Yes);
        s.session(of(&session), NOW).await.unwrap().unwrap()
    };
    let any = Default::default();
    let there = answered(2, Seq(40)).await;
    assert!(there.session.proofs.since(Seq(40), &any) && there.account.proofs.since(Seq(40), &any));
    let there = answered(3, Seq(30)).await;
    assert!(!there.session.proofs.since(Seq(40), &any), "its own");
    assert!(there.account.proofs.since(Seq(40), &any) && !there.account.proofs.since(Seq(41), &any), "never back");
    assert_eq!(there.account.version, a.version);
    // who read the account before does not take it back
    assert_eq!(s.change_account(&a, crate::store::Ends::Nothing).await.unwrap(), crate::store::Changed::Yes);
    assert!(s.account(a.id).await.unwrap().unwrap().proofs.since(Seq(40), &any));
}

fn ack(node: NodeId, seq: Seq) -> Ack {
    let mut met = Met::default();
    let mut users = Sketch::default();
    users.add(&[4; 16]);
    met.users = users;
    Ack { node, seq, connections: 3, met: Some(met) }
}

#[tokio::test]
async fn everybody_hears_every_acknowledgement() {
    let server = Server::start(&[]);
    let (a, b) = (redis_node(server.settings("pc")).await, redis_node(server.settings("pc")).await);
    let (mut by_a, mut by_b) = (a.store.acks(), b.store.acks());
    let placed = a.store.place_order(&order(BLOCK)).await.unwrap();
    let mut alive = placed.nodes.clone();
    alive.sort();
    let mut both = vec![a.store.node(), b.store.node()];
    both.sort();
    assert_eq!(alive, both);
    for node in [&a, &b] {
        until("the order", LONG, || node.ear.facts().len() == 1).await;
        let sent = ack(node.store.node(), placed.order.seq);
        node.store.acknowledge(&sent).await.unwrap();
        assert_eq!(by_a.recv().await.unwrap(), sent);
        assert_eq!(by_b.recv().await.unwrap(), sent);
    }
    let alone = node(Embedded::memory().unwrap()).await;
    let placed = alone.store.place_order(&order(BLOCK)).await.unwrap();
    assert_eq!((placed.nodes, placed.all_known), (vec![alone.store.node()], true));
    let mut heard = alone.store.acks();
    let sent = ack(alone.store.node(), placed.order.seq);
    alone.store.acknowledge(&sent).await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), sent);
}

#[tokio::test]
async fn a_node_that_hangs_is_named_until_its_lease_has_run_out() {
    let server = Server::start(&[]);
    let (a, b) = (redis_node(short(&server)).await, redis_node(short(&server)).await);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(a.store.place_order(&order(BLOCK)).await.unwrap().all_known);
    let gone = b.store.node();
    drop(b);
    let mut placed = a.store.place_order(&order(BLOCK)).await.unwrap();
    let limit = tokio::time::Instant::now() + LONG;
    while placed.nodes.contains(&gone) {
        assert!(tokio::time::Instant::now() < limit, "named for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
        placed = a.store.place_order(&order(BLOCK)).await.unwrap();
    }
    assert_eq!(placed.nodes, [a.store.node()]);
}

#[tokio::test]
async fn orders_are_written_back_to_a_server_that_came_back_without_them() {
    let server = Server::start(&[]);
    let n = redis_node(short(&server)).await;
    let block = n.store.place_order(&Order { idempotency: Some([1; 32]), ..order(BLOCK) }).await.unwrap().order;
    let open = n.store.place_order(&order(BLOCK)).await.unwrap().order;
    let lifted = n.store.lift_order(open.id, later(3)).await.unwrap().unwrap().order;
    until("the entries", LONG, || n.ear.facts().len() == 3).await;
    server.run(&["FLUSHALL"]).await;
    emptied(&n).await;
    assert_eq!(n.store.orders().await.unwrap(), [block.clone(), lifted.clone()]);
    assert!(n.store.place_order(&Order { idempotency: Some([1; 32]), ..order(BLOCK) }).await.unwrap().repeated);
    assert_eq!(n.ear.orders(), Some(vec![block.clone(), lifted]), "told anew after the loss");
    // who begins to follow now knows them too, and who had not heard of one hears it
    let late = redis_node(short(&server)).await;
    assert_eq!(late.ear.orders().unwrap().len(), 2);
    let told = Fact::Order { order: Box::new(block) };
    let log = server.run(&["XRANGE", "pc:{r}:log", "-", "+"]).await;
    assert!(format!("{log:?}").contains(&serde_json::to_string(&told).unwrap().replace('"', "\\\"")), "{log:?}");
}

#[tokio::test]
async fn the_embedded_store_knows_its_orders_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.db");
    let s = Embedded::open(&path).unwrap();
    let kept = s.place_order(&order(BLOCK)).await.unwrap().order;
    let over = s.place_order(&order(Action::SignOut)).await.unwrap().order;
    drop(s);
    let n = node(Embedded::open(&path).unwrap()).await;
    assert_eq!(n.ear.orders(), Some(vec![kept.clone(), over]));
    n.store.sweep(NOW.plus(Duration::from_secs(92 * 86_400))).await.unwrap();
    assert_eq!(n.store.orders().await.unwrap(), [kept]);
}
