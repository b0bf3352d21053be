//! What the README promises, done by a real browser: sign in, set up an authenticator by its QR code, sign out, sign in with
//! a code.

use crate::demo::Demo;
use crate::support::Authenticator;
use crate::support::browser::Browser;

async fn sign_in(browser: &Browser, name: &str, password: &str) {
    browser.type_into("input[autocomplete=username]", name).await;
    browser.type_into("input[autocomplete=current-password]", password).await;
    browser.press("form button").await;
}

async fn type_code(browser: &Browser, code: &str) {
    browser.type_into("input[autocomplete=one-time-code]", code).await;
    browser.press("form:has(input[autocomplete=one-time-code]) button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_enrols_signs_out_and_signs_in_with_a_code() {
    let demo = Demo::start(&[]).await;
    let (name, password, _) = demo.member();
    let browser = Browser::open().await;
    browser.go(demo.url()).await;
    assert!(browser.url().await.contains("/.portcullis/sign-in"), "the gate is shut: {}", browser.url().await);
    sign_in(&browser, name, password).await;
    browser.reaches(demo.url()).await;
    assert!(browser.text().await.contains(name), "the app shows who it is");

    browser.go(&format!("{}/.portcullis/", demo.url())).await;
    browser.press("a[href$='/.portcullis/set-up']").await;
    browser.find("svg").await;
    let mut app = Authenticator::of_uri(&browser.read_qr().await);
    type_code(&browser, &app.next_code().await).await;
    browser.until_gone("input[autocomplete=one-time-code]").await;

    browser.go(&format!("{}/.portcullis/sign-out", demo.url())).await;
    browser.press("button[value=here]").await;
    browser.until_gone("button[value=here]").await;
    browser.go(demo.url()).await;
    assert!(browser.url().await.contains("/.portcullis/sign-in"), "signed out");
    sign_in(&browser, name, password).await;
    browser.find("input[autocomplete=one-time-code]").await;
    type_code(&browser, &app.next_code().await).await;
    browser.reaches(demo.url()).await;
    assert!(browser.text().await.contains(name));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_a_script_and_break_no_policy_of_theirs() {
    let demo = Demo::start(&[]).await;
    let (name, password, _) = demo.member();
    let browser = Browser::open().await;
    browser.go(demo.url()).await;
    sign_in(&browser, name, password).await;
    browser.reaches(demo.url()).await;
    for page in ["", "set-up", "sign-out"] {
        browser.go(&format!("{}/.portcullis/{page}", demo.url())).await;
        browser.find("main h1").await;
        assert!(!browser.has("script").await);
        assert!(browser.is_styled().await, "the style sheet of /.portcullis/{page} was loaded");
        assert_eq!(browser.refusals().await, Vec::<String>::new(), "/.portcullis/{page} breaks its own policy");
    }
    let inject = "const s = document.createElement('style'); s.textContent = 'main { display: none }'; \
                  document.head.append(s); arguments[0](getComputedStyle(document.querySelector('main')).display)";
    assert_ne!(browser.run(inject).await, "none", "what is injected is not obeyed");
    assert_eq!(browser.refusals().await.len(), 1, "and the browser says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_of_the_app_can_neither_read_nor_frame_our_pages() {
    let demo = Demo::start(&[]).await;
    let (name, password, _) = demo.member();
    let browser = Browser::open().await;
    browser.go(demo.url()).await;
    sign_in(&browser, name, password).await;
    browser.reaches(demo.url()).await;
    let read =
        "const done = arguments[0]; fetch('/.portcullis/sign-out').then(r => r.text().then(t => done([r.status, t])))";
    let answer = browser.run(read).await;
    assert_eq!(answer[0], 403);
    assert!(!answer[1].as_str().unwrap().contains("form_token"));
    let frame = "const done = arguments[0]; const f = document.createElement('iframe'); f.src = '/.portcullis/sign-out'; \
                 f.onload = () => { let t = ''; try { t = f.contentDocument.body.innerHTML } catch (e) {} done(t) }; \
                 document.body.append(f)";
    let inside = browser.run(frame).await;
    assert!(!inside.as_str().unwrap_or_default().contains("form_token"), "{inside}");
    let cookie = browser.run("arguments[0](document.cookie)").await;
    assert_eq!(cookie, "", "our cookies are out of a script's reach");
}
