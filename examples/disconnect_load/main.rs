//! The load of `bench/disconnect`: idle WebSockets and requests through several gateways, and orders that end one person's.
//!
//! `disconnect_load upstream ADDRESS` is the app behind them; `disconnect_load run` with its settings in the environment of
//! `Plan` is their visitors and the SOC. Both read one clock, so that what reaches the app can be set beside the answer.

mod http;
mod orders;
mod report;
mod upstream;
mod visitors;

use http::Sessions;
use orders::Round;
use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What is done; `key=value` arguments.
pub struct Plan {
    /// Where the gateways listen.
    pub nodes: Vec<SocketAddr>,
    /// The admin socket of one of them.
    pub admin: PathBuf,
    pub upstream: SocketAddr,
    /// `Host`, as the gateways' origin has it.
    pub host: String,
    pub password: String,
    /// Idle WebSockets in all, those of the matched person among them.
    pub sockets: usize,
    pub matched: usize,
    /// Requests a second of everybody else.
    pub rate: u64,
    pub orders: usize,
}

/// People besides the matched one; `bench/disconnect` makes their accounts.
pub const OTHERS: usize = 9;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("upstream") => upstream::serve(args.next().ok_or("the address is missing")?.parse()?).await,
        Some("run") => run(Arc::new(plan(args)?)).await,
        _ => Err("usage: disconnect_load upstream ADDRESS | run key=value…".into()),
    }
}

async fn run(plan: Arc<Plan>) -> Result<()> {
    let sessions = Arc::new(Sessions::new(&plan));
    let mut others = Vec::new();
    for n in 1..=OTHERS {
        others.push(sessions.sign_in(&format!("bench{n}")).await?);
    }
    let idle = visitors::open(&plan, &others, plan.sockets - plan.matched).await?;
    let traffic = visitors::traffic(&plan, &others);
    let mut rounds = Vec::new();
    for n in 0..plan.orders {
        rounds.push(Round::run(&plan, &sessions, n).await?);
    }
    let served = traffic.stop().await;
    report::print(&plan, &rounds, &served, idle.still_open())
}

fn plan(args: impl Iterator<Item = String>) -> Result<Plan> {
    let given: HashMap<String, String> =
        args.filter_map(|a| a.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()))).collect();
    let get = |key: &str| given.get(key).map(String::as_str).ok_or_else(|| format!("{key}=… is missing"));
    let nodes = get("nodes")?.split(',').map(str::parse).collect::<std::result::Result<Vec<_>, _>>()?;
    let password = std::fs::read_to_string(get("password_file")?)?.trim_end().to_owned();
    Ok(Plan {
        nodes,
        admin: get("admin")?.into(),
        upstream: get("upstream")?.parse()?,
        host: get("host")?.to_owned(),
        password,
        sockets: get("sockets")?.parse()?,
        matched: get("matched")?.parse()?,
        rate: get("rate")?.parse()?,
        orders: get("orders")?.parse()?,
    })
}

/// Nanoseconds of the clock that all processes of a machine share.
pub fn now() -> u64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    t.tv_sec.unsigned_abs() * 1_000_000_000 + t.tv_nsec.unsigned_abs()
}
