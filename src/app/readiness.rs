//! What `/readyz` says of this node.

use super::policy::PolicyFile;
use crate::account::Accounts;
use crate::api::{Check, Readiness, State};
use crate::store::Store;
use crate::sys::lease::Lease;
use std::sync::Arc;

pub struct NodeState {
    pub store: Arc<dyn Store>,
    pub lease: Arc<Lease>,
    pub policy: Arc<PolicyFile>,
    pub accounts: Arc<Accounts>,
}

#[async_trait::async_trait]
impl Readiness for NodeState {
    async fn checks(&self) -> Vec<Check> {
        let store = match self.store.ping().await {
            Ok(()) => State::Good,
            Err(e) => State::Bad(chain(&e)),
        };
        let reachable = matches!(store, State::Good);
        let lease = if self.lease.held() {
            State::Good
        } else {
            State::Bad("this node has not heard the log within its lease; it serves no session".to_string())
        };
        let policy = match self.policy.rejected() {
            None => State::Good,
            Some(why) => State::Warned(format!("the file was rejected, the last good policy stays in force: {why}")),
        };
        let mut checks = vec![Check::new("store", store), Check::new("lease", lease), Check::new("policy", policy)];
        if reachable {
            checks.push(Check::new("accounts", self.admins().await));
            for w in self.store.warnings().await.unwrap_or_default() {
                checks.push(Check::new("store_settings", State::Warned(w)));
            }
        }
        checks
    }
}

impl NodeState {
    async fn admins(&self) -> State {
        let policy = self.policy.in_force.load_full();
        match self.accounts.any(|a| policy.is_admin(&a.groups)).await {
            Ok(true) => State::Good,
            Ok(false) => State::Warned(
                "no account is in a group of admins.groups; add one with `portcullis user add`".to_string(),
            ),
            Err(e) => State::Warned(chain(&e)),
        }
    }
}

/// An error with all its causes, on one line.
pub fn chain(e: &(dyn std::error::Error + 'static)) -> String {
    let mut text = e.to_string();
    let mut next = e.source();
    while let Some(e) = next {
        text.push_str(": ");
        text.push_str(&e.to_string());
        next = e.source();
    }
    text
}
