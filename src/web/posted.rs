//! A form's body as a person reads it: names and values, files by name and size. For the eye only; what is sent is the body
//! itself. What cannot be read is said to be so, never guessed.

use crate::gate::parking::Held;
use bytes::Bytes;
use futures::stream;
use std::convert::Infallible;

/// One field as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Value,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// A longer text's beginning.
    Beginning(String),
    /// A password, or a token that means nothing to people.
    Hidden,
    File {
        name: String,
        bytes: usize,
    },
}

/// All that is shown of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    /// So many more are sent than shown.
    pub(super) more: usize,
}

/// `None`: not readable as what it says it is.
pub(super) async fn fields(held: &Held) -> Option<Fields> {
    let all = match multer::parse_boundary(&held.content_type) {
        Ok(boundary) => multipart(held.body.clone(), boundary).await?,
        Err(_) if held.content_type.to_ascii_lowercase().starts_with("multipart/") => return None,
        Err(_) => url::form_urlencoded::parse(&held.body).map(|(n, v)| text(n.into_owned(), v.into_owned())).collect(),
    };
    let more = all.len().saturating_sub(MOST);
    Some(Fields { fields: all.into_iter().take(MOST).collect(), more })
}

async fn multipart(body: Bytes, boundary: String) -> Option<Vec<Field>> {
    let mut parts = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut all = Vec::new();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name().unwrap_or_default().to_string();
        let file = part.file_name().map(String::from);
        let bytes = part.bytes().await.ok()?;
        all.push(match file {
            Some(file) => Field { name, value: Value::File { name: cut(&file).0, bytes: bytes.len() } },
            None => text(name, String::from_utf8_lossy(&bytes).into_owned()),
        });
    }
    Some(all)
}

fn text(name: String, value: String) -> Field {
    let (name, _) = cut(&name);
    if !value.is_empty() && (is_secret(&name) || is_token(&value)) {
        return Field { name, value: Value::Hidden };
    }
    let value = match cut(&value) {
        (whole, false) => Value::Text(whole),
        (beginning, true) => Value::Beginning(beginning),
    };
    Field { name, value }
}

/// A field whose name says that others must not read it over one's shoulder, or that it is a machine's.
fn is_secret(name: &str) -> bool {
    let folded: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET.iter().any(|s| folded.contains(s)) || SECRET_WHOLE.contains(&folded.as_str())
}

/// Long, without a blank, letters and digits mixed: no person has typed it.
fn is_token(value: &str) -> bool {
    let of_tokens = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'.' | b':');
    value.len() >= 32
        && value.bytes().all(of_tokens)
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// At most `LONGEST` characters; true where there was more.
fn cut(text: &str) -> (String, bool) {
    let short: String = text.chars().take(LONGEST).collect();
    let cut = short.len() < text.len();
    (short, cut)
}

const SECRET: [&str; 11] =
    ["passw", "passphrase", "passcode", "pwd", "secret", "token", "csrf", "xsrf", "nonce", "viewstate", "credential"];
const SECRET_WHOLE: [&str; 8] = ["pass", "pin", "otp", "code", "cvv", "cvc", "eventvalidation", "apikey"];
const MOST: usize = 200;
const LONGEST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(content_type: &str, body: &[u8]) -> Option<Vec<(String, Value)>> {
        let held = Held {
            target: "/".into(),
            content_type: content_type.into(),
            origin: None,
            referer: None,
            user: None,
            body: Bytes::copy_from_slice(body),
        };
        Some(fields(&held).await?.fields.into_iter().map(|f| (f.name, f.value)).collect())
    }
    fn field(name: &str, value: &str) -> (String, Value) {
        (name.into(), Value::Text(value.into()))
    }
    fn hidden(name: &str) -> (String, Value) {
        (name.into(), Value::Hidden)
    }
    const URLENCODED: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn fields_are_shown_as_they_were_typed_and_secrets_are_not() {
        let body = b"amount=100+%E2%82%AC&note=a%26b%0Ac&new_Password=hunter2&csrfmiddlewaretoken=x&pin=1&pinned=yes&empty_token=&\
                     id=0123456789abcdef0123456789abcdef&bad=%ff";
        let want = [
            field("amount", "100 €"),
            field("note", "a&b\nc"),
            hidden("new_Password"),
            hidden("csrfmiddlewaretoken"),
            hidden("pin"),
            field("pinned", "yes"),
            field("empty_token", ""),
            hidden("id"),
            field("bad", "\u{fffd}"),
        ];
        assert_eq!(of(URLENCODED, body).await.unwrap(), want);
        assert_eq!(of(URLENCODED, b"").await.unwrap(), []);
    }

    #[tokio::test]
    async fn files_are_shown_by_name_and_size() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--x\r\n\
            Content-Disposition: form-data; name=\"paper\"; filename=\"a <b>.pdf\"\r\nContent-Type: application/pdf\r\n\r\n\
            \x00\x01\xff--\r\n\r\n--x--\r\n";
        let file = ("paper".to_string(), Value::File { name: "a <b>.pdf".into(), bytes: 7 });
        assert_eq!(of("multipart/form-data; boundary=x", body).await.unwrap(), [field("note", "hello"), file]);
        for cut in [10, 60, 120] {
            assert_eq!(of("multipart/form-data; boundary=x", &body[..cut]).await, None, "cut at {cut}");
        }
        assert_eq!(of("multipart/form-data", body).await, None, "without a boundary");
    }

    #[tokio::test]
    async fn what_is_long_is_cut_for_the_eye() {
        let long = format!("text={}", "ä ".repeat(600));
        let shown = of(URLENCODED, long.as_bytes()).await.unwrap();
        assert_eq!(shown, [("text".to_string(), Value::Beginning("ä ".repeat(250)))]);
        let many = "a=1&".repeat(205);
        let held = Held { body: many.into(), content_type: URLENCODED.into(), ..empty() };
        let shown = fields(&held).await.unwrap();
        assert_eq!((shown.fields.len(), shown.more), (200, 5));
    }

    fn empty() -> Held {
        let (target, content_type) = (String::new(), String::new());
        Held { target, content_type, origin: None, referer: None, user: None, body: Bytes::new() }
    }
}
