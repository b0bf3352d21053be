//! A WebSocket that says back what it hears.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

pub async fn echo(mut request: Request) -> Response {
    let Some(accept) = accept_key(request.headers()) else {
        let upgrade = [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")];
        return (StatusCode::UPGRADE_REQUIRED, upgrade, "This is a WebSocket: the app's home page opens it.\n")
            .into_response();
    };
    tokio::spawn(converse(hyper::upgrade::on(&mut request)));
    let headers = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "upgrade"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// `None`: not a WebSocket handshake (RFC 6455 §4.2.1).
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let upgrades = headers.get(header::UPGRADE)?.as_bytes().eq_ignore_ascii_case(b"websocket");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| upgrades)?;
    Some(derive_accept_key(key.as_bytes()))
}

async fn converse(upgrade: OnUpgrade) {
    let Ok(io) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        let back = message.is_text() || message.is_binary();
        if back && socket.send(message).await.is_err() {
            return;
        }
    }
    // the browser may be gone already
    let _ = socket.close(None).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::Message;

    #[tokio::test]
    async fn it_says_back_what_it_hears() {
        let at = super::super::start().await.unwrap();
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{at}/ws")).await.unwrap();
        for message in [Message::text("hello"), Message::binary(vec![0, 159])] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), message);
        }
        socket.close(None).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap().is_close());
    }
}
