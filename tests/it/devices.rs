//! Known browsers and trusted devices. Their days are counted on a manual clock, in the gate's own tests.

use crate::support::client::{form_token, remembered_form};
use crate::support::{Answer, Ask, Authenticator, Gateway, MFA_ON, PASSWORD, Plan, Store, Visitor, on_both_stores};

on_both_stores! {
    a_completed_sign_in_leaves_the_one_cookie_that_outlives_the_browser,
    a_trusted_device_is_not_asked_and_an_unticked_one_is,
    trust_is_of_one_origin_and_one_user,
    a_rule_that_refuses_trust_asks_and_offers_no_tick,
    an_old_token_ends_the_device_and_the_thiefs_session_on_every_node,
    what_ends_a_users_sessions_ends_the_trust,
    a_made_up_or_foreign_token_is_nothing,
}

/// Alice with a trusted browser, closed and opened again.
async fn trusted(gateway: &Gateway) -> (Visitor, Authenticator) {
    let mut app = gateway.visitor().enrol("alice").await;
    let mut visitor = gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    let form = remembered_form(&page, &app.next_code().await);
    assert_eq!(visitor.send(form).await.status, 303);
    (visitor.restarted(), app)
}

async fn password(visitor: &mut Visitor) -> Answer {
    visitor.give_password("alice", PASSWORD, "/").await
}

async fn is_asked(visitor: &mut Visitor) -> bool {
    let answer = password(visitor).await;
    visitor.target_of(&answer).starts_with("/.portcullis/challenge")
}

async fn a_completed_sign_in_leaves_the_one_cookie_that_outlives_the_browser(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.visitor();
    let wrong = alice.give_password("alice", "a wrong password, long", "/").await;
    assert_eq!(wrong.all("set-cookie").len(), 0, "a stranger gets none");
    let answer = password(&mut alice).await;
    let cookies = answer.all("set-cookie");
    let lasting: Vec<_> = cookies.iter().filter(|c| c.contains("Max-Age=") && !c.contains("Max-Age=0")).collect();
    assert_eq!(lasting.len(), 1, "{cookies:?}");
    assert!(lasting[0].contains("-device=") && lasting[0].contains("HttpOnly; SameSite=Lax"), "{lasting:?}");
    let before = alice.device_cookie().unwrap().to_string();
    let mut again = alice.restarted();
    password(&mut again).await;
    assert_ne!(again.device_cookie(), Some(before.as_str()), "another token at each use");
    assert!(!gateway.dump().await.windows(before.len()).any(|w| w == before.as_bytes()));
    gateway.upstream.forget();
    assert!(again.is_in().await);
    assert!(!gateway.upstream.last().head.contains("-device="), "the app never sees it");
}

async fn a_trusted_device_is_not_asked_and_an_unticked_one_is(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let (mut visitor, mut app) = trusted(&gateway).await;
    for _ in 0..3 {
        assert!(!is_asked(&mut visitor).await && visitor.is_in().await);
        visitor = visitor.restarted();
    }
    let mut other = gateway.visitor();
    other.sign_in_with("alice", &mut app).await;
    assert!(is_asked(&mut other.restarted()).await, "known is not trusted");
    let assertion = gateway.upstream.last().header("x-auth-assertion").map(str::to_string);
    assert!(assertion.is_some());
}

async fn trust_is_of_one_origin_and_one_user(store: Store) {
    let plan = Plan::on(store).policy(MFA_ON);
    let second = format!("http://app2.localhost:{}", plan.port());
    let item = format!("  - {{ name: second, origins: [{second}], upstreams: [http://127.0.0.1:9] }}");
    let gateway = plan.another_app(&item).start().await;
    gateway.add_user("alice", &["staff"]);
    gateway.add_user("bob", &["staff"]);
    let mut app_of_bob = gateway.visitor().enrol("bob").await;
    let (visitor, _) = trusted(&gateway).await;
    assert!(is_asked(&mut visitor.carried_to(&second)).await, "another origin");
    let mut bob = visitor.clone();
    let answer = bob.give_password("bob", PASSWORD, "/").await;
    assert!(bob.target_of(&answer).starts_with("/.portcullis/challenge"), "alice's cookie is nothing to bob");
    let page = bob.follow(&answer).await;
    let form = remembered_form(&page, &app_of_bob.next_code().await);
    assert_eq!(bob.send(form).await.status, 303);
    assert!(is_asked(&mut visitor.clone()).await, "a browser holds one device of one user: alice's ended");
}

async fn a_rule_that_refuses_trust_asks_and_offers_no_tick(store: Store) {
    let policy = format!(
        "{MFA_ON}rules:\n  - {{ name: vault, match: {{ path: /vault/ }}, \
         require: {{ factors: two, trusted_devices: refuse }} }}\n"
    );
    let gateway = Gateway::with_alice(store, &policy).await;
    let (mut visitor, mut app) = trusted(&gateway).await;
    assert!(!is_asked(&mut visitor).await && visitor.is_in().await);
    let led = visitor.get("/vault/").await;
    let page = visitor.follow(&led).await;
    assert!(page.text().contains("one-time-code") && !page.text().contains("name=\"remember\""), "{}", page.text());
    let answer = visitor.give_code(&page, &app.next_code().await).await;
    assert_eq!(visitor.follow_all(answer).await.text(), "hello from the app: /vault/\n");
}

async fn an_old_token_ends_the_device_and_the_thiefs_session_on_every_node(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let twin = if store == Store::Redis { Some(gateway.twin().await) } else { None };
    let (mut victim, _) = trusted(&gateway).await;
    let address = twin.as_ref().map_or(gateway.address, |t| t.address);
    // two uses: the one before the last still serves a minute, an older one is a copy
    let mut thief = victim.at(address);
    assert!(!is_asked(&mut thief).await);
    thief = thief.restarted();
    assert!(!is_asked(&mut thief).await && thief.is_in().await);
    assert!(is_asked(&mut victim).await, "the owner comes with the old token and gives a code");
    crate::support::until("the thief to be out", || async { thief.status_now().await == 401 }).await;
    assert!(is_asked(&mut thief.restarted()).await);
    assert_eq!(gateway.log().matches("\"theft\"").count(), 1, "{}", gateway.log());
}

async fn what_ends_a_users_sessions_ends_the_trust(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let (mut visitor, mut app) = trusted(&gateway).await;
    let secret = gateway.secret_file("again", PASSWORD);
    gateway.succeed(&["user", "passwd", "alice", "--password-file", secret.to_str().unwrap()]);
    assert!(is_asked(&mut visitor).await, "a password change");
    let page = visitor.get("/.portcullis/challenge").await;
    let form = remembered_form(&page, &app.next_code().await);
    assert_eq!(visitor.send(form).await.status, 303);
    visitor.sign_out(true).await;
    assert_eq!(visitor.device_cookie(), None);
    assert!(is_asked(&mut visitor).await, "signing out everywhere");
}

async fn a_made_up_or_foreign_token_is_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let (visitor, _) = trusted(&gateway).await;
    let name = format!("{}-device", visitor.cookie_name());
    let good = visitor.device_cookie().unwrap().to_string();
    let mut flipped = good.clone().into_bytes();
    flipped[good.len() / 2] = if flipped[good.len() / 2] == b'A' { b'B' } else { b'A' };
    for value in ["", "x", "%00", &"A".repeat(96), &String::from_utf8(flipped).unwrap()] {
        let mut stranger = gateway.visitor();
        stranger.keep(&name, value);
        assert!(is_asked(&mut stranger).await, "{value:?}");
    }
    let mut swapped = gateway.visitor();
    swapped.keep(&swapped.cookie_name(), &good);
    assert_eq!(swapped.get("/").await.status, 303, "a device's token is no session");
    let both = format!("{name}={good}; {name}={good}");
    let form = [("username", "alice"), ("password", PASSWORD), ("to", "/")];
    let answer = gateway.visitor().send(Ask::form("/.portcullis/sign-in", &form).header("Cookie", &both)).await;
    assert!(answer.header("location").unwrap().contains("challenge"), "two of one name count as none");
    let mut owner = visitor.clone();
    assert!(!is_asked(&mut owner).await);
    assert!(
        !owner.get("/.portcullis/").await.text().is_empty()
            && !form_token(&owner.get("/.portcullis/").await).is_empty()
    );
}
