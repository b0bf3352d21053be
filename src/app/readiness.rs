//! What `/readyz` says of this node.

use super::key_watch::KeyWatch;
use super::policy::PolicyFile;
use crate::account::Accounts;
use crate::api::{Check, Readiness};
use crate::audit::{Audit, State};
use crate::store::Store;
use crate::sys::lease::Lease;
use crate::types::with_causes;
use arc_swap::ArcSwap;
use std::sync::Arc;

pub struct NodeState {
    pub store: Arc<dyn Store>,
    pub lease: Arc<Lease>,
    pub policy: Arc<PolicyFile>,
    pub keys: Arc<KeyWatch>,
    pub accounts: Arc<ArcSwap<Accounts>>,
    pub audit: Arc<Audit>,
}

#[async_trait::async_trait]
impl Readiness for NodeState {
    async fn checks(&self) -> Vec<Check> {
        let reached = self.store.ping().await;
        let store = match &reached {
            Ok(()) => Check::good("store", "answers"),
            Err(e) => Check::failed("store", with_causes(e)),
        };
        let mut checks = vec![store, self.lease(), self.policy(), self.keys(), self.audit()];
        if reached.is_ok() {
            checks.push(self.admins().await);
            match self.store.warnings().await {
                Ok(all) => checks.extend(all.into_iter().map(|w| Check::warning("store_settings", w))),
                Err(e) => checks.push(Check::failed("store_settings", with_causes(&e))),
            }
        }
        checks
    }
}

impl NodeState {
    fn lease(&self) -> Check {
        if self.lease.held() {
            Check::good("lease", "held")
        } else {
            Check::failed("lease", "this node has not heard the log within its lease; it serves no session")
        }
    }

    fn policy(&self) -> Check {
        match self.policy.rejected() {
            None => Check::good("policy", format!("in force: {}", self.policy.in_force.load().hash())),
            Some(why) => {
                Check::warning("policy", format!("the file was rejected, the last good one stays in force: {why}"))
            }
        }
    }

    fn audit(&self) -> Check {
        match self.audit.state() {
            State::Good => Check::good("audit", "written"),
            State::Behind(why) => Check::warning("audit", format!("the file has events that the store has not: {why}")),
            State::Broken(why) => Check::failed(
                "audit",
                format!("{why}; sign-ins and changes of accounts are refused until it is written"),
            ),
        }
    }

    fn keys(&self) -> Check {
        match self.keys.rejected() {
            None => Check::good("keys", format!("`{}` seals", self.keys.ring.newest().id())),
            Some(why) => Check::warning("keys", format!("the changed key file is not taken up: {why}")),
        }
    }

    async fn admins(&self) -> Check {
        const NONE: &str =
            "no account is in a group of admins.groups; `portcullis user add NAME --group admin` adds one";
        let policy = self.policy.in_force.load_full();
        match self.accounts.load_full().any(|a| policy.is_admin(&a.groups)).await {
            Ok(true) => Check::good("accounts", "there is an administrator"),
            Ok(false) => Check::warning("accounts", NONE),
            Err(e) => Check::warning("accounts", with_causes(&e)),
        }
    }
}
