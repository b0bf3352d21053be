//! `disconnect`: sign people out, ask them anew, keep them out; certain on every node when the command ends.

use super::failure::Failure;
use super::out::Out;
use super::target::Target;
use crate::api::OrderRow;
use crate::api::{OrderAnswer, OrderList};
use crate::audit::clean;
use http::Method;
use serde_json::{Map, Value, json};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whom").multiple(true))]
pub struct Args {
    /// Name or e-mail address; several selections have to fit together
    #[arg(long, value_name = "NAME", group = "whom")]
    user: Option<String>,
    #[arg(long, value_name = "ID", group = "whom")]
    session: Option<String>,
    #[arg(long, value_name = "ID", group = "whom")]
    device: Option<String>,
    #[arg(long, value_name = "ADDRESS", group = "whom")]
    ip: Option<String>,
    #[arg(long, group = "whom")]
    group: Option<String>,
    #[arg(long, group = "whom")]
    app: Option<String>,
    #[arg(long, value_name = "CIDR", group = "whom")]
    network: Option<String>,
    #[arg(long, group = "whom")]
    everyone: bool,
    /// What happens to them
    #[arg(long, value_enum, default_value_t = Action::SignOut, conflicts_with_all = ["list", "lift"])]
    action: Action,
    /// Stands in the record
    #[arg(long, required_unless_present_any = ["list", "lift"])]
    reason: Option<String>,
    /// Your own number for it
    #[arg(long)]
    case: Option<String>,
    /// Of step-up: what will do, such as totp; default: any
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,
    /// Of step-up: in how long, such as 15m
    #[arg(long, value_name = "TIME")]
    within: Option<String>,
    /// Of step-up: of who has no method
    #[arg(long, value_enum)]
    if_no_method: Option<NoMethod>,
    /// Of block: a time, or a length of time such as 8h
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only say whom it would meet
    #[arg(long)]
    dry_run: bool,
    /// Orders that stand
    #[arg(long, exclusive = true)]
    list: bool,
    /// Lift an order
    #[arg(long, value_name = "ID", exclusive = true)]
    lift: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    StepUp,
    SignOut,
    ForgetDevices,
    ReEnroll,
    Block,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum NoMethod {
    SignOut,
    Block,
}

pub async fn run(args: Args, target: Target, out: &Out) -> Result<(), Failure> {
    let client = target.client(false, out).await?;
    if args.list {
        let list: OrderList = client.call(Method::GET, PATH, None).await?;
        out.result(&lines(&list.orders), &list);
        return Ok(());
    }
    if let Some(id) = &args.lift {
        let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
        let row: OrderRow = client.call(Method::DELETE, &format!("{PATH}/{id}"), None).await?;
        out.result("lifted", &row);
        return Ok(());
    }
    let answer: OrderAnswer = client.call(Method::POST, PATH, Some(&body(&args))).await?;
    out.result(&told(&answer), &answer);
    Ok(())
}

fn body(a: &Args) -> Value {
    let mut select = Map::new();
    let given = [
        ("user", &a.user),
        ("session", &a.session),
        ("device", &a.device),
        ("ip", &a.ip),
        ("group", &a.group),
        ("app", &a.app),
        ("network", &a.network),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            select.insert(name.into(), json!(value));
        }
    }
    if a.everyone {
        select.insert("everyone".into(), json!(true));
    }
    let action = match a.action {
        Action::StepUp => "step_up",
        Action::SignOut => "sign_out",
        Action::ForgetDevices => "forget_devices",
        Action::ReEnroll => "re_enroll",
        Action::Block => "block",
    };
    let mut body = json!({ "select": select, "action": action, "reason": a.reason, "dry_run": a.dry_run });
    let if_no_method = a.if_no_method.map(|n| match n {
        NoMethod::SignOut => "sign_out",
        NoMethod::Block => "block",
    });
    let methods = (!a.method.is_empty()).then(|| json!(a.method));
    let more = [
        ("case", a.case.as_ref().map(|c| json!(c))),
        ("methods", methods),
        ("within", a.within.as_ref().map(|w| json!(w))),
        ("if_no_method", if_no_method.map(|n| json!(n))),
        ("until", a.until.as_ref().map(|u| json!(u))),
    ];
    if let Value::Object(body) = &mut body {
        body.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    body
}

fn told(a: &OrderAnswer) -> String {
    let m = &a.matched;
    let met = format!("{} users, {} sessions, {} devices", m.users, m.sessions, m.devices);
    let lacking = match m.without_method {
        0 => String::new(),
        n => format!("; {n} without a method: {}", names(a)),
    };
    let Some(id) = &a.id else { return format!("would meet {met}{lacking}") };
    let slowest = a.nodes.iter().map(|n| n.after_ms).max().unwrap_or_default();
    let fenced = a.nodes.iter().filter(|n| n.is_fenced()).count();
    let nodes = match fenced {
        0 => format!("{} nodes", a.nodes.len()),
        n => format!("{} nodes, {n} of them by the end of their lease", a.nodes.len()),
    };
    format!("{id}: confirmed on {nodes} after {slowest} ms; {met}, {} connections cut{lacking}", m.connections)
}

fn names(a: &OrderAnswer) -> String {
    if a.without_method.is_empty() {
        return "order a dry run to see who".into();
    }
    a.without_method.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")
}

fn lines(orders: &[OrderRow]) -> String {
    if orders.is_empty() {
        return "no orders stand".into();
    }
    let line = |o: &OrderRow| {
        let id = o.answer.id.map(|id| id.to_string()).unwrap_or_default();
        let action = o.what.get("action").and_then(Value::as_str).unwrap_or_default();
        // typed by whoever called the API: it must not drive the terminal
        let reason = clean::text(&o.reason);
        format!("{id}  {}  {action}  {}  {reason}", o.at, o.select)
    };
    orders.iter().map(line).collect::<Vec<_>>().join("\n")
}

const PATH: &str = "/api/v1/disconnects";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn parse(args: &[&str]) -> Result<Args, i32> {
        let all = std::iter::once("disconnect").chain(args.iter().copied());
        Cli::try_parse_from(all).map(|c| c.args).map_err(|e| e.exit_code())
    }

    #[test]
    fn the_arguments_are_the_orders_fields() {
        let args = ["--user", "mia", "--app", "wiki", "--action", "step-up", "--method", "totp", "--within", "15m"];
        let args = parse(&[&args[..], &["--reason", "alert", "--if-no-method", "block"]].concat()).unwrap();
        let want = json!({
            "select": { "user": "mia", "app": "wiki" }, "action": "step_up", "methods": ["totp"], "within": "15m",
            "if_no_method": "block", "reason": "alert", "dry_run": false
        });
        assert_eq!(body(&args), want);
        let args = parse(&["--everyone", "--reason", "x", "--dry-run"]).unwrap();
        let want = json!({"select": {"everyone": true}, "action": "sign_out", "reason": "x", "dry_run": true});
        assert_eq!(body(&args), want);
    }

    #[test]
    fn an_order_needs_a_reason_and_the_list_nothing() {
        assert_eq!(parse(&["--user", "mia"]).err(), Some(2));
        assert!(parse(&["--list"]).unwrap().list);
        assert_eq!(parse(&["--list", "--user", "mia"]).err(), Some(2));
        assert_eq!(parse(&["--lift", "x"]).unwrap().lift.as_deref(), Some("x"));
    }
}
