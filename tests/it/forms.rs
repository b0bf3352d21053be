//! A form that meets sign-in or step-up is not lost: it waits in this browser, is shown, and is sent once.

use crate::support::browser::Browser;
use crate::support::client::code_form;
use crate::support::{Answer, Ask, Gateway, MFA_ON, PASSWORD, Plan, Store, Visitor, on_both_stores, within};
use futures::future::join_all;
use regex::Regex;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

on_both_stores! {
    a_form_of_a_stranger_waits_and_is_sent_once_byte_for_byte,
    a_file_posted_into_a_step_up_arrives_byte_for_byte,
    of_twenty_sends_at_once_one_arrives,
    two_tabs_have_a_form_each,
    another_user_never_sends_or_sees_it,
    another_browser_has_nothing_of_it,
    what_cannot_be_kept_is_said_before_the_password_is_typed,
    what_no_person_sends_is_never_kept,
    a_form_is_kept_however_its_body_comes,
    a_form_over_h2_is_kept_and_sent,
    an_upstream_that_is_away_leaves_it_waiting_and_one_that_hangs_up_gets_it_once,
    a_form_of_the_app_that_looks_like_a_marker_in_size_passes_unchanged,
    the_store_holds_nothing_of_it_that_can_be_read,
    signing_out_forgets_it,
}

const TEXT: &str = "amount=100+%E2%82%AC&note=a%26b%0D%0Ac&password=hunter2&empty=&amount=2";
const FORM: &str = "application/x-www-form-urlencoded";

/// Posted from a page of the app.
fn posted(target: &str, kind: &str, body: &[u8]) -> Ask {
    let page = Ask::form(target, &[]).set("Content-Type", kind).header("Referer", "{origin}/orders/new");
    page.body(body)
}

fn order() -> Ask {
    posted("/orders?draft=1", FORM, TEXT.as_bytes())
}

async fn open(store: Store) -> Gateway {
    Gateway::with_alice(store, "version: 1\n").await
}

/// The page's *send*, as a browser presses it.
fn send(page: &Answer) -> Ask {
    let text = page.text();
    let form =
        Regex::new(r#"action="([^"]*)">\s*<input type="hidden" name="portcullis_form" value="([^"]*)""#).unwrap();
    let found = form.captures(&text).unwrap_or_else(|| panic!("nothing to send on\n{}\n{text}", page.head));
    let target = found[1].replace("&#38;", "&");
    Ask::form(&target, &[("portcullis_form", &found[2])])
}

/// What the page in front says: the note, and where it leads.
async fn first_page(visitor: &mut Visitor, ask: Ask) -> String {
    let led = visitor.send(ask).await;
    let page = visitor.follow(&led).await;
    let text = page.text();
    assert_eq!(page.status, 200, "{}\n{text}", page.head);
    let note = Regex::new(r#"<p class="warn">([^<]*)</p>"#).unwrap();
    note.captures(&text).map(|c| c[1].to_string()).unwrap_or_default()
}

/// Posts the order as nobody, signs in, and sees it.
async fn parked_and_seen(visitor: &mut Visitor, ask: Ask) -> Answer {
    let led = visitor.send(ask).await;
    let target = visitor.target_of(&led);
    assert!(target.starts_with("/.portcullis/sign-in?to=/.portcullis/form"), "{target}");
    sign_in_through(visitor, &target).await
}

async fn sign_in_through(visitor: &mut Visitor, sign_in: &str) -> Answer {
    let page = visitor.get(sign_in).await;
    let to =
        Regex::new(r#"name="to" value="([^"]*)""#).unwrap().captures(&page.text()).unwrap()[1].replace("&#38;", "&");
    let answer = visitor.give_password("alice", PASSWORD, &to).await;
    visitor.follow_all(answer).await
}

async fn a_form_of_a_stranger_waits_and_is_sent_once_byte_for_byte(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    let page = parked_and_seen(&mut visitor, order()).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for shown in ["/orders?draft=1", "100 €", "a&#38;b", "not shown"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains("hunter2") && !text.contains("<script"), "{text}");
    assert_eq!(gateway.upstream.count_of("POST"), 0, "looking sends nothing");
    let answer = visitor.send(send(&page)).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello from the app: /orders?draft=1\n"));
    let seen = gateway.upstream.last();
    assert_eq!((seen.line(), seen.body.as_slice()), ("POST /orders?draft=1 HTTP/1.1", TEXT.as_bytes()));
    assert_eq!(seen.header("content-type"), Some(FORM));
    assert_eq!(seen.header("content-length"), Some(TEXT.len().to_string().as_str()));
    assert_eq!(seen.header("origin"), Some(gateway.origin.as_str()));
    assert_eq!(seen.header("referer"), Some(format!("{}/orders/new", gateway.origin).as_str()));
    assert_eq!(seen.header("x-auth-user"), Some("alice"));
    assert!(!seen.head.contains("portcullis"), "{}", seen.head);
    assert!(visitor.cookies.iter().all(|(n, _)| !n.ends_with("-form")), "the key is gone");
    for _ in 0..2 {
        assert_eq!(visitor.send(send(&page)).await.status, 410, "a reload sends nothing");
    }
    assert_eq!(gateway.upstream.count_of("POST"), 1);
}

/// Every byte there is, more than fits into one read.
fn file() -> Vec<u8> {
    (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn with_file() -> Vec<u8> {
    let head = "------x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n------x\r\nContent-Disposition: \
                form-data; name=\"paper\"; filename=\"offer.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    [head.as_bytes(), &file(), b"\r\n------x--\r\n"].concat()
}

const MULTIPART: &str = "multipart/form-data; boundary=----x";

async fn a_file_posted_into_a_step_up_arrives_byte_for_byte(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let mut app = alice.enrol("alice").await;
    // another challenge is under way, which leads elsewhere
    gateway.disconnect(json!({ "user": "alice" }), "step_up", json!({})).await;
    let led = alice.get("/elsewhere").await;
    alice.follow(&led).await;
    let led = alice.send(posted("/upload-paper", MULTIPART, &with_file())).await;
    assert!(alice.target_of(&led).starts_with("/.portcullis/challenge?to=/.portcullis/form"), "{}", led.head);
    let page = alice.follow(&led).await;
    assert!(page.text().contains("is kept for ten minutes"), "{}", page.text());
    let answer = alice.send(code_form(&page, &app.next_code().await)).await;
    let page = alice.follow(&answer).await;
    assert!(page.text().contains("offer.bin</bdi> (200000 bytes)"), "{}", page.text());
    let answer = alice.send(send(&page)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = gateway.upstream.last();
    assert_eq!(seen.header("content-type"), Some(MULTIPART));
    assert!(seen.body == with_file(), "{} bytes of {}", seen.body.len(), with_file().len());
    assert_eq!(gateway.upstream.count_of("POST"), 1);

    // ordered anew between page and *send*: it waits on
    gateway.disconnect(json!({ "user": "alice" }), "step_up", json!({})).await;
    let led = alice.send(posted("/again", FORM, b"n=1")).await;
    let challenge = alice.follow(&led).await;
    let answer = alice.send(code_form(&challenge, &app.next_code().await)).await;
    let page = alice.follow(&answer).await;
    gateway.disconnect(json!({ "user": "alice" }), "step_up", json!({})).await;
    let led = alice.send(send(&page)).await;
    assert!(alice.target_of(&led).starts_with("/.portcullis/challenge?to=/.portcullis/form"), "{}", led.head);
    let challenge = alice.follow(&led).await;
    let answer = alice.send(code_form(&challenge, &app.next_code().await)).await;
    let page = alice.follow(&answer).await;
    assert_eq!(alice.send(send(&page)).await.status, 200);
    assert_eq!((gateway.upstream.count_of("POST /again"), gateway.upstream.last().body), (1, b"n=1".to_vec()));
}

async fn of_twenty_sends_at_once_one_arrives(store: Store) {
    let gateway = open(store).await;
    let twin = match store {
        Store::Embedded => None,
        Store::Redis => Some(gateway.twin().await),
    };
    let mut visitor = gateway.visitor();
    let page = parked_and_seen(&mut visitor, order()).await;
    let sends = (0..20).map(|n| {
        let node = twin.as_ref().filter(|_| n % 2 == 1).map_or(gateway.address, |t| t.address);
        let (mut clicks, ask) = (visitor.at(node), send(&page));
        async move { clicks.send(ask).await.status }
    });
    let mut statuses = join_all(sends).await;
    statuses.sort();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[410; 19][..]));
    assert_eq!(gateway.upstream.count_of("POST"), 1);
    assert_eq!(gateway.upstream.last().body, TEXT.as_bytes());
}

async fn two_tabs_have_a_form_each(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    let first = visitor.send(order()).await;
    let second = visitor.send(posted("/other", FORM, b"n=2")).await;
    let (first, second) = (visitor.target_of(&first), visitor.target_of(&second));
    let page = sign_in_through(&mut visitor, &second).await;
    assert!(page.text().contains("/other"), "{}", page.text());
    let other = visitor.get(&first).await;
    let other = visitor.follow_all(other).await; // signed in by now: it leads on to its form
    assert_eq!(visitor.send(send(&page)).await.status, 200);
    assert_eq!(gateway.upstream.last().body, b"n=2");
    assert_eq!(visitor.send(send(&other)).await.status, 200);
    assert_eq!((gateway.upstream.count_of("POST"), gateway.upstream.last().body), (2, TEXT.into()));
}

async fn another_user_never_sends_or_sees_it(store: Store) {
    let gateway = open(store).await;
    gateway.add_user("bob", &["guests"]);
    let mut browser = gateway.alice().await;
    gateway.disconnect(json!({ "user": "alice" }), "sign_out", json!({})).await;
    let led = browser.send(order()).await;
    let target = browser.target_of(&led);
    let page = browser.get(&target).await;
    assert!(page.text().contains("is kept for ten minutes"));
    let to = format!(
        "/.portcullis/form{}",
        target.split("form").nth(1).unwrap().replace("%3F", "?").replace("%3D", "=").replace("%26", "&")
    );
    let answer = browser.give_password("bob", PASSWORD, &to).await;
    let page = browser.follow_all(answer).await;
    assert_eq!(page.status, 403);
    let text = page.text();
    assert!(text.contains("Somebody else filled it in") && !text.contains("100 €"), "{text}");
    assert_eq!(browser.get(&to).await.status, 410, "dropped");
    assert_eq!(gateway.upstream.count_of("POST"), 0);
}

async fn another_browser_has_nothing_of_it(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    let page = parked_and_seen(&mut visitor, order()).await;
    let mut thief = gateway.alice().await;
    assert_eq!(thief.send(send(&page)).await.status, 410, "the same user in another browser");
    assert_eq!(gateway.visitor().send(send(&page)).await.status, 303, "a stranger is led to sign-in");
    let name = format!("{}-form", visitor.cookie_name());
    let key = visitor.cookie(&name).unwrap().to_string();
    thief.keep(&name, &key);
    assert_eq!(thief.send(send(&page)).await.status, 403, "another session, even with the key");
    let forged = send(&page).set("Sec-Fetch-Site", "cross-site").set("Origin", "https://evil.example");
    assert_eq!(visitor.send(forged).await.status, 403);
    let framed = send(&page).set("Sec-Fetch-Dest", "iframe");
    assert_eq!(visitor.send(framed).await.status, 403);
    let elsewhere = send(&page).to("/transfer");
    assert_eq!(visitor.send(elsewhere).await.status, 403, "not to another address");
    assert_eq!(gateway.upstream.count_of("POST"), 0);
    assert_eq!(visitor.send(send(&page)).await.status, 200, "none of it has used the form up");
}

async fn what_cannot_be_kept_is_said_before_the_password_is_typed(store: Store) {
    let gateway = open(store).await;
    let large = vec![b'a'; (256 << 10) + 1];
    let here = |ask: Ask| ask.set("Sec-Fetch-Site", "same-origin");
    for (ask, said) in [
        (posted("/orders", FORM, &large), "larger than 256 KB"),
        (posted("/orders", "text/plain", b"a=b"), "not a form of a kind"),
        (here(order()).header("Content-Encoding", "gzip"), "not a form of a kind"),
        (
            order().set("Sec-Fetch-Site", "cross-site").set("Origin", "https://evil.example"),
            "not come from a page of this site",
        ),
        (order().without_fetch_metadata().set("Origin", "null"), "not come from a page of this site"),
    ] {
        let mut visitor = gateway.visitor();
        let note = first_page(&mut visitor, ask.clone()).await;
        assert!(note.contains(said), "{said}: {note:?} {ask:?}");
        assert!(visitor.cookies.is_empty(), "{said}");
    }
    let exactly = vec![b'a'; 256 << 10];
    assert!(first_page(&mut gateway.visitor(), posted("/orders", FORM, &exactly)).await.contains("is kept"));
    for n in 2..5 {
        let note = first_page(&mut gateway.visitor(), order().without_fetch_metadata()).await;
        assert!(note.contains("is kept"), "{n}: {note}");
    }
    assert!(first_page(&mut gateway.visitor(), order()).await.contains("four forms already wait"));
    assert_eq!(gateway.upstream.count(), 0);
}

async fn what_no_person_sends_is_never_kept(store: Store) {
    let gateway = open(store).await;
    let program = |method: &str| {
        let ask = Ask::program("/orders").method(method).header("Sec-Fetch-Site", "same-origin");
        ask.header("Origin", "{origin}").header("Content-Type", FORM).body(TEXT.as_bytes())
    };
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let mut visitor = gateway.visitor();
        let answer = visitor.send(program(method)).await;
        assert_eq!((answer.status, visitor.cookies.len()), (401, 0), "{method}");
    }
    let mut visitor = gateway.visitor();
    let framed = visitor.send(order().set("Sec-Fetch-Dest", "iframe")).await;
    assert_eq!((framed.status, visitor.cookies.len()), (303, 0));
    assert!(!visitor.target_of(&framed).contains("form"), "{}", framed.head);
}

async fn a_form_is_kept_however_its_body_comes(store: Store) {
    let gateway = open(store).await;
    let location = Regex::new(r"(?i)location: (\S+)").unwrap();
    let key = Regex::new(r"(?i)set-cookie: ([^=]+-form)=([^;]+);").unwrap();
    for way in ["chunked", "expect", "slowly"] {
        let mut visitor = gateway.visitor();
        let full = visitor.head(&order());
        let head = match way {
            "chunked" => full.replace(&format!("Content-Length: {}", TEXT.len()), "Transfer-Encoding: chunked"),
            "expect" => full.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"),
            _ => full,
        };
        let mut io = visitor.connect().await;
        io.write_all(head.as_bytes()).await.unwrap();
        if way == "expect" {
            let mut first = [0; 12];
            within("a hundred", tokio::io::AsyncReadExt::read_exact(&mut io, &mut first)).await.unwrap();
            assert_eq!(&first, b"HTTP/1.1 100");
        }
        for part in TEXT.as_bytes().chunks(20) {
            let sent = match way {
                "chunked" => [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat(),
                _ => part.to_vec(),
            };
            io.write_all(&sent).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if way == "chunked" {
            io.write_all(b"0\r\n\r\n").await.unwrap();
        }
        let said = within("an answer", crate::support::raw::listen(&mut io)).await.text();
        let found = |r: &Regex| {
            let groups = r.captures(&said).unwrap_or_else(|| panic!("{way}: {said}"));
            groups.iter().map(|g| g.unwrap().as_str().to_string()).collect::<Vec<_>>()
        };
        let (target, cookie) = (found(&location), found(&key));
        visitor.keep(&cookie[1], &cookie[2]);
        let page = sign_in_through(&mut visitor, &target[1]).await;
        assert_eq!(visitor.send(send(&page)).await.status, 200, "{way}");
        assert_eq!(gateway.upstream.last().body, TEXT.as_bytes(), "{way}");
    }
}

async fn a_form_over_h2_is_kept_and_sent(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    let (head, _) = over_h2(&visitor, "/orders?draft=1", TEXT).await;
    let cookie = head.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_string();
    let (name, value) = cookie.split_once('=').unwrap();
    visitor.keep(name, value);
    let target = head.headers["location"].to_str().unwrap().to_string();
    let page = sign_in_through(&mut visitor, &target).await;
    let marker = Regex::new(r#"name="portcullis_form" value="([^"]*)""#).unwrap();
    let body = format!("portcullis_form={}", &marker.captures(&page.text()).unwrap()[1]);
    let (head, text) = over_h2(&visitor, "/orders?draft=1", &body).await;
    assert_eq!((head.status.as_u16(), text.as_str()), (200, "hello from the app: /orders?draft=1\n"));
    assert_eq!((gateway.upstream.count_of("POST"), gateway.upstream.last().body), (1, TEXT.into()));
    assert_eq!(over_h2(&visitor, "/orders?draft=1", &body).await.0.status, 410);
}

/// Posts a form of the app's page over HTTP/2.
async fn over_h2(visitor: &Visitor, path: &str, body: &str) -> (http::response::Parts, String) {
    let tcp = tokio::net::TcpStream::connect(visitor.address).await.unwrap();
    let (send, connection) = within("h2", h2::client::handshake(tcp)).await.unwrap();
    tokio::spawn(connection);
    let mut request = http::Request::post(format!("http://{}{path}", visitor.authority())).body(()).unwrap();
    let all = [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("origin", &visitor.origin),
        ("content-type", FORM),
        ("content-length", &body.len().to_string()),
    ];
    for (name, value) in all {
        request.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    for (name, value) in &visitor.cookies {
        request.headers_mut().append("cookie", format!("{name}={value}").parse().unwrap());
    }
    within("an answer over h2", async {
        let (answer, mut stream) = send.ready().await.unwrap().send_request(request, false).unwrap();
        stream.send_data(bytes::Bytes::copy_from_slice(body.as_bytes()), true).unwrap();
        let (head, mut incoming) = answer.await.unwrap().into_parts();
        let mut text = Vec::new();
        while let Some(part) = incoming.data().await {
            text.extend_from_slice(&part.unwrap());
        }
        (head, String::from_utf8(text).unwrap())
    })
    .await
}

async fn an_upstream_that_is_away_leaves_it_waiting_and_one_that_hangs_up_gets_it_once(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    let page = parked_and_seen(&mut visitor, posted("/hang-up", FORM, b"n=1")).await;
    gateway.upstream.stop().await;
    let answer = visitor.send(send(&page)).await;
    assert_eq!(answer.status, 502);
    assert!(
        answer.text().contains("still kept") && answer.text().contains("/.portcullis/form?f="),
        "{}",
        answer.text()
    );
    gateway.upstream.listen().await;
    let answer = visitor.send(send(&page)).await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("not sent a second time"), "{}", answer.text());
    assert_eq!(visitor.send(send(&page)).await.status, 410);
    assert_eq!(gateway.upstream.count_of("POST /hang-up"), 1);
}

async fn a_form_of_the_app_that_looks_like_a_marker_in_size_passes_unchanged(store: Store) {
    let gateway = open(store).await;
    let mut alice = gateway.alice().await;
    let marker = "portcullis_form=".len() + 26 + 1 + 43;
    for body in ["x=".to_string() + &"y".repeat(marker - 2), "portcullis_fork=".to_string() + &"y".repeat(marker - 16)]
    {
        assert_eq!(body.len(), marker);
        assert_eq!(alice.send(posted("/mine", FORM, body.as_bytes())).await.status, 200);
        assert_eq!(gateway.upstream.last().body, body.as_bytes());
        let mut nobody = gateway.visitor();
        let page = parked_and_seen(&mut nobody, posted("/mine", FORM, body.as_bytes())).await;
        assert_eq!(nobody.send(send(&page)).await.status, 200);
        assert_eq!(gateway.upstream.last().body, body.as_bytes());
    }
    let made_up = format!("portcullis_form={}", "y".repeat(marker - 16));
    let count = gateway.upstream.count();
    assert_eq!(alice.send(posted("/mine", FORM, made_up.as_bytes())).await.status, 410);
    assert_eq!(gateway.upstream.count(), count, "what bears our name never reaches the app");
}

async fn the_store_holds_nothing_of_it_that_can_be_read(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    visitor.send(posted("/orders-of-mine", FORM, TEXT.as_bytes())).await;
    let dump = gateway.dump().await;
    let has = |text: &str| dump.windows(text.len()).any(|w| w == text.as_bytes());
    for text in ["hunter2", "amount=100", "orders-of-mine", "orders/new"] {
        assert!(!has(text), "{text}");
    }
    let key = visitor.cookie(&format!("{}-form", visitor.cookie_name())).unwrap();
    assert!(!has(key) && !gateway.log().contains(key) && !gateway.log().contains("hunter2"));
}

async fn signing_out_forgets_it(store: Store) {
    let gateway = open(store).await;
    let mut visitor = gateway.visitor();
    let page = parked_and_seen(&mut visitor, order()).await;
    visitor.sign_out(false).await;
    visitor.sign_in("alice").await;
    assert_eq!(visitor.send(send(&page)).await.status, 410);
    let discard = |page: &Answer| {
        let fields =
            Regex::new(r#"name="form_token" value="([^"]*)">\s*<input type="hidden" name="f" value="([^"]*)""#)
                .unwrap();
        let text = page.text();
        let found = fields.captures(&text).unwrap();
        Ask::form("/.portcullis/form", &[("form_token", &found[1]), ("f", &found[2])])
    };
    let mut visitor = gateway.visitor();
    let page = parked_and_seen(&mut visitor, order()).await;
    let answer = visitor.send(discard(&page)).await;
    assert_eq!((answer.status, visitor.target_of(&answer).as_str()), (303, "/orders/new"), "back to the app's page");
    assert_eq!(visitor.send(send(&page)).await.status, 410);
    assert_eq!(visitor.send(discard(&page)).await.status, 303);
    assert_eq!(gateway.upstream.count_of("POST"), 0);
}

const PAGE: &str = "<!doctype html><title>order</title><script>document.title = 'scripted'</script>\
    <form method=post action='/orders?draft=1' enctype=multipart/form-data>\
    <input name=amount value='100 &euro;'><input name=pin type=password value=1234><input name=paper type=file>\
    <button>order</button></form>";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_scripts_sends_the_form_after_signing_in_and_its_file_arrives() {
    let policy = "version: 1\nrules:\n  - { name: new, match: { path: /new }, allow: public }\n";
    let gateway = Plan::on(Store::Embedded).policy(policy).start().await;
    gateway.add_user("alice", &["staff"]);
    gateway.upstream.answer("/new", &page_of(PAGE));
    let paper = gateway.dir().join("offer.bin");
    std::fs::write(&paper, file()).unwrap();
    let browser = Browser::without_scripts().await;
    let url = |path: &str| format!("{}{path}", gateway.origin);
    let fill_in = async || {
        browser.go(&url("/new")).await;
        assert_eq!(browser.title().await, "order", "scripts are off");
        browser.find("input[type=file]").await.send_keys(paper.to_str().unwrap()).await.unwrap();
        browser.press("button").await;
    };
    fill_in().await;
    browser.find("input[autocomplete=username]").await;
    assert!(browser.text().await.contains("is kept for ten minutes"), "{}", browser.text().await);
    browser.type_into("input[autocomplete=username]", "alice").await;
    browser.type_into("input[autocomplete=current-password]", PASSWORD).await;
    browser.press("form button").await;
    browser.find("input[name=portcullis_form]").await;
    let text = browser.text().await;
    assert!(text.contains("100 €") && text.contains("offer.bin (200000 bytes)") && !text.contains("1234"), "{text}");
    assert_eq!(browser.refusals().await, Vec::<String>::new());
    assert_eq!(gateway.upstream.count_of("POST"), 0);
    browser.press("form button").await;
    browser.reaches(&url("/orders?draft=1")).await;
    assert!(browser.text().await.contains("hello from the app: /orders?draft=1"), "{}", browser.text().await);
    let seen = gateway.upstream.requests().into_iter().find(|s| s.line().starts_with("POST")).unwrap();
    let file = file();
    let begins = seen.body.windows(64).position(|w| w == &file[..64]).expect("the file's beginning");
    assert!(seen.body[begins..].starts_with(&file), "{} bytes", seen.body.len());
    assert_eq!(gateway.upstream.count_of("POST"), 1);
    browser.reload().await;
    assert!(browser.text().await.contains("It is not sent again"), "{}", browser.text().await);
    assert_eq!(gateway.upstream.count_of("POST"), 1, "a reload sends nothing");

    // signed out by an order; the app's answer leads to another site
    let other = crate::support::upstream::Upstream::start().await;
    let elsewhere = format!("http://{}/done", other.address);
    gateway
        .upstream
        .answer("/orders", &format!("HTTP/1.1 303 See Other\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n"));
    browser.go(&url("/new")).await;
    gateway.disconnect(json!({ "user": "alice" }), "sign_out", json!({})).await;
    fill_in().await;
    browser.type_into("input[autocomplete=username]", "alice").await;
    browser.type_into("input[autocomplete=current-password]", PASSWORD).await;
    browser.press("form button").await;
    browser.find("input[name=portcullis_form]").await;
    browser.press("form button").await;
    browser.reaches(&elsewhere).await;
    assert_eq!(gateway.upstream.count_of("POST"), 2);
}

fn page_of(html: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{html}", html.len())
}
