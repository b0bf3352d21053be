//! The table, and an error where the promise was broken.

use crate::orders::Round;
use crate::visitors::Served;
use crate::{Plan, Result};
use std::io::Write;

pub fn print(plan: &Plan, rounds: &[Round], served: &Served, others_open: usize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let sum = |f: fn(&Round) -> u64| rounds.iter().map(f).sum::<u64>();
    let confirmed = rounds.iter().filter(|r| r.status == "confirmed").count();
    let passed = sum(|r| r.passed);
    let left_open: usize = rounds.iter().map(|r| r.left_open).sum();
    let seconds = Duration::nanos(served.lasted) / 1000.0;
    writeln!(
        out,
        "{} gateways on one Redis, {} idle WebSockets of which {} match, {:.0} requests a second of others",
        plan.nodes.len(),
        plan.sockets,
        plan.matched,
        f64::from(u32::try_from(served.took.len())?) / seconds
    )?;
    writeln!(out, "orders {}, confirmed {confirmed}", rounds.len())?;
    row(&mut out, "call, ms", rounds.iter().map(|r| r.call).collect())?;
    row(
        &mut out,
        "last of the matched sockets closed, ms after the call",
        rounds.iter().map(|r| r.last_closed).collect(),
    )?;
    row(&mut out, "requests of others, ms", served.took.clone())?;
    writeln!(out, "requests of the matched session asked after the answer and let through: {passed}")?;
    let seen: Vec<u64> = rounds.iter().map(|r| r.seen_after).filter(|s| *s > 0).collect();
    writeln!(
        out,
        "orders after whose answer the app still read a request (sent before it): {}, at most {:.2} ms later",
        seen.len(),
        Duration::nanos(seen.iter().copied().max().unwrap_or(0))
    )?;
    writeln!(out, "matched sockets left open: {left_open}; of others still open: {others_open}")?;
    if let Some((at, why)) = served.failed.first() {
        let (many, at) = (served.failed.len(), Duration::nanos(*at) / 1000.0);
        return Err(format!("others were disturbed: {many} requests failed, the first after {at:.1} s: {why}").into());
    }
    if let Some(odd) = rounds.iter().find(|r| r.status != "confirmed") {
        return Err(format!("an order was not confirmed: {}", odd.status).into());
    }
    if passed > 0 || left_open > 0 || others_open != plan.sockets - plan.matched {
        return Err("the promise was broken".into());
    }
    Ok(())
}

/// Nanoseconds as milliseconds.
struct Duration;
impl Duration {
    fn nanos(n: u64) -> f64 {
        // exact up to 2^53 ns, 104 days
        std::time::Duration::from_nanos(n).as_secs_f64() * 1000.0
    }
}

fn row(out: &mut impl Write, what: &str, mut nanos: Vec<u64>) -> Result<()> {
    nanos.sort_unstable();
    let at = |percent: usize| {
        let n = (nanos.len() * percent).div_ceil(100).saturating_sub(1);
        Duration::nanos(nanos.get(n).copied().unwrap_or(0))
    };
    Ok(writeln!(out, "{what}: p50 {:.2}, p99 {:.2}, worst {:.2}", at(50), at(99), at(100))?)
}
