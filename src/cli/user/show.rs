//! `user show`.

use super::{described, path_of};
use crate::api::User;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let user: User = client.call(Method::GET, &path_of(&args.login), None).await?;
    out.result(&described(&user), &user);
    Ok(())
}
