//! The description of the API, OpenAPI 3.1, made of what stands beside the handlers: `utoipa::path` and the types they
//! read and answer with. It holds no secret.
//!
//! A route exists only with its description (`routes!`). What is so for every operation of a kind, its refusals above
//! all, is added here, so that no handler repeats it: a handler names its success and its conflicts.

use super::problem::Problem;
use super::scope::NEEDS;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use std::sync::LazyLock;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, ObjectBuilder, OneOf, Ref, RefOr, Schema, Type};
use utoipa::{OpenApi, ToSchema};

/// `GET /api/v1/openapi.json`, for everybody who reaches the admin listener.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", operation_id = "openapi", tag = "gateway", security(()),
    summary = "This document",
    description = "OpenAPI 3.1; `portcullis openapi` prints the same. Needs no token.",
    responses((status = 200, description = "The document.", body = Object))
)]
pub(super) async fn show() -> impl IntoResponse {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
    let headers: [(HeaderName, HeaderValue); 2] = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, NO_CACHE)];
    (headers, TEXT.as_str())
}

/// The document as text.
pub fn text() -> &'static str {
    &TEXT
}

// plain data: it has a JSON form
static TEXT: LazyLock<String> = LazyLock::new(|| document().to_pretty_json().unwrap_or_default());

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portcullis admin API",
        description = "Disconnects people, keeps accounts, reads the audit. Served on `listen.admin`: on the admin \
            socket without a token, over TCP with one (`Authorization: Bearer`).\n\n\
            Every refusal is problem+json (RFC 9457) whose `detail` says what to change. Unknown fields and query \
            parameters are refused. A method that a path does not have is 405 with `Allow`; every GET answers HEAD too. \
            Times are milliseconds since 1970 unless they are text.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    tags(
        (name = "disconnects", description = "Sign people out, ask them anew, keep them out: certain on every node."),
        (name = "sessions", description = "Who is in."),
        (name = "users", description = "Accounts and what an administrator does to them."),
        (name = "tokens", description = "Who may call this API."),
        (name = "audit", description = "What was recorded."),
        (name = "keys", description = "Root keys, never their bytes."),
        (name = "gateway", description = "Health, metrics, this document. No token.")
    )
)]
struct Frame;

/// The whole document.
fn document() -> utoipa::openapi::OpenApi {
    let mut doc = Frame::openapi();
    doc.merge(super::open_routes().into_openapi());
    let mut doc = doc.nest("/api/v1", super::v1::router().into_openapi());
    for (path, item) in &mut doc.paths.paths {
        for (method, operation) in operations(item) {
            complete((method, path), operation);
        }
    }
    let parts = doc.components.get_or_insert_with(Components::new);
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of `portcullis token create`, with one of the scopes named or `admin`. Never in the URL. Not needed on the \
         admin socket, nor with a client certificate."));
    parts.add_security_scheme(TOKEN, SecurityScheme::Http(scheme.build()));
    for refusal in &REFUSALS {
        parts.responses.insert(refusal.name.into(), RefOr::T(refusal.response()));
    }
    doc
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
        ("PATCH", &mut item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Adds what is so for every operation of its kind.
fn complete(of: (&str, &str), operation: &mut Operation) {
    let takes = Takes::of(operation);
    if takes.token {
        let need = NEEDS.iter().find(|need| (need.method, need.path) == of);
        let scopes = need.map(|need| need.scopes).unwrap_or_default();
        // one of them will do: each is a way of its own
        let ways = scopes.iter().map(|scope| SecurityRequirement::new(TOKEN, [scope.as_str()]));
        operation.security = Some(ways.collect());
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content {
                content.schema = content.schema.take().map(without_null);
            }
        }
    }
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5']) && response.content.is_empty() {
            response.content.insert(PROBLEM_JSON.into(), RefOr::T(problem()));
        }
    }
    for refusal in REFUSALS.iter().filter(|r| (r.of)(&takes)) {
        let named = || RefOr::Ref(Ref::from_response_name(refusal.name));
        responses.entry(refusal.status.into()).or_insert_with(named);
    }
}

/// What an operation takes, which tells how it can refuse.
struct Takes {
    token: bool,
    body: bool,
    path: bool,
    query: bool,
}

impl Takes {
    fn of(operation: &Operation) -> Self {
        let has = |place: &ParameterIn| {
            let here = |p: &RefOr<_>| matches!(p, RefOr::T(p) if is_in(p, place));
            operation.parameters.iter().flatten().any(here)
        };
        Takes {
            token: operation.security.is_none(),
            body: operation.request_body.is_some(),
            path: has(&ParameterIn::Path),
            query: has(&ParameterIn::Query),
        }
    }
}

fn is_in(parameter: &utoipa::openapi::path::Parameter, place: &ParameterIn) -> bool {
    parameter.parameter_in == *place
}

/// A body that may be left out is described by its object alone: `null` is none.
fn without_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::OneOf(OneOf { mut items, .. })) if items.len() == 2 => items.swap_remove(0),
        other => other,
    }
}

/// One way to say no.
struct Refusal {
    status: &'static str,
    name: &'static str,
    says: &'static str,
    header: Option<(&'static str, &'static str)>,
    of: fn(&Takes) -> bool,
}

impl Refusal {
    fn response(&self) -> Response {
        let mut response = ResponseBuilder::new().description(self.says).content(PROBLEM_JSON, problem());
        if let Some((name, says)) = self.header {
            let text = ObjectBuilder::new().schema_type(Type::String);
            response = response.header(name, HeaderBuilder::new().schema(Some(text)).description(Some(says)).build());
        }
        response.build()
    }
}

fn problem() -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build()
}

const TOKEN: &str = "token";
const PROBLEM_JSON: &str = "application/problem+json";
const REFUSALS: [Refusal; 9] = [
    Refusal {
        status: "400",
        name: "Malformed",
        says: "The path, the query or the JSON cannot be read.",
        header: None,
        of: |takes| takes.path || takes.query || takes.body,
    },
    Refusal {
        status: "401",
        name: "Unauthorized",
        says: "No token, a wrong one, or one in the URL.",
        header: Some(("WWW-Authenticate", "`Bearer`")),
        of: |takes| takes.token,
    },
    Refusal {
        status: "403",
        name: "Forbidden",
        says: "The caller lacks the scope, or is confined to apps that this is not about.",
        header: None,
        of: |takes| takes.token,
    },
    Refusal {
        status: "404",
        name: "NotFound",
        says: "Nothing has that name or id.",
        header: None,
        of: |takes| takes.path,
    },
    Refusal {
        status: "413",
        name: "TooLarge",
        says: "The body is larger than this call takes.",
        header: None,
        of: |takes| takes.body,
    },
    Refusal {
        status: "415",
        name: "NotJson",
        says: "The body is not sent as `application/json`.",
        header: None,
        of: |takes| takes.body,
    },
    Refusal {
        status: "422",
        name: "Unprocessable",
        says: "It can be read and not be done as it is; `detail` names each value that does not fit.",
        header: None,
        of: |takes| takes.query || takes.body,
    },
    Refusal {
        status: "429",
        name: "TooMany",
        says: "Too many calls, or too many users met in an hour. Wait as `Retry-After` says.",
        header: Some(("Retry-After", "Seconds.")),
        of: |_| true,
    },
    Refusal {
        status: "503",
        name: "Unavailable",
        says: "The store or the audit is out of reach. Nothing was changed that is not on record.",
        header: Some(("Retry-After", "Seconds.")),
        of: |takes| takes.token,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_says_what_the_api_does() {
        insta::assert_snapshot!(text());
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_summary_and_its_refusals() {
        let mut doc = document();
        let mut names = BTreeSet::new();
        for (path, item) in &mut doc.paths.paths {
            for (_, operation) in operations(item) {
                let name = operation.operation_id.clone().unwrap();
                assert!(operation.summary.as_ref().is_some_and(|s| !s.is_empty()), "{path}: {name} has no summary");
                assert!(operation.tags.as_ref().is_some_and(|t| t.len() == 1), "{path}: {name} has no tag");
                let open = operation.security == Some(vec![SecurityRequirement::default()]);
                let statuses = &operation.responses.responses;
                assert_eq!(open, !statuses.contains_key("401"), "{path}: {name}");
                assert!(statuses.keys().any(|s| s.starts_with('2')), "{path}: {name} never succeeds");
                assert!(names.insert(name.clone()), "two operations are called {name}");
            }
        }
        assert!(names.len() > 20, "{names:?}");
    }

    #[test]
    fn every_operation_says_which_scope_it_takes() {
        let mut doc = document();
        let mut described = BTreeSet::new();
        for (path, item) in &mut doc.paths.paths {
            for (method, operation) in operations(item) {
                if operation.responses.responses.contains_key("401") {
                    assert!(operation.security.as_ref().is_some_and(|ways| !ways.is_empty()), "{method} {path}");
                    described.insert((method, path.clone()));
                }
            }
        }
        let needed: BTreeSet<_> = NEEDS.iter().map(|need| (need.method, need.path.to_owned())).collect();
        assert_eq!(described, needed);
    }
}
