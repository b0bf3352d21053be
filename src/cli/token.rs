//! `token`: who may call the admin API over the network, what for, from where, until when.

use super::client::Client;
use super::date;
use super::failure::Failure;
use super::out::Out;
use super::target::Target;
use crate::api::{CreatedToken, TokenList, TokenRow};
use crate::types::Timestamp;
use clap::Subcommand;
use http::Method;
use serde_json::{Map, Value, json};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Work on the embedded store of a stopped gateway
    #[arg(long, global = true)]
    offline: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token; it is shown once
    Create(Create),
    /// List tokens, also those that ended
    List,
    /// End a token, on every node at once
    Revoke {
        /// Its name or its id
        token: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What orders and the audit call it
    #[arg(long)]
    name: String,
    /// What it may do; several are possible, and admin holds them all
    #[arg(long, value_enum, required = true)]
    scope: Vec<ScopeName>,
    /// In how long it ends, such as 90d; a time; or never [default: 90d]
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// From where it may be used [default: everywhere]
    #[arg(long, value_name = "CIDR")]
    network: Vec<String>,
    /// Only sessions in these apps [default: all]
    #[arg(long)]
    app: Vec<String>,
    /// Different users that its orders may meet in an hour [default: 100; with the scope admin any number]
    #[arg(long, value_name = "N")]
    users_per_hour: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ScopeName {
    Read,
    Disconnect,
    Lift,
    Admin,
}

pub async fn run(args: Args, target: Target, out: &Out) -> Result<(), Failure> {
    let client = target.client(args.offline, out).await?;
    let done = match args.command {
        Command::Create(args) => create(&args, &client, out).await,
        Command::List => list(&client, out).await,
        Command::Revoke { token } => revoke(&token, &client, out).await,
    };
    client.end().await;
    done
}

async fn create(args: &Create, client: &Client, out: &Out) -> Result<(), Failure> {
    let made: CreatedToken = client.call(Method::POST, PATH, Some(&body(args))).await?;
    out.remark("shown once: keep it where secrets are kept");
    out.result(&made.token, &made);
    Ok(())
}

async fn list(client: &Client, out: &Out) -> Result<(), Failure> {
    let list: TokenList = client.call(Method::GET, PATH, None).await?;
    out.result(&table(&list.tokens), &list);
    Ok(())
}

async fn revoke(token: &str, client: &Client, out: &Out) -> Result<(), Failure> {
    let list: TokenList = client.call(Method::GET, PATH, None).await?;
    let named = |t: &&TokenRow| t.id.to_string() == token || (t.name.as_str() == token && t.revoked.is_none());
    let found = list.tokens.iter().find(named);
    let row = found.ok_or_else(|| {
        Failure::refused(format!(
            "{token}: no token that lives has this name or id; `portcullis token list` shows them"
        ))
    })?;
    let row: TokenRow = client.call(Method::DELETE, &format!("{PATH}/{}", row.id), None).await?;
    out.result(&format!("{} is revoked, on every node", row.name), &row);
    Ok(())
}

fn body(a: &Create) -> Value {
    let scopes: Vec<_> = a.scope.iter().map(|s| format!("{s:?}").to_lowercase()).collect();
    let mut body = Map::new();
    body.insert("name".into(), json!(a.name));
    body.insert("scopes".into(), json!(scopes));
    body.insert("networks".into(), json!(a.network));
    body.insert("apps".into(), json!(a.app));
    if let Some(expires) = &a.expires {
        body.insert("expires".into(), json!(expires));
    }
    if let Some(n) = a.users_per_hour {
        body.insert("users_per_hour".into(), json!(n));
    }
    Value::Object(body)
}

fn table(tokens: &[TokenRow]) -> String {
    if tokens.is_empty() {
        return "no tokens; make one with: portcullis token create --name NAME --scope SCOPE".into();
    }
    let head = ["NAME", "SCOPES", "NETWORKS", "APPS", "USERS/HOUR", "EXPIRES", "LAST USED", "STATE"].map(String::from);
    let rows: Vec<_> = std::iter::once(head).chain(tokens.iter().map(row)).collect();
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(t: &TokenRow) -> [String; 8] {
    let all = |list: &[String], none: &str| if list.is_empty() { none.to_owned() } else { list.join(" ") };
    let time = |at: Option<Timestamp>| at.map_or_else(|| "never".into(), date::text);
    [
        t.name.to_string(),
        t.scopes.to_string(),
        all(&t.networks, "everywhere"),
        all(&t.apps, "all"),
        t.users_per_hour.map_or_else(|| "any".into(), |n| n.to_string()),
        time(t.expires),
        time(t.last_used),
        t.revoked.map_or_else(|| "live".into(), |at| format!("revoked {}", date::text(at))),
    ]
}

const PATH: &str = "/api/v1/tokens";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_arguments_are_the_tokens_fields() {
        let words =
            ["token", "create", "--name", "soc", "--scope", "disconnect", "--scope", "read", "--expires", "30d"];
        let more = ["--network", "192.0.2.0/24", "--app", "wiki", "--users-per-hour", "20"];
        let cli = Cli::try_parse_from(words.iter().chain(&more)).unwrap();
        let Command::Create(args) = cli.args.command else { panic!("another command") };
        let want = json!({
            "name": "soc", "scopes": ["disconnect", "read"], "expires": "30d", "networks": ["192.0.2.0/24"],
            "apps": ["wiki"], "users_per_hour": 20,
        });
        assert_eq!(body(&args), want);
        assert!(Cli::try_parse_from(["token", "create", "--name", "soc"]).is_err(), "a scope is named");
    }

    #[test]
    fn tokens_stand_in_columns() {
        let at = 1_700_000_000_000_u64;
        let token = |name: &str, revoked: Value| -> TokenRow {
            serde_json::from_value(json!({
                "id": "a".repeat(25) + "q", "name": name, "scopes": ["read", "disconnect"], "networks": ["192.0.2.0/24"],
                "apps": [], "users_per_hour": 100, "created": at, "by": "socket", "expires": at, "last_used": null,
                "revoked": revoked,
            }))
            .unwrap()
        };
        insta::assert_snapshot!(table(&[token("soc", Value::Null), token("old", json!(at))]));
    }
}
