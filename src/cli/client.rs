//! How commands reach the admin API: over the admin socket of the running gateway, or the admin listener of one elsewhere,
//! or, offline, the same endpoints inside this process. Either way one HTTP exchange a call; nothing else touches accounts.

use super::failure::Failure;
use super::remote::{Io, Remote};
use crate::app::Record;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tower::ServiceExt;

/// A caller of the admin API.
pub struct Client {
    door: Door,
    /// Of a command that works offline.
    record: Option<Record>,
}

enum Door {
    Socket(PathBuf),
    Remote(Box<Remote>),
    Here(Router),
}

/// What the API answered.
struct Reply {
    status: StatusCode,
    body: Bytes,
}

impl Client {
    pub fn over(socket: PathBuf) -> Self {
        Client { door: Door::Socket(socket), record: None }
    }
    /// The admin listener of a gateway elsewhere.
    pub fn remote(remote: Remote) -> Self {
        Client { door: Door::Remote(Box::new(remote)), record: None }
    }
    /// The endpoints themselves, on the store of a stopped gateway.
    pub fn offline(router: Router, record: Option<Record>) -> Self {
        Client { door: Door::Here(router), record }
    }

    /// After the last call.
    pub async fn end(self) {
        if let Some(record) = self.record {
            record.end().await;
        }
    }

    /// One call whose answer is a `T`.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        let reply = self.exchange(method, path, body).await?;
        serde_json::from_slice(&reply.body).map_err(|e| {
            Failure::refused(format!("the gateway's answer is not understood ({e}); is it the same version?"))
        })
    }

    /// One call whose answer is empty.
    pub async fn order(&self, method: Method, path: &str, body: &Value) -> Result<(), Failure> {
        self.exchange(method, path, Some(body)).await.map(|_| ())
    }

    /// One call that may be refused with more than words: status and answer, where the gateway had one to give.
    pub async fn attempt(&self, method: Method, path: &str, body: &Value) -> Result<(StatusCode, Value), Failure> {
        let reply = self.send(method, path, Some(body)).await?;
        match (reply.status.is_success() || reply.status == StatusCode::UNPROCESSABLE_ENTITY, &reply) {
            (true, reply) => Ok((reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())),
            (false, reply) => Err(refusal(reply)),
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, Failure> {
        let reply = self.send(method, path, body).await?;
        if reply.status.is_success() { Ok(reply) } else { Err(refusal(&reply)) }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map(|b| Bytes::from(b.to_string())).unwrap_or_default())
            .map_err(|e| Failure::refused(format!("{path}: {e}")))?;
        match &self.door {
            Door::Here(router) => Ok(in_process(router.clone(), request).await),
            Door::Socket(at) => match tokio::time::timeout(PATIENCE, over_socket(at, request)).await {
                Ok(reply) => reply,
                Err(_) => Err(unreachable(at, SILENT)),
            },
            Door::Remote(remote) => {
                let token = remote.authorization();
                let mut token = HeaderValue::from_str(token.expose_secret())
                    .map_err(|_| Failure::refused("the token cannot stand in a header"))?;
                token.set_sensitive(true);
                request.headers_mut().insert(header::AUTHORIZATION, token);
                match tokio::time::timeout(PATIENCE, elsewhere(remote, request)).await {
                    Ok(reply) => reply,
                    Err(_) => Err(remote.unreachable(SILENT)),
                }
            }
        }
    }

    fn host(&self) -> &str {
        match &self.door {
            Door::Remote(remote) => remote.authority(),
            Door::Socket(_) | Door::Here(_) => "localhost",
        }
    }
}

/// Whether a gateway answers on this socket.
pub async fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

async fn in_process(router: Router, request: Request<Bytes>) -> Reply {
    let (parts, body) = match router.oneshot(request.map(Body::from)).await {
        Ok(response) => response.into_parts(),
        Err(never) => match never {},
    };
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Reply { status: parts.status, body }
}

async fn over_socket(at: &Path, request: Request<Bytes>) -> Result<Reply, Failure> {
    let stream = UnixStream::connect(at).await.map_err(|e| cannot_connect(at, &e))?;
    exchanged(Box::new(stream), request).await.map_err(|why| unreachable(at, &why))
}

async fn elsewhere(remote: &Remote, request: Request<Bytes>) -> Result<Reply, Failure> {
    let stream = remote.connect().await?;
    exchanged(stream, request).await.map_err(|why| remote.unreachable(&why))
}

async fn exchanged(stream: Box<dyn Io>, request: Request<Bytes>) -> Result<Reply, String> {
    let broken = |e: &dyn std::fmt::Display| format!("the exchange broke off ({e})");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
    // ends with the sender; its errors come out of the exchange below
    tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await.map_err(|e| broken(&e))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|e| broken(&e))?;
    Ok(Reply { status: parts.status, body: body.to_bytes() })
}

fn cannot_connect(at: &Path, e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => unreachable(
            at,
            "no gateway runs there; start it (portcullis serve), name its configuration with --config, or work on the \
             embedded store of a stopped one with --offline",
        ),
        io::ErrorKind::PermissionDenied => unreachable(at, "only root and the gateway's own user may; use sudo"),
        _ => unreachable(at, &e.to_string()),
    }
}

fn unreachable(at: &Path, why: &str) -> Failure {
    Failure::Unreachable(format!("{}: cannot reach the gateway on its admin socket: {why}", at.display()))
}

fn refusal(reply: &Reply) -> Failure {
    let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let part = |name| problem.get(name).and_then(Value::as_str);
    let text = match (part("title"), part("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => format!("the gateway answered {}", reply.status),
    };
    if reply.status == StatusCode::SERVICE_UNAVAILABLE { Failure::Unreachable(text) } else { Failure::Refused(text) }
}

const SILENT: &str = "it does not answer; its log may say why";
/// A call may wait for Argon2 behind a queue of sign-ins, and for a slow store.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer: a thousand accounts in full.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::listen::{Socket, serve_unix};
    use crate::api::{User, UserList, router, tests};
    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn a_command_reaches_the_gateway_over_its_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let stop = CancellationToken::new();
        let socket = Socket::bind(&path).await.unwrap();
        let served = tokio::spawn(serve_unix(socket, router(tests::empty()), stop.clone().cancelled_owned()));

        let client = Client::over(path.clone());
        let user = json!({ "name": "mia", "password": "correct horse battery" });
        let added: User = client.call(Method::POST, "/api/v1/users", Some(&user)).await.unwrap();
        let list: UserList = client.call(Method::GET, "/api/v1/users", None).await.unwrap();
        assert_eq!(list.users, [added]);
        let again = client.call::<User>(Method::POST, "/api/v1/users", Some(&user)).await;
        assert!(matches!(again, Err(Failure::Refused(text)) if text.starts_with("Taken: ")));

        stop.cancel();
        served.await.unwrap().unwrap();
        assert!(!answers(&path).await);
    }

    #[tokio::test]
    async fn without_a_gateway_the_command_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let client = Client::over(folder.path().join("admin.sock"));
        let failed = client.call::<UserList>(Method::GET, "/api/v1/users", None).await;
        assert!(matches!(failed, Err(Failure::Unreachable(text)) if text.contains("--offline")));
    }

    #[tokio::test]
    async fn offline_the_same_endpoints_answer_without_a_socket() {
        let api = tests::empty();
        let accounts = crate::account::Accounts::clone(&api.accounts.load());
        let client = Client::offline(crate::api::offline(accounts, api.audit), None);
        let list: UserList = client.call(Method::GET, "/api/v1/users", None).await.unwrap();
        assert_eq!(list, UserList { users: vec![], next: None });
        client.order(Method::PUT, "/api/v1/users/mia/password", &json!({ "password": "x" })).await.unwrap_err();
    }

    #[test]
    fn a_store_that_is_down_is_not_a_refusal() {
        let reply = |status, body: &'static str| refusal(&Reply { status, body: Bytes::from_static(body.as_bytes()) });
        let down = reply(StatusCode::SERVICE_UNAVAILABLE, r#"{"title":"Down","detail":"Wait."}"#);
        assert_eq!(down, Failure::Unreachable("Down: Wait.".into()));
        assert_eq!(reply(StatusCode::BAD_GATEWAY, "<html>"), Failure::refused("the gateway answered 502 Bad Gateway"));
    }
}
