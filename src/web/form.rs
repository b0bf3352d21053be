//! Forms, read strictly: one encoding, one value a name, bounded.

use super::status::Rejected;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::{BodyExt, Limited};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The largest form, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;
/// The longest password that is hashed, in bytes: longer ones are work for us and protection for nobody.
pub(super) const LONGEST_PASSWORD: usize = 1024;

/// The fields of an `application/x-www-form-urlencoded` body. Values are wiped when dropped.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// 400 for what is no form: a name twice, a name with brackets, broken escapes, text that is not UTF-8.
    fn parse(body: &str) -> Result<Self, Rejected> {
        let mut fields: Vec<(String, Zeroizing<String>)> = Vec::new();
        for pair in body.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(MALFORMED)?;
            let (name, value) = (decode(name)?, decode(value)?);
            // `code[]` is how other stacks spell a list; `code` twice is another
            if name.contains(['[', ']']) || fields.iter().any(|(n, _)| *n == *name) {
                return Err(MALFORMED);
            }
            fields.push((name.to_string(), value));
        }
        Ok(Form(fields))
    }

    /// 400 where the field is missing.
    pub(super) fn field(&self, name: &str) -> Result<&str, Rejected> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).ok_or(MALFORMED)
    }
    /// Empty where the field is missing.
    pub(super) fn optional(&self, name: &str) -> &str {
        self.field(name).unwrap_or_default()
    }
    /// `Ok(None)` for a password too long to be anybody's: answered like a wrong one, but never hashed.
    pub(super) fn password(&self) -> Result<Option<SecretString>, Rejected> {
        let p = self.field("password")?;
        Ok((p.len() <= LONGEST_PASSWORD).then(|| SecretString::from(p)))
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Rejected;

    async fn from_request(req: Request, _: &S) -> Result<Self, Rejected> {
        let plain = req.headers().get(CONTENT_ENCODING).is_none();
        let kind = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !plain || !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Rejected(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let body = Limited::new(req.into_body(), LARGEST).collect().await;
        let body = body.map_err(|e| {
            let too_large = e.is::<http_body_util::LengthLimitError>();
            Rejected(if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST })
        })?;
        let body = body.to_bytes();
        Form::parse(std::str::from_utf8(&body).map_err(|_| MALFORMED)?)
    }
}

const MALFORMED: Rejected = Rejected(StatusCode::BAD_REQUEST);

fn decode(raw: &str) -> Result<Zeroizing<String>, Rejected> {
    let raw = Zeroizing::new(raw.replace('+', " "));
    let mut rest = raw.split('%');
    rest.next();
    let escaped = |s: &str| s.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !rest.all(escaped) {
        return Err(MALFORMED);
    }
    let text = percent_decode_str(&raw).decode_utf8().map_err(|_| MALFORMED)?;
    Ok(Zeroizing::new(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    async fn post(kind: &str, body: impl Into<axum::body::Body>) -> Result<Form, Rejected> {
        let req = Request::builder().header(CONTENT_TYPE, kind).body(body.into()).unwrap();
        Form::from_request(req, &()).await
    }
    const URLENCODED: &str = "application/x-www-form-urlencoded";

    #[test]
    fn values_come_as_they_were_typed() {
        let f = Form::parse("username=a%40b&password=%C3%A9+%2B%26%3D%00&code=").unwrap();
        assert_eq!(f.field("username"), Ok("a@b"));
        assert_eq!(f.password().unwrap().unwrap().expose_secret(), "é +&=\0");
        assert_eq!(f.field("code"), Ok(""));
        assert_eq!(f.field("to"), Err(MALFORMED));
        assert_eq!(f.optional("to"), "");
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in ["code=1&code=2", "code[]=1", "code%5B%5D=1", "code", "code=%f", "code=%zz", "code=%ff", "=1&=2"] {
            assert_eq!(Form::parse(body).map(|_| ()), Err(MALFORMED), "{body}");
        }
    }

    #[test]
    fn an_endless_password_is_never_hashed() {
        let form = |n| Form::parse(&format!("password={}", "x".repeat(n))).unwrap();
        assert!(form(LONGEST_PASSWORD).password().unwrap().is_some());
        assert!(form(LONGEST_PASSWORD + 1).password().unwrap().is_none());
    }

    #[tokio::test]
    async fn one_encoding_and_one_size() {
        assert!(post("Application/X-WWW-form-urlencoded; charset=UTF-8", "a=1").await.is_ok());
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
            let got = post(kind, "a=1").await.map(|_| ());
            assert_eq!(got, Err(Rejected(StatusCode::UNSUPPORTED_MEDIA_TYPE)), "{kind}");
        }
        assert!(post(URLENCODED, format!("a={}", "1".repeat(LARGEST - 2))).await.is_ok());
        let got = post(URLENCODED, format!("a={}", "1".repeat(LARGEST))).await.map(|_| ());
        assert_eq!(got, Err(Rejected(StatusCode::PAYLOAD_TOO_LARGE)));
        assert_eq!(post(URLENCODED, &b"a=\xff"[..]).await.map(|_| ()), Err(MALFORMED));
    }
}
