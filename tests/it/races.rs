//! What may happen once happens once, however many ask at the same time, on however many nodes.

use crate::support::client::{code_form, confirm_form, typed_key};
use crate::support::{Ask, Authenticator, Gateway, MFA_ON, PASSWORD, Store, Visitor, on_both_stores};
use futures::future::join_all;

on_both_stores! {
    one_code_in_a_hundred_sign_ins_lets_one_in,
    one_sign_in_answered_a_hundred_times_lets_one_in,
    one_enrolment_confirmed_many_times_makes_one_session,
}

const MANY: usize = 100;

/// As many nodes as the store can serve.
async fn nodes(store: Store) -> Vec<Gateway> {
    let first = Gateway::with_alice(store, MFA_ON).await;
    match store {
        Store::Embedded => vec![first],
        Store::Redis => {
            let second = first.twin().await;
            vec![first, second]
        }
    }
}

/// Sends each request at the same moment, in turns to each node; gives back who got a session that reaches the app.
async fn let_in(nodes: &[Gateway], asks: Vec<(Visitor, Ask)>) -> usize {
    let sent = asks.into_iter().enumerate().map(|(n, (visitor, ask))| {
        let mut visitor = visitor.at(nodes[n % nodes.len()].address);
        async move {
            let answer = visitor.send(ask).await;
            assert!(answer.status < 500, "{}\n{}", answer.head, answer.text());
            let done = visitor.session_cookie().is_some();
            done && visitor.is_in().await
        }
    });
    join_all(sent).await.into_iter().filter(|done| *done).count()
}

async fn one_code_in_a_hundred_sign_ins_lets_one_in(store: Store) {
    let nodes = nodes(store).await;
    let mut app = nodes[0].visitor().enrol("alice").await;
    let mut waiting = Vec::new();
    for n in 0..MANY {
        let mut visitor = nodes[n % nodes.len()].visitor();
        let page = visitor.reach_challenge("alice").await;
        waiting.push((visitor, page));
    }
    let code = app.next_code().await;
    let asks = waiting.into_iter().map(|(visitor, page)| (visitor, code_form(&page, &code))).collect();
    assert_eq!(let_in(&nodes, asks).await, 1);
}

async fn one_sign_in_answered_a_hundred_times_lets_one_in(store: Store) {
    let nodes = nodes(store).await;
    let mut app = nodes[0].visitor().enrol("alice").await;
    let mut visitor = nodes[0].visitor();
    let page = visitor.reach_challenge("alice").await;
    let code = app.next_code().await;
    let asks = (0..MANY).map(|_| (visitor.clone(), code_form(&page, &code))).collect();
    assert_eq!(let_in(&nodes, asks).await, 1);
}

async fn one_enrolment_confirmed_many_times_makes_one_session(store: Store) {
    let nodes = nodes(store).await;
    let mut visitor = nodes[0].visitor();
    let answer = visitor.give_password("alice", PASSWORD, "/").await;
    let page = visitor.follow(&answer).await;
    let mut app = Authenticator::of_key(&typed_key(&page));
    let code = app.next_code().await;
    let asks = (0..40).map(|_| (visitor.clone(), confirm_form(&page, &code))).collect();
    assert_eq!(let_in(&nodes, asks).await, 1);
}
