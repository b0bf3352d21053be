//! Somebody who calls the admin API over the network.

use super::raw::{Answer, read_answer};
use super::{Gateway, within};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

#[derive(Clone)]
pub struct Caller {
    address: SocketAddr,
    token: Option<String>,
    tls: Option<Arc<ClientConfig>>,
}

impl Caller {
    /// With a token that this command line makes.
    pub fn with_token(gateway: &Gateway, words: &[&str]) -> Caller {
        let made = gateway.succeed(&[&["token", "create", "--json"], words].concat());
        let line = made.lines().find(|l| l.starts_with('{')).unwrap();
        let made: Value = serde_json::from_str(line).unwrap();
        Caller { token: made["token"].as_str().map(str::to_owned), ..Caller::nobody(gateway) }
    }
    /// Without any credential.
    pub fn nobody(gateway: &Gateway) -> Caller {
        Caller { address: gateway.admin, token: None, tls: None }
    }
    pub fn bearing(mut self, token: &str) -> Caller {
        self.token = Some(token.into());
        self
    }
    pub fn over_tls(mut self, config: Arc<ClientConfig>) -> Caller {
        self.tls = Some(config);
        self
    }
    /// The same at another node.
    pub fn at(&self, gateway: &Gateway) -> Caller {
        Caller { address: gateway.admin, ..self.clone() }
    }
    /// Of the token, what is secret.
    pub fn secret(&self) -> &str {
        self.token().strip_prefix("portcullis_").unwrap()
    }
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.try_call(method, path, body).await.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }
    /// `None`: no TLS with it, or it hung up.
    pub async fn try_call(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let tcp = TcpStream::connect(self.address).await.ok()?;
        match &self.tls {
            None => self.exchange(tcp, method, path, body).await,
            Some(config) => {
                let name = ServerName::try_from("localhost").unwrap();
                let tls = TlsConnector::from(config.clone()).connect(name, tcp).await.ok()?;
                self.exchange(tls, method, path, body).await
            }
        }
    }

    async fn exchange<S>(&self, mut io: S, method: &str, path: &str, body: &Value) -> Option<Answer>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let bearer = self.token.as_ref().map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{bearer}", self.address);
        let rest = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        io.write_all((head + &rest).as_bytes()).await.ok()?;
        within(path, read_answer(&mut io, false)).await
    }
}
