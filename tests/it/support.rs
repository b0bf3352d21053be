//! What the behaviour tests are made of: the real gateway, real stores, a recording upstream, clients, codes, a browser.
//!
//! Everything runs on loopback, on free ports, in folders of its own, and ends with the test that began it.

pub mod browser;
pub mod caller;
pub mod certificate;
pub mod chaos;
pub mod client;
pub mod fleet;
pub mod gateway;
pub mod otp;
pub mod plan;
pub mod process;
pub mod raw;
pub mod redis;
pub mod stream;
pub mod traffic;
pub mod upstream;

pub use client::{Answer, Ask, Visitor};
pub use gateway::Gateway;
pub use otp::Authenticator;
pub use plan::{Plan, Store};

use std::future::Future;
use std::time::Duration;

/// Longer than anything here takes; only a hang reaches it.
pub const GUARD: Duration = Duration::from_secs(30);

/// Of every account the tests make.
pub const PASSWORD: &str = "correct horse battery staple";

/// The policy under which everybody has to set up a second factor.
pub const MFA_ON: &str = "version: 1\nmfa: { require: on }\n";

/// The same, for tests that guess more often than a person would.
pub const MFA_ON_LOOSE: &str = "version: 1\nmfa: { require: on }\nthrottle:\n  passwords: { free: 100 }\n  \
    codes: { free: 100, day: 1000 }\n  addresses: { failures: 100000 }\n";

/// The policy under which nobody is asked anything.
pub const PUBLIC: &str = "version: 1\nrules:\n  - { name: all, match: { path: / }, allow: public }\n";

/// The future's value, or a failed test where it hangs.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(GUARD, work).await {
        Ok(value) => value,
        Err(_) => panic!("{what} took longer than {GUARD:?}"),
    }
}

/// Asks again until it is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    within(what, async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// Each of these tests over both stores.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::support::Store::Embedded).await
            })+
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::support::Store::Redis).await
            })+
        }
    };
}
pub(crate) use on_both_stores;
