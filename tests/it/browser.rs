//! What the README promises, done by a real browser: sign in, set up an authenticator by its QR code, save the backup codes,
//! sign out, sign in with a code; and what follows when the phone is lost, or a cookie is stolen.

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

/// The codes on the page, ticked as saved.
async fn save_codes(browser: &Browser) -> Vec<String> {
    let shown = browser.find("pre.codes").await.text().await.unwrap();
    assert!(browser.is_styled().await && !browser.has("script").await);
    assert_eq!(browser.refusals().await, Vec::<String>::new(), "the page of codes breaks its own policy");
    browser.press("input[name=saved]").await;
    browser.press("form:has(input[name=saved]) button").await;
    browser.until_gone("pre.codes").await;
    let codes: Vec<String> = shown.split_whitespace().map(String::from).collect();
    assert_eq!(codes.len(), 10, "{shown}");
    codes
}

/// Signed in, with an authenticator set up and the codes saved.
async fn enrol(browser: &Browser, demo: &Demo) -> (Authenticator, Vec<String>) {
    let (name, password, _) = demo.member();
    browser.go(demo.url()).await;
    sign_in(browser, name, password).await;
    browser.reaches(demo.url()).await;
    browser.go(&format!("{}/.portcullis/set-up", demo.url())).await;
    let mut app = Authenticator::of_uri(&browser.read_qr().await);
    type_code(browser, &app.next_code().await).await;
    let codes = save_codes(browser).await;
    (app, codes)
}

async fn sign_out(browser: &Browser, demo: &Demo) {
    browser.go(&format!("{}/.portcullis/sign-out", demo.url())).await;
    browser.press("button[value=here]").await;
    browser.until_gone("button[value=here]").await;
}

/// Up to the page that asks for a backup code.
async fn reach_backup(browser: &Browser, demo: &Demo) {
    let (name, password, _) = demo.member();
    browser.go(demo.url()).await;
    sign_in(browser, name, password).await;
    browser.press("a[href*='method=backup_code']").await;
    browser.find("input[name=method][value=backup_code]").await;
}

async fn type_backup(browser: &Browser, code: &str) {
    browser.type_into("#code", code).await;
    browser.press("form:has(#code) button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_phone_a_backup_code_signs_in_once_and_the_authenticator_is_replaced() {
    let demo = Demo::start(&[]).await;
    let (name, password, _) = demo.member();
    let browser = Browser::open().await;
    let (_, codes) = enrol(&browser, &demo).await;
    sign_out(&browser, &demo).await;
    reach_backup(&browser, &demo).await;
    type_backup(&browser, &codes[0].to_uppercase()).await;
    browser.find("a[href='/.portcullis/replace']").await;
    assert!(browser.text().await.contains("9 backup codes left"), "{}", browser.text().await);

    browser.press("a[href='/.portcullis/replace']").await;
    browser.type_into("input[autocomplete=current-password]", password).await;
    browser.press("form:has(#password) button").await;
    browser.find(".qr svg").await;
    let mut new = Authenticator::of_uri(&browser.read_qr().await);
    type_code(&browser, &new.next_code().await).await;
    browser.until_gone(".qr").await;
    sign_out(&browser, &demo).await;

    reach_backup(&browser, &demo).await;
    type_backup(&browser, &codes[0]).await;
    browser.find("#error").await;
    browser.press("a[href*='method=totp']").await;
    browser.find("input[autocomplete=one-time-code]").await;
    type_code(&browser, &new.next_code().await).await;
    browser.reaches(demo.url()).await;
    assert!(browser.text().await.contains(name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_browser_is_not_asked_and_a_copied_cookie_ends_the_thiefs_session() {
    let demo = Demo::start(&[]).await;
    let (name, password, _) = demo.member();
    let victim = Browser::open().await;
    let (mut app, _) = enrol(&victim, &demo).await;
    sign_out(&victim, &demo).await;
    victim.go(demo.url()).await;
    sign_in(&victim, name, password).await;
    victim.press("input[name=remember]").await;
    type_code(&victim, &app.next_code().await).await;
    victim.reaches(demo.url()).await;
    sign_out(&victim, &demo).await;

    // who has the password and a copy of the cookie gets in, and uses it up
    let thief = Browser::open().await;
    thief.go(demo.url()).await;
    thief.take_cookie_of(&victim, "-device").await;
    for _ in 0..2 {
        thief.go(demo.url()).await;
        sign_in(&thief, name, password).await;
        thief.reaches(demo.url()).await;
        sign_out(&thief, &demo).await;
    }
    thief.go(demo.url()).await;
    sign_in(&thief, name, password).await;
    thief.reaches(demo.url()).await;

    victim.go(demo.url()).await;
    sign_in(&victim, name, password).await;
    victim.find("input[autocomplete=one-time-code]").await;
    thief.go(demo.url()).await;
    assert!(thief.url().await.contains("/.portcullis/sign-in"), "the thief is out: {}", thief.url().await);
    type_code(&victim, &app.next_code().await).await;
    victim.reaches(demo.url()).await;
    assert!(victim.text().await.contains(name));
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
    save_codes(&browser).await;

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
async fn an_admin_sets_up_an_authenticator_with_the_code_that_the_demo_printed() {
    let demo = Demo::start(&[]).await;
    let ada = demo.told["accounts"].as_array().unwrap().iter().find(|a| a["admin"] == true).unwrap().clone();
    let (name, password) = (ada["user"].as_str().unwrap(), ada["password"].as_str().unwrap());
    let browser = Browser::open().await;
    browser.go(demo.url()).await;
    sign_in(&browser, name, password).await;
    browser.reaches(demo.url()).await;
    browser.go(&format!("{}/.portcullis/set-up", demo.url())).await;
    assert!(!browser.has(".qr").await, "her password alone shows no key");
    browser.type_into("#code", ada["enrol_code"].as_str().unwrap()).await;
    browser.press("form:has(#code) button").await;
    browser.find(".qr svg").await;
    let mut app = Authenticator::of_uri(&browser.read_qr().await);
    type_code(&browser, &app.next_code().await).await;
    save_codes(&browser).await;
    browser.reaches(demo.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_a_script_and_break_no_policy_of_theirs() {
    let demo = Demo::start(&[]).await;
    let (name, password, _) = demo.member();
    let browser = Browser::open().await;
    browser.go(demo.url()).await;
    sign_in(&browser, name, password).await;
    browser.reaches(demo.url()).await;
    for page in ["", "set-up", "sign-out", "codes", "codes/new", "replace", "disable"] {
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
    assert_eq!(browser.run("arguments[0](localStorage.length + sessionStorage.length)").await, 0);
    let cookie = browser.run("arguments[0](document.cookie)").await;
    assert_eq!(cookie, "", "our cookies are out of a script's reach");
}
