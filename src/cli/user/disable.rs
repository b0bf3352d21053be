//! `user disable` and `user enable`.

use super::path_of;
use crate::api::User;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub async fn disable(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let user = order(args, "disable", client).await?;
    out.result(&format!("{} is disabled; all sessions of this person have ended", user.name), &user);
    Ok(())
}

pub async fn enable(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let user = order(args, "enable", client).await?;
    out.result(&format!("{} may sign in again", user.name), &user);
    Ok(())
}

async fn order(args: Args, what: &str, client: &Client) -> Result<User, Failure> {
    let body = json!({ "reason": args.reason });
    client.call(Method::POST, &format!("{}/{what}", path_of(&args.login)), Some(&body)).await
}
