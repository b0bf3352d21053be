//! The sign-in flow on a manual clock and an embedded store in memory.

mod backup;
mod challenge;
mod devices;
mod enrolment;
mod orders;
mod parking;
mod session;
mod set_up;
mod sign_in;
mod step_up;
mod throttle;

use super::flow::change::{Change, ChangePage, Changed, CodesPage, Overview, OwnPage, ProofAsked, Saved, WhyNot};
use super::flow::{After, AskAgain, Given, Held, Hint, Method, Next};
use super::service::{GateApp, Parts};
use super::*;
use crate::audit::Audit;
use crate::crypto::{Codes, Cost, KeyRing, Passwords};
use crate::disconnect::Orders;
use crate::factor::first::Local;
use crate::factor::second::totp::{Secret, TotpParameters};
use crate::policy::Policy;
use crate::session::{CookieNames, Sessions};
use crate::store::embedded::Embedded;
use crate::store::feed::{Feed, Follower};
use crate::store::{Account, Ends, EnrolmentCode, Entry, Fact, NewAccount, Store};
use crate::sys::lease::Lease;
use crate::sys::{Clock, ManualClock, SystemEntropy};
use crate::types::path::PathReading;
use crate::types::*;
use arc_swap::ArcSwap;
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PASSWORD: &str = "correct horse battery staple";
const ALICE: UserId = UserId::from_bytes([7; 16]);
const START: Timestamp = Timestamp::from_secs(1_700_000_010);

struct House {
    gate: Arc<Gate>,
    store: Arc<Embedded>,
    clock: ManualClock,
    keys: Arc<KeyRing>,
    origin: Arc<Origin>,
    names: CookieNames,
    stop: CancellationToken,
}

struct CacheAndMarks(Arc<Sessions>, Arc<Orders>, ManualClock);
impl Follower for CacheAndMarks {
    fn apply(&self, entry: &Entry) {
        self.0.cache.apply(entry);
        match &entry.fact {
            Fact::Order { order } => self.1.place(order.placed_at(entry.seq), self.2.now()),
            Fact::Lifted { order, at } => self.1.lift(*order, *at, self.2.now()),
            _ => {}
        }
    }
    fn flush(&self) {
        self.0.cache.flush();
    }
}

impl House {
    /// A gate with this policy and one user, `alice`, in the group `staff`.
    async fn with(policy: &str) -> Self {
        Self::of(policy, "staff").await
    }
    /// The same, in another group.
    async fn of(policy: &str, group: &str) -> Self {
        let clock = ManualClock::at(START);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let keys = Arc::new(KeyRing::generate(&SystemEntropy, START));
        let store = Embedded::memory().unwrap();
        let lease = Lease::always();
        let orders = Arc::new(Orders::default());
        let (sessions, _writer) = Sessions::new(store.clone(), lease.clone(), orders.clone(), shared.clone(), 1000);
        let stop = CancellationToken::new();
        let follower = Arc::new(CacheAndMarks(sessions.clone(), orders, clock.clone()));
        tokio::spawn(store.clone().follow(follower, lease, stop.clone()));
        let cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
        let passwords = Arc::new(Passwords::new(&keys, cost, 2, 16).unwrap());
        let hash = passwords.hash(&PASSWORD.into(), &SystemEntropy).await.unwrap();
        let account = Account {
            id: ALICE,
            name: UserName::parse("alice").unwrap(),
            email: Email::parse("alice@example.com").ok(),
            groups: [GroupName::parse(group).unwrap()].into(),
            locale: None,
            disabled: false,
            password: Some(hash),
            factors: vec![],
            backup: None,
            enrolment_code: None,
            created: START,
            last_sign_in: None,
            proofs: Default::default(),
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
            first: Local::new(store.clone(), passwords.clone(), Arc::new(SystemEntropy)),
            passwords,
            keys: keys.clone(),
            clock: shared,
            entropy: Arc::new(SystemEntropy),
            audit: Arc::new(Audit::new()),
            apps: BTreeMap::from([(AppName("intranet".into()), app)]),
            own_prefix: "/.portcullis/".into(),
        }));
        House { gate, store, clock, keys, origin, names, stop }
    }

    fn browser(&self) -> Browser<'_> {
        Browser { house: self, jar: HashMap::new(), address: [192, 0, 2, 1].into() }
    }
    /// A browser in which alice has signed in and set up her authenticator, and its secret.
    async fn enrolled(&self) -> (Browser<'_>, Secret) {
        let mut browser = self.browser();
        browser.sign_in().await;
        let secret = browser.enrol().await;
        (browser, secret)
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
    address: std::net::IpAddr,
}

/// A code of the authenticator, nothing ticked.
fn typed(code: &str) -> Given<'_> {
    Given { method: Method::Totp, code, remember: false }
}

/// On the way to the start page.
fn root() -> Errand {
    Errand::from(&ReturnTo::root())
}

impl Browser<'_> {
    fn asks(&self, path: &str) -> Inbound {
        Inbound {
            app: AppName("intranet".into()),
            origin: self.house.origin.clone(),
            method: http::Method::GET,
            path: CanonicalPath::parse(path, PathReading::default()).unwrap(),
            query: None,
            client: ClientIp::new(self.address),
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
        match self.tries(PASSWORD).await {
            SignIn::Next { next, .. } => next,
            other => panic!("{other:?}"),
        }
    }
    async fn tries(&mut self, password: &str) -> SignIn {
        let asked = self.asks("/.portcullis/sign-in");
        let answer = self.house.gate.sign_in(&asked, "alice", &password.into(), &ReturnTo::root()).await.unwrap();
        if let SignIn::Next { cookies, .. } = &answer {
            self.keep(cookies);
        }
        answer
    }
    /// Where the app's page leads: `None` into the app.
    async fn visits(&self, path: &str) -> Option<Refusal> {
        let asked = self.asks(path);
        match self.house.gate.admit(&asked).await.unwrap() {
            Verdict::Pass(p) => {
                assert!(self.house.gate.still_good(&p, &asked));
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
        self.challenge().await.form_token
    }
    async fn challenge(&mut self) -> flow::Asked {
        let asked = self.asks("/.portcullis/challenge");
        match self.house.gate.challenge(&asked, &root(), None).await.unwrap() {
            ChallengePage::Ask(asked) => {
                self.keep(&asked.cookies);
                asked
            }
            other => panic!("{other:?}"),
        }
    }
    async fn answers(&mut self, code: &str) -> Answer {
        self.gives(typed(code)).await
    }
    async fn gives(&mut self, given: Given<'_>) -> Answer {
        let form = self.form().await;
        let answer = self.house.gate.answer(&self.asks("/.portcullis/challenge"), &form, given, &root()).await.unwrap();
        self.keep_answer(&answer);
        answer
    }
    async fn gives_backup(&mut self, code: &str) -> Answer {
        self.gives(Given { method: Method::BackupCode, code, remember: false }).await
    }
    /// The codes that are shown, and the form that says that they are saved.
    async fn codes(&mut self) -> (String, Vec<String>) {
        match self.house.gate.codes(&self.asks("/.portcullis/codes")).await.unwrap() {
            CodesPage::Show(shown) => {
                (shown.form_token, shown.codes.iter().map(|c| c.expose_secret().to_string()).collect())
            }
            other => panic!("{other:?}"),
        }
    }
    async fn saves(&mut self, form: &str) -> Saved {
        let saved = self.house.gate.codes_saved(&self.asks("/.portcullis/codes"), form).await.unwrap();
        if let Saved::Done { cookies, .. } = &saved {
            self.keep(cookies);
        }
        saved
    }
    /// Enrols and saves the codes.
    async fn enrol_and_save(&mut self) -> (Secret, Vec<String>) {
        let secret = self.enrol().await;
        let (form, codes) = self.codes().await;
        assert!(matches!(self.saves(&form).await, Saved::Done { .. }));
        (secret, codes)
    }
    async fn asked_for(&self, what: Change) -> flow::change::AskChange {
        match self.house.gate.change_page(&self.asks("/"), what).await.unwrap() {
            ChangePage::Ask(asked) => asked,
            other => panic!("{other:?}"),
        }
    }
    async fn changes(&mut self, what: Change, fresh: Fresh<'_>) -> Changed {
        let form = self.asked_for(what).await.form_token;
        let changed = self.house.gate.change(&self.asks("/"), what, &form, fresh).await.unwrap();
        if let Changed::Done { cookies } = &changed {
            self.keep(cookies);
        }
        changed
    }
    async fn overview(&self) -> Overview {
        match self.house.gate.overview(&self.asks("/.portcullis/")).await.unwrap() {
            OwnPage::Show(it) => it,
            other => panic!("{other:?}"),
        }
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
    /// As an administrator changes it.
    async fn account(&self, change: impl FnOnce(&mut Account)) {
        let mut account = self.store.account(ALICE).await.unwrap().unwrap();
        change(&mut account);
        assert_eq!(self.store.change_account(&account, Ends::Nothing).await.unwrap(), crate::store::Changed::Yes);
    }
    fn later(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }
}
