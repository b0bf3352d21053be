//! `user`: accounts, through the admin API of the running gateway or, with `--offline`, of a stopped one's store.

mod add;
mod delete;
mod disable;
mod import;
mod list;
mod passwd;
mod reset_mfa;
mod sessions;
mod set;
mod show;
mod sign_out;
mod unlock;

use super::date;
use super::failure::Failure;
use super::out::Out;
use super::target::Target;
use crate::api::{User, UserCode};
use clap::Subcommand;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write;

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
    /// Add an account; asks for its password
    Add(add::Args),
    /// List accounts in order of name
    List(list::Args),
    /// Show one account
    Show(show::Args),
    /// Change name, e-mail, groups, language; acts at the person's next request
    Set(set::Args),
    /// Add many accounts from a file: ours, CSV, htpasswd, Authelia's
    Import(import::Args),
    /// Set a password; what the person had open ends
    Passwd(passwd::Args),
    /// Take second factors, backup codes and devices away; the way back for who lost everything
    ResetMfa(reset_mfa::Args),
    /// Lift the waits after wrong passwords and codes
    Unlock(unlock::Args),
    /// Let nobody in; all sessions end
    Disable(disable::Args),
    /// Let a disabled account in again
    Enable(disable::Args),
    /// Remove an account and all that belongs to it
    Delete(delete::Args),
    /// List open sessions and known browsers
    Sessions(sessions::Args),
    /// End one session, or all of them
    SignOut(sign_out::Args),
}

pub async fn run(args: Args, target: Target, out: &Out) -> Result<(), Failure> {
    let client = target.client(args.offline, out).await?;
    let done = match args.command {
        Command::Add(args) => add::run(args, &client, out).await,
        Command::List(args) => list::run(args, &client, out).await,
        Command::Show(args) => show::run(args, &client, out).await,
        Command::Set(args) => set::run(args, &client, out).await,
        Command::Import(args) => import::run(args, &client, out).await,
        Command::Passwd(args) => passwd::run(args, &client, out).await,
        Command::ResetMfa(args) => reset_mfa::run(args, &client, out).await,
        Command::Unlock(args) => unlock::run(args, &client, out).await,
        Command::Disable(args) => disable::disable(args, &client, out).await,
        Command::Enable(args) => disable::enable(args, &client, out).await,
        Command::Delete(args) => delete::run(args, &client, out).await,
        Command::Sessions(args) => sessions::run(args, &client, out).await,
        Command::SignOut(args) => sign_out::run(args, &client, out).await,
    };
    client.end().await;
    done
}

/// The resource of one account.
fn path_of(login: &str) -> String {
    format!("/api/v1/users/{}", utf8_percent_encode(login, NON_ALPHANUMERIC))
}

/// An account in lines for people.
fn described(u: &User) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        // writing to a String cannot fail
        let _ = writeln!(text, "{name:<15}{}", if value.is_empty() { "-" } else { value });
    };
    row("name", u.name.as_str());
    row("id", &u.id.to_string());
    row("e-mail", u.email.as_ref().map_or("", |e| e.as_str()));
    row("groups", &groups(u));
    row("locale", u.locale.as_deref().unwrap_or("by the browser"));
    row("password", if u.has_password { "set" } else { "none: cannot sign in" });
    row("state", if u.disabled { "disabled" } else { "active" });
    row("created", &date::text(u.created));
    row("last sign-in", &u.last_sign_in.map_or_else(|| "never".into(), date::text));
    if u.factors.is_empty() {
        row("second factor", "none");
    }
    if let Some(left) = u.backup_codes {
        row("backup codes", &format!("{left} left"));
    }
    if let Some(ends) = u.enrolment_code_ends {
        row("enrolment code", &format!("until {}", date::text(ends)));
    }
    for f in &u.factors {
        let used = f.last_used.map_or_else(|| "never".into(), date::text);
        row("second factor", &format!("{}, since {}, last used {used}", f.name, date::text(f.created)));
    }
    text.trim_end().to_owned()
}

/// The one-time code as a person is told it.
fn told_code(code: &UserCode) -> String {
    format!(
        "enrolment code {}, once, until {}: give it to the person; setting up the first authenticator asks for it",
        code.code,
        date::text(code.ends)
    )
}

fn groups(u: &User) -> String {
    u.groups.iter().map(|g| g.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the API sends it.
    pub(super) fn mia() -> User {
        serde_json::from_value(serde_json::json!({
            "id": "a".repeat(25) + "q", "name": "mia", "email": "mia@example.com", "groups": ["sales", "staff"],
            "locale": null, "backup_codes": 7, "enrolment_code_ends": null, "disabled": false, "has_password": true, "created": 1_700_000_000_000_u64,
            "last_sign_in": null,
            "factors": [{
                "id": "b".repeat(25) + "q", "kind": "totp", "name": "Authenticator app",
                "created": 1_700_000_000_000_u64, "last_used": 1_709_251_199_000_u64,
            }],
        }))
        .unwrap()
    }

    #[test]
    fn an_account_is_shown_in_lines() {
        insta::assert_snapshot!(described(&mia()));
    }

    #[test]
    fn a_login_cannot_leave_its_place_in_the_path() {
        assert_eq!(path_of("../x?a=b"), "/api/v1/users/%2E%2E%2Fx%3Fa%3Db");
    }
}
