//! The sign-in flow on a manual clock and an embedded store in memory.

use super::flow::Next;
use super::service::{GateApp, Parts};
use super::*;
use crate::audit::Audit;
use crate::crypto::{Cost, KeyRing, Passwords};
use crate::factor::first::Local;
use crate::factor::second::totp::{Secret, TotpParameters};
use crate::policy::Policy;
use crate::session::{CookieNames, Sessions};
use crate::store::embedded::Embedded;
use crate::store::feed::{Feed, Follower};
use crate::store::{Account, Entry, NewAccount, Store};
use crate::sys::lease::Lease;
use crate::sys::{Clock, ManualClock, SystemEntropy};
use crate::types::path::PathReading;
use crate::types::*;
use arc_swap::ArcSwap;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PASSWORD: &str = "correct horse battery staple";
const START: Timestamp = Timestamp::from_secs(1_700_000_010);

struct House {
    gate: Arc<Gate>,
    store: Arc<Embedded>,
    clock: ManualClock,
    origin: Arc<Origin>,
    names: CookieNames,
    stop: CancellationToken,
}

struct CacheOnly(Arc<Sessions>);
impl Follower for CacheOnly {
    fn apply(&self, entry: &Entry) {
        self.0.cache.apply(entry);
    }
    fn flush(&self) {
        self.0.cache.flush();
    }
}

impl House {
    /// A gate with this policy and one user, `alice`, in the group `staff`.
    async fn with(policy: &str) -> Self {
        let clock = ManualClock::at(START);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let keys = Arc::new(KeyRing::generate(&SystemEntropy, START));
        let store = Embedded::memory().unwrap();
        let lease = Lease::always();
        let (sessions, _writer) = Sessions::new(store.clone(), lease.clone(), shared.clone(), 1000);
        let stop = CancellationToken::new();
        let follower = Arc::new(CacheOnly(sessions.clone()));
        tokio::spawn(store.clone().follow(follower, lease, stop.clone()));
        let cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
        let passwords = Arc::new(Passwords::new(&keys, cost, 2, 16));
        let hash = passwords.hash(&PASSWORD.into(), &SystemEntropy).await.unwrap();
        let account = Account {
            id: UserId::from_bytes([7; 16]),
            name: UserName::parse("alice").unwrap(),
            email: Email::parse("alice@example.com").ok(),
            groups: [GroupName::parse("staff").unwrap()].into(),
            locale: None,
            disabled: false,
            password: Some(hash),
            factors: vec![],
            backup: None,
            enrolment_code: None,
            created: START,
            last_sign_in: None,
            version: 1,
        };
        store.create_account(&NewAccount { account }).await.unwrap();
        let origin: Arc<Origin> = Arc::new("https://app.example.com".parse().unwrap());
        let names = CookieNames::of(&origin);
        let app = GateApp { origins: vec![(origin.clone(), names.clone())], sign_out: vec!["/logout".into()] };
        let gate = Arc::new(Gate::new(Parts {
            policy: Arc::new(ArcSwap::from_pointee(Policy::parse("policy.yaml", policy).unwrap())),
            sessions,
            store: store.clone(),
            first: Local::new(store.clone(), passwords, Arc::new(SystemEntropy)),
            keys,
            clock: shared,
            entropy: Arc::new(SystemEntropy),
            audit: Arc::new(Audit::new()),
            apps: HashMap::from([(AppName("intranet".into()), app)]),
            own_prefix: "/.portcullis/".into(),
        }));
        House { gate, store, clock, origin, names, stop }
    }

    fn browser(&self) -> Browser<'_> {
        Browser { house: self, jar: HashMap::new() }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Keeps cookies as a browser does.
#[derive(Clone)]
struct Browser<'h> {
    house: &'h House,
    jar: HashMap<String, String>,
}

impl Browser<'_> {
    fn asks(&self, path: &str) -> Inbound {
        Inbound {
            app: AppName("intranet".into()),
            origin: self.house.origin.clone(),
            method: http::Method::GET,
            path: CanonicalPath::parse(path, PathReading::default()).unwrap(),
            query: None,
            client: ClientIp([192, 0, 2, 1].into()),
            cookies: Cookies(self.jar.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
            kind: Kind::Navigation,
            fetch: FetchMetadata::default(),
            origin_header: None,
            user_agent: "test".into(),
            languages: String::new(),
            request_id: RequestId::from_bytes([0; 16]),
        }
    }
    fn keep(&mut self, cookies: &flow::SetCookies) {
        for c in cookies {
            let (name, rest) = c.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => self.jar.remove(name),
                v => self.jar.insert(name.to_string(), v.to_string()),
            };
        }
    }
    async fn sign_in(&mut self) -> Next {
        let asked = self.asks("/.portcullis/sign-in");
        match self.house.gate.sign_in(&asked, "alice", &PASSWORD.into(), &ReturnTo::root()).await.unwrap() {
            SignIn::Next { cookies, next } => {
                self.keep(&cookies);
                next
            }
            SignIn::Refused => panic!("refused"),
        }
    }
    /// Where the app's page leads: `None` into the app.
    async fn visits(&self, path: &str) -> Option<Refusal> {
        match self.house.gate.admit(&self.asks(path)).await.unwrap() {
            Verdict::Pass(p) => {
                assert!(self.house.gate.still_good(&p));
                None
            }
            Verdict::Refuse(r) => Some(r),
            Verdict::Local => panic!("own page"),
        }
    }
    /// Opens the set-up page: form token and secret.
    async fn set_up(&mut self) -> (String, Secret) {
        match self.house.gate.set_up(&self.asks("/.portcullis/set-up"), &ReturnTo::root()).await.unwrap() {
            SetUpPage::Show { key, form_token, cookies, .. } => {
                self.keep(&cookies);
                (form_token, Secret::parse(key.base32.expose_secret()).unwrap())
            }
            other => panic!("{other:?}"),
        }
    }
    async fn enrol(&mut self) -> Secret {
        let (form, secret) = self.set_up().await;
        let code = self.house.code(&secret, 0);
        assert!(matches!(self.confirms(&form, &code).await, Answer::Done { .. }));
        secret
    }
    async fn confirms(&mut self, form: &str, code: &str) -> Answer {
        let answer = self.house.gate.confirm(&self.asks("/.portcullis/set-up"), form, code).await.unwrap();
        self.keep_answer(&answer);
        answer
    }
    async fn form(&mut self) -> String {
        match self.house.gate.challenge(&self.asks("/.portcullis/challenge"), &ReturnTo::root()).await.unwrap() {
            ChallengePage::Ask { form_token, cookies, .. } => {
                self.keep(&cookies);
                form_token
            }
            other => panic!("{other:?}"),
        }
    }
    async fn answers(&mut self, code: &str) -> Answer {
        let form = self.form().await;
        let answer = self.house.gate.answer(&self.asks("/.portcullis/challenge"), &form, code).await.unwrap();
        self.keep_answer(&answer);
        answer
    }
    fn keep_answer(&mut self, answer: &Answer) {
        if let Answer::Done { cookies, .. } | Answer::Ended { cookies } = answer {
            self.keep(cookies);
        }
    }
}

impl House {
    /// The code `steps` steps from now.
    fn code(&self, secret: &Secret, steps: i64) -> String {
        let p = TotpParameters::default();
        secret.code(&p, p.step_at(self.clock.now()).unwrap().checked_add_signed(steps).unwrap())
    }
    fn later(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }
}

#[tokio::test]
async fn a_password_is_enough_where_no_more_is_asked() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    assert_eq!(b.visits("/x").await, Some(Refusal::SignIn { to: ReturnTo::parse("/x", "/.portcullis/") }));
    assert_eq!(b.sign_in().await, Next::Arrived(ReturnTo::root()));
    assert_eq!(b.visits("/x").await, None);
    let wrong = house.gate.sign_in(&b.asks("/"), "alice", &"wrong".into(), &ReturnTo::root()).await.unwrap();
    assert!(matches!(wrong, SignIn::Refused));
}

#[tokio::test]
async fn a_pending_sign_in_reaches_nothing() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let mut b = house.browser();
    assert_eq!(b.sign_in().await, Next::SetUp(ReturnTo::root()));
    assert!(matches!(b.visits("/").await, Some(Refusal::SignIn { .. })));
    // nor does its token under the session's name
    let token = b.jar[&house.names.pending].clone();
    b.jar.insert(house.names.session.clone(), token);
    assert!(matches!(b.visits("/").await, Some(Refusal::SignIn { .. })));
}

#[tokio::test]
async fn enrolling_makes_the_sign_in_two_factor_and_burns_the_code() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let secret = b.enrol().await;
    assert_eq!(b.visits("/").await, None);
    let mut other = house.browser();
    assert_eq!(other.sign_in().await, Next::Challenge(ReturnTo::root()));
    let used = house.code(&secret, 0);
    assert!(matches!(other.answers(&used).await, Answer::Used { left: 4 }));
    house.later(30);
    assert!(matches!(other.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
    assert_eq!(other.visits("/").await, None);
}

#[tokio::test]
async fn codes_one_step_around_now_are_taken_and_never_an_older_one_after_a_newer() {
    for (steps, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let house = House::with("version: 1\nmfa: { require: on }").await;
        let mut b = house.browser();
        b.sign_in().await;
        let secret = b.enrol().await;
        house.later(300);
        let mut other = house.browser();
        other.sign_in().await;
        let answer = other.answers(&house.code(&secret, steps)).await;
        assert_eq!(matches!(answer, Answer::Done { .. }), good, "{steps}: {answer:?}");
        if steps == 1 {
            let mut third = house.browser();
            third.sign_in().await;
            assert!(matches!(third.answers(&house.code(&secret, 0)).await, Answer::Used { .. }));
        }
    }
}

#[tokio::test]
async fn five_wrong_codes_end_a_pending_sign_in() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let secret = b.enrol().await;
    let mut other = house.browser();
    other.sign_in().await;
    for left in (1..5).rev() {
        assert!(matches!(other.answers("abcdef").await, Answer::Wrong { left: l } if l == left));
    }
    let form = other.form().await;
    house.later(60);
    let answer = house.gate.answer(&other.asks("/"), &form, "000000").await.unwrap();
    assert!(matches!(answer, Answer::Ended { .. }));
    let answer = house.gate.answer(&other.asks("/"), &form, &house.code(&secret, 0)).await.unwrap();
    assert!(matches!(answer, Answer::Gone));
}

#[tokio::test]
async fn odd_codes_are_wrong_and_counted_once() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    for odd in ["", "null", "true", "[]", "{}", "000000", "١٢٣٤٥٦", "１２３４５６", &"1".repeat(60_000)] {
        let mut other = house.browser();
        other.sign_in().await;
        assert!(matches!(other.answers(odd).await, Answer::Wrong { left: 4 }), "{odd:.20}");
    }
}

#[tokio::test]
async fn an_abandoned_set_up_leaves_nothing() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (form, first) = b.set_up().await;
    let (_, again) = b.set_up().await;
    assert_eq!(first.base32().expose_secret(), again.base32().expose_secret(), "a reload shows the same key");
    house.later(601);
    assert!(matches!(b.confirms(&form, &house.code(&first, 0)).await, Answer::Gone));
    let mut other = house.browser();
    assert_eq!(other.sign_in().await, Next::Arrived(ReturnTo::root()), "no code is asked");
}

#[tokio::test]
async fn set_up_asks_the_password_again_after_ten_minutes() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    house.later(601);
    let asked = b.asks("/.portcullis/set-up");
    let SetUpPage::AskPassword { form_token, cookies, .. } =
        house.gate.set_up(&asked, &ReturnTo::root()).await.unwrap()
    else {
        panic!("the key was shown")
    };
    b.keep(&cookies);
    let wrong = house.gate.set_up_password(&b.asks("/"), &form_token, &"wrong".into()).await.unwrap();
    assert!(matches!(wrong, SetUpPage::AskPassword { wrong: true, .. }));
    let right = house.gate.set_up_password(&b.asks("/"), &form_token, &PASSWORD.into()).await.unwrap();
    assert!(matches!(right, SetUpPage::Show { .. }));
}

#[tokio::test]
async fn a_session_with_a_factor_cannot_be_given_another_by_its_password() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let mut second = house.browser();
    second.sign_in().await;
    b.enrol().await;
    // the other session has one factor only; under `policy` it is asked at its next request
    assert!(matches!(second.visits("/").await, Some(Refusal::Challenge { .. })));
    let page = house.gate.set_up(&second.asks("/"), &ReturnTo::root()).await.unwrap();
    assert!(matches!(page, SetUpPage::AlreadyOn { .. }));
}

#[tokio::test]
async fn a_step_up_rotates_the_token_and_the_old_one_serves_ten_seconds() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let mut second = house.browser();
    second.sign_in().await;
    let before = second.clone();
    let secret = b.enrol().await;
    house.later(30);
    assert!(matches!(second.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
    assert_ne!(before.jar[&house.names.session], second.jar[&house.names.session]);
    assert_eq!(second.visits("/").await, None);
    // at its old assurance, and not for own pages
    assert!(matches!(before.visits("/").await, Some(Refusal::Challenge { .. })));
    assert_eq!(house.gate.who(&before.asks("/")).await.unwrap(), Who::Nobody);
    house.later(10);
    assert!(matches!(before.visits("/").await, Some(Refusal::SignIn { .. })));
    assert_eq!(second.visits("/").await, None);
}

#[tokio::test]
async fn sign_out_ends_the_session_and_everywhere_ends_all() {
    let house = House::with("version: 1").await;
    let (mut a, mut b, mut c) = (house.browser(), house.browser(), house.browser());
    for s in [&mut a, &mut b, &mut c] {
        s.sign_in().await;
    }
    let form = |w: Who| match w {
        Who::Session { form_token, .. } => form_token,
        other => panic!("{other:?}"),
    };
    let forged = house.gate.sign_out(&a.asks("/"), "AAAA", false).await.unwrap();
    assert!(matches!(forged, SignedOut::Forged));
    let foreign = form(house.gate.who(&b.asks("/")).await.unwrap());
    assert!(matches!(house.gate.sign_out(&a.asks("/"), &foreign, false).await.unwrap(), SignedOut::Forged));
    let mine = form(house.gate.who(&a.asks("/")).await.unwrap());
    assert!(matches!(house.gate.sign_out(&a.asks("/"), &mine, false).await.unwrap(), SignedOut::Done { .. }));
    assert!(a.visits("/").await.is_some());
    assert_eq!(b.visits("/").await, None);
    house.gate.sign_out(&b.asks("/"), &foreign, true).await.unwrap();
    assert!(b.visits("/").await.is_some() && c.visits("/").await.is_some());
}

#[tokio::test]
async fn what_ends_a_users_sessions_ends_a_sign_in_under_way() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let secret = b.enrol().await;
    house.later(30);
    let mut other = house.browser();
    other.sign_in().await;
    let form = other.form().await;
    house.store.end_user(UserId::from_bytes([7; 16]), None).await.unwrap();
    let answer = house.gate.answer(&other.asks("/"), &form, &house.code(&secret, 0)).await.unwrap();
    assert!(matches!(answer, Answer::Gone | Answer::Ended { .. }), "{answer:?}");
}

#[tokio::test]
async fn idle_and_absolute_ends_hold_and_activity_moves_the_idle_one() {
    let house = House::with("version: 1\nsessions: { idle: 10m, absolute: 25m }").await;
    let mut b = house.browser();
    b.sign_in().await;
    for _ in 0..3 {
        house.later(8 * 60);
        assert_eq!(b.visits("/").await, None);
    }
    house.later(61);
    assert!(b.visits("/").await.is_some(), "the absolute end");
    b.sign_in().await;
    house.later(601);
    assert!(b.visits("/").await.is_some(), "the idle end");
}

#[tokio::test]
async fn a_websocket_needs_an_origin_of_the_app() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    for (origin, good) in [
        (None, false),
        (Some("https://evil.example"), false),
        (Some("null"), false),
        (Some("https://APP.example.com"), true),
    ] {
        let mut asked = b.asks("/ws");
        asked.kind = Kind::WebSocket;
        asked.origin_header = origin.map(str::to_string);
        let passed = matches!(house.gate.admit(&asked).await.unwrap(), Verdict::Pass(_));
        assert_eq!(passed, good, "{origin:?}");
    }
}

#[tokio::test]
async fn a_token_of_one_origin_is_none_on_another_and_two_of_a_name_are_none() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let mut asked = b.asks("/");
    asked.cookies.0.push((house.names.session.clone(), "x".into()));
    assert!(matches!(house.gate.admit(&asked).await.unwrap(), Verdict::Refuse(Refusal::SignIn { .. })));
    let mut flipped = b.clone();
    for at in [0, 30, 70] {
        let token: String = b.jar[&house.names.session]
            .chars()
            .enumerate()
            .map(|(i, c)| if i == at { if c == 'A' { 'B' } else { 'A' } } else { c })
            .collect();
        flipped.jar.insert(house.names.session.clone(), token);
        assert!(flipped.visits("/").await.is_some(), "byte {at}");
    }
}

#[tokio::test]
async fn the_apps_own_sign_out_counts_only_from_a_person() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    for (method, kind, ends) in [
        (http::Method::GET, Kind::Program, false),
        (http::Method::GET, Kind::Navigation, true),
        (http::Method::POST, Kind::Program, true),
    ] {
        let mut asked = b.asks("/logout");
        (asked.method, asked.kind) = (method.clone(), kind);
        let Verdict::Pass(p) = house.gate.admit(&asked).await.unwrap() else { panic!("refused") };
        assert_eq!(p.signs_out(), ends, "{method} {kind:?}");
    }
    let Verdict::Pass(p) = house.gate.admit(&b.asks("/logout")).await.unwrap() else { panic!("refused") };
    house.gate.signed_out_by_app(&b.asks("/logout"), &p).await.unwrap();
    assert!(b.visits("/").await.is_some());
}
