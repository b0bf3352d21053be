//! `user list`: all pages of the list in one.

use super::groups;
use crate::api::{User, UserList};
use crate::cli::client::Client;
use crate::cli::date;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only names after this one
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let limit = args.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    let mut list = UserList { users: Vec::new(), next: args.after };
    loop {
        let wanted = PAGE.min(limit - list.users.len());
        let page: UserList = client.call(Method::GET, &page_path(wanted, list.next.as_deref()), None).await?;
        list.users.extend(page.users);
        list.next = page.next;
        if list.next.is_none() || list.users.len() >= limit {
            break;
        }
    }
    out.result(&table(&list.users), &list);
    Ok(())
}

fn page_path(limit: usize, after: Option<&str>) -> String {
    match after {
        Some(name) => format!("/api/v1/users?limit={limit}&after={}", utf8_percent_encode(name, NON_ALPHANUMERIC)),
        None => format!("/api/v1/users?limit={limit}"),
    }
}

fn table(users: &[User]) -> String {
    if users.is_empty() {
        return "no accounts; add one with: portcullis user add NAME".into();
    }
    let head = ["NAME", "E-MAIL", "GROUPS", "SECOND FACTOR", "STATE", "LAST SIGN-IN"].map(String::from);
    let rows: Vec<_> = std::iter::once(head).chain(users.iter().map(row)).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(u: &User) -> [String; 6] {
    [
        u.name.to_string(),
        u.email.as_ref().map_or_else(|| "-".into(), ToString::to_string),
        if u.groups.is_empty() { "-".into() } else { groups(u) },
        if u.factors.is_empty() { "none".into() } else { u.factors.len().to_string() },
        if u.disabled { "disabled".into() } else { "active".into() },
        u.last_sign_in.map_or_else(|| "never".into(), date::text),
    ]
}

/// Accounts asked for at once.
const PAGE: usize = 500;

#[cfg(test)]
mod tests {
    use super::super::tests::mia;
    use super::*;

    #[test]
    fn accounts_stand_in_columns() {
        let ben = User { name: crate::types::UserName::parse("ben").unwrap(), email: None, disabled: true, ..mia() };
        insta::assert_snapshot!(table(&[ben, mia()]));
    }
}
