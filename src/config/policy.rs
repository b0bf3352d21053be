//! The policy file, read and held against the apps there are.

use super::files::unreadable;
use crate::policy::problem::nearest;
use crate::policy::rule::Named;
use crate::policy::{Policy, Problem, parse};
use crate::proxy::settings::App;
use std::path::Path;
use std::sync::Arc;

/// `path: None`: the defaults.
pub fn load(path: Option<&Path>, apps: &[Arc<App>]) -> Result<Policy, Vec<Problem>> {
    let Some(path) = path else { return Policy::parse("policy", "") };
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| vec![unreadable(&file, &e)])?;
    let (policy, mut problems) = parse::with_problems(&file, &text).map_err(|p| vec![p])?;
    problems.extend(strangers(&file, &policy, apps));
    problems.sort_by_key(|p| (p.line, p.column));
    if problems.is_empty() { Ok(policy) } else { Err(problems) }
}

/// Rules about apps and hosts that do not exist: they would never match, and what they protect would stay open.
fn strangers(file: &str, policy: &Policy, apps: &[Arc<App>]) -> Vec<Problem> {
    let file: Arc<str> = Arc::from(file);
    let names: Vec<&str> = apps.iter().map(|a| &*a.name.0).collect();
    let hosts: Vec<&str> = apps.iter().flat_map(|a| &a.origins).map(|o| o.host.as_str()).collect();
    let mut problems = Vec::new();
    for (at, named) in policy.rules().iter().flat_map(|r| &r.named) {
        let (kind, name, known) = match named {
            Named::App(a) => ("app", &*a.0, &names),
            Named::Host(h) => ("host", h.as_str(), &hosts),
        };
        if !known.contains(&name) {
            let remedy = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("Did you mean `{meant}`?"),
                None => format!("The configuration has: {}.", known.join(", ")),
            };
            problems.push(Problem::new(&file, *at, format!("no {kind} of the configuration is `{name}`"), remedy));
        }
    }
    problems
}
