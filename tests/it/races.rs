//! What may happen once happens once, however many ask at the same time, on however many nodes.

use crate::support::client::{code_form, confirm_form, remembered_form, typed_key};
use crate::support::{
    Ask, Authenticator, Gateway, MFA_ON, MFA_ON_LOOSE, PASSWORD, Plan, Store, Visitor, on_both_stores,
};
use futures::future::join_all;

on_both_stores! {
    one_code_in_a_hundred_sign_ins_lets_one_in,
    one_sign_in_answered_a_hundred_times_lets_one_in,
    one_enrolment_confirmed_many_times_makes_one_session,
    one_backup_code_in_a_hundred_sign_ins_lets_one_in,
    one_old_device_token_used_a_hundred_times_is_one_theft,
    one_device_token_used_many_times_at_once_is_no_theft,
    a_thousand_wrong_codes_at_once_are_judged_five_times,
    a_thousand_wrong_passwords_at_once_are_judged_ten_times,
}

const MANY: usize = 100;

/// As many nodes as the store can serve.
async fn nodes(store: Store) -> Vec<Gateway> {
    nodes_under(store, MFA_ON).await
}

async fn nodes_under(store: Store, policy: &str) -> Vec<Gateway> {
    let plan = Plan::on(store).policy(policy).top("limits: { connections_per_address: 4000 }");
    let first = plan.start().await;
    first.add_user("alice", &["staff"]);
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

async fn one_backup_code_in_a_hundred_sign_ins_lets_one_in(store: Store) {
    let nodes = nodes_under(store, MFA_ON_LOOSE).await;
    let (_, codes) = nodes[0].visitor().enrol_with_codes("alice").await;
    let mut waiting = Vec::new();
    for n in 0..MANY {
        let mut visitor = nodes[n % nodes.len()].visitor();
        let page = visitor.reach_backup("alice").await;
        waiting.push((visitor, page));
    }
    // one hash each, and more than the queue holds at once are refused unjudged: they come again
    let mut let_in = 0;
    for some in waiting.chunks(50) {
        let sent = some.iter().enumerate().map(|(n, (visitor, page))| {
            let mut visitor = visitor.at(nodes[n % nodes.len()].address);
            let form = code_form(page, &codes[0]);
            async move {
                let answer = visitor.send(form).await;
                assert!(matches!(answer.status, 303 | 422), "{}\n{}", answer.head, answer.text());
                visitor.session_cookie().is_some() && visitor.is_in().await
            }
        });
        let_in += join_all(sent).await.into_iter().filter(|done| *done).count();
    }
    assert_eq!(let_in, 1);
}

/// Alice's trusted browser, closed and opened again.
async fn trusted(nodes: &[Gateway]) -> Visitor {
    let mut app = nodes[0].visitor().enrol("alice").await;
    let mut visitor = nodes[0].visitor();
    let page = visitor.reach_challenge("alice").await;
    let form = remembered_form(&page, &app.next_code().await);
    assert_eq!(visitor.send(form).await.status, 303);
    visitor.restarted()
}

/// Signs in with the password at the same moment, so many times; how often no code was asked, and how often one was.
async fn at_once(nodes: &[Gateway], visitor: &Visitor, times: usize) -> (usize, usize) {
    let sent = (0..times).map(|n| {
        let mut visitor = visitor.at(nodes[n % nodes.len()].address);
        async move {
            let answer = visitor.give_password("alice", PASSWORD, "/").await;
            (answer.status == 303).then(|| visitor.target_of(&answer).starts_with("/.portcullis/arrived"))
        }
    });
    let all: Vec<bool> = join_all(sent).await.into_iter().flatten().collect();
    (all.iter().filter(|at_once| **at_once).count(), all.iter().filter(|at_once| !**at_once).count())
}

async fn one_old_device_token_used_a_hundred_times_is_one_theft(store: Store) {
    let nodes = nodes_under(store, MFA_ON_LOOSE).await;
    let stolen = trusted(&nodes).await;
    let mut owner = stolen.clone();
    for _ in 0..2 {
        owner.give_password("alice", PASSWORD, "/").await;
        owner = owner.restarted();
    }
    let (unasked, asked) = at_once(&nodes, &stolen, MANY).await;
    assert_eq!(unasked, 0, "an old token opens nothing");
    assert!(asked > 0);
    let thefts: usize = nodes.iter().map(|n| n.log().matches("\"theft\"").count()).sum();
    assert_eq!(thefts, 1);
    let answer = owner.give_password("alice", PASSWORD, "/").await;
    assert!(owner.target_of(&answer).starts_with("/.portcullis/challenge"), "nobody is trusted any more");
}

async fn one_device_token_used_many_times_at_once_is_no_theft(store: Store) {
    let nodes = nodes_under(store, MFA_ON_LOOSE).await;
    let visitor = trusted(&nodes).await;
    let (unasked, asked) = at_once(&nodes, &visitor, 20).await;
    assert_eq!((unasked, asked), (20, 0), "tabs that a browser opens together");
    assert!(nodes.iter().all(|n| !n.log().contains("\"theft\"")));
}

/// Only the limit on addresses is out of the way: all here come from one.
const ONE_ADDRESS: &str = "throttle: { addresses: { failures: 100000 } }\n";

/// Of a thousand at once none more than `most` is judged. On a busy machine some are refused unjudged with 503: the store
/// did not answer in time, and the gate is closed then.
fn assert_judged(statuses: &[u16], most: usize) {
    let judged = statuses.iter().filter(|s| !matches!(s, 429 | 503)).count();
    assert!((1..=most).contains(&judged), "{judged} of {statuses:?}");
    assert!(statuses.contains(&429));
}

async fn a_thousand_wrong_codes_at_once_are_judged_five_times(store: Store) {
    let nodes = nodes_under(store, &format!("{MFA_ON}{ONE_ADDRESS}")).await;
    nodes[0].visitor().enrol("alice").await;
    let mut waiting = Vec::new();
    for n in 0..50 {
        let mut visitor = nodes[n % nodes.len()].visitor();
        let page = visitor.reach_challenge("alice").await;
        waiting.push((visitor, page));
    }
    let guesses = (0..1000).map(|n| {
        let (visitor, page) = &waiting[n % waiting.len()];
        let mut visitor = visitor.at(nodes[n % nodes.len()].address);
        let form = code_form(page, &format!("{n:06}"));
        async move { visitor.send(form).await.status }
    });
    assert_judged(&join_all(guesses).await, 5);
}

async fn a_thousand_wrong_passwords_at_once_are_judged_ten_times(store: Store) {
    let nodes = nodes_under(store, &format!("version: 1\n{ONE_ADDRESS}")).await;
    let guesses = (0..1000).map(|n| {
        let mut visitor = nodes[n % nodes.len()].visitor();
        async move { visitor.give_password("alice", &format!("a wrong password, number {n}"), "/").await.status }
    });
    assert_judged(&join_all(guesses).await, 10);
}
