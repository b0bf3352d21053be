//! Rules that ask a second factor which is fresh, or by one of some methods: pages, programs, sockets, and the way back.

use crate::support::browser::Browser;
use crate::support::client::{code_form, form_token, remembered_form};
use crate::support::stream::{Socket, handshake};
use crate::support::{Answer, Ask, Authenticator, Gateway, PASSWORD, Store, Visitor, on_both_stores, until};
use serde_json::Value;

on_both_stores! {
    a_stale_page_takes_a_code_and_the_person_is_where_they_were,
    a_stale_program_is_told_where_its_person_steps_up_and_passes_when_it_tries_again,
    a_websocket_outlives_its_freshness_and_its_own_sessions_step_up,
    a_backup_code_steps_up_only_where_the_rule_names_it,
    a_trusted_device_is_not_fresh,
    a_form_that_a_rule_asks_fresh_leads_to_the_challenge_and_back,
    a_session_of_one_factor_is_asked_one_of_the_rules_methods,
    a_step_up_that_is_held_waits_like_a_sign_in,
}

/// Long enough to come back in, short enough to wait for.
const POLICY: &str = "version: 1
mfa: { require: on }
throttle: { codes: { free: 1, wait: 30s } }
rules:
  - { name: pay, match: { path: /pay/, methods: [POST] }, require: { factors: two, fresh: 6s } }
  - { name: drawer, match: { path: /vault/drawer }, require: { factors: two, fresh: 6s, methods: [totp, backup_code] } }
  - { name: vault, match: { path: [/vault/, /ws] }, require: { factors: two, fresh: 6s } }
";

const VAULT: &str = "/vault/x?a=1&b=%20y";

/// Alice with an authenticator, her session older than the rules allow; and her backup codes.
async fn stale(gateway: &Gateway) -> (Visitor, Authenticator, Vec<String>) {
    let mut alice = gateway.visitor();
    let (app, codes) = alice.enrol_with_codes("alice").await;
    assert_eq!(alice.get("/vault/").await.status, 200, "fresh by the code that confirmed the enrolment");
    until("the second factor to be too old", || async { alice.clone().get("/vault/").await.status == 303 }).await;
    gateway.upstream.forget();
    (alice, app, codes)
}

async fn led_to(visitor: &mut Visitor, target: &str) -> String {
    let answer = visitor.get(target).await;
    visitor.target_of(&answer)
}

async fn a_stale_page_takes_a_code_and_the_person_is_where_they_were(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let (mut alice, mut app, _) = stale(&gateway).await;
    let led = alice.get(VAULT).await;
    assert_eq!((led.status, led.header("cache-control")), (303, Some("no-store")));
    assert_eq!(alice.target_of(&led), "/.portcullis/challenge?to=/vault/x%3Fa%3D1%26b%3D%2520y");
    assert_eq!(gateway.upstream.count(), 0);
    let page = alice.follow(&led).await;
    let text = page.text();
    assert!(
        text.contains("one-time-code") && !text.contains("method=backup_code") && !text.contains("remember"),
        "{text}"
    );
    let old = alice.clone();
    let answer = alice.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(alice.target_of(&answer), VAULT);
    assert_ne!(old.session_cookie(), alice.session_cookie(), "a step-up rotates the token");
    assert_eq!(alice.follow(&answer).await.status, 200);
    let at_app = gateway.upstream.last();
    assert_eq!(at_app.path(), VAULT);
    // the old token serves a moment longer, as old as it was
    assert_eq!(led_to(&mut old.clone(), "/vault/").await, "/.portcullis/challenge?to=/vault/");
}

/// What the upstream was told last; its signature is another test's.
fn told(gateway: &Gateway) -> Value {
    let token = gateway.upstream.last().header("x-auth-assertion").unwrap().to_string();
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap()
}

async fn a_stale_program_is_told_where_its_person_steps_up_and_passes_when_it_tries_again(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let (mut alice, mut app, _) = stale(&gateway).await;
    let ask = || Ask::program("/vault/data?n=1").header("Referer", "{origin}/spa?tab=2");
    let refused = alice.send(ask()).await;
    assert_eq!((refused.status, refused.header("content-type")), (401, Some("application/problem+json")));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    let challenge = "Bearer error=\"insufficient_user_authentication\", \
                     error_description=\"A more recent second factor is required\", \
                     acr_values=\"urn:portcullis:two\", max_age=\"6\"";
    assert_eq!(refused.header("www-authenticate"), Some(challenge), "RFC 9470 section 3");
    let problem = refused.json();
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&401.into(), &"urn:portcullis:problem:step-up-required".into())
    );
    assert!(problem["instance"].as_str().unwrap().starts_with("urn:portcullis:request:"), "{problem}");
    let grpc = Ask::bare("POST", "/vault/Data").header("Content-Type", "application/grpc").header("TE", "trailers");
    let grpc = alice.send(grpc.body(b"\0\0\0\0\0")).await;
    assert_eq!((grpc.status, grpc.header("grpc-status")), (200, Some("16")));
    assert_eq!(grpc.header("www-authenticate"), Some(challenge));
    assert_eq!(gateway.upstream.count(), 0);
    // the person opens the address, and the program tries again
    let url = problem["step_up_url"].as_str().unwrap();
    let page = url.strip_prefix(&gateway.origin).unwrap();
    assert_eq!(page, "/.portcullis/challenge?to=/spa%3Ftab%3D2&for=GET%3A/vault/data");
    let page = alice.get(page).await;
    let answer = alice.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(alice.target_of(&answer), "/spa?tab=2");
    let data = alice.send(ask()).await;
    assert_eq!(data.status, 200, "{}", data.head);
    let (said, now) = (told(&gateway), std::time::UNIX_EPOCH.elapsed().unwrap().as_secs());
    assert_eq!((&said["acr"], &said["amr"]), (&"urn:portcullis:two".into(), &serde_json::json!(["pwd", "otp", "mfa"])));
    assert!(now - said["auth_time"].as_u64().unwrap() <= 6, "{now} {said}");
}

async fn a_websocket_outlives_its_freshness_and_its_own_sessions_step_up(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let mut alice = gateway.visitor();
    let mut app = alice.enrol("alice").await;
    let mut socket = Socket::open(&alice, handshake("/ws")).await.unwrap();
    until("the second factor to be too old", || async { alice.clone().get("/vault/").await.status == 303 }).await;
    socket.echo("what is open stays open").await;
    let refused = Socket::open(&alice, handshake("/ws")).await.err().expect("a stale handshake");
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains("max_age=\"6\""), "{}", refused.head);
    let led = alice.get("/vault/").await;
    let page = alice.follow(&led).await;
    let answer = alice.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(alice.follow(&answer).await.status, 200);
    socket.echo("its own session's new token cuts nothing").await;
    Socket::open(&alice, handshake("/ws")).await.unwrap().echo("and a new one opens").await;
    socket.echo("still there").await;
}

async fn a_backup_code_steps_up_only_where_the_rule_names_it(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let (mut alice, _, codes) = stale(&gateway).await;
    let opened = async |alice: &mut Visitor, target: &str| {
        alice.get(&format!("/.portcullis/challenge?to={target}&method=backup_code")).await
    };
    let page = opened(&mut alice, "/vault/x").await;
    assert!(!page.text().contains("value=\"backup_code\""), "not offered: {}", page.text());
    let fields = [("form_token", form_token(&page)), ("method", "backup_code".into()), ("code", codes[0].clone())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let forged = Ask::form("/.portcullis/challenge", &[&fields[..], &[("to", "/vault/x")]].concat());
    assert_eq!(alice.send(forged).await.status, 422, "and not taken");
    assert_eq!(led_to(&mut alice, "/vault/x").await, "/.portcullis/challenge?to=/vault/x");
    let page = opened(&mut alice, "/vault/drawer").await;
    assert!(page.text().contains("value=\"backup_code\""), "{}", page.text());
    let answer = alice.send(code_form(&page, &codes[0])).await;
    assert_eq!(alice.target_of(&answer), "/vault/drawer", "unspent until now");
    assert_eq!(alice.follow(&answer).await.status, 200);
    assert_eq!(led_to(&mut alice, "/vault/x").await, "/.portcullis/challenge?to=/vault/x", "not where it is not named");
    assert_eq!(gateway.upstream.count(), 1);
}

async fn a_trusted_device_is_not_fresh(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let mut app = gateway.visitor().enrol("alice").await;
    let mut browser = gateway.visitor();
    let page = browser.reach_challenge("alice").await;
    assert_eq!(browser.send(remembered_form(&page, &app.next_code().await)).await.status, 303);
    let mut browser = browser.restarted();
    let answer = browser.give_password("alice", PASSWORD, "/").await;
    assert_eq!(browser.follow_all(answer).await.status, 200, "trusted");
    assert_eq!(led_to(&mut browser, "/vault/x").await, "/.portcullis/challenge?to=/vault/x");
    assert_eq!(browser.send(Ask::program("/vault/x")).await.status, 401);
    let page = browser.get("/.portcullis/challenge?to=/vault/x").await;
    assert!(!page.text().contains("name=\"remember\""), "{}", page.text());
    let answer = browser.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(browser.follow(&answer).await.status, 200);
    // nor at a sign-in that leads there
    let mut again = browser.restarted();
    let answer = again.give_password("alice", PASSWORD, "/vault/x").await;
    assert_eq!(again.target_of(&answer), "/.portcullis/challenge?to=/vault/x");
}

async fn a_form_that_a_rule_asks_fresh_leads_to_the_challenge_and_back(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let (mut alice, mut app, _) = stale(&gateway).await;
    let form = || Ask::form("/pay/orders?n=1", &[("amount", "5")]);
    assert_eq!(alice.get("/pay/orders?n=1").await.status, 200, "reading is not asked");
    gateway.upstream.forget();
    let led = alice.send(form()).await;
    let page = alice.follow(&led).await;
    assert!(page.text().contains("one-time-code"), "{}", page.text());
    assert_eq!(gateway.upstream.count(), 0);
    let answer = alice.send(code_form(&page, &app.next_code().await)).await;
    let to = alice.target_of(&answer);
    assert!(to.starts_with("/.portcullis/form?"), "the form waits, and is not sent by itself: {to}");
    assert_eq!(gateway.upstream.count(), 0);
    assert_eq!(alice.send(form()).await.status, 200);
    assert_eq!(gateway.upstream.last().body, b"amount=5");
}

async fn a_session_of_one_factor_is_asked_one_of_the_rules_methods(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: vault, match: { path: /vault/ }, \
                  require: { factors: two, methods: [totp] } }\ndefault: { require: { factors: one } }\n";
    let gateway = Gateway::with_alice(store, policy).await;
    let mut alice = gateway.alice().await;
    let led = alice.get("/vault/x").await;
    assert_eq!(alice.target_of(&led), "/.portcullis/set-up?to=/vault/x", "who has none sets one up");
    let page = alice.follow(&led).await;
    let (mut app, codes) = alice.confirm_and_save(&page).await;
    assert_eq!(alice.get("/vault/x").await.status, 200);
    let mut other = gateway.alice().await;
    let page = other.get("/.portcullis/challenge?to=/vault/x&method=backup_code").await;
    assert!(!page.text().contains("value=\"backup_code\""), "{}", page.text());
    assert_eq!(other.send(code_form(&page, &codes[0])).await.status, 422);
    let answer = other.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(other.target_of(&answer), "/vault/x");
    assert_eq!(other.follow(&answer).await.status, 200);
}

async fn a_step_up_that_is_held_waits_like_a_sign_in(store: Store) {
    let gateway = Gateway::with_alice(store, POLICY).await;
    let (mut alice, mut app, _) = stale(&gateway).await;
    let page = alice.get("/.portcullis/challenge?to=/vault/x").await;
    assert_eq!(alice.send(code_form(&page, "000000")).await.status, 422);
    let held: Answer = alice.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(held.status, 429, "{}", held.text());
    let wait: u64 = held.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait));
    assert_eq!(held.header("ratelimit"), Some(format!("\"codes\";r=0;t={wait}").as_str()));
    assert!(held.text().contains("href=\"/.portcullis/challenge?to=/vault/x\""), "{}", held.text());
    assert_eq!(alice.send(Ask::program("/vault/x")).await.status, 401, "nothing was checked");
    assert_eq!(alice.get("/").await.status, 200, "what is not asked goes on");
}

/// A page whose script asks for data, and sends its person away when told to.
const SPA: &str = "<!doctype html><title>App</title><h1>Transfers</h1><p id=said>…</p><script>
fetch('/vault/data', { method: 'POST' }).then(async r => {
  if (r.status === 401) { location = (await r.json()).step_up_url }
  else { document.getElementById('said').textContent = await r.text() }
})</script>";

fn html(text: &str) -> String {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}", text.len());
    format!("{head}\r\n\r\n{text}")
}

/// Alice in a browser, her second factor too old.
async fn stale_browser(gateway: &Gateway) -> (Browser, Authenticator) {
    let mut app = gateway.visitor().enrol("alice").await;
    gateway.upstream.answer_with("/vault/data", "Content-Type: text/plain\r\n");
    let (browser, other) = (Browser::open().await, format!("{}/other", gateway.origin));
    browser.go(&other).await;
    browser.type_into("input[autocomplete=username]", "alice").await;
    browser.type_into("input[autocomplete=current-password]", PASSWORD).await;
    browser.press("form button").await;
    give_code(&browser, &mut app).await;
    browser.reaches(&other).await;
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    (browser, app)
}

async fn give_code(browser: &Browser, app: &mut Authenticator) {
    browser.type_into("input[autocomplete=one-time-code]", &app.next_code().await).await;
    browser.press("form:has(input[autocomplete=one-time-code]) button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_app_sends_its_person_to_the_challenge_and_goes_on_where_it_was() {
    let gateway = Gateway::with_alice(Store::Embedded, POLICY).await;
    gateway.upstream.answer("/spa", &html(SPA));
    let (browser, mut app) = stale_browser(&gateway).await;
    let spa = format!("{}/spa?tab=2", gateway.origin);
    browser.go(&spa).await;
    browser.find("input[autocomplete=one-time-code]").await;
    let url = browser.url().await;
    assert!(url.ends_with("/.portcullis/challenge?to=/spa%3Ftab%3D2&for=POST%3A/vault/data"), "{url}");
    assert!(browser.text().await.contains("You are signed in."), "{}", browser.text().await);
    assert!(browser.is_styled().await && !browser.has("a[href*='method=backup_code']").await);
    assert_eq!(browser.refusals().await, Vec::<String>::new());
    give_code(&browser, &mut app).await;
    browser.reaches(&spa).await;
    until("the data", || async { browser.text().await.contains("hello") }).await;
}

/// The guide's own example, in a language of a code block.
fn sample_of_the_guide(language: &str) -> String {
    let guide = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/policy.md"));
    let block = guide.split(&format!("```{language}\n")).nth(1).expect("a code block");
    block.split("```").next().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_example_steps_up_in_a_window_of_its_own_and_tries_again() {
    let gateway = Gateway::with_alice(Store::Embedded, POLICY).await;
    let click = "send('/vault/data', { method: 'POST' }).then(async r => { said.textContent = await r.text() })";
    let page = format!(
        "<!doctype html><title>App</title><button onclick=\"{click}\">Pay</button><p id=said>…</p>\
         <script>{}</script>",
        sample_of_the_guide("js")
    );
    gateway.upstream.answer("/spa", &html(&page));
    gateway.upstream.answer("/stepped-up.html", &html(&sample_of_the_guide("html")));
    let (browser, mut app) = stale_browser(&gateway).await;
    browser.go(&format!("{}/spa", gateway.origin)).await;
    browser.press("button").await;
    let opened = browser.enter_new_window().await;
    give_code(&browser, &mut app).await;
    browser.leave_window(opened).await;
    until("the data", || async { browser.text().await.contains("hello") }).await;
}
