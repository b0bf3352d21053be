//! The plain listener that only leads to https: the configured origin of the host, and files of ACME's http-01.
//!
//! Has no upstream and no gate; a host that no app answers to gets 421.

use super::engine::cut;
use super::framing::Refused;
use super::gateway::{check, host_of};
use super::hosts::Hosts;
use super::response;
use super::settings::Settings;
use async_trait::async_trait;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use pingora::http::ResponseHeader;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OrErr, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub struct ToHttps {
    pub settings: Arc<Settings>,
    pub hosts: Hosts,
    pub acme: Option<PathBuf>,
}

#[async_trait]
impl ProxyHttp for ToHttps {
    /// What the request was refused with.
    type CTX = Option<Refused>;

    fn new_ctx(&self) -> Self::CTX {
        None
    }

    async fn early_request_filter(&self, s: &mut Session, refused: &mut Self::CTX) -> Result<()> {
        cut::seen();
        check(s, &self.settings).map(drop).map_err(|r| refuse(refused, r))
    }

    async fn request_filter(&self, s: &mut Session, refused: &mut Self::CTX) -> Result<bool> {
        let req = s.req_header();
        let site = self.hosts.by_name(host_of(req)).map_err(|r| refuse(refused, r))?;
        s.set_keepalive(None);
        let path = s.req_header().uri.path().to_string();
        if let (Some(token), Some(folder)) = (challenge(&path), &self.acme) {
            let Some(text) = read(folder, token).await else {
                return Err(refuse(refused, Refused { status: 404, why: "no such challenge" }));
            };
            return say(s, text).await;
        }
        if !site.origin.https {
            return Err(refuse(refused, Refused { status: 421, why: "no app answers to this host" }));
        }
        let target = String::from_utf8_lossy(s.req_header().raw_path());
        let location = HeaderValue::try_from(format!("{}{target}", site.origin));
        let mut head = ResponseHeader::build(308, Some(4))?;
        head.insert_header(LOCATION, location.or_err(ErrorType::InvalidHTTPHeader, "the request target")?)?;
        head.insert_header(CONTENT_LENGTH, 0)?;
        head.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))?;
        s.write_response_header(Box::new(head), true).await.map_err(Error::into_down)?;
        Ok(true)
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut Self::CTX) -> Result<Box<HttpPeer>> {
        Error::e_explain(ErrorType::InternalError, "there is no upstream here")
    }

    async fn fail_to_proxy(&self, s: &mut Session, e: &Error, refused: &mut Self::CTX) -> FailToProxy {
        let answer = refused.or_else(|| response::status_of(e));
        if let Some(r) = answer
            && let Err(gone) = response::tiny(s, r).await
        {
            tracing::debug!(error = %gone, "the client did not wait for the answer");
        }
        FailToProxy { error_code: answer.map_or(0, |r| r.status), can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _: &Session, _: &Self::CTX, _: &Error) -> bool {
        true
    }
}

fn refuse(ctx: &mut Option<Refused>, r: Refused) -> Box<Error> {
    *ctx = Some(r);
    response::refused(r)
}

/// The file's name in an http-01 challenge (RFC 8555 §8.3: base64url, so no path can be hidden in it).
fn challenge(path: &str) -> Option<&str> {
    let token = path.strip_prefix("/.well-known/acme-challenge/")?;
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (!token.is_empty() && token.len() <= 128 && token.bytes().all(good)).then_some(token)
}

async fn read(folder: &Path, token: &str) -> Option<Vec<u8>> {
    let file = folder.join(token);
    let size = tokio::fs::metadata(&file).await.ok().filter(|m| m.is_file())?.len();
    if size > LONGEST_ANSWER {
        return None;
    }
    tokio::fs::read(&file).await.ok()
}

async fn say(s: &mut Session, text: Vec<u8>) -> Result<bool> {
    let mut head = ResponseHeader::build(200, Some(4))?;
    head.insert_header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))?;
    head.insert_header(CONTENT_LENGTH, text.len())?;
    head.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))?;
    s.write_response_header(Box::new(head), false).await.map_err(Error::into_down)?;
    s.write_response_body(Some(text.into()), true).await.map_err(Error::into_down)?;
    Ok(true)
}

/// A key authorization has some 90 bytes.
const LONGEST_ANSWER: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_one_plain_file_name() {
        assert_eq!(challenge("/.well-known/acme-challenge/aZ09-_"), Some("aZ09-_"));
        for path in [
            "/.well-known/acme-challenge/",
            "/.well-known/acme-challenge/../key.pem",
            "/.well-known/acme-challenge/a/b",
            "/.well-known/acme-challenge/a%2fb",
            "/.well-known/acme-challenge/.hidden",
            "/.well-known/acme-challenge",
            "/x",
        ] {
            assert_eq!(challenge(path), None, "{path}");
        }
    }

    #[tokio::test]
    async fn only_small_files_of_the_folder_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "token.thumb").unwrap();
        std::fs::write(folder.path().join("big"), vec![b'x'; 5000]).unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        assert_eq!(read(folder.path(), "token").await.as_deref(), Some(&b"token.thumb"[..]));
        for absent in ["big", "folder", "none"] {
            assert_eq!(read(folder.path(), absent).await, None, "{absent}");
        }
    }
}
