//! The app's pages. Everything that came with the request is escaped.

use axum::http::HeaderMap;
use axum::response::Html;
use data_encoding::BASE64URL_NOPAD;

/// Who the gateway says it is.
pub fn user(headers: &HeaderMap) -> &str {
    value(headers, "x-auth-user").unwrap_or("nobody")
}

/// The identity that came with this request.
pub fn home(headers: &HeaderMap) -> Html<String> {
    let rows = IDENTITY.map(|(name, header)| {
        let value = value(headers, header).map_or_else(|| "<i>not sent</i>".into(), escaped);
        format!("<tr><th>{name}<td><code>{header}</code><td id=\"{}\">{value}", name.to_lowercase())
    });
    let claims = value(headers, "x-auth-assertion").and_then(claims).unwrap_or_else(|| "none".into());
    let body = format!(
        "<p>This app knows no sign-in. It believes what the gateway tells it:</p>
<table>{}</table>
<p>The signed assertion <code>x-auth-assertion</code> says:</p><pre id=\"assertion\">{}</pre>
<p><a href=\"/form\">A form</a> · <a href=\"/events\">A stream</a> · <a href=\"/download\">A long download</a> ·
<a href=\"/admin/\">For admins</a> · <a href=\"/public/\">Open to all</a></p>
<p><button id=\"ws\">Say hello over a WebSocket</button> <output id=\"echo\"></output></p>
<script>{WEBSOCKET}</script>",
        rows.concat(),
        escaped(&claims)
    );
    plain("The app behind the gateway", &body)
}

pub fn plain(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>
<meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style>
<nav><a href=\"/\">Home</a></nav><main><h1>{title}</h1>{body}</main>"
    ))
}

pub fn escaped(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|v| std::str::from_utf8(v.as_bytes()).ok())
}

/// The middle part of a JWT. Shown, not believed: an app that has to rely on it checks the signature.
fn claims(assertion: &str) -> Option<String> {
    let json = BASE64URL_NOPAD.decode(assertion.split('.').nth(1)?.as_bytes()).ok()?;
    let value: serde_json::Value = serde_json::from_slice(&json).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

const IDENTITY: [(&str, &str); 3] = [("User", "x-auth-user"), ("Groups", "x-auth-groups"), ("Email", "x-auth-email")];

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:46rem;padding:0 1rem}\
th,td{text-align:left;padding:.3rem 1rem .3rem 0}pre{background:#f3f3f3;padding:1rem;overflow:auto}\
@media(prefers-color-scheme:dark){body{background:#181818;color:#eee}a{color:#8cf}pre{background:#262626}}";

const WEBSOCKET: &str = "document.getElementById('ws').onclick=()=>{\
const s=new WebSocket(location.origin.replace(/^http/,'ws')+'/ws');const out=document.getElementById('echo');\
s.onopen=()=>s.send('hello');s.onmessage=m=>{out.value=m.data;s.close()};s.onerror=()=>{out.value='failed'}}";
