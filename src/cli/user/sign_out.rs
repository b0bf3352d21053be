//! `user sign-out`.

use super::path_of;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
    /// This session alone, by the id that `user sessions` lists [default: all, and all devices]
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let body = json!({ "session": args.session, "reason": args.reason });
    client.order(Method::POST, &format!("{}/sign-out", path_of(&args.login)), &body).await?;
    let text = match &args.session {
        Some(id) => format!("session {id} of {} has ended", args.login),
        None => format!("all sessions of {} have ended", args.login),
    };
    out.result(&text, &json!({ "login": args.login, "session": args.session, "signed_out": true }));
    Ok(())
}
