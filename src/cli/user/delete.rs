//! `user delete`: what is gone does not come back, so the name is typed once more.

use super::path_of;
use crate::api::User;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;
use serde_json::json;
use std::io::{BufRead, IsTerminal};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let resource = path_of(&args.login);
    let user: User = client.call(Method::GET, &resource, None).await?;
    if !args.yes {
        confirm(&user, out)?;
    }
    client.order(Method::DELETE, &resource, &json!({ "reason": args.reason })).await?;
    out.result(
        &format!("{} is deleted: sessions, factors and devices are gone, the audit record stays", user.name),
        &json!({ "name": user.name, "id": user.id, "deleted": true }),
    );
    Ok(())
}

fn confirm(user: &User, out: &Out) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage("no terminal to ask on: give --yes to delete without being asked".into()));
    }
    out.remark(&format!("Type the name {} to delete this account for good:", user.name));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read {
        Ok(_) if line.trim() == user.name.as_str() => Ok(()),
        Ok(_) | Err(_) => Err(Failure::refused("that is not the name; nothing was deleted")),
    }
}
