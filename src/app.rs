//! Wiring: a placeholder with the signatures that the commands are written against.

use crate::account::Accounts;
use crate::config::Config;
use crate::crypto::KeyRing;
use crate::store::Store;
use crate::sys::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::types::TokenHash;
use std::net::SocketAddr;
use std::sync::Arc;

/// What does not come from the configuration.
pub struct Extras {
    pub admin_token: Option<TokenHash>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Extras {
    /// The system's clock and randomness, no API token.
    pub fn of_the_system() -> Self {
        Extras { admin_token: None, clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}

/// A gateway at work.
pub struct Running {
    pub public: SocketAddr,
    pub admin: Option<SocketAddr>,
    pub accounts: Arc<Accounts>,
    pub store: Arc<dyn Store>,
    pub keys: Arc<KeyRing>,
}

impl Running {
    pub async fn wait_for_shutdown(self) -> anyhow::Result<()> {
        anyhow::bail!("not wired yet")
    }
}

pub async fn start(_config: Config, _extras: Extras) -> anyhow::Result<Running> {
    anyhow::bail!("not wired yet")
}

/// The accounts of a stopped gateway with an embedded store.
pub async fn offline_accounts(_config: &Config) -> anyhow::Result<Accounts> {
    anyhow::bail!("not wired yet")
}
