//! Who calls the admin API: the socket always, TCP with the token. What they may do is `scope`'s business.

use super::Via;
use super::problem::Problem;
use crate::disconnect::{Caller, CallerKind};
use crate::types::TokenHash;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Lets a request through to the API, or answers 401.
pub(super) async fn demand(
    State(token): State<Option<TokenHash>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.uri().query().is_some_and(holds_credential) {
        return Err(unauthorised(IN_QUERY));
    }
    let caller = match request.extensions().get::<Via>().copied().unwrap_or(Via::Tcp) {
        Via::Socket => Caller::socket(),
        Via::Offline => Caller::offline(),
        Via::Tcp => check(token, request.headers())?,
    };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    // for the record, which is written around the door
    response.extensions_mut().insert(caller);
    Ok(response)
}

fn check(token: Option<TokenHash>, headers: &HeaderMap) -> Result<Caller, Problem> {
    let expected = token.ok_or_else(|| unauthorised(NO_TOKEN_SET))?;
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let presented = match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().ok().and_then(bearer).ok_or_else(|| unauthorised(NO_BEARER))?,
        _ => return Err(unauthorised(NO_BEARER)),
    };
    let hash: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
    let caller = Caller { kind: CallerKind::Token, name: "settings".into(), ..Caller::socket() };
    if bool::from(hash.ct_eq(&expected.0)) { Ok(caller) } else { Err(unauthorised(WRONG_TOKEN)) }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// URLs end up in logs and histories: a credential there is refused even if it is right (RFC 9700 §4.3.2).
fn holds_credential(query: &str) -> bool {
    query.split('&').filter_map(|pair| pair.split('=').next()).any(|key| {
        let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy().to_ascii_lowercase();
        CREDENTIAL_KEYS.contains(&key.as_str())
    })
}

fn unauthorised(detail: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "No right to call the admin API", detail)
}

const CREDENTIAL_KEYS: [&str; 6] = ["access_token", "token", "api_key", "apikey", "authorization", "bearer"];
const IN_QUERY: &str = "A credential in the URL is never accepted: send it as the header `Authorization: Bearer <token>` \
    and replace this token, as the URL may have been logged.";
const NO_TOKEN_SET: &str = "No API token is set, so the API answers on the admin socket only: use the `portcullis` command \
    on this machine, or send the request to the socket (`curl --unix-socket PATH`).";
const NO_BEARER: &str = "Send the header `Authorization: Bearer <token>`, once.";
const WRONG_TOKEN: &str = "The token is not the one that is set.";
