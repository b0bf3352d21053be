//! A browser without a screen: keeps cookies, follows sign-in, and can be told to send anything else instead.

use super::otp::Authenticator;
use super::raw::{Answer as RawAnswer, read_answer};
use super::{PASSWORD, within};
use regex::Regex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

pub type Answer = RawAnswer;

/// A connection, plain or TLS.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// One request to send. `{origin}` in a header value stands for the origin it goes to.
#[derive(Clone, Debug)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    /// As a browser asks for a page that it will show.
    pub fn navigate(target: &str) -> Ask {
        Ask::bare("GET", target)
            .header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("Sec-Fetch-Site", "none")
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Dest", "document")
            .header("Sec-Fetch-User", "?1")
    }
    /// As a script asks.
    pub fn program(target: &str) -> Ask {
        Ask::bare("GET", target).header("Accept", "application/json").header("Sec-Fetch-Mode", "cors")
    }
    /// As a browser posts a form of the page it shows.
    pub fn form(target: &str, fields: &[(&str, &str)]) -> Ask {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut ask = Ask::navigate(target)
            .set("Sec-Fetch-Site", "same-origin")
            .header("Origin", "{origin}")
            .header("Content-Type", "application/x-www-form-urlencoded");
        ask.method = "POST".into();
        ask.body = Some(body.into_bytes());
        ask
    }
    /// With nothing but a Host.
    pub fn bare(method: &str, target: &str) -> Ask {
        Ask { method: method.into(), target: target.into(), headers: Vec::new(), body: None }
    }
    pub fn header(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.into(), value.into()));
        self
    }
    /// In place of what stands there under this name.
    pub fn set(self, name: &str, value: &str) -> Ask {
        self.without(name).header(name, value)
    }
    pub fn without(mut self, name: &str) -> Ask {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }
    /// Without any `Sec-Fetch-*`, as an old browser asks.
    pub fn without_fetch_metadata(mut self) -> Ask {
        self.headers.retain(|(n, _)| !n.starts_with("Sec-Fetch-"));
        self
    }
    /// The same form, to another page.
    pub fn to(mut self, target: &str) -> Ask {
        self.target = target.into();
        self
    }
    pub fn method(mut self, method: &str) -> Ask {
        self.method = method.into();
        self
    }
    pub fn body(mut self, bytes: &[u8]) -> Ask {
        self.body = Some(bytes.to_vec());
        self
    }
}

#[derive(Clone)]
pub struct Visitor {
    pub address: SocketAddr,
    pub origin: String,
    pub cookies: Vec<(String, String)>,
    tls: Option<Arc<ClientConfig>>,
}

impl Visitor {
    pub fn new(address: SocketAddr, origin: &str) -> Visitor {
        Visitor { address, origin: origin.into(), cookies: Vec::new(), tls: None }
    }
    pub fn over_tls(mut self, config: Arc<ClientConfig>) -> Visitor {
        self.tls = Some(config);
        self
    }
    /// The same cookies at another node.
    pub fn at(&self, address: SocketAddr) -> Visitor {
        Visitor { address, ..self.clone() }
    }
    /// The same cookies at another origin of the same node, as only a thief would send them.
    pub fn carried_to(&self, origin: &str) -> Visitor {
        Visitor { origin: origin.into(), ..self.clone() }
    }
    pub fn authority(&self) -> &str {
        self.origin.split("://").nth(1).unwrap()
    }
    pub fn cookie_name(&self) -> String {
        match self.origin.strip_prefix("http://").and_then(|rest| rest.split_once(':')) {
            Some((_, port)) => format!("portcullis-{port}"),
            None => "__Host-portcullis".into(),
        }
    }
    pub fn session_cookie(&self) -> Option<&str> {
        self.cookie(&self.cookie_name())
    }
    pub fn device_cookie(&self) -> Option<&str> {
        self.cookie(&format!("{}-device", self.cookie_name()))
    }
    /// As a browser that was closed and opened again: what has no Max-Age is gone.
    pub fn restarted(&self) -> Visitor {
        let device = format!("{}-device", self.cookie_name());
        let cookies = self.cookies.iter().filter(|(n, _)| *n == device).cloned().collect();
        Visitor { cookies, ..self.clone() }
    }
    pub fn pending_cookie(&self) -> Option<&str> {
        self.cookie(&format!("{}-pending", self.cookie_name()))
    }
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    pub fn keep(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(n, _)| n != name);
        self.cookies.push((name.into(), value.into()));
    }

    pub async fn connect(&self) -> Box<dyn Io> {
        self.over(TcpStream::connect(self.address).await.unwrap()).await
    }
    /// `None` where nobody listens.
    pub async fn try_connect(&self) -> Option<Box<dyn Io>> {
        Some(self.over(TcpStream::connect(self.address).await.ok()?).await)
    }
    async fn over(&self, tcp: TcpStream) -> Box<dyn Io> {
        tcp.set_nodelay(true).unwrap();
        let Some(config) = &self.tls else { return Box::new(tcp) };
        let host = self.authority().split(':').next().unwrap().to_string();
        let name = tokio_rustls::rustls::pki_types::ServerName::try_from(host).unwrap();
        Box::new(TlsConnector::from(config.clone()).connect(name, tcp).await.unwrap())
    }
    /// The request's head as it goes out.
    pub fn head(&self, ask: &Ask) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", ask.method, ask.target, self.authority());
        for (n, v) in &ask.headers {
            head += &format!("{n}: {}\r\n", v.replace("{origin}", &self.origin));
        }
        if !self.cookies.is_empty() {
            let all: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            head += &format!("Cookie: {}\r\n", all.join("; "));
        }
        if let Some(body) = &ask.body {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head + "\r\n"
    }
    pub async fn send(&mut self, ask: Ask) -> Answer {
        let mut io = self.connect().await;
        self.send_over(&mut io, ask).await
    }
    pub async fn send_over(&mut self, io: &mut Box<dyn Io>, ask: Ask) -> Answer {
        let shown = format!("{} {}", ask.method, ask.target);
        self.try_over(io, ask).await.unwrap_or_else(|| panic!("no answer to {shown}"))
    }
    /// `None` where the connection ends before an answer is whole.
    pub async fn try_over(&mut self, io: &mut Box<dyn Io>, ask: Ask) -> Option<Answer> {
        let mut bytes = self.head(&ask).into_bytes();
        bytes.extend(ask.body.iter().flatten());
        let answer = within(&format!("{} {}", ask.method, ask.target), async {
            let _ = io.write_all(&bytes).await; // an early refusal may close before all is written
            read_answer(io, ask.method == "HEAD").await
        })
        .await?;
        self.take_cookies(&answer);
        Some(answer)
    }
    /// What a program's request for `/` is answered with; 0 where it is cut, or held back because the lease went just then.
    pub async fn status_now(&self) -> u16 {
        let mut visitor = self.clone();
        let mut io = visitor.connect().await;
        let answer = visitor.try_over(&mut io, Ask::program("/"));
        tokio::time::timeout(Duration::from_secs(1), answer).await.ok().flatten().map_or(0, |a| a.status)
    }
    fn take_cookies(&mut self, answer: &Answer) {
        for line in answer.all("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.cookies.retain(|(n, _)| n != name.trim());
            if !value.is_empty() && !attributes.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.push((name.trim().into(), value.trim().into()));
            }
        }
    }

    pub async fn get(&mut self, target: &str) -> Answer {
        self.send(Ask::navigate(target)).await
    }
    /// Where a redirect leads, on this origin.
    pub fn target_of(&self, answer: &Answer) -> String {
        let to = answer.header("location").unwrap_or_else(|| panic!("no Location: {}", answer.head));
        let path = to.strip_prefix(&self.origin).unwrap_or(to);
        assert!(path.starts_with('/') && !path.starts_with("//"), "leads away: {to}");
        path.to_string()
    }
    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.head);
        let target = self.target_of(answer);
        self.get(&target).await
    }
    /// Follows until something else than a redirect comes.
    pub async fn follow_all(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..6 {
            if answer.status != 303 {
                return answer;
            }
            answer = self.follow(&answer).await;
        }
        panic!("a loop of redirects: {}", answer.head)
    }

    /// Name and password; the answer to the form.
    pub async fn give_password(&mut self, name: &str, password: &str, to: &str) -> Answer {
        let fields = [("username", name), ("password", password), ("to", to)];
        self.send(Ask::form("/.portcullis/sign-in", &fields)).await
    }
    /// Signs in where the password is enough.
    pub async fn sign_in(&mut self, name: &str) {
        let answer = self.give_password(name, PASSWORD, "/").await;
        let arrived = self.follow_all(answer).await;
        assert!(self.session_cookie().is_some() && arrived.status == 200, "{}\n{}", arrived.head, arrived.text());
    }
    /// Up to the page that asks for the code.
    pub async fn reach_challenge(&mut self, name: &str) -> Answer {
        let answer = self.give_password(name, PASSWORD, "/").await;
        let page = self.follow(&answer).await;
        assert!(self.pending_cookie().is_some() && page.text().contains("one-time-code"), "{}", page.text());
        page
    }
    /// Signs in with password and code.
    pub async fn sign_in_with(&mut self, name: &str, app: &mut Authenticator) {
        let page = self.reach_challenge(name).await;
        let answer = self.give_code(&page, &app.next_code().await).await;
        let arrived = self.follow_all(answer).await;
        assert!(self.session_cookie().is_some() && arrived.status == 200, "{}\n{}", arrived.head, arrived.text());
    }
    pub async fn give_code(&mut self, page: &Answer, code: &str) -> Answer {
        self.send(code_form(page, code)).await
    }
    /// From password to enrolled, under a policy that asks for it.
    pub async fn enrol(&mut self, name: &str) -> Authenticator {
        let answer = self.give_password(name, PASSWORD, "/").await;
        let page = self.follow(&answer).await;
        self.confirm_set_up(&page).await
    }
    /// From the page that shows the key to the app, by way of the backup codes, which are said to be saved.
    pub async fn confirm_set_up(&mut self, page: &Answer) -> Authenticator {
        self.confirm_and_save(page).await.0
    }
    pub async fn confirm_and_save(&mut self, page: &Answer) -> (Authenticator, Vec<String>) {
        let mut app = Authenticator::of_key(&typed_key(page));
        let answer = self.confirm(page, &app.next_code().await).await;
        let page = self.follow(&answer).await;
        let codes = shown_codes(&page);
        let answer = self.send(saved_form(&page)).await;
        let arrived = self.follow_all(answer).await;
        assert!(self.session_cookie().is_some() && arrived.status == 200, "{}\n{}", arrived.head, arrived.text());
        (app, codes)
    }
    /// The same from the password on; the backup codes too.
    pub async fn enrol_with_codes(&mut self, name: &str) -> (Authenticator, Vec<String>) {
        let answer = self.give_password(name, PASSWORD, "/").await;
        let page = self.follow(&answer).await;
        self.confirm_and_save(&page).await
    }
    /// Up to the page that asks for a backup code.
    pub async fn reach_backup(&mut self, name: &str) -> Answer {
        self.reach_challenge(name).await;
        let page = self.get("/.portcullis/challenge?method=backup_code").await;
        assert!(page.text().contains("value=\"backup_code\""), "{}", page.text());
        page
    }
    /// A signed-in person fills in one of the forms that change the second factor.
    pub async fn change(&mut self, path: &str, field: &str, value: &str) -> Answer {
        let page = self.get(path).await;
        self.send(Ask::form(path, &[("form_token", &form_token(&page)), (field, value)])).await
    }
    pub async fn confirm(&mut self, page: &Answer, code: &str) -> Answer {
        self.send(confirm_form(page, code)).await
    }
    pub async fn sign_out(&mut self, everywhere: bool) -> Answer {
        let page = self.get("/.portcullis/sign-out").await;
        let scope = if everywhere { "everywhere" } else { "here" };
        self.send(Ask::form("/.portcullis/sign-out", &[("form_token", &form_token(&page)), ("scope", scope)])).await
    }
    /// Whether the app is reached; what comes instead must be the gate's own 303 or 401.
    pub async fn is_in(&mut self) -> bool {
        let answer = self.get("/").await;
        assert!(matches!(answer.status, 200 | 303), "{}\n{}", answer.head, answer.text());
        answer.status == 200
    }
}

/// The challenge's form, filled in.
pub fn code_form(page: &Answer, code: &str) -> Ask {
    filled("/.portcullis/challenge", page, code)
}

/// The same with the tick that this browser be remembered.
pub fn remembered_form(page: &Answer, code: &str) -> Ask {
    filled_with("/.portcullis/challenge", page, &[("code", code), ("remember", "on")])
}

/// The tick that the backup codes are saved.
pub fn saved_form(page: &Answer) -> Ask {
    let fields = [("action", "saved"), ("form_token", &form_token(page)), ("saved", "on")];
    Ask::form("/.portcullis/codes", &fields)
}

/// The set-up page's form, filled in.
pub fn confirm_form(page: &Answer, code: &str) -> Ask {
    filled("/.portcullis/set-up", page, code)
}

fn filled(action: &str, page: &Answer, code: &str) -> Ask {
    filled_with(action, page, &[("code", code)])
}

fn filled_with(action: &str, page: &Answer, more: &[(&str, &str)]) -> Ask {
    let text = page.text();
    let form = text.split("<form").find(|f| f.contains("name=\"code\""));
    let form = form.unwrap_or_else(|| panic!("no field for a code on\n{}\n{text}", page.head));
    let hidden = Regex::new(r#"<input type="hidden" name="([^"]+)" value="([^"]*)""#).unwrap();
    let mut fields: Vec<(String, String)> = hidden
        .captures_iter(form)
        .map(|c| (c[1].to_string(), c[2].replace("&#38;", "&").replace("&amp;", "&")))
        .collect();
    fields.extend(more.iter().map(|(n, v)| (n.to_string(), v.to_string())));
    Ask::form(action, &fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>())
}

/// The ten backup codes that a page shows.
pub fn shown_codes(page: &Answer) -> Vec<String> {
    let text = page.text();
    let block = Regex::new(r#"(?s)<pre class="codes"[^>]*>(.*?)</pre>"#).unwrap();
    let shown = block.captures(&text).unwrap_or_else(|| panic!("no codes on\n{}\n{text}", page.head));
    let codes: Vec<String> = shown[1].lines().map(String::from).collect();
    assert_eq!(codes.len(), 10, "{text}");
    codes
}

/// The token that the page's forms carry.
pub fn form_token(page: &Answer) -> String {
    let text = page.text();
    let field = Regex::new(r#"name="form_token" value="([^"]+)""#).unwrap();
    let found = field.captures(&text).unwrap_or_else(|| panic!("no form token on\n{}\n{text}", page.head));
    found[1].to_string()
}

/// The key that the set-up page shows for typing.
pub fn typed_key(page: &Answer) -> String {
    let text = page.text();
    let shown = Regex::new(r#"(?s)<code[^>]*class="key"[^>]*>(.*?)</code>"#).unwrap();
    let inside = shown.captures(&text).unwrap_or_else(|| panic!("no key on\n{}\n{text}", page.head))[1].to_string();
    Regex::new(r"<[^>]*>|\s").unwrap().replace_all(&inside, "").into_owned()
}
