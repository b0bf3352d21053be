//! `/api/v1/hooks/<name>/<secret>`: orders from tools that can send no header of ours.
//!
//! A hook is an entry of the configuration: who it is (a secret in the URL, networks, perhaps a signature), what the bodies
//! of its tool mean, and what happens to whom they name. The body never says what happens. The secret is cut from every
//! log, record and answer (`types::hook_path`).
//!
//! ```text
//! a stranger, a wrong secret, a wrong network ─ 401, one text
//! GET, where the tool asks once              ─ its challenge back
//! POST ─ signature ─ JSON ─ mapping ─ one order for each that is named ─ answered when all are confirmed
//! ```

mod deliver;
pub mod expression;
pub mod mapping;
pub mod preset;
pub mod proof;

#[cfg(test)]
mod tests;

pub use deliver::HookOrder;

use super::Desk;
use super::limits::Limits;
use crate::disconnect::Ask;
use crate::types::{AppName, Scopes, TokenHash};
use axum::Router;
use http::HeaderName;
use ipnet::IpNet;
use mapping::{Mapping, Meaning, Meant};
use proof::Signature;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// One entry of the configuration.
#[derive(Clone, Debug)]
pub struct Hook {
    pub name: String,
    pub secret: TokenHash,
    /// Where its deliveries may come from.
    pub networks: Vec<IpNet>,
    /// `disconnect`, and `admin` where its orders may be wide.
    pub scopes: Scopes,
    /// Only sessions in these apps; empty: in all.
    pub apps: BTreeSet<AppName>,
    /// Different users that its orders may meet in an hour.
    pub users_per_hour: u32,
    pub signature: Option<Signature>,
    /// The header of a GET whose value the tool wants back.
    pub challenge: Option<HeaderName>,
    pub mapping: Mapping,
    /// What happens; whom it meets and why is filled in from each body.
    pub ask: Ask,
}

/// What deliveries are held against.
#[derive(Clone)]
struct Keeper {
    hooks: Arc<[Hook]>,
    limits: Arc<Limits>,
}

impl Keeper {
    fn named(&self, name: &str) -> Option<&Hook> {
        self.hooks.iter().find(|h| h.name == name)
    }
}

impl Hook {
    /// What a body means, without doing it.
    pub fn meaning(&self, body: &[u8]) -> Result<(Vec<Ask>, Vec<String>), serde_json::Error> {
        let value: Value = serde_json::from_slice(body)?;
        let Meaning { orders, mut troubles } = self.mapping.read(&value, body);
        if !troubles.is_empty() {
            troubles.push(mapping::outline(&value));
        }
        Ok((orders.iter().map(|order| self.order(order)).collect(), troubles))
    }
    fn order(&self, meant: &Meant) -> Ask {
        Ask {
            select: meant.select.clone(),
            reason: meant.reason.clone().unwrap_or_else(|| format!("The hook {} was called", self.name)),
            case: meant.case.clone(),
            ..self.ask.clone()
        }
    }
    fn lets_in(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|n| n.contains(&address))
    }
}

pub(super) fn router(hooks: Arc<[Hook]>, limits: Arc<Limits>) -> Router<Desk> {
    let keeper = axum::Extension(Keeper { hooks, limits });
    // what is no hook's URL is refused like one with a wrong secret, so that no path of a hook is told back; so all paths
    // are one to the router. Not in the description of the API: whose body it is, the tool's own pages say.
    Router::new().fallback(deliver::receive).layer(keeper)
}
