//! `user unlock`.

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

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let body = json!({ "reason": args.reason });
    let user: User = client.call(Method::POST, &format!("{}/unlock", path_of(&args.login)), Some(&body)).await?;
    out.result(&format!("{} may try again at once", user.name), &user);
    Ok(())
}
