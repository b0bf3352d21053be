//! `user add`.

use super::told_code;
use crate::api::AddedUser;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::password;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name to sign in with
    name: String,
    /// E-mail address; signs in too
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A group; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Language of pages and mails, such as de or pt-BR [default: by the browser]
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    #[command(flatten)]
    password: password::From,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let password = args.password.read()?;
    let body = json!({
        "name": args.name,
        "email": args.email,
        "groups": args.groups,
        "locale": args.locale,
        "password": password.expose_secret(),
    });
    let added: AddedUser = client.call(Method::POST, "/api/v1/users", Some(&body)).await?;
    let mut text = format!("added {}", added.user.name);
    if let Some(code) = &added.enrolment_code {
        text = format!("{text}\n{}", told_code(code));
    }
    out.result(&text, &added);
    Ok(())
}
