//! A small app of the old kind, to stand behind the gateway: it has no sign-in and believes the identity headers.
//!
//! Listens on the loopback only, and knows nothing of the gateway but those headers' names.

mod page;
mod stream;
mod websocket;

use crate::cli::failure::Failure;
use axum::Form;
use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

/// Starts it on a free port; it ends with the process.
pub async fn start() -> Result<SocketAddr, Failure> {
    let failed = |e| Failure::refused(format!("the demo's app cannot listen on 127.0.0.1: {e}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move { axum::serve(listener, router()).await });
    Ok(address)
}

fn router() -> Router {
    Router::new()
        .route("/", get(home))
        .route("/form", get(form).post(sent))
        .route("/ws", get(websocket::echo))
        .route("/events", get(stream::events))
        .route("/download", get(stream::download))
        .route("/admin/", get(admin))
        .route("/public/", get(public))
        .fallback(missing)
}

async fn home(headers: HeaderMap) -> Html<String> {
    page::home(&headers)
}

async fn admin(headers: HeaderMap) -> Html<String> {
    page::plain("For admins", &format!("<p>Welcome, {}.</p>", page::escaped(page::user(&headers))))
}

async fn public(headers: HeaderMap) -> Html<String> {
    let who = page::escaped(page::user(&headers));
    page::plain("Open to all", &format!("<p>Nobody has to sign in here. The app sees: <b id=\"user\">{who}</b>.</p>"))
}

async fn form() -> Html<String> {
    page::plain(
        "A form",
        "<form method=\"post\"><label>A note <input name=\"note\" required></label> <button>Send</button></form>",
    )
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

async fn sent(headers: HeaderMap, Form(Note { note }): Form<Note>) -> Html<String> {
    let (who, note) = (page::escaped(page::user(&headers)), page::escaped(&note));
    page::plain("A form", &format!("<p><b id=\"user\">{who}</b> wrote: <q id=\"note\">{note}</q></p>"))
}

async fn missing(uri: Uri) -> (axum::http::StatusCode, Html<String>) {
    let text = format!("<p>This app has no page {}.</p>", page::escaped(uri.path()));
    (axum::http::StatusCode::NOT_FOUND, page::plain("Not found", &text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn answer(request: Request<Body>) -> String {
        let body = router().oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn it_shows_the_identity_it_was_given() {
        let request = Request::get("/").header("x-auth-user", "mia").header("x-auth-groups", "<b>staff</b>");
        let page = answer(request.body(Body::empty()).unwrap()).await;
        assert!(page.contains("mia") && page.contains("&lt;b&gt;staff") && !page.contains("<b>staff"), "{page}");
    }

    #[tokio::test]
    async fn it_takes_a_form() {
        let request = Request::post("/form").header("content-type", "application/x-www-form-urlencoded");
        let page = answer(request.body(Body::from("note=a+%3Cb%3E")).unwrap()).await;
        assert!(page.contains("a &lt;b&gt;"), "{page}");
    }
}
