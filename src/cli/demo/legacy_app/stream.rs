//! Answers that go on and on: events each second, and a gigabyte at a walking pace.

use axum::body::Body;
use axum::http::header;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use std::convert::Infallible;
use std::time::Duration;

/// Server-sent events, one each second.
pub async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = stream::unfold(0u64, |n| async move {
        if n > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Some((Ok(Event::default().id(n.to_string()).data(format!("tick {n}"))), n + 1))
    });
    Sse::new(ticks)
}

/// 1 GiB, about a megabyte a second.
pub async fn download() -> Response {
    let chunks = stream::iter(0..SIZE / CHUNK_SIZE).then(|n| async move {
        if n > 0 {
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        Ok::<_, Infallible>(Bytes::from_static(&CHUNK))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, SIZE.to_string()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"long.bin\"".to_owned()),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

const SIZE: u64 = 1 << 30;
const CHUNK_SIZE: u64 = 1 << 16;
static CHUNK: [u8; 1 << 16] = [b'.'; 1 << 16];
