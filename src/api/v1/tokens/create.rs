//! `POST /api/v1/tokens`: a new token, in the one answer that shows it.

use super::{TokenRow, record};
use crate::account::NewToken;
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::{Caller, until};
use crate::types::{AppName, Scope, Scopes, Timestamp, TokenName};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use utoipa::ToSchema;

/// A new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    name: TokenName,
    #[schema(value_type = Vec<Scope>, min_items = 1)]
    scopes: BTreeSet<Scope>,
    /// A length such as `90d`, a time such as `2030-01-31T12:00:00Z`, or `never`; absent: 90 days.
    #[serde(default)]
    #[schema(
        pattern = "^(never|[0-9]{1,9}(s|m|min|h|d)|(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}([Tt][0-9:.]+[Zz])?)$",
        example = "90d"
    )]
    expires: Option<String>,
    /// Addresses and networks from where it may be used; absent: everywhere.
    #[serde(default)]
    networks: Vec<String>,
    /// Only sessions in these apps; absent: in all.
    #[serde(default)]
    apps: Vec<String>,
    /// Absent: 100, and with the scope `admin` any number.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    users_per_hour: Option<u32>,
}

/// The new token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    #[serde(flatten)]
    pub row: TokenRow,
    /// Shown here and never again.
    pub token: String,
}

type Created = (StatusCode, [(HeaderName, String); 2], Json<CreatedToken>);

#[utoipa::path(
    post, path = "", operation_id = "create_token", tag = "tokens",
    summary = "Make a token",
    request_body(content = CreateToken, example = json!({
        "name": "soc", "scopes": ["disconnect", "read"], "networks": ["203.0.113.0/24"], "expires": "90d"
    })),
    responses(
        (status = 201, description = "The token, shown this once.", body = CreatedToken,
         headers(("Location" = String, description = "The token's path."))),
        (status = 409, description = "The name is taken.")
    )
)]
pub(in crate::api::v1) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<CreateToken>,
) -> Result<Created, Problem> {
    let knows = |app: &AppName| desk.disconnect.as_ref().is_none_or(|d| d.knows(app));
    let new = read(asked, &caller, (desk.accounts.load().clock.now(), knows))?;
    let (token, secret) = desk.tokens.create(new).await?;
    record(&desk, &caller, &token, audit::Token::Created);
    let headers =
        [(header::LOCATION, format!("/api/v1/tokens/{}", token.id)), (header::CACHE_CONTROL, "no-store".into())];
    let created = CreatedToken { row: TokenRow::from(token), token: secret.expose_secret().to_owned() };
    Ok((StatusCode::CREATED, headers, Json(created)))
}

/// All mistakes at once.
fn read(
    asked: CreateToken,
    caller: &Caller,
    (now, knows): (Timestamp, impl Fn(&AppName) -> bool),
) -> Result<NewToken, Problem> {
    let mut wrong = Vec::new();
    let scopes: Scopes = asked.scopes.into_iter().collect();
    if scopes.is_empty() {
        wrong.push("Give `scopes`: read, disconnect, lift or admin.".to_owned());
    }
    let ends = match asked.expires.as_deref() {
        Some("never") => None,
        given => until(given.unwrap_or(USUAL), now).or_else(|| {
            wrong.push(
                "`expires` is a length such as `90d`, a time to come such as `2030-01-31T12:00:00Z`, or `never`."
                    .into(),
            );
            None
        }),
    };
    let networks = asked.networks.iter().filter_map(|text| {
        let found = network(text);
        if found.is_none() {
            wrong.push(format!("`networks`: {text:?} is neither an address nor a network such as `10.0.0.0/8`."));
        }
        found
    });
    let networks = networks.collect();
    let apps: BTreeSet<_> = asked.apps.iter().map(|a| AppName(a.as_str().into())).collect();
    for app in apps.iter().filter(|a| !knows(a)) {
        wrong.push(format!("`apps`: there is no app {:?} in the configuration.", app.0));
    }
    if asked.users_per_hour.is_some_and(|n| !(1..=MOST_USERS).contains(&n)) {
        wrong.push(format!("`users_per_hour` is a number from 1 to {MOST_USERS}."));
    }
    if !wrong.is_empty() {
        return Err(Problem::bad_input(wrong.join(" ")));
    }
    let usual = (!scopes.allow(Scope::Admin)).then_some(Caller::USERS_PER_HOUR);
    let users_per_hour = asked.users_per_hour.or(usual);
    Ok(NewToken { name: asked.name, scopes, ends, networks, apps, users_per_hour, by: caller.to_string() })
}

fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(|ip| IpNet::from(ip.to_canonical()));
    text.parse::<IpNet>().ok().map(|n| n.trunc()).or_else(address)
}

const USUAL: &str = "90d";
const MOST_USERS: u32 = 10_000;
