//! Headers of the pages, and colours that can be read.

use super::*;
use std::collections::BTreeMap;

#[test]
fn headers_of_what_we_answer() {
    let mut s = Sample::new("en");
    let page = message::signed_out(&s.frame());
    let none = HeaderMap::new();
    let led = refusal::answer(&s.site, &s.inbound, (&none, None), &Refusal::SignIn { to: ReturnTo::root() });
    s.inbound.kind = Kind::Program;
    let problem = refusal::answer(&s.site, &s.inbound, (&none, None), &Refusal::SignIn { to: ReturnTo::root() });
    let all = [("page", page), ("redirect", led), ("problem", problem)].map(|(n, r)| format!("# {n}\n{}", head(&r)));
    insta::assert_snapshot!("headers", all.join("\n"));
}

#[test]
fn hsts_is_for_https_only() {
    let mut s = Sample::new("en");
    assert!(message::signed_out(&s.frame()).headers().contains_key("strict-transport-security"));
    s.inbound.origin = Arc::new("http://localhost:8080".parse().unwrap());
    assert!(!message::signed_out(&s.frame()).headers().contains_key("strict-transport-security"));
}

#[test]
fn every_page_carries_the_same_guards() {
    for (name, page) in Sample::new("fr").pages() {
        let h = page.headers();
        let policy = h["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-"), "{name}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{name}");
        assert_eq!(h["cache-control"], "no-store", "{name}");
        assert_eq!(h["referrer-policy"], "no-referrer", "{name}");
        assert!(h.get("set-cookie").is_none(), "{name}");
    }
}

#[test]
fn files_change_their_name_with_their_content() {
    let file = |colour: &str| {
        Site::new(PREFIX, Brand { colour: colour.parse().unwrap(), ..Brand::default() }).style.name.clone()
    };
    assert_eq!(file("#0a5"), file("#00aa55"));
    assert_ne!(file("#0a5"), file("#0a6"));
}

/// WCAG 2.2: 1.4.3 for text, 1.4.11 for borders of fields and the focus ring.
#[test]
fn colours_can_be_read_in_light_and_dark() {
    let css = include_str!("../../../templates/style.css");
    let scheme = |block: &str| -> BTreeMap<String, Colour> {
        block
            .split(';')
            .filter_map(|d| d.trim().strip_prefix("--")?.split_once(':'))
            .filter_map(|(k, v)| Some((k.to_string(), v.trim().parse().ok()?)))
            .collect()
    };
    let mut roots = css.split(":root{").skip(1).map(|b| b.split('}').next().unwrap()).map(scheme);
    for c in [roots.next().unwrap(), roots.next().unwrap()] {
        for (fore, back, least) in [
            ("text", "card", 4.5),
            ("text", "ground", 4.5),
            ("text", "soft", 4.5),
            ("quiet", "card", 4.5),
            ("quiet", "ground", 4.5),
            ("quiet", "soft", 4.5),
            ("link", "card", 4.5),
            ("error", "error-ground", 4.5),
            ("error", "card", 3.0),
            ("line", "card", 3.0),
            ("link", "ground", 3.0),
        ] {
            let got = c[fore].contrast(c[back]);
            assert!(got >= least, "{fore} on {back}: {got}");
        }
    }
    assert!(roots.next().is_none());
}
