//! HTTP/1.1 as far as the load needs it: a head out, a head and a counted body in.

use crate::{Plan, Result};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub struct Answer {
    pub status: u16,
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The connection may be used for another request: after a thousand of them the gateway says that it may not.
    pub fn keeps(&self) -> bool {
        !self.head.iter().any(|l| l.eq_ignore_ascii_case("connection: close"))
    }
}

/// One connection, used again and again.
pub struct Connection<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(stream: S) -> Self {
        Connection(BufReader::new(stream))
    }

    pub async fn ask(&mut self, request: &str) -> Result<Answer> {
        self.0.write_all(request.as_bytes()).await?;
        self.0.flush().await?;
        let head = self.head().await?;
        let status = head.first().and_then(|l| l.split(' ').nth(1)).ok_or("no status")?.parse()?;
        let length =
            head.iter().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).await?;
        Ok(Answer { status, head, body })
    }

    /// The lines of the next head; an error at the end of the stream.
    pub async fn head(&mut self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err("the connection was closed".into());
            }
            match line.trim_end() {
                "" => return Ok(lines),
                text => lines.push(text.to_owned()),
            }
        }
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).await?;
        Ok(self.0.flush().await?)
    }

    pub fn into_inner(self) -> S {
        self.0.into_inner()
    }
}

/// Signs people in at the first gateway.
pub struct Sessions {
    node: std::net::SocketAddr,
    host: String,
    password: String,
}

impl Sessions {
    pub fn new(plan: &Plan) -> Self {
        let node = plan.nodes.first().copied().unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        Sessions { node, host: plan.host.clone(), password: plan.password.clone() }
    }

    /// `name=value` of the session's cookie.
    pub async fn sign_in(&self, user: &str) -> Result<String> {
        let encoded = percent_encoding::utf8_percent_encode(&self.password, percent_encoding::NON_ALPHANUMERIC);
        let body = format!("username={user}&password={encoded}&to=/");
        let host = &self.host;
        let request = format!(
            "POST /.portcullis/sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nAccept: text/html\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = Connection::new(TcpStream::connect(self.node).await?).ask(&request).await?;
        let mut cookies = answer.head.iter().filter_map(|l| {
            let (name, value) = l.split_once(':')?;
            let cookie = value.trim().split(';').next()?;
            let port = self.host.rsplit(':').next()?;
            let ours = name.eq_ignore_ascii_case("set-cookie") && cookie.starts_with(&format!("portcullis-{port}="));
            (ours && !cookie.ends_with('=')).then(|| cookie.to_owned())
        });
        cookies.next_back().ok_or_else(|| format!("{user} was not signed in: {}", answer.status).into())
    }
}
