//! `user reset-mfa`: the last administrator's way back too, from a shell on the server.

use super::{path_of, told_code};
use crate::api::ResetUser;
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
    /// Why, for the record; asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print a one-time code, without which nobody enrols in this account for 24 hours; administrators need one
    #[arg(long)]
    code: bool,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let reason = match args.reason {
        Some(reason) => reason,
        None => ask(out)?,
    };
    let body = json!({ "reason": reason, "code": args.code });
    let reset: ResetUser =
        client.call(Method::POST, &format!("{}/reset-mfa", path_of(&args.login)), Some(&body)).await?;
    let mut text = format!(
        "the second factor of {} is reset: factors, backup codes, devices and sessions are gone",
        reset.user.name
    );
    if let Some(code) = &reset.enrolment_code {
        text = format!("{text}\n{}", told_code(code));
    }
    out.result(&text, &reset);
    Ok(())
}

fn ask(out: &Out) -> Result<String, Failure> {
    let needed = || Failure::Usage("a reset needs a reason for the record: give it with --reason TEXT".into());
    if !std::io::stdin().is_terminal() {
        return Err(needed());
    }
    out.remark("Reason, for the record:");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|_| needed())?;
    Some(line.trim().to_string()).filter(|l| !l.is_empty()).ok_or_else(needed)
}
