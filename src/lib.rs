//! Portcullis: a reverse-proxy authentication gateway. This page is its architecture; [`threats`] is what it withstands.
//!
//! The crate is a program. It exports [`main`], and its parsers to the fuzzer.
//!
//! # Layers
//!
//! A module imports only what its row names, tests aside. `tests/tidy.rs` holds the code to these rows.
//!
//! | module | what it is | may import |
//! |---|---|---|
//! | [`types`] | narrow values, parsed once: user, host, path, inbound, return path, assurance, time. No IO, no clock | – |
//! | [`sys`] | clock, randomness, the lease | types |
//! | [`policy`] | YAML → rules → requirement; pure | types |
//! | [`crypto`] | sealing with key ids, tokens, form tokens, password hashes, assertion signing | types sys |
//! | [`store`] | the trait of atomic verbs, the records, the log and its feed; embedded and Redis | types sys |
//! | [`audit`] | what is put on record, in a signed chain and in the store; metrics | types sys crypto store |
//! | `notify` | its room: mail and SMS | types |
//! | [`factor`] | first and second factors and their registries | types sys crypto store notify |
//! | [`session`] | cookies, lifetimes, the node's cache of sessions | types sys crypto store |
//! | [`live`] | the exchanges under way by session; how one is cut | types sys session |
//! | [`gate`] | identify, decide, the sign-in flow; the only maker of a [`gate::Passage`] | types sys policy crypto store audit factor session |
//! | [`account`] | what may be done to an account; API and commands come through here | types sys policy store audit crypto factor session notify |
//! | [`disconnect`] | orders from outside: whom they meet, what they do, when it is certain | types sys store audit session live |
//! | [`web`] | own pages | types crypto policy factor session gate account disconnect audit |
//! | [`api`] | health, metrics, the admin API | types policy audit account disconnect gate |
//! | [`proxy`] | the pingora adapter: listeners, inbound, upstreams, headers, local pages | types sys gate live |
//! | [`config`] | files → the settings of every part, all mistakes at once | all above |
//! | [`app`] | wiring, reload, shutdown; the only one to name a concrete store | all above |
//! | [`cli`] | commands | types sys config app policy api account crypto store audit factor |
//! | `fuzzing` | the parsers, for the fuzzer | types policy account api proxy |
//!
//! `web`, `api` and `proxy` do not know each other: the proxy is handed the own pages as a service, the signer of
//! assertions as a value. `policy` and the gate's decision are pure: no IO, and `now` is an argument.
//!
//! # The life of a request
//!
//! ```text
//! TCP, TLS ─ proxy::engine      accept, PROXY header, SNI, first byte and head in time, connections an address;
//!            a worker's thread    where the connection stays, with a pool of upstream connections of its own
//!            proxy::framing     one reading of the head, or 400, 405, 431
//!            proxy::hosts       host → app, or 421
//!            proxy::inbound     → types::Inbound: app, origin, canonical path, client, cookies, who asks
//!   ▼
//! gate::Gate::admit             policy as a stranger: public and denied need no session
//!                               cookie → session: the node's cache under the lease, else one read of the store
//!                               policy.evaluate → gate::decide → Verdict
//!   ├─ Pass(Passage)            live: registered, then the session asked for once more
//!   │                           proxy::upstream: no peer without a Passage
//!   │                           proxy::headers: the client's claims out, ours in, the assertion
//!   ├─ Local                    web: sign-in, challenge, set-up, sign-out
//!   ├─ Refuse                   web: a page, problem+json or a gRPC status, by who asks
//!   └─ Err(Fault)               503, closed; the cookie stays
//!   ▼
//! proxy::access                 what is said of the request: app writes one line and counts
//! ```
//!
//! [`proxy::inbound::read`] makes the [`types::Inbound`]; what it holds of path and host is what is judged and what is
//! forwarded. [`gate::Gate::admit`] judges it and gives a [`gate::Verdict`]; [`policy::Policy::evaluate`] says what is asked
//! and [`policy::Requirement`] is its answer. A [`gate::Passage`] has no public constructor, and
//! [`proxy::gateway::Gateway`] finds no upstream without one. [`proxy::headers::toward_upstream`] is the one function in which
//! the client's claims go and ours come. A [`gate::Refusal`] is a value, a [`gate::Fault`] is an error; they never meet.
//!
//! # Signing in
//!
//! ```text
//! name, password ─ factor::first ─┬─ no more is asked ─────────────── session
//!                                 └─ pending sign-in, ten minutes ─┬─ challenge ─ step burnt ─ session
//!                                                                  └─ set-up ─ confirmed ───── session
//! ```
//!
//! The flow is [`gate::flow`]'s. A pending sign-in reaches nothing. What may happen once is one verb of [`store::Store`]:
//! [`answer`](store::Store::answer), [`open_session`](store::Store::open_session),
//! [`rotate_session`](store::Store::rotate_session), [`confirm_enrolment`](store::Store::confirm_enrolment). A token is kept
//! as a hash; it carries a keyed check ([`crypto::Tokens`]), so a made-up one is refused without the store.
//!
//! # A form that waits
//!
//! A form that is refused with a sign-in or a step-up is kept by [`gate::parking`] ([`store::FormStore`]), shown after it, and sent by
//! a marker that is posted to its own address: [`proxy`] gives the upstream the form in the marker's place.
//!
//! # How a sign-out travels
//!
//! ```text
//! web ─ gate ─ store.end_session ─ the log: SessionEnded, number n ─┬─ this node's feed
//!                                                                   └─ every other node's
//!                                        each: session::Cache drops it, then live cuts what it has open
//! ```
//!
//! What ends something is appended to the log first and marked in the user's record after, so that a crash between the two
//! loses nothing. [`store::feed::Feed`] applies each [`store::Fact`] in order through [`store::feed::Follower`]:
//! [`session::cache::Cache::apply`], then [`live::Registry::cut_session`] or [`live::Registry::cut_user`]. A read that began before
//! the entry and ends after it is not kept. Facts are monotone: applied twice or late they do no harm. Numbers have no gaps;
//! where one is missing, or the store is another, everything cached is dropped and live sessions are read again.
//!
//! # How an order travels
//!
//! ```text
//! api ─ disconnect::Service ─ the log: Order, number n ─┬─ this node: Orders, live cut, acknowledged
//!                                                       └─ every other node, the same
//!       waits: all have acknowledged, or their leases have run out ─ confirmed
//! ```
//!
//! An order is a mark that [`disconnect::Orders`] holds against every session, sign-in and person; [`session::Sessions`] asks it
//! through [`session::marks::Marks`] at each request, [`gate::Gate`] at each step of a sign-in. [`session::marks::Effect`] is the answer. What
//! began before an order is told by the log's counter: a session by its `began`, a second factor by the [`types::Proofs`] it
//! leaves, a factor by `enrolled`, a device's trust by `trusted_since`.
//!
//! # The lease
//!
//! A node serves sessions only while [`sys::lease::Lease::held`]: at most one second after the question to which the log
//! answered that its very end has been applied here. Without it no head of a session goes upstream and no byte of its streams
//! moves, either way: they stand still ([`sys::lease::Gate`]), go on when it is back and are cut after thirty seconds. It is
//! a deadline on the node's own clock, so a process that hung finds it expired. Public rules need none; the embedded
//! store's is held for ever.
//!
//! # Where things go
//!
//! | new | files written | files touched |
//! |---|---|---|
//! | second factor | `factor/second/x.rs`, its page and template, one behaviour test | one line of [`factor::second`], one variant of [`types::SecondFactor`], routes, texts |
//! | first factor | `factor/first/x.rs` | [`factor::first`], [`app`] |
//! | store | `store/x.rs` | one arm in [`app`], one setting, one line of the conformance suite |
//! | own page | `web/page/x.rs`, a template, texts | one route in [`web`] |
//! | API endpoint | `api/v1/<resource>/<verb>.rs`: handler, its types and its `utoipa::path` | one `routes!`; the snapshot of the OpenAPI document shows it |
//! | language | `templates/locale/<tag>.ftl` | one line of `web/locale.rs` |
//! | policy condition | – | [`policy::condition`], the reader and [`policy::parse::KEYS`], `config/policy.yaml`, one example |
//! | setting | – | its part of [`config`], its table of keys, `config/portcullis.yaml` |
//! | audit event | – | one variant of [`audit::Event`] |
//! | command | `cli/x.rs` | one variant in [`cli`] |
//! | known attack | a test | one row of [`threats`] |
#![expect(rustdoc::private_intra_doc_links, reason = "a program: its documentation is that of its private items")]

pub(crate) mod account;
pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod audit;
pub(crate) mod cli;
pub(crate) mod config;
pub(crate) mod crypto;
pub(crate) mod disconnect;
pub(crate) mod factor;
pub(crate) mod gate;
pub(crate) mod live;
pub(crate) mod policy;
pub(crate) mod proxy;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod sys;
mod threats;
pub(crate) mod types;
pub(crate) mod web;

#[cfg(fuzzing)]
pub mod fuzzing;

/// A request makes and drops a hundred small values, often on another thread than the one it began on: glibc's arenas cost
/// a quarter of the time of a request there (`bench/run` shows both).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The whole program.
pub fn main() -> std::process::ExitCode {
    // The allocator asks for huge pages, 2 MiB for the first bytes of each thread: with them a gateway takes 47 MiB at rest,
    // without 24. A request costs about 2 % more processor time without (`bench/run`). Where this fails they stay.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    cli::run(std::env::args_os())
}
