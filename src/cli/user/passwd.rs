//! `user passwd`.

use super::path_of;
use crate::api::User;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::password;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
    #[command(flatten)]
    password: password::From,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let resource = path_of(&args.login);
    // asks for no password in vain
    let user: User = client.call(Method::GET, &resource, None).await?;
    let password = args.password.read()?;
    let body = json!({ "password": password.expose_secret() });
    client.order(Method::PUT, &format!("{resource}/password"), &body).await?;
    out.result(
        &format!("the password of {} is set; all sessions of this person have ended", user.name),
        &json!({ "name": user.name, "password_set": true }),
    );
    Ok(())
}
