//! The command line: reads the arguments, runs one command, turns its end into an exit code.
//!
//! Secrets never come by argument: they would stand in the process list and in the shell's history.

mod audit;
mod check;
mod client;
mod date;
mod demo;
mod disconnect;
mod failure;
mod hook;
mod keys;
mod openapi;
mod out;
mod password;
mod remote;
mod serve;
mod settings;
mod target;
mod token;
mod user;
mod version;

use clap::{Parser, Subcommand};
use failure::Failure;
use out::Out;
use std::ffi::OsString;
use std::process::ExitCode;
use target::Target;

/// Runs the command that `args` name; the first one is the program's own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // nobody to tell if the terminal is gone
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    let out = Out::new(cli.json);
    match command(cli, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out.failure(&failure);
            ExitCode::from(failure.code())
        }
    }
}

fn command(cli: Cli, out: &Out) -> Result<(), Failure> {
    let target = cli.target;
    match cli.command {
        Command::Serve => in_runtime(serve::run(target.config, out)),
        Command::Check => check::run(target.config, out),
        Command::User(args) => in_runtime(user::run(args, target, out)),
        Command::Token(args) => in_runtime(token::run(args, target, out)),
        Command::Keys(args) => in_runtime(keys::run(args, target.config, out)),
        Command::Disconnect(args) => in_runtime(disconnect::run(args, target, out)),
        Command::Hook(args) => hook::run(args, target.config, out),
        Command::Audit(args) => in_runtime(audit::run(args, target, out)),
        Command::Demo(args) => in_runtime(demo::run(args, out)),
        Command::Openapi => openapi::run(out),
        Command::Version => version::run(out),
    }
}

fn in_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|e| Failure::refused(format!("cannot start worker threads: {e}")))?.block_on(work)
}

/// A gateway that asks for a second factor in front of apps that know none.
///
/// Exit codes: 0 done, 1 refused, 2 usage, 3 the gateway cannot be reached.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    target: Target,
    /// Write JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    Serve,
    /// Check configuration and policy: every mistake with its place
    Check,
    /// Accounts: add, import, change, reset, end
    User(user::Args),
    /// Tokens of those who call the admin API
    Token(token::Args),
    /// Keys that everything secret is sealed with
    Keys(keys::Args),
    /// Sign people out, ask them anew or keep them out: certain on every node when it ends
    Disconnect(disconnect::Args),
    /// URLs that tools order by which can send no header of ours
    Hook(hook::Args),
    /// What was recorded: look, export, verify
    Audit(audit::Args),
    /// A gateway in front of a small app, to try it: nothing to configure, nothing stays
    Demo(demo::Args),
    /// Print the description of the admin API (OpenAPI 3.1)
    Openapi,
    /// Print the version
    Version,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_takes_a_password_as_an_argument() {
        for args in [&["user", "add", "mia", "--password", "x"][..], &["user", "passwd", "mia", "x"]] {
            let args = std::iter::once("portcullis").chain(args.iter().copied());
            assert_eq!(Cli::try_parse_from(args).map(|_| ()).map_err(|e| e.exit_code()), Err(2));
        }
    }

    #[test]
    fn json_and_config_may_stand_behind_the_command() {
        let cli = Cli::try_parse_from(["portcullis", "user", "list", "--json", "--config", "x.yaml"]).unwrap();
        assert!(cli.json && cli.target.config == Some("x.yaml".into()));
    }

    #[test]
    fn the_help_names_every_command() {
        let mut command = Cli::command();
        command.build();
        let mut text = command.render_long_help().to_string();
        for path in [
            &["user", "add"][..],
            &["token", "create"],
            &["keys", "generate"],
            &["hook", "create"],
            &["hook", "read"],
            &["audit", "verify"],
            &["demo"],
        ] {
            let found = path.iter().try_fold(&mut command, |c, name| c.find_subcommand_mut(name)).unwrap();
            text += &format!("\n---- {}\n{}", path.join(" "), found.render_long_help());
        }
        insta::assert_snapshot!(text);
    }
}
