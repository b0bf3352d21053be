//! What people read.

use super::*;

#[tokio::test]
async fn english_pages() {
    for (name, page) in Sample::new("en").pages() {
        insta::assert_snapshot!(name, format!("{}\n\n{}", page.status(), text(page).await));
    }
}

#[tokio::test]
async fn every_page_speaks_every_language() {
    for (tag, rtl, _) in locale::LOCALES {
        for (name, page) in Sample::new(tag).pages() {
            let at = format!("{tag} {name}");
            assert_eq!(page.headers()["content-language"], tag, "{at}");
            let html = text(page).await;
            let dir = if rtl { "rtl" } else { "ltr" };
            assert!(html.contains(&format!("<html lang=\"{tag}\" dir=\"{dir}\">")), "{at}");
            assert!(html.contains("Call the desk: 4711"), "{at}: support line");
            assert!(html.contains("<title>") && html.contains("<h1>") && html.contains("<main>"), "{at}");
            assert!(!html.contains(">sign-") && !html.contains(">set-up-"), "{at}: a text is missing");
        }
    }
}

/// What the content security policy would block in silence, and what must not be in a page that works without script.
#[tokio::test]
async fn no_page_has_script_style_or_anything_from_elsewhere() {
    for (name, page) in Sample::new("ar").pages() {
        let html = text(page).await.to_lowercase();
        for bad in ["<script", "<style", " style=", " onclick", " onload", "javascript:", "<iframe", "@import"] {
            assert!(!html.contains(bad), "{name}: {bad}");
        }
        let foreign = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("http:") && !foreign.contains("https:"), "{name}");
        assert!(!html.contains("<?xml"), "{name}");
    }
}

#[tokio::test]
async fn inputs_are_named_for_password_managers_and_labelled() {
    let mut seen = std::collections::BTreeSet::new();
    let sample = Sample::new("en");
    for (name, page) in sample.forms().into_iter().chain(sample.own_forms()) {
        let html = text(page).await;
        for input in html.split("<input ").skip(1).filter_map(|i| i.split('>').next()) {
            if input.contains("type=\"hidden\"") || input.contains("aria-hidden") {
                continue;
            }
            let of =
                |a: &str| input.split(&format!("{a}=\"")).nth(1).and_then(|v| v.split('"').next()).map(String::from);
            let id = of("id").unwrap_or_else(|| panic!("{name}: {input}"));
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: {id} has no label");
            assert!(!input.contains("maxlength"), "{name}: a pasted code would be cut");
            if input.contains("type=\"checkbox\"") {
                continue;
            }
            seen.insert((id, of("autocomplete").unwrap(), of("inputmode")));
        }
    }
    let want = [
        ("code", "off", None),
        ("code", "one-time-code", Some("numeric")),
        ("password", "current-password", None),
        ("username", "username", None),
    ];
    assert_eq!(seen, want.map(|(i, a, m)| (i.into(), a.into(), m.map(String::from))).into());
}

fn wrong_ones() -> Vec<(&'static str, Response)> {
    let sample = Sample::new("en");
    let all = sample.forms().into_iter().chain(sample.own_forms());
    all.filter(|(n, _)| n.ends_with("_wrong")).collect()
}

#[tokio::test]
async fn an_error_is_in_the_title_announced_and_tied_to_its_field() {
    for (name, page) in wrong_ones() {
        let html = text(page).await;
        assert!(html.contains("<title>Error: "), "{name}");
        assert!(html.contains("id=\"error\" role=\"alert\""), "{name}");
        assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"error\""), "{name}");
        assert_eq!(html.matches(" autofocus").count(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_was_typed_is_text_and_never_markup() {
    let (_, page) = Sample::new("en").forms().into_iter().find(|(n, _)| *n == "sign_in_wrong").unwrap();
    let html = text(page).await;
    assert!(!html.contains("<alice>") && html.contains("alice"));
    assert!(html.contains("Example &#38; Sons"));
}

#[tokio::test]
async fn the_set_up_page_says_what_one_needs_to_know() {
    let (_, page) = Sample::new("en").forms().into_iter().find(|(n, _)| *n == "set_up").unwrap();
    let html = text(page).await;
    for app in ["Google Authenticator", "Microsoft Authenticator", "Authy", "1Password", "Bitwarden"] {
        assert!(html.contains(app), "{app}");
    }
    assert!(html.contains("on a computer") && html.contains("no network"));
    assert!(html.contains("<svg") && html.contains("role=\"img\" aria-label=\"QR code; use the key below\""));
}

#[tokio::test]
async fn set_up_when_on_answers_with_the_agreed_words() {
    let (_, page) = Sample::new("en").messages().into_iter().find(|(n, _)| *n == "already_on").unwrap();
    assert_eq!(page.status(), StatusCode::CONFLICT);
    let words = "Multi-factor authentication is already on. Turn it off first to set it up again.";
    assert!(text(page).await.contains(words));
}

#[tokio::test]
async fn a_change_of_what_is_not_on_answers_with_the_agreed_words() {
    let page = message::not_on(&Sample::new("en").frame());
    assert_eq!(page.status(), StatusCode::CONFLICT);
    assert!(text(page).await.contains("Multi-factor authentication is not on for your account."));
}

#[test]
fn a_wait_is_said_in_seconds_rounded_up() {
    let s = Sample::new("en");
    for (wait, after) in [(1, "1"), (29_001, "30"), (30_000, "30"), (0, "1")] {
        let page = message::held(&s.frame(), Held::For(Duration::from_millis(wait)), "/");
        assert_eq!((page.status().as_u16(), page.headers()["retry-after"].to_str().unwrap()), (429, after), "{wait}");
    }
    assert!(message::held(&s.frame(), Held::Disabled, "/").headers().get("retry-after").is_none());
}

#[tokio::test]
async fn the_challenge_helps_who_has_lost_everything_in_this_order() {
    let (_, page) = Sample::new("en").forms().into_iter().find(|(n, _)| *n == "challenge").unwrap();
    let html = text(page).await;
    let at = |what: &str| html.find(what).unwrap_or_else(|| panic!("{what}"));
    assert!(at("Use a backup code") < at("Ask an administrator to reset"));
    assert!(at("Ask an administrator to reset") < at("ask support:"));
    assert!(!html.contains("name=\"remember\" type=\"checkbox\" value=\"on\" checked"));
}
