//! Forms that wait, on a manual clock: whose they are, for how long, and that each is given out once.

use super::*;
use crate::gate::parking::Shown;
use bytes::Bytes;

const FORM: &str = "application/x-www-form-urlencoded";

impl Browser<'_> {
    /// As the browser posts a form of the app's own page.
    fn posts(&self, path: &str) -> Inbound {
        let site = Some("same-origin".to_string());
        let fetch = FetchMetadata { site, mode: Some(Mode::Navigate), dest: Some("document".into()) };
        let origin_header = Some(self.house.origin.to_string());
        Inbound { method: http::Method::POST, fetch, origin_header, ..self.asks(path) }
    }
    async fn parks_as(&mut self, inbound: &Inbound) -> Result<ReturnTo, Unkept> {
        assert_eq!(self.house.gate.keeps(inbound, Some(FORM)), Some(Ok(())));
        let referer = Some("https://app.example.com/orders/new".to_string());
        let posted = Posted { content_type: FORM.into(), referer, body: Bytes::from_static(b"amount=100") };
        let parking = self.house.gate.park(inbound, posted).await;
        self.keep(&parking.cookies);
        parking.kept
    }
    async fn parks(&mut self, path: &str) -> Result<ReturnTo, Unkept> {
        self.parks_as(&self.posts(path)).await
    }
    async fn sees(&mut self, to: &ReturnTo) -> FormPage {
        let page = self.house.gate.form_page(&self.asks("/.portcullis/form"), to).await.unwrap();
        if let FormPage::OtherUser { cookies } = &page {
            self.keep(cookies);
        }
        page
    }
    async fn is_shown(&mut self, to: &ReturnTo) -> Shown {
        match self.sees(to).await {
            FormPage::Show(shown) => *shown,
            FormPage::Asked(asked) => panic!("{asked:?}"),
            FormPage::Gone => panic!("gone"),
            FormPage::OtherUser { .. } => panic!("another's"),
        }
    }
    /// *Send*, up to where the upstream would hear of it.
    async fn sends_form(&self, inbound: &Inbound, marker: &str) -> Result<Sending, NotSent> {
        let body = format!("{}={marker}", Marker::FIELD);
        assert_eq!(body.len(), Marker::LENGTH);
        let marker = Marker::read(body.as_bytes()).unwrap();
        match self.house.gate.admit(inbound).await.unwrap() {
            Verdict::Pass(passage) => self.house.gate.open_form(inbound, &passage, &marker).await.unwrap(),
            other => panic!("{other:?}"),
        }
    }
    async fn has_sent(&self, path: &str, marker: &str) -> bool {
        let mut sending = self.sends_form(&self.posts(path), marker).await.map_err(|e| format!("{e:?}")).unwrap();
        self.house.gate.take_form(&mut sending).await.unwrap()
    }
    fn form_cookie(&self) -> Option<&String> {
        self.jar.get("__Host-portcullis-form")
    }
    async fn signs_in_as(&mut self, login: &str, to: &ReturnTo) -> Next {
        let asked = self.asks("/.portcullis/sign-in");
        match self.house.gate.sign_in(&asked, login, &PASSWORD.into(), to).await.unwrap() {
            SignIn::Next { next, cookies } => {
                self.keep(&cookies);
                next
            }
            other => panic!("{other:?}"),
        }
    }
}

impl House {
    async fn add_bob(&self) {
        let alice = self.store.account(ALICE).await.unwrap().unwrap();
        let (id, name) = (UserId::from_bytes([8; 16]), UserName::parse("bob").unwrap());
        let account = Account { id, name, email: None, ..alice };
        self.store.create_account(&NewAccount { account }).await.unwrap();
    }
}

/// What `Sending` came to; it has no equality.
fn why(sent: Result<Sending, NotSent>) -> NotSent {
    sent.map(|s| s.to).unwrap_err()
}

#[tokio::test]
async fn a_form_waits_through_the_sign_in_and_is_sent_once() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    let to = b.parks("/orders").await.unwrap();
    assert_eq!((to.path(), to.method()), ("/orders", http::Method::POST));
    assert!(matches!(b.sees(&to).await, FormPage::Asked(Refusal::SignIn { to: same }) if same == to));
    assert_eq!(b.signs_in_as("alice", &to).await, Next::Arrived(to.clone()));
    let shown = b.is_shown(&to).await;
    assert_eq!((shown.held.target.as_str(), &shown.held.body[..]), ("/orders", &b"amount=100"[..]));
    let mut first = b.sends_form(&b.posts("/orders"), &shown.marker).await.map_err(|e| format!("{e:?}")).unwrap();
    let mut second = b.sends_form(&b.posts("/orders"), &shown.marker).await.map_err(|e| format!("{e:?}")).unwrap();
    assert!(house.gate.take_form(&mut first).await.unwrap());
    assert!(!house.gate.take_form(&mut second).await.unwrap(), "a double click");
    assert_eq!(why(b.sends_form(&b.posts("/orders"), &shown.marker).await), NotSent::Gone);
    b.keep(&first.cookies);
    assert!(b.form_cookie().is_none());
    assert!(matches!(b.sees(&to).await, FormPage::Gone));
}

#[tokio::test]
async fn a_form_ends_ten_minutes_after_it_came() {
    for (seconds, waits) in [(599, true), (600, false)] {
        let house = House::with("version: 1").await;
        let mut b = house.browser();
        b.sign_in().await;
        let to = b.parks("/orders").await.unwrap();
        let marker = b.is_shown(&to).await.marker;
        house.later(seconds);
        assert_eq!(matches!(b.sees(&to).await, FormPage::Show(_)), waits, "{seconds}");
        assert_eq!(b.sends_form(&b.posts("/orders"), &marker).await.is_ok(), waits, "{seconds}");
    }
}

#[tokio::test]
async fn a_form_of_a_session_that_ran_out_is_its_users_alone() {
    let house = House::with("version: 1").await;
    house.add_bob().await;
    let mut b = house.browser();
    b.sign_in().await;
    house.later(13 * 3600);
    assert!(b.visits("/").await.is_some(), "it ran out");
    let to = b.parks("/orders").await.unwrap();
    b.jar.remove("__Host-portcullis-device"); // two copies of one would be a theft
    let (mut alice, mut bob) = (b.clone(), b.clone());
    alice.signs_in_as("alice", &to).await;
    assert_eq!(alice.is_shown(&to).await.held.user, Some(ALICE));
    bob.signs_in_as("bob", &to).await;
    let marker = alice.is_shown(&to).await.marker;
    assert_eq!(why(bob.sends_form(&bob.posts("/orders"), &marker).await), NotSent::OtherUser);
    assert_eq!(why(bob.sends_form(&bob.posts("/orders"), &marker).await), NotSent::Gone, "it was dropped");
    assert!(matches!(alice.sees(&to).await, FormPage::Gone));

    let to = b.parks("/orders").await.unwrap();
    let mut bob = b.clone();
    bob.signs_in_as("bob", &to).await;
    assert!(matches!(bob.sees(&to).await, FormPage::OtherUser { .. }));
    assert!(matches!(bob.sees(&to).await, FormPage::Gone), "dropped, unseen");
}

#[tokio::test]
async fn a_marker_is_of_one_session_one_form_and_one_address() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (first, second) = (b.parks("/a").await.unwrap(), b.parks("/b").await.unwrap());
    let (marker, other) = (b.is_shown(&first).await.marker, b.is_shown(&second).await.marker);
    let mixed = format!("{}.{}", first.form().unwrap(), other.split('.').nth(1).unwrap());
    let again =
        |to: &ReturnTo, at| NotSent::OtherSession { to: ReturnTo::form_page("/.portcullis/", to.form().unwrap(), at) };
    assert_eq!(why(b.sends_form(&b.posts("/a"), &mixed).await), again(&first, "/a"));
    assert_eq!(why(b.sends_form(&b.posts("/b"), &marker).await), again(&first, "/b"));
    let mut later = b.clone();
    later.sign_in().await;
    assert_eq!(why(later.sends_form(&later.posts("/a"), &marker).await), again(&first, "/a"), "another session");
    let mut elsewhere = house.browser();
    elsewhere.sign_in().await;
    assert_eq!(why(elsewhere.sends_form(&elsewhere.posts("/a"), &marker).await), NotSent::Gone, "another browser");
    let fresh = later.is_shown(&first).await.marker;
    assert!(later.has_sent("/a", &fresh).await, "nothing of that has used it up");
    let fresh = later.is_shown(&second).await.marker;
    assert!(later.has_sent("/b", &fresh).await);
}

#[tokio::test]
async fn another_site_or_a_frame_sends_nothing() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let to = b.parks("/orders").await.unwrap();
    let marker = b.is_shown(&to).await.marker;
    let good = b.posts("/orders");
    let fetch = |site: &str, dest: &str| FetchMetadata {
        site: Some(site.into()),
        mode: Some(Mode::Navigate),
        dest: Some(dest.into()),
    };
    let mut odd = vec![
        Inbound { fetch: fetch("cross-site", "document"), ..good.clone() },
        Inbound { fetch: fetch("same-site", "document"), ..good.clone() },
        Inbound { fetch: fetch("same-origin", "iframe"), ..good.clone() },
    ];
    for origin in [None, Some("null"), Some("https://evil.example"), Some("http://app.example.com")] {
        let origin_header = origin.map(String::from);
        odd.push(Inbound { fetch: FetchMetadata::default(), origin_header, ..good.clone() });
    }
    for inbound in odd {
        assert_eq!(why(b.sends_form(&inbound, &marker).await), NotSent::Forged, "{:?}", inbound.fetch);
        let kept = house.gate.keeps(&inbound, Some(FORM));
        assert_ne!(kept, Some(Ok(())), "nor is it kept: {:?}", inbound.fetch);
    }
    let silent = Inbound { fetch: FetchMetadata::default(), ..good };
    assert!(b.sends_form(&silent, &marker).await.is_ok(), "a browser without Fetch Metadata says its origin");
}

#[tokio::test]
async fn only_forms_that_a_person_sends_are_kept() {
    let house = House::with("version: 1").await;
    let b = house.browser();
    let good = b.posts("/orders");
    let keeps = |inbound: &Inbound, kind| house.gate.keeps(inbound, kind);
    for method in [http::Method::PUT, http::Method::GET, http::Method::DELETE, http::Method::PATCH] {
        assert_eq!(keeps(&Inbound { method, ..good.clone() }, Some(FORM)), None);
    }
    for kind in [Kind::Program, Kind::WebSocket, Kind::Grpc] {
        assert_eq!(keeps(&Inbound { kind, ..good.clone() }, Some(FORM)), None);
    }
    for kind in [None, Some("text/plain"), Some("application/json"), Some("")] {
        assert_eq!(keeps(&good, kind), Some(Err(Unkept::Kind)), "{kind:?}");
    }
    assert_eq!(keeps(&good, Some("multipart/form-data; boundary=x")), Some(Ok(())));
}

#[tokio::test]
async fn four_forms_wait_in_a_browser_and_what_ran_out_makes_room() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    let first = b.parks("/0").await.unwrap();
    house.later(300);
    for n in 1..4 {
        b.address = [192, 0, 2, 10 + n].into();
        b.parks(&format!("/{n}")).await.unwrap();
    }
    let before = b.form_cookie().cloned();
    assert!(before.as_ref().is_some_and(|c| c.len() < 256), "{before:?}");
    assert_eq!(b.parks("/4").await, Err(Unkept::TooMany));
    assert_eq!(b.form_cookie(), before.as_ref(), "those that wait are not forgotten");
    house.later(300);
    b.parks("/4").await.unwrap();
    b.sign_in().await;
    assert!(matches!(b.sees(&first).await, FormPage::Gone));

    let mut others: Vec<_> = (0..5).map(|_| house.browser()).collect();
    for (n, other) in others.iter_mut().enumerate() {
        assert_eq!(other.parks("/x").await.is_ok(), n < 4, "one address, browser {n}");
    }
    house.browser().parks("/x").await.unwrap_err();
}

#[tokio::test]
async fn a_form_comes_first_whatever_way_led_in_and_goes_with_the_sign_out() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    let to = b.parks("/orders").await.unwrap();
    let Next::Arrived(led) = b.sign_in().await else { panic!("signed in") };
    assert_eq!(led.form(), to.form(), "signing in for another page leads to the form");
    assert_eq!(b.overview().await.form.and_then(|f| f.form()), to.form());
    let marker = b.is_shown(&to).await.marker;
    let asked = b.asks("/.portcullis/form");
    let id = to.form().unwrap();
    assert!(house.gate.discard_form(&asked, id, "made up").await.unwrap().is_none());
    let (cookies, back) = house.gate.discard_form(&asked, id, &marker).await.unwrap().unwrap();
    assert_eq!(back.as_str(), "/orders/new", "the page it was filled in on");
    assert_eq!(why(b.sends_form(&b.posts("/orders"), &marker).await), NotSent::Gone);
    b.keep(&cookies);
    assert_eq!((b.form_cookie(), b.overview().await.form), (None, None));

    b.parks("/orders").await.unwrap();
    let Who::Session { form_token, .. } = house.gate.who(&b.asks("/")).await.unwrap() else { panic!("signed in") };
    let SignedOut::Done { cookies } = house.gate.sign_out(&b.asks("/"), &form_token, false).await.unwrap() else {
        panic!("signed out")
    };
    b.keep(&cookies);
    assert_eq!(b.form_cookie(), None);
}

#[tokio::test]
async fn what_a_rule_asks_of_the_form_is_asked_before_it_is_shown() {
    let policy = "version: 1\nmfa: { require: on }\nrules:\n\
                  - { name: looking, match: { path: /orders, methods: [GET] }, require: { factors: one } }\n";
    let house = House::with(policy).await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    let mut b = house.browser();
    let look = ReturnTo::parse("/orders", "/.portcullis/");
    assert_eq!(b.signs_in_as("alice", &look).await, Next::Arrived(look.clone()));
    assert!(b.visits("/orders").await.is_none(), "looking takes the password alone");
    let to = b.parks("/orders").await.unwrap();
    assert!(matches!(b.sees(&to).await, FormPage::Asked(Refusal::Challenge { to: same, .. }) if same == to));
    let mut other = house.browser();
    let to = other.parks("/orders").await.unwrap();
    assert_eq!(other.signs_in_as("alice", &to).await, Next::Challenge(to), "of a POST, not of a look");
}

#[test]
fn a_marker_is_told_from_the_first_bytes() {
    for (body, begins, is) in [
        ("", true, false),
        ("portcullis_fo", true, false),
        ("portcullis_form=x.y", true, true),
        ("portcullis_form=", true, true),
        ("portcullis_forms=1", false, false),
        ("amount=1", false, false),
    ] {
        assert_eq!((Marker::begins(body.as_bytes()), Marker::read(body.as_bytes()).is_some()), (begins, is), "{body}");
    }
}
