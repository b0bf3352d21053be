//! `user set`.

use super::{described, path_of};
use crate::api::User;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;
use serde_json::{Map, Value, json};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
    /// Another name to sign in with
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Another e-mail address; an empty one takes it away
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A group; given several times, these are all groups from now on
    #[arg(long = "group", value_name = "GROUP", conflicts_with_all = ["add_groups", "remove_groups"])]
    groups: Vec<String>,
    /// One more group; may be given several times
    #[arg(long = "add-group", value_name = "GROUP")]
    add_groups: Vec<String>,
    /// A group to leave; may be given several times
    #[arg(long = "remove-group", value_name = "GROUP")]
    remove_groups: Vec<String>,
    /// Language, such as de or pt-BR; an empty one means by the browser
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let resource = path_of(&args.login);
    let body = body(args);
    if body.keys().all(|k| k == "reason") {
        return Err(Failure::Usage(
            "nothing to change: give --name, --email, --group, --add-group, --remove-group or --locale".into(),
        ));
    }
    let user: User = client.call(Method::PATCH, &resource, Some(&Value::Object(body))).await?;
    out.result(&described(&user), &user);
    Ok(())
}

fn body(args: Args) -> Map<String, Value> {
    let or_null = |text: String| if text.is_empty() { Value::Null } else { Value::String(text) };
    let listed = |groups: Vec<String>| Some(groups).filter(|g| !g.is_empty()).map(|g| json!(g));
    let fields = [
        ("name", args.name.map(Value::String)),
        ("email", args.email.map(or_null)),
        ("groups", listed(args.groups)),
        ("add_groups", listed(args.add_groups)),
        ("remove_groups", listed(args.remove_groups)),
        ("locale", args.locale.map(or_null)),
        ("reason", args.reason.map(Value::String)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}
